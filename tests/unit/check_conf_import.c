/* SPDX-License-Identifier: ISC */
/* What Microsoft gives, in every form -> a domain block that the configuration takes, and a note for each thing left out. */
#include <m365dnsd/plan.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define GRAPH_MX  "{\"label\":\"contoso.com\",\"recordType\":\"Mx\",\"mailExchange\":\"contoso-com.mail.protection.outlook.com\"," \
	"\"preference\":0}"
#define GRAPH_TXT "{\"@odata.type\":\"#microsoft.graph.domainDnsTxtRecord\",\"label\":\"contoso.com\",\"recordType\":\"Txt\"," \
	"\"text\":\"MS=ms12345678\"}"
#define GRAPH_SIP(optional) "{\"label\":\"sip.contoso.com\",\"recordType\":\"CName\",\"isOptional\":" optional "," \
	"\"canonicalName\":\"sipdir.online.lync.com\"}"
#define MX_KEY    "mx = {\"0 contoso-com.mail.protection.outlook.com\"}"
#define PROOF     "verification = \"MS=ms12345678\""
#define DKIM1     "selector1-contoso-com._domainkey.contoso.n-v1.dkim.mail.microsoft"
#define DKIM2     "selector2-contoso-com._domainkey.contoso.n-v1.dkim.mail.microsoft"

