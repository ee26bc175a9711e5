/* SPDX-License-Identifier: ISC */
/*
 * Questions about names of others (name servers, mail exchangers, includes), put to the configured public resolvers and kept
 * for their TTL.  Never used for the domain's own records: those must not be cached anywhere before they are right.
 *
 *   struct entry	one question: asked now (busy) or known until its time; in the map by name and type
 *   struct waiter	somebody who wants it; told from prober_run() by way of the ready list, cached or not: one path
 *
 * Three tries, each at the best resolver not tried yet: alive before set aside, voting before info, an operator not yet tried
 * before one that failed, and among equals in turn, so that the load is spread.  Resolvers that are not even sent to (set
 * aside, no such address family here) cost no try.
 *
 * "There is none" is believed when a second operator says so too, if there is one: a single resolver that filters or lies would
 * otherwise take a name away from everybody who asks here.  Whoever knows the name is right.
 */
#include <stdlib.h>
#include <string.h>

#include "prober.h"

#define TRIES           3
#define TTL_MIN_S       5	/* RFC 2308 section 7 for failures; also for TTL 0: a crowd that asks at once is one question */
#define TTL_MAX_S       3600
#define ENTRIES_MAX     16384
#define KEY_MAX         (DNS_NAME_MAX + 2)
#define RESOLVERS_MAX   256	/* more than that are not looked at */

struct waiter {
	TAILQ_ENTRY(waiter) link;	/* in an entry's waiters or in ready */
	struct entry *entry;
	lookup_done *done;
	void *ctx;
	uint64_t tag;
};
TAILQ_HEAD(waiter_list, waiter);

struct entry {
	struct heap_item expiry;	/* first; in the heap when it is known and nobody is still to be told */
	TAILQ_ENTRY(entry) link;	/* in busy while it is asked */
	struct lookup *l;
	struct question q;
	struct waiter_list waiters;
	unsigned n_ready;		/* waiters in ready: it may not go away */
	int64_t expires_ms;
	bool busy;
	unsigned tries;
	uint8_t tried[RESOLVERS_MAX / 8];
	uint16_t operators[TRIES];	/* of the tries */
	enum reason reason;
	const struct source *from;	/* who answered; resolvers live as long as sources */
	struct arena *arena;
	struct dns_message *m;		/* NULL when reason says why */
	struct answer *answer;
	bool denied;			/* an answer is there, and it is a denial that a second operator is asked about */
};

struct lookup {
	struct prober *p;
	struct sources *s;
	const struct clock *clock;
	struct map *map;
	struct heap expiries;
	TAILQ_HEAD(, entry) busy;
	struct waiter_list ready;
	size_t n_ready;
	struct prober_call deliver;
	const struct source *from;	/* of the answer being told */
	size_t turn;
};

static size_t
key_of(uint8_t key[KEY_MAX], const struct question *q)
{
	struct dns_name n = q->name;

	dns_name_lower(&n);
	memcpy(key, n.wire, n.len);
	key[n.len] = (uint8_t)(q->type >> 8);
	key[n.len + 1] = (uint8_t)q->type;
	return (size_t)n.len + 2;
}

/* ---- entries ---- */

static struct entry *
entry_new(struct lookup *l, const struct question *q, const uint8_t *key, size_t key_len)
{
	struct entry *e = xcalloc(1, sizeof(*e));

	e->l = l;
	e->q = *q;
	TAILQ_INIT(&e->waiters);
	map_put(l->map, key, key_len, e);
	return e;
}

static void
entry_free(struct entry *e)
{
	struct lookup *l = e->l;
	uint8_t key[KEY_MAX];
	struct waiter *w;

	heap_remove(&l->expiries, &e->expiry);
	if (e->busy)
		TAILQ_REMOVE(&l->busy, e, link);
	while ((w = TAILQ_FIRST(&e->waiters)) != NULL) {
		TAILQ_REMOVE(&e->waiters, w, link);
		free(w);
	}
	map_del(l->map, key, key_of(key, &e->q));
	arena_free(e->arena);
	free(e);
}

/* What is over, and the soonest over when there is too much of it. */
static void
expire(struct lookup *l)
{
	int64_t now = l->clock->mono_ms(l->clock);
	struct heap_item *top;

	while ((top = heap_top(&l->expiries)) != NULL && (top->key <= now || map_count(l->map) > ENTRIES_MAX))
		entry_free((struct entry *)top);
}

static void
entry_pin(struct entry *e)
{
	if (e->n_ready++ == 0)
		heap_remove(&e->l->expiries, &e->expiry);
}

static void
entry_unpin(struct entry *e)
{
	if (--e->n_ready == 0)
		heap_set(&e->l->expiries, &e->expiry, e->expires_ms);
}

