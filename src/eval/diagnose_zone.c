/* SPDX-License-Identifier: ISC */
/* diagnose_zone: the delegation, servers that do not answer or do not serve, and servers that disagree. */
#include <string.h>

#include "judge.h"
#include "roll.h"

/* ---- servers: one finding a name, listing its addresses ---- */

static bool
column_is_lame(const struct eval_column *c)
{
	return c->kind == SOURCE_AUTHORITY && c->lame;
}

/* Dead for a reason that is the server's own. */
static bool
column_is_dead(const struct eval_column *c)
{
	return c->kind == SOURCE_AUTHORITY && c->set_aside && !c->family_missing && c->reason != REASON_MALFORMED &&
	    c->reason != REASON_TRUNCATED;
}

static const char *
column_trouble(const struct eval_column *c, struct arena *a)
{
	return arena_printf(a, "%s: %s", column_text(c, a), c->reason == REASON_NONE ? "no answer" :
	    name_of(&reason_names, (int)c->reason));
}

/* Findings for all columns of `is`, grouped by the server's name; all: one group. */
static void
diagnose_servers(struct roll *r, bool (*is)(const struct eval_column *), bool all, enum finding_code code,
    enum severity severity, const char *say)
{
	struct matrix *m = r->m;
	bool *done = arena_alloc(r->a, m->n_columns + 1);

	for (size_t i = 0; i < m->n_columns; i++) {
		const char *detail = "", *names = "";
		struct finding *f;

		if (done[i] || !is(&m->columns[i]))
			continue;
		for (size_t k = i; k < m->n_columns; k++)
			if (is(&m->columns[k]) && (all || str_ieq(m->columns[k].label, m->columns[i].label))) {
				detail = diagnose_join(r->a, detail, column_trouble(&m->columns[k], r->a));
				names = diagnose_join(r->a, names, column_text(&m->columns[k], r->a));
			}
		f = diagnose_add(r, code, severity, -1, arena_printf(r->a, "%s: %s", say, detail),
		    &(struct advice){ .server = names });
		for (size_t k = i; k < m->n_columns; k++)
			if (is(&m->columns[k]) && (all || str_ieq(m->columns[k].label, m->columns[i].label))) {
				done[k] = true;
				diagnose_source(r, f, k);
				if (m->zone.q_soa >= 0 && m->columns[k].source != NULL)
					diagnose_evidence(r, f, (size_t)m->zone.q_soa, k);
			}
	}
}

/* ---- the delegation ---- */

static void
diagnose_missing(struct roll *r)
{
	const struct zone *z = r->m->zone.zone;
	const char *asked = match_name_text(r->a, &z->asked);
	struct finding *f = diagnose_add(r, FINDING_DELEGATION_MISSING, SEVERITY_ERROR, -1,
	    arena_printf(r->a, "the servers above %s know no delegation of it", plan_domain(r->plan)), NULL);

	diagnose_evidence_text(r, f, arena_printf(r->a, "%s. IN NS: no delegation (%s)",
	    z->asked.len > 0 ? asked : plan_domain(r->plan), z->where));
}

/* Is name among the servers of the delegation? */
static bool
delegation_has(const struct zone *z, const struct dns_name *name)
{
	for (size_t i = 0; i < z->n_servers; i++)
		if (z->servers[i].at_parent && dns_name_equal(&z->servers[i].name, name))
			return true;
	return false;
}

static const char *
delegation_text(struct roll *r, const struct zone *z)
{
	const char *text = "";

	for (size_t i = 0; i < z->n_servers; i++) {
		bool again = !z->servers[i].at_parent;

		for (size_t k = 0; k < i; k++)
			again = again || (z->servers[k].at_parent && dns_name_equal(&z->servers[k].name, &z->servers[i].name));
		if (!again)
			text = diagnose_join(r->a, text, match_name_text(r->a, &z->servers[i].name));
	}
	return text;
}

/* The zone's own NS set, as the first counting authority says it. */
static const struct answer *
child_ns(struct roll *r, size_t *ret_col)
{
	struct matrix *m = r->m;

	for (size_t col = 0; m->zone.q_ns >= 0 && col < m->n_columns; col++) {
		const struct answer *an = matrix_answer(m, (size_t)m->zone.q_ns, col);

		if (m->columns[col].kind != SOURCE_AUTHORITY || !column_alive(&m->columns[col]) || an == NULL || an->n_values == 0)
			continue;
		*ret_col = col;
		return an;
	}
	return NULL;
}

static bool
ns_has(const struct answer *an, const struct dns_name *name)
{
	struct dns_name ns;

	for (size_t i = 0; i < an->n_values; i++)
		if (rdata_name(&an->values[i], &ns) && dns_name_equal(&ns, name))
			return true;
	return false;
}

