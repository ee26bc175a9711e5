/* SPDX-License-Identifier: ISC */
/* The compiled-in catalog: complete, and consistent with itself. */
#include <m365dnsd/plan.h>

#include <check.h>
#include <string.h>

#define ROWS(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)ARRAY_LEN(table))

static struct catalog *
load(void)
{
	struct conf_problems p = { NULL, 0 };
	struct catalog *c = catalog_load(NULL, &p);
	struct str s = STR_INIT;

	conf_problems_text(&p, &s);
	ck_assert_msg(c != NULL, "%s", str_c(&s));
	str_done(&s);
	return c;
}

static const struct catalog_row *
find(const struct catalog *c, const char *id, enum cloud cloud, enum profile profile)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct catalog_row *r = &c->rows[i];
		if (strcmp(r->id, id) == 0 && (r->clouds & 1u << cloud) && (r->profiles & 1u << profile))
			return r;
	}
	return NULL;
}

/* ---- what must be there, cloud by cloud ---- */

#define FAMILY "family: "	/* the first family instead of the first wanted value */

static const struct {
	const char *id;
	const char *first[CLOUD_MAX];
} ids[] = {
	{ "verification", { "{verification}", "{verification}", "{verification}", "{verification}", "{verification}" } },
	{ "verification-mx", { "32767 {token}.msv1.invalid", "32767 {token}.msv1.invalid", "32767 {token}.msv1.invalid",
	    "32767 {token}.msv1.invalid", "32767 {token}.msv1.invalid" } },
	{ "mx", { "{key}.mail.protection.outlook.com", "{key}.mail.protection.outlook.com",
	    "{tenant}.mail.protection.office365.us", "{tenant}.mail.protection.office365.us",
	    "{key}.mail.protection.partner.outlook.cn" } },
	{ "spf", { "v=spf1 include:spf.protection.outlook.com -all", "v=spf1 include:spf.protection.outlook.com -all",
	    "v=spf1 include:spf.protection.office365.us -all", "v=spf1 include:spf.protection.office365.us -all",
	    "v=spf1 include:spf.protection.partner.outlook.cn -all" } },
	{ "autodiscover", { "autodiscover.outlook.com", "autodiscover.outlook.com", "autodiscover.office365.us",
	    "autodiscover-dod.office365.us", "autodiscover.partner.outlook.cn" } },
	{ "autodiscover-srv", { "", "", "", "", "" } },
	{ "sipfederationtls", { "100 1 5061 sipfed.online.lync.com", "100 1 5061 sipfed.online.lync.com",
	    "100 1 5061 sipfed.online.gov.skypeforbusiness.us", "100 1 5061 sipfed.online.dod.skypeforbusiness.us",
	    "100 1 5061 sipfed.online.partner.lync.cn" } },
	{ "sip-tls", { "100 1 443 sipdir.online.lync.com", "100 1 443 sipdir.online.lync.com",
	    "100 1 443 sipdir.online.gov.skypeforbusiness.us", "100 1 443 sipdir.online.dod.skypeforbusiness.us",
	    "100 1 443 sipdir.online.partner.lync.cn" } },
	{ "sip", { "sipdir.online.lync.com", "sipdir.online.lync.com", "sipdir.online.gov.skypeforbusiness.us",
	    "sipdir.online.dod.skypeforbusiness.us", "sipdir.online.partner.lync.cn" } },
	{ "lyncdiscover", { "webdir.online.lync.com", "webdir.online.lync.com", "webdir.online.gov.skypeforbusiness.us",
	    "webdir.online.dod.skypeforbusiness.us", "webdir.online.partner.lync.cn" } },
	{ "enterpriseregistration", { "enterpriseregistration.windows.net", "enterpriseregistration.windows.net",
	    "enterpriseregistration.microsoftonline.us", "enterpriseregistration.microsoftonline.us",
	    "enterpriseregistration.partner.microsoftonline.cn" } },
	{ "enterpriseenrollment", { "enterpriseenrollment-s.manage.microsoft.com", "enterpriseenrollment-s.manage.microsoft.com",
	    "enterpriseenrollment-s.manage.microsoft.us", "enterpriseenrollment-s.manage.microsoft.us",
	    "enterpriseenrollment-s.manage.microsoftonline.cn" } },
	{ "msoid", { "", "", "", "", "clientconfig.partner.microsoftonline-p.net.cn" } },
	{ "dkim-selector1", { FAMILY "selector1-{key}._domainkey.{tenant}.onmicrosoft.com",
	    FAMILY "selector1-{key}._domainkey.{tenant}.onmicrosoft.com", FAMILY "selector1-{key}._domainkey.*.*",
	    FAMILY "selector1-{key}._domainkey.*.*", FAMILY "selector1-{key}._domainkey.*.*" } },
	{ "dkim-selector2", { FAMILY "selector2-{key}._domainkey.{tenant}.onmicrosoft.com",
	    FAMILY "selector2-{key}._domainkey.{tenant}.onmicrosoft.com", FAMILY "selector2-{key}._domainkey.*.*",
	    FAMILY "selector2-{key}._domainkey.*.*", FAMILY "selector2-{key}._domainkey.*.*" } },
	{ "dmarc", { "v=DMARC1; p=none", "v=DMARC1; p=none", "v=DMARC1; p=none", "v=DMARC1; p=none", "v=DMARC1; p=none" } },
	{ "mta-sts", { "v=STSv1; id=1;", "v=STSv1; id=1;", "v=STSv1; id=1;", "v=STSv1; id=1;", "v=STSv1; id=1;" } },
	{ "mta-sts-host", { "", "", "", "", "" } },
	{ "tls-rpt", { "v=TLSRPTv1; rua=mailto:tls-reports@{domain}", "v=TLSRPTv1; rua=mailto:tls-reports@{domain}",
	    "v=TLSRPTv1; rua=mailto:tls-reports@{domain}", "v=TLSRPTv1; rua=mailto:tls-reports@{domain}",
	    "v=TLSRPTv1; rua=mailto:tls-reports@{domain}" } },
};

