/* SPDX-License-Identifier: ISC */
/*
 * diagnose_cut: names of the domain that its servers refer elsewhere for, because somebody delegated them.  The servers are not
 * at fault then, and nobody sees what is entered there for such a name.
 */
#include <string.h>

#include "judge.h"
#include "roll.h"

/* The first server that counts and answers other questions, but to this one only refers elsewhere. */
static bool
refers_elsewhere(const struct roll *r, size_t row, size_t *ret)
{
	for (size_t col = 0; col < r->m->n_columns; col++) {
		const struct eval_cell *c = MATRIX_CELL(r->m, row, col);

		if (r->m->columns[col].kind != SOURCE_AUTHORITY || !column_alive(&r->m->columns[col]) || c->reason != REASON_LAME ||
		    (c->flags & EVAL_FINAL) == 0)
			continue;
		*ret = col;
		return true;
	}
	return false;
}

/* The highest name below the apex, down to name, that is a zone of its own. */
static enum side_state
cut_find(struct roll *r, int expectation, const struct dns_name *name, struct dns_name *ret, struct side_fact *fact)
{
	const struct dns_name *apex = &r->m->zone.zone->apex;
	unsigned above = dns_name_labels(apex), labels = dns_name_labels(name);

	for (unsigned keep = above + 1; keep <= labels; keep++) {
		dns_name_suffix(ret, name, labels - keep);
		if (side_ask(r, expectation, SIDE_AUTHORITY, ret, DNS_TYPE_NS, fact) == SIDE_PENDING)
			return SIDE_PENDING;
		if (fact->state == SIDE_ANSWERED && fact->answer->kind == ANSWER_REFERRAL)
			return SIDE_ANSWERED;
	}
	return SIDE_FAILED;
}

/* What the world sees at the name, now that the way there leads past the domain's servers. */
static const char *
cut_seen(struct roll *r, size_t i, enum severity *ret, bool *ret_pending)
{
	const struct expectation *e = plan_expectation(r->plan, i);
	const struct question *q = &r->m->rows[e->question];
	struct judgement j;
	struct side_fact fact;

	*ret = SEVERITY_ERROR;
	*ret_pending = side_ask(r, (int)i, SIDE_LOOKUP, &q->name, q->type, &fact) == SIDE_PENDING;
	if (fact.state == SIDE_FAILED) {
		if (side_is_unasked(&fact) || fact.reason == REASON_NETWORK || fact.reason == REASON_SET_ASIDE)
			*ret = SEVERITY_WARNING;	/* that is this machine's trouble */
		return "whose servers do not answer";
	}
	if (fact.state != SIDE_ANSWERED || fact.answer->kind == ANSWER_REFERRAL)
		return "of its own";
	eval_judge(r->plan, i, VIEW_PUBLIC, fact.answer, r->by_mx, NULL, r->a, &j);
	if (j.verdict != VERDICT_OK)
		return "in which it does not stand, or not as it should";
	*ret = SEVERITY_WARNING;
	return "in which it stands as it should, but which is not watched here";
}

static void
cut_add(struct roll *r, size_t i, size_t col, const struct dns_name *cut, const struct side_fact *fact)
{
	const struct expectation *e = plan_expectation(r->plan, i);
	const char *zone = match_name_text(r->a, cut), *seen;
	enum severity severity;
	struct finding *f;
	bool pending;

	seen = cut_seen(r, i, &severity, &pending);
	if (pending)
		return;
	for (size_t k = 0; k < r->n_findings; k++) {	/* one delegation, one finding */
		f = &r->findings[k];
		if (f->code != FINDING_ZONE_CUT_UNEXPECTED || f->severity != severity || strstr(f->advice, zone) == NULL)
			continue;
		f->detail = arena_printf(r->a, "%s; %s too", f->detail, e->id);
		return;
	}
	f = diagnose_add(r, FINDING_ZONE_CUT_UNEXPECTED, severity, (int)i, arena_printf(r->a,
	    "%s lies in %s, a zone with name servers of its own, %s", match_name_text(r->a, &r->m->rows[e->question].name),
	    zone, seen), &(struct advice){ .found = zone });
	diagnose_evidence_text(r, f, arena_printf(r->a, "%s. IN NS: delegated to other servers (%s)", zone, fact->where));
	diagnose_source(r, f, col);
}

void
diagnose_cuts(struct roll *r)
{
	struct side_fact fact;
	struct dns_name cut;
	size_t col;

	if (r->m->zone.zone == NULL || r->m->zone.zone->status != ZONE_FOUND)
		return;
	for (size_t i = 0; i < r->n; i++) {
		size_t row = plan_expectation(r->plan, i)->question;
		enum side_state state;

		if ((plan_expectation(r->plan, i)->views & 1u << VIEW_PUBLIC) == 0 || !refers_elsewhere(r, row, &col))
			continue;
		state = cut_find(r, (int)i, &r->m->rows[row].name, &cut, &fact);
		r->cut[row] = r->cut[row] || state != SIDE_FAILED;
		if (state == SIDE_ANSWERED && judge_is_demanded(plan_expectation(r->plan, i)))
			cut_add(r, i, col, &cut, &fact);
	}
}