static bool
ns_sets_differ(const struct zone *z, const struct answer *an)
{
	struct dns_name ns;

	for (size_t i = 0; i < an->n_values; i++)
		if (rdata_name(&an->values[i], &ns) && !delegation_has(z, &ns))
			return true;
	for (size_t i = 0; i < z->n_servers; i++)
		if (z->servers[i].at_parent && !ns_has(an, &z->servers[i].name))
			return true;
	return false;
}

/* Delegation against the zone's own NS set, and against the servers that the administrator edits (mistake 25). */
static void
diagnose_mismatch(struct roll *r)
{
	const struct zone *z = r->m->zone.zone;
	const struct conf_domain *conf = plan_conf(r->plan);
	const char *parent, *child = "", *strange = "";
	const struct answer *an;
	struct finding *f;
	size_t col = 0;

	if (z == NULL || z->status != ZONE_FOUND || r->broken || r->silent)
		return;
	parent = delegation_text(r, z);
	an = child_ns(r, &col);
	if (an != NULL && z->parent_seen && !z->more && ns_sets_differ(z, an)) {
		for (size_t i = 0; i < an->n_values; i++) {
			struct dns_name ns;

			if (rdata_name(&an->values[i], &ns))
				child = diagnose_join(r->a, child, match_name_text(r->a, &ns));
		}
		f = diagnose_add(r, FINDING_DELEGATION_MISMATCH, SEVERITY_WARNING, -1,
		    arena_printf(r->a, "delegated to %s; the zone itself names %s", parent, child),
		    &(struct advice){ .found = parent, .wanted = child });
		diagnose_evidence(r, f, (size_t)r->m->zone.q_ns, col);
		diagnose_source(r, f, col);
	}
	for (size_t i = 0; i < conf->n_nameservers; i++) {
		struct dns_name name;

		if (dns_name_parse(&name, conf->nameservers[i], NULL) == 0 && !delegation_has(z, &name) &&
		    (an == NULL || !ns_has(an, &name)))
			strange = diagnose_join(r->a, strange, match_name_text(r->a, &name));
	}
	if (*strange != '\0')
		diagnose_add(r, FINDING_DELEGATION_MISMATCH, SEVERITY_WARNING, -1,
		    arena_printf(r->a, "your zone lies at %s, but the domain is delegated to %s", strange, parent),
		    &(struct advice){ .found = parent, .wanted = strange });
}

static void
diagnose_nobody(struct roll *r)
{
	bool resolvers = matrix_answered(r->m, SOURCE_RESOLVER);
	const struct zone *z = r->m->zone.zone;
	struct finding *f;

	if (z == NULL || z->status != ZONE_UNKNOWN) {
		diagnose_servers(r, column_is_dead, true, FINDING_AUTHORITY_UNREACHABLE, SEVERITY_WARNING,
		    resolvers ? "no name server of the domain answers" :
		    "neither name servers nor resolvers answer; is this machine on the network?");
		return;
	}
	f = diagnose_add(r, FINDING_AUTHORITY_UNREACHABLE, SEVERITY_WARNING, -1,
	    arena_printf(r->a, "the name servers of %s could not be found out: %s%s", plan_domain(r->plan),
	    name_of(&reason_names, (int)z->reason), resolvers ? "" : "; is this machine on the network?"),
	    &(struct advice){ .server = *z->where != '\0' ? z->where : "the servers above the domain" });
	if (z->asked.len > 0)
		diagnose_evidence_text(r, f, arena_printf(r->a, "%s. IN NS: %s (%s)", match_name_text(r->a, &z->asked),
		    name_of(&reason_names, (int)z->reason), z->where));
}

void
diagnose_zone(struct roll *r)
{
	const struct zone *z = r->m->zone.zone;

	if (z != NULL && z->status == ZONE_MISSING) {
		diagnose_missing(r);
		return;
	}
	if (r->silent) {
		diagnose_nobody(r);
		return;
	}
	/* All of them lame is one cause; one lame server among good ones is its own. */
	diagnose_servers(r, column_is_lame, r->broken, FINDING_DELEGATION_LAME, r->broken ? SEVERITY_ERROR : SEVERITY_WARNING,
	    r->broken ? "no delegated server serves the zone" : "answers, but does not serve the zone");
	diagnose_servers(r, column_is_dead, false, FINDING_AUTHORITY_UNREACHABLE, SEVERITY_WARNING, "does not answer");
	diagnose_mismatch(r);
}

/* ---- agreement ---- */

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
	struct str s = STR_INIT;
	const char *text = "nothing";

	for (size_t i = 0; an != NULL && i < an->n_values; i++) {
		str_add(&s, i > 0 ? ", " : "");
		rdata_text(&an->values[i], &s);
	}
	if (s.len > 0)
		text = judge_printable(r->a, str_c(&s), s.len);
	str_done(&s);
	return text;
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
		d->records = diagnose_join(r->a, d->records, e->id);
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
				d->servers = diagnose_join(r->a, d->servers, column_behind(r, col));
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
			behind = diagnose_join(r->a, behind, column_behind(r, col));
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
