/* SPDX-License-Identifier: ISC */
/* check_eval_zone: what is wrong with the zone, where it takes questions aside to find out. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define CONF(rest) "domain \"contoso.test\" { tenant = \"contoso\" " rest " }"
#define MAIL CONF("services = {\"exchange\"}")
#define DKIM CONF("services = {\"dkim\"}")

#define WORLD "lookup spf.protection.outlook.com TXT = TXT v=spf1 -all\nlookup contoso-test.mail.protection.outlook.com A = A 198.51.100.1\n"
#define NS1 "ns1@192.0.2.1 "
#define EDITED CONF("services = {\"exchange\"} nameservers = {\"ns9.other.example\"}")
#define VIEWS CONF("services = {\"exchange\"} view \"internal\" { autodiscover = \"mail.contoso.test\" }")
#define INSIDE "google@8.8.8.8/q office@10.0.0.53/internal"
#define R2 "google@8.8.8.8/q quad9@9.9.9.9/q"
#define KEYS "lookup selector1-contoso-test._domainkey.contoso.onmicrosoft.com TXT = TXT v=DKIM1;; p=MIIB\n" \
	"lookup selector2-contoso-test._domainkey.contoso.onmicrosoft.com TXT = TXT v=DKIM1;; p=MIIB\n"

struct zone_case {
	const char *name, *conf, *columns, *cells, *facts;
	const char *findings;	/* of the codes of this file */
	const char *asked, *not_asked;
};

static const struct zone_case cases[] = {
	/* ---- a zone below ---- */
	{ "the name was delegated, and nobody serves it", MAIL, NS1 R2, "autodiscover = lame - -\n* = ok ok*2 ok*2",
	    WORLD "authority autodiscover.contoso.test NS = REFERRAL\nlookup autodiscover.contoso.test CNAME = servfail",
	    "zone-cut-unexpected:error(autodiscover)", "authority autodiscover.contoso.test NS", "" },
	{ "... and it does not stand there", MAIL, NS1 R2, "autodiscover = lame - -\n* = ok ok*2 ok*2",
	    WORLD "authority autodiscover.contoso.test NS = REFERRAL\nlookup autodiscover.contoso.test CNAME = NXDOMAIN",
	    "zone-cut-unexpected:error(autodiscover)", "", "" },
	{ "... and it does stand there", MAIL, NS1 R2, "autodiscover = lame - -\n* = ok ok*2 ok*2",
	    WORLD "authority autodiscover.contoso.test NS = REFERRAL\n"
	    "lookup autodiscover.contoso.test CNAME = CNAME autodiscover.outlook.com",
	    "zone-cut-unexpected:warning(autodiscover)", "", "" },
	{ "... and nobody can be asked", MAIL, NS1 R2, "autodiscover = lame - -\n* = ok ok*2 ok*2",
	    WORLD "authority autodiscover.contoso.test NS = REFERRAL\nlookup autodiscover.contoso.test CNAME = network",
	    "zone-cut-unexpected:warning(autodiscover)", "", "" },
	{ "a name above is a zone: one finding", DKIM, NS1 R2,
	    "dkim-selector1 = lame - -\ndkim-selector2 = lame - -\n* = ok ok*2 ok*2",
	    WORLD "authority _domainkey.contoso.test NS = REFERRAL\nlookup * CNAME = servfail", "zone-cut-unexpected:error(dkim-selector1)",
	    "authority _domainkey.contoso.test NS", "selector1._domainkey.contoso.test NS" },
	{ "referred upwards: that server fails it", MAIL, NS1 R2, "mx = lame - -\n* = ok ok*2 ok*2", WORLD,
	    "authority-failing:warning", "", "" },
	{ "referred elsewhere, but no zone below", MAIL, NS1 R2, "autodiscover = lame - -\n* = ok ok*2 ok*2",
	    WORLD "authority autodiscover.contoso.test NS = NODATA", "authority-failing:warning", "", "" },

	/* ---- two views ---- */
	{ "missing inside", MAIL, NS1 INSIDE, "autodiscover = ok ok*2 none\n* = ok ok*2 ok", WORLD,
	    "split-horizon:warning(autodiscover)", "", "" },
	{ "missing inside and outside is one cause", MAIL, NS1 INSIDE, "autodiscover = none - none\n* = ok ok*2 ok", WORLD, "", "", "" },
	{ "missing outside only", MAIL, NS1 INSIDE, "autodiscover = none - ok\n* = ok ok*2 ok", WORLD, "", "", "" },
	{ "they differ as they are told to", VIEWS, NS1 INSIDE, "autodiscover = ok ok*2 {CNAME mail.contoso.test}\n* = ok ok*2 ok", WORLD,
	    "split-horizon:info", "", "" },
	{ "they are told to differ, and do not", VIEWS, NS1 INSIDE, "* = ok ok*2 ok", WORLD, "split-horizon:warning(autodiscover)", "", "" },

	/* ---- the zone that is edited ---- */
	{ "edited elsewhere, and there it stands", EDITED, NS1 R2, "mx = none - -\n* = ok ok*2 ok*2",
	    WORLD "edited contoso.test MX = MX 0 contoso-test.mail.protection.outlook.com", "delegation-mismatch:warning",
	    "edited contoso.test MX", "edited contoso.test TXT" },
	{ "edited elsewhere, and it does not stand there either", EDITED, NS1 R2, "mx = none - -\n* = ok ok*2 ok*2",
	    WORLD "edited contoso.test MX = NXDOMAIN", "delegation-mismatch:warning", "edited contoso.test MX", "" },

	/* ---- DNSSEC ---- */
	{ "bogus, and without checking there is an answer", MAIL, NS1 R2, "* = ok ok*2 bogus",
	    WORLD "unchecked * * = A 198.51.100.1", "dnssec-bogus:error", "", "" },
	{ "said to be bogus, but it fails unchecked too", MAIL, NS1 R2, "* = ok ok*2 bogus", WORLD "unchecked * * = servfail",
	    "resolver-failing:info", "", "" },
	{ "said to be bogus, and nobody can be asked", MAIL, NS1 R2, "* = ok ok*2 bogus", WORLD, "dnssec-bogus:error", "", "" },
	{ "fails without a word, and unchecked too", MAIL, NS1 R2, "mx = ok ok*2 servfail\n* = ok ok*2 ok*2",
	    WORLD "unchecked contoso.test MX = servfail", "resolver-failing:info", "unchecked contoso.test MX", "" },
	{ "fails without a word; another answers unchecked", MAIL, NS1 R2, "mx = ok ok*2 servfail\n* = ok ok*2 ok*2",
	    WORLD "unchecked contoso.test MX = MX 0 a.example", "resolver-failing:info", "", "" },
};

