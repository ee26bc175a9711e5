/* SPDX-License-Identifier: ISC */
/* check_eval_spf: the SPF grammar of RFC 7208 section 12, right and wrong. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <src/eval/spf.h>

#include <tests/lib/suite.h>

/* Terms written back one by one: qualifier, kind, domain or network; "!" = a permerror. */
static const struct {
	const char *name, *text, *terms;
} cases[] = {
	{ "nothing behind the version", "v=spf1", "" },
	{ "blanks behind the version", "v=spf1   ", "" },
	{ "Microsoft's", "v=spf1 include:spf.protection.outlook.com -all", "+include:spf.protection.outlook.com -all" },
	{ "any case", "V=SPF1 INCLUDE:spf.protection.outlook.com -ALL", "+include:spf.protection.outlook.com -all" },
	{ "all qualifiers", "v=spf1 +a -mx ~ptr ?all", "+a -mx ~ptr ?all" },
	{ "several blanks", "v=spf1  a   mx  -all ", "+a +mx -all" },
	{ "a with everything", "v=spf1 a:mail.example.net/24//64", "+a:mail.example.net/24//64" },
	{ "a with prefix only", "v=spf1 a/24", "+a/24//128" },
	{ "mx with IPv6 prefix only", "v=spf1 mx//64", "+mx/32//64" },
	{ "ip4", "v=spf1 ip4:192.0.2.1 ip4:198.51.100.0/24", "+ip4:192.0.2.1/32 +ip4:198.51.100.0/24" },
	{ "ip6", "v=spf1 ip6:2001:db8::1 ip6:2001:db8::/32", "+ip6:2001:db8::1/128 +ip6:2001:db8::/32" },
	{ "exists with macros", "v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all", "+exists:%{ir}.%{v}._spf.%{d2}% -all" },
	{ "macro with delimiters", "v=spf1 include:%{d2r-+}.example.net -all", "+include:%{d2r-+}.example.net% -all" },
	{ "literal percent and blank", "v=spf1 exists:a%%b%_c%-d.example.net", "+exists:a%%b%_c%-d.example.net%" },
	{ "redirect", "v=spf1 redirect=_spf.example.net", "=redirect:_spf.example.net" },
	{ "exp and unknown modifier", "v=spf1 -all exp=why.example.net foo.bar=%{d", "!" },
	{ "an unknown modifier", "v=spf1 -all exp=why.example.net foo.bar=%{d}%%", "-all =exp:why.example.net =other:%{d}%%" },
	{ "a macro of explanations only", "v=spf1 exists:%{c}.example.net", "!" },
	{ "no part of a macro kept", "v=spf1 exists:%{d0}.example.net", "!" },
	{ "final dot of a name", "v=spf1 include:example.net.", "+include:example.net." },
	{ "ptr with domain", "v=spf1 ptr:example.net", "+ptr:example.net" },
	{ "blank behind include:", "v=spf1 include: spf.protection.outlook.com -all", "!" },
	{ "include of nothing", "v=spf1 include -all", "!" },
	{ "include of one label", "v=spf1 include:outlook -all", "!" },
	{ "include of digits", "v=spf1 include:example.123 -all", "!" },
	{ "all with an argument", "v=spf1 all:example.net", "!" },
	{ "all with a semicolon", "v=spf1 -all;", "!" },
	{ "unknown mechanism", "v=spf1 ipv4:192.0.2.1 -all", "!" },
	{ "missing equals sign", "v=spf1 redirect:example.net", "!" },
	{ "redirect twice", "v=spf1 redirect=a.example redirect=b.example", "!" },
	{ "exp twice", "v=spf1 exp=a.example exp=b.example", "!" },
	{ "redirect of nothing", "v=spf1 redirect=", "!" },
	{ "ip4 with a name", "v=spf1 ip4:mail.example.net", "!" },
	{ "ip4 with an IPv6 address", "v=spf1 ip4:2001:db8::1", "!" },
	{ "ip6 with an IPv4 address", "v=spf1 ip6:192.0.2.1", "!" },
	{ "ip4 out of range", "v=spf1 ip4:192.0.2.256", "!" },
	{ "ip4 prefix too long", "v=spf1 ip4:192.0.2.0/33", "!" },
	{ "ip4 prefix with leading zero", "v=spf1 ip4:192.0.2.0/08", "!" },
	{ "ip4 prefix empty", "v=spf1 ip4:192.0.2.0/", "!" },
	{ "ip4 with a port", "v=spf1 ip4:192.0.2.0:53", "!" },
	{ "ip4 of nothing", "v=spf1 ip4: -all", "!" },
	{ "ip6 prefix too long", "v=spf1 ip6:2001:db8::/129", "!" },
	{ "a prefix too long", "v=spf1 a/33", "!" },
	{ "a IPv6 prefix too long", "v=spf1 a//129", "!" },
	{ "a prefix empty", "v=spf1 a:mail.example.net/", "!" },
	{ "open macro", "v=spf1 exists:%{i", "!" },
	{ "unknown macro", "v=spf1 exists:%{z}.example.net", "!" },
	{ "percent alone", "v=spf1 exists:%.example.net", "!" },
	{ "a tab is no blank", "v=spf1 a\tmx", "!" },
	{ "quotation marks", "v=spf1 \"include:example.net\" -all", "!" },
	{ "smart quotes", "v=spf1 \xe2\x80\x9c-all\xe2\x80\x9d", "!" },
	{ "no-break space", "v=spf1 a\xc2\xa0-all", "!" },
	{ "a qualifier alone", "v=spf1 - all", "!" },
	{ "two qualifiers", "v=spf1 --all", "!" },
	{ "minus for hyphen in a name", "v=spf1 include:example.net- -all", "!" },
};

