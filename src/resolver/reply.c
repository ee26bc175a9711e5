/* SPDX-License-Identifier: ISC */
/*
 * reply: what comes back from the transport, as a reason; what it says about the source; and the second tries that the
 * protocol itself asks for.
 */
#include "prober_int.h"

#define QUIRK_MS 3600000	/* no EDNS, no 0x20: believed for an hour */

/* A bare header is how servers that know neither EDNS nor this question refuse: no question to compare, and no answer. */
static bool
is_bare_refusal(const struct reply_head *h)
{
	return h->response && h->n_question == 0 && h->n_answer == 0 && h->n_authority == 0 &&
	    h->rcode != DNS_RCODE_NOERROR && h->rcode != DNS_RCODE_NXDOMAIN;
}

static void
probe_again(struct source_queue *q, struct probe *pr)
{
	TAILQ_INSERT_HEAD(&q->waiting, pr, link);
	q->n_waiting++;
	queue_ready(q);
}

/*
 * A reply whose question differs in case only: a server that does not keep it, or somebody who guessed the id and not the
 * case.  TCP cannot be guessed into; what it says is taken, and when it differs there too it is the server's way.
 */
static bool
case_is_explained(struct source_queue *q, const struct transport_answer *a, int64_t now)
{
	if (q->source->no_0x20)
		return true;
	if (!a->tcp)
		return false;
	q->source->no_0x20 = true;
	q->no_0x20_until = now + QUIRK_MS;
	return true;
}

/* The reason of a reply; *again when it is to be asked in another way first. */
static enum reason
reply_judge(struct source_queue *q, struct probe *pr, const struct transport_answer *a, int64_t now, bool *again)
{
	struct source *src = q->source;
	struct reply_head h;
	bool whole = reply_head_read(&h, a->wire, a->len);
	enum reply_check check = dns_reply_check(pr->sent, pr->sent_len, a->wire, a->len);

	if (check == REPLY_CASE && case_is_explained(q, a, now))
		check = REPLY_OK;
	if (check == REPLY_CASE && !pr->by_tcp) {
		pr->by_tcp = *again = true;
		return REASON_MALFORMED;
	}
	if (check != REPLY_OK && !(whole && is_bare_refusal(&h)))
		return REASON_MALFORMED;
	if (!whole)
		return h.tc ? REASON_TRUNCATED : REASON_MALFORMED;
	if (reply_refuses_edns(&h) && (pr->flags & DNS_QUERY_NO_EDNS) == 0) {
		pr->plain = *again = true;
		return REASON_FORMERR;
	}
	if (pr->plain && !reply_refuses_edns(&h) && !src->no_edns) {
		src->no_edns = true;
		q->no_edns_until = now + QUIRK_MS;
	}
	own_saw_reply(q->prober, q, pr, &h, a->tcp);
	return reply_reason(&h, src);
}

static enum reason
probe_replied(struct prober *p, struct source_queue *q, struct probe *pr, const struct transport_answer *a, bool *again)
{
	struct source *src = q->source;
	int64_t now = prober_now(p);

	source_saw_reply(src, now);
	family_replied(family_of(p, &src->addr), now);
	if (a->status == TRANSPORT_TRUNCATED) {
		own_saw_nothing(p, q, pr, a->status);
		return REASON_TRUNCATED;
	}
	src->stats.answers++;
	if (a->tcp)
		src->stats.tcp++;
	source_saw_rtt(src, a->rtt_us);
	return reply_judge(q, pr, a, now, again);
}

static enum reason
probe_unanswered(struct prober *p, struct source_queue *q, struct probe *pr, enum transport_status status)
{
	struct source_limits limits = { p->cfg.set_aside_tries, p->cfg.set_aside_ms };
	int64_t now = prober_now(p);

	if (status == TRANSPORT_STOPPED)
		return REASON_STOPPED;
	if (pr->by_tcp)		/* the UDP reply of the wrong case came: somebody is there, but it proves nothing */
		return REASON_MALFORMED;
	if (pr->knock) {
		own_saw_nothing(p, q, pr, status);
		return status == TRANSPORT_TIMEOUT ? REASON_TIMEOUT : REASON_NETWORK;
	}
	if (status != TRANSPORT_NO_FAMILY || family_failed(family_of(p, &pr->source->addr), pr->sent_ms, now))
		source_saw_nothing(pr->source, &limits, dns_name_hash(&pr->q.name) ^ pr->q.type, pr->seq, p->seq, now);
	own_saw_nothing(p, q, pr, status);
	return status == TRANSPORT_TIMEOUT ? REASON_TIMEOUT : REASON_NETWORK;
}

void
prober_on_answer(void *ctx, const struct transport_answer *a)
{
	struct prober *p = ctx;
	struct probe *pr = a->tag;
	struct source_queue *q = pr->source->queue;
	bool usable = a->status == TRANSPORT_OK && a->wire != NULL, again = false, aside = pr->source->set_aside;
	struct reply reply = { .rtt_us = a->rtt_us, .tcp = a->tcp };

	TAILQ_REMOVE(&q->flying, pr, link);
	q->n_flying--;
	p->n_flying--;
	if (q->trial == pr)
		q->trial = NULL;
	if (usable || a->status == TRANSPORT_TRUNCATED)
		reply.reason = probe_replied(p, q, pr, a, &again);
	else
		reply.reason = probe_unanswered(p, q, pr, a->status == TRANSPORT_OK ? TRANSPORT_NETWORK : a->status);
	if (usable) {
		reply.wire = a->wire;
		reply.len = a->len;
	}
	if (q->n_waiting > 0)
		queue_ready(q);
	if (aside && !pr->source->set_aside && p->cfg.recovered != NULL)
		p->cfg.recovered(p->cfg.ctx, pr->source);
	if (again && pr->done != NULL)
		probe_again(q, pr);
	else
		probe_deliver(p, pr, &reply);
	if (p->cfg.wake != NULL)
		p->cfg.wake(p->cfg.ctx);
}
