/* SPDX-License-Identifier: ISC */
/*
 * One SPF record out of what is there: never a second one beside it, never a weaker end.
 *
 * All that was meant to be SPF is read term by term, generously (blanks behind a colon, quotation marks, semicolons); the terms
 * stay in their order and what others send with stays allowed.  What is wanted and lacks is put before the end: addresses of
 * one's own before Microsoft's include, since they cost no look-up.  A record that would need more than ten look-ups of its own is
 * not proposed, for it would be invalid as a whole (RFC 7208 section 4.6.4).
 */
#include <string.h>

#include "fix.h"
#include "spf.h"

#define TERMS_MAX 256
#define JOINED_MAX 160	/* bytes of a word in which two terms are looked for: it is tried at many places */

struct spf_terms {
	struct mend *m;
	const char *list[TERMS_MAX];	/* without the alls */
	size_t n;
	char all;			/* the strictest qualifier found; 0 = there is no all */
	const char *dropped;
	size_t n_records;
};

/* ---- reading ---- */

/* The term by itself; false when it is none. */
static bool
term_parse(struct spf_terms *t, const char *text, struct spf_term *ret)
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

static void
insert(struct spf_terms *t, size_t at, const char *text)
{
	if (t->n == TERMS_MAX || has_term(t, text))
		return;
	memmove(&t->list[at + 1], &t->list[at], (t->n - at) * sizeof(t->list[0]));
	t->list[at] = text;
	t->n++;
}

static void
drop(struct spf_terms *t, size_t at)
{
	memmove(&t->list[at], &t->list[at + 1], (--t->n - at) * sizeof(t->list[0]));
}

static int
strictness(char qualifier)
{
	static const char order[] = "+?~-";
	const char *at = qualifier != '\0' ? strchr(order, qualifier) : NULL;

	return at != NULL ? (int)(at - order) : -1;
}

static bool
has_kind(struct spf_terms *t, enum spf_kind kind)
{
	struct spf_term term;

	for (size_t i = 0; i < t->n; i++)
		if (term_parse(t, t->list[i], &term) && term.kind == kind)
			return true;
	return false;
}

/* Modifiers stand behind all mechanisms; this is where the next mechanism goes. */
static size_t
end_of_mechanisms(struct spf_terms *t)
{
	struct spf_term term;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (term_parse(t, t->list[i], &term) && term.qualifier != '=')
			n = i + 1;
	return n;
}

static void take(struct spf_terms *t, const char *text);

/* "ip4:192.0.2.1include:a.example": two terms that lost their blank, as where a long text was cut in two (mistake 15). */
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
			if (!term_parse(t, first, &term))
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

	if (!term_parse(t, text, &term)) {
		if (take_joined(t, text))
			return;
		t->dropped = judge_join(t->m->x->a, t->dropped, judge_printable(t->m->x->a, text, strlen(text)));
		return;
	}
	if (term.kind == SPF_ALL) {
		if (strictness(term.qualifier) > strictness(t->all))
			t->all = term.qualifier;
	} else if (term.kind == SPF_REDIRECT && has_kind(t, SPF_REDIRECT)) {
		insert(t, end_of_mechanisms(t), arena_printf(t->m->x->a, "include:%s", term.domain));
	} else if (term.kind == SPF_REDIRECT || term.qualifier == '=') {
		if (term.kind != SPF_EXP || !has_kind(t, SPF_EXP))
			insert(t, t->n, arena_strdup(t->m->x->a, text));
	} else
		insert(t, end_of_mechanisms(t), arena_strdup(t->m->x->a, text));
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

/* ---- what is wanted ---- */

static bool
same_host(const char *a, const char *b)
{
	struct dns_name x, y;

	return dns_name_parse(&x, a, NULL) == 0 && dns_name_parse(&y, b, NULL) == 0 && dns_name_equal(&x, &y);
}

/* An include of another cloud of Microsoft's, or of personal Outlook.com. */
static bool
is_other_cloud(struct spf_terms *t, const struct spf_term *term)
{
	const struct catalog_suffix *x;

	if ((term->kind != SPF_INCLUDE && term->kind != SPF_REDIRECT) || term->macro || term->domain == NULL)
		return false;
	x = match_suffix(t->m->x->plan, term->domain);
	return x != NULL && (x->clouds & 1u << plan_conf(t->m->x->plan)->cloud) == 0;
}

/* Where the include has to go, and whether it is there already. */
static void
want_include(struct spf_terms *t, const char *host)
{
	const char *text = arena_printf(t->m->x->a, "include:%s", host);
	size_t place = SIZE_MAX;
	struct spf_term term;

	for (size_t i = 0; i < t->n;) {
		bool parsed = term_parse(t, t->list[i], &term);

		if (parsed && term.kind == SPF_REDIRECT && t->all == '\0' && same_host(term.domain, host))
			return;
		if (parsed && term.kind == SPF_INCLUDE && same_host(term.domain, host)) {
			if (term.qualifier == '+')
				return;
		} else if (!parsed || !is_other_cloud(t, &term)) {
			i++;
			continue;
		}
		place = place == SIZE_MAX ? i : place;	/* a refusal, or another cloud's: this one takes its place */
		drop(t, i);
	}
	insert(t, place != SIZE_MAX && place <= end_of_mechanisms(t) ? place : end_of_mechanisms(t), text);
}