START_TEST(every_cloud_has_every_id)
{
	struct catalog *c = load();

	for (int cloud = 0; cloud < CLOUD_MAX; cloud++) {
		const struct catalog_row *r = find(c, ids[_i].id, (enum cloud)cloud, PROFILE_CLOUD_ONLY);
		const char *want = ids[_i].first[cloud], *got = "";

		ck_assert_msg(r != NULL, "%s in %s", ids[_i].id, name_of(&cloud_names, cloud));
		if (strncmp(want, FAMILY, strlen(FAMILY)) == 0) {
			want += strlen(FAMILY);
			got = r->n_family > 0 ? r->family[0] : "";
		} else if (r->n_want > 0) {
			got = r->want[0];
		}
		ck_assert_msg(strcmp(got, want) == 0, "%s in %s: %s", ids[_i].id, name_of(&cloud_names, cloud), got);
	}
	catalog_free(c);
}
END_TEST

START_TEST(rows_are_whole)
{
	struct catalog *c = load();

	ck_assert_uint_eq(strlen(c->version), 10);
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct catalog_row *r = &c->rows[i];
		ck_assert_msg(*r->source != '\0' && *r->text != '\0' && r->ttl > 0 && r->line > 0, "line %d", r->line);
		ck_assert_msg(r->services == 0 ? r->service == SERVICE_NONE : r->services & 1u << r->service, "line %d", r->line);
		/* a row that is always judged by its values has some, unless others' hosts are right as well */
		bool valued = r->rule == RULE_CNAME || r->rule == RULE_DKIM || r->rule == RULE_MX_SET || r->rule == RULE_TXT_VALUE;
		ck_assert_msg(!valued || r->n_want + r->n_family > 0 || r->foreign, "line %d", r->line);
		ck_assert_msg((r->need == NEED_FORBIDDEN) == (r->rule == RULE_ABSENT), "line %d", r->line);
		ck_assert_msg(r->need != NEED_REQUIRED || r->services != 0, "line %d: required without a service", r->line);
		for (size_t k = 0; k < r->n_family; k++)
			ck_assert_msg(strpbrk(r->family[k], "*?{") != NULL, "line %d: %s is no pattern", r->line, r->family[k]);
	}
	catalog_free(c);
}
END_TEST

/* Every value and family of a row lies below a suffix of one of its clouds, so that eval can tell ours from foreign. */
START_TEST(suffixes_know_our_hosts)
{
	struct catalog *c = load();

	for (size_t i = 0; i < c->n_rows; i++) {
		const struct catalog_row *r = &c->rows[i];
		bool host = r->rule == RULE_CNAME || r->rule == RULE_MX_SET || r->rule == RULE_SRV;
		for (size_t k = 0; host && k < r->n_want; k++) {
			const char *space = strrchr(r->want[k], ' '), *name = space != NULL ? space + 1 : r->want[k];
			unsigned clouds = 0;
			for (size_t s = 0; s < c->n_suffixes; s++) {
				size_t n = strlen(c->suffixes[s].suffix), m = strlen(name);
				if (m >= n && strcmp(name + m - n, c->suffixes[s].suffix) == 0)
					clouds |= c->suffixes[s].clouds;
			}
			ck_assert_msg(strcmp(name, ".") == 0 || (clouds & r->clouds) == r->clouds, "line %d: %s", r->line, name);
		}
	}
	catalog_free(c);
}
END_TEST

