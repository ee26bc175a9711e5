/* SPDX-License-Identifier: ISC */
/*
 * diagnose_cache: caches that still hold what was.  One cause is one finding: who changes ten records while a resolver
 * remembers the old ones reads about it once, with all the records, all the resolvers and the longest wait.
 */
#include <string.h>

#include "judge.h"
#include "roll.h"

#define RECORDS_NAMED 4		/* of many; the cells show the others */

struct stale {			/* the stale cells of one kind */
	enum eta_basis basis;
	size_t *records;	/* expectations, one a question */
	size_t n_records;
	const char *servers;
	size_t n_servers;
	size_t n_cells;		/* of these records at these servers; fewer than the product: not every server has all */
	int64_t last_ms;	/* when the last of them forgets */
};

static bool
cell_is_stale(const struct roll *r, const struct stale *s, size_t i, size_t col, struct cell_result *ret)
{
	enum say say;

	if (!r->records[i].published || ((say = cell_says(r->m, i, col).say) != SAY_WRONG && say != SAY_MISSING))
		return false;
	eval_cell(r->m, i, col, true, ret);
	return ret->verdict == VERDICT_STALE && ret->eta_basis == s->basis;
}

static bool
has_question(const struct roll *r, const struct stale *s, size_t question)
{
	for (size_t k = 0; k < s->n_records; k++)
		if (plan_expectation(r->plan, s->records[k])->question == question)
			return true;
	return false;
}

static void
stale_collect(struct roll *r, struct stale *s)
{
	s->records = arena_alloc(r->a, (r->n + 1) * sizeof(*s->records));
	for (size_t col = 0; col < r->m->n_columns; col++) {
		bool any = false;

		for (size_t i = 0; i < r->n; i++) {
			struct cell_result c;

			if (!cell_is_stale(r, s, i, col, &c))
				continue;
			any = true;
			if (c.eta_ms > s->last_ms)
				s->last_ms = c.eta_ms;
			if (!has_question(r, s, plan_expectation(r->plan, i)->question))
				s->records[s->n_records++] = i;
		}
		if (any) {
			s->servers = judge_join(r->a, s->servers, column_text(&r->m->columns[col], r->a));
			s->n_servers++;
		}
	}
}

/* "contoso.test MX, autodiscover.contoso.test CNAME and 3 more"; with "or" where not every server remembers all of them. */
static const char *
stale_records(struct roll *r, const struct stale *s)
{
	const char *text = "", *between = s->n_cells < s->n_records * s->n_servers ? " or " : ", ";

	for (size_t k = 0; k < s->n_records && k < RECORDS_NAMED; k++) {
		const struct question *q = &r->m->rows[plan_expectation(r->plan, s->records[k])->question];
		char type[16];

		text = arena_printf(r->a, "%s%s%s %s", text, k > 0 ? between : "", match_name_text(r->a, &q->name),
		    dns_type_text(q->type, type));
	}
	return s->n_records > RECORDS_NAMED ? arena_printf(r->a, "%s and %zu more", text, s->n_records - RECORDS_NAMED) : text;
}

/* "10:20:30Z", or with the date when that is another day; up to the full second, because it is a bound. */
static const char *
moment_text(struct roll *r, int64_t mono_ms)
{
	int64_t now = r->m->now_ms + r->m->unix_minus_mono_ms, at = mono_ms + r->m->unix_minus_mono_ms + 999;
	const int64_t day = INT64_C(86400000);
	char buf[32], *clock;

	time_rfc3339(at, buf);
	clock = strchr(buf, 'T');
	if (clock == NULL)
		return arena_strdup(r->a, buf);
	if (at / day == now / day)
		return arena_strdup(r->a, clock + 1);
	*clock = ' ';
	return arena_strdup(r->a, buf);
}

static void
stale_count(const struct roll *r, struct stale *s)
{
	for (size_t k = 0; k < s->n_records; k++)
		for (size_t col = 0; col < r->m->n_columns; col++) {
			struct cell_result c;

			s->n_cells += cell_is_stale(r, s, s->records[k], col, &c);
		}
}

static void
stale_evidence(struct roll *r, const struct stale *s, struct finding *f)
{
	for (size_t k = 0; k < s->n_records; k++) {
		size_t row = plan_expectation(r->plan, s->records[k])->question;

		for (size_t col = 0; col < r->m->n_columns; col++) {
			struct cell_result c;

			if (!cell_is_stale(r, s, s->records[k], col, &c))
				continue;
			diagnose_evidence(r, f, row, col);
			diagnose_source(r, f, col);
		}
	}
}

/* What is over now, or never had a time (a denial without SOA), is no wait that could be told. */
static void
diagnose_stale(struct roll *r, enum eta_basis basis, enum finding_code code)
{
	struct stale s = { .basis = basis, .servers = "" };
	const char *detail, *what;
	bool timed, absent = basis == ETA_NEGATIVE_TTL;
	struct advice advice;
	struct finding *f;

	stale_collect(r, &s);
	if (s.n_records == 0)
		return;
	stale_count(r, &s);
	timed = s.last_ms > r->m->now_ms;
	what = stale_records(r, &s);
	advice = (struct advice){ .found = what, .server = s.servers };
	if (timed)
		advice.n = moment_text(r, s.last_ms);
	detail = arena_printf(r->a, "%s: remember%s %s %s%s%s", s.servers, s.n_servers == 1 ? "s" : "",
	    absent ? "that there was no" : "the old", what,
	    timed ? ", until " : ", though the time to do so is over", timed ? advice.n : "");
	f = diagnose_add(r, code, SEVERITY_INFO, s.n_records == 1 ? (int)s.records[0] : -1, detail, &advice);
	if (!timed)
		f->advice = advice_expand(r, "Nothing has to be changed in the zone: {server} should have asked again by now. "
		    "If it goes on, have its cache flushed by whoever runs it.", f->expectation, &advice);
	stale_evidence(r, &s, f);
}

void
diagnose_caches(struct roll *r)
{
	diagnose_stale(r, ETA_NEGATIVE_TTL, FINDING_NEGATIVE_CACHE);
	diagnose_stale(r, ETA_TTL, FINDING_CACHE_STALE);
}