static const struct {
	const char *name, *text;
	const char *has[5];		/* parts of the block */
	const char *lacks;
	const char *note;		/* a part of the notes; NULL = there are none */
} good[] = {
	/* ---- Graph ---- */
	{ "value", "{\"@odata.context\":\"x\",\"value\":[" GRAPH_MX "," GRAPH_TXT "]}", { MX_KEY, PROOF, "{\"exchange\"}" }, NULL, NULL },
	{ "bare array", "[" GRAPH_MX "]", { MX_KEY }, "verification", NULL },
	{ "one object", GRAPH_TXT, { PROOF }, "services", NULL },
	{ "two answers behind each other", "{\"value\":[" GRAPH_MX "]}\n{\"value\":[" GRAPH_TXT "]}", { MX_KEY, PROOF }, NULL, NULL },
	{ "two answers by name", "{\"verificationDnsRecords\":[" GRAPH_TXT "],\"serviceConfigurationRecords\":{\"value\":["
	    GRAPH_MX "]}}", { MX_KEY, PROOF }, NULL, NULL },
	{ "members of any case", "{\"Label\":\"contoso.com\",\"RecordType\":\"Txt\",\"Text\":\"MS=ms12345678\",\"Ttl\":3600}",
	    { PROOF }, NULL, NULL },
	{ "AdditionalProperties", "[{\"Id\":\"a\",\"Label\":\"contoso.com\",\"RecordType\":\"Txt\",\"AdditionalProperties\":"
	    "{\"@odata.type\":\"#microsoft.graph.domainDnsTxtRecord\",\"text\":\"MS=ms12345678\"}}]", { PROOF }, NULL, NULL },
	{ "no recordType", "[{\"DnsRecordId\":\"a\",\"Label\":\"autodiscover.contoso.com\",\"CanonicalName\":"
	    "\"autodiscover.outlook.com\"}]", { "autodiscover = \"autodiscover.outlook.com\"" }, NULL, NULL },
	{ "SRV by service and protocol", "{\"label\":\"contoso.com\",\"recordType\":\"Srv\",\"nameTarget\":\"sipfed.online.lync.com\","
	    "\"port\":5061,\"priority\":100,\"weight\":1,\"service\":\"sipfederationtls\",\"protocol\":\"_tcp\"}",
	    { "services = {\"teams\"}" }, NULL, NULL },
	{ "legacy that is asked for", "[" GRAPH_MX "," GRAPH_SIP("false") "]", { "{\"exchange\", \"skype\"}" }, NULL, NULL },
	{ "legacy that is optional", "[" GRAPH_MX "," GRAPH_SIP("true") "]", { "{\"exchange\"}" }, "skype", NULL },
	{ "a record that cannot be made", "[" GRAPH_MX ",{\"@odata.type\":\"microsoft.graph.domainDnsUnavailableRecord\","
	    "\"description\":\"no license\"}]", { MX_KEY }, NULL, "could not make a record: no license" },
	{ "the sample's blank in SPF", "[{\"label\":\"contoso.com\",\"recordType\":\"Txt\",\"text\":"
	    "\"v=spf1 include: spf.protection.outlook.com ~all\"}]", { "all = \"~all\"" }, "include", "does not belong there" },
	{ "null values", "[{\"label\":\"contoso.com\",\"recordType\":\"Mx\",\"mailExchange\":null,\"preference\":null}," GRAPH_TXT
	    "]", { PROOF }, "mx", "no value" },
	{ "proof by MX only", "[{\"label\":\"contoso.com\",\"recordType\":\"Mx\",\"mailExchange\":\"ms12345678.msv1.invalid\","
	    "\"preference\":32767}]", { PROOF }, "mx =", NULL },
	{ "another owner", "[" GRAPH_TXT ",{\"label\":\"crm.contoso.com\",\"recordType\":\"CName\",\"canonicalName\":\"a.test\"}]",
	    { PROOF }, "crm", "crm.contoso.com CNAME a.test: not a record" },
	{ "GCC High", "[{\"label\":\"contoso.com\",\"recordType\":\"Mx\",\"mailExchange\":\"contoso.mail.protection.office365.us\","
	    "\"preference\":0},{\"label\":\"autodiscover.contoso.com\",\"recordType\":\"CName\",\"canonicalName\":"
	    "\"autodiscover.office365.us\"}]", { "cloud = gcc-high" }, NULL, NULL },
	{ "two clouds", "[{\"label\":\"contoso.com\",\"recordType\":\"Mx\",\"mailExchange\":\"contoso.mail.protection.office365.us\","
	    "\"preference\":0},{\"label\":\"autodiscover.contoso.com\",\"recordType\":\"CName\",\"canonicalName\":"
	    "\"autodiscover.outlook.com\"}]", { "cloud = gcc-high" }, NULL, "another cloud" },
	{ "UTF-8 with a mark", "\xef\xbb\xbf" GRAPH_TXT, { PROOF }, NULL, NULL },

	/* ---- Get-DkimSigningConfig ---- */
	{ "list", "\r\nName           : contoso.com\r\nStatus         : Valid\r\nSelector1CNAME : " DKIM1 "\r\nSelector2CNAME : "
	    DKIM2 "\r\n\r\n", { "dkim_selector1 = \"" DKIM1 "\"", "dkim_selector2 = \"" DKIM2 "\"", "tenant = \"contoso\"", "\"dkim\"" },
	    NULL, NULL },
	{ "a value on two lines", "Selector1CNAME : selector1-contoso-com._domainkey.contoso.n-v1.dkim.\n"
	    "                 mail.microsoft\n", { "dkim_selector1 = \"" DKIM1 "\"" }, NULL, NULL },
	{ "several domains", "Name : fabrikam.com\nSelector1CNAME : selector1-fabrikam-com._domainkey.contoso.onmicrosoft.com\n\n"
	    "Name : contoso.com\nSelector1CNAME : " DKIM1 "\n", { DKIM1 }, "fabrikam", "about fabrikam.com" },
	{ "JSON of it", "{\"Domain\":\"contoso.com\",\"Enabled\":true,\"Selector1CNAME\":\"" DKIM1 "\"}", { DKIM1 }, NULL, NULL },
	{ "Enable-DnssecForVerifiedDomain", "Result        : Success\nDnssecMxValue : contoso-com.o-v1.mx.microsoft\nErrorData     :\n",
	    { "mx = {\"0 contoso-com.o-v1.mx.microsoft\"}" }, NULL, NULL },

	/* ---- CSV ---- */
	{ "CSV", "Type,Name,Value,Priority\nTXT,@,MS=ms12345678,\nMX,@,contoso-com.mail.protection.outlook.com,0\n",
	    { PROOF, MX_KEY }, NULL, NULL },
	{ "CSV of another order, semicolons, CRLF, quotes and a mark", "\xef\xbb\xbf\"TTL\";\"Points to address or value\";Host;TYPE\r\n"
	    "1 Hour;\"v=spf1 include:spf.protection.outlook.com ip4:192.0.2.1 -all\";;TXT\r\n", { "ip4 = {\"192.0.2.1\"}" }, NULL, NULL },
	{ "CSV with a quote inside of quotes", "Type,Name,Value\nTXT,@,\"\"\"MS=ms12345678\"\"\"\n", { PROOF }, NULL, NULL },
	{ "CSV of SRV in columns", "Type,Service,Protocol,Port,Weight,Priority,Name,Target\nSRV,_sipfederationtls,_tcp,5061,1,100,@,"
	    "sipfed.online.lync.com\n", { "{\"teams\"}" }, NULL, NULL },
	{ "CSV of SRV in one column", "Type,Name,Value\nSRV,_sipfederationtls._tcp,100 1 5061 sipfed.online.lync.com.\n",
	    { "{\"teams\"}" }, NULL, NULL },
	{ "CSV with complete names", "Record type,Host name,Points to\nCNAME,autodiscover.contoso.com.,autodiscover.outlook.com.\n",
	    { "autodiscover = \"autodiscover.outlook.com\"" }, NULL, NULL },
	{ "Export-Csv", "#TYPE Microsoft.Graph\n\"Label\",\"RecordType\",\"Text\",\"MailExchange\",\"Preference\"\n"
	    "\"contoso.com\",\"Mx\",,\"contoso-com.mail.protection.outlook.com\",\"0\"\n\"contoso.com\",\"Txt\",\"MS=ms12345678\",,\n",
	    { MX_KEY, PROOF }, NULL, NULL },
	{ "tabs", "Type\tName\tValue\nTXT\t@\tMS=ms12345678\n", { PROOF }, NULL, NULL },
	{ "a row without a value", "Type,Name,Value\nTXT,@,\nTXT,@,MS=ms12345678\n", { PROOF }, NULL, "import:2: @ TXT has no value" },
	{ "a row of an unknown type", "Type,Name,Value\nCAA,@,0 issue ca.test\nTXT,@,MS=ms12345678\n", { PROOF }, NULL,
	    "import:2: contoso.com CAA 0 issue ca.test: not a record" },

	/* ---- zone text ---- */
	{ "zone", "$ORIGIN contoso.com.\n$TTL 1h\n@ IN TXT \"MS=ms12345678\"\n  3600 IN MX 0 "
	    "contoso-com.mail.protection.outlook.com.\n", { PROOF, MX_KEY }, NULL, NULL },
	{ "TTL and class in any order", "@ IN 3600 TXT MS=ms12345678 ; comment\n@ 1w2d IN MX 0 contoso-com.mail.protection.outlook.com.\n",
	    { PROOF, MX_KEY }, NULL, NULL },
	{ "parentheses and pieces", "@ TXT ( \"v=spf1 include:spf.prot\" ; one\n\t\"ection.outlook.com ip4:192.0.2.1 -all\" )\n",
	    { "ip4 = {\"192.0.2.1\"}" }, NULL, NULL },
	{ "escapes", "@ TXT \"MS=ms1234\\0535\\678\"\n@ TXT MS\\061ms12345678\n", { PROOF }, NULL, "left out" },
	{ "semicolon in quotes", "_dmarc TXT \"v=DMARC1; p=none\"\n", { "\"exchange\", \"dmarc\"" }, NULL, NULL },
	{ "no final dot", "autodiscover CNAME autodiscover.outlook.com\n", { "autodiscover = \"autodiscover.outlook.com\"" }, NULL,
	    "import:1: autodiscover.outlook.com has no final dot" },
	{ "origin below", "$ORIGIN _domainkey.contoso.com.\nselector1 CNAME " DKIM1 ".\n", { DKIM1 }, NULL, NULL },
	{ "another value than the catalog's", "enterpriseenrollment CNAME other.test.\n", { "record \"given-enterpriseenrollment\"",
	    "value = \"other.test\"" }, "intune", "the catalog has another value" },
	{ "include", "$INCLUDE other.zone\n@ TXT MS=ms12345678\n", { PROOF }, NULL, "import:1: $INCLUDE is not followed" },
	{ "a broken line", "@ TXT \"MS=ms1\n@ TXT MS=ms12345678\n", { PROOF }, NULL, "import:1: a quotation mark is not closed" },
	{ "msoid", "@ TXT MS=ms12345678\nmsoid CNAME clientconfig.microsoftonline-p.net.\n", { PROOF }, "msoid", "msoid must not exist" },
	{ "21Vianet", "@ MX 0 contoso-com.mail.protection.partner.outlook.cn.\nmsoid CNAME clientconfig.partner.microsoftonline-p.net.cn.\n",
	    { "cloud = 21vianet" }, NULL, NULL },
	{ "of another domain", "www.fabrikam.com. A 192.0.2.1\n@ TXT MS=ms12345678\n", { PROOF }, NULL, "not of this domain" },
	{ "two proofs", "@ TXT MS=ms12345678\n@ TXT MS=ms87654321\n", { PROOF }, "87654321", "MS=ms12345678\" already" },
	{ "SPF of others", "@ TXT \"v=spf1 mx include:_spf.test include:spf.protection.outlook.com ip6:2001:db8::1 ~all\"\n",
	    { "include = {\"_spf.test\"}", "ip6 = {\"2001:db8::1\"}", "all = \"~all\"" }, NULL, "\"mx\" of the SPF record" },
	{ "hostile texts", "@ TXT \"MS=ms1\\\" }\\010domain \\\"x.test\\\" {\"\n@ TXT MS=ms12345678\n", { PROOF }, "x.test", "left out" },
};