static const struct {
	const char *what, *suffix;
	unsigned clouds;
} suffixes[] = {
	{ "consumer", "pamx1.hotmail.com", 0 },
	{ "closed", "mail.protection.outlook.de", 0 },
	{ "mx", "mx.microsoft", 1u << CLOUD_WORLDWIDE | 1u << CLOUD_GCC },
	{ "sip", "online.dod.skypeforbusiness.us", 1u << CLOUD_DOD },
};

START_TEST(suffix_rows)
{
	struct catalog *c = load();
	bool found = false;

	for (size_t i = 0; i < c->n_suffixes && !found; i++) {
		found = strcmp(c->suffixes[i].suffix, suffixes[_i].suffix) == 0;
		if (found) {
			ck_assert_str_eq(c->suffixes[i].what, suffixes[_i].what);
			ck_assert_uint_eq(c->suffixes[i].clouds, suffixes[_i].clouds);
		}
	}
	ck_assert_msg(found, "%s", suffixes[_i].suffix);
	catalog_free(c);
}
END_TEST

/* ---- mistakes in a replacement ---- */

#define HEAD "version = \"2026-11-21\"\n"
#define ROW  "owner = \"@\" type = TXT rule = spf source = x text = y"

static const struct {
	const char *name, *text, *problems;
} mistakes[] = {
	{ "good", HEAD "record \"a\" { " ROW " }\n", "" },
	{ "empty", "", "c: the catalog has no version\nc: the catalog has no record\n" },
	{ "no owner", HEAD "record \"a\" {\n type = TXT rule = spf source = x text = y }\n", "c:2: record \"a\" has no owner\n" },
	{ "nothing", HEAD "record \"a\" { }\n", "c:2: record \"a\" has no owner\nc:2: record \"a\" has no type\n"
	    "c:2: record \"a\" has no rule\nc:2: record \"a\" has no source\nc:2: record \"a\" has no text\n" },
	{ "rule", HEAD "record \"a\" { owner = x type = TXT rule = guess source = x text = y }\n",
	    "c:2: rule: \"guess\" is not one of txt-value, mx-verification, mx-set, cname, host, srv, spf, dkim, dmarc, mta-sts,"
	    " tls-rpt, absent, exact or contains\nc:2: record \"a\" has no rule\n" },
	{ "variable", HEAD "record \"a\" { " ROW " want = {\"{kay}.x\"} }\n",
	    "c:2: record \"a\": want \"{kay}.x\" has an unknown variable\n" },
	{ "pattern", HEAD "record \"a\" { " ROW " family = {\"*..x\"} }\n",
	    "c:2: record \"a\": family \"*..x\" is no pattern of a name\n" },
	{ "cloud", HEAD "record \"a\" { " ROW " cloud = {mars} }\n",
	    "c:2: cloud: \"mars\" is not one of worldwide, gcc, gcc-high, dod or 21vianet\nc:2: record \"a\" holds nowhere\n" },
	{ "date", HEAD "record \"a\" { " ROW " since = 2026 }\n", "c:2: since: \"2026\" is no date (\"2026-11-21\")\n" },
	{ "overlap", HEAD "record \"a\" { " ROW " cloud = {gcc, dod} }\nrecord \"a\" { " ROW " cloud = {dod} }\n",
	    "c:3: record \"a\": the row in line 2 holds for the same cloud and profile\n" },
	{ "no overlap", HEAD "record \"a\" { " ROW " cloud = {gcc} }\nrecord \"a\" { " ROW " cloud = {dod} }\n", "" },
	{ "unknown key", HEAD "record \"a\" { " ROW "\n wont = x }\n", "c:3: unknown key \"wont\": is it \"want\"?\n" },
	{ "suffix", HEAD "record \"a\" { " ROW " }\nsuffix \"x.y\" { cloud = {} }\n", "c:3: suffix \"x.y\" does not say what it is\n" },
};

START_TEST(mistake_rows)
{
	struct conf_problems p = { NULL, 0 };
	struct str s = STR_INIT;
	struct catalog *c = catalog_parse("c", mistakes[_i].text, &p);

	conf_problems_text(&p, &s);
	ck_assert_msg(strcmp(str_c(&s), mistakes[_i].problems) == 0, "%s: got\n%swanted\n%s", mistakes[_i].name, str_c(&s),
	    mistakes[_i].problems);
	ck_assert_msg((c == NULL) == (p.n > 0), "%s", mistakes[_i].name);
	catalog_free(c);
	str_done(&s);
	conf_problems_done(&p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("catalog");
	TCase *tc = tcase_create("catalog");
	SRunner *sr = srunner_create(s);
	int failed;

	ROWS(tc, every_cloud_has_every_id, ids);
	tcase_add_test(tc, rows_are_whole);
	tcase_add_test(tc, suffixes_know_our_hosts);
	ROWS(tc, suffix_rows, suffixes);
	ROWS(tc, mistake_rows, mistakes);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
