/* SPDX-License-Identifier: ISC */
/* diagnose_resolver: resolvers in trouble, and what only they can tell: DNSSEC, targets beyond the zone, garbage. */
#include <string.h>

#include "judge.h"
#include "roll.h"

/* ---- a resolver in trouble is one finding, however many records it touches ---- */

static enum finding_code
trouble_code(enum reason reason)
{
	switch (reason) {
	case REASON_FILTERED:
		return FINDING_RESOLVER_FILTERED;
	case REASON_TIMEOUT:
	case REASON_NETWORK:
	case REASON_NOT_GLOBAL:
	case REASON_SET_ASIDE:
	case REASON_NONE:
		return FINDING_RESOLVER_UNREACHABLE;
	default:
		return FINDING_RESOLVER_FAILING;
	}
}

static bool
cell_is_bogus(const struct eval_cell *c)
{
	return (c->flags & EVAL_FINAL) != 0 && c->reason == REASON_BOGUS;
}

/* The failure of a single question at a resolver that answers others; NONE = there is none. */
static enum reason
column_failing(const struct matrix *m, size_t col, size_t *ret_row)
{
	for (size_t row = 0; row < m->n_rows; row++) {
		const struct eval_cell *c = MATRIX_CELL(m, row, col);

		if (c->reason == REASON_NONE || (c->flags & EVAL_FINAL) == 0 || (c->flags & EVAL_ASKED) == 0 ||
		    c->reason == REASON_GATED || c->reason == REASON_MALFORMED || c->reason == REASON_TRUNCATED ||
		    c->reason == REASON_STOPPED)
			continue;
		*ret_row = row;
		return (enum reason)c->reason;
	}
	return REASON_NONE;
}

static bool
column_trouble(const struct matrix *m, size_t col, enum finding_code *ret_code, enum reason *ret_reason, size_t *ret_row)
{
	const struct eval_column *c = &m->columns[col];
	enum reason failing;

	/* bogus is the zone's trouble: diagnose_bogus */
	if (c->kind != SOURCE_RESOLVER || c->source == NULL || c->family_missing || m->columns[col].bogus)
		return false;
	*ret_row = m->n_rows;
	failing = column_failing(m, col, ret_row);
	if (!c->set_aside && failing == REASON_NONE)
		return false;
	*ret_reason = c->set_aside ? c->reason : failing;
	*ret_code = c->set_aside ? trouble_code(c->reason) : FINDING_RESOLVER_FAILING;
	return *ret_reason != REASON_MALFORMED && *ret_reason != REASON_TRUNCATED;
}

/* One address more for the finding of its operator, which is made when it is the first. */
static void
trouble_add(struct roll *r, enum finding_code code, const char *names, const char *detail, size_t first)
{
	const char *reason = "", *say = code == FINDING_RESOLVER_FILTERED ? "filtered answers" :
	    code == FINDING_RESOLVER_UNREACHABLE ? "no answer" : "failures in place of answers";
	struct matrix *m = r->m;
	struct finding *f;
	size_t row;

	for (size_t col = first; col < m->n_columns; col++) {
		enum finding_code other;
		enum reason why;

		if (column_trouble(m, col, &other, &why, &row) && other == code &&
		    m->columns[col].source->operator_id == m->columns[first].source->operator_id) {
			reason = name_of(&reason_names, (int)why);
			break;
		}
	}
	f = diagnose_add(r, code, SEVERITY_INFO, -1, arena_printf(r->a, "%s from %s", say, detail),
	    &(struct advice){ .server = names, .found = reason });
	for (size_t col = first; col < m->n_columns; col++) {
		enum finding_code other;
		enum reason why;

		if (!column_trouble(m, col, &other, &why, &row) || other != code ||
		    m->columns[col].source->operator_id != m->columns[first].source->operator_id)
			continue;
		diagnose_source(r, f, col);
		if (row < m->n_rows)
			diagnose_evidence(r, f, row, col);
	}
}

