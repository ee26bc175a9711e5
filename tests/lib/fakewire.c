/* SPDX-License-Identifier: ISC */
#include "fakewire.h"

static void
put16(struct str *w, unsigned v)
{
	str_addc(w, (char)(v >> 8));
	str_addc(w, (char)v);
}

static void
put32(struct str *w, uint32_t v)
{
	put16(w, v >> 16);
	put16(w, v & 0xffff);
}

static void
count_up(struct str *w, size_t at)
{
	unsigned n = ((unsigned)(uint8_t)w->p[at] << 8 | (uint8_t)w->p[at + 1]) + 1;

	w->p[at] = (char)(n >> 8);
	w->p[at + 1] = (char)n;
}

static size_t
question_end(const uint8_t *query, size_t len)
{
	size_t at = 12;

	while (at < len && query[at] != 0)
		at += query[at] + 1u;
	return at + 5 <= len ? at + 5 : 0;
}

bool
fakewire_question(const uint8_t *query, size_t len, struct question *ret)
{
	size_t end = question_end(query, len);

	if (end == 0 || end - 16 > DNS_NAME_MAX)
		return false;
	ret->name.len = (uint8_t)(end - 16);
	for (size_t i = 0; i < ret->name.len; i++)
		ret->name.wire[i] = query[12 + i];
	ret->type = (uint16_t)(query[end - 4] << 8 | query[end - 3]);
	return true;
}

void
fakewire_begin(struct str *w, const uint8_t *query, size_t len, unsigned rcode, unsigned flags)
{
	size_t end = question_end(query, len);

	str_clear(w);
	str_addn(w, query, 2);
	str_addc(w, (char)(0x80 | (query[2] & 0x01) | (flags & FAKE_AA ? 0x04 : 0) | (flags & FAKE_TC ? 0x02 : 0)));
	str_addc(w, (char)((flags & FAKE_RA ? 0x80 : 0) | (rcode & 15)));
	put16(w, 1);
	put16(w, 0);
	put32(w, 0);
	str_addn(w, query + 12, end - 12);
}

void
fakewire_rr(struct str *w, enum fake_section section, const struct fake_rr *rr, uint32_t ttl)
{
	count_up(w, 6 + 2 * (size_t)section);
	str_addn(w, rr->owner.wire, rr->owner.len);
	put16(w, rr->type);
	put16(w, 1);
	put32(w, ttl);
	put16(w, rr->len);
	str_addn(w, rr->bytes, rr->len);
}

void
fakewire_ede(struct str *w, uint16_t code)
{
	count_up(w, 10);
	str_addc(w, 0);
	put16(w, DNS_TYPE_OPT);
	put16(w, DNS_EDNS_SIZE);
	put32(w, 0);
	put16(w, 6);
	put16(w, 15);
	put16(w, 2);
	put16(w, code);
}
