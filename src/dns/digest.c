/* SPDX-License-Identifier: ISC */
/*
 * A look at a reply that costs far less than decoding it: is this what the same source said last time?
 *
 * Only short, plain replies get a digest: answer records that all belong to the question itself, or none at all.  Chains
 * behind a CNAME, truncated replies, extended errors and extended rcodes are for the decoder; so is every message that it
 * would refuse.  For the plain ones the rules of answer.c shrink to the few lines below.
 *
 * Each record is brought into one form (names uncompressed and in lower case, no TTL) and hashed with the process's key; the
 * hashes are summed, because servers turn the order of a set around from reply to reply.  The sum of keyed hashes can be
 * steered by nobody who does not know the key.
 */
#include "wire.h"

#define DIGEST_MAX 4096	/* octets; a longer reply is rare, and looking twice at one made to be slow would cost twice */

struct look {
	struct wire w;
	uint16_t flags, qtype, rcode;
	const uint8_t *qname;		/* in the message */
	size_t qname_len;
	uint64_t sum;
	uint32_t ttl;			/* of the answer section, lowest */
	bool has_soa, has_ns;		/* of a zone that the name lies in, or for has_soa any */
	size_t soa_owner_len;		/* of the closest zone above so far, the end of the question's name; 0 = none */
	uint32_t soa_ttl;
};

/* Nearly every owner is a pointer to the question: then there is nothing to compare. */
static bool
is_question_pointer(const struct look *l, size_t off)
{
	return l->w.len - off >= 2 && get16(l->w.p + off) == (0xc000 | WIRE_HEADER);
}

static bool
question_read(struct look *l, size_t *off)
{
	l->qname = l->w.p + *off;
	l->qname_len = name_scan(l->qname, l->w.len - *off);
	*off += l->qname_len;
	if (l->qname_len == 0 || l->w.len - *off < 4 || get16(l->w.p + *off + 2) != WIRE_CLASS_IN)
		return false;
	l->qtype = get16(l->w.p + *off);
	*off += 4;
	return true;
}

static bool
answer_read(struct look *l, size_t *off)
{
	uint8_t name[DNS_NAME_MAX], form[WIRE_RDATA_MAX];
	struct wire_rr rr;
	struct rdata data;

	if (is_question_pointer(l, *off))
		*off += 2;
	else if (wire_name(&l->w, off, name) != l->qname_len || !fold_equal(name, l->qname, l->qname_len))
		return false;
	if (!wire_rr(&l->w, off, &rr) || rr.type != l->qtype || rr.type == DNS_TYPE_OPT || rr.class != WIRE_CLASS_IN ||
	    !wire_rdata(&l->w, &rr, true, form, &data))
		return false;
	l->sum += hash_bytes(data.bytes, data.len);
	if (rr.ttl < l->ttl)
		l->ttl = rr.ttl;
	return true;
}

/* Is the question's name the zone or below it? */
static bool
is_above(const struct look *l, const uint8_t *zone, size_t len)
{
	size_t pos = 0;

	while (l->qname_len - pos > len)
		pos += 1U + l->qname[pos];
	return l->qname_len - pos == len && fold_equal(l->qname + pos, zone, len);
}

static void
soa_note(struct look *l, const struct wire_rr *rr, const uint8_t *owner, size_t len)
{
	uint32_t minimum = get32(l->w.p + rr->data + rr->len - 4);

	l->has_soa = true;
	if (len <= l->soa_owner_len || !is_above(l, owner, len))
		return;
	l->soa_owner_len = len;
	l->soa_ttl = rr->ttl < minimum ? rr->ttl : minimum;
}

static bool
authority_read(struct look *l, size_t *off)
{
	uint8_t owner[DNS_NAME_MAX];
	size_t len = wire_name(&l->w, off, owner);
	struct wire_rr rr;
	struct rdata data;

	if (len == 0 || !wire_rr(&l->w, off, &rr) || rr.type == DNS_TYPE_OPT || !wire_rdata(&l->w, &rr, false, NULL, &data))
		return false;
	if (rr.class != WIRE_CLASS_IN)
		return true;
	if (rr.type == DNS_TYPE_SOA)
		soa_note(l, &rr, owner, len);
	else if (rr.type == DNS_TYPE_NS)
		l->has_ns = l->has_ns || is_above(l, owner, len);
	return true;
}

