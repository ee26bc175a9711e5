/* SPDX-License-Identifier: ISC */
/*
 * rollup: from cells to the state of each record, from records to the state of the domain.
 *
 *   record   pending -> unpublished <-> published -> visible      regressed: unpublished, and it was published once
 *   domain   pending -> unpublished <-> published -> complete     unknown: what is needed to tell could not be asked
 *
 * When several apply the order is that of the exit codes: unpublished, then unknown, then published.  Something is called
 * unpublished only when a server that decides said so, and published only when all of them did.
 */
#include <string.h>

#include "roll.h"

bool
roll_applies(const struct roll *r, size_t i)
{
	const struct expectation *e = plan_expectation(r->plan, i);

	return e->need == NEED_REQUIRED && (e->views & 1u << VIEW_PUBLIC) != 0;
}

/* ---- what the columns that decide say ---- */

static bool
decides_for(const struct roll *r, size_t i, const struct eval_column *c)
{
	/* a record of the internal view alone is what the internal resolvers say */
	if ((plan_expectation(r->plan, i)->views & 1u << VIEW_PUBLIC) == 0)
		return c->kind == SOURCE_RESOLVER && column_view(c) == VIEW_INTERNAL && column_alive(c);
	return column_decides(r->m, c);
}

static void
tally_record(struct roll *r, size_t i)
{
	struct tally *t = &r->tally[i];

	for (size_t col = 0; col < r->m->n_columns; col++) {
		enum say say;

		if (!decides_for(r, i, &r->m->columns[col]) || (say = cell_says(r->m, i, col).say) == SAY_NOTHING)
			continue;
		t->n++;
		t->ok += say == SAY_OK;
		t->wrong += say == SAY_WRONG;
		t->missing += say == SAY_MISSING;
		t->unknown += say == SAY_UNKNOWN;
		t->pending += say == SAY_PENDING;
	}
}

/* One "ok" is enough where caches are asked in place of authorities, or where only the internal view matters. */
static bool
any_will_do(const struct roll *r, size_t i)
{
	return r->m->policy.authorities == AUTHORITIES_NONE ||
	    (plan_expectation(r->plan, i)->views & 1u << VIEW_PUBLIC) == 0;
}

/* SAY_OK published, SAY_WRONG unpublished, SAY_UNKNOWN, SAY_PENDING. */
static enum say
tally_verdict(const struct roll *r, size_t i)
{
	const struct tally *t = &r->tally[i];
	unsigned bad = t->wrong + t->missing;

	if (any_will_do(r, i))
		return t->ok > 0 ? SAY_OK : t->pending > 0 ? SAY_PENDING : bad > 0 ? SAY_WRONG : SAY_UNKNOWN;
	if (r->m->policy.authorities == AUTHORITIES_MAJORITY && t->n > 0) {
		if (t->ok * 2 > t->n)
			return SAY_OK;
		if ((t->n - bad) * 2 <= t->n)
			return SAY_WRONG;
		return t->pending > 0 ? SAY_PENDING : SAY_UNKNOWN;
	}
	if (bad > 0)
		return SAY_WRONG;
	if (t->unknown > 0)
		return SAY_UNKNOWN;
	return t->n == 0 || t->pending > 0 ? SAY_PENDING : SAY_OK;
}

/* ---- records ---- */

/* Nothing there, and nothing demanded: or, for a forbidden name, nothing there as it should be. */
static bool
record_not_configured(const struct roll *r, size_t i, enum say verdict)
{
	const struct tally *t = &r->tally[i];
	const struct expectation *e = plan_expectation(r->plan, i);

	if (e->views == 0)
		return true;
	if (e->rule == RULE_ABSENT)
		return verdict == SAY_OK;
	return e->need != NEED_REQUIRED && t->ok == 0 && t->wrong == 0 && t->missing > 0 && t->pending == 0;
}

/* Nobody has it so far, nobody needs it, and not everybody was asked: that is no news yet, in neither direction. */
static bool
record_undecided(const struct roll *r, size_t i)
{
	const struct tally *t = &r->tally[i];

	return plan_expectation(r->plan, i)->need != NEED_REQUIRED && t->ok == 0 && t->wrong == 0 && t->missing > 0 &&
	    t->pending > 0;
}

