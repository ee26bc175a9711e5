/* SPDX-License-Identifier: ISC */
#include <m365dnsd/dns.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

static struct dns_name
name(const char *text)
{
	struct dns_name n;
	struct err err;

	ck_assert_msg(dns_name_parse(&n, text, &err) == 0, "%s: %s", text, err.msg);
	return n;
}

/* ---- text to wire and back ---- */

static const struct { const char *text, *wire; unsigned len; const char *back; } good[] = {
	{ ".",                    "",                            1, "." },
	{ "test",                 "\4test",                      6, "test" },
	{ "test.",                "\4test",                      6, "test" },
	{ "Contoso.TEST",         "\7Contoso\4TEST",            14, "Contoso.TEST" },
	{ "_sip._tls.a.test",     "\4_sip\4_tls\1a\4test",      18, "_sip._tls.a.test" },
	{ "*.test",               "\1*\4test",                   8, "*.test" },
	{ "a\\.b.test",           "\3a.b\4test",                10, "a\\.b.test" },
	{ "\\097.test",           "\1a\4test",                   8, "a.test" },
	{ "\\000\\255\\032.test", "\3\0\xff \4test",            10, "\\000\\255\\032.test" },
	{ "a\\\\.test",           "\2a\\\4test",                 9, "a\\\\.test" },
	{ "\\@.test",             "\1@\4test",                   8, "\\@.test" },
	{ "@.test",               "\1@\4test",                   8, "\\@.test" },
	{ "a b;(\"$)",            "\10a b;(\"$)",               10, "a\\032b\\;\\(\\\"\\$\\)" },
	{ "a\\.",                 "\2a.",                        4, "a\\." },
	{ "m\xc3\xbcn",           "\4m\xc3\xbcn",                6, "m\\195\\188n" },
	{ L63 ".x",               "\77" L63 "\1x",              67, L63 ".x" },
};

START_TEST(parse_good)
{
	const char *text = good[_i].text;
	char back[DNS_NAME_TEXT_MAX];
	struct dns_name n = name(text);

	ck_assert_msg(n.len == good[_i].len && memcmp(n.wire, good[_i].wire, n.len) == 0, "%s", text);
	ck_assert_str_eq(dns_name_text(&n, back), good[_i].back);
}
END_TEST

static const struct { const char *text, *words; } wrong[] = {
	{ "",            "\"\": a name is needed" },
	{ "..",          "\"..\": the name has an empty label" },
	{ ".test",       "\".test\": the name has an empty label" },
	{ "a..test",     "\"a..test\": the name has an empty label" },
	{ "test..",      "\"test..\": the name has an empty label" },
	{ "a\\",         "\"a\\\\\": a backslash stands before a character or three digits up to 255" },
	{ "\\256",       "\"\\\\256\": a backslash stands before a character or three digits up to 255" },
	{ "\\1",         "\"\\\\1\": a backslash stands before a character or three digits up to 255" },
	{ "\\12.test",   "\"\\\\12.test\": a backslash stands before a character or three digits up to 255" },
	{ L63 "x.test",  "\"" L63 "x.test\": a label is over 63 octets" },
};

START_TEST(parse_wrong)
{
	struct dns_name n = { .len = 77 };
	struct err err;

	ck_assert_msg(dns_name_parse(&n, wrong[_i].text, &err) == -1, "%s", wrong[_i].text);
	ck_assert_str_eq(err.msg, wrong[_i].words);
	ck_assert_uint_eq(n.len, 77);
}
END_TEST