/* The waiter is in no list; it is told from prober_run(). */
static void
waiter_ready(struct waiter *w)
{
	struct lookup *l = w->entry->l;

	entry_pin(w->entry);
	TAILQ_INSERT_TAIL(&l->ready, w, link);
	l->n_ready++;
	prober_call(l->p, &l->deliver);
}

/* Known now: tell all who wait, later, and keep it for a while. */
static void
entry_finish(struct entry *e, enum reason reason)
{
	struct lookup *l = e->l;
	int64_t ttl = e->answer != NULL && reason == REASON_NONE ? e->answer->ttl : 0;
	struct waiter *w;

	ttl = ttl < TTL_MIN_S ? TTL_MIN_S : ttl > TTL_MAX_S ? TTL_MAX_S : ttl;
	e->reason = reason;
	e->busy = false;
	e->expires_ms = l->clock->mono_ms(l->clock) + ttl * 1000;
	TAILQ_REMOVE(&l->busy, e, link);
	heap_set(&l->expiries, &e->expiry, e->expires_ms);
	while ((w = TAILQ_FIRST(&e->waiters)) != NULL) {
		TAILQ_REMOVE(&e->waiters, w, link);
		waiter_ready(w);
	}
}

/* ---- asking ---- */

static bool
operator_tried(const struct entry *e, uint16_t id)
{
	for (unsigned i = 0; i < e->tries; i++) {
		if (e->operators[i] == id)
			return true;
	}
	return false;
}

/* Lower is better. */
static unsigned
cost_of(const struct entry *e, const struct source *s)
{
	return (prober_family_missing(e->l->p, s->addr.family) ? 16u : 0) + (s->set_aside ? 8u : 0) +
	    (s->class == CLASS_INFO ? 4u : 0) + (operator_tried(e, s->operator_id) ? 2u : 0);
}

/* The best public resolver not tried yet, or NULL. */
static struct source *
entry_pick(struct entry *e)
{
	struct lookup *l = e->l;
	size_t n = sources_n_resolvers(l->s), best = 0;
	unsigned best_cost = UINT32_MAX;

	n = n < RESOLVERS_MAX ? n : RESOLVERS_MAX;
	for (size_t k = 0; k < n; k++) {
		size_t i = (l->turn + k) % n;
		const struct source *s = sources_resolver(l->s, i);

		if (s->view == VIEW_PUBLIC && (e->tried[i / 8] & (1u << i % 8)) == 0 && cost_of(e, s) < best_cost) {
			best = i;
			best_cost = cost_of(e, s);
		}
	}
	if (best_cost == UINT32_MAX)
		return NULL;
	e->tried[best / 8] |= (uint8_t)(1u << best % 8);
	return sources_resolver(l->s, best);
}

static ask_done entry_answered;

static void
entry_try(struct entry *e)
{
	struct ask a = { .q = &e->q, .done = entry_answered, .ctx = e };

	a.source = e->tries < TRIES ? entry_pick(e) : NULL;
	if (e->denied && (a.source == NULL || a.source->set_aside || operator_tried(e, a.source->operator_id))) {
		entry_finish(e, REASON_NONE);	/* nobody else to ask */
		return;
	}
	if (a.source == NULL) {
		entry_finish(e, e->reason != REASON_NONE ? e->reason : REASON_NETWORK);
		return;
	}
	e->operators[e->tries] = a.source->operator_id;
	prober_ask(e->l->p, &a);
}

/* What a reply says: into a, or the reason why not. */
static enum reason
reply_read(const struct reply *reply, struct arena *a, struct dns_message **ret_m, struct answer **ret_answer)
{
	if (reply->reason != REASON_NONE)
		return reply->reason;
	if (dns_message_decode(a, reply->wire, reply->len, ret_m, NULL) == -1)
		return REASON_MALFORMED;
	*ret_answer = answer_from_message(a, *ret_m);
	return (*ret_answer)->kind == ANSWER_REFERRAL ? REASON_LAME : REASON_NONE;	/* lame: it does not resolve for us */
}

/* Keep the answer in place of the one there was. */
static void
entry_keep(struct entry *e, const struct source *src, struct arena *a, struct dns_message *m, struct answer *an)
{
	arena_free(e->arena);
	e->arena = a;
	e->m = m;
	e->answer = an;
	e->from = src;
}

static bool
is_denial(const struct answer *an)
{
	return an->kind == ANSWER_NXDOMAIN || an->kind == ANSWER_NODATA;
}

