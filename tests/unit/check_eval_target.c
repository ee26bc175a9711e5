/* SPDX-License-Identifier: ISC */
/* check_eval_target: hosts that records point to, with what was found out aside. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define CONF(rest) "domain \"contoso.test\" { " rest " }"
#define MAIL CONF("services = {\"exchange\"}")
#define FILTERED CONF("services = {\"exchange\"} profile = filtered mx = {\"10 mx1.filter.example\"}")
#define HYBRID CONF("services = {\"exchange\"} profile = hybrid autodiscover = \"mail.hoster.example\"")
#define OWN(type, value) CONF("services = {\"exchange\"} record \"crm\" { name = \"crm\" type = " type " value = \"" value "\" }")
#define STS CONF("services = {\"mta-sts\"}")

#define MX_HOST "lookup contoso-test.mail.protection.outlook.com"
#define WORLD "lookup spf.protection.outlook.com TXT = TXT v=spf1 -all\n"
#define GOOD MX_HOST " A = A 198.51.100.1\n" WORLD
#define COLUMNS "ns1@192.0.2.1 google@8.8.8.8/q"
#define ALL_OK "* = ok ok*2"

struct target_case {
	const char *name, *conf, *cells, *facts;
	const char *record, *state, *findings;	/* findings of the codes of this file */
};

