/* SPDX-License-Identifier: ISC */
/* diagnose_zone: the delegation, and servers that do not answer or do not serve. */
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
	return c->kind == SOURCE_AUTHORITY && c->set_aside && !c->family_missing && (c->source == NULL || !c->source->intercepted) &&
	    c->reason != REASON_MALFORMED && c->reason != REASON_TRUNCATED;
}

/* Its name was looked up, and has no address. */
static bool
column_is_nowhere(const struct eval_column *c)
{
	return c->kind == SOURCE_AUTHORITY && c->source == NULL && c->no_source == REASON_NONE;
}

static const char *
column_trouble(const struct eval_column *c, struct arena *a)
{
	if (column_is_nowhere(c))
		return column_text(c, a);	/* which says so */
	return arena_printf(a, "%s (%s)", column_text(c, a), c->reason == REASON_NONE ? "no answer" :
	    c->lame && c->source->as_cache ? "a resolver, not an authority" : name_of(&reason_names, (int)c->reason));
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
				detail = judge_join(r->a, detail, column_trouble(&m->columns[k], r->a));
				names = judge_join(r->a, names, column_text(&m->columns[k], r->a));
			}
		f = diagnose_add(r, code, severity, -1, arena_printf(r->a, "%s %s", say, detail),
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

static enum reason
failing_reason(const struct eval_cell *c)
{
	enum reason reason = (enum reason)c->reason;

	if ((c->flags & EVAL_ASKED) == 0 || (c->flags & EVAL_FINAL) == 0 || reason == REASON_GATED || reason == REASON_STOPPED ||
	    reason == REASON_MALFORMED || reason == REASON_TRUNCATED)
		return REASON_NONE;
	return reason;
}

/*
 * What a server that counts fails to answer while it answers the rest: it holds these records.  Answers that cannot be read
 * have findings of their own.
 */
static void
server_failing(struct roll *r, size_t col)
{
	const char *server = column_text(&r->m->columns[col], r->a), *asked = "";
	struct finding *f = NULL;
	char type[16];

	for (size_t row = 0; row < plan_n_questions(r->plan); row++) {
		const struct eval_cell *c = MATRIX_CELL(r->m, row, col);

		if (failing_reason(c) != REASON_NONE && !r->cut[row])
			asked = judge_join(r->a, asked, arena_printf(r->a, "%s %s", match_name_text(r->a, &r->m->rows[row].name),
			    dns_type_text(r->m->rows[row].type, type)));
	}
	for (size_t row = 0; row < plan_n_questions(r->plan); row++) {
		const struct eval_cell *c = MATRIX_CELL(r->m, row, col);

		if (failing_reason(c) == REASON_NONE || r->cut[row])
			continue;
		if (f == NULL)
			f = diagnose_add(r, FINDING_AUTHORITY_FAILING, SEVERITY_WARNING, -1, arena_printf(r->a, "%s: %s, %s", server,
			    name_of(&reason_names, (int)failing_reason(c)), asked),
			    &(struct advice){ .server = server, .found = asked });
		diagnose_evidence(r, f, row, col);
	}
	if (f != NULL)
		diagnose_source(r, f, col);
}

static bool
column_answers(const struct matrix *m, size_t col)
{
	for (size_t row = 0; row < m->n_rows; row++)
		if (matrix_answer(m, row, col) != NULL)
			return true;
	return false;
}

void
diagnose_failing(struct roll *r)
{
	for (size_t col = 0; col < r->m->n_columns; col++)
		if (r->m->columns[col].kind == SOURCE_AUTHORITY && column_alive(&r->m->columns[col]) && column_answers(r->m, col))
			server_failing(r, col);
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
			text = judge_join(r->a, text, match_name_text(r->a, &z->servers[i].name));
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

/* What is missing at the servers that count, and stands at those that the administrator edits. */
static void
mismatch_evidence(struct roll *r, struct finding *f)
{
	const char *there = "";
	struct side_fact fact;

	diagnose_evidence_text(r, f, arena_printf(r->a, "%s. IN NS %s (the delegation)", plan_domain(r->plan),
	    delegation_text(r, r->m->zone.zone)));
	for (size_t i = 0; i < r->n; i++) {
		const struct expectation *e = plan_expectation(r->plan, i);
		const struct question *q = &r->m->rows[e->question];
		struct judgement j;

		if (!roll_applies(r, i) || r->tally[i].ok > 0 || r->tally[i].missing + r->tally[i].wrong == 0 ||
		    side_ask(r, -1, SIDE_EDITED, &q->name, q->type, &fact) != SIDE_ANSWERED ||
		    fact.answer->kind != ANSWER_POSITIVE)
			continue;
		eval_judge(r->plan, i, VIEW_PUBLIC, fact.answer, r->by_mx, NULL, r->a, &j);
		if (j.verdict != VERDICT_OK)
			continue;
		there = judge_join(r->a, there, e->id);
		diagnose_evidence_side(r, f, &q->name, q->type, &fact);
	}
	if (*there != '\0')
		f->detail = arena_printf(r->a, "%s; at servers that nobody asks stands what is missing: %s", f->detail, there);
}

/* Delegation against the zone's own NS set, and against the servers that the administrator edits. */
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
				child = judge_join(r->a, child, match_name_text(r->a, &ns));
		}
		f = diagnose_add(r, FINDING_DELEGATION_MISMATCH, SEVERITY_WARNING, -1,
		    arena_printf(r->a, "delegated to %s; the zone itself names %s", parent, child),
		    &(struct advice){ .found = parent, .wanted = child });
		diagnose_evidence(r, f, (size_t)r->m->zone.q_ns, col);
		diagnose_source(r, f, col);
	}
	/* what the caps left out may be any name */
	for (size_t i = 0; i < conf->n_nameservers && !z->more; i++) {
		struct dns_name name;

		if (dns_name_parse(&name, conf->nameservers[i], NULL) == 0 && !delegation_has(z, &name) &&
		    (an == NULL || !ns_has(an, &name)))
			strange = judge_join(r->a, strange, match_name_text(r->a, &name));
	}
	if (*strange == '\0')
		return;
	f = diagnose_add(r, FINDING_DELEGATION_MISMATCH, SEVERITY_WARNING, -1,
	    arena_printf(r->a, "your zone lies at %s, but the domain is delegated to %s", strange, parent),
	    &(struct advice){ .found = parent, .wanted = strange });
	mismatch_evidence(r, f);
}

