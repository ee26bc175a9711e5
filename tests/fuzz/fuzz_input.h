/* SPDX-License-Identifier: ISC */
/* Things taken out of the bytes of a fuzzer; when these have come to their end everything is nothing. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <m365dnsd/base.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEMAND(x)                                                                                                      \
	do {                                                                                                           \
		if (!(x))                                                                                              \
			abort();                                                                                       \
	} while (0)

struct input {
	const uint8_t *p;
	size_t n;
	struct arena *a;
};

static unsigned
take(struct input *in, unsigned below)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++ % below;
}

/* n bytes, those that lack are 0, and a NUL behind them. */
static uint8_t *
take_bytes(struct input *in, size_t n)
{
	uint8_t *p = arena_alloc(in->a, n + 1);

	n = n < in->n ? n : in->n;
	memcpy(p, in->p, n);
	in->p += n;
	in->n -= n;
	return p;
}

#endif