static enum record_state
record_state(const struct roll *r, size_t i)
{
	const struct record_prior *prior = r->prior != NULL && r->prior->records != NULL ? &r->prior->records[i] : NULL;
	bool was = prior != NULL && prior->was_published;
	const struct tally *t = &r->tally[i];
	enum say verdict = tally_verdict(r, i);

	if (r->broken || r->silent)
		return RECORD_UNKNOWN;
	if (record_not_configured(r, i, verdict))
		return RECORD_NOT_CONFIGURED;
	if (!was && record_undecided(r, i))
		return prior != NULL && prior->state == RECORD_NOT_CONFIGURED ? RECORD_NOT_CONFIGURED : RECORD_PENDING;
	switch (verdict) {
	case SAY_OK:
		return RECORD_PUBLISHED;
	case SAY_WRONG:
		return was ? RECORD_REGRESSED : RECORD_UNPUBLISHED;
	case SAY_UNKNOWN:
		return RECORD_UNKNOWN;
	default:
		/* a server that is new and was not asked yet does not take back what the others say */
		if (was && t->ok > 0 && prior->state != RECORD_REGRESSED && prior->state != RECORD_UNPUBLISHED)
			return RECORD_PUBLISHED;
		return RECORD_PENDING;
	}
}

/* Everything an operator's live addresses say: right, and confirmed. */
static bool
column_confirmed(const struct roll *r, size_t i, size_t col)
{
	size_t row = plan_expectation(r->plan, i)->question;

	return cell_says(r->m, i, col).say == SAY_OK && MATRIX_CELL(r->m, row, col)->confirmed >= r->m->policy.confirm;
}

struct votes {
	unsigned operators;	/* that vote */
	unsigned live;		/* of them, not set aside */
	unsigned confirmed;
};

/* One vote an operator: all of its living columns.  i = -1: only count who is there. */
static void
votes_count(const struct roll *r, int i, struct votes *ret)
{
	enum { HERE = 1, LIVE = 2, BEHIND = 4 };
	const struct matrix *m = r->m;

	memset(ret, 0, sizeof(*ret));
	memset(r->operators, 0, r->n_operators);
	for (size_t col = 0; col < m->n_columns; col++) {
		const struct eval_column *c = &m->columns[col];
		uint8_t *o;

		if (!column_votes(c))
			continue;
		o = &r->operators[c->source->operator_id];
		ret->operators += *o == 0;
		*o |= HERE;
		if (!c->counts)
			continue;
		if ((*o & LIVE) == 0) {
			*o |= LIVE;
			ret->live++;
			ret->confirmed++;
		}
		if ((*o & BEHIND) == 0 && i >= 0 && !column_confirmed(r, (size_t)i, col)) {
			*o |= BEHIND;
			ret->confirmed--;
		}
	}
}

/* Room to mark operators in. */
static void
operators_make(struct roll *r)
{
	for (size_t col = 0; col < r->m->n_columns; col++) {
		const struct source *s = r->m->columns[col].source;

		if (s != NULL && s->operator_id >= r->n_operators)
			r->n_operators = s->operator_id + 1u;
	}
	r->operators = arena_alloc(r->a, r->n_operators + 1);
}

static bool
votes_reach_quorum(const struct eval_policy *p, const struct votes *v)
{
	unsigned need = p->quorum;

	if (v->live == 0)
		return false;
	if (p->quorum_percent)
		return v->confirmed * 100 >= p->quorum * v->live;
	/* who is set aside leaves the quorum, so that a count can never be more than who is left */
	return v->confirmed >= (need > v->live ? v->live : need);
}

/*
 * The expectation whose cells show how far record i is seen: itself, except that ownership proved by MX alone is seen where
 * the MX is.
 */
static size_t
record_shown_by(const struct roll *r, size_t i)
{
	int mx = plan_find(r->plan, "verification-mx");

	if (!r->by_mx || mx < 0 || strcmp(plan_expectation(r->plan, i)->id, "verification") != 0)
		return i;
	for (size_t f = 0; f < r->n_findings; f++)
		if (r->findings[f].code == FINDING_VERIFICATION_BY_MX)
			return (size_t)mx;
	return i;
}

