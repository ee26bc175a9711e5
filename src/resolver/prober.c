/* SPDX-License-Identifier: ISC */
/*
 * The queue in front of the transport.
 *
 * Every source has a queue of its own: what waits (in order) and what flies.  A queue is in at most one of these places, so
 * that one dead or slow server costs its own window and nothing else, and a turn costs only as much as there is to do:
 *
 *   ready		something can perhaps be sent: looked at by the next prober_run()
 *   the heap		waits for a token: its time is known
 *   neither		nothing waits, or the window is full: an answer makes it ready
 *
 * One ask is one try; whoever asked decides about another.  The exceptions are the protocol's own second tries, once each:
 * by TCP when the reply did not keep the case of the question (0x20), and without EDNS after FORMERR or BADVERS.
 *
 * Callbacks may ask, forget and give back sources.  So a loop here never holds a pointer to a next element over a callback,
 * and every probe holds a reference on its source.
 */
#include <stdlib.h>
#include <string.h>

#include "prober_int.h"

#define RUN_PASSES      32	/* callbacks that ask at once again: after so many the caller's loop gets its turn */
#define FREE_PROBES_MAX 4096	/* kept for the next asks */

int64_t
prober_now(const struct prober *p)
{
	return p->clock->mono_ms(p->clock);
}

/* ---- probes ---- */

static struct probe *
probe_new(struct prober *p, const struct ask *a)
{
	struct probe *pr = TAILQ_FIRST(&p->spare);

	if (pr != NULL) {
		TAILQ_REMOVE(&p->spare, pr, link);
		p->n_spare--;
	} else {
		pr = xmalloc(sizeof(*pr));
	}
	memset(pr, 0, offsetof(struct probe, q));
	pr->source = a->source;
	pr->source->refs++;
	pr->done = a->done;
	pr->ctx = a->ctx;
	pr->tag = a->tag;
	pr->flags = (uint8_t)a->flags;
	pr->knock = a->tcp;
	if (a->source->kind == SOURCE_RESOLVER)
		pr->flags |= DNS_QUERY_RD;
	else
		pr->flags &= (uint8_t)~DNS_QUERY_RD;
	pr->q.type = a->q->type;
	pr->q.name.len = a->q->name.len;
	memcpy(pr->q.name.wire, a->q->name.wire, a->q->name.len);
	return pr;
}

/* Out of every list already. */
static void
probe_free(struct prober *p, struct probe *pr)
{
	source_unref(pr->source->home, pr->source);
	if (p->n_spare >= FREE_PROBES_MAX) {
		free(pr);
		return;
	}
	TAILQ_INSERT_HEAD(&p->spare, pr, link);
	p->n_spare++;
}

void
probe_deliver(struct prober *p, struct probe *pr, const struct reply *reply)
{
	if (reply->reason != REASON_NONE)
		pr->source->stats.failures[reply->reason]++;
	if (pr->done != NULL)
		pr->done(pr->ctx, pr->tag, pr->source, reply);
	probe_free(p, pr);
}

/* ---- asking ---- */

void
prober_ask(struct prober *p, const struct ask *a)
{
	struct source_queue *q = queue_of(p, a->source);
	struct probe *pr = probe_new(p, a);

	TAILQ_INSERT_TAIL(&q->waiting, pr, link);
	/* a full window is opened by an answer, a wait for a token is over at its time: nothing to look at sooner */
	if (q->n_waiting++ == 0 || a->source->set_aside || a->tcp)
		queue_ready(q);
}

void
prober_call(struct prober *p, struct prober_call *c)
{
	if (c->queued)
		return;
	c->queued = true;
	TAILQ_INSERT_TAIL(&p->calls, c, link);
	p->n_calls++;
}

void
prober_uncall(struct prober *p, struct prober_call *c)
{
	if (!c->queued)
		return;
	c->queued = false;
	TAILQ_REMOVE(&p->calls, c, link);
	p->n_calls--;
}

/* Everything that is ready now, once. */
static void
run_pass(struct prober *p, int64_t now)
{
	struct queue_list batch = TAILQ_HEAD_INITIALIZER(batch);
	struct source_queue *q;
	struct prober_call *c;
	struct probe *pr;
	unsigned n_calls = p->n_calls;

	while ((q = (struct source_queue *)heap_top(&p->waits)) != NULL && q->due.key <= now)
		queue_ready(q);
	TAILQ_CONCAT(&batch, &p->ready, link);
	while ((q = TAILQ_FIRST(&batch)) != NULL) {	/* no callbacks in here */
		TAILQ_REMOVE(&batch, q, link);
		q->ready = false;
		queue_pump(q, now);
	}
	while ((pr = TAILQ_FIRST(&p->finished)) != NULL) {
		struct reply reply = { .reason = pr->reason };

		TAILQ_REMOVE(&p->finished, pr, link);
		probe_deliver(p, pr, &reply);
	}
	while (n_calls-- > 0 && (c = TAILQ_FIRST(&p->calls)) != NULL) {
		prober_uncall(p, c);
		c->f(c->ctx);
	}
}

