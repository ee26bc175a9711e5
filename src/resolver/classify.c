/* SPDX-License-Identifier: ISC */
/*
 * What a reply is worth, before anybody decodes it: a million replies come by here and most of them say what the last one
 * said.  Only the header, the OPT record and its extended errors are read; the full decoder looks at the rest where the
 * content is new.
 *
 * The order: a truncated reply is never evidence; then what the extended errors say (they are more precise than an rcode: a
 * filter may answer NOERROR, NXDOMAIN, REFUSED or SERVFAIL as it likes); then the rcode.
 */
#include <string.h>

#include "classify.h"

#define EDE_BIT(code) (1u << (code))

/* Rcodes that are no answer (RFC 6895 section 2.3).  A reserved number that is not here is garbage: MALFORMED. */
static const struct {
	uint16_t rcode;
	enum reason reason;
} rcodes[] = {
	{ DNS_RCODE_NOERROR,   REASON_NONE },
	{ DNS_RCODE_NXDOMAIN,  REASON_NONE },
	{ DNS_RCODE_SERVFAIL,  REASON_SERVFAIL },
	{ DNS_RCODE_REFUSED,   REASON_REFUSED },
	{ DNS_RCODE_FORMERR,   REASON_FORMERR },
	{ DNS_RCODE_NOTIMP,    REASON_NOTIMP },
	{ DNS_RCODE_YXDOMAIN,  REASON_REFUSED },	/* a DNAME made the name too long (RFC 6672): it will not say */
	{ DNS_RCODE_YXRRSET,   REASON_REFUSED },	/* the update rcodes make no sense here: it will not say */
	{ DNS_RCODE_NXRRSET,   REASON_REFUSED },
	{ DNS_RCODE_NOTAUTH,   REASON_REFUSED },
	{ DNS_RCODE_NOTZONE,   REASON_REFUSED },
	{ 11,                  REASON_NOTIMP },		/* DSOTYPENI, RFC 8490 */
	{ DNS_RCODE_BADVERS,   REASON_FORMERR },
	{ DNS_RCODE_BADCOOKIE, REASON_REFUSED },
};

/* Extended errors that say more than the rcode does (RFC 8914 section 4). */
#define EDE_FILTERED (EDE_BIT(4) | EDE_BIT(15) | EDE_BIT(16) | EDE_BIT(17))	/* forged, blocked, censored, filtered */
#define EDE_PROHIBITED EDE_BIT(18)	/* not for this client: a filter at a resolver, plain REFUSED at an authority */
#define EDE_BOGUS    (0x7fu << 6)	/* 6 bogus, 7 expired, 8 not yet valid, 9 no DNSKEY, 10 no RRSIG, 11 zone key bit, 12 no NSEC */

/* Offset after the name at pos, 0 when there is none.  A pointer ends it; where that leads is the decoder's affair. */
static size_t
skip_name(const uint8_t *wire, size_t len, size_t pos)
{
	while (pos < len) {
		uint8_t c = wire[pos];

		if (c == 0)
			return pos + 1;
		if ((c & 0xc0) == 0xc0)
			return pos + 2 <= len ? pos + 2 : 0;
		if ((c & 0xc0) != 0)
			return 0;
		pos += 1 + c;
	}
	return 0;
}

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* OPT (RFC 6891 section 6.1.2): the upper eight bits of the rcode are the TTL's first byte. */
static void
read_opt(struct reply_head *h, uint8_t rcode_high, const uint8_t *p, size_t n)
{
	h->edns = true;
	h->rcode |= (uint16_t)(rcode_high << 4);
	while (n >= 4) {
		uint16_t code = get16(p), len = get16(p + 2);

		if (len > n - 4)
			return;
		if (code == 15 && len >= 2 && get16(p + 4) < 32)
			h->ede |= EDE_BIT(get16(p + 4));
		p += 4 + len;
		n -= 4 + (size_t)len;
	}
}

/* Where filters send what they block: nowhere, or to the pages of OpenDNS (146.112.61.104 to .111), also mapped into IPv6. */
static bool
is_sinkhole(const uint8_t *p, size_t n)
{
	static const uint8_t none[16], mapped[12] = { [10] = 0xff, [11] = 0xff }, opendns[3] = { 146, 112, 61 };

	if (memcmp(p, none, n) == 0)
		return true;
	if (n == 16 && memcmp(p, mapped, sizeof(mapped)) != 0)
		return false;
	p += n - 4;
	return memcmp(p, opendns, sizeof(opendns)) == 0 && (p[3] & 0xf8) == 104;
}

