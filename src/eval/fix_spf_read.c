/* SPDX-License-Identifier: ISC */
/*
 * All that was meant to be SPF, read term by term, and generously: blanks behind a colon, quotation marks, semicolons, terms that
 * lost the blank between them.  The terms stay in their order; of several ends the strictest is kept; what is no term at all is
 * left out and named.
 */
#include <string.h>

#include "fix_spf.h"

#define JOINED_MAX 160	/* bytes of a word in which two terms are looked for: it is tried at many places */

bool
fix_spf_parse(struct spf_terms *t, const char *text, struct spf_term *ret)
{
	const char *record = arena_printf(t->m->x->a, "v=spf1 %s", text);
	struct spf_record r;

	if (spf_parse(t->m->x->a, record, strlen(record), &r, NULL) == -1 || r.n_terms != 1)
		return false;
	*ret = r.terms[0];
	return true;
}

static bool
has_term(const struct spf_terms *t, const char *text)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_ieq(t->list[i], text))
			return true;
	return false;
}

void
fix_spf_insert(struct spf_terms *t, size_t at, const char *text)
{
	if (t->n == FIX_SPF_TERMS_MAX || has_term(t, text))
		return;
	memmove(&t->list[at + 1], &t->list[at], (t->n - at) * sizeof(t->list[0]));
	t->list[at] = text;
	t->n++;
}

void
fix_spf_drop(struct spf_terms *t, size_t at)
{
	memmove(&t->list[at], &t->list[at + 1], (--t->n - at) * sizeof(t->list[0]));
}

int
fix_spf_strictness(char qualifier)
{
	static const char order[] = "+?~-";
	const char *at = qualifier != '\0' ? strchr(order, qualifier) : NULL;

	return at != NULL ? (int)(at - order) : -1;
}

bool
fix_spf_has(struct spf_terms *t, enum spf_kind kind)
{
	struct spf_term term;

	for (size_t i = 0; i < t->n; i++)
		if (fix_spf_parse(t, t->list[i], &term) && term.kind == kind)
			return true;
	return false;
}

size_t
fix_spf_end(struct spf_terms *t)
{
	struct spf_term term;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (fix_spf_parse(t, t->list[i], &term) && term.qualifier != '=')
			n = i + 1;
	return n;
}

static void take(struct spf_terms *t, const char *text);

/* "ip4:192.0.2.1include:a.example": two terms that lost their blank, as where a long text was cut in two. */
static bool
take_joined(struct spf_terms *t, const char *text)
{
	static const char *const heads[] = { "include:", "ip4:", "ip6:", "exists:", "redirect=", "+all", "-all", "~all", "?all" };
	struct spf_term term;
	size_t len = strlen(text);

	for (size_t n = 1; n < len && len <= JOINED_MAX; n++)
		for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
			const char *first;

			if (!str_iprefix(text + n, heads[i]))
				continue;
			first = arena_printf(t->m->x->a, "%.*s", (int)n, text);
			if (!fix_spf_parse(t, first, &term))
				continue;
			take(t, first);
			take(t, text + n);
			return true;
		}
	return false;
}

static void
take(struct spf_terms *t, const char *text)
{
	struct spf_term term;

	if (!fix_spf_parse(t, text, &term)) {
		if (take_joined(t, text))
			return;
		t->dropped = judge_join(t->m->x->a, t->dropped, judge_printable(t->m->x->a, text, strlen(text)));
		return;
	}
	if (term.kind == SPF_ALL) {
		if (fix_spf_strictness(term.qualifier) > fix_spf_strictness(t->all))
			t->all = term.qualifier;
	} else if (term.kind == SPF_REDIRECT && fix_spf_has(t, SPF_REDIRECT)) {
		fix_spf_insert(t, fix_spf_end(t), arena_printf(t->m->x->a, "include:%s", term.domain));
	} else if (term.kind == SPF_REDIRECT || term.qualifier == '=') {
		if (term.kind != SPF_EXP || !fix_spf_has(t, SPF_EXP))
			fix_spf_insert(t, t->n, arena_strdup(t->m->x->a, text));
	} else
		fix_spf_insert(t, fix_spf_end(t), arena_strdup(t->m->x->a, text));
}

