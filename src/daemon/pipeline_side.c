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

#include "pipeline_side.h"

#define SIDES_AT_ONCE    8	/* jobs of one domain */
#define POLICIES_AT_ONCE 32	/* of all domains: each is a connection */
#define SIDE_BACKLOG     128	/* asks waiting at a server: others first */
#define SIDE_HOLD_MS     250
#define TTL_MIN_S        60
#define DENIED_S         60	/* an authority's denial: somebody is perhaps at work on it */
#define FAILED_S         30	/* doubled with each failure, up to TTL_MAX_S */

/* ---- the list ---- */

struct side_job *
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

void
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
int64_t
side_expiry(const struct domain *d, int64_t seconds)
{
	return d->p->sched.mode == SCHED_ONCE ? INT64_MAX : domain_now(d) + seconds * 1000;
}

/* where: in whose words. */
void
job_fail_said(struct side_job *j, enum reason reason, const char *where)
{
	struct domain *d = j->d;
	int64_t wait = (int64_t)FAILED_S << (j->want.failures < 8 ? j->want.failures : 8);
	int64_t at = side_expiry(d, wait > TTL_MAX_S ? TTL_MAX_S : wait);

	if (d->sides_due_ms > at) {
		d->sides_due_ms = at;
		domain_due(d, at);
	}
	job_end(j, sides_answer(board_sides(d->b), j->want.id, j->reason != REASON_NONE ? j->reason : reason, NULL, where, at));
}

void
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
void
job_done(struct side_job *j, struct answer *an, const char *where, bool authority, struct arena *a)
{
	struct domain *d = j->d;
	int64_t ttl = an->ttl < TTL_MIN_S ? TTL_MIN_S : an->ttl > TTL_MAX_S ? TTL_MAX_S : an->ttl;

	if (authority && an->kind != ANSWER_POSITIVE)
		ttl = DENIED_S;
	job_join(j, an, a);
	job_end(j, sides_answer(board_sides(d->b), j->want.id, REASON_NONE, an, where, side_expiry(d, ttl)));
}

static void
job_tried(struct side_job *j, const struct source *s)
{
	if (j->n_tried < SIDE_TRIES)
		j->tried[j->n_tried++] = s;
}

bool
job_has_tried(const struct side_job *j, const struct source *s)
{
	for (unsigned i = 0; i < j->n_tried; i++)
		if (j->tried[i] == s || (s->kind == SOURCE_RESOLVER && j->tried[i]->operator_id == s->operator_id))
			return true;
	return false;
}

void
job_failed_once(struct side_job *j, enum reason reason)
{
	if (j->reason == REASON_NONE)
		j->reason = reason;
}

void
job_ask(struct side_job *j, struct source *s, unsigned flags, ask_done *done)
{
	struct ask ask = { .source = s, .q = &j->q, .flags = flags, .done = done, .ctx = j->d, .tag = j->want.id };

	job_tried(j, s);
	prober_ask(j->d->p->prober, &ask);
}

/* What the reply says, in a; NULL with the reason when it says nothing. */
struct answer *
side_answer_of(struct arena *a, const struct reply *reply, bool authority, enum reason *ret_reason)
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

const char *
side_where(struct arena *a, const char *name, const struct source *s)
{
	char buf[ADDR_TEXT_MAX];

	return arena_printf(a, "%s%s%s", name, *name != '\0' ? " " : "", addr_text(&s->addr, 53, buf));
}

/* ---- taking what is wanted ---- */

static void
lookup_start(struct side_job *j)
{
	if (job_is_asked_at_home(j))
		job_ask_authority(j);
	else
		job_look_up(j);
}

static void
authority_start(struct side_job *j)
{
	if (j->d->no_authorities)
		job_fail(j, REASON_GATED);
	else
		job_ask_authority(j);
}

static void (*const starts[SIDE_AT_MAX])(struct side_job *j) = {
	[SIDE_AUTHORITY] = authority_start, [SIDE_LOOKUP] = lookup_start, [SIDE_EDITED] = job_ask_edited,
	[SIDE_UNCHECKED] = job_ask_voter, [SIDE_POLICY] = job_ask_policy,
};

static bool
has_room(struct domain *d, const struct side_want *want)
{
	const struct source *s = side_authority(d->b, NULL);

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
