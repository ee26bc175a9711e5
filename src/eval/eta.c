/* SPDX-License-Identifier: ISC */
/*
 * eta: the latest moment at which cells that are not right yet can still be stale.  A stale cell: when its TTL runs out; one
 * that was never asked or only lacks confirmation: now; one that cannot be asked: no time at all.
 */
#include "roll.h"

static void
eta_raise(int64_t *eta, enum eta_basis *basis, int64_t at, enum eta_basis why)
{
	if (*eta != 0 && at <= *eta)
		return;
	*eta = at;
	*basis = why;
}

static void
eta_record(struct roll *r, size_t i)
{
	const struct matrix *m = r->m;
	struct record_result *rec = &r->records[i];
	size_t row = plan_expectation(r->plan, i)->question;

	for (size_t col = 0; rec->published && col < m->n_columns; col++) {
		const struct eval_column *c = &m->columns[col];
		struct cell_result cell;

		if (!column_votes(c) || !c->counts)
			continue;
		eval_cell(m, i, col, true, &cell);
		if (cell.verdict == VERDICT_STALE)
			eta_raise(&rec->eta_ms, &rec->eta_basis, cell.eta_ms, cell.eta_basis);
		else if ((cell.verdict == VERDICT_UNKNOWN && cell_says(m, i, col).say == SAY_PENDING) ||
		    (cell.verdict == VERDICT_OK && MATRIX_CELL(m, row, col)->confirmed < m->policy.confirm))
			eta_raise(&rec->eta_ms, &rec->eta_basis, m->now_ms, ETA_TTL);
	}
}

void
eta_records(struct roll *r)
{
	for (size_t i = 0; i < r->n; i++)
		eta_record(r, i);
}

void
eta_domain(const struct roll *r, struct domain_result *ret)
{
	ret->eta_ms = 0;
	ret->eta_basis = ETA_NONE;
	if (!ret->published || ret->complete)
		return;
	for (size_t i = 0; i < r->n; i++)
		if (roll_applies(r, i) && r->records[i].eta_ms != 0)
			eta_raise(&ret->eta_ms, &ret->eta_basis, r->records[i].eta_ms, r->records[i].eta_basis);
}
