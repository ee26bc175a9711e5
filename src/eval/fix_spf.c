/* SPDX-License-Identifier: ISC */
/*
 * One SPF record out of what is there: never a second one beside it, never a weaker end.
 *
 * What was read (fix_spf_read.c) stays in its order, and what others send with stays allowed.  What is wanted and lacks is put
 * before the end: addresses of one's own before Microsoft's include, since they cost no look-up.  A slip of the pen of that include
 * is replaced; a term that leads nowhere, and by which nobody can pass, is left out with a word about it.  A record that would need
 * more than ten look-ups of its own is not proposed, for it would be invalid as a whole (RFC 7208 section 4.6.4).
 */
#include <string.h>

#include "fix_spf.h"

/* ---- includes ---- */

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

/* Misspelt: only names like Microsoft's can be told from a host that is another one. */
static bool
is_slip(struct spf_terms *t, const struct spf_term *term, const char *host)
{
	return host == t->m->j.want.spf_include && (term->kind == SPF_INCLUDE || term->kind == SPF_REDIRECT) && !term->macro &&
	    spf_host_near(term->domain, host);
}

static bool
has_include(struct spf_terms *t, const char *host)
{
	struct spf_term term;

	for (size_t i = 0; i < t->n; i++)
		if (fix_spf_parse(t, t->list[i], &term) && (term.kind == SPF_INCLUDE ? term.qualifier == '+' :
		    term.kind == SPF_REDIRECT && t->all == '\0') && same_host(term.domain, host))
			return true;
	return false;
}

/* It takes the place of a refusal, of another cloud's, or of a slip of the pen; else it goes before the end. */
static void
want_include(struct spf_terms *t, const char *host)
{
	const char *text = arena_printf(t->m->x->a, "include:%s", host);
	bool has = has_include(t, host);
	size_t place = SIZE_MAX;
	struct spf_term term;

	for (size_t i = 0; i < t->n;) {
		bool parsed = fix_spf_parse(t, t->list[i], &term);
		bool refused = parsed && term.kind == SPF_INCLUDE && term.qualifier != '+' && same_host(term.domain, host);

		if (!parsed || !(is_slip(t, &term, host) || (!has && (refused || is_other_cloud(t, &term))))) {
			i++;
			continue;
		}
		place = place == SIZE_MAX ? i : place;
		fix_spf_drop(t, i);
	}
	if (!has)
		fix_spf_insert(t, place != SIZE_MAX && place <= fix_spf_end(t) ? place : fix_spf_end(t), text);
}

static bool
covered(struct spf_terms *t, const char *network)
{
	struct spf_term *terms = arena_alloc(t->m->x->a, (t->n + 1) * sizeof(*terms));
	struct addr addr;
	unsigned prefix;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += fix_spf_parse(t, t->list[i], &terms[n]);
	return !spf_network_parse(network, &addr, &prefix) || spf_terms_cover(terms, n, &addr, prefix);
}

/* Before Microsoft's include, else before the end. */
static void
want_networks(struct spf_terms *t, const char *kind, char *const *list, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		size_t place = fix_spf_end(t);
		struct spf_term term;

		if (covered(t, list[k]))
			continue;
		for (size_t i = 0; i < place; i++)
			if (fix_spf_parse(t, t->list[i], &term) && term.kind == SPF_INCLUDE && t->m->j.want.spf_include != NULL &&
			    same_host(term.domain, t->m->j.want.spf_include))
				place = i;
		fix_spf_insert(t, place, arena_printf(t->m->x->a, "%s:%s", kind, list[k]));
	}
}

/* The end that was wanted; what is there already and is stricter stays. */
static void
want_all(struct spf_terms *t)
{
	const struct conf_spf *mine = t->m->j.want.spf;
	char wanted = mine != NULL && mine->all != NULL ? mine->all[0] : '-';

	if (t->all == '\0' && fix_spf_has(t, SPF_REDIRECT))
		return;			/* the end is that of the other record */
	if (fix_spf_strictness(t->all) <= fix_spf_strictness('?') && fix_spf_strictness(wanted) > fix_spf_strictness(t->all))
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
		if (fix_spf_parse(t, t->list[i], &term) && term.kind == SPF_REDIRECT) {
			fix_spf_drop(t, i);
			fix_spf_insert(t, fix_spf_end(t), arena_printf(t->m->x->a, "include:%s", term.domain));
			return;
		}
}

static size_t
lookups(struct spf_terms *t)
{
	struct spf_term term;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += fix_spf_parse(t, t->list[i], &term) && spf_term_asks(&term) && (term.kind != SPF_REDIRECT || t->all == '\0');
	return n;
}

static const char *
written(struct spf_terms *t)
{
	size_t end = fix_spf_end(t);
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

/* ---- what leads nowhere ---- */

/* Remarks whose `found` is a list of terms by which nobody can pass, some of which make the whole record invalid. */
static bool
is_dead_end(enum finding_code code)
{
	return code == FINDING_SPF_INCLUDE_INVALID || code == FINDING_SPF_LOOP || code == FINDING_SPF_TOO_MANY_VOID_LOOKUPS;
}

/* Is it one of the list?  What stands below an include ("include:a > include:b") is none of ours. */
static bool
in_list(const char *list, const char *term)
{
	size_t n = strlen(term);

	for (const char *p = list; (p = strstr(p, term)) != NULL; p += n)
		if ((p == list || p[-1] == ' ') && (p - list < 2 || p[-2] == ',') && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

static void
drop_dead_ends(struct spf_terms *t)
{
	const struct judgement *j = t->m->judged;
	const char *gone = "";

	for (size_t k = 0; j != NULL && k < j->n_notes; k++)
		for (size_t i = 0; is_dead_end(j->notes[k].code) && i < t->n;) {
			if (!in_list(j->notes[k].found, t->list[i])) {
				i++;
				continue;
			}
			gone = judge_join(t->m->x->a, gone, t->list[i]);
			fix_spf_drop(t, i);
		}
	if (*gone != '\0')
		fix_set_note(t->m, t->m->set, "left out of the SPF record, because nobody can pass by it: %s (if somebody sends by it, "
		    "ask them what is right)", gone);
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
	fix_spf_read(t);
	if (t->n_records == 0 || plan_conf(m->x->plan)->profile == PROFILE_PARKED) {
		if (w->n_text > 0)
			put(m, w->text[0]);
		return;
	}
	drop_dead_ends(t);
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