/*
 * Name servers to which registrars send domains that have run out, are on hold or for sale.  Ordinary servers of the
 * same companies are not among them.
 */
static const char *const parking[] = {
	"above.com", "afternic.com", "bodis.com", "brainydns.com", "cashparking.com", "dan.com", "dsredirection.com",
	"failed-whois-verification.namecheap.com", "hugedomains.com", "parkingcrew.net", "parklogic.com",
	"pendingrenewaldeletion.com", "renewyourname.net", "sedoparking.com", "suspended-domain.com", "undeveloped.com",
	"verify-contact-details.namecheap.com", "voodoo.com",
};
static const char *const parking_labels[] = { "expired", "expirens" };	/* "expirens3.hichina.com" */

static bool
server_parks(struct roll *r, const struct dns_name *name)
{
	const char *text = match_name_text(r->a, name);
	struct dns_name suffix;

	for (size_t i = 0; i < ARRAY_LEN(parking); i++)
		if (dns_name_parse(&suffix, parking[i], NULL) == 0 && dns_name_is_below(name, &suffix))
			return true;
	for (const char *label = text; label != NULL; label = strchr(label, '.')) {
		label += *label == '.';
		for (size_t i = 0; i < ARRAY_LEN(parking_labels); i++)
			if (str_iprefix(label, parking_labels[i]))
				return true;
	}
	return false;
}

static void
diagnose_expired(struct roll *r)
{
	const struct zone *z = r->m->zone.zone;
	const char *names;
	struct finding *f;
	bool any = false;

	if (z == NULL || z->status != ZONE_FOUND)
		return;
	for (size_t i = 0; i < z->n_servers; i++) {
		if (!z->servers[i].at_parent)
			continue;
		if (!server_parks(r, &z->servers[i].name))
			return;
		any = true;
	}
	if (!any)
		return;
	names = delegation_text(r, z);
	f = diagnose_add(r, FINDING_DOMAIN_EXPIRED, SEVERITY_ERROR, -1, arena_printf(r->a,
	    "delegated to %s: there registrars send domains that have expired, are on hold or for sale", names),
	    &(struct advice){ .found = names });
	diagnose_evidence_text(r, f, arena_printf(r->a, "%s. IN NS: %s (the servers above)", plan_domain(r->plan), names));
}

/* Has anybody answered anything: a resolver, the servers above, or whoever was asked for the addresses of the name servers? */
static bool
network_works(const struct roll *r)
{
	const struct zone *z = r->m->zone.zone;

	if (r->m->own != NULL && r->m->own->offline)
		return false;
	for (size_t col = 0; col < r->m->n_columns; col++)
		if (column_is_nowhere(&r->m->columns[col]))
			return true;
	return matrix_answered(r->m, SOURCE_RESOLVER) || (z != NULL && z->status == ZONE_FOUND && z->parent_seen);
}

/* No name server has an address: nothing is out of order but the names. */
static bool
all_nowhere(const struct roll *r)
{
	size_t n = 0;

	for (size_t col = 0; col < r->m->n_columns; col++) {
		n += column_is_nowhere(&r->m->columns[col]);
		if (r->m->columns[col].kind == SOURCE_AUTHORITY && !column_is_nowhere(&r->m->columns[col]))
			return false;
	}
	return n > 0;
}

