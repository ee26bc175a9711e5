/* SPDX-License-Identifier: ISC */
/*
 * pipeline_side: what the diagnosis of one domain wants to know aside (eval.h, "side questions").
 *
 *   board_rollup notes wants --sides_next--> struct side_job --sides_answer--> dirty, so rolled up again
 *
 * A job asks one server after the other until one answers.  Names inside the domain's own zone are asked at its authorities
 * all the same, also when a look-up is wanted, so that no cache learns that something is not there yet; where such an answer
 * leads out of the zone the look-up goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "pipeline_internal.h"

#define SIDES_AT_ONCE    8	/* jobs of one domain */
#define POLICIES_AT_ONCE 32	/* of all domains: each is a connection */
#define POLICY_ADDRESSES_MAX 8
#define SIDE_TRIES       3	/* servers asked */
#define SIDE_BACKLOG     128	/* asks waiting at a server: others first */
#define SIDE_HOLD_MS     250
#define TTL_MIN_S        60
#define TTL_MAX_S        3600
#define DENIED_S         60	/* an authority's denial: somebody is perhaps at work on it */
#define FAILED_S         30	/* doubled with each failure, up to TTL_MAX_S */

struct side_job {
	struct side_job *next, *next_policy;
	struct domain *d;
	struct side_want want;
	struct question q;		/* being asked: want.q, or where that led */
	enum reason reason;		/* why the first one failed */
	unsigned n_tried;
	const struct source *tried[SIDE_TRIES];
	unsigned edited;		/* SIDE_EDITED: the next name server's address to look up, two of each */
	struct dns_name *chain;		/* the way out of the zone, n_chain links; NULL = none */
	size_t n_chain;
	uint32_t chain_ttl;
	uint64_t policy;		/* SIDE_POLICY: the tag, else 0 */
};

static ask_done authority_replied, resolver_replied, edited_replied;
static lookup_done looked_up, edited_looked_up;

/* ---- the list ---- */

static struct side_job *
job_find(const struct domain *d, uint64_t id)
{
	struct side_job *j = d->side_jobs;

	while (j != NULL && j->want.id != id)
		j = j->next;
	return j;
}

static void
policy_forget(struct side_job *j)
{
	struct side_job **at = &j->d->p->policies;

	while (*at != j)
		at = &(*at)->next_policy;
	*at = j->next_policy;
	j->d->p->n_policies--;
}

static void
job_free(struct side_job *j)
{
	struct side_job **at = &j->d->side_jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	j->d->n_side_jobs--;
	if (j->policy != 0)
		policy_forget(j);
	free(j->chain);
	free(j);
}

static void
job_end(struct side_job *j, bool news)
{
	struct domain *d = j->d;

	job_free(j);
	if (news) {
		board_note_change(d->b);
		d->gates_stale = true;		/* a gate may hang on it: SPF is right when what it includes is */
	}
	if (news || d->p->sched.mode == SCHED_ONCE)
		pipeline_mark_dirty(d);
	domain_ask_sides(d, domain_now(d));
	d->p->cfg.wake(d->p->cfg.ctx);
}

/* One pass asks nothing twice. */
static int64_t
expiry(const struct domain *d, int64_t seconds)
{
	return d->p->sched.mode == SCHED_ONCE ? INT64_MAX : domain_now(d) + seconds * 1000;
}

/* where: in whose words. */
static void
job_fail_said(struct side_job *j, enum reason reason, const char *where)
{
	struct domain *d = j->d;
	int64_t wait = (int64_t)FAILED_S << (j->want.failures < 8 ? j->want.failures : 8);
	int64_t at = expiry(d, wait > TTL_MAX_S ? TTL_MAX_S : wait);

	if (d->sides_due_ms > at) {
		d->sides_due_ms = at;
		domain_due(d, at);
	}
	job_end(j, sides_answer(board_sides(d->b), j->want.id, j->reason != REASON_NONE ? j->reason : reason, NULL, where, at));
}

static void
job_fail(struct side_job *j, enum reason reason)
{
	job_fail_said(j, reason, "nobody answered");
}

