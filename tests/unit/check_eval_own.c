/* SPDX-License-Identifier: ISC */
/* check_eval_own: what this machine and its network do to the asking is one finding, and nobody else's fault. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define MAIL "domain \"contoso.test\" { services = {\"exchange\"} }"
#define NS2  "ns1@192.0.2.1 ns2@192.0.2.2 "
#define R1   "google@8.8.8.8/q"

#define W OWN_WORKS
#define B OWN_BLOCKED
#define M OWN_MISSING
#define U OWN_UNKNOWN
static const struct own_state
	fine = { { W, U }, { W, U }, false, false, { "", "" } },
	no_ipv6 = { { W, M }, { W, M }, false, false, { "", "" } },
	ipv6_leads_nowhere = { { W, B }, { W, U }, false, false, { "", "" } },
	by_tcp = { { B, U }, { W, U }, false, false, { "", "" } },
	by_udp = { { W, U }, { B, U }, false, false, { "", "" } },
	offline = { { W, U }, { W, U }, true, false, { "", "" } },
	intercepted = { { W, U }, { W, U }, false, true, { "contoso.test. IN NS: RA without AA (192.0.2.1)", "" } };

static const struct {
	const char *name, *zone, *columns, *cells;
	const struct own_state *own;
	enum domain_state state;
	const char *findings;		/* all of them */
	const char *says;		/* in detail or advice of one of them, NULL = whatever */
} rows[] = {
	{ "nothing is wrong", "found", NS2 R1, "* = ok ok ok*2", &fine, DOMAIN_COMPLETE, "", NULL },
	{ "nothing is known", "found", NS2 R1, "* = ok ok ok*2", NULL, DOMAIN_COMPLETE, "", NULL },

	{ "no IPv6: those servers are not unreachable", "found", "ns1@192.0.2.1 ns1@2001:db8::1 " R1, "* = ok timeout ok*2", &no_ipv6,
	    DOMAIN_COMPLETE, "no-ipv6-here:info", "1 of the addresses: ns1.contoso.test 2001:db8::1" },
	{ "IPv6 that leads nowhere", "found", "ns1@192.0.2.1 ns1@2001:db8::1 " R1 " google@2001:4860:4860::8888/q",
	    "* = ok timeout ok*2 timeout", &ipv6_leads_nowhere, DOMAIN_COMPLETE, "no-ipv6-here:info", "2 of the addresses" },
	{ "one dead IPv6 server is a dead server", "found", "ns1@192.0.2.1 ns1@2001:db8::1 " R1, "* = ok timeout ok*2", &fine,
	    DOMAIN_COMPLETE, "authority-unreachable:warning", NULL },
	{ "IPv6 answers here: it is not missing", "found", "ns1@192.0.2.1 ns1@2001:db8::1 ns2@2001:db8::2 " R1,
	    "* = ok ok timeout ok*2", &no_ipv6, DOMAIN_COMPLETE, "authority-unreachable:warning", NULL },
	{ "only IPv6 servers and no IPv6", "found", "ns1@2001:db8::1 ns2@2001:db8::2 " R1, "* = network network -", &no_ipv6,
	    DOMAIN_UNKNOWN, "no-ipv6-here:info", "the domain has no other name servers" },

	{ "UDP is blocked here: one finding", "found", "ns1@192.0.2.1/tcp ns2@192.0.2.2/tcp google@8.8.8.8/q/tcp", "* = ok ok ok*2",
	    &by_tcp, DOMAIN_COMPLETE, "udp-blocked-here:info", "google 8.8.8.8" },
	{ "a single server without UDP", "found", "ns1@192.0.2.1 ns2@192.0.2.2/tcp " R1, "* = ok ok ok*2", &fine, DOMAIN_COMPLETE,
	    "authority-unreachable:warning", "no answer by UDP from ns2.contoso.test 192.0.2.2" },
	{ "a resolver without UDP", "found", NS2 "google@8.8.8.8/q/tcp", "* = ok ok ok*2", &fine, DOMAIN_COMPLETE,
	    "resolver-unreachable:info", "no answer by UDP from google 8.8.8.8" },
	{ "dead by TCP too", "found", "ns1@192.0.2.1 ns2@192.0.2.2/tcp " R1, "* = ok timeout ok*2", &fine, DOMAIN_COMPLETE,
	    "authority-unreachable:warning", "no answer from ns2.contoso.test" },
	{ "TCP is blocked here", "found", NS2 R1, "spf = ok ok truncated\n* = ok ok ok*2", &by_udp, DOMAIN_PUBLISHED,
	    "tcp-blocked-here:info", "no answer by TCP from google 8.8.8.8" },
	{ "TCP is blocked at one server", "found", NS2 R1, "spf = ok ok truncated\n* = ok ok ok*2", &fine, DOMAIN_PUBLISHED,
	    "answer-truncated:info", NULL },
	{ "TCP is blocked here, and nobody needs it", "found", NS2 R1, "* = ok ok ok*2", &by_udp, DOMAIN_COMPLETE, "", NULL },

	{ "offline: one sentence", "found", NS2 R1 " quad9@9.9.9.9/q", "* = timeout timeout ok*2 timeout", &offline, DOMAIN_UNKNOWN,
	    "authority-unreachable:warning", "is this machine on the network?" },

	{ "intercepted: the domain is not failed", "found", "ns1@192.0.2.1/cache/hijacked ns2@192.0.2.2/cache/hijacked "
	    "google@8.8.8.8/q/hijacked", "* = ok! ok! -", &intercepted, DOMAIN_UNKNOWN, "resolver-intercepted:info",
	    "authorities = none" },
	{ "intercepted: not even the zone is known", "unknown", "google@8.8.8.8/q/hijacked", "* = -", &intercepted, DOMAIN_UNKNOWN,
	    "resolver-intercepted:info", "google 8.8.8.8" },
	{ "a name server that is a cache is lame", "found", "ns1@192.0.2.1 ns2@192.0.2.2/cache " R1, "* = ok ok! ok*2", &fine,
	    DOMAIN_COMPLETE, "delegation-lame:warning", "ns2.contoso.test 192.0.2.2 (a resolver, not an authority)" },
	{ "all name servers are caches, and the way is clear", "found", "ns1@192.0.2.1/cache ns2@192.0.2.2/cache " R1, "* = ok! ok! -",
	    &fine, DOMAIN_UNPUBLISHED, "delegation-lame:error", "a resolver, not an authority" },
};