static void
diagnose_nobody(struct roll *r)
{
	const struct zone *z = r->m->zone.zone;
	bool works = network_works(r);
	struct finding *f;

	if (r->m->own != NULL && r->m->own->intercepted)	/* that is the one cause */
		return;

	if (z == NULL || z->status != ZONE_UNKNOWN) {
		diagnose_servers(r, column_is_dead, true, FINDING_AUTHORITY_UNREACHABLE, SEVERITY_WARNING,
		    works ? "none of the domain's name servers answers:" :
		    "neither resolvers nor name servers answer (is this machine on the network?):");
		f = all_nowhere(r) ? diagnose_find(r, FINDING_AUTHORITY_UNREACHABLE, -1) : NULL;
		if (f != NULL)
			f->advice = arena_printf(r->a, "Correct the names of the name servers that are entered at the registrar for %s, or "
			    "give these names addresses (below the domain itself also at the registrar, as glue).", plan_domain(r->plan));
		return;
	}
	f = diagnose_add(r, FINDING_AUTHORITY_UNREACHABLE, SEVERITY_WARNING, -1,
	    arena_printf(r->a, "the name servers of %s could not be found out: %s%s", plan_domain(r->plan),
	    name_of(&reason_names, (int)z->reason), works || z->reason == REASON_NOT_GLOBAL ? "" : "; is this machine on the network?"),
	    &(struct advice){ .server = *z->where != '\0' ? z->where : "the servers above the domain" });
	if (z->reason == REASON_NOT_GLOBAL)
		f->advice = arena_printf(r->a, "If %s is yours, set authority_private = yes (--authority-private): an address that is "
		    "not global is asked only then. If it is not, correct the name servers that are entered at the registrar.",
		    *z->where != '\0' ? z->where : "the server");
	if (z->asked.len > 0)
		diagnose_evidence_text(r, f, arena_printf(r->a, "%s. IN NS: %s (%s)", match_name_text(r->a, &z->asked),
		    name_of(&reason_names, (int)z->reason), z->where));
}

/* The domain itself answers as an alias: then neither its MX nor its TXT are its own. */
static void
diagnose_apex(struct roll *r)
{
	struct finding *f = NULL;
	struct dns_name domain;

	plan_domain_name(r->plan, &domain);
	for (size_t row = 0; row < plan_n_questions(r->plan); row++) {
		if (!dns_name_equal(&r->m->rows[row].name, &domain))
			continue;
		for (size_t col = 0; col < r->m->n_columns; col++) {
			const struct answer *an = matrix_answer(r->m, row, col);
			const char *target;

			if (!column_decides(r->m, &r->m->columns[col]) || an == NULL || an->n_chain == 0)
				continue;
			target = match_name_text(r->a, &an->chain[0]);
			if (f == NULL)
				f = diagnose_add(r, FINDING_CNAME_AT_APEX, SEVERITY_ERROR, -1,
				    arena_printf(r->a, "%s is an alias of %s", plan_domain(r->plan), target),
				    &(struct advice){ .found = target });
			diagnose_evidence(r, f, row, col);
			diagnose_source(r, f, col);
		}
	}
}

/* What the alias hides is not missing beside it: one cause, one finding, and what is to be entered when the alias is gone. */
void
diagnose_apex_hides(struct roll *r)
{
	static const char add[] = "Add: ";
	struct dns_name domain;
	struct finding *f;
	const char *words = "";
	size_t n = 0;

	if (diagnose_find(r, FINDING_CNAME_AT_APEX, -1) == NULL)
		return;
	plan_domain_name(r->plan, &domain);
	for (size_t k = 0; k < r->n_findings; k++) {
		const struct finding *g = &r->findings[k];
		bool plain = g->expectation >= 0 && (g->code == FINDING_RECORD_MISSING || g->code == FINDING_RECORD_WRONG);

		if (plain && dns_name_equal(&r->m->rows[plan_expectation(r->plan, (size_t)g->expectation)->question].name, &domain))
			words = arena_printf(r->a, "%s%s%s", words, *words != '\0' ? "; " : "",
			    strncmp(g->advice, add, strlen(add)) == 0 ? g->advice + strlen(add) : g->advice);
		else
			r->findings[n++] = *g;
	}
	r->n_findings = n;
	f = diagnose_find(r, FINDING_CNAME_AT_APEX, -1);
	if (*words != '\0')
		f->advice = arena_printf(r->a, "%s Then enter: %s", f->advice, words);
}

void
diagnose_zone(struct roll *r)
{
	const struct zone *z = r->m->zone.zone;

	if (z != NULL && z->status == ZONE_MISSING) {
		diagnose_missing(r);
		return;
	}
	diagnose_expired(r);
	if (r->silent) {
		diagnose_nobody(r);
		return;
	}
	/* All of them lame is one cause; one lame server among good ones is its own. */
	diagnose_servers(r, column_is_lame, r->broken, FINDING_DELEGATION_LAME, r->broken ? SEVERITY_ERROR : SEVERITY_WARNING,
	    r->broken ? "none of the delegated servers serves the zone:" : "the zone is not served by");
	diagnose_servers(r, column_is_dead, false, FINDING_AUTHORITY_UNREACHABLE, SEVERITY_WARNING, "no answer from");
	diagnose_mismatch(r);
	diagnose_apex(r);
}
