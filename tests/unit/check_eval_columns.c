/* SPDX-License-Identifier: ISC */
/* check_eval_columns: who may speak, which gates are open, and what a single cell says. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <tests/lib/matrix.h>
#include <tests/lib/suite.h>

#define MAIL "domain \"contoso.test\" { verification = \"MS=ms12345678\" services = {\"exchange\"} }"
#define NS2  "ns1@192.0.2.1 ns2@192.0.2.2 "
#define R1   "google@8.8.8.8/q"

/* A column: "counts", "aside:reason", "lame:reason", "family" or "" (not asked for its opinion). */
static const struct {
	const char *name, *columns, *cells;
	enum authorities_policy policy;
	const char *want;
} columns[] = {
	{ "all good", NS2 R1, "* = ok ok ok", AUTHORITIES_ALL_BUT_DEAD, "counts counts counts" },
	{ "not asked yet", NS2 R1, "* = - - -", AUTHORITIES_ALL_BUT_DEAD, "counts counts counts" },
	{ "dead", NS2 R1, "* = ok timeout ok", AUTHORITIES_ALL_BUT_DEAD, "counts aside:timeout counts" },
	{ "dead, but all are wanted", NS2 R1, "* = ok timeout ok", AUTHORITIES_ALL, "counts aside:timeout+counts counts" },
	{ "one answer is enough to live", NS2 R1, "mx = ok ok ok\n* = ok timeout ok", AUTHORITIES_ALL_BUT_DEAD, "counts counts counts" },
	{ "tries are left", NS2 R1, "mx = ok timeout? ok\n* = ok timeout ok", AUTHORITIES_ALL_BUT_DEAD, "counts counts counts" },
	{ "the commonest reason", NS2 R1, "mx = ok network ok\nspf = ok network ok\n* = ok timeout ok", AUTHORITIES_ALL_BUT_DEAD,
	    "counts aside:timeout counts" },
	{ "refuses", NS2 R1, "* = ok refused ok", AUTHORITIES_ALL_BUT_DEAD, "counts lame:refused counts" },
	{ "refuses and fails", NS2 R1, "mx = ok servfail ok\n* = ok refused ok", AUTHORITIES_ALL_BUT_DEAD, "counts lame:refused counts" },
	{ "refuses, sometimes silent", NS2 R1, "mx = ok timeout ok\n* = ok refused ok", AUTHORITIES_ALL_BUT_DEAD,
	    "counts lame:refused counts" },
	{ "without authority", NS2 R1, "* = ok ok! ok", AUTHORITIES_ALL_BUT_DEAD, "counts lame:lame counts" },
	{ "without authority at one question", NS2 R1, "mx = ok ok! ok\n* = ok ok ok", AUTHORITIES_ALL_BUT_DEAD, "counts counts counts" },
	{ "garbage is not lame", NS2 R1, "* = ok malformed ok", AUTHORITIES_ALL_BUT_DEAD, "counts aside:malformed counts" },
	{ "all dead", NS2 R1, "* = timeout timeout -", AUTHORITIES_ALL_BUT_DEAD, "aside:timeout aside:timeout counts" },
	{ "all lame", NS2 R1, "* = refused refused -", AUTHORITIES_ALL_BUT_DEAD, "lame:refused lame:refused counts" },
	{ "majority: the dead do not count", NS2 R1, "* = ok timeout ok", AUTHORITIES_MAJORITY, "counts aside:timeout counts" },
	{ "none: nobody is asked", NS2 R1, "* = - - ok", AUTHORITIES_NONE, "- - counts" },
	{ "a resolver that refuses is set aside, not lame", "ns1@192.0.2.1 " R1, "* = ok refused", AUTHORITIES_ALL_BUT_DEAD,
	    "counts aside:refused" },
	{ "a resolver that filters one name", "ns1@192.0.2.1 " R1, "mx = ok filtered\n* = ok ok", AUTHORITIES_ALL_BUT_DEAD,
	    "counts aside:filtered" },
	{ "info resolvers do not count", "ns1@192.0.2.1 x@192.0.2.9/i", "* = ok ok", AUTHORITIES_ALL_BUT_DEAD, "counts -" },
	{ "internal resolvers do not count", "ns1@192.0.2.1 x@10.0.0.9/internal", "* = ok ok", AUTHORITIES_ALL_BUT_DEAD, "counts -" },
	{ "not global", "ns1@192.0.2.1 ns2@10.0.0.1/blocked", "* = ok -", AUTHORITIES_ALL_BUT_DEAD, "counts aside:not-global" },
	{ "no address", "ns1@192.0.2.1 ns2@10.0.0.1/noaddr", "* = ok -", AUTHORITIES_ALL_BUT_DEAD, "counts aside:network" },
	{ "set aside by other domains", "ns1@192.0.2.1 ns2@192.0.2.2/aside", "* = ok -", AUTHORITIES_ALL_BUT_DEAD, "counts aside:set-aside" },
	{ "this machine has no IPv6", "ns1@192.0.2.1 ns1@2001:db8::1", "* = ok network", AUTHORITIES_ALL_BUT_DEAD,
	    "counts aside:network+family" },
	{ "IPv6 times out: the server's affair", "ns1@192.0.2.1 ns1@2001:db8::1", "* = ok timeout", AUTHORITIES_ALL_BUT_DEAD,
	    "counts aside:timeout" },
	{ "no network at all is nobody's family", "ns1@192.0.2.1 ns1@2001:db8::1", "* = network network", AUTHORITIES_ALL_BUT_DEAD,
	    "aside:network aside:network" },
	{ "this machine has only IPv6", "ns1@192.0.2.1 ns1@2001:db8::1", "* = network ok", AUTHORITIES_ALL_BUT_DEAD,
	    "aside:network+family counts" },
	{ "the end of the program is no failure", NS2 R1, "* = ok stopped ok", AUTHORITIES_ALL_BUT_DEAD, "counts counts counts" },
};

