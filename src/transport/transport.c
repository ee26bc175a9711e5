/* SPDX-License-Identifier: ISC */
/*
 * The face of the room: queries in, answers out, one timer for all channels.
 *
 * Work that must wait for the end of a turn of the loop (datagrams to send, channels to destroy, answers to deliver)
 * is done by one deferred call.  Answers are delivered DELIVER_BATCH at a time, so that sockets and timers get their
 * turn when many came at once.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

#define DELIVER_BATCH 256

static const struct transport_ares_config config_default = {
	.queries_per_port = 100,
	.seconds_per_port = 10,
	.idle_close_ms = 1000,
};

int64_t
transport_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
transport_now_ms(void)
{
	return transport_now_us() / 1000;
}

/* ---- queries ---- */

static struct query *
query_new(struct transport_ares *t, const struct transport_query *tq)
{
	struct query *q = TAILQ_FIRST(&t->free);

	assert(tq->len >= DNS_HEADER_BYTES && tq->len <= QUERY_INLINE);
	if (q != NULL)
		TAILQ_REMOVE(&t->free, q, link);
	else
		q = xmalloc(sizeof(*q));
	memset(q, 0, offsetof(struct query, inline_bytes));
	q->bytes = q->inline_bytes;
	q->tag = tq->tag;
	q->len = tq->len;
	memcpy(q->bytes, tq->wire, tq->len);
	return q;
}

/* Kept for the next one: there are as many as were ever in flight together. */
static void
query_free(struct transport_ares *t, struct query *q)
{
	if (q->bytes != q->inline_bytes)
		free(q->bytes);
	TAILQ_INSERT_HEAD(&t->free, q, link);
}

void
transport_done(struct transport_ares *t, struct query *q, enum transport_status status)
{
	if (q->truncated && status != TRANSPORT_OK && status != TRANSPORT_STOPPED)
		status = TRANSPORT_TRUNCATED;
	q->status = status;
	TAILQ_INSERT_TAIL(&t->done, q, link);
	transport_turn(t);
}

/* ---- the end of a turn ---- */

static void
deliver(struct transport_ares *t, unsigned max)
{
	struct query *q;

	for (; max > 0 && (q = TAILQ_FIRST(&t->done)) != NULL; max--) {
		struct transport_answer a = { .status = q->status, .tcp = q->tcp, .rtt_us = q->rtt_us, .tag = q->tag };

		TAILQ_REMOVE(&t->done, q, link);
		if (q->status == TRANSPORT_OK) {
			a.wire = q->bytes;
			a.len = q->len;
		}
		t->base.on_answer(t->base.ctx, &a);
		query_free(t, q);
	}
}

static void
timer_arm(struct transport_ares *t)
{
	const struct heap_item *top = heap_top(&t->due);

	if (top == NULL || top->key >= t->timer_ms)
		return;			/* a timer that fires too early does no harm */
	t->timer_ms = top->key;
	loop_timer_set(t->timer, top->key - transport_now_ms());
}

void
transport_settle(struct transport_ares *t)
{
	struct channel *ch;
	struct server *s;
	struct port *p;

	while ((ch = TAILQ_FIRST(&t->finished)) != NULL) {
		s = ch->server;
		TAILQ_REMOVE(&t->finished, ch, link);
		channel_free(ch);
		server_tcp_closed(s);
	}
	while ((s = t->tcp_ready) != NULL) {
		t->tcp_ready = s->next_ready;
		s->tcp_queued = false;
		server_start_tcp(s);
	}
	while ((p = TAILQ_FIRST(&t->dead)) != NULL) {
		TAILQ_REMOVE(&t->dead, p, link);
		port_free(p);
	}
	if (!TAILQ_EMPTY(&t->finished))
		transport_turn(t);	/* a connection failed at once */
	timer_arm(t);
}

static void
on_turn(void *ctx)
{
	struct transport_ares *t = ctx;

	t->turn_set = false;
	port_flush_all(t);
	transport_settle(t);
	deliver(t, DELIVER_BATCH);
	if (!TAILQ_EMPTY(&t->done))
		transport_turn(t);
}

