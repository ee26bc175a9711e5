/* SPDX-License-Identifier: ISC */
/*
 * Messages.  The bulk lies in tests/fuzz/corpus/message: replies of every kind of brokenness, written by make_corpus.py, with
 * what is expected of each in message.expect.
 */
#include <m365dnsd/dns.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORPUS "tests/fuzz/corpus/"

static const char query_name[] = "CoNtOsO.tEsT";

/* A file of the corpus; $srcdir when the tests run elsewhere than at the top of the tree. */
static FILE *
corpus_open(const char *name)
{
	const char *top = getenv("srcdir");
	char *path = xasprintf("%s/" CORPUS "%s", top ? top : ".", name);
	FILE *f = fopen(path, "rb");

	ck_assert_msg(f != NULL, "%s cannot be opened", path);
	free(path);
	return f;
}

static size_t
corpus_read(const char *title, uint8_t *wire, size_t size)
{
	char *name = xasprintf("message/%s.wire", title);
	FILE *f = corpus_open(name);
	size_t len = fread(wire, 1, size, f);

	fclose(f);
	free(name);
	return len;
}

static size_t
query_make(uint8_t *buf)
{
	struct question q = { .type = DNS_TYPE_MX };
	size_t len;

	ck_assert_int_eq(dns_name_parse(&q.name, query_name, NULL), 0);
	len = dns_query_encode(buf, &q, DNS_QUERY_RD);
	buf[0] = 0x12;
	buf[1] = 0x34;
	return len;
}

/* What the decoder and the answer say, in the words of message.expect: of an error, what is wrong and not where. */
static void
outcome_text(const uint8_t *wire, size_t len, char *buf, size_t size)
{
	struct arena *a = arena_new();
	struct dns_message *m;
	struct err err;
	uint64_t digest;
	uint32_t ttl;
	bool has_digest = answer_digest(wire, len, &digest, &ttl);

	if (dns_message_decode(a, wire, len, &m, &err) == -1) {
		const char *what = strrchr(err.msg, ':');

		snprintf(buf, size, "refused: %.200s%s", what ? what + 2 : err.msg, has_digest ? ", but it has a digest" : "");
	} else {
		const struct answer *an = answer_from_message(a, m);

		snprintf(buf, size, "%s values=%zu chain=%zu ttl=%lu", name_of(&answer_kind_names, an->kind), an->n_values,
		    an->n_chain, (unsigned long)(has_digest ? ttl : an->ttl));
	}
	arena_free(a);
}

/* Also of the digest: none where the decoder refuses, and the same TTL. */
START_TEST(corpus_as_expected)
{
	static const char *const words[] = { [REPLY_OK] = "ok", [REPLY_CASE] = "case", [REPLY_FOREIGN] = "foreign",
		[REPLY_SHORT] = "short" };
	uint8_t query[DNS_QUERY_MAX], *wire = xmalloc(DNS_MESSAGE_MAX);
	size_t query_len = query_make(query), rows = 0;
	FILE *list = corpus_open("message.expect");
	char line[512];

	while (fgets(line, sizeof(line), list)) {
		char title[128], reply[16], outcome[256], got[256];
		size_t len;

		if (line[0] == '#')
			continue;
		ck_assert_int_eq(sscanf(line, "%127[^\t]\t%15[^\t]\t%255[^\n]", title, reply, outcome), 3);
		len = corpus_read(title, wire, DNS_MESSAGE_MAX);
		outcome_text(wire, len, got, sizeof(got));
		ck_assert_msg(strcmp(got, outcome) == 0, "%s: %s, expected %s", title, got, outcome);
		ck_assert_msg(strcmp(words[dns_reply_check(query, query_len, wire, len)], reply) == 0, "%s: reply is not %s",
		    title, reply);
		rows++;
	}
	ck_assert_uint_ge(rows, 120);
	fclose(list);
	free(wire);
}
END_TEST