static bool
is_ours(enum finding_code code)
{
	return code == FINDING_ZONE_CUT_UNEXPECTED || code == FINDING_DNSSEC_BOGUS || code == FINDING_AUTHORITY_FAILING ||
	    code == FINDING_RESOLVER_FAILING || code == FINDING_RESOLVER_UNREACHABLE || code == FINDING_DOMAIN_EXPIRED ||
	    code == FINDING_SPLIT_HORIZON || code == FINDING_DELEGATION_MISMATCH;
}

START_TEST(what_is_edited_elsewhere_is_shown)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(EDITED);
	struct matrix *m = matrix_of(a, plan, "found", NS1 R2, "mx = none - -\n* = ok ok*2 ok*2");
	struct domain_result r;
	bool shown = false;

	matrix_eval(m, NULL, a, WORLD "edited contoso.test MX = MX 0 contoso-test.mail.protection.outlook.com", &r);
	for (size_t i = 0; i < r.n_findings; i++)
		for (size_t k = 0; r.findings[i].code == FINDING_DELEGATION_MISMATCH && k < r.findings[i].n_evidence; k++)
			shown = shown || strcmp(r.findings[i].evidence[k],
			    "contoso.test. IN MX 0 contoso-test.mail.protection.outlook.com. (edited)") == 0;
	ck_assert(shown);
	arena_free(a);
}
END_TEST

START_TEST(zones)
{
	const struct zone_case *c = &cases[_i];
	struct arena *a = arena_new();
	struct plan *plan = plan_of(c->conf);
	struct matrix *m = matrix_of(a, plan, "found", c->columns, c->cells);
	struct domain_result r;
	const char *asked = matrix_eval(m, NULL, a, c->facts, &r);

	ck_assert_msg(strcmp(findings_text_of(a, plan, is_ours, &r), c->findings) == 0, "%s: %s; asked:\n%s", c->name, findings_text(a, plan, &r), asked);
	ck_assert_msg(strstr(asked, c->asked) != NULL, "%s: asked:\n%s", c->name, asked);
	ck_assert_msg(*c->not_asked == '\0' || strstr(asked, c->not_asked) == NULL, "%s: asked:\n%s", c->name, asked);
	arena_free(a);
}
END_TEST

/* Servers by name; those in brackets are what the parent delegates to. */
static const struct {
	const char *servers[3];
	bool expired;
} parked[] = {
	{ { "ns1.pendingrenewaldeletion.com", "ns2.pendingrenewaldeletion.com" }, true },
	{ { "expirens3.hichina.com", "expirens4.hichina.com" }, true },
	{ { "ns1.expired.example", "ns2.expired.example" }, true },
	{ { "NS1.SedoParking.com" }, true },
	{ { "ns1.sedoparking.com", "ns1.hoster.example" }, false },
	{ { "dns1.registrar-servers.com" }, false },
	{ { "ns1.unexpired.example" }, false },
};

START_TEST(a_domain_that_has_expired)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(MAIL);
	struct matrix *m = matrix_of(a, plan, "found", NS1 R2, "* = none - -");
	struct zone *z = (struct zone *)(uintptr_t)m->zone.zone;
	struct domain_result r;
	bool found;

	z->n_servers = 0;
	for (size_t i = 0; parked[_i].servers[i] != NULL; i++) {
		ck_assert_int_eq(dns_name_parse(&z->servers[i].name, parked[_i].servers[i], NULL), 0);
		z->servers[i].at_parent = true;
		z->n_servers++;
	}
	matrix_eval(m, NULL, a, WORLD, &r);
	found = strstr(findings_text_of(a, plan, is_ours, &r), "domain-expired:error") != NULL;
	ck_assert_msg(found == parked[_i].expired, "%s: %s", parked[_i].servers[0], findings_text(a, plan, &r));
	ck_assert(!found || r.findings[0].code == FINDING_DOMAIN_EXPIRED);
	arena_free(a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval zone");
	TCase *t = tcase_create("zone");
	int failed;

	tcase_add_loop_test(t, zones, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(t, what_is_edited_elsewhere_is_shown);
	tcase_add_loop_test(t, a_domain_that_has_expired, 0, (int)ARRAY_LEN(parked));
	suite_add_tcase(s, t);
	failed = suite_run(s);
	plans_done();
	return failed;
}
