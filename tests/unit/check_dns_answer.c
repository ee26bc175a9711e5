/* SPDX-License-Identifier: ISC */
/*
 * Answers, variants and digests.  Messages are written as text, a record a line:
 *
 *   "an a.test 300 MX 0 mail.test\n"        sections an, ns, ar; ede CODE TEXT
 */
#include <m365dnsd/dns.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AA = 0x0400, TC = 0x0200, AD = 0x0020 };

struct reply {
	uint8_t wire[4096];
	size_t len;
};

static struct arena *arena;

static void
arena_make(void)
{
	arena = arena_new();
}

static void
arena_drop(void)
{
	arena_free(arena);
}

static void
put(struct reply *r, const void *bytes, size_t n)
{
	ck_assert_uint_le(r->len + n, sizeof(r->wire));
	memcpy(r->wire + r->len, bytes, n);
	r->len += n;
}

static void
put16(struct reply *r, unsigned v)
{
	uint8_t p[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(r, p, 2);
}

static void
put_name(struct reply *r, const char *text)
{
	struct dns_name n;

	ck_assert_int_eq(dns_name_parse(&n, text, NULL), 0);
	put(r, n.wire, n.len);
}

/* One line; returns which of the three counts it belongs to. */
static int
put_record(struct reply *r, const char *line)
{
	static const char *const sections[] = { "an", "ns", "ar" };
	char section[8], owner[256], type[16], value[512];
	struct rdata data;
	unsigned long ttl;
	int number;

	if (sscanf(line, "ede %lu %511[^\n]", &ttl, value) == 2) {
		put(r, "\0\0\x29\x04\xd0\0\0\0\0", 9);
		put16(r, (unsigned)strlen(value) + 6);
		put16(r, 15);
		put16(r, (unsigned)strlen(value) + 2);
		put16(r, (unsigned)ttl);
		put(r, value, strlen(value));
		return 2;
	}
	ck_assert_msg(sscanf(line, "%7s %255s %lu %15s %511[^\n]", section, owner, &ttl, type, value) == 5, "%s", line);
	ck_assert_msg(name_find(&dns_type_names, type, &number), "%s", line);
	ck_assert_msg(rdata_parse(arena, (uint16_t)number, value, &data, NULL) == 0, "%s", line);
	put_name(r, owner);
	put16(r, (unsigned)number);
	put16(r, 1);
	put16(r, (unsigned)(ttl >> 16));
	put16(r, (unsigned)ttl & 0xffff);
	put16(r, data.len);
	put(r, data.bytes, data.len);
	for (int i = 0; i < 3; i++)
		if (strcmp(section, sections[i]) == 0)
			return i;
	ck_abort_msg("%s", line);
	return -1;
}

static void
reply_make(struct reply *r, const char *qname, uint16_t qtype, unsigned flags, const char *records)
{
	r->len = 0;
	put16(r, 0x4242);
	put16(r, 0x8000 | flags);
	put(r, "\0\1\0\0\0\0\0\0", 8);
	put_name(r, qname);
	put16(r, qtype);
	put16(r, 1);
	for (const char *line = records; *line; line = strchr(line, '\n') + 1)
		r->wire[7 + 2 * put_record(r, line)]++;
}

static const struct answer *
answer_of(const struct reply *r)
{
	struct dns_message *m;
	struct err err;

	ck_assert_msg(dns_message_decode(arena, r->wire, r->len, &m, &err) == 0, "%s", err.msg);
	return answer_from_message(arena, m);
}

/* "positive 300 a.test>b.test: 0 mail.test | 5 x.test; soa test 7" */
static char *
answer_words(const struct answer *an)
{
	struct str s = STR_INIT;
	char text[DNS_NAME_TEXT_MAX];

	str_addf(&s, "%s %lu", name_of(&answer_kind_names, an->kind), (unsigned long)an->ttl);
	for (size_t i = 0; i < an->n_chain; i++)
		str_addf(&s, "%s%s", i > 0 ? ">" : " ", dns_name_text(&an->chain[i], text));
	for (size_t i = 0; i < an->n_values; i++) {
		str_add(&s, i > 0 ? " | " : ": ");
		rdata_text(&an->values[i], &s);
	}
	if (an->has_soa)
		str_addf(&s, "; soa %s %lu", dns_name_text(&an->soa_owner, text), (unsigned long)an->soa_serial);
	return str_take(&s);
}

/* ---- what a message says ---- */

static const struct { const char *name; uint16_t qtype; unsigned flags; const char *records, *words; } says[] = {
	{ "one value", DNS_TYPE_MX, 0, "an D.test 300 MX 0 mail.test\n", "positive 300: 0 mail.test" },
	{ "sorted, each once, lowest TTL", DNS_TYPE_MX, 0,
	  "an d.test 30 MX 5 b.test\nan d.test 20 MX 0 c.test\nan d.test 40 MX 5 b.test\nan d.test 40 MX 5 a.test\n",
	  "positive 20: 0 c.test | 5 a.test | 5 b.test" },
	{ "TTL of a double counts", DNS_TYPE_MX, 0, "an d.test 30 MX 5 b.test\nan d.test 3 MX 5 b.test\n", "positive 3: 5 b.test" },
	{ "other owners and types do not count", DNS_TYPE_MX, 0,
	  "an x.test 1 MX 0 x.test\nan d.test 1 TXT x\nan d.test 9 MX 0 m.test\n", "positive 9: 0 m.test" },
	{ "additional and authority do not count", DNS_TYPE_MX, AA, "ns d.test 1 MX 0 m.test\nar d.test 1 MX 0 m.test\n", "nodata 0" },
	{ "behind a chain, TTL of the chain too", DNS_TYPE_A, 0,
	  "an D.TEST 50 CNAME a.test\nan A.test 40 CNAME b.test\nan b.test 60 A 192.0.2.1\n", "positive 40 a.test>b.test: 192.0.2.1" },
	{ "a chain in any order", DNS_TYPE_A, 0,
	  "an b.test 60 A 192.0.2.1\nan a.test 50 CNAME b.test\nan d.test 50 CNAME a.test\n", "positive 50 a.test>b.test: 192.0.2.1" },
	{ "a chain not used", DNS_TYPE_A, 0, "an x.test 1 CNAME y.test\nan d.test 9 A 192.0.2.1\n", "positive 9: 192.0.2.1" },
	{ "chain out of the message", DNS_TYPE_A, AA, "an d.test 50 CNAME a.other\n", "nodata 50 a.other" },
	{ "chain out of the message, NS beside", DNS_TYPE_A, 0, "an d.test 50 CNAME a.other\nns other 9 NS ns.other\n", "nodata 50 a.other" },
	{ "chain and NODATA", DNS_TYPE_MX, 0, "an d.test 50 CNAME a.other\nns other 90 SOA n.other r.other 7 1 1 1 60\n",
	  "nodata 50 a.other; soa other 7" },
	{ "chain and NXDOMAIN", DNS_TYPE_MX, 3, "an d.test 500 CNAME a.other\nns other 90 SOA n.other r.other 7 1 1 1 60\n",
	  "nxdomain 60 a.other; soa other 7" },
	{ "CNAME asked for", DNS_TYPE_CNAME, 0, "an d.test 50 CNAME a.test\nan a.test 40 CNAME b.test\n", "positive 50: a.test" },
	{ "CNAME asked for, to itself", DNS_TYPE_CNAME, 0, "an d.test 50 CNAME d.test\n", "positive 50: d.test" },
	{ "two CNAMEs, the order is no matter", DNS_TYPE_A, 0, "an d.test 50 CNAME b.test\nan d.test 9 CNAME a.test\n", "nodata 9 a.test" },
	{ "two CNAMEs turned around", DNS_TYPE_A, 0, "an d.test 9 CNAME a.test\nan d.test 50 CNAME b.test\n", "nodata 9 a.test" },
	{ "loop to itself", DNS_TYPE_A, 0, "an d.test 50 CNAME D.test\n", "cname-loop 0 d.test" },
	{ "loop of two", DNS_TYPE_A, 0, "an d.test 50 CNAME a.test\nan a.test 50 CNAME d.test\n", "cname-loop 0 a.test>d.test" },
	{ "loop at a name of the chain", DNS_TYPE_A, 0, "an d.test 9 CNAME a.test\nan a.test 9 CNAME b.test\nan b.test 9 CNAME a.test\n",
	  "cname-loop 0 a.test>b.test>a.test" },
	{ "NXDOMAIN", DNS_TYPE_MX, 3, "ns test 90 SOA n.test r.test 7 1 1 1 60\n", "nxdomain 60; soa test 7" },
	{ "NXDOMAIN, TTL of the SOA rules", DNS_TYPE_MX, 3, "ns test 30 SOA n.test r.test 7 1 1 1 60\n", "nxdomain 30; soa test 7" },
	{ "NXDOMAIN without SOA", DNS_TYPE_MX, 3, "", "nxdomain 0" },
	{ "NXDOMAIN with values", DNS_TYPE_MX, 3, "an d.test 300 MX 0 mail.test\n", "nxdomain 0" },
	{ "NODATA", DNS_TYPE_MX, AA, "ns D.test 90 SOA n.test r.test 7 1 1 1 60\n", "nodata 60; soa d.test 7" },
	{ "SOA of the closest zone", DNS_TYPE_MX, AA,
	  "ns . 9 SOA n r 1 1 1 1 9\nns d.test 90 SOA n r 7 1 1 1 60\nns test 9 SOA n r 2 1 1 1 9\n", "nodata 60; soa d.test 7" },
	{ "SOA of another zone", DNS_TYPE_MX, AA, "ns other 9 SOA n r 1 1 1 1 9\n", "nodata 0" },
	{ "SOA asked for", DNS_TYPE_SOA, AA, "an d.test 300 SOA n.test r.test 2026 1 2 3 60\n",
	  "positive 300: n.test r.test 2026 1 2 3 60; soa d.test 2026" },
	{ "referral", DNS_TYPE_MX, 0, "ns d.test 300 NS ns1.d.test\nar ns1.d.test 300 A 192.0.2.1\n", "referral 0" },
	{ "referral from above", DNS_TYPE_MX, 0, "ns test 300 NS ns1.test\n", "referral 0" },
	{ "NS from the authority are none", DNS_TYPE_MX, AA, "ns d.test 300 NS ns1.d.test\n", "nodata 0" },
	{ "NS of a zone beside are none", DNS_TYPE_MX, 0, "ns x.test 300 NS ns1.test\n", "nodata 0" },
	{ "NS beside a SOA are none", DNS_TYPE_MX, 0, "ns test 300 NS n.test\nns test 90 SOA n.test r.test 7 1 1 1 60\n", "nodata 60; soa test 7" },
	{ "NS beside NXDOMAIN are none", DNS_TYPE_MX, 3, "ns test 300 NS n.test\n", "nxdomain 0" },
	{ "NS beside a value are none", DNS_TYPE_MX, 0, "an d.test 5 MX 0 m.test\nns test 300 NS n.test\n", "positive 5: 0 m.test" },
	{ "failure", DNS_TYPE_MX, 2, "", "failure 0" },
	{ "failure with values", DNS_TYPE_MX, 5, "an d.test 5 MX 0 m.test\n", "failure 0" },
	{ "TXT keeps case and order of strings", DNS_TYPE_TXT, 0, "an d.test 5 TXT MS=ms1\nan d.test 5 TXT ms=MS1\n",
	  "positive 5: MS=ms1 | ms=MS1" },
};

/* The same again out of its packed form, of which TTL and SOA are no part. */
static void
check_unpacked(const char *name, const struct answer *an)
{
	struct answer bare = *an, back;
	struct str packed = STR_INIT, again = STR_INIT;
	char *want, *got;

	bare.ttl = 0;
	bare.has_soa = false;
	answer_pack(an, &packed);
	ck_assert_msg(answer_unpack(arena, packed.p, packed.len, &back), "%s", name);
	want = answer_words(&bare);
	got = answer_words(&back);
	ck_assert_str_eq(got, want);
	ck_assert_uint_eq(back.rcode, an->rcode);
	ck_assert_uint_eq(back.qtype, an->qtype);
	answer_pack(&back, &again);
	ck_assert_msg(again.len == packed.len && memcmp(again.p, packed.p, again.len) == 0, "%s", name);
	for (size_t n = 0; n < packed.len; n++)
		ck_assert_msg(!answer_unpack(arena, packed.p, n, &back), "%s: %zu octets", name, n);
	str_addc(&packed, '\0');
	ck_assert_msg(!answer_unpack(arena, packed.p, packed.len, &back), "%s: one octet more", name);
	str_done(&packed);
	str_done(&again);
	free(want);
	free(got);
}

START_TEST(message_says)
{
	const struct answer *an;
	struct reply r;
	uint64_t digest;
	uint32_t ttl;
	char *words;

	reply_make(&r, "d.TEST", says[_i].qtype, says[_i].flags, says[_i].records);
	an = answer_of(&r);
	words = answer_words(an);
	ck_assert_msg(strcmp(words, says[_i].words) == 0, "%s: \"%s\", expected \"%s\"", says[_i].name, words, says[_i].words);
	ck_assert_uint_eq(an->aa, (says[_i].flags & AA) != 0);
	ck_assert_uint_eq(an->rcode, says[_i].flags & 15);
	ck_assert_uint_eq(an->qtype, says[_i].qtype);
	check_unpacked(says[_i].name, an);
	if (answer_digest(r.wire, r.len, &digest, &ttl))
		ck_assert_msg(ttl == an->ttl, "%s: the digest's TTL is %lu", says[_i].name, (unsigned long)ttl);
	free(words);
}
END_TEST

/* Links l0 > l1 > ..., written backwards. */
START_TEST(chain_at_its_limit)
{
	for (unsigned links = DNS_CHAIN_MAX - 1; links <= DNS_CHAIN_MAX + 2; links++) {
		struct str s = STR_INIT;
		const struct answer *an;
		struct reply r;

		str_addf(&s, "an l%u.test 9 A 192.0.2.1\n", links);
		for (unsigned i = links; i-- > 0;)
			str_addf(&s, "an l%u.test 9 CNAME l%u.test\n", i, i + 1);
		reply_make(&r, "l0.test", DNS_TYPE_A, 0, str_c(&s));
		an = answer_of(&r);
		ck_assert_int_eq(an->kind, links <= DNS_CHAIN_MAX ? ANSWER_POSITIVE : ANSWER_CNAME_LOOP);
		ck_assert_uint_eq(an->n_chain, links <= DNS_CHAIN_MAX ? links : DNS_CHAIN_MAX);
		check_unpacked("chain", an);
		str_done(&s);
	}
}
END_TEST

START_TEST(extended_errors_are_kept)
{
	const struct answer *an;
	struct reply r;
	uint64_t digest;
	uint32_t ttl;

	reply_make(&r, "d.test", DNS_TYPE_A, AD, "an d.test 5 A 192.0.2.1\nede 17 Filtered\n");
	an = answer_of(&r);
	ck_assert_uint_eq(an->n_ede, 1);
	ck_assert_uint_eq(an->ede[0].code, 17);
	ck_assert_str_eq(an->ede[0].text, "Filtered");
	ck_assert(an->ad && !an->aa);
	ck_assert(!answer_digest(r.wire, r.len, &digest, &ttl));
}
END_TEST

/* ---- variants ---- */

#define MX1 "an d.test 5 MX 0 a.test\n"
#define MX2 "an d.test 6 MX 5 b.test\n"
#define SOA1 "ns test 90 SOA n.test r.test 7 1 1 1 60\n"
#define SOA2 "ns test 70 SOA n.test r.test 8 1 1 1 50\n"

enum digests { DIGEST_SAME, DIGEST_DIFFER, DIGEST_NONE };

static const struct {
	const char *name;
	uint16_t qtype;
	unsigned flags_a;
	const char *a;
	unsigned flags_b;
	const char *b;
	bool one_variant;
	enum digests digests;
} pairs[] = {
	{ "equal",            DNS_TYPE_MX,  0, MX1,                   0, MX1,                          true,  DIGEST_SAME },
	{ "another TTL",      DNS_TYPE_MX,  0, MX1,                   0, "an d.test 9 MX 0 a.test\n",  true,  DIGEST_SAME },
	{ "owner's case",     DNS_TYPE_MX,  0, MX1,                   0, "an D.test 5 MX 0 a.test\n",  true,  DIGEST_SAME },
	{ "another order",    DNS_TYPE_MX,  0, MX1 MX2,               0, MX2 MX1,                      true,  DIGEST_SAME },
	{ "a double",         DNS_TYPE_MX,  0, MX1,                   0, MX1 MX1,                      true,  DIGEST_DIFFER },
	{ "authority beside", DNS_TYPE_MX,  0, MX1,                   0, MX1 "ns test 5 NS n.test\n",  true,  DIGEST_SAME },
	{ "additional beside", DNS_TYPE_MX, 0, MX1,                   0, MX1 "ar a.test 5 A 10.0.0.1\n", true, DIGEST_SAME },
	{ "RA",               DNS_TYPE_MX,  0, MX1,                0x80, MX1,                          true,  DIGEST_SAME },
	{ "AA",               DNS_TYPE_MX,  0, MX1,                  AA, MX1,                          true,  DIGEST_DIFFER },
	{ "AD",               DNS_TYPE_MX,  0, MX1,                  AD, MX1,                          true,  DIGEST_DIFFER },
	{ "another value",    DNS_TYPE_MX,  0, MX1,                   0, "an d.test 5 MX 0 b.test\n",  false, DIGEST_DIFFER },
	{ "another preference", DNS_TYPE_MX, 0, MX1,                  0, "an d.test 5 MX 1 a.test\n",  false, DIGEST_DIFFER },
	{ "one more",         DNS_TYPE_MX,  0, MX1,                   0, MX1 MX2,                      false, DIGEST_DIFFER },
	{ "TXT case",         DNS_TYPE_TXT, 0, "an d.test 5 TXT ab\n", 0, "an d.test 5 TXT aB\n",      false, DIGEST_DIFFER },
	{ "none",             DNS_TYPE_MX,  0, MX1,                   0, SOA1,                         false, DIGEST_DIFFER },
	{ "none or no name",  DNS_TYPE_MX,  0, SOA1,                  3, SOA1,                         false, DIGEST_DIFFER },
	{ "SOA serial, TTL",  DNS_TYPE_MX,  3, SOA1,                  3, SOA2,                         true,  DIGEST_SAME },
	{ "SOA of another zone", DNS_TYPE_MX, 3, SOA1,                3, "ns d.test 9 SOA n r 1 1 1 1 9\n", true, DIGEST_DIFFER },
	{ "referral or not",  DNS_TYPE_MX,  0, "ns d.test 9 NS n.test\n", 0, "ns x.test 9 NS n.test\n", false, DIGEST_DIFFER },
	{ "failures differ",  DNS_TYPE_MX,  2, "",                    5, "",                           false, DIGEST_DIFFER },
	{ "chain",            DNS_TYPE_A,   0, "an d.test 5 CNAME a.test\n", 0, "an d.test 6 CNAME A.test\n", true, DIGEST_NONE },
	{ "chain or none",    DNS_TYPE_A,   AA, "an d.test 5 CNAME a.test\n", AA, "",                   false, DIGEST_NONE },
	{ "CNAME asked",      DNS_TYPE_CNAME, 0, "an d.test 5 CNAME a.test\n", 0, "an d.test 9 CNAME A.Test\n", true, DIGEST_SAME },
	{ "truncated",        DNS_TYPE_MX,  TC, MX1,                 TC, MX1,                          true,  DIGEST_NONE },
};

START_TEST(variants_and_digests)
{
	struct str packed_a = STR_INIT, packed_b = STR_INIT;
	uint64_t digest_a = 0, digest_b = 0;
	struct reply a, b;
	uint32_t ttl;
	bool has;

	reply_make(&a, "d.test", pairs[_i].qtype, pairs[_i].flags_a, pairs[_i].a);
	reply_make(&b, "d.TEST", pairs[_i].qtype, pairs[_i].flags_b, pairs[_i].b);
	b.wire[0] = 0x99;
	answer_pack(answer_of(&a), &packed_a);
	answer_pack(answer_of(&b), &packed_b);
	ck_assert_msg((packed_a.len == packed_b.len && memcmp(packed_a.p, packed_b.p, packed_a.len) == 0) == pairs[_i].one_variant,
	    "%s: variants", pairs[_i].name);
	has = answer_digest(a.wire, a.len, &digest_a, &ttl) && answer_digest(b.wire, b.len, &digest_b, &ttl);
	ck_assert_msg(has == (pairs[_i].digests != DIGEST_NONE), "%s: digest or not", pairs[_i].name);
	if (has)
		ck_assert_msg((digest_a == digest_b) == (pairs[_i].digests == DIGEST_SAME), "%s: digests", pairs[_i].name);
	str_done(&packed_a);
	str_done(&packed_b);
}
END_TEST

/*
 * The second record's target is a pointer into the TTL of the first, read as a label and the root there: the octets of all
 * names and data stay, the TTL is no part of the variant, and yet the variant changes.
 */
START_TEST(digest_follows_pointers)
{
	static const uint8_t wire[] =
	    "\0\0\x80\0\0\1\0\2\0\0\0\0" "\1d\4test\0\0\2\0\1"
	    "\xc0\x0c\0\2\0\1" "\1a\0\0" "\0\4\1x\xc0\x0e"
	    "\xc0\x0c\0\2\0\1" "\0\0\0\1" "\0\4\1x\xc0\x1e";
	enum { LETTER = 0x1f };
	uint8_t other[sizeof(wire) - 1];
	uint64_t digest_a, digest_b;
	uint32_t ttl;

	memcpy(other, wire, sizeof(other));
	ck_assert_uint_eq(other[LETTER], 'a');
	other[LETTER] = 'b';
	ck_assert(answer_digest(wire, sizeof(wire) - 1, &digest_a, &ttl));
	ck_assert(answer_digest(other, sizeof(other), &digest_b, &ttl));
	ck_assert(digest_a != digest_b);
}
END_TEST

/* ---- what is stored may have been damaged ---- */

START_TEST(unpack_damaged)
{
	struct str packed = STR_INIT, again = STR_INIT;
	struct answer back;
	struct reply r;

	reply_make(&r, "d.test", DNS_TYPE_MX, 0, "an d.test 9 CNAME a.test\nan a.test 5 MX 0 m.test\nan a.test 5 MX 1 m.test\n");
	answer_pack(answer_of(&r), &packed);
	for (size_t i = 0; i < packed.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			packed.p[i] ^= (char)(1 << bit);
			if (answer_unpack(arena, packed.p, packed.len, &back)) {
				str_clear(&again);
				answer_pack(&back, &again);
				ck_assert_msg(again.len == packed.len && memcmp(again.p, packed.p, again.len) == 0,
				    "octet %zu, bit %u", i, bit);
			}
			packed.p[i] ^= (char)(1 << bit);
		}
	ck_assert(!answer_unpack(arena, "", 0, &back));
	str_done(&packed);
	str_done(&again);
}
END_TEST

#define ROWS(tc, test, rows) tcase_add_loop_test(tc, test, 0, (int)ARRAY_LEN(rows))

int
main(void)
{
	Suite *s = suite_create("dns answer");
	TCase *tc = tcase_create("answer");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, arena_make, arena_drop);
	ROWS(tc, message_says, says);
	tcase_add_test(tc, chain_at_its_limit);
	tcase_add_test(tc, extended_errors_are_kept);
	ROWS(tc, variants_and_digests, pairs);
	tcase_add_test(tc, digest_follows_pointers);
	tcase_add_test(tc, unpack_damaged);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