static bool
has_work(const struct prober *p)
{
	return !TAILQ_EMPTY(&p->ready) || !TAILQ_EMPTY(&p->finished) || !TAILQ_EMPTY(&p->calls);
}

int64_t
prober_run(struct prober *p)
{
	int64_t now = prober_now(p);
	struct heap_item *top;

	for (unsigned pass = 0; pass == 0 || (pass < RUN_PASSES && has_work(p)); pass++)
		run_pass(p, now);
	if (p->unflushed) {
		p->unflushed = false;
		p->t->ops->flush(p->t);
	}
	if (has_work(p))
		return now;
	return (top = heap_top(&p->waits)) != NULL ? top->key : INT64_MAX;
}

unsigned
prober_backlog(const struct prober *p, const struct source *s)
{
	(void)p;
	return s->queue != NULL ? s->queue->n_waiting + s->queue->n_flying : 0;
}

unsigned
prober_in_flight(const struct prober *p)
{
	return p->n_flying;
}

/* Mark those of ctx; what flies or is finished is dropped when its turn comes, what waits goes now. */
static void
forget_in(struct probe_list *list, const void *ctx)
{
	struct probe *pr;

	TAILQ_FOREACH(pr, list, link) {
		if (pr->ctx == ctx)
			pr->done = NULL;
	}
}

void
prober_forget(struct prober *p, const void *ctx)
{
	struct source_queue *q, *next_queue;
	struct probe *pr, *next;

	forget_in(&p->finished, ctx);
	for (q = TAILQ_FIRST(&p->all); q != NULL; q = next_queue) {
		next_queue = TAILQ_NEXT(q, all);
		forget_in(&q->flying, ctx);
		q->source->refs++;	/* the last probe may hold the last reference */
		for (pr = TAILQ_FIRST(&q->waiting); pr != NULL; pr = next) {
			next = TAILQ_NEXT(pr, link);
			if (pr->ctx != ctx)
				continue;
			TAILQ_REMOVE(&q->waiting, pr, link);
			q->n_waiting--;
			probe_free(p, pr);
		}
		source_unref(q->source->home, q->source);
	}
}

void
prober_reconfigure(struct prober *p, const struct prober_config *cfg)
{
	struct source_queue *q;

	p->cfg = *cfg;
	TAILQ_FOREACH(q, &p->all, all)
		queue_check_address(q);
}

struct prober *
prober_new(struct transport *t, const struct clock *clock, const struct prober_config *cfg)
{
	struct prober *p = xcalloc(1, sizeof(*p));

	p->t = t;
	p->clock = clock;
	p->cfg = *cfg;
	TAILQ_INIT(&p->all);
	TAILQ_INIT(&p->ready);
	TAILQ_INIT(&p->finished);
	TAILQ_INIT(&p->spare);
	TAILQ_INIT(&p->calls);
	own_init(&p->own);
	t->on_answer = prober_on_answer;
	t->ctx = p;
	return p;
}

static void
free_list(struct prober *p, struct probe_list *list, unsigned *n)
{
	struct probe *pr;

	while ((pr = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, pr, link);
		if (n != NULL)
			(*n)--;
		probe_free(p, pr);
	}
}

/* Nobody is told any more, and nothing is begun: what the transport still delivers at its end finds nobody there. */
static void
forget_all(struct prober *p)
{
	struct source_queue *q, *next;
	struct probe *pr;

	TAILQ_FOREACH(q, &p->all, all) {
		TAILQ_FOREACH(pr, &q->flying, link)
			pr->done = NULL;
	}
	p->cfg.wake = NULL;
	p->cfg.recovered = NULL;
	p->cfg.own_changed = NULL;
	p->cfg.own = false;		/* an errand would wait for ever */
	for (q = TAILQ_FIRST(&p->all); q != NULL; q = next) {
		next = TAILQ_NEXT(q, all);
		q->source->refs++;
		free_list(p, &q->waiting, &q->n_waiting);
		source_unref(q->source->home, q->source);
	}
	free_list(p, &p->finished, NULL);
}

void
prober_free(struct prober *p)
{
	struct source_queue *q;
	struct probe *pr;

	if (p == NULL)
		return;
	forget_all(p);
	p->t->ops->free(p->t);		/* everything that flies comes back, as STOPPED or as what came in last */
	own_done(p);
	while ((q = TAILQ_FIRST(&p->all)) != NULL)
		source_queue_free(q);
	while ((pr = TAILQ_FIRST(&p->spare)) != NULL) {
		TAILQ_REMOVE(&p->spare, pr, link);
		free(pr);
	}
	heap_done(&p->waits);
	free(p);
}