/* A digest is given for plain messages only; never for what is refused, and its TTL is the answer's. */
START_TEST(corpus_digests)
{
	static const struct { const char *title, *same_as; } rows[] = {
		{ "plain",                "plain" },
		{ "question-case-only",   "plain" },
		{ "id-wrong",             "plain" },
		{ "opt",                  "plain" },
		{ "opt-unknown-option",   "plain" },
		{ "opt-not-last",         "plain" },
		{ "ttl-max",              "plain" },
		{ "referral-of-parent",   "referral" },
		{ "opt-ede",              NULL },
		{ "opt-badvers",          NULL },
		{ "opt-twice",            NULL },
		{ "opt-owner",            NULL },
		{ "opt-option-cut-past",  NULL },
		{ "trailing-octet",       NULL },
		{ "rdata-bad-in-additional", NULL },
		{ "nxdomain-with-answers", NULL },
		{ "failure-with-answers", NULL },
		{ "mx-beside-other-owner", NULL },
		{ "truncated-flag",       NULL },
		{ "cname-only",           NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t wire[2048];
		uint64_t digest = 0, same = 0;
		uint32_t ttl;
		bool has = answer_digest(wire, corpus_read(rows[i].title, wire, sizeof(wire)), &digest, &ttl);

		ck_assert_msg(has == (rows[i].same_as != NULL), "%s", rows[i].title);
		if (has)
			ck_assert(answer_digest(wire, corpus_read(rows[i].same_as, wire, sizeof(wire)), &same, &ttl));
		ck_assert_msg(digest == same || !has, "%s", rows[i].title);
	}
}
END_TEST

/* ---- every cut of a message is refused ---- */

START_TEST(every_prefix_is_refused)
{
	static const char *const titles[] = { "plain", "cname-backwards", "nxdomain-two-soas", "opt-ede", "txt-spf-over-512" };
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		uint8_t wire[2048];
		size_t len = corpus_read(titles[i], wire, sizeof(wire));
		struct dns_message *m;
		uint64_t digest;
		uint32_t ttl;

		ck_assert_int_eq(dns_message_decode(a, wire, len, &m, NULL), 0);
		for (size_t n = 0; n < len; n++) {
			uint8_t *exact = xmalloc(n > 0 ? n : 1);	/* a sanitizer sees the first octet too many */

			memcpy(exact, wire, n);
			ck_assert_msg(dns_message_decode(a, exact, n, &m, NULL) == -1, "%s: %zu octets", titles[i], n);
			ck_assert_msg(!answer_digest(exact, n, &digest, &ttl), "%s: digest of %zu octets", titles[i], n);
			free(exact);
		}
	}
	arena_free(a);
}
END_TEST

/* ---- cost: 64 kB made to be slow ---- */

struct big {
	uint8_t wire[DNS_MESSAGE_MAX];
	size_t len;
	unsigned records;
};

static void
big_put(struct big *b, const void *bytes, size_t n)
{
	memcpy(b->wire + b->len, bytes, n);
	b->len += n;
}

static void
big_put16(struct big *b, unsigned v)
{
	uint8_t p[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	big_put(b, p, 2);
}

/* A question of the longest name that labels of n octets make, type NS. */
static void
big_begin(struct big *b, unsigned label)
{
	static const uint8_t header[12] = { 0x12, 0x34, 0x84, 0, 0, 1 };
	uint8_t octets[64] = { 0 };

	b->len = 0;
	b->records = 0;
	big_put(b, header, sizeof(header));
	memset(octets + 1, 'x', label);
	for (size_t n = 1; n + 1 + label <= DNS_NAME_MAX; n += 1 + label) {
		octets[0] = (uint8_t)label;
		big_put(b, octets, 1 + label);
	}
	big_put(b, "", 1);
	big_put16(b, DNS_TYPE_NS);
	big_put16(b, 1);
}

/* A record of two pointers, the second behind a label of its own when `behind`; false when the message is full. */
static bool
big_add(struct big *b, unsigned owner, unsigned target, bool behind)
{
	uint8_t label[3] = { 2, (uint8_t)(b->records % 251), (uint8_t)(b->records / 251) };

	if (b->len + 20 > sizeof(b->wire))
		return false;
	big_put16(b, 0xc000 | owner);
	big_put16(b, DNS_TYPE_NS);
	big_put16(b, 1);
	big_put16(b, 0);
	big_put16(b, 300);
	big_put16(b, behind ? 5 : 2);
	if (behind)
		big_put(b, label, sizeof(label));
	big_put16(b, 0xc000 | target);
	b->records++;
	b->wire[6] = (uint8_t)(b->records >> 8);
	b->wire[7] = (uint8_t)b->records;
	return true;
}

/*
 * The limit is on steps, not on time, so this is the same on every machine.  Measured with -O2 in 2026: refusing takes 1.2 ms,
 * the dearest that is taken 0.6 ms to decode and 2.2 ms to sort.
 */
START_TEST(work_is_bounded)
{
	static const struct { const char *name; unsigned label, targets, step; bool behind, taken; } rows[] = {
		{ "short labels, one target",     1,   1,  0, false, false },
		{ "short labels, many targets",   1, 100,  2, false, false },
		{ "short labels behind a label",  1,  50,  4, true,  false },
		{ "long labels, one target",     63,   1,  0, false, true },
		{ "long labels, three targets",  63,   3, 64, false, true },
		{ "long labels behind a label",  63,   1, 64, true,  true },
	};
	struct big *b = xmalloc(sizeof(*b));
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_message *m = NULL;
		struct err err;
		bool taken;

		big_begin(b, rows[i].label);
		while (big_add(b, 12, 12 + rows[i].step * (1 + b->records % rows[i].targets), rows[i].behind))
			;
		taken = dns_message_decode(a, b->wire, b->len, &m, &err) == 0;
		ck_assert_msg(taken == rows[i].taken, "%s: %s", rows[i].name, taken ? "taken" : err.msg);
		if (taken)
			ck_assert_msg(m->work <= DNS_WORK_MAX && answer_from_message(a, m)->kind == ANSWER_POSITIVE, "%s",
			    rows[i].name);
		else
			ck_assert_msg(strstr(err.msg, ": the names take too much work to expand"), "%s: %s", rows[i].name, err.msg);
		arena_reset(a);
	}
	arena_free(a);
	free(b);
}
END_TEST

