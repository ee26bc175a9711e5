/* SPDX-License-Identifier: ISC */
/*
 * diagnose_target: hosts that records point to.  Do they exist, have they addresses, are they what may stand there?  And for
 * how long would caches hold on to the way there?
 *
 * The names are asked aside: those in the domain's own zone at its authorities, those of others at public resolvers.  What
 * could not be asked is a warning and blocks nothing.  Of Microsoft's hosts only those of a tenant's own are asked about: that
 * autodiscover.outlook.com is there is Microsoft's affair.
 */
#include "judge.h"
#include "roll.h"

enum { WANTS_ADDRESS = 1, WANTS_NO_ALIAS = 2, ANY_HOST = 4 };	/* of a target; ANY_HOST: Microsoft's too */
enum reach { REACH_OK, REACH_PENDING, REACH_UNKNOWN, REACH_DENIED, REACH_LOOP };

struct target {
	size_t expectation, col;	/* who names it */
	struct dns_name name;
	unsigned wants;
	uint16_t type;			/* of the fact */
	struct side_fact fact;
};

static enum reach
fact_reach(struct roll *r, const struct target *t)
{
	if (t->fact.state == SIDE_PENDING)
		return REACH_PENDING;
	if (t->fact.state == SIDE_FAILED)	/* STOPPED, GATED: nobody here may ask at all */
		return t->fact.reason == REASON_STOPPED || t->fact.reason == REASON_GATED ? REACH_OK : REACH_UNKNOWN;
	switch (t->fact.answer->kind) {
	case ANSWER_POSITIVE:
		return REACH_OK;
	case ANSWER_CNAME_LOOP:
		return REACH_LOOP;
	default:
		return side_denied(r, &t->name, &t->fact) ? REACH_DENIED : REACH_UNKNOWN;
	}
}

/* Addresses of either family will do; NODATA is as good where no address is wanted. */
static enum reach
target_reach(struct roll *r, struct target *t)
{
	enum reach reach;

	t->type = DNS_TYPE_A;
	side_ask(r, (int)t->expectation, SIDE_LOOKUP, &t->name, t->type, &t->fact);
	reach = fact_reach(r, t);
	if (reach != REACH_DENIED || t->fact.answer->kind == ANSWER_NXDOMAIN)
		return reach;
	if ((t->wants & WANTS_ADDRESS) == 0)
		return REACH_OK;
	t->type = DNS_TYPE_AAAA;
	side_ask(r, (int)t->expectation, SIDE_LOOKUP, &t->name, t->type, &t->fact);
	return fact_reach(r, t);
}

/* ---- findings ---- */

static const char *
target_text(struct roll *r, const struct target *t)
{
	return match_name_text(r->a, &t->name);
}

/* The name at which the way from the target ends. */
static const char *
target_end(struct roll *r, const struct target *t)
{
	const struct answer *an = t->fact.answer;

	return an != NULL && an->n_chain > 0 ? match_name_text(r->a, &an->chain[an->n_chain - 1]) : target_text(r, t);
}

static void
target_find(struct roll *r, const struct target *t, enum finding_code code, enum severity severity, const char *detail,
    const char *wanted)
{
	struct finding *f = diagnose_add(r, code, severity, (int)t->expectation, detail,
	    &(struct advice){ .found = target_text(r, t), .wanted = wanted });

	diagnose_evidence(r, f, plan_expectation(r->plan, t->expectation)->question, t->col);
	diagnose_evidence_side(r, f, &t->name, t->type, &t->fact);
	diagnose_source(r, f, t->col);
}

static enum severity
target_severity(const struct roll *r, const struct target *t)
{
	const struct expectation *e = plan_expectation(r->plan, t->expectation);
	const struct answer *an = t->fact.answer;

	/* What the administrator asked for by name, in a world that has nothing but a root: a laboratory, perhaps. */
	if (e->rule == RULE_EXACT && an != NULL && an->has_soa && dns_name_labels(&an->soa_owner) <= 1)
		return SEVERITY_WARNING;
	return judge_is_demanded(e) || e->row->wrong_breaks ? SEVERITY_ERROR : SEVERITY_WARNING;
}

static const char *
target_wanted(const struct roll *r, const struct target *t)
{
	return match_suffix(r->plan, match_name_text(r->a, &t->name)) != NULL ? "the host of this domain" : "a host that exists";
}

