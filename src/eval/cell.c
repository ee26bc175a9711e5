/* SPDX-License-Identifier: ISC */
/* cell: what one source says of one expectation, and which gates are open. */
#include <string.h>

#include "roll.h"

/* Why there is no answer to be used. */
static struct cell_say
cell_excuse(const struct matrix *m, size_t row, size_t col)
{
	const struct eval_cell *cell = MATRIX_CELL(m, row, col);
	const struct eval_column *c = &m->columns[col];
	enum reason reason = (enum reason)cell->reason;

	if (c->source == NULL)
		return (struct cell_say){ SAY_UNKNOWN, c->no_source != REASON_NONE ? c->no_source : REASON_NETWORK };
	if ((cell->flags & EVAL_ASKED) == 0) {
		if (c->set_aside)
			return (struct cell_say){ SAY_UNKNOWN, c->reason != REASON_NONE ? c->reason : REASON_SET_ASIDE };
		return (struct cell_say){ SAY_PENDING, REASON_GATED };
	}
	/* answered, but not usable: a referral, or without authority */
	if (reason == REASON_NONE && cell->variant != 0)
		return (struct cell_say){ SAY_UNKNOWN, REASON_LAME };
	if (reason == REASON_NONE || (cell->flags & EVAL_FINAL) == 0)
		return (struct cell_say){ SAY_PENDING, reason == REASON_NONE ? REASON_GATED : reason };
	return (struct cell_say){ SAY_UNKNOWN, reason };
}

static inline struct cell_say
judged(const struct matrix *m, const struct expectation *e, size_t col)
{
	enum view view = column_view(&m->columns[col]);
	static const enum say says[] = { [VERDICT_OK] = SAY_OK, [VERDICT_WRONG] = SAY_WRONG, [VERDICT_MISSING] = SAY_MISSING };
	uint8_t verdict;

	if ((e->views & 1u << view) == 0)
		return (struct cell_say){ SAY_NOTHING, REASON_GATED };
	if (matrix_answer(m, e->question, col) == NULL)
		return cell_excuse(m, e->question, col);
	verdict = m->variants[MATRIX_CELL(m, e->question, col)->variant].verdict[view][e->slot];
	if (verdict >= ARRAY_LEN(says))
		return (struct cell_say){ SAY_PENDING, REASON_GATED };
	return (struct cell_say){ says[verdict], REASON_NONE };
}

struct cell_say
cell_judged(const struct matrix *m, size_t expectation, size_t col)
{
	return judged(m, plan_expectation(m->plan, expectation), col);
}

void
matrix_says(struct matrix *m, struct arena *a)
{
	size_t n = plan_n_expectations(m->plan);
	struct cell_say *says = arena_alloc(a, n * m->n_columns * sizeof(*says));

	for (size_t i = 0; i < n; i++) {
		const struct expectation *e = plan_expectation(m->plan, i);

		for (size_t col = 0; col < m->n_columns; col++)
			says[i * m->n_columns + col] = judged(m, e, col);
	}
	m->says = says;
}

/* When a resolver forgets what it holds (monotonic ms), and on what that rests. */
static int64_t
cell_expiry(const struct matrix *m, size_t row, size_t col, enum eta_basis *ret)
{
	const struct eval_cell *c = MATRIX_CELL(m, row, col);
	const struct answer *an = matrix_answer(m, row, col);
	int64_t at = c->checked_ms + (int64_t)c->ttl * 1000;

	*ret = an != NULL && (an->kind == ANSWER_NODATA || an->kind == ANSWER_NXDOMAIN) ? ETA_NEGATIVE_TTL : ETA_TTL;
	return at > m->now_ms ? at : m->now_ms;
}

void
eval_cell(const struct matrix *m, size_t expectation, size_t column, bool published, struct cell_result *ret)
{
	static const enum verdict verdicts[] = {
		[SAY_OK] = VERDICT_OK, [SAY_WRONG] = VERDICT_WRONG, [SAY_MISSING] = VERDICT_MISSING,
		[SAY_UNKNOWN] = VERDICT_UNKNOWN, [SAY_PENDING] = VERDICT_UNKNOWN, [SAY_NOTHING] = VERDICT_UNKNOWN,
	};
	const struct eval_column *c = &m->columns[column];
	struct cell_say s = cell_says(m, expectation, column);

	*ret = (struct cell_result){ .verdict = verdicts[s.say], .reason = s.reason };
	if (s.say != SAY_UNKNOWN && s.say != SAY_NOTHING && c->kind == SOURCE_RESOLVER && column_view(c) == VIEW_PUBLIC &&
	    matrix_broken(m)) {
		ret->verdict = VERDICT_UNKNOWN;
		ret->reason = REASON_ZONE_BROKEN;
		return;
	}
	if (c->kind != SOURCE_RESOLVER || column_view(c) != VIEW_PUBLIC || !published ||
	    (s.say != SAY_WRONG && s.say != SAY_MISSING))
		return;
	ret->verdict = VERDICT_STALE;
	ret->eta_ms = cell_expiry(m, plan_expectation(m->plan, expectation)->question, column, &ret->eta_basis);
}

/* ---- judging what is unjudged ---- */