static const char *
column_show(struct arena *a, const struct eval_column *c)
{
	const char *text = c->counts && !c->set_aside && !c->lame ? "counts" : "-";

	if (c->set_aside || c->lame)
		text = arena_printf(a, "%s:%s%s", c->lame ? "lame" : "aside", name_of(&reason_names, (int)c->reason),
		    c->counts ? "+counts" : "");
	return c->family_missing ? arena_printf(a, "%s+family", text) : text;
}

START_TEST(columns_are_decided)
{
	struct str wrong = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		struct arena *a = arena_new();
		struct matrix *m = matrix_of(a, plan_of(MAIL), "found", columns[i].columns, columns[i].cells);
		const char *text = "";

		m->policy.authorities = columns[i].policy;
		eval_columns(m);
		for (size_t col = 0; col < m->n_columns; col++)
			text = arena_printf(a, "%s%s%s", text, col > 0 ? " " : "", column_show(a, &m->columns[col]));
		if (strcmp(text, columns[i].want) != 0)
			str_addf(&wrong, "\n%s: %s", columns[i].name, text);
		arena_free(a);
	}
	ck_assert_msg(wrong.len == 0, "%s", str_c(&wrong));
	str_done(&wrong);
}
END_TEST

/* Gates by the record that names the row; "" = all shut. */
static const struct {
	const char *name, *columns, *cells;
	enum authorities_policy policy;
	const char *open;
} gates[] = {
	{ "nothing answered", NS2 R1, "* = - - -", AUTHORITIES_ALL_BUT_DEAD, "" },
	{ "all right, and optional ones absent", NS2 R1, "* = ok ok -", AUTHORITIES_ALL_BUT_DEAD, "spf mx autodiscover" },
	{ "one authority is not asked yet", NS2 R1, "* = ok - -", AUTHORITIES_ALL_BUT_DEAD, "" },
	{ "one authority lags behind", NS2 R1, "mx = ok old -\n* = ok ok -", AUTHORITIES_ALL_BUT_DEAD, "spf autodiscover" },
	{ "a dead authority holds nothing", NS2 R1, "* = ok timeout -", AUTHORITIES_ALL_BUT_DEAD, "spf mx autodiscover" },
	{ "a dead authority where all are wanted", NS2 R1, "* = ok timeout -", AUTHORITIES_ALL, "" },
	{ "most have it", "ns1@192.0.2.1 ns2@192.0.2.2 ns3@192.0.2.3", "mx = ok ok old\nautodiscover = ok old old\n* = ok ok ok",
	    AUTHORITIES_MAJORITY, "spf mx" },
	{ "a lame authority opens nothing", "ns1@192.0.2.1", "* = ok!", AUTHORITIES_ALL_BUT_DEAD, "" },
	{ "MS= right, SPF in the same set wrong", NS2 R1, "spf = {TXT MS=ms12345678} {TXT MS=ms12345678} -\n* = ok ok -",
	    AUTHORITIES_ALL_BUT_DEAD, "mx autodiscover" },
	{ "optional and there", NS2 R1, "sip = {CNAME sipdir.online.lync.com} {CNAME sipdir.online.lync.com} -\n* = ok ok -",
	    AUTHORITIES_ALL_BUT_DEAD, "spf mx autodiscover sip" },
	{ "optional and wrong", NS2 R1, "sip = old old -\n* = ok ok -", AUTHORITIES_ALL_BUT_DEAD, "spf mx autodiscover" },
	{ "forbidden and absent is never asked", NS2 R1, "msoid = nodata nodata -\n* = ok ok -", AUTHORITIES_ALL_BUT_DEAD,
	    "spf mx autodiscover" },
	{ "a host behind an alias", NS2 R1, "mta-sts-host = {-> sts.host.example} {-> sts.host.example} -\n* = ok ok -",
	    AUTHORITIES_ALL_BUT_DEAD, "spf mx autodiscover mta-sts-host" },
	{ "proof by MX does not hold SPF", "ns1@192.0.2.1",
	    "spf = {TXT v=spf1 include:spf.protection.outlook.com -all}\n"
	    "mx = {MX 0 contoso-test.mail.protection.outlook.com; MX 99 ms12345678.msv1.invalid}\n* = ok", AUTHORITIES_ALL_BUT_DEAD,
	    "spf mx autodiscover" },
};

