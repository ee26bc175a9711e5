/* SPDX-License-Identifier: ISC */
/*
 * A message as it may come from anybody: decoded, understood, packed, printed.  What must hold:
 *
 *   - a digest is only given for what the decoder takes, and its TTL is the answer's;
 *   - unpacking and packing again gives the same bytes;
 *   - two messages with one digest and one question have one variant (tried on neighbours: one bit turned);
 *   - what record data prints is parsed back to the same data;
 *   - what is read of it before it is decoded, and what it says of a delegation, stays within its bounds and its bailiwick.
 */
#include <m365dnsd/resolver.h>

#include <stdlib.h>
#include <string.h>

#include "src/resolver/classify.h"
#include "src/resolver/zone.h"

#define NEIGHBOURS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

struct seen {
	struct answer *answer;
	struct dns_message *m;
	struct str variant;
	bool has_digest;
	uint64_t digest;
};

/* Everything about one message; false when it is refused. */
static bool
look_at(struct arena *a, const uint8_t *wire, size_t len, struct seen *ret)
{
	struct err err;
	uint32_t ttl;
	bool decoded = dns_message_decode(a, wire, len, &ret->m, &err) == 0;

	ret->variant = (struct str)STR_INIT;
	ret->has_digest = answer_digest(wire, len, &ret->digest, &ttl);
	must(decoded || !ret->has_digest);
	if (!decoded)
		return false;
	must(ret->m->work <= DNS_WORK_MAX);
	ret->answer = answer_from_message(a, ret->m);
	answer_pack(ret->answer, &ret->variant);
	must(!ret->has_digest || ttl == ret->answer->ttl);
	return true;
}

static void
variant_round_trip(struct arena *a, const struct str *variant)
{
	struct str again = STR_INIT;
	struct answer an;

	must(answer_unpack(a, variant->p, variant->len, &an));
	answer_pack(&an, &again);
	must(again.len == variant->len && memcmp(again.p, variant->p, again.len) == 0);
	str_done(&again);
	must(!answer_unpack(a, variant->p, variant->len - 1, &an));
}

static void
records_print(struct arena *a, const struct rr *rrs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str text = STR_INIT, quoted = STR_INIT;
		struct rdata back;

		rdata_text(&rrs[i].data, &text);
		rdata_text_quoted(&rrs[i].data, &quoted);
		if (rdata_txt_strings(&rrs[i].data) == 0) {	/* the joined text of TXT has lost the cuts */
			must(rdata_parse(a, rrs[i].type, str_c(&text), &back, NULL) == 0);
			must(rdata_compare(&rrs[i].data, &back) == 0);
		}
		str_done(&text);
		str_done(&quoted);
	}
}

static void
neighbours_compare(struct arena *a, const uint8_t *data, size_t size, const struct seen *first)
{
	uint8_t *copy = arena_dup(a, data, size);
	uint64_t place = hash_stable(data, size);

	for (unsigned i = 0; i < NEIGHBOURS; i++) {
		struct seen other;
		size_t at;

		place = place * 6364136223846793005U + 1442695040888963407U;
		at = (size_t)(place >> 16) % size;
		copy[at] ^= (uint8_t)(1 << (place >> 13) % 8);
		if (look_at(a, copy, size, &other) && other.has_digest && other.digest == first->digest &&
		    other.m->q.type == first->m->q.type && dns_name_equal(&other.m->q.name, &first->m->q.name))
			must(other.variant.len == first->variant.len &&
			    memcmp(other.variant.p, first->variant.p, other.variant.len) == 0);
		str_done(&other.variant);
		copy[at] = data[at];
	}
}

/* What decodes is whole for the first look, too, and gets a reason. */
static void
head_compare(const uint8_t *data, size_t size, const struct dns_message *m)
{
	const struct source public = { .kind = SOURCE_RESOLVER, .view = VIEW_PUBLIC, .operator = "quad9" };
	const struct source authority = { .kind = SOURCE_AUTHORITY };
	struct reply_head h;
	bool whole = reply_head_read(&h, data, size);

	if (m != NULL)
		must(whole && h.n_sinkholes <= h.n_addresses && h.n_addresses <= h.n_answer);
	if (!whole)
		return;
	must(reply_reason(&h, &public) < REASON_MAX && reply_reason(&h, &authority) < REASON_MAX);
	reply_refuses_edns(&h);
}

/* As if it had been asked for the name servers of its own question, one label below. */
static void
delegation_judge(const struct dns_message *m)
{
	struct addr addrs[HOST_ADDRESSES_MAX];
	struct dns_name above;
	struct delegation d;

	if (dns_name_labels(&m->q.name) == 0)
		return;
	dns_name_suffix(&above, &m->q.name, 1);
	if (zone_judge(m, &above, &m->q.name, &d) != JUDGE_CUT)
		return;
	must(d.n <= ZONE_NAMES_MAX && dns_name_is_below(&d.owner, &above));
	for (size_t i = 0; i < d.n; i++)
		must(message_addresses(m, &d.names[i], addrs, ARRAY_LEN(addrs)) <= ARRAY_LEN(addrs));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct seen seen;
	struct answer an;
	bool decoded = look_at(a, data, size, &seen);

	head_compare(data, size, decoded ? seen.m : NULL);
	if (decoded) {
		uint8_t query[DNS_QUERY_MAX];
		size_t len = dns_query_encode(query, &seen.m->q, DNS_QUERY_RD | DNS_QUERY_DO);

		delegation_judge(seen.m);
		dns_query_mix_case(query, len);
		dns_reply_check(query, len, data, size);
		variant_round_trip(a, &seen.variant);
		records_print(a, seen.m->answer, seen.m->n_answer);
		records_print(a, seen.m->authority, seen.m->n_authority);
		records_print(a, seen.m->additional, seen.m->n_additional);
		if (seen.has_digest)
			neighbours_compare(a, data, size, &seen);
	}
	str_done(&seen.variant);
	/* The same bytes as something read from a store. */
	if (answer_unpack(a, data, size, &an)) {
		struct str again = STR_INIT;

		answer_pack(&an, &again);
		must(again.len == size && memcmp(again.p, data, size) == 0);
		str_done(&again);
	}
	arena_free(a);
	return 0;
}