START_TEST(parse_at_the_limits)
{
	static const struct { unsigned labels, octets, last; bool ok; } rows[] = {
		{ 3, 63, 61, true }, { 3, 63, 62, false }, { 126, 1, 1, true }, { 126, 1, 2, false }, { 127, 1, 0, true },
		{ 127, 1, 1, false }, { 128, 1, 0, false }, { 4, 63, 0, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (unsigned dot = 0; dot < 2; dot++) {
			struct str s = STR_INIT;
			struct dns_name n;

			for (unsigned l = 0; l < rows[i].labels; l++)
				str_addf(&s, "%s%.*s", l > 0 ? "." : "", (int)rows[i].octets, L63);
			if (rows[i].last > 0)
				str_addf(&s, ".%.*s", (int)rows[i].last, L63);
			if (dot)
				str_addc(&s, '.');
			ck_assert_msg((dns_name_parse(&n, str_c(&s), NULL) == 0) == rows[i].ok, "row %zu", i);
			if (rows[i].ok)
				ck_assert_uint_eq(n.len, DNS_NAME_MAX);
			str_done(&s);
		}
}
END_TEST

START_TEST(text_of_the_longest)
{
	char text[DNS_NAME_TEXT_MAX], lower[DNS_NAME_TEXT_MAX];
	struct dns_name n = { .len = 255 }, back;

	for (unsigned i = 0; i < 254; i++)
		n.wire[i] = i % 64 == 0 ? (i == 192 ? 61 : 63) : 0xff;
	n.wire[254] = 0;
	ck_assert_uint_eq(strlen(dns_name_text(&n, text)), 250 * 4 + 3);
	back = name(text);
	ck_assert(dns_name_equal(&n, &back));
	ck_assert_str_eq(dns_name_text_lower(&n, lower), text);
}
END_TEST

/* ---- comparing ---- */

START_TEST(canonical_order)
{
	/* RFC 4034 §6.1, and what lies between. */
	static const char *const order[] = { ".", "example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE",
		"z.example", "\\001.z.example", "*.z.example", "\\200.z.example", "test" };

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (size_t j = 0; j < ARRAY_LEN(order); j++) {
			struct dns_name a = name(order[i]), b = name(order[j]);
			int c = dns_name_compare(&a, &b);

			ck_assert_msg((c < 0) == (i < j) && (c > 0) == (i > j), "%s against %s", order[i], order[j]);
			ck_assert_msg(dns_name_equal(&a, &b) == (i == j), "%s equal %s", order[i], order[j]);
		}
}
END_TEST

static const struct { const char *name, *zone; bool below, equal; } belows[] = {
	{ "contoso.test",     "CONTOSO.TEST",  true,  true },
	{ "a.contoso.test",   "Contoso.test",  true,  false },
	{ "a.b.contoso.test", "test",          true,  false },
	{ "contoso.test",     ".",             true,  false },
	{ ".",                ".",             true,  true },
	{ ".",                "test",          false, false },
	{ "contoso.test",     "a.contoso.test", false, false },
	{ "xcontoso.test",    "contoso.test",  false, false },
	{ "a\\.contoso.test", "contoso.test",  false, false },
	{ "a\\007contoso.test", "contoso.test", false, false },	/* a length octet's value inside a label */
	{ "contoso.test",     "fabrikam.test", false, false },
};

START_TEST(below)
{
	struct dns_name n = name(belows[_i].name), zone = name(belows[_i].zone);

	ck_assert_msg(dns_name_is_below(&n, &zone) == belows[_i].below, "%s, %s", belows[_i].name, belows[_i].zone);
	ck_assert_msg(dns_name_equal(&n, &zone) == belows[_i].equal, "%s, %s", belows[_i].name, belows[_i].zone);
	ck_assert_msg(!belows[_i].equal || dns_name_hash(&n) == dns_name_hash(&zone), "%s, %s", belows[_i].name, belows[_i].zone);
}
END_TEST

START_TEST(only_letters_fold)
{
	struct dns_name a = { .len = 3, .wire = { 1 } }, b = a;

	for (unsigned i = 0; i < 256; i++)
		for (unsigned j = 0; j < 256; j++) {
			bool letters = ((i | 32) >= 'a' && (i | 32) <= 'z') && (i | 32) == (j | 32);

			a.wire[1] = (uint8_t)i;
			b.wire[1] = (uint8_t)j;
			ck_assert_msg(dns_name_equal(&a, &b) == (i == j || letters), "%u and %u", i, j);
			ck_assert_msg((dns_name_compare(&a, &b) == 0) == (i == j || letters), "%u and %u", i, j);
		}
}
END_TEST

/* ---- cutting and joining ---- */

START_TEST(suffixes)
{
	static const struct { unsigned skip; const char *rest; unsigned labels; } rows[] = {
		{ 0, "a.b.contoso.test", 4 }, { 1, "b.contoso.test", 3 }, { 3, "test", 1 }, { 4, ".", 0 }, { 9, ".", 0 },
	};
	char text[DNS_NAME_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_name n = name("a.b.contoso.test"), rest;

		dns_name_suffix(&rest, &n, rows[i].skip);
		ck_assert_str_eq(dns_name_text(&rest, text), rows[i].rest);
		ck_assert_uint_eq(dns_name_labels(&rest), rows[i].labels);
		dns_name_suffix(&n, &n, rows[i].skip);
		ck_assert(dns_name_equal(&n, &rest));
	}
}
END_TEST

static const struct { const char *owner, *full; } relatives[] = {
	{ "@",                       "contoso.test" },
	{ "",                        "contoso.test" },
	{ "autodiscover",            "autodiscover.contoso.test" },
	{ "selector1._domainkey",    "selector1._domainkey.contoso.test" },
	{ "*",                       "*.contoso.test" },
	{ "www.contoso.test",        "www.contoso.test.contoso.test" },
	{ "www.fabrikam.test.",      "www.fabrikam.test" },
	{ "a\\.",                    "a\\..contoso.test" },
	{ "a\\\\.",                  "a\\\\" },
	{ "\\@",                     "\\@.contoso.test" },
	{ ".",                       "." },
	{ "a..b",                    NULL },
	{ ".a",                      NULL },
	{ L63 "." L63 "." L63 "." L63, NULL },
	{ L63 "." L63 "." L63 "." "0123456789012345678901234567890123456789012345678901234567", NULL },
};

START_TEST(relative)
{
	struct dns_name domain = name("contoso.test"), n;
	bool ok = dns_name_relative(&n, relatives[_i].owner, &domain);
	char text[DNS_NAME_TEXT_MAX];

	ck_assert_msg(ok == (relatives[_i].full != NULL), "%s", relatives[_i].owner);
	if (ok)
		ck_assert_str_eq(dns_name_text(&n, text), relatives[_i].full);
}
END_TEST

START_TEST(concat)
{
	struct dns_name a = name("A.b"), b = name("Test"), root = name("."), n;
	char text[DNS_NAME_TEXT_MAX];

	ck_assert(dns_name_concat(&n, &a, &b));
	ck_assert_str_eq(dns_name_text(&n, text), "A.b.Test");
	ck_assert_str_eq(dns_name_text_lower(&n, text), "a.b.test");
	dns_name_lower(&n);
	ck_assert_str_eq(dns_name_text(&n, text), "a.b.test");
	ck_assert(dns_name_concat(&n, &a, &root) && dns_name_equal(&n, &a));
	ck_assert(dns_name_concat(&n, &root, &a) && dns_name_equal(&n, &a));
	ck_assert(dns_name_concat(&a, &a, &b));
	ck_assert_str_eq(dns_name_text(&a, text), "A.b.Test");
}
END_TEST

/* ---- what people type ---- */

static const struct { const char *typed, *ascii, *unicode; } users[] = {
	{ "Contoso.Test",               "contoso.test",                 NULL },
	{ "contoso.test.",              "contoso.test",                 NULL },
	{ "_dmarc.contoso.test",        "_dmarc.contoso.test",          NULL },
	{ "*.contoso.test",             "*.contoso.test",               NULL },
	{ "a-b.x-.test",                "a-b.x-.test",                  NULL },
	{ ".",                          ".",                            NULL },
	{ "m\xc3\xbcnchen.de",          "xn--mnchen-3ya.de",            "m\xc3\xbcnchen.de" },
	{ "M\xc3\x9cNCHEN.de",          "xn--mnchen-3ya.de",            "m\xc3\xbcnchen.de" },
	{ "mu\xcc\x88nchen.de",         "xn--mnchen-3ya.de",            "m\xc3\xbcnchen.de" },	/* decomposed */
	{ "XN--MNCHEN-3YA.de",          "xn--mnchen-3ya.de",            "m\xc3\xbcnchen.de" },
	{ "stra\xc3\x9f" "e.de",        "xn--strae-oqa.de",             "stra\xc3\x9f" "e.de" },	/* not strasse */
	{ "_dmarc.m\xc3\xbcnchen.de",   "_dmarc.xn--mnchen-3ya.de",     "_dmarc.m\xc3\xbcnchen.de" },
	{ "\xe6\x97\xa5\xe6\x9c\xac\xe3\x80\x82jp", "xn--wgv71a.jp",   "\xe6\x97\xa5\xe6\x9c\xac.jp" },	/* U+3002 is a dot */
	{ "xn--zz--.test",              "xn--zz--.test",                NULL },	/* no punycode: shown as it is */
};

START_TEST(from_user)
{
	struct str unicode = STR_INIT;
	char text[DNS_NAME_TEXT_MAX];
	struct dns_name n;
	struct err err;

	ck_assert_msg(dns_name_from_user(&n, users[_i].typed, &err) == 0, "%s: %s", users[_i].typed, err.msg);
	ck_assert_str_eq(dns_name_text(&n, text), users[_i].ascii);
	ck_assert_msg(dns_name_to_unicode(&n, &unicode) == (users[_i].unicode != NULL), "%s", users[_i].typed);
	ck_assert_str_eq(str_c(&unicode), users[_i].unicode ? users[_i].unicode : "");
	str_done(&unicode);
}
END_TEST

static const char *const slips[] = {
	"", "..", "a..b", "contoso test", "contoso.test ", "admin@contoso.test", "https://contoso.test/", "contoso,test", "a.*.test", "a*.test",
	"\"contoso.test\"", "contoso.test:53", "\xff\xfe.test", "\xe2\x98\x83.test", "a\x01.test", "a\n.test",
	"m\xc3\xbcnchen .de", "\xe2\x80\xaem\xc3\xbcn.de", L63 "x.test",
};

START_TEST(from_user_slips)
{
	struct dns_name n;
	struct err err;

	ck_assert_msg(dns_name_from_user(&n, slips[_i], &err) == -1, "%s", slips[_i]);
	for (const char *p = err.msg; *p; p++)
		ck_assert_msg((uint8_t)*p >= ' ' && *p != 0x7f, "%s", slips[_i]);
}
END_TEST

#define ROWS(tc, test, rows) tcase_add_loop_test(tc, test, 0, (int)ARRAY_LEN(rows))

int
main(void)
{
	Suite *s = suite_create("dns name");
	TCase *tc = tcase_create("name");
	SRunner *sr = srunner_create(s);
	int failed;

	ROWS(tc, parse_good, good);
	ROWS(tc, parse_wrong, wrong);
	tcase_add_test(tc, parse_at_the_limits);
	tcase_add_test(tc, text_of_the_longest);
	tcase_add_test(tc, canonical_order);
	ROWS(tc, below, belows);
	tcase_add_test(tc, only_letters_fold);
	tcase_add_test(tc, suffixes);
	ROWS(tc, relative, relatives);
	tcase_add_test(tc, concat);
	ROWS(tc, from_user, users);
	ROWS(tc, from_user_slips, slips);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
