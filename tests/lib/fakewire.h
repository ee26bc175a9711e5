/* SPDX-License-Identifier: ISC */
/* fakewire: replies as bytes, for tests.  Names are written out in full: compression has tests of its own. */
#ifndef M365DNSD_TESTS_FAKEWIRE_H
#define M365DNSD_TESTS_FAKEWIRE_H

#include <m365dnsd/dns.h>

struct fake_rr {
	struct dns_name owner;
	uint16_t type, len;
	uint32_t ttl;
	uint8_t *bytes;			/* malloc'ed, uncompressed */
};
enum { FAKE_AA = 1, FAKE_RA = 2, FAKE_TC = 4 };

/* A reply to the query: its question is echoed, then rcode and flags as given. */
void fakewire_begin(struct str *w, const uint8_t *query, size_t len, unsigned rcode, unsigned flags);
enum fake_section { FAKE_ANSWER, FAKE_AUTHORITY, FAKE_ADDITIONAL };
/* Sections in order. */
void fakewire_rr(struct str *w, enum fake_section section, const struct fake_rr *rr, uint32_t ttl);
/* An OPT with one extended DNS error (RFC 8914). */
void fakewire_ede(struct str *w, uint16_t code);
/* The question of a query; false when it has none. */
bool fakewire_question(const uint8_t *query, size_t len, struct question *ret);

#endif