static void
target_denied(struct roll *r, const struct target *t)
{
	const char *end = target_end(r, t);

	target_find(r, t, FINDING_TARGET_UNRESOLVABLE, target_severity(r, t), arena_printf(r->a, "%s %s", end,
	    t->fact.answer->kind == ANSWER_NXDOMAIN ? "does not exist" : "has no address"), target_wanted(r, t));
}

static void
target_unknown(struct roll *r, const struct target *t)
{
	const char *why = t->fact.state == SIDE_FAILED ? name_of(&reason_names, (int)t->fact.reason) :
	    "the denial does not come from Microsoft";
	struct finding *f;

	target_find(r, t, FINDING_TARGET_UNRESOLVABLE, SEVERITY_WARNING,
	    arena_printf(r->a, "whether %s has an address could not be found out: %s", target_text(r, t), why), NULL);
	f = &r->findings[r->n_findings - 1];
	f->advice = arena_printf(r->a, "Nothing has to be changed: this machine could not ask for the addresses of %s.",
	    target_text(r, t));
}

/* What the match rule had to say of the value. */
static struct finding *
value_finding(struct roll *r, size_t i)
{
	for (size_t k = 0; k < r->n_findings; k++)
		if (r->findings[k].expectation == (int)i && r->findings[k].severity == SEVERITY_ERROR &&
		    r->findings[k].code != FINDING_AUTHORITY_DISAGREE)
			return &r->findings[k];
	return NULL;
}

static void
target_loops(struct roll *r, const struct target *t)
{
	const char *owner = match_name_text(r->a, &r->m->rows[plan_expectation(r->plan, t->expectation)->question].name);
	struct finding *f = value_finding(r, t->expectation);
	const struct advice advice = { .found = target_text(r, t), .wanted = target_wanted(r, t) };

	/* the loop is why the value is wrong: one cause, one finding */
	if (f == NULL) {
		target_find(r, t, FINDING_CNAME_LOOP, target_severity(r, t), NULL, advice.wanted);
		f = &r->findings[r->n_findings - 1];
	} else {
		f->code = FINDING_CNAME_LOOP;
		f->advice = advice_expand(r, finding_rows[f->code].advice, f->expectation, &advice);
		diagnose_evidence_side(r, f, &t->name, t->type, &t->fact);
	}
	f->detail = arena_printf(r->a, "the aliases behind %s lead in a circle: %s", owner, target_text(r, t));
}

static void
target_check(struct roll *r, struct target *t)
{
	bool microsoft = match_suffix(r->plan, target_text(r, t)) != NULL;

	if (t->name.len <= 1 || (microsoft && (t->wants & ANY_HOST) == 0))
		return;
	switch (target_reach(r, t)) {
	case REACH_DENIED:
		target_denied(r, t);
		return;
	case REACH_LOOP:
		target_loops(r, t);
		return;
	case REACH_UNKNOWN:
		target_unknown(r, t);
		return;
	case REACH_OK:
		if ((t->wants & WANTS_NO_ALIAS) != 0 && !microsoft && t->fact.answer != NULL && t->fact.answer->n_chain > 0)
			target_find(r, t, FINDING_TARGET_IS_CNAME, target_severity(r, t), arena_printf(r->a, "%s is an alias of %s",
			    target_text(r, t), target_end(r, t)), NULL);
		return;
	case REACH_PENDING:
		return;
	}
}

/* ---- which targets ---- */

static unsigned
rule_wants(const struct expectation *e)
{
	switch (e->rule) {
	case RULE_MX_SET:
		return WANTS_ADDRESS | WANTS_NO_ALIAS | ANY_HOST;
	case RULE_SRV:
		return WANTS_ADDRESS | WANTS_NO_ALIAS;
	case RULE_CNAME:
	case RULE_HOST:
		return WANTS_ADDRESS;
	case RULE_EXACT:
		if (e->row->type == DNS_TYPE_MX || e->row->type == DNS_TYPE_SRV)
			return WANTS_ADDRESS | WANTS_NO_ALIAS;
		return e->row->type == DNS_TYPE_CNAME ? ANY_HOST : 0;
	default:
		return 0;
	}
}