START_TEST(gates_open_when_all_that_count_are_right)
{
	struct str wrong = STR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(gates); i++) {
		struct arena *a = arena_new();
		struct plan *plan = plan_of(MAIL);
		struct matrix *m = matrix_of(a, plan, "found", gates[i].columns, gates[i].cells);
		char *copy = arena_strdup(a, gates[i].open), *word;
		uint64_t want = 0, got;

		m->policy.authorities = gates[i].policy;
		while ((word = strsep(&copy, " ")) != NULL)
			if (*word != '\0')
				want |= UINT64_C(1) << plan_expectation(plan, (size_t)plan_find(plan, word))->question;
		got = eval_gates(m, a);
		if (got != want)
			str_addf(&wrong, "\n%s: %llx instead of %llx", gates[i].name, (unsigned long long)got,
			    (unsigned long long)want);
		arena_free(a);
	}
	ck_assert_msg(wrong.len == 0, "%s", str_c(&wrong));
	str_done(&wrong);
}
END_TEST

START_TEST(without_authorities_there_is_no_gate)
{
	struct arena *a = arena_new();
	struct matrix *m = matrix_of(a, plan_of(MAIL), "none", R1, "* = -");

	m->policy.authorities = AUTHORITIES_NONE;
	ck_assert(eval_gates(m, a) == UINT64_MAX);
	arena_free(a);
}
END_TEST

