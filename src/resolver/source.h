/* SPDX-License-Identifier: ISC */
/* source: the health of somebody who answers; evidence in, state out.  Inside the room only. */
#ifndef RESOLVER_SOURCE_H
#define RESOLVER_SOURCE_H

#include <m365dnsd/resolver.h>

#include "bucket.h"

struct source_limits {		/* when it is set aside */
	unsigned tries, span_ms;
};

/* A DNS reply came, whatever it says: alive. */
void source_saw_reply(struct source *src, int64_t now_ms);
/* The time it took, into the smoothed value and the histogram. */
void source_saw_rtt(struct source *src, uint32_t rtt_us);
/*
 * No reply came to the query that was the sent_seq-th send of the program; last_seq sends have been made by now.  Failures of
 * queries that were already out when the previous one was noted belong to the same round and count once.  question: any hash
 * of what was asked.  A server that answered others a moment ago is not set aside for a single question.
 */
void source_saw_nothing(struct source *src, const struct source_limits *limits, uint64_t question, uint64_t sent_seq,
    uint64_t last_seq, int64_t now_ms);

/* What own.c writes. */
struct own_state *sources_own_state(struct sources *s);

/* Implemented by the prober: the queue of a source that goes away.  NULL is fine. */
void source_queue_free(struct source_queue *q);

#endif