/* ---- what the decoder gives ---- */

START_TEST(fields_of_a_message)
{
	static const uint8_t wire[] =
	    "\xab\xcd\x87\xb3\0\1\0\1\0\1\0\2"				/* QR AA TC RD RA AD CD, rcode 3 */
	    "\1a\4TEST\0\0\5\0\1"
	    "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\4\1B\xc0\x0e"
	    "\xc0\x0e\0\2\0\1\x80\0\0\1\0\2\xc0\x0c"
	    "\0\0\x29\x04\xd0\1\0\x80\0\0\x0b\0\x0f\0\7\0\x16words"	/* rcode 16 more; EDE 22 */
	    "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\xc0\0\2\1";
	struct arena *a = arena_new();
	char text[DNS_NAME_TEXT_MAX];
	struct dns_message *m;
	struct dns_name name;
	struct addr addr;

	ck_assert_int_eq(dns_message_decode(a, wire, sizeof(wire) - 1, &m, NULL), 0);
	ck_assert_uint_eq(m->id, 0xabcd);
	ck_assert_uint_eq(m->rcode, 0x13);
	ck_assert(m->aa && m->tc && m->rd && m->ra && m->ad && m->cd && m->edns);
	ck_assert_str_eq(dns_name_text(&m->q.name, text), "a.TEST");
	ck_assert_uint_eq(m->q.type, DNS_TYPE_CNAME);
	ck_assert_uint_eq(m->n_answer, 1);
	ck_assert_uint_eq(m->n_authority, 1);
	ck_assert_uint_eq(m->n_additional, 1);
	ck_assert_uint_eq(m->n_ede, 1);
	ck_assert_uint_eq(m->ede[0].code, 22);
	ck_assert_uint_eq(m->ede[0].len, 5);
	ck_assert_str_eq(m->ede[0].text, "words");
	ck_assert_uint_eq(m->answer[0].ttl, 300);
	ck_assert_uint_eq(m->answer[0].class, 1);
	ck_assert_uint_eq(m->answer[0].data.len, 8);
	ck_assert(rdata_name(&m->answer[0].data, &name));
	ck_assert_str_eq(dns_name_text(&name, text), "B.TEST");
	ck_assert_str_eq(dns_name_text(m->authority[0].owner, text), "TEST");
	ck_assert_uint_eq(m->authority[0].ttl, 0);
	ck_assert(rdata_addr(&m->additional[0].data, &addr));
	ck_assert_uint_eq(addr.family, 4);
	ck_assert_mem_eq(addr.ip, "\xc0\0\2\1", 4);
	arena_free(a);
}
END_TEST

START_TEST(errors_say_where)
{
	static const struct { const char *title, *words; } rows[] = {
		{ "qdcount-2",            "there is not exactly one question" },
		{ "ancount-65535",        "answer section: there are fewer records than the header says" },
		{ "ancount-3-two",        "record 3 of the answer section: there are fewer records than the header says" },
		{ "rdata-bad-in-authority", "record 1 of the authority section: a name runs past the end" },
		{ "opt-twice",            "record 2 of the additional section: there is more than one OPT record" },
		{ "trailing-octet",       "octets follow the last record" },
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_message *m;
		uint8_t wire[2048];
		struct err err;

		ck_assert_int_eq(dns_message_decode(a, wire, corpus_read(rows[i].title, wire, sizeof(wire)), &m, &err), -1);
		ck_assert_str_eq(err.msg, rows[i].words);
	}
	arena_free(a);
}
END_TEST

/* ---- queries ---- */

