/* SPDX-License-Identifier: ISC */
/*
 * fix_set: a set of records on its way from what it is to what it shall be.
 *
 * A set begins as what the authorities have; menders take from it and add to it, and in the end the two sides are compared.  What
 * stands beside a wanted alias, or the alias in the way of something else, is a set of its own at the same name.
 */
#include <stdlib.h>
#include <string.h>

#include "fix.h"

struct fix_set *
fix_set_find(struct fixer *x, const struct dns_name *owner, uint16_t type)
{
	for (size_t i = 0; i < x->n_sets; i++)
		if (x->sets[i].type == type && dns_name_equal(&x->sets[i].owner, owner))
			return &x->sets[i];
	return NULL;
}

void
fix_set_add(struct mend *m, struct fix_set *s, const struct rdata *r)
{
	if (fix_set_has(s, r))
		return;
	if (s->n_now == s->cap_now) {
		size_t cap = s->cap_now == 0 ? 8 : 2 * s->cap_now;
		struct rdata *more = arena_alloc(m->x->a, cap * sizeof(*more));

		if (s->n_now > 0)
			memcpy(more, s->now, s->n_now * sizeof(*more));
		s->now = more;
		s->cap_now = cap;
	}
	s->now[s->n_now++] = *r;
}

struct fix_set *
fix_set_of(struct mend *m, uint16_t type, const struct rdata *old, size_t n_old)
{
	struct fix_set *s = fix_set_find(m->x, &m->j.owner, type);

	if (s != NULL)
		return s;
	s = &m->x->sets[m->x->n_sets++];
	*s = (struct fix_set){ .owner = m->j.owner, .type = type, .old = old, .n_old = n_old, .records = "", .why = "",
		.old_ttl = n_old > 0 ? m->ttl : 0, .row_ttl = m->j.e->row->ttl };
	if (n_old > 0)
		s->now = arena_dup(m->x->a, old, n_old * sizeof(*old));
	s->n_now = s->cap_now = n_old;
	return s;
}

void
fix_set_gone(struct mend *m, uint16_t type, const struct answer *an)
{
	struct fix_set *s = fix_set_of(m, type, an->values, an->n_values);

	fix_set_clear(s);
	s->old_ttl = an->ttl;
}

void
fix_set_clear(struct fix_set *s)
{
	s->n_now = 0;
}

void
fix_set_remove(struct fix_set *s, size_t at)
{
	memmove(&s->now[at], &s->now[at + 1], (--s->n_now - at) * sizeof(*s->now));
}

bool
fix_set_has(const struct fix_set *s, const struct rdata *r)
{
	for (size_t i = 0; i < s->n_now; i++)
		if (match_rdata_equal(&s->now[i], r))
			return true;
	return false;
}

const struct answer *
fix_aside(struct mend *m, uint16_t type)
{
	struct sides *sides = m->x->m->sides;
	struct side_fact fact;

	if (!m->x->ask)
		return sides_peek(sides, SIDE_AUTHORITY, &m->j.owner, type, m->x->a, &fact) ? fact.answer : NULL;
	sides_ask(sides, SIDE_AUTHORITY, &m->j.owner, type, m->x->a, &fact);
	return fact.state == SIDE_ANSWERED ? fact.answer : NULL;
}

void
fix_alias_gone(struct mend *m)
{
	const struct answer *known = fix_aside(m, DNS_TYPE_CNAME);
	const struct dns_name *target = &m->j.an->chain[0];
	struct rdata *alias = arena_alloc(m->x->a, sizeof(*alias));
	struct fix_set *s;

	*alias = (struct rdata){ DNS_TYPE_CNAME, target->len, arena_dup(m->x->a, target->wire, target->len) };
	s = fix_set_of(m, DNS_TYPE_CNAME, alias, 1);
	fix_set_clear(s);
	if (known != NULL && known->n_values == 1)
		s->old_ttl = known->ttl;	/* the other answer's TTL is the lowest of all that the alias leads to */
	else if (s->old_ttl == 0)
		s->old_ttl = s->row_ttl;
}

void
fix_list_add(struct arena *a, const char ***list, size_t *n, const char *text)
{
	const char **more;

	for (size_t i = 0; i < *n; i++)
		if (strcmp((*list)[i], text) == 0)
			return;
	if ((*n & (*n - 1)) == 0) {		/* at every power of two */
		more = arena_alloc(a, (*n == 0 ? 1 : 2 * *n) * sizeof(*more));
		if (*n > 0)
			memcpy(more, *list, *n * sizeof(*more));
		*list = more;
	}
	(*list)[(*n)++] = text;
}

void
fix_set_note(struct mend *m, struct fix_set *s, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	fix_list_add(m->x->a, &s->notes, &s->n_notes, arena_strdup(m->x->a, text));
	free(text);
}

bool
fix_set_changed(const struct fix_set *s)
{
	if (s->n_now != s->n_old)
		return true;
	/* what stays mostly stays where it was, and a stranger's set may have thousands of records */
	for (size_t i = 0; i < s->n_old; i++)
		if (!match_rdata_equal(&s->now[i], &s->old[i]) && !fix_set_has(s, &s->old[i]))
			return true;
	return false;
}

/* ---- the two sides ---- */

static int
rdata_order(const void *va, const void *vb)
{
	const struct rdata *a = *(const struct rdata *const *)va, *b = *(const struct rdata *const *)vb;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return a->len == 0 ? 0 : memcmp(a->bytes, b->bytes, a->len);
}

/* Which of the list are among the others? */
static const bool *
mark_common(struct arena *a, const struct rdata *list, size_t n, const struct rdata *others, size_t n_others)
{
	const struct rdata **sorted = arena_alloc(a, (n_others + 1) * sizeof(const struct rdata *));
	bool *ret = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n_others; i++)
		sorted[i] = &others[i];
	qsort(sorted, n_others, sizeof(const struct rdata *), rdata_order);
	for (size_t i = 0; i < n; i++) {
		const struct rdata *r = &list[i];

		ret[i] = bsearch(&r, sorted, n_others, sizeof(const struct rdata *), rdata_order) != NULL;
	}
	return ret;
}

void
fix_change_compare(struct fix_change *c, struct arena *a)
{
	c->old_stays = mark_common(a, c->old, c->n_old, c->new, c->n_new);
	c->new_stays = mark_common(a, c->new, c->n_new, c->old, c->n_old);
}