static const struct target_case cases[] = {
	{ "the host has an address", MAIL, ALL_OK, GOOD, "mx", "visible", "" },
	{ "an IPv6 address is one", MAIL, ALL_OK, MX_HOST " A = NODATA\n" MX_HOST " AAAA = AAAA 2001:db8::1", "mx", "visible", "" },
	{ "no such host", MAIL, ALL_OK, MX_HOST " A = NXDOMAIN protection.outlook.com", "mx", "unpublished",
	    "target-unresolvable:error" },
	{ "a host without an address", MAIL, ALL_OK, MX_HOST " * = NODATA", "mx", "unpublished", "target-unresolvable:error" },
	{ "denied by the root: no Internet here", MAIL, ALL_OK, MX_HOST " A = NXDOMAIN .", "mx", "visible",
	    "target-unresolvable:warning" },
	{ "denied by com", MAIL, ALL_OK, MX_HOST " A = NXDOMAIN com", "mx", "visible", "target-unresolvable:warning" },
	{ "denied by nobody", MAIL, ALL_OK, MX_HOST " A = NXDOMAIN -", "mx", "visible", "target-unresolvable:warning" },
	{ "could not be asked", MAIL, ALL_OK, MX_HOST " A = timeout", "mx", "visible", "target-unresolvable:warning" },
	{ "one half could not be asked", MAIL, ALL_OK, MX_HOST " A = NODATA\n" MX_HOST " AAAA = servfail", "mx", "visible",
	    "target-unresolvable:warning" },
	{ "nobody may ask", MAIL, ALL_OK, "lookup * * = gated", "mx", "visible", "" },
	{ "Microsoft's alias is Microsoft's affair", MAIL, ALL_OK, MX_HOST " A = -> a.example; A 198.51.100.1", "mx", "visible", "" },
	{ "a wrong MX is not looked up", MAIL, "mx = old old\n" ALL_OK, "lookup * * = NXDOMAIN", "mx", "unpublished", "" },

	{ "the filter's host", FILTERED, ALL_OK, "lookup mx1.filter.example A = A 198.51.100.2", "mx", "visible", "" },
	{ "the filter's host is gone", FILTERED, ALL_OK, WORLD "lookup mx1.filter.example A = NXDOMAIN example", "mx", "unpublished",
	    "target-unresolvable:error" },
	{ "the filter's host is an alias", FILTERED, ALL_OK, "lookup mx1.filter.example A = -> b.example; A 198.51.100.2", "mx",
	    "unpublished", "target-is-cname:error" },
	{ "... to nowhere", FILTERED, ALL_OK, WORLD "lookup mx1.filter.example A = -> b.example; NXDOMAIN example", "mx", "unpublished",
	    "target-unresolvable:error" },

	{ "autodiscover at another's host", HYBRID, "autodiscover = {-> mail.hoster.example; NODATA} -\n" ALL_OK,
	    GOOD "lookup mail.hoster.example A = A 198.51.100.3", "autodiscover", "published", "" },
	{ "autodiscover at another's host that is nowhere", HYBRID, "autodiscover = {-> mail.hoster.example; NODATA} -\n" ALL_OK,
	    GOOD "lookup mail.hoster.example A = NXDOMAIN hoster.example", "autodiscover", "unpublished",
	    "target-unresolvable:error" },
	{ "an alias into a circle", MAIL, "autodiscover = {CNAME a.contoso.test} -\n" ALL_OK,
	    GOOD "lookup a.contoso.test A = -> autodiscover.contoso.test; -> a.contoso.test; LOOP", "autodiscover", "unpublished",
	    "cname-loop:error" },

	{ "no such host, and no Internet either", FILTERED, ALL_OK, "lookup mx1.filter.example A = NXDOMAIN .", "mx", "visible",
	    "target-unresolvable:warning" },
	{ "an alias of one's own before the right name", MAIL, "autodiscover = {CNAME auto.contoso.test} {CNAME auto.contoso.test}*2\n" ALL_OK,
	    GOOD "lookup auto.contoso.test CNAME = CNAME autodiscover.outlook.com", "autodiscover", "visible",
	    "target-by-alias:info" },
	{ "two of them", MAIL, "autodiscover = {CNAME auto.contoso.test} {CNAME auto.contoso.test}*2\n" ALL_OK,
	    GOOD "lookup auto.contoso.test CNAME = CNAME b.example\nlookup b.example CNAME = CNAME autodiscover.outlook.com",
	    "autodiscover", "visible", "target-by-alias:info" },
	{ "an alias of one's own before a wrong name", MAIL, "autodiscover = {CNAME auto.contoso.test} -\n" ALL_OK,
	    GOOD "lookup auto.contoso.test CNAME = CNAME www.example\nlookup auto.contoso.test A = A 198.51.100.9", "autodiscover",
	    "unpublished", "" },
	{ "a TTL of two days", MAIL, "autodiscover = ok@172800 ok*2\n" ALL_OK, GOOD, "autodiscover", "visible", "ttl-long:warning" },
	{ "a TTL of a day", MAIL, "autodiscover = ok@86400 ok*2\n" ALL_OK, GOOD, "autodiscover", "visible", "" },
	{ "an own alias", OWN("CNAME", "crm.elsewhere.example"), ALL_OK, GOOD "lookup crm.elsewhere.example A = A 198.51.100.4",
	    "crm", "visible", "" },
	{ "an own alias of a text", OWN("CNAME", "crm.elsewhere.example"), ALL_OK,
	    GOOD "lookup crm.elsewhere.example A = NODATA", "crm", "visible", "" },
	{ "an own alias to nowhere", OWN("CNAME", "crm.elsewhere.example"), ALL_OK,
	    GOOD "lookup crm.elsewhere.example A = NXDOMAIN elsewhere.example", "crm", "unpublished", "target-unresolvable:error" },
	{ "an own alias to nowhere, says the root", OWN("CNAME", "crm.elsewhere.example"), ALL_OK,
	    GOOD "lookup crm.elsewhere.example A = NXDOMAIN .", "crm", "visible", "target-unresolvable:warning" },
	{ "an own SRV", OWN("SRV", "0 0 443 crm.elsewhere.example"), ALL_OK,
	    GOOD "lookup crm.elsewhere.example A = -> b.example; A 198.51.100.4", "crm", "unpublished", "target-is-cname:error" },
	{ "SRV to the root: switched off", CONF("services = {\"exchange\"}"),
	    "autodiscover-srv = {SRV 0 0 443 .} -\n" ALL_OK, GOOD, "mx", "visible", "record-wrong:warning" },

	{ "the policy's host, elsewhere", STS, "mta-sts-host = {-> host.example; NODATA} -\n" ALL_OK,
	    "lookup host.example A = A 198.51.100.5", "mta-sts-host", "published", "" },
	{ "the policy's host, nowhere", STS, "mta-sts-host = {-> host.example; NODATA} -\n" ALL_OK,
	    WORLD "lookup host.example A = NXDOMAIN example", "mta-sts-host", "unpublished", "target-unresolvable:error" },
};