/* The way out of the zone, and what was found at its end. */
static void
job_join(struct side_job *j, struct answer *an, struct arena *a)
{
	struct dns_name *chain;
	size_t n = j->n_chain + an->n_chain;

	if (j->chain == NULL)
		return;
	chain = arena_alloc(a, n * sizeof(*chain));
	memcpy(chain, j->chain, j->n_chain * sizeof(*chain));
	if (an->n_chain > 0)
		memcpy(chain + j->n_chain, an->chain, an->n_chain * sizeof(*chain));
	an->chain = chain;
	an->n_chain = n;
	if (n > DNS_CHAIN_MAX) {
		an->n_chain = DNS_CHAIN_MAX;
		an->n_values = 0;
		an->kind = ANSWER_CNAME_LOOP;
	}
	an->ttl = j->chain_ttl < an->ttl ? j->chain_ttl : an->ttl;
}

/* an lives in a and may be changed. */
static void
job_done(struct side_job *j, struct answer *an, const char *where, bool authority, struct arena *a)
{
	struct domain *d = j->d;
	int64_t ttl = an->ttl < TTL_MIN_S ? TTL_MIN_S : an->ttl > TTL_MAX_S ? TTL_MAX_S : an->ttl;

	if (authority && an->kind != ANSWER_POSITIVE)
		ttl = DENIED_S;
	job_join(j, an, a);
	job_end(j, sides_answer(board_sides(d->b), j->want.id, REASON_NONE, an, where, expiry(d, ttl)));
}

static void
job_tried(struct side_job *j, const struct source *s)
{
	if (j->n_tried < SIDE_TRIES)
		j->tried[j->n_tried++] = s;
}

static bool
job_has_tried(const struct side_job *j, const struct source *s)
{
	for (unsigned i = 0; i < j->n_tried; i++)
		if (j->tried[i] == s || (s->kind == SOURCE_RESOLVER && j->tried[i]->operator_id == s->operator_id))
			return true;
	return false;
}

static void
job_failed_once(struct side_job *j, enum reason reason)
{
	if (j->reason == REASON_NONE)
		j->reason = reason;
}

static void
job_ask(struct side_job *j, struct source *s, unsigned flags, ask_done *done)
{
	struct ask ask = { .source = s, .q = &j->q, .flags = flags, .done = done, .ctx = j->d, .tag = j->want.id };

	job_tried(j, s);
	prober_ask(j->d->p->prober, &ask);
}

static void
job_look_up(struct side_job *j)
{
	lookup_ask(j->d->p->lookup, &j->q, looked_up, j->d, j->want.id);
}

/* What the reply says, in a; NULL with the reason when it says nothing. */
static struct answer *
reply_answer(struct arena *a, const struct reply *reply, bool authority, enum reason *ret_reason)
{
	struct dns_message *m;
	struct answer *an;

	*ret_reason = reply->reason;
	if (reply->reason != REASON_NONE)
		return NULL;
	*ret_reason = REASON_MALFORMED;
	if (dns_message_decode(a, reply->wire, reply->len, &m, NULL) == -1)
		return NULL;
	*ret_reason = REASON_LAME;
	an = answer_from_message(a, m);
	if (an->kind == ANSWER_REFERRAL)
		return authority ? an : NULL;
	return authority && !an->aa ? NULL : an;
}

static const char *
source_where(struct arena *a, const char *name, const struct source *s)
{
	char buf[ADDR_TEXT_MAX];

	return arena_printf(a, "%s%s%s", name, *name != '\0' ? " " : "", addr_text(&s->addr, 53, buf));
}

/* ---- at the authorities ---- */

/* Has the server of this column given an answer of the zone? */
static bool
column_serves(struct board_domain *b, size_t col)
{
	for (size_t row = 0; row < board_n_rows(b); row++) {
		const struct cell *c = board_cell(b, row, col);

		if (c->asked && c->aa && c->reason == REASON_NONE && c->variant != 0)
			return true;
	}
	return false;
}

/* The next authority to ask, NULL when there is none. */
static struct source *
authority_pick(struct board_domain *b, const struct side_job *j)
{
	for (size_t col = 0; col < board_n_columns(b) && (j == NULL || j->n_tried < SIDE_TRIES); col++) {
		struct source *s = board_column_source(b, col);

		if (s != NULL && s->kind == SOURCE_AUTHORITY && !s->blocked && !s->set_aside && (j == NULL || !job_has_tried(j, s)) &&
		    column_serves(b, col))
			return s;
	}
	return NULL;
}

static bool
in_own_zone(const struct domain *d, const struct dns_name *name)
{
	const struct zone *z = board_zone(d->b);
	struct dns_name domain;

	plan_domain_name(board_plan(d->b), &domain);
	return !d->no_authorities && dns_name_is_below(name, z != NULL && z->status == ZONE_FOUND ? &z->apex : &domain);
}

