/* SPDX-License-Identifier: ISC */
/*
 * One step of the walk, see struct step.  A dead server must not hold a find for its timeout times the number of servers, and
 * a healthy zone must not be asked at all its servers at once; hence waves: 1, then 3, then the rest, then twice more those
 * that were silent (three rounds over all).  That is ten seconds at the very worst.
 */
#include <stdio.h>
#include <stdlib.h>

#include "zone.h"

#define WAVES 5

/* ---- cuts ---- */

struct cut *
cut_ref(struct cut *c)
{
	c->refs++;
	return c;
}

void
cut_unref(struct zone_finder *f, struct cut *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	for (size_t i = 0; i < c->n; i++) {
		if (c->servers[i].source != NULL)
			source_unref(f->s, c->servers[i].source);
	}
	free(c);
}

bool
cut_is_served(const struct cut *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->servers[i].source != NULL)
			return true;
	}
	return false;
}

/* ---- steps ---- */

static void
step_finish(struct step *st, enum step_state state)
{
	struct find *fi;

	st->state = state;
	if (st->shared)
		cuts_finished(st);
	while ((fi = TAILQ_FIRST(&st->waiters)) != NULL) {
		TAILQ_REMOVE(&st->waiters, fi, link);
		find_ready(fi);
	}
}

void
step_unref(struct step *st)
{
	if (st != NULL && --st->refs == 0)
		step_free(st);
}

void
step_free(struct step *st)
{
	TAILQ_REMOVE(&st->f->steps, st, link);
	cut_unref(st->f, st->above);
	cut_unref(st->f, st->cut);
	free(st->delegation);
	free(st);
}

/* The finished addresses: there is a cut. */
static void
step_served(void *ctx, struct hosts *h)
{
	struct step *st = ctx;
	struct cut *c = hosts_cut(h);

	c->apex = st->delegation->owner;
	if (st->above != NULL)
		c->parent = st->above->apex;
	c->parent_seen = st->above != NULL;
	c->ttl = st->delegation->ttl;
	for (size_t i = 0; i < c->n; i++)
		c->servers[i].at_parent = true;
	st->cut = c;
	st->queries += hosts_queries(h);
	st->hosts = NULL;
	hosts_free(h);
	step_finish(st, STEP_CUT);
	step_unref(st);
}

/* Names are known; m may bring glue. */
static void
step_delegated(struct step *st, const struct delegation *d, const struct dns_message *m)
{
	struct hosts_config cfg = {
		.m = m, .done = step_served, .ctx = st, .ask = st->above, .trust_siblings = !st->strict,
	};

	st->delegation = xmalloc(sizeof(*d));
	*st->delegation = *d;
	st->refs++;		/* until the addresses are there */
	cfg.names = st->delegation;
	if (st->above != NULL) {
		cfg.bailiwick = &st->above->apex;
		cfg.fence = &st->delegation->owner;
	}
	st->hosts = hosts_new(st->f, &cfg);
}

/* ---- at the resolvers ---- */

static void
step_looked_up(void *ctx, uint64_t tag, enum reason reason, const struct answer *an, const struct dns_message *m)
{
	struct query *qy = ctx;
	struct step *st = qy->owner;
	struct delegation d;

	(void)tag;
	if (reason != REASON_NONE) {
		st->reason = reason;
		step_finish(st, STEP_FAILED);
	} else if (an->kind == ANSWER_POSITIVE && an->n_chain == 0) {
		delegation_from_answer(an, &st->name, &d);
		step_delegated(st, &d, m);
	} else {
		st->negative_ttl = an->ttl;
		step_finish(st, an->kind == ANSWER_NXDOMAIN && an->n_chain == 0 ? STEP_NXDOMAIN : STEP_NO_CUT);
	}
	step_unref(st);
}

static void
step_look_up(struct step *st)
{
	struct query tmpl = { .looked_up = step_looked_up, .owner = st };

	snprintf(st->where, sizeof(st->where), "the configured resolvers");
	st->refs++;
	query_lookup(st->f, &tmpl, &st->name, DNS_TYPE_NS);
}

/* ---- at the servers of the zone above ---- */

static void step_wave(struct step *st);

static void
step_says(struct step *st, const struct zone_server *server)
{
	char name[DNS_NAME_TEXT_MAX], addr[ADDR_TEXT_MAX];

	snprintf(st->where, sizeof(st->where), "%.64s %s", dns_name_text_lower(&server->name, name),
	    addr_text(&server->source->addr, 53, addr));
}