/* One cell of mx at the resolver, the authority being right and the record published or not. */
static const struct {
	const char *name, *zone, *cell;
	bool published;
	enum verdict verdict;
	enum reason reason;
	int eta_s;
	enum eta_basis basis;
} cells[] = {
	{ "right", "found", "ok", true, VERDICT_OK, REASON_NONE, -1, ETA_NONE },
	{ "old value of what is published", "found", "old@120", true, VERDICT_STALE, REASON_NONE, 120, ETA_TTL },
	{ "absence of what is published", "found", "none@60", true, VERDICT_STALE, REASON_NONE, 60, ETA_NEGATIVE_TTL },
	{ "no such type of what is published", "found", "nodata@60", true, VERDICT_STALE, REASON_NONE, 60, ETA_NEGATIVE_TTL },
	{ "TTL 0 ends now", "found", "old@0", true, VERDICT_STALE, REASON_NONE, 0, ETA_TTL },
	{ "a long TTL", "found", "old@2147483647", true, VERDICT_STALE, REASON_NONE, 2147483647, ETA_TTL },
	{ "wrong where nothing is published", "found", "old", false, VERDICT_WRONG, REASON_NONE, -1, ETA_NONE },
	{ "missing where nothing is published", "found", "none", false, VERDICT_MISSING, REASON_NONE, -1, ETA_NONE },
	{ "not asked", "found", "-", false, VERDICT_UNKNOWN, REASON_GATED, -1, ETA_NONE },
	{ "failed", "found", "servfail", true, VERDICT_UNKNOWN, REASON_SERVFAIL, -1, ETA_NONE },
	{ "failing, tries left", "found", "timeout?", true, VERDICT_UNKNOWN, REASON_TIMEOUT, -1, ETA_NONE },
	{ "not delegated", "missing", "-", false, VERDICT_UNKNOWN, REASON_ZONE_BROKEN, -1, ETA_NONE },
	{ "referred elsewhere", "found", "timeout", true, VERDICT_UNKNOWN, REASON_TIMEOUT, -1, ETA_NONE },
};

START_TEST(a_cell_says_what_it_knows)
{
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		struct arena *a = arena_new();
		struct plan *plan = plan_of(MAIL);
		bool zone = strcmp(cells[i].zone, "found") == 0;
		char *text = arena_printf(a, "mx = %s%s\n* = %sok", zone ? "ok " : "", cells[i].cell, zone ? "ok " : "");
		struct matrix *m = matrix_of(a, plan, cells[i].zone, zone ? "ns1@192.0.2.1 " R1 : R1, text);
		struct domain_prior prior = { DOMAIN_PENDING, false, NULL };
		struct domain_result r;
		struct cell_result c;

		eval_domain(m, &prior, a, &r);
		eval_cell(m, (size_t)plan_find(plan, "mx"), m->n_columns - 1, cells[i].published, &c);
		ck_assert_msg(c.verdict == cells[i].verdict && c.reason == cells[i].reason, "%s: %s %s", cells[i].name,
		    name_of(&verdict_names, (int)c.verdict), name_of(&reason_names, (int)c.reason));
		ck_assert_msg((c.eta_ms == 0 ? -1 : (c.eta_ms - MATRIX_NOW_MS) / 1000) == cells[i].eta_s &&
		    c.eta_basis == cells[i].basis, "%s: eta %lld", cells[i].name, (long long)c.eta_ms);
		arena_free(a);
	}
}
END_TEST

/* A lost packet is no news: the last answer stands until all tries have failed. */
START_TEST(a_failure_that_is_not_final_changes_nothing)
{
	struct arena *a = arena_new();
	struct plan *plan = plan_of(MAIL);
	struct matrix *m = matrix_of(a, plan, "found", "ns1@192.0.2.1 " R1, "* = ok ok*2");
	struct domain_prior prior = { DOMAIN_PENDING, false, NULL };
	struct domain_result r;

	for (size_t row = 0; row < m->n_rows; row++) {
		MATRIX_CELL(m, row, 0)->reason = REASON_TIMEOUT;
		MATRIX_CELL(m, row, 0)->flags = EVAL_ASKED;
	}
	eval_domain(m, &prior, a, &r);
	ck_assert_int_eq(r.state, DOMAIN_COMPLETE);
	for (size_t row = 0; row < m->n_rows; row++)
		MATRIX_CELL(m, row, 0)->flags = EVAL_ASKED | EVAL_FINAL;
	eval_domain(m, &prior, a, &r);
	ck_assert_int_eq(r.state, DOMAIN_UNKNOWN);
	arena_free(a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("eval_columns");
	TCase *t = tcase_create("columns");
	int failed;

	tcase_add_test(t, columns_are_decided);
	tcase_add_test(t, gates_open_when_all_that_count_are_right);
	tcase_add_test(t, without_authorities_there_is_no_gate);
	tcase_add_test(t, a_cell_says_what_it_knows);
	tcase_add_test(t, a_failure_that_is_not_final_changes_nothing);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	plans_done();
	return failed;
}