static void
term_show(const struct spf_term *t, struct str *s)
{
	char ip[ADDR_TEXT_MAX];

	str_addf(s, "%s%c%s", s->len > 0 ? " " : "", t->qualifier, t->kind == SPF_OTHER ? "other" :
	    name_of(&spf_kind_names, (int)t->kind));
	if (t->kind == SPF_IP4 || t->kind == SPF_IP6)
		str_addf(s, ":%s/%u", addr_text(&t->ip, 0, ip), t->kind == SPF_IP4 ? t->prefix4 : t->prefix6);
	else if (t->domain != NULL)
		str_addf(s, ":%s", t->domain);
	if ((t->kind == SPF_A || t->kind == SPF_MX) && (t->prefix4 != 32 || t->prefix6 != 128))
		str_addf(s, "/%u//%u", t->prefix4, t->prefix6);
	if (t->macro)
		str_add(s, "%");
}

START_TEST(records_parse_by_the_grammar)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *a = arena_new();
		struct str s = STR_INIT;
		struct spf_record r;
		struct err err = { "" };

		ck_assert_msg(spf_is_record(cases[i].text, strlen(cases[i].text)), "%s: no record", cases[i].name);
		if (spf_parse(a, cases[i].text, strlen(cases[i].text), &r, &err) == -1) {
			str_add(&s, "!");
			ck_assert_msg(err.msg[0] != '\0', "%s: no words", cases[i].name);
		} else {
			for (size_t k = 0; k < r.n_terms; k++)
				term_show(&r.terms[k], &s);
		}
		ck_assert_msg(strcmp(str_c(&s), cases[i].terms) == 0, "%s: \"%s\" (%s)", cases[i].name, str_c(&s), err.msg);
		str_done(&s);
		arena_free(a);
	}
}
END_TEST

