/* SPDX-License-Identifier: ISC */
/* check_resolver_own: what this machine learns of itself, from answers and from their absence, on a scripted network. */
#include <m365dnsd/resolver.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/script.h"

#define GOOD     "ra\nan @ 300 MX 0 mail.contoso.test"
#define OWN_DATA "aa\nan @ 300 MX 0 mail.contoso.test"
#define REFERRAL "\nns contoso.test 300 NS ns1.contoso.test"
#define CACHED   "ra\nan @ 300 MX 0 mail.contoso.test"
#define CACHED_NO "ra nxdomain\nns contoso.test 60 SOA ns.a.test h.a.test 1 2 3 4 60"

/* Three operators, the last with IPv6 too; all addresses are global. */
static const char *const names[] = { "google", "cloudflare", "quad9" };
static const char *const addrs[][2] = { { "8.8.8.8" }, { "1.1.1.1" }, { "9.9.9.9", "2620:fe::fe" } };
static struct bench {
	struct script *net;
	struct conf conf;
	struct conf_resolver resolvers[3];
	struct addr addrs[3][2];
	struct sources *sources;
	struct prober *prober;
	unsigned changes, recovered, answered, failed;
} b;

static void
on_change(void *ctx)
{
	((struct bench *)ctx)->changes++;
}

static void
on_recovery(void *ctx, struct source *src)
{
	(void)src;
	((struct bench *)ctx)->recovered++;
}

static void
bench_start(void)
{
	struct prober_config cfg = { .timeout_ms = 2000, .set_aside_tries = 3, .own = true, .own_changed = on_change,
		.recovered = on_recovery, .ctx = &b };

	memset(&b, 0, sizeof(b));
	random_seed_for_tests(7);
	b.net = script_new();
	b.conf.window = 16;
	b.conf.authority_port = 53;
	b.conf.resolvers = b.resolvers;
	b.conf.n_resolvers = ARRAY_LEN(names);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *name = xstrdup(names[i]);

		b.resolvers[i] = (struct conf_resolver){ .name = name, .operator = name, .addrs = b.addrs[i], .window = 16 };
		for (size_t k = 0; k < 2 && addrs[i][k] != NULL; k++)
			ck_assert(addr_parse(&b.addrs[i][b.resolvers[i].n_addrs++], addrs[i][k], 53));
	}
	b.sources = sources_new(&b.conf);
	b.prober = prober_new(script_transport(b.net), script_clock(b.net), &cfg);
}

static void
bench_stop(void)
{
	prober_free(b.prober);
	sources_free(b.sources);
	script_free(b.net);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		free(b.resolvers[i].name);
}

static void
on_done(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	(void)ctx;
	(void)tag;
	(void)src;
	b.answered += reply->reason == REASON_NONE;
	b.failed += reply->reason != REASON_NONE;
}

static struct source *
source(const char *text)
{
	struct addr a;

	ck_assert(addr_parse(&a, text, 53));
	for (size_t i = 0; i < sources_n_resolvers(b.sources); i++)
		if (addr_equal(&sources_resolver(b.sources, i)->addr, &a))
			return sources_resolver(b.sources, i);
	return sources_authority(b.sources, &a);
}

/* Ask it so many times, one after the other. */
static void
ask(const char *text, unsigned times)
{
	struct question q = { .type = DNS_TYPE_MX };
	struct source *s = source(text);
	struct ask a = { .source = s, .q = &q, .done = on_done, .ctx = &b };

	for (unsigned i = 0; i < times; i++) {
		ck_assert_int_eq(dns_name_parse(&q.name, i % 2 == 0 ? "contoso.test" : "fabrikam.test", NULL), 0);
		prober_ask(b.prober, &a);
		script_run(b.net, script_run_prober, b.prober, script_now(b.net) + 3000);
	}
	if (s->kind == SOURCE_AUTHORITY)
		source_unref(b.sources, s);
}

