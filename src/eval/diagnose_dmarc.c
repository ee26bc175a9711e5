/* SPDX-License-Identifier: ISC */
/*
 * diagnose_dmarc: what stands around the DMARC record.  A subdomain without one of its own has the policy of its organisation,
 * which receivers find by walking up the tree (RFC 9989 section 4.10); and reports to somebody else's address are sent only when
 * that one has agreed to it (RFC 9990).
 */
#include <string.h>

#include "dmarc.h"
#include "judge.h"
#include "roll.h"

#define WALK_MAX    8	/* look-ups of one walk, that of the domain itself among them (RFC 9989 section 4.10) */
#define REPORTS_MAX 8	/* addresses looked at */

/* The one DMARC record among the texts of an answer; several count as none. */
static bool
record_of(struct roll *r, const struct answer *an, struct text *ret)
{
	struct judge j = { .a = r->a, .an = an };
	struct text *values;
	size_t n = text_values(&j, &values), n_records = 0;

	for (size_t i = 0; i < n; i++)
		if (dmarc_is_record(values[i])) {
			*ret = values[i];
			n_records++;
		}
	return n_records == 1;
}

static bool
prefixed(struct dns_name *ret, const char *labels, const struct dns_name *name)
{
	struct dns_name prefix;

	return dns_name_parse(&prefix, labels, NULL) == 0 && dns_name_concat(ret, &prefix, name);
}

/* ---- the tree walk ---- */

struct step {			/* one name on the way up at which there is a record */
	struct dns_name at, owner;
	struct text text;
	struct dmarc_record record;
	struct side_fact fact;
};
struct walk {
	struct step steps[WALK_MAX];	/* from the longest name to the shortest */
	size_t n;
	bool complete;			/* every name on the way was answered */
};

/* The name to go on with: one label less, and from long names at once to seven labels. */
static void
walk_up(struct dns_name *at)
{
	unsigned n = dns_name_labels(at);
	struct dns_name above;

	dns_name_suffix(&above, at, n >= WALK_MAX ? n - (WALK_MAX - 1) : 1);
	*at = above;
}

/* False: not to be known now. */
static bool
walk_ask(struct roll *r, int expectation, const struct dns_name *at, struct walk *w)
{
	struct step *s = &w->steps[w->n];

	s->at = *at;
	if (!prefixed(&s->owner, "_dmarc", at) ||
	    side_ask(r, expectation, SIDE_LOOKUP, &s->owner, DNS_TYPE_TXT, &s->fact) != SIDE_ANSWERED)
		return false;
	if (record_of(r, s->fact.answer, &s->text)) {
		dmarc_parse(r->a, s->text, &s->record);
		w->n++;
	}
	return true;
}

static void
walk_tree(struct roll *r, int expectation, struct walk *w)
{
	struct dns_name at;

	plan_domain_name(r->plan, &at);
	w->n = 0;
	w->complete = true;
	for (unsigned asked = 1; asked < WALK_MAX && dns_name_labels(&at) > 1; asked++) {
		walk_up(&at);
		if (!walk_ask(r, expectation, &at, w)) {
			w->complete = false;
			return;
		}
		/* whoever says what kind of domain it is ends the walk */
		if (w->n > 0 && dns_name_equal(&w->steps[w->n - 1].at, &at) && w->steps[w->n - 1].record.psd != 'u')
			return;
	}
}

/*
 * The record that applies to a domain without one of its own: the organisation's, which is where psd=n stands, or one label below
 * a registry's psd=y, or the shortest name with a record; without one of the organisation the registry's.
 */
static const struct step *
walk_policy(const struct walk *w)
{
	const struct step *last = w->n > 0 ? &w->steps[w->n - 1] : NULL;
	const struct step *below = w->n > 1 ? &w->steps[w->n - 2] : NULL;

	if (last == NULL || last->record.psd != 'y')
		return last;
	if (below != NULL && dns_name_labels(&below->at) == dns_name_labels(&last->at) + 1)
		return below;
	return last;
}

