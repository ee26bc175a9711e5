/* SPDX-License-Identifier: ISC */
/*
 * diagnose_agreement: do the servers that count say the same?  One finding for all records concerned, because it is one cause:
 * a transfer that has not come through.  Serials (compared by RFC 1982) say which server is behind.
 */
#include "judge.h"
#include "roll.h"

/* a before b in serial number arithmetic (RFC 1982 section 3.2). */
static bool
serial_before(uint32_t a, uint32_t b)
{
	return a != b && (uint32_t)(b - a) < UINT32_C(1) << 31;
}

static bool
column_serial(const struct roll *r, size_t col, uint32_t *ret)
{
	const struct answer *an;
	struct rdata_soa soa;

	if (r->m->zone.q_soa < 0 || (an = matrix_answer(r->m, (size_t)r->m->zone.q_soa, col)) == NULL || an->n_values == 0 ||
	    !rdata_soa(&an->values[0], &soa))
		return false;
	*ret = soa.serial;
	return true;
}

static bool
newest_serial(const struct roll *r, uint32_t *ret)
{
	bool any = false;
	uint32_t serial;

	for (size_t col = 0; col < r->m->n_columns; col++) {
		if (!column_decides(r->m, &r->m->columns[col]) || !column_serial(r, col, &serial))
			continue;
		if (!any || serial_before(*ret, serial))
			*ret = serial;
		any = true;
	}
	return any;
}

static bool
disagrees(const struct tally *t)
{
	return t->ok > 0 && t->wrong + t->missing > 0;
}

/* Columns that do not say what the right ones say, for one finding over all records concerned. */
struct disagreement {
	const char *records, *servers, *found, *wanted;
	int expectation;	/* the only one concerned, -1 = several */
	size_t n;
	enum severity severity;
};

static const char *
column_behind(struct roll *r, size_t col)
{
	const char *text = column_text(&r->m->columns[col], r->a);
	uint32_t serial, newest;

	if (!column_serial(r, col, &serial) || !newest_serial(r, &newest) || serial == newest)
		return text;
	return arena_printf(r->a, "%s (serial %u, the newest is %u)", text, serial, newest);
}

static const char *
column_value(struct roll *r, size_t row, size_t col)
{
	const struct answer *an = matrix_answer(r->m, row, col);

	return an != NULL && an->n_values > 0 ? judge_answer_text(r->a, an) : "nothing";
}

static void
disagreement_collect(struct roll *r, struct disagreement *d)
{
	bool *seen = arena_alloc(r->a, r->m->n_columns + 1);

	for (size_t i = 0; i < r->n; i++) {
		const struct expectation *e = plan_expectation(r->plan, i);

		if (!disagrees(&r->tally[i]) || (e->views & 1u << VIEW_PUBLIC) == 0)
			continue;
		d->expectation = d->n++ == 0 ? (int)i : -1;
		d->records = judge_join(r->a, d->records, e->id);
		if (e->need == NEED_REQUIRED || e->need == NEED_FORBIDDEN || e->row->wrong_breaks)
			d->severity = SEVERITY_ERROR;
		for (size_t col = 0; col < r->m->n_columns; col++) {
			enum say say = cell_says(r->m, i, col).say;

			if (!column_decides(r->m, &r->m->columns[col]))
				continue;
			if (say == SAY_OK && d->wanted == NULL)
				d->wanted = column_value(r, e->question, col);
			if (say != SAY_WRONG && say != SAY_MISSING)
				continue;
			if (d->found == NULL)
				d->found = column_value(r, e->question, col);
			if (!seen[col])
				d->servers = judge_join(r->a, d->servers, column_behind(r, col));
			seen[col] = true;
		}
	}
}

/* Serials differ, the records do not: a transfer under way, or servers that count each for itself. */
static void
diagnose_drift(struct roll *r)
{
	const char *behind = "";
	uint32_t serial, newest;
	struct finding *f;

	if (!newest_serial(r, &newest))
		return;
	for (size_t col = 0; col < r->m->n_columns; col++)
		if (column_decides(r->m, &r->m->columns[col]) && column_serial(r, col, &serial) && serial != newest)
			behind = judge_join(r->a, behind, column_behind(r, col));
	if (*behind == '\0')
		return;
	f = diagnose_add(r, FINDING_AUTHORITY_DISAGREE, SEVERITY_INFO, -1,
	    arena_printf(r->a, "the records are the same everywhere, but not the serial: %s", behind),
	    &(struct advice){ .server = behind, .found = "an older serial", .wanted = arena_printf(r->a, "serial %u", newest) });
	for (size_t col = 0; col < r->m->n_columns; col++)
		if (column_decides(r->m, &r->m->columns[col]) && column_serial(r, col, &serial)) {
			diagnose_evidence(r, f, (size_t)r->m->zone.q_soa, col);
			diagnose_source(r, f, col);
		}
}

void
diagnose_agreement(struct roll *r)
{
	struct disagreement d = { .records = "", .servers = "", .expectation = -1, .severity = SEVERITY_WARNING };
	struct finding *f;

	if (r->m->policy.authorities == AUTHORITIES_NONE)
		return;
	disagreement_collect(r, &d);
	if (d.n == 0) {
		diagnose_drift(r);
		return;
	}
	if (r->m->policy.authorities == AUTHORITIES_MAJORITY)
		d.severity = SEVERITY_WARNING;
	f = diagnose_add(r, FINDING_AUTHORITY_DISAGREE, d.severity, d.expectation,
	    arena_printf(r->a, "%s: not the same at %s", d.records, d.servers),
	    &(struct advice){ .server = d.servers, .found = d.found, .wanted = d.wanted });
	for (size_t i = 0; i < r->n; i++)
		for (size_t col = 0; disagrees(&r->tally[i]) && col < r->m->n_columns; col++)
			if (column_decides(r->m, &r->m->columns[col])) {
				diagnose_evidence(r, f, plan_expectation(r->plan, i)->question, col);
				if (cell_says(r->m, i, col).say != SAY_OK)
					diagnose_source(r, f, col);
			}
}