static void
udp(const char *server, const char *reply)
{
	script_rule(b.net, &(struct script_rule){ .server = server, .name = "*", .type = "*", .reply = reply, .udp = true });
}

static void
tcp(const char *server, const char *reply)
{
	script_rule(b.net, &(struct script_rule){ .server = server, .name = "*", .type = "*", .reply = reply, .tcp = true });
}

static void
later(int64_t ms)
{
	clock_fake_advance(script_clock(b.net), ms);
	script_run(b.net, script_run_prober, b.prober, script_now(b.net) + 1);
}

static size_t
count_tcp(const char *type)
{
	size_t n = 0;

	for (size_t i = 0; i < script_n_queries(b.net); i++)
		n += script_query(b.net, i)->tcp && script_query(b.net, i)->q.type == (strcmp(type, "NS") == 0 ? DNS_TYPE_NS : DNS_TYPE_MX);
	return n;
}

/* "udp4=works ...": what is known, in the order of the words wanted. */
static void
expect(const char *want)
{
	const struct own_state *o = sources_own(b.sources);
	struct str s = STR_INIT, words = STR_INIT;

	for (unsigned i = 0; i < 2; i++) {
		if (o->udp[i] != OWN_UNKNOWN)
			str_addf(&s, "%sudp%d=%s", s.len > 0 ? " " : "", i == 0 ? 4 : 6, name_of(&own_way_names, (int)o->udp[i]));
		if (o->tcp[i] != OWN_UNKNOWN)
			str_addf(&s, "%stcp%d=%s", s.len > 0 ? " " : "", i == 0 ? 4 : 6, name_of(&own_way_names, (int)o->tcp[i]));
	}
	if (o->offline)
		str_addf(&s, "%soffline", s.len > 0 ? " " : "");
	if (o->intercepted)
		str_addf(&s, "%sintercepted", s.len > 0 ? " " : "");
	ck_assert_str_eq(str_c(&s), want);
	ck_assert_int_eq(own_words(o, &words), words.len > 0);
	str_done(&s);
	str_done(&words);
}

static void
expect_words(const char *want)
{
	struct str s = STR_INIT;

	own_words(sources_own(b.sources), &s);
	ck_assert_str_eq(str_c(&s), want);
	str_done(&s);
}

/* ---- UDP and TCP ---- */

START_TEST(all_is_well_and_costs_one_question)
{
	bench_start();
	script_on(b.net, "*", "*", "*", GOOD);
	for (unsigned i = 0; i < 3; i++) {
		ask("8.8.8.8", 2);
		ask("1.1.1.1", 2);
	}
	expect("udp4=works tcp4=works");
	expect_words("");
	ck_assert_uint_eq(count_tcp("NS"), 1);
	ck_assert_uint_eq(script_n_queries(b.net), 13);
	ck_assert_uint_eq(b.changes, 0);
	ask("2620:fe::fe", 1);
	expect("udp4=works tcp4=works udp6=works tcp6=works");
	bench_stop();
}
END_TEST

START_TEST(udp_blocked_here)
{
	bench_start();
	udp("*", "drop");
	tcp("*", GOOD);
	ask("8.8.8.8", 2);
	expect("tcp4=works");		/* one server is one server */
	ck_assert(source("8.8.8.8")->by_tcp);
	ck_assert(!source("8.8.8.8")->set_aside);
	ck_assert_uint_eq(b.answered, 1);
	ask("1.1.1.1", 2);
	expect("udp4=blocked tcp4=works");
	expect_words("port 53 works by TCP only, not by UDP, with IPv4");
	ck_assert_uint_eq(b.changes, 1);
	b.answered = 0;
	ask("8.8.8.8", 4);
	ask("1.1.1.1", 4);
	ck_assert_uint_eq(b.answered, 8);
	/* after ten minutes one question tries UDP; what it learns changes nothing, and what answers does */
	later(600000);
	ask("8.8.8.8", 3);
	ck_assert_uint_eq(b.answered, 10);
	expect("udp4=blocked tcp4=works");
	udp("*", GOOD);
	later(600000);
	ask("8.8.8.8", 3);
	ck_assert(!source("8.8.8.8")->by_tcp);
	expect("udp4=works tcp4=works");
	ck_assert_uint_eq(b.changes, 2);
	bench_stop();
}
END_TEST

