/* SPDX-License-Identifier: ISC */
#include <m365dnsd/plan.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)ARRAY_LEN(table))

static struct catalog *catalog;
static struct arena *arena;

static void
setup(void)
{
	struct conf_problems p = { NULL, 0 };

	catalog = catalog_load(NULL, &p);
	ck_assert_ptr_nonnull(catalog);
	arena = arena_new();
}

static void
teardown(void)
{
	catalog_free(catalog);
	arena_free(arena);
}

static struct conf *
parse(const char *text)
{
	struct conf_problems p = { NULL, 0 };
	struct conf *c = conf_parse("f", text, &p);
	struct str s = STR_INIT;

	conf_problems_text(&p, &s);
	ck_assert_msg(c != NULL, "%s", str_c(&s));
	str_done(&s);
	return c;
}

static struct plan *
plan_of(const struct conf *c, size_t i)
{
	struct err err = { "" };
	struct plan *p = plan_build(catalog, c, i, &err);

	ck_assert_msg(p != NULL, "%s", err.msg);
	return p;
}

/* ---- key: what Microsoft documents, what was seen in the field, and the prediction for an IDN ---- */

static const struct {
	const char *domain, *key;
} keys[] = {
	{ "contoso.com", "contoso-com" },
	{ "Contoso.COM.", "contoso-com" },
	{ "marketing.contoso.com", "marketing-contoso-com" },
	{ "1-2.co.uk", "12-co-uk0c" },
	{ "my-quilty.com", "myquilty-com0e" },
	{ "mu-sigma.com", "musigma-com0e" },
	{ "pi-hf.com", "pihf-com0e" },
	{ "spm-automation.com", "spmautomation-com0i" },
	{ "mcc-hvac.com", "mcchvac-com0i" },
	{ "ama-inc.com", "amainc-com0i" },
	{ "clb-sa.com", "clbsa-com0i" },
	{ "svra-tech.com", "svratech-com01b" },
	{ "lift-am.com", "liftam-com01b" },
	{ "arak-sa.com", "araksa-com01b" },
	{ "memo-therapeutics.com", "memotherapeutics-com01b" },
	{ "jason-shadow.com", "jasonshadow-com01c" },
	{ "grupo-gee.com", "grupogee-com01c" },
	{ "weber-wis.com", "weberwis-com01c" },
	{ "frost-arnett.com", "frostarnett-com01c" },
	{ "leigh-services.com", "leighservices-com01c" },
	{ "exertis-sap.co.uk", "exertissap-co-uk01i" },
	{ "molyneux-consulting.co.uk", "molyneuxconsulting-co-uk02b" },
	{ "intermedia-advertising.com", "intermediaadvertising-com02e" },
	{ "exclusive.jason-shadow.com", "exclusive-jasonshadow-com03i" },
	{ "find-child-arrangement-option.service.gov.uk", "findchildarrangementoption-service-gov-uk01be2e" },
	{ "xn--mnchen-3ya.de", "xnmnchen3ya-de0m1e" },
	{ "", NULL },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-b" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bc", NULL },
};

START_TEST(key_rows)
{
	char key[64];
	bool ok = plan_domain_key(keys[_i].domain, key);

	ck_assert_msg(ok == (keys[_i].key != NULL), "%s", keys[_i].domain);
	if (ok)
		ck_assert_str_eq(key, keys[_i].key);
}
END_TEST

/* ---- patterns ---- */