static uint32_t
record_seen(const struct roll *r, size_t i)
{
	uint32_t live = 0, behind = 0;

	for (size_t col = 0; col < r->m->n_columns; col++) {
		const struct eval_column *c = &r->m->columns[col];

		if (c->kind != SOURCE_RESOLVER || !column_alive(c) || cell_says(r->m, i, col).say == SAY_NOTHING)
			continue;
		live |= EVAL_OPERATOR_BIT(c->source);
		if (!column_confirmed(r, i, col))
			behind |= EVAL_OPERATOR_BIT(c->source);
	}
	return live & ~behind;
}

static void
record_visibility(struct roll *r, size_t i)
{
	struct record_result *rec = &r->records[i];
	struct votes v;

	if (!rec->published)
		return;
	rec->seen = record_seen(r, record_shown_by(r, i));
	votes_count(r, (int)record_shown_by(r, i), &v);
	rec->visible_ratio = v.live > 0 ? (double)v.confirmed / v.live : 0;
	if (v.live * 2 < v.operators) {		/* too few are left to speak for the others */
		rec->visible_ratio = (double)v.confirmed / v.operators;
		return;
	}
	rec->visible = votes_reach_quorum(&r->m->policy, &v);
	if (rec->visible)
		rec->state = RECORD_VISIBLE;
}

/* A record with an error of its own is not published, whatever the single servers say. */
static void
record_apply_errors(struct roll *r, size_t i)
{
	struct record_result *rec = &r->records[i];

	for (size_t f = 0; f < r->n_findings; f++)
		if (finding_is_about(&r->findings[f], i) && r->findings[f].severity == SEVERITY_ERROR && rec->published) {
			rec->published = false;
			rec->state = r->prior != NULL && r->prior->records != NULL && r->prior->records[i].was_published ?
			    RECORD_REGRESSED : RECORD_UNPUBLISHED;
		}
}

/*
 * What its side questions will bring is open: a record that is news holds the state it had, so that nothing is told that the
 * next answer takes back.
 */
static enum record_state
record_hold(const struct roll *r, size_t i, enum record_state state)
{
	const struct record_prior *prior = r->prior != NULL && r->prior->records != NULL ? &r->prior->records[i] : NULL;

	if (!r->waiting[i] || state != RECORD_PUBLISHED)
		return state;
	if (prior == NULL)
		return RECORD_PENDING;
	return prior->state == RECORD_VISIBLE ? RECORD_PUBLISHED : (enum record_state)prior->state;
}

static void
roll_records(struct roll *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct record_result *rec = &r->records[i];

		rec->state = record_hold(r, i, record_state(r, i));
		rec->published = rec->state == RECORD_PUBLISHED;
		rec->applies = roll_applies(r, i);
		record_apply_errors(r, i);
	}
	for (size_t i = 0; i < r->n; i++)
		record_visibility(r, i);
}

/* ---- the domain ---- */

struct sum {
	unsigned required, published, visible, unpublished, unknown, pending;
	double visible_ratio;
};

static void
sum_records(const struct roll *r, struct sum *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < r->n; i++) {
		const struct record_result *rec = &r->records[i];

		if (!rec->applies)
			continue;
		s->required++;
		s->published += rec->published;
		s->visible += rec->visible;
		s->visible_ratio += rec->visible_ratio;
		s->unpublished += rec->state == RECORD_UNPUBLISHED || rec->state == RECORD_REGRESSED;
		s->unknown += rec->state == RECORD_UNKNOWN;
		s->pending += rec->state == RECORD_PENDING;
	}
}

static bool
has_error(const struct roll *r)
{
	for (size_t i = 0; i < r->n_findings; i++)
		if (r->findings[i].severity == SEVERITY_ERROR)
			return true;
	return false;
}

/*
 * Every resolver of class required must show every required record: all its addresses that are not set aside, and at least
 * one of them.
 */
