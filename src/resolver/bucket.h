/* SPDX-License-Identifier: ISC */
/* bucket: a token bucket in whole milliseconds; rate tokens a second, at most rate of them saved up. */
#ifndef RESOLVER_BUCKET_H
#define RESOLVER_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	unsigned rate;		/* tokens a second; 0 = unlimited */
	int64_t milli;		/* thousandths of a token */
	int64_t at_ms;		/* when milli was true */
};

/* Full. */
void bucket_init(struct bucket *b, unsigned rate, int64_t now_ms);
/* Another rate; what is saved up stays, as far as it fits. */
void bucket_set_rate(struct bucket *b, unsigned rate);
bool bucket_take(struct bucket *b, int64_t now_ms);
/* When the next token is there; now_ms when one is. */
int64_t bucket_next(struct bucket *b, int64_t now_ms);

#endif