START_TEST(query_octets)
{
	static const struct { const char *name; unsigned flags; const char *head, *tail; size_t tail_len; } rows[] = {
		{ "plain",   DNS_QUERY_RD, "\0\0\1\0\0\1\0\0\0\0\0\1", "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11 },
		{ "DNSSEC",  DNS_QUERY_RD | DNS_QUERY_CD | DNS_QUERY_DO, "\0\0\1\x10\0\1\0\0\0\0\0\1",
		  "\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11 },
		{ "no EDNS", DNS_QUERY_NO_EDNS | DNS_QUERY_DO, "\0\0\0\0\0\1\0\0\0\0\0\0", "", 0 },
	};
	struct question q = { .type = DNS_TYPE_SRV };
	static const char qd[] = "\4_sip\4_tls\7Contoso\4test\0\0\x21\0\1";

	ck_assert_int_eq(dns_name_parse(&q.name, "_sip._tls.Contoso.test", NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t wire[DNS_QUERY_MAX];
		size_t len = dns_query_encode(wire, &q, rows[i].flags);

		ck_assert_msg(len == 12 + sizeof(qd) - 1 + rows[i].tail_len && memcmp(wire, rows[i].head, 12) == 0 &&
		    memcmp(wire + 12, qd, sizeof(qd) - 1) == 0 &&
		    memcmp(wire + len - rows[i].tail_len, rows[i].tail, rows[i].tail_len) == 0, "%s", rows[i].name);
	}
}
END_TEST

START_TEST(query_of_the_longest_name_fits)
{
	struct question q = { .type = DNS_TYPE_MX };
	uint8_t wire[DNS_QUERY_MAX];
	struct str text = STR_INIT;

	for (unsigned i = 0; i < DNS_LABELS_MAX; i++)
		str_add(&text, "x.");
	ck_assert_int_eq(dns_name_parse(&q.name, str_c(&text), NULL), 0);
	ck_assert_uint_eq(dns_query_encode(wire, &q, DNS_QUERY_RD), DNS_QUERY_MAX);
	dns_query_mix_case(wire, DNS_QUERY_MAX);
	str_done(&text);
}
END_TEST

START_TEST(case_is_mixed_and_nothing_else)
{
	struct question q = { .type = DNS_TYPE_MX };
	uint8_t wire[DNS_QUERY_MAX], mixed[DNS_QUERY_MAX];
	unsigned upper = 0;
	size_t len;

	ck_assert_int_eq(dns_name_parse(&q.name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.[`{@\\255-09.test", NULL), 0);
	len = dns_query_encode(wire, &q, DNS_QUERY_RD);
	for (unsigned round = 0; round < 200; round++) {
		memcpy(mixed, wire, len);
		dns_query_mix_case(mixed, len);
		for (size_t i = 0; i < len; i++) {
			bool letter = i >= 12 && i < 12U + q.name.len && ((wire[i] | 32) >= 'a' && (wire[i] | 32) <= 'z');

			ck_assert_msg(letter ? (mixed[i] | 32) == (wire[i] | 32) : mixed[i] == wire[i], "octet %zu", i);
			upper += i == 13 && mixed[i] == 'A';
		}
		ck_assert(dns_reply_check(wire, len, mixed, len) == REPLY_FOREIGN);	/* QR is not set */
	}
	ck_assert_msg(upper > 50 && upper < 150, "%u of 200 are capitals", upper);
}
END_TEST

START_TEST(words_of_numbers)
{
	char buf[16];
	int id;

	ck_assert_str_eq(dns_type_text(DNS_TYPE_SRV, buf), "SRV");
	ck_assert_str_eq(dns_type_text(65280, buf), "TYPE65280");
	ck_assert_str_eq(dns_type_text(65535, buf), "TYPE65535");
	ck_assert(name_find(&dns_type_names, "aaaa", &id) && id == DNS_TYPE_AAAA);
	ck_assert_str_eq(name_of(&dns_rcode_names, DNS_RCODE_NXDOMAIN), "NXDOMAIN");
	for (int i = 0; i < REASON_MAX; i++)
		ck_assert_str_ne(name_of(&reason_names, i), "?");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dns message");
	TCase *tc = tcase_create("message");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(tc, corpus_as_expected);
	tcase_add_test(tc, corpus_digests);
	tcase_add_test(tc, every_prefix_is_refused);
	tcase_add_test(tc, work_is_bounded);
	tcase_add_test(tc, fields_of_a_message);
	tcase_add_test(tc, errors_say_where);
	tcase_add_test(tc, query_octets);
	tcase_add_test(tc, query_of_the_longest_name_fits);
	tcase_add_test(tc, case_is_mixed_and_nothing_else);
	tcase_add_test(tc, words_of_numbers);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