/*
 * The domain whose zone the name lies in, its own or another that is watched: a resolver that were asked for a name of either
 * would perhaps learn that it is not there yet.  NULL: a name of others.
 */
static struct board_domain *
home_of(const struct side_job *j, const struct dns_name *name)
{
	char text[DNS_NAME_TEXT_MAX];
	struct dns_name at;

	for (unsigned skip = 0; skip < dns_name_labels(name); skip++) {
		struct board_domain *b;
		const struct zone *z;

		dns_name_suffix(&at, name, skip);
		b = board_find(j->d->p->board, dns_name_text_lower(&at, text));
		z = b != NULL ? board_zone(b) : NULL;
		if (z != NULL && z->status == ZONE_FOUND && dns_name_is_below(name, &z->apex))
			return b;
	}
	return in_own_zone(j->d, name) ? j->d->b : NULL;
}

static void
authority_try(struct side_job *j)
{
	struct board_domain *home = j->want.at == SIDE_AUTHORITY ? j->d->b : home_of(j, &j->q.name);
	struct source *s = home != NULL ? authority_pick(home, j) : NULL;

	if (s == NULL)
		job_fail(j, REASON_SET_ASIDE);
	else
		job_ask(j, s, 0, authority_replied);
}

static const char *
authority_where(const struct side_job *j, struct arena *a, const struct source *s)
{
	struct board_domain *home = home_of(j, &j->want.q.name);
	const struct zone *z = board_zone(home != NULL ? home : j->d->b);
	char text[DNS_NAME_TEXT_MAX];

	for (size_t i = 0; z != NULL && i < z->n_servers; i++)
		if (z->servers[i].source == s)
			return source_where(a, dns_name_text_lower(&z->servers[i].name, text), s);
	return source_where(a, "", s);
}

/* Asked at the servers of its zone?  The DS of a zone stands in the one above (RFC 4035 section 2.4). */
static bool
is_asked_at_home(const struct side_job *j)
{
	struct board_domain *home = home_of(j, &j->q.name);
	const struct zone *z = home != NULL ? board_zone(home) : NULL;

	return home != NULL && (j->q.type != DNS_TYPE_DS || z == NULL || !dns_name_equal(&j->q.name, &z->apex));
}

/* A look-up goes on where the zone ends: in a zone below, or where an alias leads.  False when this is the answer. */
static bool
leads_out(struct side_job *j, const struct answer *an)
{
	if (j->want.at != SIDE_LOOKUP)
		return false;
	if (an->kind == ANSWER_REFERRAL)
		return true;
	if (an->n_chain == 0 || an->kind == ANSWER_CNAME_LOOP || j->chain != NULL ||
	    home_of(j, &an->chain[an->n_chain - 1]) == home_of(j, &j->q.name))
		return false;
	j->n_tried = 0;
	j->n_chain = an->n_chain;
	j->chain = xreallocarray(NULL, an->n_chain, sizeof(*j->chain));
	memcpy(j->chain, an->chain, an->n_chain * sizeof(*j->chain));
	j->chain_ttl = an->ttl > 0 ? an->ttl : TTL_MAX_S;
	j->q.name = j->chain[j->n_chain - 1];
	return true;
}

static void
authority_replied(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	struct side_job *j = job_find(ctx, tag);
	struct arena *a = arena_new();
	enum reason reason;
	struct answer *an = reply_answer(a, reply, true, &reason);

	if (j != NULL && an == NULL) {
		job_failed_once(j, reason);
		authority_try(j);
	} else if (j != NULL && leads_out(j, an)) {
		if (an->kind == ANSWER_REFERRAL || !is_asked_at_home(j))
			job_look_up(j);
		else
			authority_try(j);
	} else if (j != NULL) {
		job_done(j, an, authority_where(j, a, src), true, a);
	}
	arena_free(a);
}

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
	job_done(j, &copy, s != NULL ? source_where(a, s->name, s) : NULL, false, a);
	arena_free(a);
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

static void
voter_try(struct side_job *j)
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
	struct answer *an = reply_answer(a, reply, false, &reason);

	if (j != NULL && an == NULL) {
		job_failed_once(j, reason);
		voter_try(j);
	} else if (j != NULL) {
		job_done(j, an, source_where(a, src->name, src), false, a);
	}
	arena_free(a);
}

/* ---- at the servers that the administrator edits ---- */