static const struct {
	const char *pattern, *target;
	bool match;
} patterns[] = {
	{ "a.b", "a.b", true },
	{ "a.b", "A.B", true },
	{ "a.b", "a.bc", false },
	{ "a.bc", "a.b", false },
	{ "*.b", "a.b", true },
	{ "*.b", ".b", false },
	{ "*.b", "a.c.b", false },
	{ "*.mail.protection.outlook.com", "contoso-com.mail.protection.outlook.com", true },
	{ "*.mail.protection.outlook.com", "contoso-com.mail.protection.outlook.com.contoso.com", false },
	{ "*.mail.protection.outlook.com", "mail.protection.outlook.com", false },
	{ "*.?-v1.mx.microsoft", "contoso-com.o-v1.mx.microsoft", true },
	{ "*.?-v1.mx.microsoft", "contoso-com.oo-v1.mx.microsoft", false },
	{ "*.?-v1.mx.microsoft", "contoso-com.-v1.mx.microsoft", false },
	{ "?", ".", false },
	{ "selector1-*._domainkey.*.x", "selector1-a-b._domainkey.t.x", true },
	{ "selector1-*._domainkey.*.x", "selector1-._domainkey.t.x", false },
	{ "selector1-*._domainkey.*.x", "selector1-a.b._domainkey.t.x", false },
	{ "*a*b", "aab", false },
	{ "*a*b", "xaxb", true },
	{ "*a*b", "xaaxbb", true },
	{ "*a.*b", "xa.xb", true },
	{ "*", "", false },
	{ "", "", true },
	{ "", "a", false },
	{ "*", "abc", true },
	{ "**", "a", false },
	{ "*.*", "a.b", true },
};

START_TEST(pattern_rows)
{
	ck_assert_msg(plan_pattern_match(patterns[_i].pattern, patterns[_i].target) == patterns[_i].match, "%s on %s",
	    patterns[_i].pattern, patterns[_i].target);
}
END_TEST

/* ---- needs: everything that a domain must have, in plan order ---- */

static const struct {
	const char *name, *block, *required;
} needs[] = {
	{ "default", "", "mx spf autodiscover" },
	{ "with a proof", "verification = \"MS=ms1\"", "verification mx spf autodiscover" },
	{ "nothing", "services = {}", "" },
	{ "none", "services = none", "" },
	{ "teams", "services = teams", "sipfederationtls" },
	{ "skype", "services = skype", "sipfederationtls sip-tls sip lyncdiscover" },
	{ "intune", "services = intune", "enterpriseregistration enterpriseenrollment" },
	{ "dkim", "services = dkim", "dkim-selector1 dkim-selector2" },
	{ "dmarc", "services = dmarc", "dmarc" },
	{ "mta-sts", "services = mta-sts", "mta-sts mta-sts-host" },
	{ "tls-rpt", "services = tls-rpt", "tls-rpt" },
	{ "all", "services = {exchange, teams, skype, intune, dkim, dmarc, mta-sts, tls-rpt}",
	    "mx spf autodiscover sipfederationtls sip-tls sip lyncdiscover enterpriseregistration enterpriseenrollment"
	    " dkim-selector1 dkim-selector2 dmarc mta-sts mta-sts-host tls-rpt" },
	{ "gcc", "cloud = gcc", "mx spf autodiscover" },
	{ "gcc-high", "cloud = gcc-high", "mx spf autodiscover" },
	{ "dod", "cloud = dod services = {exchange, skype}",
	    "mx spf autodiscover sipfederationtls sip-tls sip lyncdiscover" },
	{ "21vianet", "cloud = 21vianet", "mx spf autodiscover msoid" },
	{ "hybrid", "profile = hybrid", "mx spf autodiscover" },
	{ "hybrid, mail at home", "profile = hybrid-mx-onprem", "mx spf autodiscover" },
	{ "filtered", "profile = filtered", "mx spf autodiscover" },
	{ "relay", "profile = relay", "mx spf autodiscover" },
	{ "parked", "profile = parked", "spf" },
	{ "parked with dmarc", "profile = parked services = {exchange, dmarc, dkim}", "spf dmarc" },
	{ "verify-only", "profile = verify-only services = {exchange, teams, skype} verification = \"MS=ms1\"", "verification" },
	{ "records of one's own", "services = {} record \"crm\" { type = A value = \"192.0.2.1\" }", "crm" },
};

