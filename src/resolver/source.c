/* SPDX-License-Identifier: ISC */
/*
 * The health of one source.
 *
 *            reply                     `tries` rounds over span_ms without a reply
 *        +-----------+        +----------------------------------------------+
 *        v           |        |                                              v
 *      alive --------+--------+                                          set aside --- a probe fails: longer back-off
 *        ^                                                                   |
 *        +----------------------- a probe is answered -----------------------+
 *
 * A round, and not a query, is what counts: a window full of queries that time out together is one piece of evidence.  One
 * question that fails while others were answered is no evidence against the server.
 */
#include "source.h"

#include <stdlib.h>

#define BACKOFF_FIRST_MS 5000
#define BACKOFF_MAX_MS   300000
#define ONE_QUESTION_MS  60000	/* so long an answer to another question vouches for the server */

static const struct name_row kind_rows[] = {
	{ SOURCE_AUTHORITY, "authority" },
	{ SOURCE_RESOLVER, "resolver" },
};
NAME_TABLE(source_kind_names, kind_rows);

const uint32_t source_rtt_bounds_us[15] = {
	500, 1000, 2000, 5000, 10000, 20000, 35000, 50000, 75000, 100000, 200000, 350000, 500000, 1000000, 2000000,
};

void
source_saw_reply(struct source *src, int64_t now_ms)
{
	src->last_answer_ms = now_ms;
	src->failures_in_row = 0;
	src->failures_differ = false;
	src->set_aside = false;
	src->backoffs = 0;
}

void
source_saw_rtt(struct source *src, uint32_t rtt_us)
{
	size_t b = 0;

	while (b < ARRAY_LEN(source_rtt_bounds_us) && rtt_us > source_rtt_bounds_us[b])
		b++;
	src->stats.rtt_bucket[b]++;
	src->stats.rtt_sum_us += rtt_us;
	/* RFC 6298's gain of 1/8 */
	src->rtt_us = src->rtt_us == 0 ? rtt_us : (uint32_t)(((uint64_t)src->rtt_us * 7 + rtt_us) / 8);
}

/* Full jitter over 5 s doubling to 5 min. */
static void
back_off(struct source *src, int64_t now_ms)
{
	int64_t base = BACKOFF_FIRST_MS;

	for (unsigned i = 0; i < src->backoffs && base < BACKOFF_MAX_MS; i++)
		base *= 2;
	if (base > BACKOFF_MAX_MS)
		base = BACKOFF_MAX_MS;
	src->backoffs++;
	src->retry_at_ms = now_ms + 1 + random_below((uint32_t)base);
}

/* One question failing again and again says nothing of a server that has answered others. */
static bool
is_one_question(const struct source *src, int64_t now_ms)
{
	return !src->failures_differ && src->last_answer_ms != 0 && now_ms - src->last_answer_ms < ONE_QUESTION_MS;
}

void
source_saw_nothing(struct source *src, const struct source_limits *limits, uint64_t question, uint64_t sent_seq,
    uint64_t last_seq, int64_t now_ms)
{
	if (src->failures_in_row == 0)
		src->failure_question = question;
	src->failures_differ = src->failures_differ || question != src->failure_question;
	if (src->failures_in_row > 0 && sent_seq <= src->failure_mark)
		return;
	src->failure_mark = last_seq;
	if (src->failures_in_row++ == 0)
		src->first_failure_ms = now_ms;
	if (src->set_aside || (src->failures_in_row >= limits->tries && now_ms - src->first_failure_ms >= limits->span_ms &&
	    !is_one_question(src, now_ms))) {
		src->set_aside = true;
		back_off(src, now_ms);
	}
}
