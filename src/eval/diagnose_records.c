/* SPDX-License-Identifier: ISC */
/*
 * diagnose_records: the notes of the match rules become findings.  What several servers say alike is one finding; a record
 * that some of the servers have right is the affair of authority-disagree and not of the values.
 */
#include <string.h>

#include "judge.h"
#include "roll.h"

static bool
is_demanded(const struct expectation *e)
{
	return e->need == NEED_REQUIRED || e->need == NEED_FORBIDDEN;
}

/* The same remark about the same value was made already? */
static struct finding *
find_same(struct roll *r, enum finding_code code, int expectation, const char *detail)
{
	for (size_t i = 0; i < r->n_findings; i++) {
		struct finding *f = &r->findings[i];

		if (f->code == code && f->expectation == expectation && strcmp(f->detail, detail) == 0)
			return f;
	}
	return NULL;
}

static const char *
note_detail(struct roll *r, const struct expectation *e, const struct note *note)
{
	const char *found = note->found != NULL && *note->found != '\0' ? note->found : NULL;

	if (note->detail != NULL)
		return note->detail;
	if (note->code == FINDING_RECORD_MISSING)
		return arena_printf(r->a, "%s is not there", e->id);
	return found != NULL ? arena_printf(r->a, "found: %s", found) : finding_rows[note->code].title;
}

static void
note_add_finding(struct roll *r, size_t i, const struct note *note, size_t col)
{
	const struct expectation *e = plan_expectation(r->plan, i);
	const char *detail = note_detail(r, e, note);
	struct finding *f = find_same(r, note->code, (int)i, detail);

	if (f == NULL)
		f = diagnose_add(r, note->code, note->severity, (int)i, detail,
		    &(struct advice){ .found = note->found, .wanted = note->wanted, .n = "several" });
	diagnose_evidence(r, f, e->question, col);
	diagnose_source(r, f, col);
}

/* What one column's answer gives to say about expectation i. */
static void
diagnose_cell(struct roll *r, size_t i, size_t col)
{
	const struct expectation *e = plan_expectation(r->plan, i);
	const struct answer *an = matrix_answer(r->m, e->question, col);
	struct judgement j;

	if (an == NULL)
		return;
	eval_judge(r->plan, i, column_view(&r->m->columns[col]), an, r->by_mx, r->a, &j);
	for (size_t k = 0; k < j.n_notes; k++) {
		/* absent and not demanded: not configured, which is no finding */
		if (j.notes[k].code == FINDING_RECORD_MISSING && !is_demanded(e))
			continue;
		note_add_finding(r, i, &j.notes[k], col);
	}
}

/* Only the answers that decide the record's state speak for it. */
static bool
speaks(const struct roll *r, size_t i, size_t col)
{
	const struct tally *t = &r->tally[i];
	enum say say = cell_says(r->m, i, col).say;

	if (!column_decides(r->m, &r->m->columns[col]))
		return false;
	if (r->m->policy.authorities == AUTHORITIES_MAJORITY && t->ok * 2 <= t->n)
		return true;
	return t->ok == 0 || say == SAY_OK;
}

void
diagnose_records(struct roll *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t col = 0; col < r->m->n_columns; col++)
			if (speaks(r, i, col))
				diagnose_cell(r, i, col);
}

/* The internal view has findings of its own, of the resolvers that see it. */
void
diagnose_internal(struct roll *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t col = 0; col < r->m->n_columns; col++) {
			const struct eval_column *c = &r->m->columns[col];

			if (c->kind == SOURCE_RESOLVER && column_view(c) == VIEW_INTERNAL && column_alive(c) &&
			    (plan_expectation(r->plan, i)->views & 1u << VIEW_INTERNAL) != 0)
				diagnose_cell(r, i, col);
		}
}

/* ---- between records: DKIM's two selectors ---- */

/* The target of expectation i as the first server that has it right says it; NULL = none. */
static const char *
record_target(struct roll *r, int i, size_t *ret_col)
{
	for (size_t col = 0; i >= 0 && col < r->m->n_columns; col++) {
		const struct answer *an;
		struct dns_name target;

		if (!column_decides(r->m, &r->m->columns[col]) || cell_says(r->m, (size_t)i, col).say != SAY_OK)
			continue;
		an = matrix_answer(r->m, plan_expectation(r->plan, (size_t)i)->question, col);
		if (an == NULL || an->n_values == 0 || !rdata_name(&an->values[0], &target))
			continue;
		*ret_col = col;
		return match_name_text(r->a, &target);
	}
	return NULL;
}

static enum severity
record_severity(const struct roll *r, int i)
{
	return is_demanded(plan_expectation(r->plan, (size_t)i)) ? SEVERITY_ERROR : SEVERITY_WARNING;
}

/* selector1 stands, selector2 does not: said in place of record-missing, and also where DKIM was not asked for. */
static void
dkim_second_missing(struct roll *r, int second, const char *first)
{
	struct finding *f = diagnose_find(r, FINDING_RECORD_MISSING, second);
	const struct tally *t = &r->tally[second];
	const char *wanted = arena_strdup(r->a, first), *digit = strstr(wanted, "selector1");
	struct advice advice;

	if (t->missing == 0 || t->ok + t->wrong > 0)
		return;
	if (digit != NULL)
		wanted = arena_printf(r->a, "%.*s2%s", (int)(digit - wanted) + 8, wanted, digit + 9);
	advice = (struct advice){ .wanted = wanted };
	if (f == NULL)
		f = diagnose_add(r, FINDING_DKIM_SELECTOR2_MISSING, record_severity(r, second), second, NULL, NULL);
	f->code = FINDING_DKIM_SELECTOR2_MISSING;
	f->detail = "selector1 is there, selector2 is not: the next key rotation fails";
	f->advice = advice_expand(r, finding_rows[f->code].advice, second, &advice);
	for (size_t col = 0; col < r->m->n_columns; col++)
		if (column_decides(r->m, &r->m->columns[col])) {
			diagnose_evidence(r, f, plan_expectation(r->plan, (size_t)second)->question, col);
			diagnose_source(r, f, col);
		}
}

/* Both targets of a domain share key, tenant and form (M365-FACTS appendix A). */
static void
dkim_compare(struct roll *r, int second, const char *first, const char *other, size_t col)
{
	const char *a = strchr(first, '-'), *b = strchr(other, '-');
	struct finding *f;

	if (a == NULL || b == NULL || str_ieq(a, b))
		return;
	f = diagnose_add(r, FINDING_DKIM_MIXED_FORMATS, record_severity(r, second), second,
	    arena_printf(r->a, "%s and %s cannot both be right", first, other),
	    &(struct advice){ .found = other, .wanted = first });
	diagnose_evidence(r, f, plan_expectation(r->plan, (size_t)second)->question, col);
	diagnose_source(r, f, col);
}

void
diagnose_cross(struct roll *r)
{
	int one = plan_find(r->plan, "dkim-selector1"), two = plan_find(r->plan, "dkim-selector2");
	size_t col = 0, col2 = 0;
	const char *first = record_target(r, one, &col), *second = record_target(r, two, &col2);

	if (two < 0 || first == NULL)
		return;
	if (second == NULL)
		dkim_second_missing(r, two, first);
	else
		dkim_compare(r, two, first, second, col2);
}
