/* SPDX-License-Identifier: ISC */
/* classify: from the bytes of a reply to a reason, without decoding it.  Inside the room only. */
#ifndef RESOLVER_CLASSIFY_H
#define RESOLVER_CLASSIFY_H

#include <m365dnsd/resolver.h>

struct reply_head {
	uint16_t rcode;		/* with the upper bits of EDNS */
	uint16_t n_question, n_answer, n_authority;
	bool response;		/* QR is set and the opcode is QUERY */
	bool aa, tc, ra, edns;
	bool soa_authority, soa_additional;	/* a SOA lies there */
	uint16_t n_addresses, n_sinkholes;	/* in the answer section; sinkholes lead nowhere, or to a page of OpenDNS */
	uint32_t ede;		/* bit n: an extended DNS error n came (RFC 8914); codes over 31 are left out */
};

/*
 * Header, OPT and extended errors.  Walks over the records without looking into them; false when the bytes end too soon or a
 * name is none.  What is left after the counted records is not looked at.
 */
bool reply_head_read(struct reply_head *h, const uint8_t *wire, size_t len);
/* REASON_NONE: NOERROR or NXDOMAIN that no filter made. */
enum reason reply_reason(const struct reply_head *h, const struct source *src);
/* The server does not understand EDNS: ask it once more without. */
bool reply_refuses_edns(const struct reply_head *h);

#endif