static bool
covered(struct spf_terms *t, const char *network)
{
	struct spf_term term;
	struct addr addr;
	unsigned prefix;

	if (!spf_network_parse(network, &addr, &prefix))
		return true;
	for (size_t i = 0; i < t->n; i++)
		if (term_parse(t, t->list[i], &term) && term.qualifier == '+' && spf_term_covers(&term, &addr, prefix))
			return true;
	return false;
}

/* Before Microsoft's include, else before the end. */
static void
want_networks(struct spf_terms *t, const char *kind, char *const *list, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		size_t place = end_of_mechanisms(t);
		struct spf_term term;

		if (covered(t, list[k]))
			continue;
		for (size_t i = 0; i < place; i++)
			if (term_parse(t, t->list[i], &term) && term.kind == SPF_INCLUDE && t->m->j.want.spf_include != NULL &&
			    same_host(term.domain, t->m->j.want.spf_include))
				place = i;
		insert(t, place, arena_printf(t->m->x->a, "%s:%s", kind, list[k]));
	}
}

/* The end that was wanted; what is there already and is stricter stays. */
static void
want_all(struct spf_terms *t)
{
	const struct conf_spf *mine = t->m->j.want.spf;
	char wanted = mine != NULL && mine->all != NULL ? mine->all[0] : '-';

	if (t->all == '\0' && has_kind(t, SPF_REDIRECT))
		return;			/* the end is that of the other record */
	if (strictness(t->all) <= strictness('?') && strictness(wanted) > strictness(t->all))
		t->all = wanted;
}

/* With an all a redirect= is never followed (section 6.1): in a merged record its senders would be lost. */
static void
redirects_to_includes(struct spf_terms *t)
{
	struct spf_term term;

	if (t->all == '\0' || t->n_records < 2)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (term_parse(t, t->list[i], &term) && term.kind == SPF_REDIRECT) {
			drop(t, i);
			insert(t, end_of_mechanisms(t), arena_printf(t->m->x->a, "include:%s", term.domain));
			return;
		}
}

static size_t
lookups(struct spf_terms *t)
{
	struct spf_term term;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += term_parse(t, t->list[i], &term) && spf_term_asks(&term) && (term.kind != SPF_REDIRECT || t->all == '\0');
	return n;
}

static const char *
written(struct spf_terms *t)
{
	size_t end = end_of_mechanisms(t);
	struct str s = STR_INIT;
	const char *ret;

	str_add(&s, "v=spf1");
	for (size_t i = 0; i <= t->n; i++) {
		if (i == end && t->all != '\0')
			str_addf(&s, " %.*sall", t->all != '+', &t->all);
		if (i < t->n)
			str_addf(&s, " %s", t->list[i]);
	}
	ret = arena_strdup(t->m->x->a, str_c(&s));
	str_done(&s);
	return ret;
}

/* ---- the whole ---- */

static void
put(struct mend *m, const char *text)
{
	struct rdata r;

	if (fix_txt(m->x->a, fix_literal(m->x->a, text), &r))
		fix_set_add(m, m->set, &r);
}

/* The set as it was: nothing better is known. */
static void
restore(struct mend *m, const struct rdata *before, size_t n)
{
	fix_set_clear(m->set);
	for (size_t k = 0; k < n; k++)
		fix_set_add(m, m->set, &before[k]);
}

void
fix_spf(struct mend *m)
{
	struct arena *a = m->x->a;
	const struct wanted *w = &m->j.want;
	struct spf_terms *t = arena_alloc(a, sizeof(*t));
	size_t n_before = m->set->n_now;
	const struct rdata *before = n_before > 0 ? arena_dup(a, m->set->now, n_before * sizeof(*before)) : NULL;

	t->m = m;
	t->dropped = "";
	read_set(t);
	read_type99(t);
	if (t->n_records == 0 || plan_conf(m->x->plan)->profile == PROFILE_PARKED) {
		if (w->n_text > 0)
			put(m, w->text[0]);
		return;
	}
	if (w->spf_include != NULL)
		want_include(t, w->spf_include);
	for (size_t k = 0; w->spf != NULL && k < w->spf->n_include; k++)
		want_include(t, w->spf->include[k]);
	if (w->spf != NULL) {
		want_networks(t, "ip4", w->spf->ip4, w->spf->n_ip4);
		want_networks(t, "ip6", w->spf->ip6, w->spf->n_ip6);
	}
	want_all(t);
	redirects_to_includes(t);
	if (lookups(t) > SPF_LOOKUPS_MAX) {
		restore(m, before, n_before);
		return;
	}
	put(m, written(t));
	if (*t->dropped != '\0')
		fix_set_note(m, m->set, "left out of the SPF record, because no such term exists: %s", t->dropped);
}