START_TEST(need_rows)
{
	char *text = xasprintf("domain \"contoso.com\" { %s }", needs[_i].block);
	struct conf *c = parse(text);
	struct plan *p = plan_of(c, 0);
	struct str got = STR_INIT;

	for (size_t i = 0; i < plan_n_expectations(p); i++) {
		const struct expectation *e = plan_expectation(p, i);
		if (e->need == NEED_REQUIRED)
			str_addf(&got, "%s%s", got.len > 0 ? " " : "", e->id);
	}
	ck_assert_msg(strcmp(str_c(&got), needs[_i].required) == 0, "%s: %s", needs[_i].name, str_c(&got));
	int msoid = plan_find(p, "msoid"), sip = plan_find(p, "sip");
	if (c->domains[0].cloud != CLOUD_21VIANET)
		ck_assert_int_eq(plan_expectation(p, (size_t)msoid)->need, NEED_FORBIDDEN);
	if (!(c->domains[0].services & 1u << SERVICE_SKYPE) || c->domains[0].profile == PROFILE_VERIFY_ONLY)
		ck_assert_int_eq(plan_expectation(p, (size_t)sip)->need, NEED_LEGACY);
	str_done(&got);
	free(text);
	plan_unref(p);
	conf_free(c);
}
END_TEST

/* ---- wanted: what people see, and the flags ---- */

enum { KNOWN = 1, FOREIGN = 2 };