/* A dead server gets few knocks, with longer and longer pauses, and they are no evidence against it. */
START_TEST(dead_server)
{
	bench_start();
	script_on(b.net, "*", "*", "*", GOOD);
	script_on(b.net, "1.1.1.1", "*", "*", "drop");
	ask("8.8.8.8", 1);
	script_clear_log(b.net);
	ask("1.1.1.1", 3);
	ck_assert(source("1.1.1.1")->set_aside);
	ck_assert_uint_eq(source("1.1.1.1")->failures_in_row, 3);
	ck_assert_uint_eq(count_tcp("MX"), 1);
	for (unsigned i = 0; i < 20; i++) {
		later(60000);
		ask("1.1.1.1", 1);
	}
	ck_assert_uint_ge(count_tcp("MX"), 2);
	ck_assert_uint_le(count_tcp("MX"), 6);
	expect("udp4=works tcp4=works");
	bench_stop();
}
END_TEST

START_TEST(tcp_blocked_here)
{
	bench_start();
	udp("*", GOOD);
	tcp("*", "drop");
	ask("8.8.8.8", 2);
	expect("udp4=works");
	ask("1.1.1.1", 2);
	expect("udp4=works");
	ask("9.9.9.9", 2);
	ask("8.8.8.8", 1);
	expect("udp4=works tcp4=blocked");	/* all of them */
	expect_words("port 53 works by UDP only, not by TCP, with IPv4");
	ck_assert_uint_eq(count_tcp("NS"), 3);
	ask("8.8.8.8", 4);
	ck_assert_uint_eq(count_tcp("NS"), 3);
	tcp("*", GOOD);
	later(600000);
	ask("9.9.9.9", 1);
	expect("udp4=works tcp4=works");
	bench_stop();
}
END_TEST

/* Some servers without TCP are some servers; a resolver that has it acquits the network, whatever came first. */
START_TEST(truncated_and_no_tcp)
{
	bench_start();
	script_on(b.net, "*", "*", "*", GOOD);
	for (unsigned i = 1; i <= 6; i++) {
		char addr[16];

		snprintf(addr, sizeof(addr), "20.0.0.%u", i);
		script_on(b.net, addr, "*", "*", "truncated");
		ask(addr, 1);
	}
	expect("udp4=works");
	ask("8.8.8.8", 1);
	expect("udp4=works tcp4=works");
	ask("20.0.0.1", 1);
	ask("20.0.0.2", 1);
	expect("udp4=works tcp4=works");
	tcp("*", "drop");		/* and now nobody has it */
	ask("20.0.0.1", 1);
	ask("8.8.8.8", 1);
	expect("udp4=works tcp4=works");
	ask("1.1.1.1", 1);
	ask("9.9.9.9", 1);
	expect("udp4=works tcp4=blocked");
	bench_stop();
}
END_TEST

/* ---- families ---- */

START_TEST(no_ipv6)
{
	bench_start();
	script_on(b.net, "*", "*", "*", GOOD);
	script_on(b.net, "2620:fe::fe", "*", "*", "no-family");
	ask("2620:fe::fe", 1);
	expect("udp6=missing tcp6=missing");
	expect_words("this machine has no IPv6");
	ask("8.8.8.8", 1);
	expect("udp4=works tcp4=works udp6=missing tcp6=missing");
	expect_words("");		/* as many machines are */
	script_on(b.net, "2620:fe::fe", "*", "*", GOOD);
	later(300000);
	ask("2620:fe::fe", 1);
	expect("udp4=works tcp4=works udp6=works tcp6=works");
	bench_stop();
}
END_TEST