/* The name of the server that is asked, false when there are no more. */
static bool
edited_name(const struct side_job *j, struct dns_name *ret)
{
	const struct conf_domain *conf = plan_conf(board_plan(j->d->b));

	return j->edited < 2 * conf->n_nameservers && dns_name_parse(ret, conf->nameservers[j->edited / 2], NULL) == 0;
}

static void
edited_try(struct side_job *j)
{
	struct question q = { .type = j->edited % 2 == 0 ? DNS_TYPE_A : DNS_TYPE_AAAA };

	if (j->n_tried < SIDE_TRIES && edited_name(j, &q.name))
		lookup_ask(j->d->p->lookup, &q, edited_looked_up, j->d, j->want.id);
	else
		job_fail(j, REASON_NETWORK);
}

/* The first address only: the next name is as good as the next address. */
static void
edited_looked_up(void *ctx, uint64_t tag, enum reason reason, const struct answer *answer, const struct dns_message *m)
{
	struct side_job *j = job_find(ctx, tag);
	struct addr addr;
	struct source *s;

	(void)m;
	if (j == NULL)
		return;
	if (answer == NULL || answer->kind != ANSWER_POSITIVE || !rdata_addr(&answer->values[0], &addr)) {
		if (answer == NULL)
			job_failed_once(j, reason);
		j->edited++;
		edited_try(j);
		return;
	}
	s = sources_authority(j->d->p->sources, &addr);
	job_ask(j, s, 0, edited_replied);
	source_unref(j->d->p->sources, s);	/* the ask holds it */
}

static void
edited_replied(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	struct side_job *j = job_find(ctx, tag);
	struct arena *a = arena_new();
	enum reason reason;
	struct answer *an = reply_answer(a, reply, true, &reason);
	struct dns_name name;
	char text[DNS_NAME_TEXT_MAX] = "";

	if (j != NULL && an == NULL) {
		job_failed_once(j, reason);
		j->edited += 2 - j->edited % 2;
		edited_try(j);
	} else if (j != NULL) {
		if (edited_name(j, &name))
			dns_name_text_lower(&name, text);
		job_done(j, an, source_where(a, text, src), true, a);
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

static void
policy_ask(struct side_job *j)
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
		job_end(j, sides_answer_text(board_sides(j->d->b), j->want.id, text, n, where, expiry(j->d, TTL_MAX_S)));
}

/* ---- taking what is wanted ---- */

static void
lookup_start(struct side_job *j)
{
	if (is_asked_at_home(j))
		authority_try(j);
	else
		job_look_up(j);
}

static void
authority_start(struct side_job *j)
{
	if (j->d->no_authorities)
		job_fail(j, REASON_GATED);
	else
		authority_try(j);
}

static void (*const starts[SIDE_AT_MAX])(struct side_job *j) = {
	[SIDE_AUTHORITY] = authority_start, [SIDE_LOOKUP] = lookup_start, [SIDE_EDITED] = edited_try,
	[SIDE_UNCHECKED] = voter_try, [SIDE_POLICY] = policy_ask,
};

static bool
has_room(struct domain *d, const struct side_want *want)
{
	const struct source *s = authority_pick(d->b, NULL);

	if (want->at == SIDE_POLICY)
		return d->p->n_policies < POLICIES_AT_ONCE;
	return pipeline_has_room(d->p) && (s == NULL || prober_backlog(d->p->prober, s) < SIDE_BACKLOG);
}

void
domain_ask_sides(struct domain *d, int64_t now)
{
	struct sides *sides = board_sides(d->b);
	struct side_want want;
	struct side_job *j;

	if (d->sides_wait || d->asking_sides)
		return;
	d->asking_sides = true;		/* what fails at once ends up here again */
	while (d->n_side_jobs < SIDES_AT_ONCE && sides_next(sides, &want)) {
		if (!has_room(d, &want)) {
			sides_put_back(sides, want.id);
			domain_due(d, now + SIDE_HOLD_MS);
			break;
		}
		j = xcalloc(1, sizeof(*j));
		j->d = d;
		j->want = want;
		j->q = want.q;
		j->next = d->side_jobs;
		d->side_jobs = j;
		d->n_side_jobs++;
		starts[want.at](j);
	}
	d->asking_sides = false;
}

void
domain_forget_sides(struct domain *d)
{
	lookup_forget(d->p->lookup, d);
	while (d->side_jobs != NULL)
		job_free(d->side_jobs);
}