static const struct {
	const char *name, *block, *id;
	enum view view;
	size_t n_exact;
	int flags;
	const char *text;	/* joined by " | " */
} wants[] = {
	{ "mx", "", "mx", VIEW_PUBLIC, 1, 0, "0 araksa-com01b.mail.protection.outlook.com | 0 araksa-com01b.?-v1.mx.microsoft" },
	{ "mx given", "mx = {\"10 mail.x.de\", \"20 b.x.de\"}", "mx", VIEW_PUBLIC, 2, KNOWN, "10 mail.x.de | 20 b.x.de" },
	{ "mx given for one view", "view \"internal\" { mx = \"5 in.x.de\" }", "mx", VIEW_INTERNAL, 1, KNOWN, "5 in.x.de" },
	{ "and not for the other", "view \"internal\" { mx = \"5 in.x.de\" }", "mx", VIEW_PUBLIC, 1, 0,
	    "0 araksa-com01b.mail.protection.outlook.com | 0 araksa-com01b.?-v1.mx.microsoft" },
	{ "a view wins", "mx = \"10 a.de\" view \"public\" { mx = \"5 b.de\" }", "mx", VIEW_PUBLIC, 1, KNOWN, "5 b.de" },
	{ "gcc-high without tenant", "cloud = gcc-high", "mx", VIEW_PUBLIC, 1, 0,
	    "0 araksa-com01b.mail.protection.office365.us | 0 araksa-com01b.usgovcloud-mx.microsoft"
	    " | 0 araksa-com01b.*.usgovcloud-mx.microsoft" },
	{ "dod with tenant", "cloud = dod tenant = arak", "mx", VIEW_PUBLIC, 2, 0,
	    "0 arak.mail.protection.office365.us | 0 araksa-com01b.mail.protection.office365.us"
	    " | 0 araksa-com01b.usgovcloud-mx.microsoft | 0 araksa-com01b.*.usgovcloud-mx.microsoft" },
	{ "21vianet", "cloud = 21vianet", "mx", VIEW_PUBLIC, 1, 0, "0 araksa-com01b.mail.protection.partner.outlook.cn" },
	{ "mail at home", "profile = hybrid-mx-onprem", "mx", VIEW_PUBLIC, 0, FOREIGN, "" },
	{ "mail at home, named", "profile = hybrid-mx-onprem mx = \"10 a.de\"", "mx", VIEW_PUBLIC, 1, KNOWN, "10 a.de" },
	{ "filtered", "profile = filtered", "mx", VIEW_PUBLIC, 0, FOREIGN, "" },
	{ "parked", "profile = parked", "mx", VIEW_PUBLIC, 1, KNOWN, "0 ." },
	{ "autodiscover", "", "autodiscover", VIEW_PUBLIC, 1, 0, "autodiscover.outlook.com" },
	{ "autodiscover given", "autodiscover = \"mail.x.de\"", "autodiscover", VIEW_PUBLIC, 1, KNOWN, "mail.x.de" },
	{ "autodiscover in hybrid", "profile = hybrid", "autodiscover", VIEW_PUBLIC, 0, FOREIGN, "" },
	{ "autodiscover in hybrid, named", "profile = hybrid autodiscover = \"mail.x.de\"", "autodiscover", VIEW_PUBLIC, 1, KNOWN,
	    "mail.x.de" },
	{ "verification", "verification = \"MS=ms1\"", "verification", VIEW_PUBLIC, 1, KNOWN, "MS=ms1" },
	{ "verification unknown", "", "verification", VIEW_PUBLIC, 0, 0, "" },
	{ "verification by MX", "verification = \"MS=ms1\"", "verification-mx", VIEW_PUBLIC, 1, 0, "32767 ms1.msv1.invalid" },
	{ "dkim", "tenant = arak", "dkim-selector1", VIEW_PUBLIC, 0, 0,
	    "selector1-araksa-com01b._domainkey.arak.onmicrosoft.com"
	    " | selector1-araksa-com01b._domainkey.arak.?-v1.dkim.mail.microsoft" },
	{ "dkim without tenant", "", "dkim-selector2", VIEW_PUBLIC, 0, 0,
	    "selector2-araksa-com01b._domainkey.*.onmicrosoft.com | selector2-araksa-com01b._domainkey.*.?-v1.dkim.mail.microsoft" },
	{ "dkim given", "dkim_selector1 = \"s1.x.de\"", "dkim-selector1", VIEW_PUBLIC, 1, KNOWN, "s1.x.de" },
	{ "spf", "", "spf", VIEW_PUBLIC, 0, 0, "v=spf1 include:spf.protection.outlook.com -all" },
	{ "spf merged", "spf { ip4 = {\"192.0.2.1\", \"192.0.2.0/24\"} ip6 = \"2001:db8::1\" include = \"_spf.x.de\" all = \"~all\" }",
	    "spf", VIEW_PUBLIC, 0, 0, "v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip6:2001:db8::1 include:spf.protection.outlook.com"
	    " include:_spf.x.de ~all" },
	{ "spf parked", "profile = parked", "spf", VIEW_PUBLIC, 1, KNOWN, "v=spf1 -all" },
	{ "dmarc parked", "profile = parked", "dmarc", VIEW_PUBLIC, 1, KNOWN, "v=DMARC1; p=reject" },
	{ "mta-sts parked", "profile = parked", "mta-sts", VIEW_PUBLIC, 0, 0, "v=STSv1; id=1;" },
	{ "tls-rpt", "", "tls-rpt", VIEW_PUBLIC, 0, 0, "v=TLSRPTv1; rua=mailto:tls-reports@arak-sa.com" },
	{ "srv", "", "sipfederationtls", VIEW_PUBLIC, 1, 0, "100 1 5061 sipfed.online.lync.com" },
	{ "two targets", "cloud = dod", "enterpriseregistration", VIEW_PUBLIC, 2, 0,
	    "enterpriseregistration.microsoftonline.us | enterpriseregistration.windows.net" },
	{ "absent", "", "msoid", VIEW_PUBLIC, 0, 0, "" },
	{ "own, no template", "record \"n\" { type = TXT value = \"{key} {\" }", "n", VIEW_PUBLIC, 1, KNOWN, "{key} {" },
	{ "own set", "record \"n\" { name = ns type = A value = {\"192.0.2.1\", \"192.0.2.2\"} }", "n", VIEW_INTERNAL, 2, KNOWN,
	    "192.0.2.1 | 192.0.2.2" },
};

