/* SPDX-License-Identifier: ISC */
/*
 * spf_net: networks by their bits.  Whether each address of a network gets the same answer is found without asking for each: a
 * comparison of an address with a network holds for all that share its first so-and-so many bits, so a network is walked block by
 * block, and has no more of them than there are ends of networks in it.
 */
#include <limits.h>
#include <string.h>

#include "spf.h"

static unsigned
bits_of(const struct addr *a)
{
	return a->family == 4 ? 32 : 128;
}

bool
spf_same_network(const struct addr *a, const struct addr *b, unsigned prefix)
{
	if (a->family != b->family || memcmp(a->ip, b->ip, prefix / 8) != 0)
		return false;
	return prefix % 8 == 0 || (a->ip[prefix / 8] ^ b->ip[prefix / 8]) >> (8 - prefix % 8) == 0;
}

unsigned
spf_network_bits(const struct addr *net, unsigned prefix, const struct addr *ip)
{
	unsigned n = 0;

	if (net->family != ip->family)
		return 0;
	while (n < prefix && spf_same_network(net, ip, n + 1))
		n++;
	return n < prefix ? n + 1 : prefix;
}

bool
spf_term_covers(const struct spf_term *t, const struct addr *addr, unsigned prefix)
{
	unsigned mine = t->kind == SPF_IP4 ? t->prefix4 : t->prefix6;

	return (t->kind == SPF_IP4 || t->kind == SPF_IP6) && mine <= prefix && spf_same_network(&t->ip, addr, mine);
}

bool
spf_block_next(struct addr *at, unsigned bits, unsigned prefix)
{
	struct addr next = *at;

	if (bits <= prefix)
		return false;
	/* one more in the block's number; what carries out of the network's own bits was its last */
	for (unsigned bit = bits; bit-- > prefix;) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		next.ip[bit / 8] ^= mask;
		if ((next.ip[bit / 8] & mask) != 0) {
			*at = next;
			return true;
		}
	}
	return false;
}

void
spf_network_last(struct addr *at, unsigned prefix)
{
	for (unsigned bit = prefix; bit < bits_of(at); bit++)
		at->ip[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

bool
spf_terms_cover(const struct spf_term *terms, size_t n, const struct addr *addr, unsigned prefix)
{
	struct addr at = *addr;
	unsigned widest;

	do {
		widest = UINT_MAX;
		for (size_t i = 0; i < n; i++) {
			unsigned mine = terms[i].kind == SPF_IP4 ? terms[i].prefix4 : terms[i].prefix6;

			if (terms[i].qualifier == '+' && mine < widest && spf_term_covers(&terms[i], &at, bits_of(&at)))
				widest = mine;
		}
	} while (widest != UINT_MAX && spf_block_next(&at, widest, prefix));
	return widest != UINT_MAX;
}
