/* SPDX-License-Identifier: ISC */
/*
 * A whole message from hostile bytes.  One rule: everything is well-formed or nothing is taken.  A message that is wrong in
 * one place was made by somebody who is broken or lies, and its other places deserve no trust.  That goes for octets after
 * the last record too.
 *
 * Owners are mostly pointers to the same few places, so names are remembered by where they lie: an answer of 100 records
 * of one owner has one struct dns_name.
 */
#include "wire.h"

#define MEMO_SIZE 64	/* a power of two */

static const char additional[] = "additional";	/* the only section that may hold OPT */

struct memo {
	uint16_t off;			/* 0 = empty: no name lies in the header */
	uint8_t hops;
	const struct dns_name *name;
};

struct decoder {
	struct wire w;
	struct arena *a;
	struct dns_message *m;
	const char *section;		/* being read, for the words of an error */
	size_t record;
	struct memo memo[MEMO_SIZE];
};

static bool
bad(struct decoder *d, const char *why)
{
	d->w.why = why;
	return false;
}

static const struct dns_name *
owner_decode(struct decoder *d, size_t *off)
{
	const uint8_t *p = d->w.p + *off;
	bool pointer = d->w.len - *off >= 2 && *p >= 0xc0;
	size_t at = pointer ? (size_t)(get16(p) & 0x3fff) : *off;
	struct memo *memo = &d->memo[at % MEMO_SIZE];
	struct dns_name *name;

	if (pointer && memo->name && memo->off == at && memo->hops < WIRE_HOPS_MAX) {
		*off += 2;
		d->w.work++;
		return memo->name;
	}
	name = arena_alloc(d->a, sizeof(*name));
	name->len = (uint8_t)wire_name(&d->w, off, name->wire);
	if (name->len == 0)
		return NULL;
	if (at <= UINT16_MAX)
		*memo = (struct memo){ (uint16_t)at, (uint8_t)(d->w.hops - pointer), name };
	return name;
}

static bool
question_decode(struct decoder *d, size_t *off)
{
	const struct dns_name *name;

	if (get16(d->w.p + 4) != 1)
		return bad(d, "there is not exactly one question");
	name = owner_decode(d, off);
	if (!name)
		return false;
	if (d->w.len - *off < 4)
		return bad(d, "the question runs past the end");
	if (get16(d->w.p + *off + 2) != WIRE_CLASS_IN)
		return bad(d, "the question is not of class IN");
	d->m->q.name = *name;
	d->m->q.type = get16(d->w.p + *off);
	*off += 4;
	return true;
}

/* OPT, RFC 6891 §6.1.3: the TTL holds extended rcode, version and flags; the data holds options. */
static bool
opt_decode(struct decoder *d, const struct dns_name *owner, const struct wire_rr *rr)
{
	struct dns_message *m = d->m;
	struct dns_ede ede[DNS_EDE_MAX];
	const uint8_t *p = d->w.p + rr->data;
	size_t left = rr->len;

	if (m->edns)
		return bad(d, "there is more than one OPT record");
	if (owner->len != 1)
		return bad(d, "the owner of OPT is not the root");
	m->edns = true;
	m->rcode |= (uint16_t)(rr->ttl_raw >> 24 << 4);
	while (left > 0) {
		size_t len = left >= 4 ? get16(p + 2) : left;

		if (left < 4 || left - 4 < len || (get16(p) == WIRE_OPTION_EDE && len < 2))
			return bad(d, "an EDNS option is cut short");
		if (get16(p) == WIRE_OPTION_EDE && m->n_ede < DNS_EDE_MAX) {
			char *text = arena_alloc(d->a, len - 2 + 1);

			memcpy(text, p + 6, len - 2);
			ede[m->n_ede++] = (struct dns_ede){ get16(p + 4), (uint16_t)(len - 2), text };
		}
		p += 4 + len;
		left -= 4 + len;
	}
	if (m->n_ede > 0)
		m->ede = arena_dup(d->a, ede, m->n_ede * sizeof(ede[0]));
	return true;
}

static bool
section_decode(struct decoder *d, size_t *off, size_t count, const char *section, const struct rr **ret, size_t *ret_n)
{
	static const char too_few[] = "there are fewer records than the header says";
	uint8_t buf[WIRE_RDATA_MAX];
	struct rr *rrs;
	size_t n = 0;

	d->section = section;
	d->record = 0;
	/* Before the array is made: its size comes from outside. */
	if (count > (d->w.len - *off) / WIRE_RR_MIN)
		return bad(d, too_few);
	rrs = arena_alloc(d->a, count * sizeof(*rrs));
	for (size_t i = 0; i < count; i++) {
		const struct dns_name *owner;
		struct wire_rr rr;
		struct rdata data;

		d->record = i + 1;
		if (*off == d->w.len)
			return bad(d, too_few);
		owner = owner_decode(d, off);
		if (!owner || !wire_rr(&d->w, off, &rr))
			return false;
		if (rr.type == DNS_TYPE_OPT) {
			if (strcmp(section, additional) != 0)
				return bad(d, "an OPT record lies outside the additional section");
			if (!opt_decode(d, owner, &rr))
				return false;
			continue;
		}
		if (!wire_rdata(&d->w, &rr, false, buf, &data))
			return false;
		data.bytes = arena_dup(d->a, data.bytes, data.len);
		rrs[n++] = (struct rr){ owner, rr.type, rr.class, rr.ttl, data };
	}
	*ret = rrs;
	*ret_n = n;
	return true;
}

/* "record 2 of the answer section: a name runs past the end" */
static void
error_words(const struct decoder *d, struct err *err)
{
	err_set(err, "%s", d->w.why);
	if (d->section && d->record > 0)
		err_prefix(err, "record %zu of the %s section", d->record, d->section);
	else if (d->section)
		err_prefix(err, "%s section", d->section);
}

static void
header_decode(struct dns_message *m, const uint8_t *p)
{
	uint16_t flags = get16(p + 2);

	m->id = get16(p);
	m->rcode = flags & WIRE_RCODE;
	m->aa = flags & WIRE_AA;
	m->tc = flags & WIRE_TC;
	m->rd = flags & WIRE_RD;
	m->ra = flags & WIRE_RA;
	m->ad = flags & WIRE_AD;
	m->cd = flags & WIRE_CD;
}

static bool
message_decode(struct decoder *d)
{
	struct dns_message *m = d->m;
	const uint8_t *p = d->w.p;
	size_t off = WIRE_HEADER;

	if (d->w.len < WIRE_HEADER)
		return bad(d, "the message is shorter than its header");
	if (d->w.len > DNS_MESSAGE_MAX)
		return bad(d, "the message is over 65535 octets");
	header_decode(m, p);
	if (!question_decode(d, &off) ||
	    !section_decode(d, &off, get16(p + 6), "answer", &m->answer, &m->n_answer) ||
	    !section_decode(d, &off, get16(p + 8), "authority", &m->authority, &m->n_authority) ||
	    !section_decode(d, &off, get16(p + 10), additional, &m->additional, &m->n_additional))
		return false;
	d->section = NULL;
	m->work = d->w.work;
	return off == d->w.len || bad(d, "octets follow the last record");
}

int
dns_message_decode(struct arena *a, const uint8_t *wire, size_t len, struct dns_message **ret, struct err *err)
{
	struct decoder d = { .w = { .p = wire, .len = len }, .a = a, .m = arena_alloc(a, sizeof(*d.m)) };

	if (!message_decode(&d)) {
		error_words(&d, err);
		return -1;
	}
	*ret = d.m;
	return 0;
}
