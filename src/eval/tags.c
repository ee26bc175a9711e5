/* SPDX-License-Identifier: ISC */
/* tags: see tags.h. */
#include <string.h>

#include "tags.h"

struct text
text_trim(struct text t)
{
	while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t')) {
		t.p++;
		t.n--;
	}
	while (t.n > 0 && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t'))
		t.n--;
	return t;
}

bool
text_is(struct text t, const char *word)
{
	return t.n == strlen(word) && text_iprefix(t, word);
}

bool
text_next(struct text *list, char separator, struct text *ret)
{
	const char *end = list->n > 0 ? memchr(list->p, separator, list->n) : NULL;
	size_t n = end != NULL ? (size_t)(end - list->p) : list->n;

	if (list->n == 0)
		return false;
	*ret = text_trim((struct text){ list->p, n });
	n += end != NULL;
	list->p += n;
	list->n -= n;
	return true;
}

void
tags_parse(struct text t, struct tags *ret)
{
	struct text piece;

	ret->n = 0;
	ret->broken = false;
	while (text_next(&t, ';', &piece)) {
		const char *eq = piece.n > 0 ? memchr(piece.p, '=', piece.n) : NULL;

		if (piece.n == 0)
			continue;
		if (eq == NULL || eq == piece.p || ret->n == TAGS_MAX) {
			ret->at = ret->broken ? ret->at : piece;
			ret->broken = true;
			continue;
		}
		ret->list[ret->n].name = text_trim((struct text){ piece.p, (size_t)(eq - piece.p) });
		ret->list[ret->n++].value = text_trim((struct text){ eq + 1, piece.n - (size_t)(eq - piece.p) - 1 });
	}
}

const struct text *
tags_find(const struct tags *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (text_is(t->list[i].name, name))
			return &t->list[i].value;
	return NULL;
}

const struct text *
tags_double(const struct tags *t)
{
	for (size_t i = 1; i < t->n; i++)
		for (size_t k = 0; k < i; k++)
			if (t->list[i].name.n == t->list[k].name.n &&
			    strncmp(t->list[i].name.p, t->list[k].name.p, t->list[i].name.n) == 0)
				return &t->list[i].name;
	return NULL;
}