static void
note_record(struct reply_head *h, unsigned i, uint16_t type, const uint8_t *data, uint16_t len)
{
	if (type == DNS_TYPE_SOA && i >= h->n_answer) {
		if (i - h->n_answer < h->n_authority)
			h->soa_authority = true;
		else
			h->soa_additional = true;
	}
	if (i >= h->n_answer || !((type == DNS_TYPE_A && len == 4) || (type == DNS_TYPE_AAAA && len == 16)))
		return;
	h->n_addresses++;
	h->n_sinkholes += is_sinkhole(data, len);
}

bool
reply_head_read(struct reply_head *h, const uint8_t *wire, size_t len)
{
	unsigned n_additional, n_records;
	size_t pos = 12;

	*h = (struct reply_head){ 0 };
	if (len < 12)
		return false;
	h->response = (wire[2] & 0xf8) == 0x80;
	h->aa = wire[2] & 0x04;
	h->tc = wire[2] & 0x02;
	h->ra = wire[3] & 0x80;
	h->rcode = wire[3] & 0x0f;
	h->n_question = get16(wire + 4);
	h->n_answer = get16(wire + 6);
	h->n_authority = get16(wire + 8);
	n_additional = get16(wire + 10);
	for (unsigned i = 0; i < h->n_question; i++) {
		if ((pos = skip_name(wire, len, pos)) == 0 || len - pos < 4)
			return false;
		pos += 4;
	}
	n_records = (unsigned)h->n_answer + h->n_authority + n_additional;
	for (unsigned i = 0; i < n_records; i++) {
		uint16_t rdlen;

		if ((pos = skip_name(wire, len, pos)) == 0 || len - pos < 10)
			return false;
		rdlen = get16(wire + pos + 8);
		if (rdlen > len - pos - 10)
			return false;
		if (i >= n_records - n_additional && get16(wire + pos) == DNS_TYPE_OPT)
			read_opt(h, wire[pos + 4], wire + pos + 10, rdlen);
		else
			note_record(h, i, get16(wire + pos), wire + pos + 10, rdlen);
		pos += 10 + (size_t)rdlen;
	}
	return true;
}

static enum reason
rcode_reason(uint16_t rcode)
{
	for (size_t i = 0; i < ARRAY_LEN(rcodes); i++) {
		if (rcodes[i].rcode == rcode)
			return rcodes[i].reason;
	}
	return REASON_MALFORMED;
}

/*
 * Some filters say NXDOMAIN without the SOA that RFC 2308 asks for and without an extended error: Quad9 does, and documents it
 * as the mark of a block.
 */
static bool
is_bare_block(const struct reply_head *h, const struct source *src)
{
	return h->rcode == DNS_RCODE_NXDOMAIN && h->n_answer == 0 && h->n_authority == 0 && src->kind == SOURCE_RESOLVER &&
	    (src->filters || str_ieq(src->operator, "quad9"));
}

/*
 * Blocks that say nothing of it.  What a resolver answers with authority and without the SOA of any zone is its own policy
 * (Unbound: local-zone, RPZ): a cache never sets AA, and who serves the zone too has its SOA.  A SOA in the additional section
 * is that of a response policy zone (BIND, PowerDNS); nobody else puts one there.  And nobody's host has the address 0.0.0.0.
 * An internal resolver may have data of its own: that is its purpose.
 */
static bool
is_policy(const struct reply_head *h, const struct source *src)
{
	if (src->kind != SOURCE_RESOLVER || src->view != VIEW_PUBLIC)
		return false;
	if (h->rcode != DNS_RCODE_NOERROR && h->rcode != DNS_RCODE_NXDOMAIN)
		return false;
	return h->soa_additional || (h->n_addresses > 0 && h->n_sinkholes == h->n_addresses) ||
	    (h->aa && h->n_answer == 0 && !h->soa_authority);
}

enum reason
reply_reason(const struct reply_head *h, const struct source *src)
{
	enum reason reason = rcode_reason(h->rcode);

	if (h->tc)
		return REASON_TRUNCATED;
	if ((h->ede & EDE_FILTERED) != 0 || ((h->ede & EDE_PROHIBITED) != 0 && src->kind == SOURCE_RESOLVER) ||
	    is_bare_block(h, src) || is_policy(h, src))
		return REASON_FILTERED;
	if (reason == REASON_SERVFAIL && (h->ede & EDE_BOGUS) != 0)
		return REASON_BOGUS;
	return reason;
}

bool
reply_refuses_edns(const struct reply_head *h)
{
	return h->rcode == DNS_RCODE_FORMERR || h->rcode == DNS_RCODE_BADVERS;
}
