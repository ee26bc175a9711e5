/* SPDX-License-Identifier: ISC */
/*
 * TXT records of a fix: bytes to text and back, and the values that only have to be there (proof of ownership, records of the
 * administrator's own).  The names of a TXT set belong to many: what is a slip of the pen of the wanted value goes, everything
 * else is somebody else's and stays, also when it was glued to the wanted one.
 */
#include <string.h>

#include "fix.h"

struct text
fix_literal(struct arena *a, const char *text)
{
	return (struct text){ arena_strdup(a, text), strlen(text) };
}

struct text
fix_text_of(struct arena *a, const struct rdata *r)
{
	struct str s = STR_INIT;
	struct text t;
	char *p;

	rdata_txt(r, &s);
	p = arena_alloc(a, s.len + 1);
	memcpy(p, str_c(&s), s.len);
	t = (struct text){ p, s.len };
	str_done(&s);
	return t;
}

bool
fix_txt(struct arena *a, struct text t, struct rdata *ret)
{
	size_t strings = t.n == 0 ? 1 : (t.n + 254) / 255, at = 0;
	uint8_t *p;

	if (t.n + strings > UINT16_MAX)
		return false;
	p = arena_alloc(a, t.n + strings);
	for (size_t i = 0; i < strings; i++) {
		size_t n = t.n - i * 255 < 255 ? t.n - i * 255 : 255;

		p[at++] = (uint8_t)n;
		memcpy(p + at, t.p + i * 255, n);
		at += n;
	}
	*ret = (struct rdata){ DNS_TYPE_TXT, (uint16_t)at, p };
	return true;
}

struct text
fix_clean(struct arena *a, struct text t)
{
	char *out = arena_alloc(a, t.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < t.n; i++) {
		uint8_t c = (uint8_t)t.p[i];
		bool blank = c <= ' ' || (c == 0xa0 && i > 0 && (uint8_t)t.p[i - 1] == 0xc2);	/* U+00A0 too */

		if (blank && n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
		else if (!blank && c < 0x7f && c != '"')
			out[n++] = (char)c;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	return (struct text){ out, n };
}

void
fix_add_text(struct mend *m, struct text t)
{
	struct rdata r;

	if (fix_txt(m->x->a, t, &r))
		fix_set_add(m, m->set, &r);
}

static bool
is_separator(char c)
{
	return c == ' ' || c == '\t' || c == ';' || c == ',' || c == '"';
}

static struct text
trim_separators(struct text t)
{
	while (t.n > 0 && is_separator(t.p[0])) {
		t.p++;
		t.n--;
	}
	while (t.n > 0 && is_separator(t.p[t.n - 1]))
		t.n--;
	return t;
}

/* What is left of a value when the wanted one is cut out of it, as often as it is there; each part stays a value of its own. */
static void
add_rest(struct mend *m, struct text value, struct text wanted)
{
	const char *at;

	do {
		size_t n = (at = memmem(value.p, value.n, wanted.p, wanted.n)) != NULL ? (size_t)(at - value.p) : value.n;
		struct text part = trim_separators((struct text){ value.p, n });

		if (part.n > 0)
			fix_add_text(m, part);
		if (at != NULL)
			value = (struct text){ at + wanted.n, value.n - n - wanted.n };
	} while (at != NULL);
}

/* Slips of the pen go, the value itself comes; everything else is somebody else's. */
static void
put_text(struct mend *m, const struct rdata *want)
{
	struct text wanted = fix_text_of(m->x->a, want);

	if (fix_set_has(m->set, want))
		return;
	for (size_t k = 0; k < m->set->n_now;) {
		struct text value = fix_text_of(m->x->a, &m->set->now[k]);
		enum finding_code code = text_near_miss(m->x->a, value, wanted);

		if (code == FINDING_MAX) {
			k++;
			continue;
		}
		fix_set_remove(m->set, k);
		if (code == FINDING_TXT_JOINED_VALUES && memmem(value.p, value.n, wanted.p, wanted.n) != NULL)
			add_rest(m, value, wanted);
	}
	fix_set_add(m, m->set, want);
}

void
fix_txt_value(struct mend *m)
{
	if (m->j.want.n_exact > 0 && m->verdict != VERDICT_OK)
		put_text(m, &m->j.want.exact[0]);
}

void
fix_contains(struct mend *m)
{
	for (size_t k = 0; k < m->j.want.n_exact; k++)
		put_text(m, &m->j.want.exact[k]);
}