static bool
is_ours(enum finding_code code)
{
	return code == FINDING_TARGET_UNRESOLVABLE || code == FINDING_TARGET_IS_CNAME || code == FINDING_CNAME_LOOP ||
	    code == FINDING_TARGET_BY_ALIAS || code == FINDING_TTL_LONG || code == FINDING_RECORD_WRONG;
}

static const char *
ours(struct arena *a, const struct plan *plan, const struct domain_result *r, const char *record)
{
	const char *text = "";

	for (size_t i = 0; i < r->n_findings; i++) {
		const struct finding *f = &r->findings[i];
		const char *id = f->expectation >= 0 ? plan_expectation(plan, (size_t)f->expectation)->id : "";

		if (is_ours(f->code) && (strcmp(id, record) == 0 || strcmp(id, "autodiscover-srv") == 0) &&
		    !(f->code == FINDING_RECORD_WRONG && strcmp(id, record) == 0))
			text = arena_printf(a, "%s%s%s:%s", text, *text != '\0' ? " " : "", finding_rows[f->code].code,
			    name_of(&severity_names, (int)f->severity));
	}
	return text;
}

START_TEST(targets)
{
	const struct target_case *c = &cases[_i];
	struct arena *a = arena_new();
	struct plan *plan = plan_of(c->conf);
	struct matrix *m = matrix_of(a, plan, "found", COLUMNS, c->cells);
	int i = plan_find(plan, c->record);
	struct domain_result r;
	const char *asked = matrix_eval(m, NULL, a, c->facts, &r), *state;

	ck_assert_msg(i >= 0, "%s: no record %s", c->name, c->record);
	state = name_of(&record_state_names, (int)r.records[i].state);
	ck_assert_msg(strcmp(state, c->state) == 0, "%s: %s is %s (%s) after\n%s", c->name, c->record, state,
	    findings_text(a, plan, &r), asked);
	ck_assert_msg(strcmp(ours(a, plan, &r, c->record), c->findings) == 0, "%s: %s; asked:\n%s", c->name,
	    findings_text(a, plan, &r), asked);
	arena_free(a);
}
END_TEST

/* While the answer is not there, the record waits in the state that it had. */
START_TEST(a_record_waits)
{
	static const struct {
		uint8_t before;
		enum record_state then;
	} rows[] = {
		{ RECORD_PENDING, RECORD_PENDING }, { RECORD_UNPUBLISHED, RECORD_UNPUBLISHED }, { RECORD_REGRESSED, RECORD_REGRESSED },
		{ RECORD_PUBLISHED, RECORD_VISIBLE }, { RECORD_VISIBLE, RECORD_VISIBLE }, { RECORD_UNKNOWN, RECORD_UNKNOWN },
	};
	struct arena *a = arena_new();
	struct plan *plan = plan_of(MAIL);
	struct record_prior *records = arena_alloc(a, plan_n_expectations(plan) * sizeof(*records));
	struct domain_prior prior = { .records = records };
	struct domain_result r;
	int mx = plan_find(plan, "mx");

	for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
		struct matrix *m = matrix_of(a, plan, "found", COLUMNS, ALL_OK);

		records[mx].state = rows[k].before;
		m->sides = sides_new();
		eval_domain(m, &prior, a, &r);
		ck_assert_msg(r.records[mx].state == rows[k].then, "from %s: %s", name_of(&record_state_names, rows[k].before),
		    name_of(&record_state_names, (int)r.records[mx].state));
		ck_assert_str_eq(ours(a, plan, &r, "mx"), "");
		sides_free(m->sides);
	}
	arena_free(a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval targets");
	TCase *t = tcase_create("targets");
	int failed;

	tcase_add_loop_test(t, targets, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(t, a_record_waits);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	plans_done();
	return failed;
}
