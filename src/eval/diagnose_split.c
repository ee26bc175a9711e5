/* SPDX-License-Identifier: ISC */
/*
 * diagnose_split: what is right outside and not inside is the inner copy of the zone, and not the record.
 * Where the configuration says that the views differ, that they do is only worth a remark.
 */
#include <string.h>

#include "judge.h"
#include "roll.h"

static bool
right_outside(const struct roll *r, size_t i)
{
	return r->tally[i].ok > 0 && r->tally[i].wrong + r->tally[i].missing == 0 &&
	    (plan_expectation(r->plan, i)->views & 1u << VIEW_PUBLIC) != 0;
}

static bool
is_inside(const struct roll *r, size_t col)
{
	const struct eval_column *c = &r->m->columns[col];

	return c->kind == SOURCE_RESOLVER && column_view(c) == VIEW_INTERNAL && column_alive(c);
}

static const char *
wanted_inside(struct roll *r, size_t i)
{
	const char *text = "";
	struct wanted w;

	plan_wanted(r->plan, i, VIEW_INTERNAL, r->a, &w);
	for (size_t k = 0; k < w.n_text; k++)
		text = k == 0 ? w.text[k] : arena_printf(r->a, "%s or %s", text, w.text[k]);
	return text;
}

static const char *
found_inside(struct roll *r, size_t i)
{
	size_t row = plan_expectation(r->plan, i)->question;
	const char *text = "";

	for (size_t col = 0; col < r->m->n_columns; col++) {
		const struct answer *an = is_inside(r, col) ? matrix_answer(r->m, row, col) : NULL;

		for (size_t k = 0; an != NULL && *text == '\0' && k < an->n_values; k++)
			text = judge_rdata_text(r->a, &an->values[k]);
	}
	return *text != '\0' ? text : "missing";
}

/* The plain findings of the internal view, by another name. */
static void
split_wrong(struct roll *r)
{
	for (size_t k = 0; k < r->n_findings; k++) {
		struct finding *f = &r->findings[k];
		struct advice advice;

		if ((f->code != FINDING_RECORD_MISSING && f->code != FINDING_RECORD_WRONG) || f->severity != SEVERITY_WARNING ||
		    f->expectation < 0 || strncmp(f->detail, "inside: ", 8) != 0 || !right_outside(r, (size_t)f->expectation))
			continue;
		advice = (struct advice){ .found = found_inside(r, (size_t)f->expectation),
			.wanted = wanted_inside(r, (size_t)f->expectation) };
		f->code = FINDING_SPLIT_HORIZON;
		f->detail = arena_printf(r->a, "%s; outside it is right", f->detail);
		f->advice = advice_expand(r, finding_rows[f->code].advice, f->expectation, &advice);
	}
}

/* Right in both views, and not the same. */
static bool
differs_as_told(const struct roll *r, size_t i, size_t *ret_out, size_t *ret_in)
{
	size_t row = plan_expectation(r->plan, i)->question, out = r->m->n_columns, in = out;

	for (size_t col = r->m->n_columns; col-- > 0;) {
		if (cell_says(r->m, i, col).say != SAY_OK)
			continue;
		if (column_decides(r->m, &r->m->columns[col]))
			out = col;
		else if (is_inside(r, col))
			in = col;
	}
	*ret_out = out;
	*ret_in = in;
	return out < r->m->n_columns && in < r->m->n_columns &&
	    MATRIX_CELL(r->m, row, out)->variant != MATRIX_CELL(r->m, row, in)->variant;
}

static void
split_as_told(struct roll *r)
{
	struct finding *f = NULL;
	const char *names = "";
	size_t out, in;

	for (size_t i = 0; i < r->n; i++) {
		size_t row = plan_expectation(r->plan, i)->question;

		if (!differs_as_told(r, i, &out, &in))
			continue;
		if (f == NULL)
			f = diagnose_add(r, FINDING_SPLIT_HORIZON, SEVERITY_INFO, -1, NULL, NULL);
		names = judge_join(r->a, names, plan_expectation(r->plan, i)->id);
		diagnose_evidence(r, f, row, out);
		diagnose_evidence(r, f, row, in);
		diagnose_source(r, f, in);
	}
	if (f == NULL)
		return;
	f->detail = arena_printf(r->a, "inside and outside differ as they are configured to: %s", names);
	f->advice = "Nothing has to be done: each view is as its configuration says.";
}

void
diagnose_split(struct roll *r)
{
	split_wrong(r);
	if (plan_conf(r->plan)->view[VIEW_INTERNAL] != NULL)
		split_as_told(r);
}