void
transport_turn(struct transport_ares *t)
{
	if (t->turn_set || t->stopping)
		return;
	t->turn_set = true;
	loop_defer(t->loop, on_turn, t);
}

static void
on_timer(void *ctx)
{
	struct transport_ares *t = ctx;
	int64_t now = transport_now_ms();
	struct heap_item *top;

	t->timer_ms = INT64_MAX;
	while ((top = heap_top(&t->due)) != NULL && top->key <= now)
		channel_due((struct channel *)(void *)((char *)top - offsetof(struct channel, due)), now);
	transport_settle(t);
}

/* ---- the face ---- */

static void
transport_ares_send(struct transport *base, const struct transport_query *tq)
{
	struct transport_ares *t = (struct transport_ares *)base;
	struct query *q = query_new(t, tq);
	struct server *s;

	if (t->stopping) {
		transport_done(t, q, TRANSPORT_STOPPED);
		return;
	}
	s = q->server = server_get(t, &tq->to, tq->timeout_ms);
	if (tq->tcp)
		server_send_tcp(s, q);
	else
		server_send(s, q);
}

static void
transport_ares_flush(struct transport *base)
{
	struct transport_ares *t = (struct transport_ares *)base;

	port_flush_all(t);
	transport_settle(t);
}

static void
server_stop_one(void *ctx, void *value)
{
	struct transport_ares *t = ctx;
	struct server *s = value;
	struct query *q;

	channel_free(s->udp);
	while ((q = TAILQ_FIRST(&s->tcp_waiting)) != NULL) {
		TAILQ_REMOVE(&s->tcp_waiting, q, link);
		transport_done(t, q, TRANSPORT_STOPPED);
	}
}

static void
channels_stop(struct transport_ares *t)
{
	struct heap_item *top;
	struct channel *ch;

	/* Every TCP channel that is not finished has its time-out in the heap. */
	map_each(t->servers, server_stop_one, t);
	while ((top = heap_top(&t->due)) != NULL)
		channel_free((struct channel *)(void *)((char *)top - offsetof(struct channel, due)));
	while ((ch = TAILQ_FIRST(&t->finished)) != NULL) {
		TAILQ_REMOVE(&t->finished, ch, link);
		channel_free(ch);
	}
}

static void
transport_ares_free(struct transport *base)
{
	struct transport_ares *t = (struct transport_ares *)base;
	struct query *q;
	struct port *p;

	t->stopping = true;
	loop_defer_cancel(t->loop, t);
	channels_stop(t);
	while (!TAILQ_EMPTY(&t->done))
		deliver(t, DELIVER_BATCH);
	while ((q = TAILQ_FIRST(&t->free)) != NULL) {
		TAILQ_REMOVE(&t->free, q, link);
		free(q);
	}
	while ((p = TAILQ_FIRST(&t->dead)) != NULL) {
		TAILQ_REMOVE(&t->dead, p, link);
		port_free(p);
	}
	map_free(t->servers, free);
	heap_done(&t->due);
	loop_timer_free(t->timer);
	ring_free(t->ring);
	free(t);
	channel_library_done();
}

static const struct transport_ops transport_ares_ops = {
	.send = transport_ares_send,
	.flush = transport_ares_flush,
	.free = transport_ares_free,
};

struct transport *
transport_ares_new(struct loop *l, const struct transport_ares_config *cfg, struct err *err)
{
	struct transport_ares *t;

	if (!channel_library_init(err))
		return NULL;
	t = xcalloc(1, sizeof(*t));
	t->base.ops = &transport_ares_ops;
	t->loop = l;
	t->cfg = cfg != NULL ? *cfg : config_default;
	t->servers = map_new();
	t->timer = loop_timer_new(l, on_timer, t);
	t->timer_ms = INT64_MAX;
	t->ring = ring_new();
	TAILQ_INIT(&t->done);
	TAILQ_INIT(&t->free);
	TAILQ_INIT(&t->finished);
	TAILQ_INIT(&t->dirty);
	TAILQ_INIT(&t->dead);
	return &t->base;
}
