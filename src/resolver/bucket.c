/* SPDX-License-Identifier: ISC */
/*
 * A rate of R tokens a second is R thousandths of a token a millisecond, so the arithmetic is exact in integers.  The burst
 * equals the rate: a server that was left alone for a second may be asked a second's worth at once.
 */
#include "bucket.h"

#define TOKEN 1000

static void
refill(struct bucket *b, int64_t now_ms)
{
	int64_t full = (int64_t)b->rate * TOKEN, gone = now_ms - b->at_ms;

	if (gone <= 0)
		return;
	b->at_ms = now_ms;
	if (gone >= TOKEN)	/* a second fills any bucket */
		b->milli = full;
	else if ((b->milli += gone * b->rate) > full)
		b->milli = full;
}

void
bucket_init(struct bucket *b, unsigned rate, int64_t now_ms)
{
	b->rate = rate;
	b->milli = (int64_t)rate * TOKEN;
	b->at_ms = now_ms;
}

void
bucket_set_rate(struct bucket *b, unsigned rate)
{
	b->rate = rate;
	if (b->milli > (int64_t)rate * TOKEN)
		b->milli = (int64_t)rate * TOKEN;
}

bool
bucket_take(struct bucket *b, int64_t now_ms)
{
	if (b->rate == 0)
		return true;
	refill(b, now_ms);
	if (b->milli < TOKEN)
		return false;
	b->milli -= TOKEN;
	return true;
}

int64_t
bucket_next(struct bucket *b, int64_t now_ms)
{
	if (b->rate == 0)
		return now_ms;
	refill(b, now_ms);
	if (b->milli >= TOKEN)
		return now_ms;
	return now_ms + (TOKEN - b->milli + b->rate - 1) / b->rate;
}