/* "v=spf1", also when it came out as "v=spf 1", "spf1" or "spf=..."; what stands behind it. */
static const char *
behind_version(const char *p)
{
	static const char *const heads[] = { "v=spf1", "v=spf 1", "v = spf1", "v= spf1", "v =spf1", "spf=", "spf1", "v=spf" };
	const char *at = p;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		if (str_iprefix(at, heads[i]))
			return at + strlen(heads[i]);
	return p;
}

/* One record, word by word. */
static void
read_record(struct spf_terms *t, struct text value)
{
	struct text clean = fix_clean(t->m->x->a, value);
	char *copy = arena_strdup(t->m->x->a, behind_version(clean.n > 0 ? clean.p : "")), *save;

	t->n_records++;
	for (char *word = strtok_r(copy, " ;,", &save); word != NULL; word = strtok_r(NULL, " ;,", &save)) {
		const char *whole = word;

		if (word[strlen(word) - 1] == ':' || word[strlen(word) - 1] == '=') {
			char *rest = strtok_r(NULL, " ;,", &save);

			whole = arena_printf(t->m->x->a, "%s%s", word, rest != NULL ? rest : "");
		}
		if (!str_iprefix(whole, "v=spf"))
			take(t, whole);
	}
}

/* No record, but meant to be one, as the match rule sees it. */
static bool
is_meant(struct arena *a, struct text v)
{
	return text_near_prefix(a, v, "v=spf1") != FINDING_MAX || text_ifind(v, "v=spf") >= 0 || text_iprefix(v, "spf=") ||
	    text_iprefix(v, "spf1 ");
}

/* "MS=ms12345678 v=spf1 ...": what stands before the record stays as a value of its own. */
static struct text
cut_head(struct mend *m, struct text v)
{
	int at = text_ifind(v, "v=spf");
	struct text head;
	struct rdata r;

	if (at <= 0 || !text_iprefix(v, "MS="))
		return v;
	head = fix_clean(m->x->a, (struct text){ v.p, (size_t)at });
	while (head.n > 0 && strchr(";, ", head.p[head.n - 1]) != NULL)
		head.n--;
	if (fix_txt(m->x->a, head, &r))
		fix_set_add(m, m->set, &r);
	return (struct text){ v.p + at, v.n - (size_t)at };
}

/* Takes the records out of the set, and reads them. */
static void
read_set(struct spf_terms *t)
{
	struct mend *m = t->m;
	bool real = false;

	for (size_t k = 0; k < m->set->n_now; k++) {
		struct text v = fix_text_of(m->x->a, &m->set->now[k]);

		real = real || spf_is_record(v.p, v.n);
	}
	for (size_t k = 0; k < m->set->n_now;) {
		struct text v = fix_text_of(m->x->a, &m->set->now[k]);

		if (real ? !spf_is_record(v.p, v.n) : !is_meant(m->x->a, v)) {
			k++;
			continue;
		}
		fix_set_remove(m->set, k);
		read_record(t, cut_head(m, v));
	}
}

/* Only as type SPF, which nobody asks for any more: its terms are what the administrator meant. */
static void
read_type99(struct spf_terms *t)
{
	const struct answer *an = t->n_records == 0 ? fix_aside(t->m, DNS_TYPE_SPF) : NULL;

	for (size_t k = 0; an != NULL && k < an->n_values; k++) {
		struct text v = fix_text_of(t->m->x->a, &an->values[k]);

		if (spf_is_record(v.p, v.n))
			read_record(t, v);
	}
}

void
fix_spf_read(struct spf_terms *t)
{
	read_set(t);
	read_type99(t);
}