START_TEST(ipv6_that_leads_nowhere)
{
	bench_start();
	script_on(b.net, "*", "*", "*", GOOD);
	ask("8.8.8.8", 1);
	udp("2620:fe::fe", "drop");
	tcp("2620:fe::fe", "drop");
	udp("2a01::1", "drop");
	tcp("2a01::1", "drop");
	ask("2620:fe::fe", 3);
	expect("udp4=works tcp4=works");	/* a dead server */
	ask("2a01::1", 3);
	expect("udp4=works tcp4=works udp6=blocked");
	expect_words("nothing comes back by IPv6");
	bench_stop();
}
END_TEST

START_TEST(offline)
{
	bench_start();
	script_on(b.net, "*", "*", "*", GOOD);
	ask("8.8.8.8", 1);
	script_on(b.net, "*", "*", "*", "network");
	ask("8.8.8.8", 2);
	ask("1.1.1.1", 2);
	later(6000);
	expect("udp4=works tcp4=works");
	ask("9.9.9.9", 1);
	expect("udp4=works tcp4=works offline");
	expect_words("nobody answers: this machine seems to be offline");
	ck_assert_uint_eq(b.changes, 1);
	script_on(b.net, "*", "*", "*", "servfail");	/* a word is a sign of life */
	later(300000);
	ask("9.9.9.9", 1);
	expect("udp4=works tcp4=works");
	ck_assert_uint_eq(b.changes, 2);
	bench_stop();
}
END_TEST

/* ---- interception ---- */

/* What authorities answer, one after the other; * = two addresses of caches. */
static const struct {
	const char *name, *replies[5];
	bool intercepted;
} ways[] = {
	{ "authorities", { OWN_DATA, REFERRAL, OWN_DATA }, false },
	{ "caches, one and all", { CACHED, CACHED_NO }, true },
	{ "one cache", { CACHED, "drop", "drop" }, false },
	{ "an authority first, and again when asked", { OWN_DATA, CACHED, CACHED, CACHED }, false },
	{ "a referral first", { REFERRAL, CACHED, CACHED }, false },
	{ "an authority in between", { CACHED, OWN_DATA, CACHED }, false },
	{ "authorities that offer recursion too", { "aa ra\nan @ 300 MX 0 mail.contoso.test", "ra aa nxdomain", CACHED }, false },
	{ "lame: without authority or recursion", { "\nan @ 300 MX 0 mail.contoso.test", "\nan @ 300 MX 0 mail.contoso.test" }, false },
	{ "lame: refused", { "refused ra", "refused ra", "refused" }, false },
	{ "failures of a cache say nothing", { "servfail ra", "servfail ra", "servfail ra" }, false },
	{ "referrals of a resolver say nothing", { "ra\nns . 300 NS a.root.test", "ra\nns . 300 NS a.root.test" }, false },
};

START_TEST(who_answers)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		bench_start();
		for (size_t k = 0; k < ARRAY_LEN(ways[i].replies) && ways[i].replies[k] != NULL; k++) {
			char addr[16];

			snprintf(addr, sizeof(addr), "20.0.0.%zu", k + 1);
			script_on(b.net, addr, "*", "*", ways[i].replies[k]);
		}
		for (size_t k = 0; k < ARRAY_LEN(ways[i].replies) && ways[i].replies[k] != NULL; k++) {
			char addr[16];

			snprintf(addr, sizeof(addr), "20.0.0.%zu", k + 1);
			ask(addr, 2);
		}
		ck_assert_msg(sources_own(b.sources)->intercepted == ways[i].intercepted, "%s\n%s", ways[i].name, script_log(b.net));
		bench_stop();
	}
}
END_TEST

