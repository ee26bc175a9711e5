/* SPDX-License-Identifier: ISC */
/*
 * The insides of the prober, shared by its files:
 *
 *   prober.c	who asks, who is told, whose turn it is
 *   queue.c	what waits and flies for one source; sending
 *   reply.c	what comes back
 *   family.c	address families that this machine lacks
 *   own.c	what else this machine can and cannot do
 *   own_intercept.c	somebody on the way who answers for everybody
 */
#ifndef RESOLVER_PROBER_INT_H
#define RESOLVER_PROBER_INT_H

#include "classify.h"
#include "prober.h"
#include "source.h"

struct probe {
	TAILQ_ENTRY(probe) link;	/* in its source's waiting or flying, in finished, or in the free list */
	struct source *source;		/* a reference */
	ask_done *done;			/* NULL: forgotten */
	void *ctx;
	uint64_t tag;
	uint64_t seq;			/* number of its send */
	int64_t sent_ms;
	enum reason reason;		/* in finished */
	uint16_t sent_len;
	uint8_t flags;
	bool by_tcp, plain;		/* the second tries: TCP for the case's sake, without EDNS */
	bool knock;			/* asked with tcp = true */
	bool sent_tcp;			/* how it left the last time */
	struct question q;
	uint8_t sent[DNS_QUERY_MAX];
};
TAILQ_HEAD(probe_list, probe);

/* What own.c notes of a source: the epoch (of own.c) in which it was counted last. */
struct own_marks {
	uint32_t silent, family_silent, cache, tcp_only, no_tcp;
	uint8_t knocks;
	int64_t knock_ms;		/* not by TCP again before */
	int64_t udp_ms;			/* by_tcp: the next time one question may try UDP */
};

struct source_queue {
	struct heap_item due;		/* first: waits for a token */
	TAILQ_ENTRY(source_queue) link, all;
	struct prober *prober;
	struct source *source;
	struct probe_list waiting, flying;
	unsigned n_waiting, n_flying;
	bool ready;
	bool blocked;			/* by the prober's own look at the address */
	bool outside;			/* own_is_outside() */
	const struct probe *trial;	/* the one probe that a source set aside has out */
	int64_t no_edns_until, no_0x20_until;
	struct own_marks own;
};
TAILQ_HEAD(queue_list, source_queue);

struct family {
	bool worked, missing;
	int64_t retry_ms;		/* missing: the next time one ask may try */
	int64_t answered_ms;		/* the last reply */
};

/* An epoch ends with an answer that takes back what was counted in it. */
struct own_family {
	uint32_t udp_epoch, tcp_epoch;
	unsigned n_silent, n_tcp_only;	/* sources, since the last answer by UDP */
	unsigned n_no_tcp;		/* sources, since the last answer by TCP */
	bool answered;			/* ever, by UDP or TCP */
	bool tcp_asked, tcp_refused;	/* an errand is out; one has failed in this epoch */
	bool tcp_doubt;			/* an answer that was cut could not be fetched: to be tried, although it has worked */
	int64_t tcp_ms;			/* TCP is not tried again before */
	int64_t udp_ms;			/* the last answer by UDP; 0 = never */
};
struct own {
	struct own_family families[2];
	uint32_t silent_epoch, cache_epoch;
	unsigned n_silent;		/* sources, since anybody answered */
	unsigned n_cache;		/* authorities that answer as caches, since one answered as an authority */
	struct addr cache;		/* the last of them: a source may go and come back */
	unsigned n_knocking;
	int64_t answered_ms;		/* anybody, the last time */
	struct source *witness;		/* an authority that answered as one; a reference */
	struct question witness_q;
	bool witness_asked;
	int64_t witness_ms;		/* not asked again before */
};

struct prober {
	struct transport *t;
	const struct clock *clock;
	struct prober_config cfg;
	struct queue_list all, ready;
	struct heap waits;
	struct probe_list finished, spare;
	TAILQ_HEAD(, prober_call) calls;
	unsigned n_calls, n_spare, n_flying;
	uint64_t seq;			/* sends so far */
	bool unflushed;
	struct family families[2];	/* IPv4, IPv6 */
	struct own own;
};

int64_t prober_now(const struct prober *p);
/* transport.on_answer; ctx is the prober. */
void prober_on_answer(void *ctx, const struct transport_answer *a);
/* Tell who asked, and forget the probe.  It is out of every list already. */
void probe_deliver(struct prober *p, struct probe *pr, const struct reply *reply);

/* The queue of a source, made when there is none. */
struct source_queue *queue_of(struct prober *p, struct source *src);
/* To be looked at by the next prober_run(). */
void queue_ready(struct source_queue *q);
/* Look once more whether this address may be asked. */
void queue_check_address(struct source_queue *q);
/* Send what bucket and window allow; refuse what health forbids (to be told from prober_run).  q is out of ready already. */
void queue_pump(struct source_queue *q, int64_t now);

/* The family of an address; NULL for loopback, which always works and so says nothing about it. */
struct family *family_of(struct prober *p, const struct addr *a);
bool family_refuses(const struct family *f, int64_t now);
void family_sent(struct family *f, int64_t now);
void family_replied(struct family *f, int64_t now);
/* A query that was sent at sent_ms found no way out.  True when that is the server's fault and not this machine's. */
bool family_failed(struct family *f, int64_t sent_ms, int64_t now);

/* ---- own.c ---- */

void own_init(struct own *o);
void own_done(struct prober *p);
/* A reply came that belongs to its query. */
void own_saw_reply(struct prober *p, struct source_queue *q, struct probe *pr, const struct reply_head *h, bool tcp);
/* Nothing came, or (TRUNCATED) nothing by TCP. */
void own_saw_nothing(struct prober *p, struct source_queue *q, struct probe *pr, enum transport_status status);
/* Is this probe to leave by TCP?  Called once a sending. */
bool own_by_tcp(struct prober *p, struct source_queue *q, const struct probe *pr, int64_t now);

/* Shared by the two files. */
#define OWN_PROOFS   2		/* addresses that a verdict on this machine takes */
#define OWN_AGAIN_MS 600000	/* what does not work is tried again */
enum errand { ERRAND_KNOCK, ERRAND_TCP, ERRAND_WITNESS };
struct own_state *own_state_of(const struct source *src);
void own_tell(struct prober *p);
/* Does an answer from there prove that this machine reaches the world? */
bool own_is_outside(const struct prober *p, const struct source *src);
/* True when the source was not counted in this epoch yet. */
bool own_count_once(uint32_t *mark, uint32_t epoch);
void own_errand(struct prober *p, struct source *src, const struct question *q, unsigned flags, bool tcp, enum errand tag);
/* The question had no RD, and yet somebody recursed for it. */
bool own_is_of_a_cache(const struct reply_head *h);
/* An authority has answered by UDP. */
void own_judge_authority(struct prober *p, struct source_queue *q, const struct reply_head *h, const struct question *asked,
    int64_t now);
void own_witness_says(struct prober *p, struct source *src, bool answered);

#endif