static struct catalog *catalog;

static void
set_up(void)
{
	struct conf_problems p = { NULL, 0 };

	catalog = catalog_load(NULL, &p);
	ck_assert(catalog != NULL);
}

static void
tear_down(void)
{
	catalog_free(catalog);
}

/* The block passes as a configuration, and a plan can be made of it. */
static void
check_block(const char *name, const char *block)
{
	struct conf_problems problems = { NULL, 0 };
	struct conf *c = conf_parse("block", block, &problems);
	struct plan *plan;
	struct err err = { "" };

	ck_assert_msg(c != NULL && c->n_domains == 1, "%s: %s", name, problems.n > 0 ? problems.list[0].text : block);
	plan = plan_build(catalog, c, 0, &err);
	ck_assert_msg(plan != NULL, "%s: %s", name, err.msg);
	plan_unref(plan);
	conf_free(c);
	conf_problems_done(&problems);
}

START_TEST(reads)
{
	const char *name = good[_i].name;
	struct conf_problems notes = { NULL, 0 };
	struct str block = STR_INIT, said = STR_INIT;
	struct err err = { "" };
	int rc = conf_import(catalog, "Contoso.com", "import", good[_i].text, strlen(good[_i].text), &block, &notes, &err);

	ck_assert_msg(rc == 0, "%s: %s", name, err.msg);
	check_block(name, str_c(&block));
	for (size_t i = 0; i < ARRAY_LEN(good[_i].has) && good[_i].has[i] != NULL; i++)
		ck_assert_msg(strstr(str_c(&block), good[_i].has[i]) != NULL, "%s: %s lacks %s", name, str_c(&block), good[_i].has[i]);
	if (good[_i].lacks != NULL)
		ck_assert_msg(strstr(str_c(&block), good[_i].lacks) == NULL, "%s: %s has %s", name, str_c(&block), good[_i].lacks);
	conf_problems_text(&notes, &said);
	if (good[_i].note == NULL)
		ck_assert_msg(notes.n == 0, "%s: %s", name, str_c(&said));
	else
		ck_assert_msg(strstr(str_c(&said), good[_i].note) != NULL, "%s: %s", name, str_c(&said));
	str_done(&block);
	str_done(&said);
	conf_problems_done(&notes);
}
END_TEST

