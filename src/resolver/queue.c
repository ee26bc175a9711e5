/* SPDX-License-Identifier: ISC */
/* queue: what waits and what flies for one source, and the sending of it. */
#include <assert.h>
#include <stdlib.h>

#include "prober_int.h"

#define PUMP_BATCH 16	/* sent for one source before the next has its turn: addresses may share a bucket */

void
queue_ready(struct source_queue *q)
{
	if (q->ready)
		return;
	heap_remove(&q->prober->waits, &q->due);
	TAILQ_INSERT_TAIL(&q->prober->ready, q, link);
	q->ready = true;
}

void
queue_check_address(struct source_queue *q)
{
	q->outside = own_is_outside(q->prober, q->source);
	q->blocked = q->source->kind == SOURCE_AUTHORITY && !q->outside;
}

struct source_queue *
queue_of(struct prober *p, struct source *src)
{
	struct source_queue *q = src->queue;

	if (q != NULL)
		return q;
	q = src->queue = xcalloc(1, sizeof(*q));
	q->prober = p;
	q->source = src;
	TAILQ_INIT(&q->waiting);
	TAILQ_INIT(&q->flying);
	TAILQ_INSERT_TAIL(&p->all, q, all);
	queue_check_address(q);
	return q;
}

void
source_queue_free(struct source_queue *q)
{
	if (q == NULL)
		return;
	assert(q->n_waiting == 0 && q->n_flying == 0);
	if (q->ready)
		TAILQ_REMOVE(&q->prober->ready, q, link);
	heap_remove(&q->prober->waits, &q->due);
	TAILQ_REMOVE(&q->prober->all, q, all);
	q->source->queue = NULL;
	free(q);
}

/* REASON_NONE: the probe at the head may be sent, as far as health goes. */
static enum reason
queue_gate(struct source_queue *q, const struct probe *pr, int64_t now)
{
	struct source *src = q->source;

	if (src->blocked || q->blocked)
		return REASON_NOT_GLOBAL;
	if (family_refuses(family_of(q->prober, &src->addr), now))
		return REASON_NETWORK;
	if (src->set_aside && !pr->knock && (q->trial != NULL || now < src->retry_at_ms))
		return REASON_SET_ASIDE;
	return REASON_NONE;
}

static void
probe_encode(struct source_queue *q, struct probe *pr, int64_t now)
{
	struct source *src = q->source;
	unsigned flags = pr->flags;

	src->no_edns = src->no_edns && now < q->no_edns_until;
	src->no_0x20 = src->no_0x20 && now < q->no_0x20_until;
	if (src->no_edns || pr->plain)
		flags |= DNS_QUERY_NO_EDNS;
	pr->flags = (uint8_t)flags;
	pr->sent_len = (uint16_t)dns_query_encode(pr->sent, &pr->q, flags);
	if (!src->no_0x20)
		dns_query_mix_case(pr->sent, pr->sent_len);
}

static void
probe_send(struct source_queue *q, struct probe *pr, int64_t now)
{
	struct prober *p = q->prober;
	struct transport_query tq = {
		.to = q->source->addr, .wire = pr->sent, .timeout_ms = p->cfg.timeout_ms, .tag = pr,
	};

	probe_encode(q, pr, now);
	tq.tcp = pr->sent_tcp = pr->by_tcp || own_by_tcp(p, q, pr, now);
	tq.len = pr->sent_len;
	pr->seq = ++p->seq;
	pr->sent_ms = now;
	if (q->source->set_aside && !pr->knock)
		q->trial = pr;
	family_sent(family_of(p, &q->source->addr), now);
	TAILQ_REMOVE(&q->waiting, pr, link);
	q->n_waiting--;
	TAILQ_INSERT_TAIL(&q->flying, pr, link);
	q->n_flying++;
	p->n_flying++;
	q->source->stats.queries++;
	p->t->ops->send(p->t, &tq);
	p->unflushed = true;
}

/* Take it from the head of what waits; it is told from prober_run(). */
static void
probe_refuse(struct source_queue *q, struct probe *pr, enum reason reason)
{
	TAILQ_REMOVE(&q->waiting, pr, link);
	q->n_waiting--;
	pr->reason = reason;
	TAILQ_INSERT_TAIL(&q->prober->finished, pr, link);
}

void
queue_pump(struct source_queue *q, int64_t now)
{
	struct probe *pr;
	enum reason reason;

	for (unsigned sent = 0; (pr = TAILQ_FIRST(&q->waiting)) != NULL;) {
		if ((reason = queue_gate(q, pr, now)) != REASON_NONE) {
			probe_refuse(q, pr, reason);
			continue;
		}
		if (q->n_flying >= q->source->window)
			return;
		if (sent == PUMP_BATCH) {
			queue_ready(q);
			return;
		}
		if (!bucket_take(q->source->bucket, now)) {
			/* who had something lets others at the same bucket go first */
			heap_set(&q->prober->waits, &q->due, bucket_next(q->source->bucket, now) + (sent > 0));
			return;
		}
		probe_send(q, pr, now);
		sent++;
	}
}