START_TEST(want_rows)
{
	char *text = xasprintf("domain \"arak-sa.com\" { %s }", wants[_i].block);
	struct conf *c = parse(text);
	struct plan *p = plan_of(c, 0);
	int i = plan_find(p, wants[_i].id);
	struct str got = STR_INIT;
	struct wanted w;

	ck_assert_msg(i >= 0, "%s", wants[_i].name);
	plan_wanted(p, (size_t)i, wants[_i].view, arena, &w);
	for (size_t k = 0; k < w.n_text; k++)
		str_addf(&got, "%s%s", k > 0 ? " | " : "", w.text[k]);
	ck_assert_msg(strcmp(str_c(&got), wants[_i].text) == 0, "%s: %s", wants[_i].name, str_c(&got));
	ck_assert_msg(w.n_exact == wants[_i].n_exact, "%s: %zu exact", wants[_i].name, w.n_exact);
	ck_assert_msg(w.exact_known == !!(wants[_i].flags & KNOWN), "%s", wants[_i].name);
	ck_assert_msg(w.foreign_ok == !!(wants[_i].flags & FOREIGN), "%s", wants[_i].name);
	bool spf = plan_expectation(p, (size_t)i)->rule == RULE_SPF;
	ck_assert_msg((w.spf != NULL) == spf, "%s", wants[_i].name);
	ck_assert_msg((w.spf_include != NULL) == (spf && c->domains[0].profile != PROFILE_PARKED), "%s", wants[_i].name);
	str_done(&got);
	free(text);
	plan_unref(p);
	conf_free(c);
}
END_TEST

static const struct {
	const char *text, *words;
} worded[] = {
	{ "0 contoso-com.mail.protection.outlook.com", "0 contoso-com.mail.protection.outlook.com" },
	{ "0 contoso-com.?-v1.mx.microsoft", "contoso-com.X-v1.mx.microsoft" },
	{ "selector1-*._domainkey.*.onmicrosoft.com", "selector1-<key>._domainkey.<tenant>.onmicrosoft.com" },
	{ "", "" },
};

START_TEST(pattern_in_words)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(plan_pattern_words(a, worded[_i].text), worded[_i].words);
	arena_free(a);
}
END_TEST

START_TEST(patterns_of_a_row)
{
	struct conf *c = parse("domain \"contoso.com\" { tenant = contoso }");
	struct plan *p = plan_of(c, 0);
	struct wanted w;

	plan_wanted(p, (size_t)plan_find(p, "enterpriseenrollment"), VIEW_PUBLIC, arena, &w);
	ck_assert_uint_eq(w.n_tolerate, 2);
	ck_assert_str_eq(w.tolerate[1], "manage.microsoft.com");
	plan_wanted(p, (size_t)plan_find(p, "dkim-selector1"), VIEW_PUBLIC, arena, &w);
	ck_assert_uint_eq(w.n_family, 4);
	ck_assert_str_eq(w.family[3], "selector1-*._domainkey.contoso.?-v1.dkim.mail.microsoft");
	ck_assert_int_eq(plan_find(p, "nonsense"), -1);
	plan_unref(p);
	conf_free(c);
}
END_TEST

/* ---- questions ---- */

START_TEST(questions_are_shared)
{
	struct conf *c = parse("domain \"contoso.com\" { record \"n\" { type = TXT value = x }\n"
	    "record \"o\" { name = \"contoso.com.\" type = TXT value = y } record \"p\" { type = TXT value = z }\n"
	    "record \"crm\" { name = \"CRM.contoso.com.\" type = CNAME value = \"a.de\" } }");
	struct plan *p = plan_of(c, 0);
	size_t in_questions = 0;
	char text[DNS_NAME_TEXT_MAX];
	uint8_t list[PLAN_SLOTS_MAX];
	struct question q, r;

	for (size_t i = 0; i < plan_n_questions(p); i++) {
		size_t n = plan_question_expectations(p, i, list);
		ck_assert_uint_ge(n, 1);
		for (size_t k = 0; k < n; k++) {
			const struct expectation *e = plan_expectation(p, list[k]);
			ck_assert_uint_eq(e->question, i);
			ck_assert_uint_eq(e->slot, k);
			ck_assert_uint_eq(e->row->ask, plan_question_type(p, i));
			ck_assert_uint_eq(e->views & ~plan_question_views(p, i), 0);
		}
		in_questions += n;
	}
	ck_assert_uint_eq(in_questions, plan_n_expectations(p));

	/* the apex TXT: verification, spf and two of the three own ones; the third needs a question of its own */
	uint8_t txt = plan_expectation(p, (size_t)plan_find(p, "spf"))->question;
	ck_assert_uint_eq(plan_question_expectations(p, txt, list), PLAN_SLOTS_MAX);
	uint8_t more = plan_expectation(p, (size_t)plan_find(p, "p"))->question;
	ck_assert_uint_ne(txt, more);
	plan_question(p, txt, &q);
	plan_question(p, more, &r);
	ck_assert(q.type == r.type && dns_name_equal(&q.name, &r.name));
	ck_assert_str_eq(dns_name_text(&q.name, text), "contoso.com");
	ck_assert_uint_eq(plan_expectation(p, (size_t)plan_find(p, "mx"))->question,
	    plan_expectation(p, (size_t)plan_find(p, "verification-mx"))->question);

	plan_owner(p, (size_t)plan_find(p, "crm"), &q.name);
	ck_assert_str_eq(dns_name_text(&q.name, text), "crm.contoso.com");
	plan_question(p, plan_expectation(p, (size_t)plan_find(p, "mta-sts-host"))->question, &q);
	ck_assert_uint_eq(q.type, DNS_TYPE_A);
	ck_assert_str_eq(dns_name_text(&q.name, text), "mta-sts.contoso.com");
	plan_unref(p);
	conf_free(c);
}
END_TEST