/* The first server that decides and has it right: where others differ, that is a finding of its own. */
static bool
right_column(const struct roll *r, size_t i, size_t *ret)
{
	for (size_t col = 0; col < r->m->n_columns; col++) {
		if (!column_decides(r->m, &r->m->columns[col]) || cell_says(r->m, i, col).say != SAY_OK)
			continue;
		*ret = col;
		return true;
	}
	return false;
}

/* The proof of ownership points nowhere, and is meant to. */
static bool
is_proof(const struct dns_name *name)
{
	static const struct dns_name invalid = { 9, "\7invalid" };

	return dns_name_is_below(name, &invalid);
}

static void
record_targets(struct roll *r, size_t i, size_t col, unsigned wants)
{
	const struct expectation *e = plan_expectation(r->plan, i);
	const struct answer *an = matrix_answer(r->m, e->question, col);
	struct target t = { .expectation = i, .col = col, .wants = wants };

	if (an == NULL || wants == 0 || diagnose_find(r, FINDING_TARGET_BY_ALIAS, (int)i) != NULL)	/* leads to Microsoft */
		return;
	/* of a host: where its alias leads, when the zone does not know that */
	if (e->rule == RULE_HOST && an->n_chain > 0 && an->n_values == 0 && r->m->columns[col].kind == SOURCE_AUTHORITY) {
		t.name = an->chain[an->n_chain - 1];
		target_check(r, &t);
	}
	for (size_t k = 0; e->rule != RULE_HOST && k < an->n_values; k++)
		if (rdata_name(&an->values[k], &t.name) && !is_proof(&t.name))
			target_check(r, &t);
}

/* An alias that is not the right one: does it lead in a circle? */
static void
record_loops(struct roll *r, size_t i)
{
	const struct expectation *e = plan_expectation(r->plan, i);

	for (size_t col = 0; col < r->m->n_columns; col++) {
		const struct answer *an = matrix_answer(r->m, e->question, col);
		struct target t = { .expectation = i, .col = col };

		if (!column_decides(r->m, &r->m->columns[col]) || an == NULL || an->n_values != 1 ||
		    cell_says(r->m, i, col).say != SAY_WRONG || !rdata_name(&an->values[0], &t.name) || t.name.len <= 1 ||
		    match_suffix(r->plan, target_text(r, &t)) != NULL)
			continue;
		if (target_reach(r, &t) == REACH_LOOP)
			target_loops(r, &t);
		return;
	}
}

/* ---- how long what is wrong today would stay in caches ---- */

#define TTL_LONG_S 86400

/* A record is there to be changed one day; the servers that decide tell the TTL as it was set. */
static void
record_ttl(struct roll *r, size_t i, size_t col)
{
	const struct expectation *e = plan_expectation(r->plan, i);
	uint32_t ttl = MATRIX_CELL(r->m, e->question, col)->ttl;
	struct finding *f;
	const char *n;

	if (r->m->columns[col].kind != SOURCE_AUTHORITY || ttl <= TTL_LONG_S || matrix_answer(r->m, e->question, col)->n_values +
	    matrix_answer(r->m, e->question, col)->n_chain == 0)
		return;
	for (size_t k = 0; k < r->n_findings; k++)	/* records of one question have one TTL */
		if (r->findings[k].code == FINDING_TTL_LONG && r->findings[k].expectation >= 0 &&
		    plan_expectation(r->plan, (size_t)r->findings[k].expectation)->question == e->question)
			return;
	n = arena_printf(r->a, "%u", ttl);
	f = diagnose_add(r, FINDING_TTL_LONG, SEVERITY_WARNING, (int)i, arena_printf(r->a,
	    "the TTL is %s seconds: so long a change takes to be seen everywhere", n), &(struct advice){ .n = n });
	diagnose_evidence(r, f, e->question, col);
	diagnose_source(r, f, col);
}

void
diagnose_targets(struct roll *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct expectation *e = plan_expectation(r->plan, i);
		unsigned wants = rule_wants(e);
		size_t col;

		if ((e->views & 1u << VIEW_PUBLIC) == 0)
			continue;
		if (right_column(r, i, &col)) {
			record_targets(r, i, col, wants);
			record_ttl(r, i, col);
		} else if (e->row->type == DNS_TYPE_CNAME) {
			record_loops(r, i);
		}
	}
}