static void
diagnose_trouble(struct roll *r)
{
	struct matrix *m = r->m;
	bool *done = arena_alloc(r->a, m->n_columns + 1);

	for (size_t i = 0; i < m->n_columns; i++) {
		const char *names = "", *detail = "";
		enum finding_code code, other;
		enum reason reason;
		size_t row;

		if (done[i] || !column_trouble(m, i, &code, &reason, &row))
			continue;
		for (size_t k = i; k < m->n_columns; k++) {
			if (!column_trouble(m, k, &other, &reason, &row) || other != code ||
			    m->columns[k].source->operator_id != m->columns[i].source->operator_id)
				continue;
			done[k] = true;
			names = judge_join(r->a, names, column_text(&m->columns[k], r->a));
			detail = judge_join(r->a, detail, arena_printf(r->a, "%s (%s)", column_text(&m->columns[k], r->a),
			    name_of(&reason_names, (int)reason)));
		}
		trouble_add(r, code, names, detail, i);
	}
}

/* ---- DNSSEC: a resolver that validates says so of the domain, not of itself ---- */

/* The first question of which the resolver says that it is bogus, else the first of those that only fail there; n_rows: none. */
static size_t
bogus_row(const struct roll *r, size_t col, bool *ret_said)
{
	size_t failing = r->m->n_rows;

	*ret_said = true;
	for (size_t row = 0; row < plan_n_questions(r->plan); row++)
		if (cell_is_bogus(MATRIX_CELL(r->m, row, col)))
			return row;
	*ret_said = false;
	for (size_t i = 0; i < r->n; i++) {
		size_t row = plan_expectation(r->plan, i)->question;
		const struct eval_cell *c = MATRIX_CELL(r->m, row, col);

		if (r->tally[i].ok > 0 && r->tally[i].wrong + r->tally[i].missing + r->tally[i].unknown == 0 && row < failing &&
		    (c->flags & EVAL_FINAL) != 0 && c->reason == REASON_SERVFAIL)
			failing = row;
	}
	return failing;
}

static bool
said_by(const struct side_fact *fact, const struct eval_column *c)
{
	char buf[ADDR_TEXT_MAX];
	const char *addr = addr_text(&c->source->addr, 53, buf);
	size_t n = strlen(addr), m = strlen(fact->where);

	return n <= m && strcmp(fact->where + m - n, addr) == 0;
}

static bool
was_bad(const struct roll *r)
{
	return r->prior != NULL && (r->prior->state == DOMAIN_UNPUBLISHED || r->prior->state == DOMAIN_REGRESSED);
}

/*
 * A resolver that answers as soon as it need not check (CD) has said it all.  One that says "bogus" by itself (EDE) is taken at
 * its word, unless it fails all the same.
 */
static bool
column_is_bogus(struct roll *r, size_t col, size_t *ret_row, struct side_fact *ret)
{
	const struct eval_column *c = &r->m->columns[col];
	bool said;

	if (c->kind != SOURCE_RESOLVER || c->source == NULL || column_view(c) != VIEW_PUBLIC ||
	    (*ret_row = bogus_row(r, col, &said)) == r->m->n_rows)
		return false;
	switch (side_ask(r, -1, SIDE_UNCHECKED, &r->m->rows[*ret_row].name, r->m->rows[*ret_row].type, ret)) {
	case SIDE_PENDING:
		return said && was_bad(r);
	case SIDE_ANSWERED:
		return said || said_by(ret, c);
	default:
		return said && ret->reason != REASON_SERVFAIL && ret->reason != REASON_BOGUS;
	}
}

/*
 * Bogus is a verdict on the zone: whoever validates sees nothing of it, and the resolvers that answer only do not look.  What
 * a resolver of class info says gates nothing.
 */