START_TEST(skip_takes_views_away)
{
	struct conf *c = parse("domain \"contoso.com\" {\n"
	    "  view \"internal\" { skip = {\"mx\", \"autodiscover\"} }\n  view \"public\" { skip = {\"autodiscover\"} } }\n"
	    "domain \"x.de\" {\n view \"internal\" { skip = {\"mxx\"} } }\n");
	struct plan *p = plan_of(c, 0);
	struct err err;

	ck_assert_uint_eq(plan_expectation(p, (size_t)plan_find(p, "mx"))->views, 1u << VIEW_PUBLIC);
	ck_assert_int_eq(plan_find(p, "autodiscover"), -1);
	ck_assert_uint_eq(plan_expectation(p, (size_t)plan_find(p, "spf"))->views, 1u << VIEW_PUBLIC | 1u << VIEW_INTERNAL);
	ck_assert_uint_eq(plan_expectation(p, (size_t)plan_find(p, "dmarc"))->views, 1u << VIEW_PUBLIC);
	plan_unref(p);
	ck_assert_ptr_null(plan_build(catalog, c, 1, &err));
	ck_assert_str_eq(err.msg, "f:4: domain \"x.de\": view \"internal\": skip: there is no record \"mxx\" (see --list-records)");
	conf_free(c);
}
END_TEST

START_TEST(what_cannot_be_planned)
{
	struct conf *c = parse("domain \"contoso.com\" { record \"avd\" { type = TXT value = x } }");
	struct err err;
	char name[256];
	size_t i, n = 0;

	ck_assert_ptr_null(plan_build(catalog, c, 0, &err));
	ck_assert_str_eq(err.msg,
	    "f:1: domain \"contoso.com\": the catalog has a record \"avd\"; choose another id for your own");
	/* fits, but not with _sipfederationtls._tcp in front; and a shape that others use does not help */
	ck_assert_int_eq(conf_add_domain(c, "short.example", &i, &err), 0);
	struct plan *p = plan_of(c, i);
	while (n < 238)
		n += (size_t)snprintf(name + n, sizeof(name) - n, "abcdefg.");
	snprintf(name + n, sizeof(name) - n, "example");
	ck_assert_int_eq(conf_add_domain(c, name, &i, &err), 0);
	ck_assert_ptr_null(plan_build(catalog, c, i, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "would be too long"));
	plan_unref(p);
	conf_free(c);
}
END_TEST

/* ---- equality: what makes a reload forget ---- */

