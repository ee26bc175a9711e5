/* SPDX-License-Identifier: ISC */
/*
 * cell: numbers that are squeezed into few bits, as floating point is: small ones as they are, larger ones as a power of two
 * and the bits that lead.  The order stays, and rounding is downwards: a TTL is never said to be longer than it is.
 */
#include <assert.h>

#include "board_internal.h"

#define TTL_BITS   19		/* after the leading one: exact below 2^20 s */
#define TTL_LONGEST ((1u << 23) - 1)	/* stands for 2^31-1, the longest there is (RFC 2181 section 8) */
#define RTT_BITS   7
#define RTT_UNIT   100		/* us */
#define RTT_LONGEST UINT16_MAX	/* units: more than any time-out */

static_assert(sizeof(struct cell) == 16, "ten million cells: keep them small");
static_assert(REASON_MAX <= 32, "a reason has five bits");

static uint32_t
squeeze(uint32_t v, unsigned bits)
{
	unsigned shift = 0;

	while (v >> shift >= 2u << bits)
		shift++;
	return (shift << bits) + (v >> shift);
}

static uint32_t
unsqueeze(uint32_t v, unsigned bits)
{
	unsigned shift = v >> bits;

	if (shift <= 1)
		return v;
	return ((v & ((1u << bits) - 1)) | 1u << bits) << (shift - 1);
}

uint32_t
cell_ttl(const struct cell *c)
{
	return c->ttl == TTL_LONGEST ? INT32_MAX : unsqueeze(c->ttl, TTL_BITS);
}

void
cell_set_ttl(struct cell *c, uint32_t seconds)
{
	c->ttl = seconds >= INT32_MAX ? TTL_LONGEST : squeeze(seconds, TTL_BITS) & TTL_LONGEST;
}

uint32_t
cell_rtt_us(const struct cell *c)
{
	return unsqueeze(c->rtt, RTT_BITS) * RTT_UNIT;
}

void
cell_set_rtt_us(struct cell *c, uint32_t us)
{
	uint32_t units = us / RTT_UNIT;

	c->rtt = squeeze(units > RTT_LONGEST ? RTT_LONGEST : units, RTT_BITS) & ((1u << 11) - 1);
}