static bool
required_agree(const struct roll *r)
{
	const struct matrix *m = r->m;

	for (size_t col = 0; col < m->n_columns; col++) {
		bool live = false;

		if (!m->columns[col].required)
			continue;
		for (size_t k = 0; k < m->n_columns; k++)
			live = live || (m->columns[k].required && m->columns[k].counts &&
			    str_ieq(m->columns[k].label, m->columns[col].label));
		if (!live)
			return false;
		for (size_t i = 0; m->columns[col].counts && i < r->n; i++)
			if (r->records[i].applies && !column_confirmed(r, record_shown_by(r, i), col))
				return false;
	}
	return true;
}

static bool
any_decided(const struct roll *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->tally[i].n > r->tally[i].pending + r->tally[i].unknown)
			return true;
	return r->n == 0;
}

static bool
votes_too_few(const struct roll *r)
{
	struct votes v;

	votes_count(r, -1, &v);
	return v.live * 2 < v.operators;
}

static void
roll_domain(struct roll *r, struct domain_result *ret)
{
	bool was = r->prior != NULL && r->prior->was_published;
	struct sum s;

	sum_records(r, &s);
	ret->published_ratio = s.required > 0 ? (double)s.published / s.required : 1;
	ret->visible_ratio = s.required > 0 ? s.visible_ratio / s.required : 1;
	if (has_error(r) || s.unpublished > 0) {
		ret->state = was ? DOMAIN_REGRESSED : DOMAIN_UNPUBLISHED;
		return;
	}
	if (r->silent) {
		ret->state = DOMAIN_UNKNOWN;
		return;
	}
	if (s.pending > 0 || (s.required == 0 && !any_decided(r))) {
		ret->state = DOMAIN_PENDING;
		return;
	}
	if (s.unknown > 0) {
		ret->state = DOMAIN_UNKNOWN;
		return;
	}
	ret->published = true;
	ret->state = DOMAIN_PUBLISHED;
	if (votes_too_few(r)) {
		ret->state = DOMAIN_UNKNOWN;
		return;
	}
	ret->visible = s.visible == s.required;
	ret->complete = ret->visible && required_agree(r);
	if (ret->complete)
		ret->state = DOMAIN_COMPLETE;
}

void
eval_domain(struct matrix *m, const struct domain_prior *prior, struct arena *a, struct domain_result *ret)
{
	struct roll r = { .m = m, .plan = m->plan, .prior = prior, .a = a, .n = plan_n_expectations(m->plan) };

	memset(ret, 0, sizeof(*ret));
	r.tally = arena_alloc(a, (r.n + 1) * sizeof(*r.tally));
	r.records = arena_alloc(a, (r.n + 1) * sizeof(*r.records));
	r.waiting = arena_alloc(a, r.n + 1);
	r.cut = arena_alloc(a, m->n_rows + 1);
	operators_make(&r);
	eval_columns(m);
	r.by_mx = matrix_judge(m, a);
	matrix_says(m, a);
	r.broken = matrix_broken(m);
	r.silent = !r.broken && matrix_silent(m);
	for (size_t i = 0; i < r.n; i++)
		tally_record(&r, i);
	diagnose_zone(&r);
	if (!r.broken && !r.silent) {
		diagnose_cuts(&r);
		diagnose_failing(&r);
		diagnose_agreement(&r);
		diagnose_records(&r);
		diagnose_dkim(&r);
		diagnose_dmarc(&r);
		diagnose_sts(&r);
		diagnose_dane(&r);
		diagnose_places(&r);
		diagnose_targets(&r);
		diagnose_dangling(&r);
		diagnose_apex_hides(&r);
	}
	diagnose_required(&r);
	diagnose_internal(&r);
	diagnose_split(&r);
	roll_records(&r);
	diagnose_own(&r);
	diagnose_resolvers(&r);
	diagnose_answers(&r);
	diagnose_caches(&r);
	diagnose_sort(&r);
	eta_records(&r);
	roll_domain(&r, ret);
	eta_domain(&r, ret);
	ret->records = r.records;
	ret->findings = r.findings;
	ret->n_findings = r.n_findings;
	ret->verification_by_mx = r.by_mx;
}