/* OPT must say nothing: no extended rcode, no extended error. */
static bool
opt_is_plain(const struct look *l, const struct wire_rr *rr)
{
	const uint8_t *p = l->w.p + rr->data;
	size_t left = rr->len;

	while (left > 0) {
		if (left < 4 || left - 4 < get16(p + 2) || get16(p) == WIRE_OPTION_EDE)
			return false;
		left -= 4U + get16(p + 2);
		p += 4U + get16(p + 2);
	}
	return rr->ttl_raw >> 24 == 0;
}

static bool
additional_read(struct look *l, size_t *off, bool *opt)
{
	size_t len = wire_name(&l->w, off, NULL);
	struct wire_rr rr;
	struct rdata data;

	if (len == 0 || !wire_rr(&l->w, off, &rr))
		return false;
	if (rr.type != DNS_TYPE_OPT)
		return wire_rdata(&l->w, &rr, false, NULL, &data);
	if (*opt || len != 1 || !opt_is_plain(l, &rr))
		return false;
	*opt = true;
	return true;
}

static bool
sections_read(struct look *l)
{
	size_t off = WIRE_HEADER;
	bool opt = false;

	if (!question_read(l, &off))
		return false;
	for (unsigned n = get16(l->w.p + 6); n > 0; n--)
		if (!answer_read(l, &off))
			return false;
	for (unsigned n = get16(l->w.p + 8); n > 0; n--)
		if (!authority_read(l, &off))
			return false;
	for (unsigned n = get16(l->w.p + 10); n > 0; n--)
		if (!additional_read(l, &off, &opt))
			return false;
	return off == l->w.len;
}

/* What answer.c would make of it; false for the odd ones. */
static bool
kind_find(const struct look *l, enum answer_kind *ret)
{
	bool answered = get16(l->w.p + 6) > 0;

	if (l->rcode == DNS_RCODE_NXDOMAIN)
		*ret = ANSWER_NXDOMAIN;
	else if (l->rcode != DNS_RCODE_NOERROR)
		*ret = ANSWER_FAILURE;
	else if (answered)
		*ret = ANSWER_POSITIVE;
	else
		*ret = l->has_ns && !l->has_soa && !(l->flags & WIRE_AA) ? ANSWER_REFERRAL : ANSWER_NODATA;
	return !answered || *ret == ANSWER_POSITIVE;
}

/*
 * The sum goes into a last hash together with what frames it, rather than adding up with it: record data could look like a
 * frame.
 */
static uint64_t
digest_of(const struct look *l, enum answer_kind kind)
{
	uint8_t block[15 + DNS_NAME_MAX];
	size_t n = 15;

	block[0] = (uint8_t)kind;
	put16(block + 1, l->rcode);
	put16(block + 3, l->flags & (WIRE_AA | WIRE_AD));
	put16(block + 5, get16(l->w.p + 6));
	memcpy(block + 7, &l->sum, sizeof(l->sum));
	if (kind == ANSWER_NODATA || kind == ANSWER_NXDOMAIN) {
		fold_copy(block + n, l->qname + l->qname_len - l->soa_owner_len, l->soa_owner_len);
		n += l->soa_owner_len;
	}
	return hash_bytes(block, n);
}

bool
answer_digest(const uint8_t *wire, size_t len, uint64_t *ret_digest, uint32_t *ret_ttl)
{
	struct look l;
	enum answer_kind kind;

	if (len < WIRE_HEADER || len > DIGEST_MAX || get16(wire + 4) != 1 || (get16(wire + 2) & WIRE_TC))
		return false;
	l.w = (struct wire){ .p = wire, .len = len };
	l.flags = get16(wire + 2);
	l.rcode = l.flags & WIRE_RCODE;
	l.sum = 0;
	l.ttl = UINT32_MAX;
	l.has_soa = l.has_ns = false;
	l.soa_owner_len = 0;
	l.soa_ttl = 0;
	if (!sections_read(&l) || !kind_find(&l, &kind))
		return false;
	*ret_digest = digest_of(&l, kind);
	*ret_ttl = kind == ANSWER_POSITIVE ? l.ttl : kind == ANSWER_NODATA || kind == ANSWER_NXDOMAIN ? l.soa_ttl : 0;
	return true;
}