static void
tell_inherited(struct roll *r, int expectation, const struct step *s)
{
	enum dmarc_policy p = s->record.sp != DMARC_ABSENT ? s->record.sp : s->record.p;
	const char *text = judge_printable(r->a, s->text.p, s->text.n), *at = match_name_text(r->a, &s->at);
	struct finding *f;

	f = diagnose_add(r, FINDING_DMARC_INHERITED, SEVERITY_INFO, expectation,
	    arena_printf(r->a, "%s has no DMARC record of its own; that of %s says %s for it: %s", plan_domain(r->plan), at,
	    name_of(&dmarc_policy_names, p != DMARC_ABSENT ? (int)p : DMARC_NONE), text),
	    &(struct advice){ .found = text });
	diagnose_evidence_side(r, f, &s->owner, DNS_TYPE_TXT, &s->fact);
}

static void
diagnose_inherited(struct roll *r, int expectation)
{
	struct dns_name domain;
	const struct step *s;
	struct walk w;

	plan_domain_name(r->plan, &domain);
	if (dns_name_labels(&domain) < 3)
		return;		/* an organisation has nobody to inherit from but a registry */
	walk_tree(r, expectation, &w);
	s = walk_policy(&w);
	if (w.complete && s != NULL && s->record.mistake == NULL)
		tell_inherited(r, expectation, s);
}

/* ---- reports to somebody else ---- */

/*
 * Surely of the same organisation: one lies below the other, or they share two labels.  Where the organisation ends inside two
 * labels (co.uk) nothing is asked that should be; nothing is said that is not true.
 */
static bool
is_related(const struct dns_name *a, const struct dns_name *b)
{
	unsigned n = dns_name_labels(a), m = dns_name_labels(b);
	struct dns_name x, y;

	if (dns_name_is_below(a, b) || dns_name_is_below(b, a))
		return true;
	if (n < 2 || m < 2)
		return false;
	dns_name_suffix(&x, a, n - 2);
	dns_name_suffix(&y, b, m - 2);
	return dns_name_equal(&x, &y);
}

static void
tell_refused(struct roll *r, int expectation, const struct dns_name *host, const struct dns_name *owner,
    const struct side_fact *fact)
{
	const char *to = match_name_text(r->a, host), *wanted = match_name_text(r->a, owner);
	struct finding *f = diagnose_add(r, FINDING_DMARC_REPORT_REFUSED, SEVERITY_INFO, expectation,
	    arena_printf(r->a, "%s does not say that it takes reports about %s", to, plan_domain(r->plan)),
	    &(struct advice){ .found = to, .server = to, .wanted = wanted });

	diagnose_evidence_side(r, f, owner, DNS_TYPE_TXT, fact);
}

/* D._report._dmarc.HOST must hold a record that begins like DMARC's. */
static void
report_ask(struct roll *r, int expectation, struct text host_text)
{
	struct dns_name domain, host, middle, owner;
	struct side_fact fact;
	struct text text;

	plan_domain_name(r->plan, &domain);
	if (host_text.n == 0 || dns_name_parse(&host, judge_printable(r->a, host_text.p, host_text.n), NULL) == -1 ||
	    is_related(&host, &domain) || !prefixed(&middle, "_report._dmarc", &host) ||
	    !dns_name_concat(&owner, &domain, &middle))
		return;
	if (side_ask(r, expectation, SIDE_LOOKUP, &owner, DNS_TYPE_TXT, &fact) != SIDE_ANSWERED)
		return;
	if (side_denied(r, &owner, &fact) ||
	    (fact.answer->kind == ANSWER_POSITIVE && !record_of(r, fact.answer, &text)))
		tell_refused(r, expectation, &host, &owner, &fact);
}

static void
diagnose_reports(struct roll *r, int expectation, const struct answer *an)
{
	struct dmarc_record record;
	struct text text, host;
	size_t n = 0;

	if (!record_of(r, an, &text))
		return;
	dmarc_parse(r->a, text, &record);
	for (size_t i = 0; i < 2; i++) {
		struct text list = i == 0 ? record.rua : record.ruf;

		while (n++ < REPORTS_MAX && dmarc_next_host(&list, &host))
			report_ask(r, expectation, host);
	}
}

void
diagnose_dmarc(struct roll *r)
{
	int i = plan_find(r->plan, "dmarc");
	const struct answer *an;
	size_t col;

	if (record_is_absent(r, i))
		diagnose_inherited(r, i);
	else if ((an = record_answer(r, i, &col)) != NULL)
		diagnose_reports(r, i, an);
}