START_TEST(only_the_version_makes_a_record)
{
	static const struct {
		const char *text;
		bool want;
	} versions[] = {
		{ "v=spf1", true }, { "v=spf1 -all", true }, { "V=SpF1 ", true }, { "v=spf10 -all", false }, { "v=spf1;", false },
		{ " v=spf1 -all", false }, { "v=spf2.0/pra", false }, { "\"v=spf1 -all\"", false }, { "", false }, { "v=spf", false },
		{ "v=spf1\t-all", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		ck_assert_msg(spf_is_record(versions[i].text, strlen(versions[i].text)) == versions[i].want, "\"%s\"",
		    versions[i].text);
}
END_TEST

START_TEST(all_and_redirect_are_found)
{
	static const char text[] = "v=spf1 a redirect=x.example ~all mx all";
	struct arena *a = arena_new();
	struct spf_record r;
	unsigned asks = 0;

	ck_assert_int_eq(spf_parse(a, text, sizeof(text) - 1, &r, NULL), 0);
	ck_assert_int_eq(r.redirect, 1);
	ck_assert_int_eq(r.all, 2);
	for (size_t i = 0; i < r.n_terms; i++)
		asks += spf_term_asks(&r.terms[i]);
	ck_assert_uint_eq(asks, 3);
	arena_free(a);
}
END_TEST

START_TEST(networks_cover_networks)
{
	static const struct {
		const char *term, *network;
		bool want;
	} rows[] = {
		{ "ip4:192.0.2.0/24", "192.0.2.7", true }, { "ip4:192.0.2.0/24", "192.0.2.128/25", true },
		{ "ip4:192.0.2.0/25", "192.0.2.0/24", false }, { "ip4:192.0.2.0/25 ip4:192.0.2.128/25", "192.0.2.0/24", true },
		{ "ip4:192.0.2.128/25 ip4:192.0.2.0/26 ip4:192.0.2.64/27", "192.0.2.0/24", false },
		{ "ip4:192.0.2.0/25 -ip4:192.0.2.128/25", "192.0.2.0/24", false },
		{ "ip4:192.0.2.0/25 ip4:192.0.2.128/25 ip4:192.0.2.0/31", "192.0.2.9/24", true },
		{ "ip6:2001:db8::/33 ip6:2001:db8:8000::/33", "2001:db8::/32", true },
		{ "ip4:0.0.0.0/1 ip4:128.0.0.0/1", "0.0.0.0/0", true }, { "ip4:0.0.0.0/1 ip4:128.0.0.0/2", "0.0.0.0/0", false }, { "ip4:192.0.2.0/24", "192.0.3.1", false },
		{ "ip4:0.0.0.0/0", "198.51.100.1", true }, { "ip6:2001:db8::/32", "2001:db8:1::1", true },
		{ "ip6:2001:db8::/33", "2001:db8:8000::1", false }, { "ip6:::/0", "192.0.2.1", false }, { "a", "192.0.2.1", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		char *text = arena_printf(a, "v=spf1 %s", rows[i].term);
		struct spf_record r;
		struct addr addr;
		unsigned prefix;

		ck_assert_int_eq(spf_parse(a, text, strlen(text), &r, NULL), 0);
		ck_assert_msg(spf_network_parse(rows[i].network, &addr, &prefix), "%s", rows[i].network);
		ck_assert_msg(spf_terms_cover(r.terms, r.n_terms, &addr, prefix) == rows[i].want, "%s %s", rows[i].term, rows[i].network);
		arena_free(a);
	}
}
END_TEST

/* Block by block, and each address of a network is in one of them. */
START_TEST(networks_are_walked)
{
	static const struct {
		const char *from;
		unsigned bits, prefix;
		const char *next;		/* NULL: that was the last */
	} rows[] = {
		{ "192.0.2.0", 25, 24, "192.0.2.128" }, { "192.0.2.128", 25, 24, NULL }, { "192.0.2.0", 24, 24, NULL },
		{ "192.0.2.0", 16, 24, NULL }, { "192.0.2.255", 32, 24, NULL }, { "192.0.2.7", 32, 24, "192.0.2.8" },
		{ "192.0.255.0", 24, 8, "192.1.0.0" }, { "2001:db8:0:ffff::", 64, 32, "2001:db8:1::" }, { "255.255.255.255", 32, 0, NULL },
		{ "192.0.2.1", 32, 32, NULL },
	};
	char buf[ADDR_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct addr at;
		unsigned prefix;

		ck_assert(spf_network_parse(rows[i].from, &at, &prefix));
		ck_assert_msg(spf_block_next(&at, rows[i].bits, rows[i].prefix) == (rows[i].next != NULL), "%s/%u", rows[i].from, rows[i].bits);
		ck_assert_str_eq(addr_text(&at, 0, buf), rows[i].next != NULL ? rows[i].next : rows[i].from);
	}
}
END_TEST

START_TEST(slips_of_the_pen)
{
	static const struct {
		const char *host;
		bool near;
	} rows[] = {
		{ "spf.protection.outlok.com", true }, { "spf.protecion.outlook.com", true }, { "SPF.protection.outloook.com", true },
		{ "spf.protection.outlook.co", true }, { "spf.protection.oultook.com", true }, { "spf-protection.outlook.com", true },
		{ "https://spf.protection.outlook.com", true }, { "http://spf.protection.outlook.com/", true },
		{ "https://spf.example.net", false }, { "spf.protection.outlook.com.contoso.test", true }, { "protection.outlook.com", true }, { "spf.protections.outlook.com.", true },
		{ "spf.protection.outlook.com", false }, { "spf.protection.outlook.com.", false }, { "outlook.com", false },
		{ "spfd.protection.office365.us", false }, { "mail.protection.outlook.com", false }, { "spf.sendgrid.net", false }, { "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(spf_host_near(rows[i].host, "spf.protection.outlook.com") == rows[i].near, "%s", rows[i].host);
	ck_assert(!spf_host_near("a.spf.test", "spf.test.of.a.name.that.is.longer.than.any.that.is.compared.letter.by.letter.test"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval_spf");
	TCase *t = tcase_create("spf");

	tcase_add_test(t, records_parse_by_the_grammar);
	tcase_add_test(t, only_the_version_makes_a_record);
	tcase_add_test(t, all_and_redirect_are_found);
	tcase_add_test(t, networks_cover_networks);
	tcase_add_test(t, networks_are_walked);
	tcase_add_test(t, slips_of_the_pen);
	suite_add_tcase(s, t);
	return suite_run(s);
}