static void
diagnose_bogus(struct roll *r)
{
	struct matrix *m = r->m;
	enum severity severity = SEVERITY_WARNING;
	struct finding *f;
	const char *names = "", *last = "";
	size_t *rows = arena_alloc(r->a, (m->n_columns + 1) * sizeof(*rows));
	struct side_fact *facts = arena_alloc(r->a, (m->n_columns + 1) * sizeof(*facts));

	for (size_t col = 0; col < m->n_columns; col++) {
		m->columns[col].bogus = column_is_bogus(r, col, &rows[col], &facts[col]);
		if (!m->columns[col].bogus)
			continue;
		last = column_text(&m->columns[col], r->a);
		names = judge_join(r->a, names, last);
		if (m->columns[col].source->class != CLASS_INFO)
			severity = finding_rows[FINDING_DNSSEC_BOGUS].severity;
	}
	if (*names == '\0')
		return;
	f = diagnose_add(r, FINDING_DNSSEC_BOGUS, severity, -1,
	    arena_printf(r->a, "%s %s DNSSEC and %s every answer of %s", names,
	    strcmp(names, last) == 0 ? "checks" : "check", strcmp(names, last) == 0 ? "rejects" : "reject",
	    plan_domain(r->plan)), &(struct advice){ .server = names });
	for (size_t col = 0; col < m->n_columns; col++) {
		if (!m->columns[col].bogus)
			continue;
		diagnose_source(r, f, col);
		for (size_t row = 0; row < plan_n_questions(r->plan); row++)
			if (cell_is_bogus(MATRIX_CELL(m, row, col)) || row == rows[col])
				diagnose_evidence(r, f, row, col);
		if (facts[col].state == SIDE_ANSWERED)
			diagnose_evidence_side(r, f, &m->rows[rows[col]].name, m->rows[rows[col]].type, &facts[col]);
	}
}

/* Every name server of the domain has addresses of a missing family only. */
static bool
families_leave_none(const struct roll *r)
{
	bool any = false;

	for (size_t col = 0; col < r->m->n_columns; col++) {
		const struct eval_column *c = &r->m->columns[col];

		if (c->kind == SOURCE_AUTHORITY && !c->family_missing && c->source != NULL)
			return false;
		any = any || (c->kind == SOURCE_AUTHORITY && c->family_missing);
	}
	return any;
}

static void
diagnose_families(struct roll *r)
{
	const char *names = "";
	struct finding *f;
	unsigned n = 0;

	for (size_t col = 0; col < r->m->n_columns; col++)
		if (r->m->columns[col].family_missing) {
			names = judge_join(r->a, names, column_text(&r->m->columns[col], r->a));
			n++;
		}
	if (n == 0)
		return;
	f = diagnose_add(r, FINDING_NO_IPV6_HERE, SEVERITY_INFO, -1,
	    arena_printf(r->a, "this machine has no way to %u of the addresses: %s%s", n, names, families_leave_none(r) ?
	    "; the domain has no other name servers: watch it from another network, or set authorities = none" : ""),
	    &(struct advice){ .found = names, .n = arena_printf(r->a, "%u", n) });
	for (size_t col = 0; col < r->m->n_columns; col++)
		if (r->m->columns[col].family_missing)
			diagnose_source(r, f, col);
}

void
diagnose_resolvers(struct roll *r)
{
	diagnose_families(r);
	if (!r->broken)
		diagnose_bogus(r);
	/* with nobody answering at all it is not the resolvers' trouble */
	if ((r->m->own == NULL || !r->m->own->offline) && (!r->silent || matrix_answered(r->m, SOURCE_RESOLVER)))
		diagnose_trouble(r);
}

/* ---- answers that cannot be read ---- */