static void
entry_failed(struct entry *e, const struct source *src, enum reason reason)
{
	if (e->denied) {
		entry_finish(e, REASON_NONE);
		return;
	}
	if (reason != REASON_SET_ASIDE && !(reason == REASON_NETWORK && prober_family_missing(e->l->p, src->addr.family)))
		e->tries++;
	/* what a server said or failed to say tells more than that it was not even asked */
	if (e->reason == REASON_NONE || e->reason == REASON_SET_ASIDE || e->reason == REASON_NETWORK)
		e->reason = reason;
	entry_try(e);
}

static void
entry_answered(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	struct entry *e = ctx;
	struct arena *a = arena_new();
	struct dns_message *m;
	struct answer *an;
	enum reason reason = reply_read(reply, a, &m, &an);

	(void)tag;
	if (reason != REASON_NONE) {
		arena_free(a);
		entry_failed(e, src, reason);
		return;
	}
	if (e->denied && is_denial(an)) {
		arena_free(a);
		entry_finish(e, REASON_NONE);	/* two say so: the first one's words */
		return;
	}
	e->l->turn++;
	entry_keep(e, src, a, m, an);
	if (!is_denial(an)) {
		entry_finish(e, REASON_NONE);
		return;
	}
	e->denied = true;
	e->tries++;
	entry_try(e);
}

/* ---- the face ---- */

static void
deliver(void *ctx)
{
	struct lookup *l = ctx;
	struct waiter *w;

	/* who asks again from here has another turn */
	for (size_t n = l->n_ready; n > 0 && (w = TAILQ_FIRST(&l->ready)) != NULL; n--) {
		struct entry *e = w->entry;
		bool good = e->reason == REASON_NONE;

		TAILQ_REMOVE(&l->ready, w, link);
		l->n_ready--;
		l->from = good ? e->from : NULL;
		w->done(w->ctx, w->tag, e->reason, good ? e->answer : NULL, good ? e->m : NULL);
		entry_unpin(e);
		free(w);
	}
	l->from = NULL;
	expire(l);
}

const struct source *
lookup_from(const struct lookup *l)
{
	return l->from;
}

void
lookup_ask(struct lookup *l, const struct question *q, lookup_done *done, void *ctx, uint64_t tag)
{
	struct waiter *w = xcalloc(1, sizeof(*w));
	uint8_t key[KEY_MAX];
	size_t key_len = key_of(key, q);
	struct entry *e;
	bool is_new;

	expire(l);
	is_new = (e = map_get(l->map, key, key_len)) == NULL;
	if (is_new)
		e = entry_new(l, q, key, key_len);
	*w = (struct waiter){ .entry = e, .done = done, .ctx = ctx, .tag = tag };
	if (!is_new && !e->busy) {
		waiter_ready(w);
		return;
	}
	TAILQ_INSERT_TAIL(&e->waiters, w, link);
	if (is_new) {
		e->busy = true;
		TAILQ_INSERT_TAIL(&l->busy, e, link);
		entry_try(e);
	}
}

static void
forget_in(struct lookup *l, struct waiter_list *list, const void *ctx)
{
	struct waiter *w, *next;

	for (w = TAILQ_FIRST(list); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->ctx != ctx)
			continue;
		TAILQ_REMOVE(list, w, link);
		if (list == &l->ready) {
			l->n_ready--;
			entry_unpin(w->entry);
		}
		free(w);
	}
}

/* What is being asked for goes on: the answer is worth keeping. */
void
lookup_forget(struct lookup *l, const void *ctx)
{
	struct entry *e;

	forget_in(l, &l->ready, ctx);
	TAILQ_FOREACH(e, &l->busy, link)
		forget_in(l, &e->waiters, ctx);
}

struct lookup *
lookup_new(struct prober *p, struct sources *s, const struct clock *clock)
{
	struct lookup *l = xcalloc(1, sizeof(*l));

	l->p = p;
	l->s = s;
	l->clock = clock;
	l->map = map_new();
	l->deliver.f = deliver;
	l->deliver.ctx = l;
	TAILQ_INIT(&l->busy);
	TAILQ_INIT(&l->ready);
	return l;
}

void
lookup_free(struct lookup *l)
{
	struct entry *e;
	struct waiter *w;

	if (l == NULL)
		return;
	prober_uncall(l->p, &l->deliver);
	while ((w = TAILQ_FIRST(&l->ready)) != NULL) {
		TAILQ_REMOVE(&l->ready, w, link);
		entry_unpin(w->entry);
		free(w);
	}
	while ((e = TAILQ_FIRST(&l->busy)) != NULL) {
		prober_forget(l->p, e);
		entry_free(e);
	}
	while ((e = (struct entry *)heap_top(&l->expiries)) != NULL)
		entry_free(e);
	heap_done(&l->expiries);
	map_free(l->map, NULL);
	free(l);
}
