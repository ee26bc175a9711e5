/* SPDX-License-Identifier: ISC */
#include <m365dnsd/dns.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SAME NULL	/* what is printed is what was parsed */

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

static struct rdata
parsed(uint16_t type, const char *text)
{
	struct rdata r;
	struct err err;

	ck_assert_msg(rdata_parse(arena, type, text, &r, &err) == 0, "%s: %s", text, err.msg);
	return r;
}

/* ---- text to octets and back ---- */

static const struct { uint16_t type; const char *text, *octets; unsigned len; const char *back; } good[] = {
	{ DNS_TYPE_A,     "192.0.2.1",            "\xc0\0\2\1", 4, SAME },
	{ DNS_TYPE_AAAA,  "2001:DB8:0::1",        "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16, "2001:db8::1" },
	{ DNS_TYPE_NS,    "ns1.Test.",            "\3ns1\4test", 10, "ns1.test" },
	{ DNS_TYPE_CNAME, "autodiscover.outlook.com", "\14autodiscover\7outlook\3com", 26, SAME },
	{ DNS_TYPE_CNAME, ".",                    "", 1, SAME },
	{ DNS_TYPE_PTR,   "a\\.b.test",           "\3a.b\4test", 10, SAME },
	{ DNS_TYPE_MX,    "0 mail.test",          "\0\0\4mail\4test", 13, SAME },
	{ DNS_TYPE_MX,    "  65535\t\tMAIL.test.  ", "\xff\xff\4mail\4test", 13, "65535 mail.test" },
	{ DNS_TYPE_MX,    "00010 mail.test",      "\0\12\4mail\4test", 13, "10 mail.test" },
	{ DNS_TYPE_MX,    "0 .",                  "\0\0", 3, SAME },
	{ DNS_TYPE_MX,    "5 m\xc3\xbcn.test",    "\0\5\12xn--mn-xka\4test", 19, "5 xn--mn-xka.test" },
	{ DNS_TYPE_SRV,   "100 1 5061 sip.test",  "\0\144\0\1\x13\xc5\3sip\4test", 16, SAME },
	{ DNS_TYPE_SOA,   "ns.test root.test 1 2 3 4 4294967295", "\2ns\4test\0\4root\4test\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\xff\xff\xff\xff",
	  40, SAME },
	{ DNS_TYPE_TXT,   "v=spf1 -all",          "\13v=spf1 -all", 12, SAME },
	{ DNS_TYPE_TXT,   "",                     "", 1, SAME },
	{ DNS_TYPE_TXT,   " \"a\" \\ ",           "\7 \"a\" \\ ", 8, SAME },
	{ DNS_TYPE_SPF,   "v=spf1",               "\6v=spf1", 7, SAME },
	{ DNS_TYPE_DS,    "12345 13 2 ab CD ef",  "\x30\x39\15\2\xab\xcd\xef", 7, "12345 13 2 ABCDEF" },
	{ DNS_TYPE_TLSA,  "3 1 1 00FF",           "\3\1\1\0\xff", 5, SAME },
	{ 65280,          "\\# 3 AB cdEF",        "\xab\xcd\xef", 3, "\\# 3 ABCDEF" },
	{ DNS_TYPE_RRSIG, "\\# 0",                "", 0, SAME },
};

START_TEST(text_good)
{
	struct rdata r = parsed(good[_i].type, good[_i].text);
	struct str s = STR_INIT;

	ck_assert_msg(r.type == good[_i].type, "%s", good[_i].text);
	ck_assert_msg(r.len == good[_i].len && memcmp(r.bytes, good[_i].octets, r.len) == 0, "%s", good[_i].text);
	rdata_text(&r, &s);
	ck_assert_str_eq(str_c(&s), good[_i].back ? good[_i].back : good[_i].text);
	str_done(&s);
}
END_TEST

static const struct { uint16_t type; const char *text, *words; } wrong[] = {
	{ DNS_TYPE_A,     "",                     "\"\": the value of A is written IPV4-ADDRESS" },
	{ DNS_TYPE_A,     "192.0.2.256",          NULL },
	{ DNS_TYPE_A,     "192.0.2",              NULL },
	{ DNS_TYPE_A,     "192.0.2.1:53",         NULL },
	{ DNS_TYPE_A,     "192.0.2.1 192.0.2.2",  NULL },
	{ DNS_TYPE_A,     "2001:db8::1",          NULL },
	{ DNS_TYPE_AAAA,  "[2001:db8::1]",        "\"[2001:db8::1]\": the value of AAAA is written IPV6-ADDRESS" },
	{ DNS_TYPE_AAAA,  "192.0.2.1",            NULL },
	{ DNS_TYPE_MX,    "mail.test",            "\"mail.test\": the value of MX is written PREFERENCE HOST" },
	{ DNS_TYPE_MX,    "10",                   NULL },
	{ DNS_TYPE_MX,    "65536 mail.test",      NULL },
	{ DNS_TYPE_MX,    "-1 mail.test",         NULL },
	{ DNS_TYPE_MX,    "+1 mail.test",         NULL },
	{ DNS_TYPE_MX,    "0x1 mail.test",        NULL },
	{ DNS_TYPE_MX,    "99999999999999999999 mail.test", NULL },
	{ DNS_TYPE_MX,    "10 mail.test x",       NULL },
	{ DNS_TYPE_MX,    "10 mail..test",        NULL },
	{ DNS_TYPE_SRV,   "100 1 sip.test",       "\"100 1 sip.test\": the value of SRV is written PRIORITY WEIGHT PORT HOST" },
	{ DNS_TYPE_SRV,   "100 1 65536 sip.test", NULL },
	{ DNS_TYPE_CNAME, "a b",                  NULL },
	{ DNS_TYPE_CNAME, "",                     NULL },
	{ DNS_TYPE_SOA,   "ns.test root.test 1 2 3 4 4294967296", NULL },
	{ DNS_TYPE_SOA,   "ns.test root.test 1 2 3 4", NULL },
	{ DNS_TYPE_DS,    "12345 13 2",           NULL },
	{ DNS_TYPE_DS,    "12345 13 2 ABC",       NULL },
	{ DNS_TYPE_DS,    "12345 256 2 AB",       NULL },
	{ DNS_TYPE_DS,    "12345 13 2 AG",        NULL },
	{ 65280,          "AB",                   "\"AB\": the value of TYPE65280 is written \\# LENGTH HEX" },
	{ 65280,          "\\# 2 AB",             NULL },
	{ 65280,          "\\# 1 ABCD",           NULL },
	{ 65280,          "\\#",                  NULL },
};

START_TEST(text_wrong)
{
	struct rdata r;
	struct err err;

	ck_assert_msg(rdata_parse(arena, wrong[_i].type, wrong[_i].text, &r, &err) == -1, "%s", wrong[_i].text);
	if (wrong[_i].words)
		ck_assert_str_eq(err.msg, wrong[_i].words);
	ck_assert_int_eq(rdata_parse(arena, wrong[_i].type, wrong[_i].text, &r, NULL), -1);
}
END_TEST

/* ---- texts ---- */

START_TEST(txt_is_cut_at_255)
{
	static const struct { size_t n; unsigned strings; } rows[] = {
		{ 0, 1 }, { 1, 1 }, { 255, 1 }, { 256, 2 }, { 510, 2 }, { 511, 3 }, { 4000, 16 }, { 65279, 256 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = xcalloc(rows[i].n + 1, 1);
		struct str s = STR_INIT;
		struct rdata r;

		memset(text, 'x', rows[i].n);
		r = parsed(DNS_TYPE_TXT, text);
		ck_assert_uint_eq(r.len, rows[i].n + rows[i].strings);
		ck_assert_uint_eq(rdata_txt_strings(&r), rows[i].strings);
		ck_assert(rdata_txt(&r, &s));
		ck_assert_str_eq(str_c(&s), text);
		str_done(&s);
		free(text);
	}
}
END_TEST

START_TEST(txt_too_long)
{
	char *text = xcalloc(70001, 1);
	struct rdata r;

	memset(text, 'x', 70000);
	ck_assert_int_eq(rdata_parse(arena, DNS_TYPE_TXT, text, &r, NULL), -1);
	text[65280] = '\0';	/* fits, but not with its 256 lengths */
	ck_assert_int_eq(rdata_parse(arena, DNS_TYPE_TXT, text, &r, NULL), -1);
	free(text);
}
END_TEST

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

static const struct { const char *name; const uint8_t *bytes; size_t len; const char *joined; size_t joined_len; const char *quoted; } texts[] = {
	{ "one",     BYTES("\3abc"),           "abc", 3, "\"abc\"" },
	{ "two",     BYTES("\2ab\1c"),         "abc", 3, "\"ab\" \"c\"" },
	{ "empty",   BYTES("\0"),              "", 0, "\"\"" },
	{ "nothing between", BYTES("\2a \0\2 b"), "a  b", 4, "\"a \" \"\" \" b\"" },
	{ "escapes", BYTES("\5\"\\\0\x7f\xfc"), "\"\\\0\x7f\xfc", 5, "\"\\\"\\\\\\000\\127\\252\"" },
};

START_TEST(txt_forms)
{
	struct rdata r = { DNS_TYPE_TXT, (uint16_t)texts[_i].len, texts[_i].bytes };
	struct str s = STR_INIT;

	rdata_text(&r, &s);
	ck_assert_msg(s.len == texts[_i].joined_len && memcmp(str_c(&s), texts[_i].joined, s.len) == 0, "%s", texts[_i].name);
	str_clear(&s);
	rdata_text_quoted(&r, &s);
	ck_assert_str_eq(str_c(&s), texts[_i].quoted);
	str_done(&s);
}
END_TEST

/* ---- taking apart ---- */

START_TEST(fields)
{
	char text[DNS_NAME_TEXT_MAX];
	struct rdata r = parsed(DNS_TYPE_MX, "10 mail.test");
	uint16_t a = 0, b = 0, c = 0;
	struct rdata_soa soa;
	struct dns_name n;
	struct addr addr;

	ck_assert(rdata_mx(&r, &a, &n) && a == 10);
	ck_assert_str_eq(dns_name_text(&n, text), "mail.test");
	ck_assert(rdata_name(&r, &n) && !rdata_srv(&r, &a, &b, &c, &n) && !rdata_soa(&r, &soa) && !rdata_addr(&r, &addr));
	r = parsed(DNS_TYPE_SRV, "100 1 443 sip.test");
	ck_assert(rdata_srv(&r, &a, &b, &c, &n) && a == 100 && b == 1 && c == 443 && !rdata_mx(&r, &a, &n));
	ck_assert_str_eq(dns_name_text(&n, text), "sip.test");
	r = parsed(DNS_TYPE_SOA, "ns.test root.test 1 2 3 4 5");
	ck_assert(rdata_soa(&r, &soa) && soa.serial == 1 && soa.refresh == 2 && soa.retry == 3 && soa.expire == 4 && soa.minimum == 5);
	ck_assert_str_eq(dns_name_text(&soa.rname, text), "root.test");
	ck_assert(!rdata_name(&r, &n));
	r = parsed(DNS_TYPE_AAAA, "2001:db8::1");
	ck_assert(rdata_addr(&r, &addr) && addr.family == 6 && addr.port == 0 && addr.ip[0] == 0x20 && addr.ip[15] == 1);
	ck_assert(!rdata_name(&r, &n) && rdata_txt_strings(&r) == 0);
}
END_TEST

/* Data that no decoder has looked at: every function says no, and prints it as octets. */
static const struct { uint16_t type; const uint8_t *bytes; size_t len; const char *shown; } unsound[] = {
	{ DNS_TYPE_A,     BYTES("\1\2\3"),        "\\# 3 010203" },
	{ DNS_TYPE_MX,    BYTES("\0\1"),          "\\# 2 0001" },
	{ DNS_TYPE_MX,    BYTES("\0\1\4mai"),     "\\# 6 0001046D6169" },
	{ DNS_TYPE_MX,    BYTES("\0\1\xc0\x0c"),  "\\# 4 0001C00C" },
	{ DNS_TYPE_CNAME, BYTES("\1a"),           "\\# 2 0161" },
	{ DNS_TYPE_CNAME, BYTES("\1a\0\0"),       "\\# 4 01610000" },
	{ DNS_TYPE_SOA,   BYTES("\0\0\0"),        "\\# 3 000000" },
	{ DNS_TYPE_SRV,   BYTES("\0"),            "\\# 1 00" },
	{ DNS_TYPE_TXT,   BYTES("\5ab"),          "\\# 3 056162" },
	{ DNS_TYPE_TXT,   BYTES(""),              "\\# 0" },
};

START_TEST(unsound_is_refused)
{
	struct rdata r = { unsound[_i].type, (uint16_t)unsound[_i].len, unsound[_i].bytes };
	struct str s = STR_INIT;
	uint16_t a, b, c;
	struct rdata_soa soa;
	struct dns_name n;
	struct addr addr;

	ck_assert(!rdata_name(&r, &n) && !rdata_mx(&r, &a, &n) && !rdata_srv(&r, &a, &b, &c, &n) && !rdata_soa(&r, &soa));
	ck_assert(!rdata_addr(&r, &addr) && !rdata_txt(&r, &s) && rdata_txt_strings(&r) == 0);
	ck_assert_uint_eq(s.len, 0);
	rdata_text(&r, &s);
	ck_assert_str_eq(str_c(&s), unsound[_i].shown);
	str_clear(&s);
	rdata_text_quoted(&r, &s);
	ck_assert_str_eq(str_c(&s), unsound[_i].shown);
	str_done(&s);
}
END_TEST

/* ---- comparing ---- */

static const struct { uint16_t type_a; const char *a; uint16_t type_b; const char *b; int sign; } pairs[] = {
	{ DNS_TYPE_MX,  "0 mail.test",  DNS_TYPE_MX,  "0 MAIL.Test",  0 },
	{ DNS_TYPE_MX,  "0 mail.test",  DNS_TYPE_MX,  "1 mail.test", -1 },
	{ DNS_TYPE_MX,  "256 a.test",   DNS_TYPE_MX,  "1 a.test",     1 },
	{ DNS_TYPE_MX,  "65 a.test",    DNS_TYPE_MX,  "97 a.test",   -1 },	/* 'A' and 'a': numbers have no case */
	{ DNS_TYPE_MX,  "16706 a.test", DNS_TYPE_MX,  "24930 a.test", -1 },
	{ DNS_TYPE_TXT, "abc",          DNS_TYPE_TXT, "ABC",          1 },
	{ DNS_TYPE_TXT, "abc",          DNS_TYPE_TXT, "abc",          0 },
	{ DNS_TYPE_A,   "10.0.0.1",     DNS_TYPE_A,   "10.0.0.2",    -1 },
	{ DNS_TYPE_A,   "10.0.0.1",     DNS_TYPE_MX,  "0 a.test",    -1 },
	{ DNS_TYPE_CNAME, "a.test",     DNS_TYPE_CNAME, "a.tesu",    -1 },
	{ DNS_TYPE_SOA, "A.b C.d 1 2 3 4 1633837924", DNS_TYPE_SOA, "a.B c.D 1 2 3 4 1633837924", 0 },
	{ DNS_TYPE_SOA, "a b 1 2 3 4 1094861636", DNS_TYPE_SOA, "a b 1 2 3 4 1633837924", -1 },	/* "ABCD", "abcd" */
	{ 65280, "\\# 1 41",            65280, "\\# 1 61",           -1 },
	{ 65280, "\\# 1 41",            65280, "\\# 2 4100",         -1 },
	{ 65280, "\\# 0",               65280, "\\# 0",               0 },
};

START_TEST(compare)
{
	struct rdata a = parsed(pairs[_i].type_a, pairs[_i].a), b = parsed(pairs[_i].type_b, pairs[_i].b);
	int c = rdata_compare(&a, &b), d = rdata_compare(&b, &a);

	ck_assert_msg((c > 0) - (c < 0) == pairs[_i].sign, "%s against %s", pairs[_i].a, pairs[_i].b);
	ck_assert_msg((d > 0) - (d < 0) == -pairs[_i].sign, "%s against %s", pairs[_i].b, pairs[_i].a);
}
END_TEST

#define ROWS(tc, test, rows) tcase_add_loop_test(tc, test, 0, (int)ARRAY_LEN(rows))

int
main(void)
{
	Suite *s = suite_create("dns rdata");
	TCase *tc = tcase_create("rdata");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, arena_make, arena_drop);
	ROWS(tc, text_good, good);
	ROWS(tc, text_wrong, wrong);
	tcase_add_test(tc, txt_is_cut_at_255);
	tcase_add_test(tc, txt_too_long);
	ROWS(tc, txt_forms, texts);
	tcase_add_test(tc, fields);
	ROWS(tc, unsound_is_refused, unsound);
	ROWS(tc, compare, pairs);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