static void
variant_judge(struct matrix *m, struct arena *a, size_t i, struct eval_variant *v, enum view view, bool by_mx)
{
	unsigned slot = plan_expectation(m->plan, i)->slot;
	struct eval_brief brief;

	v->verdict[view][slot] = (uint8_t)eval_verdict(m->plan, i, view, v->answer, by_mx, m->sides, a, &brief);
	v->plain[view] = (uint8_t)((v->plain[view] & ~(1u << slot)) | (unsigned)brief.plain << slot);
	if (view == VIEW_PUBLIC)
		v->pending = (uint8_t)((v->pending & ~(1u << slot)) | (unsigned)brief.pending << slot);
}

/* What SPF says depends on the records it includes, what an alias is worth on where it leads: that may have changed. */
static bool
judged_by_sides(const struct matrix *m, const struct expectation *e, const struct eval_variant *v, enum view view)
{
	return m->sides != NULL && (e->rule == RULE_SPF ||
	    (e->rule == RULE_CNAME && (v->plain[view] & 1u << e->slot) == 0));
}

/* All variants of the expectation's row in the views in which they were given, each once. */
static void
expectation_judge(struct matrix *m, struct arena *a, size_t i, bool by_mx, bool again)
{
	const struct expectation *e = plan_expectation(m->plan, i);
	uint8_t *done = arena_alloc(a, m->n_variants + 1);	/* bits of views */

	for (size_t col = 0; col < m->n_columns; col++) {
		uint16_t n = MATRIX_CELL(m, e->question, col)->variant;
		enum view view = column_view(&m->columns[col]);
		struct eval_variant *v = &m->variants[n];

		if (n == 0 || n >= m->n_variants || (e->views & ~done[n] & 1u << view) == 0)
			continue;
		done[n] |= (uint8_t)(1u << view);
		if (v->answer != NULL && v->answer->kind != ANSWER_REFERRAL && v->answer->kind != ANSWER_FAILURE &&
		    (again || v->verdict[view][e->slot] == VERDICT_UNJUDGED || judged_by_sides(m, e, v, view)))
			variant_judge(m, a, i, v, view, by_mx);
	}
}

bool
matrix_judge(struct matrix *m, struct arena *a)
{
	int txt = plan_find(m->plan, "verification"), mx = plan_find(m->plan, "verification-mx");
	bool by_mx = false;

	for (size_t i = 0; i < plan_n_expectations(m->plan); i++)
		expectation_judge(m, a, i, m->by_mx, false);
	if (txt < 0)
		return false;
	for (size_t col = 0; mx >= 0 && col < m->n_columns; col++)
		by_mx = by_mx || (column_decides(m, &m->columns[col]) && cell_says(m, (size_t)mx, col).say == SAY_OK);
	if (by_mx != m->by_mx)		/* the proof has come or gone since the texts were judged */
		expectation_judge(m, a, (size_t)txt, by_mx, true);
	m->by_mx = by_mx;
	return by_mx;
}

/* ---- gates ---- */

/*
 * A row is right when everything required of it is, and something of it exists: nobody asks resolvers for what is absent.
 * A value that nothing requires shuts the gate only where nothing required stands in the same row: it may stay as it is.
 */
bool
eval_row_good(const struct plan *plan, size_t row, enum view view, const uint8_t verdict[PLAN_SLOTS_MAX])
{
	uint8_t list[PLAN_SLOTS_MAX];
	size_t n = plan_question_expectations(plan, row, list), ok = 0, wrong = 0, required = 0;

	for (size_t i = 0; i < n; i++) {
		const struct expectation *e = plan_expectation(plan, list[i]);

		if ((e->views & 1u << view) == 0)
			continue;
		if (verdict[e->slot] != VERDICT_OK && e->need == NEED_REQUIRED)
			return false;
		required += e->need == NEED_REQUIRED;
		ok += verdict[e->slot] == VERDICT_OK && e->rule != RULE_ABSENT;
		wrong += verdict[e->slot] == VERDICT_WRONG;
	}
	return ok > 0 && (wrong == 0 || required > 0);
}

static bool
gate_cell_good(const struct matrix *m, size_t row, size_t col)
{
	const struct eval_variant *v = &m->variants[MATRIX_CELL(m, row, col)->variant];
	const struct answer *an = matrix_answer(m, row, col);

	return an != NULL && (an->kind == ANSWER_POSITIVE || an->n_chain > 0) && v->pending == 0 &&
	    eval_row_good(m->plan, row, VIEW_PUBLIC, v->verdict[VIEW_PUBLIC]);
}

static bool
gate_is_open(const struct matrix *m, size_t row)
{
	unsigned n = 0, good = 0;

	for (size_t col = 0; col < m->n_columns; col++) {
		if (m->columns[col].kind != SOURCE_AUTHORITY || !m->columns[col].counts)
			continue;
		n++;
		good += gate_cell_good(m, row, col);
	}
	if (m->policy.authorities == AUTHORITIES_MAJORITY)
		return good * 2 > n;
	return n > 0 && good == n;
}

uint64_t
eval_gates(struct matrix *m, struct arena *a)
{
	uint64_t gates = 0;

	if (m->policy.authorities == AUTHORITIES_NONE)
		return UINT64_MAX;
	eval_columns(m);
	matrix_judge(m, a);
	for (size_t row = 0; row < plan_n_questions(m->plan) && row < 64; row++)
		if (gate_is_open(m, row))
			gates |= UINT64_C(1) << row;
	return gates;
}