static const struct {
	const char *name, *a, *b;
	bool equal;
} equals[] = {
	{ "same", "", "", true },
	{ "other line", "", "\n\n", true },
	{ "tenant", "tenant = a", "tenant = b", false },
	{ "tenant given", "", "tenant = b", false },
	{ "proof", "verification = \"MS=ms1\"", "verification = \"MS=ms2\"", false },
	{ "services", "services = exchange", "services = {exchange, teams}", false },
	{ "cloud", "cloud = gcc", "cloud = dod", false },
	{ "same by other words", "cloud = worldwide services = exchange", "", true },
	{ "mx", "mx = \"10 a.de\"", "mx = \"10 b.de\"", false },
	{ "the same mx", "mx = \"10 a.de\"", "mx = \"10  A.de.\"", true },
	{ "mx here and there", "mx = \"10 a.de\"", "view \"public\" { mx = \"10 a.de\" } view \"internal\" { mx = \"10 a.de\" }", true },
	{ "spf", "spf { ip4 = \"192.0.2.1\" }", "spf { ip4 = \"192.0.2.2\" }", false },
	{ "skip", "view \"internal\" { skip = mx }", "", false },
	{ "record", "record \"x\" { type = TXT value = a }", "record \"x\" { type = TXT value = b }", false },
	{ "record name", "record \"x\" { name = y type = TXT value = a }", "record \"x\" { name = z type = TXT value = a }", false },
	{ "same record", "record \"x\" { name = y type = TXT value = a }",
	    "record \"x\" { name = \"Y.contoso.com.\" type = TXT value = a }", true },
};

START_TEST(equal_rows)
{
	char *a = xasprintf("domain \"contoso.com\" { %s }", equals[_i].a);
	char *b = xasprintf("domain \"contoso.com\" { %s }", equals[_i].b);
	struct conf *c = parse(a), *d = parse(b);
	struct plan *p = plan_of(c, 0), *q = plan_of(d, 0);

	ck_assert_msg(plan_equal(p, q) == equals[_i].equal, "%s", equals[_i].name);
	ck_assert_msg(plan_equal(q, p) == equals[_i].equal, "%s", equals[_i].name);
	ck_assert_msg(plan_equal(p, p), "%s", equals[_i].name);
	plan_unref(p);
	plan_unref(q);
	conf_free(c);
	conf_free(d);
	free(a);
	free(b);
}
END_TEST

/* The same under a catalog that was read anew. */
START_TEST(equal_with_another_catalog)
{
	struct conf_problems problems = { NULL, 0 };
	struct catalog *other = catalog_load(NULL, &problems);
	struct conf *c = parse("domain \"contoso.com\" { tenant = a }");
	struct plan *p = plan_of(c, 0), *q = plan_build(other, c, 0, NULL);

	ck_assert_ptr_eq(plan_catalog(q), other);
	ck_assert(plan_equal(p, q));
	plan_unref(p);
	plan_unref(q);
	conf_free(c);
	catalog_free(other);
}
END_TEST

START_TEST(references)
{
	struct conf *c = parse("domain \"contoso.com\" { }\ndomain \"x-y.de\" { }");
	struct plan *p = plan_of(c, 0), *q = plan_of(c, 1);

	ck_assert_ptr_eq(plan_ref(p), p);
	plan_unref(p);
	ck_assert_str_eq(plan_domain(p), "contoso.com");
	ck_assert_str_eq(plan_key(q), "xy-de0c");
	/* shared shape: the very same expectations */
	ck_assert_ptr_eq(plan_expectation(p, 0), plan_expectation(q, 0));
	plan_unref(p);
	ck_assert_str_eq(plan_expectation(q, 0)->id, "verification");
	plan_unref(q);
	plan_unref(NULL);
	conf_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("plan");
	TCase *tc = tcase_create("plan");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	ROWS(tc, key_rows, keys);
	ROWS(tc, pattern_rows, patterns);
	ROWS(tc, pattern_in_words, worded);
	ROWS(tc, need_rows, needs);
	ROWS(tc, want_rows, wants);
	tcase_add_test(tc, patterns_of_a_row);
	tcase_add_test(tc, questions_are_shared);
	tcase_add_test(tc, skip_takes_views_away);
	tcase_add_test(tc, what_cannot_be_planned);
	ROWS(tc, equal_rows, equals);
	tcase_add_test(tc, equal_with_another_catalog);
	tcase_add_test(tc, references);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
