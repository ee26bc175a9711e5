/* SPDX-License-Identifier: ISC */
/* Look-ups of others' names at scripted resolvers, on virtual time. */
#include <m365dnsd/resolver.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/script.h"

struct got {
	uint64_t tag;
	enum reason reason;
	enum answer_kind kind;
	size_t n_values;
	int64_t at_ms;
};
static struct bench {
	struct script *net;
	struct conf conf;
	struct conf_resolver resolvers[5];
	struct addr addrs[5];
	struct sources *sources;
	struct prober *prober;
	struct lookup *lookup;
	struct got got[500];
	size_t n_got;
} b;

static struct resolver_row {
	const char *name, *addr;
	enum resolver_class class;
	enum view view;
} ordinary[] = {
	{ "inside", "10.0.0.53", CLASS_INFO, VIEW_INTERNAL },
	{ "looker", "192.0.2.9", CLASS_INFO, VIEW_PUBLIC },
	{ "one", "192.0.2.1", CLASS_QUORUM, VIEW_PUBLIC },
	{ "two", "192.0.2.2", CLASS_REQUIRED, VIEW_PUBLIC },
	{ "three", "192.0.2.3", CLASS_QUORUM, VIEW_PUBLIC },
};

static void
bench_start(size_t n_resolvers)
{
	struct prober_config cfg = { .timeout_ms = 2000, .set_aside_tries = 3 };

	memset(&b, 0, sizeof(b));
	random_seed_for_tests(7);
	b.net = script_new();
	b.conf.window = 64;
	b.conf.authority_port = 53;
	b.conf.resolvers = b.resolvers;
	b.conf.n_resolvers = n_resolvers;
	for (size_t i = 0; i < n_resolvers; i++) {
		char *name = xstrdup(ordinary[i].name);

		b.resolvers[i] = (struct conf_resolver){
			.name = name, .operator = name, .addrs = &b.addrs[i], .n_addrs = 1, .window = 64,
			.class = ordinary[i].class, .view = ordinary[i].view,
		};
		ck_assert(addr_parse(&b.addrs[i], ordinary[i].addr, 53));
	}
	b.sources = sources_new(&b.conf);
	b.prober = prober_new(script_transport(b.net), script_clock(b.net), &cfg);
	b.lookup = lookup_new(b.prober, b.sources, script_clock(b.net));
}

static void
bench_stop(void)
{
	lookup_free(b.lookup);
	prober_free(b.prober);
	sources_free(b.sources);
	script_free(b.net);
	for (size_t i = 0; i < b.conf.n_resolvers; i++)
		free(b.resolvers[i].name);
}

static void
on_done(void *ctx, uint64_t tag, enum reason reason, const struct answer *an, const struct dns_message *m)
{
	struct got *g = &b.got[b.n_got++];

	(void)ctx;
	ck_assert_uint_le(b.n_got, ARRAY_LEN(b.got));
	ck_assert((an != NULL) == (reason == REASON_NONE) && (m != NULL) == (an != NULL));
	*g = (struct got){ .tag = tag, .reason = reason, .at_ms = script_now(b.net) };
	if (an != NULL) {
		g->kind = an->kind;
		g->n_values = an->n_values;
	}
}

static void
ask_ctx(const char *name, uint16_t type, uint64_t tag, void *ctx)
{
	struct question q = { .type = type };

	ck_assert_int_eq(dns_name_parse(&q.name, name, NULL), 0);
	lookup_ask(b.lookup, &q, on_done, ctx, tag);
}

static void
ask(const char *name, uint64_t tag)
{
	ask_ctx(name, DNS_TYPE_A, tag, &b);
}

static void
run_for(int64_t ms)
{
	int64_t until = script_now(b.net) + ms;

	script_run(b.net, script_run_prober, b.prober, until);
	if (script_now(b.net) < until)
		clock_fake_advance(script_clock(b.net), until - script_now(b.net));
}

#define GOOD   "an @ 300 A 192.0.2.80"
#define NODATA "ns test 300 SOA ns.contoso.test h.contoso.test 1 2 3 4 60"