/* The first failure that tells something stays. */
static void
step_failed_at(struct step *st, unsigned index, enum reason reason)
{
	bool answered = reason == REASON_LAME || reason == REASON_REFUSED || reason == REASON_NOTIMP || reason == REASON_FORMERR ||
	    reason == REASON_SERVFAIL;

	st->tries[index] = answered || reason == REASON_NOT_GLOBAL ? TRY_HOPELESS : TRY_SILENT;
	st->all_answered &= answered;
	if (st->reason == REASON_NONE || st->reason == REASON_SET_ASIDE || st->reason == REASON_NETWORK ||
	    st->reason == REASON_NOT_GLOBAL) {
		st->reason = reason;
		step_says(st, &st->above->servers[index]);
	}
}

static void
step_judge(struct step *st, unsigned index, const struct dns_message *m)
{
	struct delegation d;
	enum judgement j = zone_judge(m, &st->above->apex, &st->name, &d);

	if (j == JUDGE_LAME) {
		step_failed_at(st, index, REASON_LAME);
		return;
	}
	st->reason = REASON_NONE;
	st->negative_ttl = d.negative_ttl;
	step_says(st, &st->above->servers[index]);
	if (j == JUDGE_CUT)
		step_delegated(st, &d, m);
	else
		step_finish(st, j == JUDGE_NXDOMAIN ? STEP_NXDOMAIN : STEP_NO_CUT);
}

static void
step_replied(struct query *qy, struct source *src, const struct reply *reply)
{
	struct step *st = qy->owner;
	struct dns_message *m;
	struct arena *a;
	enum reason reason = query_decode(reply, &a, &m);

	(void)src;
	st->n_out--;
	if (st->state == STEP_BUSY && st->delegation == NULL) {	/* else another server of the wave was faster */
		if (reason == REASON_NONE)
			step_judge(st, qy->index, m);
		else
			step_failed_at(st, qy->index, reason);
		if (st->state == STEP_BUSY && st->delegation == NULL && st->n_out == 0)
			step_wave(st);
	}
	arena_free(a);
	step_unref(st);
}

static void
step_send(struct step *st, unsigned index)
{
	struct query tmpl = { .replied = step_replied, .owner = st, .index = index };

	st->tries[index] = TRY_OUT;
	st->n_out++;
	st->queries++;
	st->refs++;
	query_send(st->f, &tmpl, &st->name, DNS_TYPE_NS, st->above->servers[index].source);
}

/* Send the next wave that has anybody to ask; none left: failed. */
static void
step_wave(struct step *st)
{
	static const unsigned sizes[WAVES] = { 1, 3, STEP_SERVERS_MAX, STEP_SERVERS_MAX, STEP_SERVERS_MAX };
	static const unsigned first_again = 3;

	for (; st->wave < WAVES && st->n_out == 0; st->wave++) {
		for (unsigned k = 0; k < st->n_order && st->n_out < sizes[st->wave]; k++) {
			unsigned i = st->order[k];

			if (st->tries[i] == (st->wave < first_again ? TRY_NOT_YET : TRY_SILENT))
				step_send(st, i);
		}
	}
	if (st->n_out > 0)
		return;
	if (st->reason == REASON_NONE)
		st->reason = REASON_LAME;	/* no server of it has an address */
	cuts_drop(st->f, &st->above->apex);
	step_finish(st, STEP_FAILED);
}

static unsigned
cost_of(const struct step *st, const struct source *s)
{
	return (s->blocked ? 4u : 0) + (s->set_aside ? 2u : 0) + (prober_family_missing(st->f->p, s->addr.family) ? 1u : 0);
}

/* Those that can be asked first, starting anywhere, so that the load is spread. */
static void
step_order(struct step *st)
{
	const struct cut *c = st->above;
	uint32_t start = c->n > 0 ? random_below((uint32_t)c->n) : 0;

	for (unsigned cost = 0; cost < 8; cost++) {
		for (size_t k = 0; k < c->n; k++) {
			size_t i = (start + k) % c->n;

			if (c->servers[i].source != NULL && cost_of(st, c->servers[i].source) == cost)
				st->order[st->n_order++] = (uint8_t)i;
		}
	}
}

struct step *
step_new(struct zone_finder *f, const struct dns_name *name, struct cut *above, bool strict)
{
	struct step *st = xcalloc(1, sizeof(*st));

	st->f = f;
	st->refs = 1;
	st->name = *name;
	st->strict = strict;
	st->all_answered = true;
	TAILQ_INIT(&st->waiters);
	TAILQ_INSERT_TAIL(&f->steps, st, link);
	if (above == NULL) {
		step_look_up(st);
		return st;
	}
	st->above = cut_ref(above);
	step_order(st);
	step_wave(st);
	return st;
}