static void
diagnose_answer(struct roll *r, size_t col, enum reason reason, enum finding_code code)
{
	const struct eval_column *c = &r->m->columns[col];
	const char *asked = "";
	struct finding *f;
	char type[16];
	size_t first = r->m->n_rows, n = 0;

	for (size_t row = 0; row < r->m->n_rows; row++) {
		const struct eval_cell *cell = MATRIX_CELL(r->m, row, col);

		if (cell->reason != reason || (cell->flags & EVAL_FINAL) == 0 || own_explains(r, col, reason))
			continue;
		first = first == r->m->n_rows ? row : first;
		if (n++ < 3)
			asked = judge_join(r->a, asked, arena_printf(r->a, "%s %s",
			    match_name_text(r->a, &r->m->rows[row].name), dns_type_text(r->m->rows[row].type, type)));
	}
	if (n == 0)
		return;
	f = diagnose_add(r, code, c->kind == SOURCE_AUTHORITY ? SEVERITY_WARNING : SEVERITY_INFO, -1,
	    arena_printf(r->a, "%s: %s, %s", column_text(c, r->a), name_of(&reason_names, (int)reason), asked),
	    &(struct advice){ .server = column_text(c, r->a), .found = asked });
	diagnose_evidence(r, f, first, col);
	diagnose_source(r, f, col);
}

void
diagnose_answers(struct roll *r)
{
	for (size_t col = 0; col < r->m->n_columns; col++) {
		diagnose_answer(r, col, REASON_MALFORMED, FINDING_ANSWER_MALFORMED);
		diagnose_answer(r, col, REASON_TRUNCATED, FINDING_ANSWER_TRUNCATED);
	}
}
/* ---- an alias whose target does not exist: only resolvers can see beyond the zone ---- */

/* The alias that the authorities give for row; NULL = none. */
static const struct dns_name *
alias_published(const struct roll *r, size_t row)
{
	for (size_t col = 0; col < r->m->n_columns; col++) {
		const struct answer *an = matrix_answer(r->m, row, col);

		if (r->m->columns[col].kind == SOURCE_AUTHORITY && r->m->columns[col].counts && an != NULL && an->n_chain > 0)
			return &an->chain[0];
	}
	return NULL;
}

static bool
alias_dangles(const struct roll *r, size_t row, size_t col, const struct dns_name *alias)
{
	const struct answer *an = matrix_answer(r->m, row, col);

	return an != NULL && an->kind == ANSWER_NXDOMAIN && an->n_chain > 0 && dns_name_equal(&an->chain[0], alias);
}

/* The resolvers hold the very alias, so nothing in them is old; all that have answered say that its end does not exist. */
static void
diagnose_dangling_record(struct roll *r, size_t i)
{
	const struct expectation *e = plan_expectation(r->plan, i);
	const struct dns_name *alias = alias_published(r, e->question);
	size_t dangling = 0, last = 0;
	const char *end;
	struct finding *f;

	if (diagnose_find(r, FINDING_TARGET_UNRESOLVABLE, (int)i) != NULL)
		return;		/* found out aside, before any resolver was asked */
	for (size_t col = 0; alias != NULL && col < r->m->n_columns; col++) {
		if (!column_votes(&r->m->columns[col]) || matrix_answer(r->m, e->question, col) == NULL)
			continue;
		if (!alias_dangles(r, e->question, col, alias))
			return;
		dangling++;
		last = col;
	}
	if (dangling == 0)
		return;
	end = match_name_text(r->a, &matrix_answer(r->m, e->question, last)->chain[
	    matrix_answer(r->m, e->question, last)->n_chain - 1]);
	f = diagnose_add(r, FINDING_TARGET_UNRESOLVABLE, e->need == NEED_REQUIRED ? SEVERITY_ERROR : SEVERITY_WARNING, (int)i,
	    arena_printf(r->a, "%s does not exist", end),
	    &(struct advice){ .found = end, .wanted = "a host that exists" });
	for (size_t col = 0; col < r->m->n_columns; col++)
		if (column_votes(&r->m->columns[col]) && alias_dangles(r, e->question, col, alias)) {
			diagnose_evidence(r, f, e->question, col);
			diagnose_source(r, f, col);
		}
}

void
diagnose_dangling(struct roll *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (plan_expectation(r->plan, i)->rule == RULE_HOST && r->tally[i].ok > 0 && r->tally[i].wrong == 0)
			diagnose_dangling_record(r, i);
}