static bool
is_said(const struct domain_result *r, const char *words)
{
	if (words == NULL)
		return true;
	for (size_t i = 0; i < r->n_findings; i++)
		if (strstr(r->findings[i].detail, words) != NULL || strstr(r->findings[i].advice, words) != NULL)
			return true;
	return false;
}

START_TEST(one_cause_is_one_finding)
{
	struct str wrong = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct plan *plan = plan_of(MAIL);
		struct matrix *m = matrix_of(a, plan, rows[i].zone, rows[i].columns, rows[i].cells);
		struct domain_result r;
		const char *findings;

		m->own = rows[i].own;
		eval_domain(m, NULL, a, &r);
		findings = findings_text(a, plan, &r);
		if (r.state != rows[i].state || strcmp(findings, rows[i].findings) != 0 || !is_said(&r, rows[i].says))
			str_addf(&wrong, "\n%s: %s, %s", rows[i].name, name_of(&domain_state_names, (int)r.state), findings);
		for (size_t k = 0; k < r.n_findings; k++)
			ck_assert_msg(r.findings[k].n_sources > 0, "%s: %s without sources", rows[i].name,
			    finding_rows[r.findings[k].code].code);
		arena_free(a);
	}
	ck_assert_msg(wrong.len == 0, "%s", str_c(&wrong));
	str_done(&wrong);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval_own");
	TCase *t = tcase_create("own");
	int failed;

	tcase_add_test(t, one_cause_is_one_finding);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	plans_done();
	return failed;
}
