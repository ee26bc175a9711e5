/* SPDX-License-Identifier: ISC */
/* Side questions to strangers: names of others at the resolvers, what a resolver says without checking, policies by HTTPS. */
#include "pipeline_side.h"

#define POLICY_ADDRESSES_MAX 8

static ask_done resolver_replied;

/* ---- at public resolvers ---- */

static void
looked_up(void *ctx, uint64_t tag, enum reason reason, const struct answer *answer, const struct dns_message *m)
{
	struct side_job *j = job_find(ctx, tag);
	struct domain *d = ctx;
	const struct source *s = lookup_from(d->p->lookup);
	struct answer copy;
	struct arena *a;

	(void)m;
	if (j == NULL)
		return;
	if (answer == NULL) {
		job_fail(j, reason);
		return;
	}
	a = arena_new();
	copy = *answer;
	job_done(j, &copy, s != NULL ? side_where(a, s->name, s) : NULL, false, a);
	arena_free(a);
}

void
job_look_up(struct side_job *j)
{
	lookup_ask(j->d->p->lookup, &j->q, looked_up, j->d, j->want.id);
}

/* Does the resolver fail this very question?  Then whether it fails without checking too is what matters. */
static bool
fails_question(const struct domain *d, const struct source *s, const struct question *q)
{
	struct question have;
	size_t col;

	if (!cell_column(d, s, 0, &col))
		return false;
	for (size_t row = 0; row < board_n_rows(d->b); row++) {
		const struct cell *c = board_cell(d->b, row, col);

		if (c->reason != REASON_SERVFAIL && c->reason != REASON_BOGUS)
			continue;
		board_row_question(d->b, row, &have);
		if (have.type == q->type && dns_name_equal(&have.name, &q->name))
			return true;
	}
	return false;
}

static struct source *
voter_pick(const struct side_job *j)
{
	const struct sources *all = j->d->p->sources;
	bool failing = false;

	for (size_t i = 0; i < sources_n_resolvers(all); i++) {
		struct source *s = sources_resolver(all, i);

		if (s->view != VIEW_PUBLIC || !fails_question(j->d, s, &j->q))
			continue;
		failing = true;
		if (j->n_tried < SIDE_TRIES && !job_has_tried(j, s))
			return s;
	}
	for (size_t i = failing ? sources_n_resolvers(all) : 0; i < sources_n_resolvers(all) && j->n_tried < SIDE_TRIES; i++) {
		struct source *s = sources_resolver(all, i);

		if (s->view == VIEW_PUBLIC && s->class != CLASS_INFO && !s->filters && !s->set_aside && !job_has_tried(j, s))
			return s;
	}
	return NULL;
}

void
job_ask_voter(struct side_job *j)
{
	struct source *s = voter_pick(j);

	if (s == NULL)
		job_fail(j, REASON_SET_ASIDE);
	else
		job_ask(j, s, DNS_QUERY_CD, resolver_replied);
}

static void
resolver_replied(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	struct side_job *j = job_find(ctx, tag);
	struct arena *a = arena_new();
	enum reason reason;
	struct answer *an = side_answer_of(a, reply, false, &reason);

	if (j != NULL && an == NULL) {
		job_failed_once(j, reason);
		job_ask_voter(j);
	} else if (j != NULL) {
		job_done(j, an, side_where(a, src->name, src), false, a);
	}
	arena_free(a);
}

/* ---- the policy of MTA-STS ---- */

/* The addresses of the policy's host, which the diagnosis asked for before it asked for the policy. */
static size_t
policy_addresses(struct side_job *j, struct addr *ret, size_t max)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };
	struct arena *a = arena_new();
	struct dns_name prefix, host;
	struct side_fact fact;
	size_t n = 0;

	if (dns_name_parse(&prefix, "mta-sts", NULL) == -1 || !dns_name_concat(&host, &prefix, &j->q.name))
		host.len = 0;
	for (size_t t = 0; host.len > 0 && t < ARRAY_LEN(types); t++) {
		sides_ask(board_sides(j->d->b), SIDE_LOOKUP, &host, types[t], a, &fact);
		for (size_t i = 0; fact.answer != NULL && i < fact.answer->n_values && n < max; i++)
			n += rdata_addr(&fact.answer->values[i], &ret[n]);
	}
	arena_free(a);
	return n;
}

void
job_ask_policy(struct side_job *j)
{
	struct pipeline *p = j->d->p;
	struct addr addrs[POLICY_ADDRESSES_MAX];
	size_t n = policy_addresses(j, addrs, ARRAY_LEN(addrs));
	enum reason reason;

	if (p->cfg.ask_policy == NULL) {
		job_fail_said(j, REASON_STOPPED, "");
		return;
	}
	j->policy = ++p->last_policy;
	j->next_policy = p->policies;
	p->policies = j;
	p->n_policies++;
	reason = p->cfg.ask_policy(p->cfg.ctx, j->policy, &j->q.name, addrs, n);
	if (reason != REASON_NONE)
		job_fail_said(j, reason, "");
}

void
pipeline_policy(struct pipeline *p, uint64_t tag, enum reason reason, const char *text, size_t n, const char *where)
{
	struct side_job *j = p->policies;

	while (j != NULL && j->policy != tag)
		j = j->next_policy;
	if (j == NULL)
		return;
	if (text == NULL)
		job_fail_said(j, reason != REASON_NONE ? reason : REASON_NETWORK, where);
	else
		job_end(j, sides_answer_text(board_sides(j->d->b), j->want.id, text, n, where, side_expiry(j->d, TTL_MAX_S)));
}
