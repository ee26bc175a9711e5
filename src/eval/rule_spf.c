/* SPDX-License-Identifier: ISC */
/*
 * SPF: one record, parsed, with Microsoft's include reached and an end that means something.  Here is what the record itself
 * says; rule_spf_follow.c goes where it leads.  Where nothing can be asked aside, the mandatory name has to stand in the record
 * itself (or in its redirect).
 */
#include <string.h>

#include "rule_spf.h"

void
spf_wrong(struct spf_look *s, enum finding_code code, const char *found, const char *wanted, const char *detail)
{
	judge_note(s->j, code, found, wanted, "%s", detail);
	s->wrong = true;
}

/* A term behind `all` is never looked at. */
static bool
spf_term_counts(const struct spf_look *s, size_t i)
{
	return s->record.all == -1 || (int)i < s->record.all;
}

static bool
same_name(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	n -= n > 0 && a[n - 1] == '.';
	m -= m > 0 && b[m - 1] == '.';
	for (size_t i = 0; n == m && i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return n == m;
}

static bool
spf_reaches(const struct spf_look *s, const char *name)
{
	for (size_t i = 0; i < s->record.n_terms; i++) {
		const struct spf_term *t = &s->record.terms[i];

		if (t->kind == SPF_INCLUDE && t->qualifier == '+' && spf_term_counts(s, i) && same_name(t->domain, name))
			return true;
		/* redirect= is ignored where there is an all (section 6.1) */
		if (t->kind == SPF_REDIRECT && s->record.all == -1 && same_name(t->domain, name))
			return true;
	}
	return false;
}

/* It is there, but behind the all: one cause, and spf-after-all names it. */
static bool
spf_behind_all(const struct spf_look *s, const char *name)
{
	for (size_t i = 0; i < s->record.n_terms; i++) {
		const struct spf_term *t = &s->record.terms[i];

		if (t->kind == SPF_INCLUDE && !spf_term_counts(s, i) && same_name(t->domain, name))
			return true;
	}
	return false;
}

/* An include of Microsoft's, but of another cloud. */
static const struct spf_term *
spf_other_cloud(const struct spf_look *s)
{
	enum cloud cloud = plan_conf(s->j->plan)->cloud;

	for (size_t i = 0; i < s->record.n_terms; i++) {
		const struct spf_term *t = &s->record.terms[i];
		const struct catalog_suffix *x;

		if ((t->kind != SPF_INCLUDE && t->kind != SPF_REDIRECT) || t->macro)
			continue;
		x = match_suffix(s->j->plan, t->domain);
		if (x != NULL && (x->clouds & 1u << cloud) == 0)
			return t;
	}
	return NULL;
}

/* A term that was meant to be Microsoft's include, where that is not reached otherwise. */
static const struct spf_term *
spf_slip(const struct spf_look *s, const char *name)
{
	struct dns_name real;

	if (name != s->j->want.spf_include || dns_name_parse(&real, name, NULL) == -1)
		return NULL;
	if (s->tree != NULL && (s->tree->pending || spf_tree_find(s->tree, &real) != -1 || spf_tree_grants(s->tree, SPF_BRANCH_FAILED)))
		return NULL;
	for (size_t i = 0; i < s->record.n_terms; i++) {
		const struct spf_term *t = &s->record.terms[i];

		if ((t->kind == SPF_INCLUDE || t->kind == SPF_REDIRECT) && !t->macro && spf_host_near(t->domain, name))
			return t;
	}
	return NULL;
}

static void
spf_check_include(struct spf_look *s, const char *name)
{
	const char *wanted = arena_printf(s->j->a, "include:%s", name);
	const struct spf_term *other, *slip;

	if (spf_reaches(s, name) || spf_behind_all(s, name))
		return;
	other = spf_other_cloud(s);
	if (other == NULL && (slip = spf_slip(s, name)) != NULL) {
		s->slip = slip->text;
		spf_wrong(s, FINDING_SPF_INCLUDE_MISSING, s->show, arena_printf(s->j->a, "%s (in place of %s)", wanted, slip->text),
		    arena_printf(s->j->a, "%s stands where %s belongs", slip->text, wanted));
		return;
	}
	if (other == NULL && s->tree != NULL) {
		spf_follow_include(s, name);
		return;
	}
	if (other == NULL) {
		spf_wrong(s, FINDING_SPF_INCLUDE_MISSING, s->show, wanted,
		    arena_printf(s->j->a, "%s is not in it", wanted));
		return;
	}
	spf_wrong(s, strcmp(match_suffix(s->j->plan, other->domain)->what, "consumer") == 0 ? FINDING_CONSUMER_OUTLOOK :
	    FINDING_CLOUD_MIXED, other->text, wanted, arena_printf(s->j->a, "%s stands where %s belongs", other->text, wanted));
}

/* The end of the record: what happens to everybody else. */
static void
spf_check_all(struct spf_look *s)
{
	const struct spf_record *r = &s->record;
	const char *behind = "";

	if (r->all == -1) {
		if (r->redirect == -1)
			judge_note(s->j, FINDING_SPF_ALL_MISSING, s->show, "-all", NULL);
		return;
	}
	for (size_t i = (size_t)r->all + 1; i < r->n_terms; i++)
		if (r->terms[i].qualifier != '=')
			behind = judge_join_by(s->j->a, behind, " ", r->terms[i].text);
	if (*behind != '\0')
		spf_wrong(s, FINDING_SPF_AFTER_ALL, behind, NULL,
		    arena_printf(s->j->a, "behind %s stands %s", r->terms[r->all].text, behind));
	if (r->terms[r->all].qualifier == '+')
		spf_wrong(s, FINDING_SPF_ALL_PERMISSIVE, r->terms[r->all].text, "-all", "any server may send for the domain");
	else if (r->terms[r->all].qualifier == '?')
		judge_note_as(s->j, SEVERITY_WARNING, FINDING_SPF_ALL_PERMISSIVE, r->terms[r->all].text, "-all",
		    "?all says nothing about other servers; it is for tests");
}

/* The administrator's own networks must pass; where nothing is followed, by a term that names them. */
static void
spf_check_networks(struct spf_look *s, const char *kind, char *const *list, size_t n)
{
	size_t n_terms = s->record.all == -1 ? s->record.n_terms : (size_t)s->record.all;
	struct addr addr;
	unsigned prefix;

	if (s->tree != NULL) {
		spf_follow_senders(s, kind, list, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (spf_network_parse(list[i], &addr, &prefix) && !spf_terms_cover(s->record.terms, n_terms, &addr, prefix))
			spf_wrong(s, FINDING_SPF_IP_MISSING, s->show, arena_printf(s->j->a, "%s:%s", kind, list[i]),
			    arena_printf(s->j->a, "%s is not allowed", list[i]));
}

/* The terms of the record itself; what its includes cost is counted where they are followed. */
static void
spf_check_lookups(struct spf_look *s)
{
	const struct spf_record *r = &s->record;
	size_t n = 0;

	if (s->tree != NULL)
		return;
	for (size_t i = 0; i < r->n_terms; i++)
		n += spf_term_asks(&r->terms[i]) && spf_term_counts(s, i) &&
		    (r->terms[i].kind != SPF_REDIRECT || r->all == -1);
	if (n > SPF_LOOKUPS_MAX)
		spf_wrong(s, FINDING_SPF_TOO_MANY_LOOKUPS, s->show, NULL,
		    arena_printf(s->j->a, "it has %zu terms that need a look-up, and only %d are allowed", n, SPF_LOOKUPS_MAX));
}

static void
spf_check_private(struct spf_look *s)
{
	for (size_t i = 0; i < s->record.n_terms; i++) {
		const struct spf_term *t = &s->record.terms[i];

		if ((t->kind == SPF_IP4 || t->kind == SPF_IP6) && !addr_is_global(&t->ip))
			judge_note(s->j, FINDING_SPF_IP_PRIVATE, t->text, NULL, "%s is not an address of the public Internet",
			    t->text);
	}
}

/* No value is an SPF record.  Is one meant to be? */
static bool
spf_note_near(struct judge *j, const struct text *values, size_t n)
{
	const char *wanted = NULL;

	for (size_t i = 0; i < n; i++) {
		int at = text_ifind(values[i], "v=spf");
		enum finding_code code = at > 0 && text_iprefix(values[i], "MS=ms") ? FINDING_TXT_JOINED_VALUES :
		    text_near_prefix(j->a, values[i], "v=spf1");

		if (code == FINDING_MAX && (at >= 0 || text_iprefix(values[i], "spf=") || text_iprefix(values[i], "spf1 ")))
			code = FINDING_SPF_SYNTAX;
		if (code == FINDING_MAX)
			continue;
		/* where no SPF record is wanted, the one that is in there */
		if (code == FINDING_TXT_JOINED_VALUES && judge_want(j)->n_text == 0)
			wanted = text_show(j, (struct text){ values[i].p + at, values[i].n - (size_t)at });
		judge_note(j, code, text_show(j, values[i]), wanted, "no SPF record, but meant to be one: %s",
		    text_show(j, values[i]));
		return true;
	}
	return false;
}

/* A parked domain sends nothing: nobody may. */
static void
spf_check_parked(struct spf_look *s)
{
	for (size_t i = 0; i < s->record.n_terms; i++)
		if (s->record.terms[i].qualifier == '+' && s->record.terms[i].kind != SPF_ALL) {
			spf_wrong(s, FINDING_RECORD_WRONG, s->show, NULL, arena_printf(s->j->a,
			    "the domain is parked, but %s may still send", s->record.terms[i].text));
			return;
		}
}

static enum verdict
spf_judge(struct judge *j, struct text text)
{
	const struct conf_spf *mine = j->want.spf;
	struct spf_look s = { .j = j, .text = text, .show = text_show(j, text) };
	struct err err;

	if (spf_parse(j->a, text.p, text.n, &s.record, &err) == -1) {
		judge_note(j, FINDING_SPF_SYNTAX, s.show, NULL, "%s",
		    judge_printable(j->a, err.msg, strlen(err.msg)));
		return VERDICT_WRONG;
	}
	if (j->sides != NULL && j->view == VIEW_PUBLIC)
		spf_follow(&s);
	if (j->want.spf_include != NULL)
		spf_check_include(&s, j->want.spf_include);
	else if (plan_conf(j->plan)->profile == PROFILE_PARKED)
		spf_check_parked(&s);
	if (mine != NULL) {
		for (size_t i = 0; i < mine->n_include; i++)
			spf_check_include(&s, mine->include[i]);
		spf_check_networks(&s, "ip4", mine->ip4, mine->n_ip4);
		spf_check_networks(&s, "ip6", mine->ip6, mine->n_ip6);
	}
	spf_check_all(&s);
	spf_check_lookups(&s);
	if (s.tree != NULL)
		spf_follow_troubles(&s);
	spf_check_private(&s);
	return s.wrong ? VERDICT_WRONG : VERDICT_OK;
}

enum verdict
rule_spf(struct judge *j)
{
	struct text *values;
	size_t n = text_values(j, &values), n_records = 0, last = 0;
	const char *all = "";

	for (size_t i = 0; i < n; i++) {
		if (!spf_is_record(values[i].p, values[i].n))
			continue;
		last = i;
		n_records++;
	}
	if (n_records == 0)
		return spf_note_near(j, values, n) ? VERDICT_WRONG : VERDICT_MISSING;
	if (n_records == 1)
		return spf_judge(j, values[last]);
	for (size_t i = 0; i < n; i++)
		if (spf_is_record(values[i].p, values[i].n))
			all = judge_join_by(j->a, all, " and ", arena_printf(j->a, "\"%s\"", text_show(j, values[i])));
	judge_note(j, FINDING_SPF_MULTIPLE, all, NULL, "%zu records start with v=spf1: %s", n_records, all);
	return VERDICT_WRONG;
}