START_TEST(intercepted_from_now_on)
{
	bench_start();
	script_on(b.net, "*", "*", "*", OWN_DATA);
	for (unsigned i = 0; i < 3; i++) {
		ask("20.0.0.1", 1);
		ask("20.0.0.2", 1);
	}
	expect("udp4=works");
	script_on(b.net, "*", "*", "*", CACHED);	/* the machine was carried into another network */
	ask("20.0.0.3", 1);
	ask("20.0.0.4", 1);	/* and now the witness is asked */
	expect("udp4=works intercepted");
	ck_assert_str_ne(sources_own(b.sources)->evidence[0], "");
	ck_assert_str_ne(sources_own(b.sources)->evidence[1], "");
	ck_assert(source("8.8.8.8")->intercepted && source("2620:fe::fe")->intercepted);
	ck_assert_uint_eq(b.changes, 1);
	script_on(b.net, "20.0.0.1", "*", "*", OWN_DATA);
	ask("20.0.0.1", 1);
	expect("udp4=works");
	ck_assert(!source("8.8.8.8")->intercepted);
	ck_assert_uint_eq(b.changes, 2);
	bench_stop();
}
END_TEST

/* Answers that are there, but not delivered yet, when all is over: from a resolver never heard of, and from one set aside. */
START_TEST(what_comes_in_at_the_end_begins_nothing)
{
	struct question q = { .type = DNS_TYPE_MX };
	struct ask a = { .q = &q, .done = on_done, .ctx = &b };
	struct source *s;

	bench_start();
	ask("1.1.1.1", 6);			/* no rule: nothing comes */
	ck_assert(source("1.1.1.1")->set_aside);
	script_on(b.net, "*", "*", "*", GOOD);
	clock_fake_advance(script_clock(b.net), 3600000);
	ck_assert_int_eq(dns_name_parse(&q.name, "contoso.test", NULL), 0);
	a.source = source("1.1.1.1");
	prober_ask(b.prober, &a);
	a.source = source("8.8.8.8");
	prober_ask(b.prober, &a);
	a.source = s = source("11.0.0.1");
	prober_ask(b.prober, &a);
	source_unref(b.sources, s);
	prober_run(b.prober);
	ck_assert_uint_ge(script_outstanding(b.net), 3);
	clock_fake_advance(script_clock(b.net), 1000);
	b.answered = b.failed = b.changes = b.recovered = 0;
	bench_stop();
	ck_assert_uint_eq(b.answered + b.failed + b.changes + b.recovered, 0);
}
END_TEST

START_TEST(what_does_not_lie_outside_says_nothing)
{
	bench_start();
	ck_assert(addr_parse(&b.addrs[0][0], "127.0.0.1", 53));
	ck_assert(addr_parse(&b.addrs[1][0], "10.0.0.53", 53));
	sources_reconfigure(b.sources, &b.conf);
	script_on(b.net, "*", "*", "*", GOOD);
	ask("127.0.0.1", 2);
	ask("10.0.0.53", 2);
	expect("");
	ck_assert_uint_eq(count_tcp("NS"), 0);
	bench_stop();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("resolver/own");
	TCase *t = tcase_create("own");
	SRunner *r;
	int failed;

	tcase_add_test(t, all_is_well_and_costs_one_question);
	tcase_add_test(t, udp_blocked_here);
	tcase_add_test(t, dead_server);
	tcase_add_test(t, tcp_blocked_here);
	tcase_add_test(t, truncated_and_no_tcp);
	tcase_add_test(t, no_ipv6);
	tcase_add_test(t, ipv6_that_leads_nowhere);
	tcase_add_test(t, offline);
	tcase_add_test(t, who_answers);
	tcase_add_test(t, intercepted_from_now_on);
	tcase_add_test(t, what_comes_in_at_the_end_begins_nothing);
	tcase_add_test(t, what_does_not_lie_outside_says_nothing);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
