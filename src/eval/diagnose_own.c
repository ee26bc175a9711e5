/* SPDX-License-Identifier: ISC */
/*
 * diagnose_own: what is the doing of this machine and of its network, and nobody's fault out there.  Each is one finding,
 * however many servers show it; those servers have none of their own for it.
 */
#include "judge.h"
#include "roll.h"

typedef bool column_is(const struct roll *r, const struct eval_column *c);

static unsigned
column_family(const struct eval_column *c)
{
	return c->source->addr.family == 6;
}

static bool
is_intercepted(const struct roll *r, const struct eval_column *c)
{
	(void)r;
	return c->source->intercepted;
}

static bool
is_by_tcp_here(const struct roll *r, const struct eval_column *c)
{
	return c->source->by_tcp && r->m->own != NULL && r->m->own->udp[column_family(c)] == OWN_BLOCKED;
}

static bool
is_by_tcp_itself(const struct roll *r, const struct eval_column *c)
{
	return c->source->by_tcp && !is_by_tcp_here(r, c);
}

/* The columns of which it is true, as text. */
static const char *
names_of(const struct roll *r, column_is *is)
{
	const char *names = "";

	for (size_t col = 0; col < r->m->n_columns; col++)
		if (r->m->columns[col].source != NULL && is(r, &r->m->columns[col]))
			names = judge_join(r->a, names, column_text(&r->m->columns[col], r->a));
	return names;
}

static void
add_sources(struct roll *r, struct finding *f, column_is *is)
{
	for (size_t col = 0; col < r->m->n_columns; col++)
		if (r->m->columns[col].source != NULL && is(r, &r->m->columns[col]))
			diagnose_source(r, f, col);
}

static void
diagnose_intercepted(struct roll *r)
{
	static const char say[] = "what comes back is from a cache: recursion, and no authority";
	const struct own_state *own = r->m->own;
	const char *names = names_of(r, is_intercepted);
	struct finding *f;

	if (!own->intercepted)
		return;
	f = diagnose_add(r, FINDING_RESOLVER_INTERCEPTED, finding_rows[FINDING_RESOLVER_INTERCEPTED].severity, -1,
	    arena_printf(r->a, "somebody on the way answers on port 53 for everybody: %s", say),
	    &(struct advice){ .server = *names != '\0' ? names : "the servers asked", .found = say });
	for (size_t i = 0; i < ARRAY_LEN(own->evidence); i++)
		if (own->evidence[i][0] != '\0')
			diagnose_evidence_text(r, f, arena_strdup(r->a, own->evidence[i]));
	add_sources(r, f, is_intercepted);
}

static void
diagnose_udp_here(struct roll *r)
{
	const char *names = names_of(r, is_by_tcp_here);
	struct finding *f;

	if (*names == '\0')
		return;
	f = diagnose_add(r, FINDING_UDP_BLOCKED_HERE, SEVERITY_INFO, -1,
	    arena_printf(r->a, "answers come by TCP only: %s", names), &(struct advice){ .server = names });
	add_sources(r, f, is_by_tcp_here);
}

/* A server that the world, which asks by UDP, finds silent. */
static void
diagnose_by_tcp(struct roll *r)
{
	for (size_t col = 0; col < r->m->n_columns; col++) {
		const struct eval_column *c = &r->m->columns[col];
		bool authority = c->kind == SOURCE_AUTHORITY;
		const char *name;
		struct finding *f;

		if (c->source == NULL || !is_by_tcp_itself(r, c) || !column_alive(c))
			continue;
		name = column_text(c, r->a);
		f = diagnose_add(r, authority ? FINDING_AUTHORITY_UNREACHABLE : FINDING_RESOLVER_UNREACHABLE,
		    authority ? SEVERITY_WARNING : SEVERITY_INFO, -1,
		    arena_printf(r->a, "no answer by UDP from %s; it was asked by TCP", name), &(struct advice){ .server = name });
		diagnose_source(r, f, col);
	}
}

bool
own_explains(const struct roll *r, size_t col, enum reason reason)
{
	const struct eval_column *c = &r->m->columns[col];

	return reason == REASON_TRUNCATED && c->source != NULL && r->m->own != NULL &&
	    r->m->own->tcp[column_family(c)] == OWN_BLOCKED;
}

static bool
has_truncated(const struct roll *r, size_t col)
{
	for (size_t row = 0; row < r->m->n_rows; row++)
		if (MATRIX_CELL(r->m, row, col)->reason == REASON_TRUNCATED &&
		    (MATRIX_CELL(r->m, row, col)->flags & EVAL_FINAL) != 0)
			return true;
	return false;
}

static void
diagnose_tcp_here(struct roll *r)
{
	struct finding *f = NULL;
	const char *names = "";

	for (size_t col = 0; col < r->m->n_columns; col++)
		if (own_explains(r, col, REASON_TRUNCATED) && has_truncated(r, col))
			names = judge_join(r->a, names, column_text(&r->m->columns[col], r->a));
	if (*names == '\0')
		return;
	f = diagnose_add(r, FINDING_TCP_BLOCKED_HERE, SEVERITY_INFO, -1,
	    arena_printf(r->a, "no answer by TCP from %s", names), &(struct advice){ .server = names });
	for (size_t col = 0; col < r->m->n_columns; col++)
		if (own_explains(r, col, REASON_TRUNCATED) && has_truncated(r, col))
			diagnose_source(r, f, col);
}

void
diagnose_own(struct roll *r)
{
	if (r->m->own != NULL) {
		diagnose_intercepted(r);
		diagnose_udp_here(r);
		diagnose_tcp_here(r);
	}
	diagnose_by_tcp(r);
}