START_TEST(one_answer)
{
	bench_start(5);
	script_on(b.net, "*", "*", "*", GOOD);
	ask("ns1.host.test", 1);
	ck_assert_uint_eq(b.n_got, 0);
	run_for(1000);
	ck_assert_uint_eq(b.n_got, 1);
	ck_assert_int_eq(b.got[0].kind, ANSWER_POSITIVE);
	ck_assert_uint_eq(b.got[0].n_values, 1);
	ck_assert_uint_eq(script_n_queries(b.net), 1);
	ck_assert(script_query(b.net, 0)->rd);
	bench_stop();
}
END_TEST

START_TEST(outcomes)
{
	static const struct {
		const char *name, *reply;
		enum reason reason;
		enum answer_kind kind;
		size_t queries;		/* three tries for what is no answer, two for a denial */
	} rows[] = {
		{ "positive", GOOD, REASON_NONE, ANSWER_POSITIVE, 1 },
		{ "nodata", NODATA, REASON_NONE, ANSWER_NODATA, 2 },
		{ "nxdomain", "nxdomain\n" NODATA, REASON_NONE, ANSWER_NXDOMAIN, 2 },
		{ "through a cname", "an @ 60 CNAME x.test\nan x.test 60 A 192.0.2.1", REASON_NONE, ANSWER_POSITIVE, 1 },
		{ "servfail", "servfail", REASON_SERVFAIL, 0, 3 },
		{ "bogus", "servfail ede=6", REASON_BOGUS, 0, 3 },
		{ "refused", "refused", REASON_REFUSED, 0, 3 },
		{ "timeout", "drop", REASON_TIMEOUT, 0, 3 },
		{ "network", "network", REASON_NETWORK, 0, 3 },
		{ "no resolver but a referral", "ns test 300 NS ns.test\nar ns.test 300 A 192.0.2.1", REASON_LAME, 0, 3 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bench_start(5);
		script_on(b.net, "*", "*", "*", rows[i].reply);
		ask("a.test", 1);
		run_for(10000);
		ck_assert_msg(b.n_got == 1, "%s: %zu answers", rows[i].name, b.n_got);
		ck_assert_msg(b.got[0].reason == rows[i].reason, "%s: %s", rows[i].name, name_of(&reason_names, b.got[0].reason));
		ck_assert_msg(b.got[0].kind == rows[i].kind, "%s: %s", rows[i].name, name_of(&answer_kind_names, b.got[0].kind));
		ck_assert_msg(script_n_queries(b.net) == rows[i].queries, "%s:\n%s", rows[i].name, script_log(b.net));
		ck_assert_msg(script_count(b.net, "10.0.0.53", "*", "*") == 0, "%s: internal", rows[i].name);
		ck_assert_msg(script_count(b.net, "192.0.2.9", "*", "*") == 0, "%s: info", rows[i].name);
		bench_stop();
	}
}
END_TEST

/* One resolver that lies or filters takes no name away from us; where nobody contradicts, it is believed. */
START_TEST(denials_are_confirmed)
{
	static const struct {
		const char *name, *one, *others;
		enum answer_kind kind;
	} rows[] = {
		{ "the first lies", "nxdomain\n" NODATA, GOOD, ANSWER_POSITIVE },
		{ "two agree", "nxdomain\n" NODATA, "nxdomain\n" NODATA, ANSWER_NXDOMAIN },
		{ "the others fail", "nxdomain\n" NODATA, "servfail", ANSWER_NXDOMAIN },
		{ "who knows the name is asked first", GOOD, "nxdomain\n" NODATA, ANSWER_POSITIVE },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bench_start(5);
		for (size_t turn = 0; turn < 3; turn++)		/* whoever comes first */
			ask(turn == 0 ? "a.test" : turn == 1 ? "b.test" : "c.test", turn);
		script_on(b.net, "*", "*", "*", rows[i].others);
		script_on(b.net, "192.0.2.2", "*", "*", rows[i].one);
		run_for(10000);
		ck_assert_uint_eq(b.n_got, 3);
		for (size_t k = 0; k < b.n_got; k++)
			ck_assert_msg(b.got[k].reason == REASON_NONE || strcmp(rows[i].others, "servfail") == 0, "%s", rows[i].name);
		for (size_t k = 0; k < b.n_got; k++)
			ck_assert_msg(b.got[k].reason != REASON_NONE || b.got[k].kind == rows[i].kind, "%s: %s", rows[i].name,
			    name_of(&answer_kind_names, b.got[k].kind));
		bench_stop();
	}
}
END_TEST

START_TEST(next_resolver)
{
	bench_start(5);
	script_on(b.net, "*", "*", "*", "servfail");
	script_on(b.net, "192.0.2.2", "*", "*", GOOD);
	for (uint64_t i = 0; i < 6; i++) {
		ask(i % 2 ? "a.test" : "b.test", i);
		run_for(60000 * 10);
	}
	for (size_t i = 0; i < b.n_got; i++)
		ck_assert_int_eq(b.got[i].reason, REASON_NONE);
	bench_stop();
}
END_TEST

/* All that vote are set aside: whoever is left, info too; and no try is lost on those. */
START_TEST(set_aside_comes_last)
{
	bench_start(5);
	for (size_t i = 2; i < 5; i++) {
		sources_resolver(b.sources, i)->set_aside = true;
		sources_resolver(b.sources, i)->retry_at_ms = INT64_MAX;
	}
	script_on(b.net, "192.0.2.9", "*", "*", GOOD);
	ask("a.test", 1);
	run_for(100);
	ck_assert_int_eq(b.got[0].reason, REASON_NONE);
	script_on(b.net, "192.0.2.9", "*", "*", "servfail");
	ask("b.test", 2);
	run_for(100);
	ck_assert_int_eq(b.got[1].reason, REASON_SERVFAIL);
	bench_stop();
}
END_TEST

START_TEST(nobody_to_ask)
{
	bench_start(1);		/* the internal one */
	ask("a.test", 1);
	ck_assert_uint_eq(b.n_got, 0);
	run_for(100);
	ck_assert_uint_eq(b.n_got, 1);
	ck_assert_int_eq(b.got[0].reason, REASON_NETWORK);
	ck_assert_uint_eq(script_n_queries(b.net), 0);
	bench_stop();
}
END_TEST

START_TEST(equal_questions_are_one)
{
	bench_start(5);
	script_on(b.net, "*", "*", "*", GOOD);
	for (uint64_t i = 0; i < 100; i++)
		ask(i % 2 ? "ns1.host.test" : "NS1.Host.Test", i);
	run_for(1000);
	ck_assert_uint_eq(script_n_queries(b.net), 1);
	ck_assert_uint_eq(b.n_got, 100);
	for (size_t i = 0; i < 100; i++)
		ck_assert_uint_eq(b.got[i].tag, i);
	bench_stop();
}
END_TEST

START_TEST(types_are_told_apart)
{
	bench_start(5);
	script_on(b.net, "*", "*", "A", GOOD);
	script_on(b.net, "*", "*", "AAAA", NODATA);
	ask_ctx("a.test", DNS_TYPE_A, 1, &b);
	ask_ctx("a.test", DNS_TYPE_AAAA, 2, &b);
	run_for(1000);
	ck_assert_uint_eq(script_n_queries(b.net), 3);	/* a second operator confirms that there is no AAAA */
	ck_assert_int_eq(b.got[b.got[0].tag == 1 ? 0 : 1].kind, ANSWER_POSITIVE);
	ck_assert_int_eq(b.got[b.got[0].tag == 1 ? 1 : 0].kind, ANSWER_NODATA);
	bench_stop();
}
END_TEST

START_TEST(kept_for_the_ttl)
{
	static const struct {
		const char *name, *reply;
		int64_t keeps_s;
		size_t queries;		/* one look-up */
	} rows[] = {
		{ "positive", "an @ 300 A 192.0.2.80", 300, 1 },
		{ "an hour at most", "an @ 86400 A 192.0.2.80", 3600, 1 },
		{ "five seconds at least", "an @ 0 A 192.0.2.80", 5, 1 },
		{ "negative, by the SOA's minimum", NODATA, 60, 2 },
		{ "negative without SOA", "noerror", 5, 2 },
		{ "failure", "servfail", 5, 3 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t start;

		bench_start(5);
		script_on(b.net, "*", "*", "*", rows[i].reply);
		ask("a.test", 1);
		run_for(100);
		start = b.got[0].at_ms;
		clock_fake_advance(script_clock(b.net), start + rows[i].keeps_s * 1000 - 1 - script_now(b.net));
		ask("a.test", 2);
		run_for(0);
		ck_assert_msg(script_n_queries(b.net) == rows[i].queries && b.n_got == 2, "%s: kept", rows[i].name);
		ck_assert_msg(b.got[1].reason == b.got[0].reason && b.got[1].kind == b.got[0].kind, "%s: the same", rows[i].name);
		clock_fake_advance(script_clock(b.net), 1);
		ask("a.test", 3);
		run_for(100);
		ck_assert_msg(script_n_queries(b.net) == 2 * rows[i].queries, "%s: asked again", rows[i].name);
		bench_stop();
	}
}
END_TEST

START_TEST(forget)
{
	int mine, other;

	bench_start(5);
	script_on(b.net, "*", "*", "*", GOOD);
	ask_ctx("a.test", DNS_TYPE_A, 1, &mine);
	ask_ctx("a.test", DNS_TYPE_A, 2, &other);
	ask_ctx("b.test", DNS_TYPE_A, 3, &mine);
	prober_run(b.prober);
	lookup_forget(b.lookup, &mine);
	run_for(100);
	ck_assert_uint_eq(b.n_got, 1);
	ck_assert_uint_eq(b.got[0].tag, 2);
	ask_ctx("b.test", DNS_TYPE_A, 4, &mine);	/* was asked to the end: known */
	lookup_forget(b.lookup, &mine);			/* ready to be told */
	ask_ctx("b.test", DNS_TYPE_A, 5, &other);
	run_for(100);
	ck_assert_uint_eq(b.n_got, 2);
	ck_assert_uint_eq(b.got[1].tag, 5);
	ck_assert_uint_eq(script_n_queries(b.net), 2);
	bench_stop();
}
END_TEST

START_TEST(free_in_flight)
{
	bench_start(5);
	script_on(b.net, "*", "b.test", "*", GOOD);
	ask("b.test", 1);
	run_for(100);
	ask("b.test", 2);
	ask("a.test", 3);
	prober_run(b.prober);
	ask("b.test", 4);
	bench_stop();
	ck_assert_uint_eq(b.n_got, 2);
}
END_TEST

/* A crowd of names: memory is bounded, answers all come. */
START_TEST(many_names)
{
	static unsigned n;

	bench_start(5);
	script_on(b.net, "*", "*", "*", GOOD);
	for (n = 0; n < 20000; n += 400) {
		b.n_got = 0;
		for (unsigned i = 0; i < 400; i++) {
			char name[64];

			snprintf(name, sizeof(name), "h%u.test", n + i);
			ask(name, i);
		}
		script_clear_log(b.net);
		run_for(100);
		ck_assert_uint_eq(b.n_got, 400);
	}
	bench_stop();
}
END_TEST

/* The load is spread over those that vote. */
START_TEST(in_turn)
{
	bench_start(5);
	script_on(b.net, "*", "*", "*", GOOD);
	for (unsigned i = 0; i < 30; i++) {
		char name[64];

		snprintf(name, sizeof(name), "h%u.test", i);
		ask(name, i);
		run_for(100);
	}
	for (int k = 1; k <= 3; k++) {
		char addr[24];

		snprintf(addr, sizeof(addr), "192.0.2.%d", k);
		ck_assert_uint_ge(script_count(b.net, addr, "*", "*"), 5);
	}
	bench_stop();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("resolver/lookup");
	TCase *tc = tcase_create("all");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_test(tc, one_answer);
	tcase_add_test(tc, outcomes);
	tcase_add_test(tc, denials_are_confirmed);
	tcase_add_test(tc, next_resolver);
	tcase_add_test(tc, set_aside_comes_last);
	tcase_add_test(tc, nobody_to_ask);
	tcase_add_test(tc, equal_questions_are_one);
	tcase_add_test(tc, types_are_told_apart);
	tcase_add_test(tc, kept_for_the_ttl);
	tcase_add_test(tc, forget);
	tcase_add_test(tc, free_in_flight);
	tcase_add_test(tc, many_names);
	tcase_add_test(tc, in_turn);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
