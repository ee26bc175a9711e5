/* SPDX-License-Identifier: ISC */
/* Questions as they leave, and the first look at what comes back for them. */
#include "wire.h"

size_t
dns_query_encode(uint8_t *buf, const struct question *q, unsigned flags)
{
	uint16_t head = 0;
	uint8_t *p;

	if (flags & DNS_QUERY_RD)
		head |= WIRE_RD;
	if (flags & DNS_QUERY_CD)
		head |= WIRE_CD;
	memset(buf, 0, WIRE_HEADER);
	put16(buf + 2, head);
	put16(buf + 4, 1);
	p = buf + WIRE_HEADER;
	memcpy(p, q->name.wire, q->name.len);
	p += q->name.len;
	put16(p, q->type);
	put16(p + 2, WIRE_CLASS_IN);
	p += 4;
	if (!(flags & DNS_QUERY_NO_EDNS)) {	/* RFC 6891 §6.1.2: root, OPT, our size, extended rcode and flags, no options */
		put16(buf + 10, 1);
		*p = 0;
		put16(p + 1, DNS_TYPE_OPT);
		put16(p + 3, DNS_EDNS_SIZE);
		put32(p + 5, flags & DNS_QUERY_DO ? 0x8000 : 0);
		put16(p + 9, 0);
		p += 11;
	}
	return (size_t)(p - buf);
}

/* Letters of eight octets anew, by a coin each. */
static void
mix8(uint8_t *p, uint8_t coins)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	/* each octet its own coin, then 0x80 where that is not 0 */
	uint64_t heads = (coins * ones & UINT64_C(0x8040201008040201)) + 0x7f * ones;
	uint64_t v, low, letters;

	memcpy(&v, p, 8);
	v = fold8(v);
	low = v & (0x7f * ones);
	letters = (low + (0x80 - 'a') * ones) & ~(low + (0x7f - 'z') * ones) & ~v & (0x80 * ones);
	v ^= (letters & heads) >> 2;	/* 0x20 */
	memcpy(p, &v, 8);
}

/* A length octet is never a letter. */
void
dns_query_mix_case(uint8_t *wire, size_t len)
{
	size_t n = len > WIRE_HEADER ? name_scan(wire + WIRE_HEADER, len - WIRE_HEADER) : 0, i = 0;
	uint8_t *name = wire + WIRE_HEADER, last[8] = { 0 };
	uint32_t coins = 0;

	for (; n - i >= 8; i += 8, coins >>= 8) {
		if (i % 32 == 0)
			coins = random_u32();
		mix8(name + i, coins & 255);
	}
	if (i == n)
		return;
	if (n >= 8) {		/* with some of the octets before, whose coins are tossed again */
		mix8(name + n - 8, random_u32() & 255);
		return;
	}
	memcpy(last, name, n);
	mix8(last, random_u32() & 255);
	memcpy(name, last, n);
}

enum reply_check
dns_reply_check(const uint8_t *sent, size_t sent_len, const uint8_t *got, size_t got_len)
{
	size_t name, question;
	uint16_t flags;

	if (got_len < WIRE_HEADER || sent_len < WIRE_HEADER)
		return REPLY_SHORT;
	name = name_scan(sent + WIRE_HEADER, sent_len - WIRE_HEADER);
	question = WIRE_HEADER + name + 4;
	flags = get16(got + 2);
	if (get16(got) != get16(sent) || !(flags & WIRE_QR) || (flags & WIRE_OPCODE) || get16(got + 4) > 1)
		return REPLY_FOREIGN;
	if (get16(got + 4) == 0 || got_len < question || sent_len < question)
		return REPLY_SHORT;
	sent += WIRE_HEADER;
	got += WIRE_HEADER;
	if (memcmp(got, sent, name + 4) == 0)
		return REPLY_OK;
	return memcmp(got + name, sent + name, 4) == 0 && fold_equal(got, sent, name) ? REPLY_CASE : REPLY_FOREIGN;
}