static const struct {
	const char *name, *domain, *text, *says;
} bad[] = {
	{ "nothing", "contoso.com", "", "empty" },
	{ "blanks", "contoso.com", " \r\n\t", "empty" },
	{ "prose", "contoso.com", "hello world\n", "neither" },
	{ "broken JSON", "contoso.com", "{\n\"value\": [", "line 2" },
	{ "JSON without records", "contoso.com", "{\"value\":[]}", "no record" },
	{ "CSV without rows", "contoso.com", "Type,Name,Value\n", "no record" },
	{ "no domain", "contoso", "@ TXT MS=ms1\n", "no domain name" },
	{ "initial domain", "contoso.onmicrosoft.com", "@ TXT MS=ms1\n", "initial domain" },
};

START_TEST(refuses)
{
	struct conf_problems notes = { NULL, 0 };
	struct str block = STR_INIT;
	struct err err = { "" };
	int rc = conf_import(catalog, bad[_i].domain, "import", bad[_i].text, strlen(bad[_i].text), &block, &notes, &err);

	ck_assert_msg(rc == -1 && block.len == 0, "%s: %s", bad[_i].name, str_c(&block));
	ck_assert_msg(strstr(err.msg, bad[_i].says) != NULL, "%s: %s", bad[_i].name, err.msg);
	str_done(&block);
	conf_problems_done(&notes);
}
END_TEST

/* What ">" of Windows PowerShell writes, in both orders. */
START_TEST(utf16)
{
	static const char text[] = GRAPH_TXT;
	struct conf_problems notes = { NULL, 0 };
	struct str in = STR_INIT, block = STR_INIT;
	struct err err = { "" };

	str_addn(&in, _i == 0 ? "\xff\xfe" : "\xfe\xff", 2);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		str_addc(&in, _i == 0 ? text[i] : '\0');
		str_addc(&in, _i == 0 ? '\0' : text[i]);
	}
	ck_assert_msg(conf_import(catalog, "contoso.com", "import", in.p, in.len, &block, &notes, &err) == 0, "%s", err.msg);
	ck_assert(strstr(str_c(&block), PROOF) != NULL);
	str_done(&in);
	str_done(&block);
	conf_problems_done(&notes);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("import");
	TCase *tc = tcase_create("import");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, reads, 0, (int)ARRAY_LEN(good));
	tcase_add_loop_test(tc, refuses, 0, (int)ARRAY_LEN(bad));
	tcase_add_loop_test(tc, utf16, 0, 2);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
