/* SPDX-License-Identifier: ISC */
/* The prober in front of a scripted network on virtual time. */
#include <m365dnsd/resolver.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "src/resolver/bucket.h"
#include "tests/lib/script.h"

/* ---- the bench: conf, sources, prober and a record of what came back ---- */

struct got {
	uint64_t tag;
	enum reason reason;
	int64_t at_ms;
	bool wire, tcp;
};
static struct bench {
	struct script *net;
	struct conf conf;
	struct conf_resolver resolvers[4];
	struct addr addrs[4][2];
	struct sources *sources;
	struct prober *prober;
	struct got got[2000];
	size_t n_got;
	unsigned wakes;
} b;

static void
on_wake(void *ctx)
{
	struct bench *bench = ctx;

	bench->wakes++;
}

/* Three resolvers: 192.0.2.1 "one", 192.0.2.2 "two", and 192.0.2.3 with 2001:db8::3 "three". */
static void
bench_start(unsigned rate, unsigned window, unsigned set_aside_ms)
{
	static const char *const names[] = { "one", "two", "three" };
	static const char *const addrs[3][2] = { { "192.0.2.1" }, { "192.0.2.2" }, { "192.0.2.3", "2001:db8::3" } };
	struct prober_config cfg = { .timeout_ms = 2000, .set_aside_tries = 3, .set_aside_ms = set_aside_ms };

	memset(&b, 0, sizeof(b));
	random_seed_for_tests(7);
	b.net = script_new();
	b.conf.rate = rate;
	b.conf.window = window;
	b.conf.authority_port = 53;
	b.conf.resolvers = b.resolvers;
	for (size_t i = 0; i < 3; i++) {
		char *name = xstrdup(names[i]);

		b.resolvers[i] = (struct conf_resolver){
			.name = name, .operator = name, .addrs = b.addrs[i], .rate = rate, .window = window,
		};
		for (size_t k = 0; k < 2 && addrs[i][k] != NULL; k++)
			ck_assert(addr_parse(&b.addrs[i][b.resolvers[i].n_addrs++], addrs[i][k], 53));
	}
	b.conf.n_resolvers = 3;
	cfg.wake = on_wake;
	cfg.ctx = &b;
	b.sources = sources_new(&b.conf);
	b.prober = prober_new(script_transport(b.net), script_clock(b.net), &cfg);
}

static void
bench_stop(void)
{
	prober_free(b.prober);
	sources_free(b.sources);
	script_free(b.net);
	for (size_t i = 0; i < 3; i++)
		free(b.resolvers[i].name);
}

static void
on_done(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	(void)ctx;
	(void)src;
	ck_assert_uint_lt(b.n_got, ARRAY_LEN(b.got));
	b.got[b.n_got++] = (struct got){ tag, reply->reason, script_now(b.net), reply->wire != NULL, reply->tcp };
}

static void
ask_ctx(struct source *src, const char *name, uint64_t tag, void *ctx)
{
	struct question q = { .type = DNS_TYPE_MX };
	struct ask a = { .source = src, .q = &q, .done = on_done, .ctx = ctx, .tag = tag };

	ck_assert_int_eq(dns_name_parse(&q.name, name, NULL), 0);
	prober_ask(b.prober, &a);
}

static void
ask(struct source *src, const char *name, uint64_t tag)
{
	ask_ctx(src, name, tag, &b);
}

static struct source *
resolver(size_t i)
{
	return sources_resolver(b.sources, i);
}

static struct source *
authority(const char *text)
{
	struct addr a;

	ck_assert(addr_parse(&a, text, 53));
	return sources_authority(b.sources, &a);
}

static void
run_for(int64_t ms)
{
	script_run(b.net, script_run_prober, b.prober, script_now(b.net) + ms);
}

#define GOOD "aa\nan @ 300 MX 0 mail.contoso.test"

/* ---- the bucket ---- */

START_TEST(bucket_rows)
{
	static const struct {
		const char *name;
		unsigned rate;
		int64_t takes[6];	/* when one is taken; -1 ends */
		bool want[6];
	} rows[] = {
		{ "unlimited", 0, { 0, 0, 0, 0, 0, -1 }, { true, true, true, true, true } },
		{ "burst of two, then none", 2, { 0, 0, 0, 499, 500, -1 }, { true, true, false, false, true } },
		{ "never more than the burst", 2, { 0, 60000, 60000, 60000, -1 }, { true, true, true, false } },
		{ "one a second", 1, { 0, 999, 1000, 1001, 2000, -1 }, { true, false, true, false, true } },
		{ "the clock stands still", 1, { 5, 5, 5, -1 }, { true, false, false } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bucket bu;

		bucket_init(&bu, rows[i].rate, 0);
		for (size_t k = 0; rows[i].takes[k] >= 0; k++)
			ck_assert_msg(bucket_take(&bu, rows[i].takes[k]) == rows[i].want[k], "%s: take %zu", rows[i].name, k);
	}
}
END_TEST

START_TEST(bucket_tells_when)
{
	struct bucket bu;

	bucket_init(&bu, 3, 0);
	for (int i = 0; i < 3; i++)
		ck_assert(bucket_take(&bu, 0));
	ck_assert_int_eq(bucket_next(&bu, 0), 334);
	ck_assert(!bucket_take(&bu, 333));
	ck_assert(bucket_take(&bu, 334));
	bucket_set_rate(&bu, 1);
	ck_assert(!bucket_take(&bu, 400));
}
END_TEST

/* ---- what a reply is worth ---- */

START_TEST(classification)
{
	static const struct {
		const char *name, *reply;
		enum reason want;
		bool filters;		/* the resolver is known to filter */
		bool wire;		/* the bytes are handed over too */
		unsigned queries;
	} rows[] = {
		{ "answer", GOOD, REASON_NONE, false, true, 1 },
		{ "nodata", "aa\nns contoso.test 60 SOA ns.a.test h.a.test 1 2 3 4 60", REASON_NONE, false, true, 1 },
		{ "nxdomain", "nxdomain aa\nns contoso.test 60 SOA ns.a.test h.a.test 1 2 3 4 60", REASON_NONE, false, true, 1 },
		{ "nxdomain without soa", "nxdomain", REASON_NONE, false, true, 1 },
		{ "nxdomain of a local zone", "nxdomain aa", REASON_FILTERED, false, true, 1 },
		{ "nodata of a local zone", "aa", REASON_FILTERED, false, true, 1 },
		{ "an answer of its own zone", "aa\nan @ 300 MX 0 mail.contoso.test", REASON_NONE, false, true, 1 },
		{ "policy zone, nxdomain", "nxdomain\nar rpz.example 60 SOA ns.a.test h.a.test 1 2 3 4 60", REASON_FILTERED, false, true, 1 },
		{ "policy zone, another answer", "\nan @ 300 MX 0 block.example\nar rpz.example 60 SOA ns.a.test h.a.test 1 2 3 4 60",
		    REASON_FILTERED, false, true, 1 },
		{ "address 0.0.0.0", "\nan @ 300 A 0.0.0.0", REASON_FILTERED, false, true, 1 },
		{ "address ::", "\nan @ 300 AAAA ::", REASON_FILTERED, false, true, 1 },
		{ "block page of OpenDNS", "\nan @ 300 A 146.112.61.106\nan @ 300 A 146.112.61.104", REASON_FILTERED, false, true, 1 },
		{ "block page of OpenDNS, mapped", "\nan @ 300 AAAA ::ffff:146.112.61.106", REASON_FILTERED, false, true, 1 },
		{ "beside the block page", "\nan @ 300 A 146.112.61.112", REASON_NONE, false, true, 1 },
		{ "an address beside 0.0.0.0", "\nan @ 300 A 0.0.0.0\nan @ 300 A 192.0.2.1", REASON_NONE, false, true, 1 },
		{ "nxdomain without soa from a filter", "nxdomain aa", REASON_FILTERED, true, true, 1 },
		{ "nxdomain with soa from a filter", "nxdomain\nns contoso.test 60 SOA ns.a.test h.a.test 1 2 3 4 60", REASON_NONE,
		    true, true, 1 },
		{ "servfail", "servfail", REASON_SERVFAIL, false, true, 1 },
		{ "servfail, bogus", "servfail ede=6", REASON_BOGUS, false, true, 1 },
		{ "servfail, signature expired", "servfail ede=7", REASON_BOGUS, false, true, 1 },
		{ "servfail, no nsec", "servfail ede=12", REASON_BOGUS, false, true, 1 },
		{ "servfail, cached error", "servfail ede=13", REASON_SERVFAIL, false, true, 1 },
		{ "servfail, nobody reachable", "servfail ede=22", REASON_SERVFAIL, false, true, 1 },
		{ "bogus word on an answer", "aa ede=6\nan @ 300 MX 0 mail.contoso.test", REASON_NONE, false, true, 1 },
		{ "refused", "refused", REASON_REFUSED, false, true, 1 },
		{ "notimp", "notimp", REASON_NOTIMP, false, true, 1 },
		{ "formerr, with EDNS and without", "formerr", REASON_FORMERR, false, true, 2 },
		{ "badvers, with EDNS and without", "rcode=16 ede=0", REASON_FORMERR, false, true, 2 },
		{ "yxdomain", "rcode=6", REASON_REFUSED, false, true, 1 },
		{ "notauth", "rcode=9", REASON_REFUSED, false, true, 1 },
		{ "badcookie", "rcode=23", REASON_REFUSED, false, true, 1 },
		{ "reserved rcode", "rcode=14", REASON_MALFORMED, false, true, 1 },
		{ "blocked nxdomain", "nxdomain ede=15", REASON_FILTERED, false, true, 1 },
		{ "censored noerror", "ede=16\nan @ 300 MX 0 block.example", REASON_FILTERED, false, true, 1 },
		{ "filtered servfail", "servfail ede=17", REASON_FILTERED, false, true, 1 },
		{ "prohibited refused", "refused ede=18", REASON_FILTERED, false, true, 1 },
		{ "forged answer", "ede=4\nan @ 300 MX 0 block.example", REASON_FILTERED, false, true, 1 },
		{ "stale answer is one", "ede=3\nan @ 30 MX 0 mail.contoso.test", REASON_NONE, false, true, 1 },
		{ "another question", "other aa\nan @ 300 MX 0 mail.contoso.test", REASON_MALFORMED, false, true, 1 },
		{ "header alone", "bare", REASON_MALFORMED, false, true, 1 },
		{ "header alone, servfail", "bare servfail", REASON_SERVFAIL, false, true, 1 },
		{ "header alone, formerr", "bare formerr", REASON_FORMERR, false, true, 2 },
		{ "cut off", "short", REASON_MALFORMED, false, true, 1 },
		{ "eleven bytes", "raw 0000 8000 0001 0000 0000 00", REASON_MALFORMED, false, true, 1 },
		{ "nothing in it", "raw ", REASON_MALFORMED, false, true, 1 },
		{ "still truncated by TCP", "tc", REASON_TRUNCATED, false, true, 1 },
		{ "truncated and no TCP", "truncated", REASON_TRUNCATED, false, false, 1 },
		{ "timeout", "drop", REASON_TIMEOUT, false, false, 1 },
		{ "network", "network", REASON_NETWORK, false, false, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bench_start(0, 64, 0);
		script_on(b.net, "*", "*", "*", rows[i].reply);
		resolver(0)->filters = rows[i].filters;
		ask(resolver(0), "contoso.test", 1);
		run_for(10000);
		ck_assert_msg(b.n_got == 1, "%s: %zu answers", rows[i].name, b.n_got);
		ck_assert_msg(b.got[0].reason == rows[i].want, "%s: %s", rows[i].name, name_of(&reason_names, b.got[0].reason));
		ck_assert_msg(b.got[0].wire == rows[i].wire, "%s: bytes", rows[i].name);
		ck_assert_msg(script_n_queries(b.net) == rows[i].queries, "%s: queries\n%s", rows[i].name, script_log(b.net));
		ck_assert_msg(resolver(0)->stats.failures[rows[i].want] == (rows[i].want != REASON_NONE), "%s: counted", rows[i].name);
		bench_stop();
	}
}
END_TEST

/* A filter's word at an authority that refuses us is a refusal. */
START_TEST(prohibited_at_authority)
{
	struct source *s;

	bench_start(0, 64, 0);
	s = authority("9.9.9.1");
	script_on(b.net, "*", "*", "*", "refused ede=18");
	ask(s, "contoso.test", 1);
	run_for(1000);
	ck_assert_int_eq(b.got[0].reason, REASON_REFUSED);
	source_unref(b.sources, s);
	bench_stop();
}
END_TEST

START_TEST(recursion_desired)
{
	struct source *s;

	bench_start(0, 64, 0);
	s = authority("9.9.9.1");
	script_on(b.net, "*", "*", "*", GOOD);
	ask(s, "contoso.test", 1);
	ask(resolver(0), "contoso.test", 2);
	run_for(1000);
	for (size_t i = 0; i < 2; i++) {
		const struct script_query *q = script_query(b.net, i);

		ck_assert(q->edns);
		ck_assert_int_eq(q->rd, q->to.ip[0] == 192);
	}
	source_unref(b.sources, s);
	bench_stop();
}
END_TEST

/* ---- limits ---- */

START_TEST(rate_holds)
{
	unsigned in_first = 0;

	bench_start(10, 64, 0);
	script_on(b.net, "*", "*", "*", GOOD);
	for (uint64_t i = 0; i < 40; i++)
		ask(resolver(0), "contoso.test", i);
	ck_assert_uint_eq(prober_backlog(b.prober, resolver(0)), 40);
	run_for(60000);
	ck_assert_uint_eq(b.n_got, 40);
	for (size_t i = 0; i < 40; i++) {
		ck_assert_uint_eq(b.got[i].tag, i);
		in_first += script_query(b.net, i)->at_ms == script_query(b.net, 0)->at_ms;
	}
	ck_assert_uint_eq(in_first, 10);
	ck_assert_int_eq(script_query(b.net, 39)->at_ms - script_query(b.net, 0)->at_ms, 3000);
	ck_assert_uint_eq(prober_backlog(b.prober, resolver(0)), 0);
	bench_stop();
}
END_TEST

/* Two addresses of one operator share its rate, and each gets its share. */
START_TEST(rate_is_the_operators)
{
	size_t v4;

	bench_start(10, 64, 0);
	script_on(b.net, "*", "*", "*", GOOD);
	for (uint64_t i = 0; i < 100; i++) {
		ask(resolver(2), "contoso.test", i);
		ask(resolver(3), "contoso.test", i);
	}
	run_for(5000);
	ck_assert_uint_ge(script_n_queries(b.net), 58);
	ck_assert_uint_le(script_n_queries(b.net), 61);
	v4 = script_count(b.net, "192.0.2.3", "*", "*");
	ck_assert_msg(v4 >= 20 && v4 <= 40, "%zu of %zu by IPv4", v4, script_n_queries(b.net));
	bench_stop();
}
END_TEST

START_TEST(window_holds)
{
	bench_start(0, 4, 0);
	script_on(b.net, "*", "*", "*", GOOD);
	for (uint64_t i = 0; i < 20; i++)
		ask(resolver(0), "contoso.test", i);
	prober_run(b.prober);
	ck_assert_uint_eq(script_outstanding(b.net), 4);
	ck_assert_uint_eq(prober_in_flight(b.prober), 4);
	ck_assert_uint_eq(prober_backlog(b.prober, resolver(0)), 20);
	run_for(1000);
	ck_assert_uint_eq(b.n_got, 20);
	ck_assert_int_eq(script_query(b.net, 19)->at_ms - script_query(b.net, 0)->at_ms, 40);
	bench_stop();
}
END_TEST

/* A dead server costs its own window: the others are not held back by a single millisecond. */
START_TEST(dead_source_holds_nobody)
{
	int64_t start;

	bench_start(0, 8, 10000);
	script_on(b.net, "*", "*", "*", GOOD);
	script_on(b.net, "192.0.2.1", "*", "*", "drop");
	start = script_now(b.net);
	for (uint64_t i = 0; i < 100; i++) {
		ask(resolver(0), "contoso.test", i);
		ask(resolver(1), "contoso.test", 1000 + i);
	}
	run_for(1000);
	ck_assert_uint_eq(b.n_got, 100);
	for (size_t i = 0; i < 100; i++)
		ck_assert_uint_ge(b.got[i].tag, 1000);
	ck_assert_int_le(b.got[99].at_ms - start, 10 * 13);
	bench_stop();
}
END_TEST

START_TEST(learned_authorities_have_a_small_window)
{
	struct source *s;

	bench_start(0, 64, 0);
	s = authority("9.9.9.1");
	ck_assert_uint_eq(s->window, 16);
	for (uint64_t i = 0; i < 40; i++)
		ask(s, "contoso.test", i);
	prober_run(b.prober);
	ck_assert_uint_eq(prober_in_flight(b.prober), 16);
	source_unref(b.sources, s);
	bench_stop();
}
END_TEST

/* ---- 0x20 ---- */

static bool
has_upper(const struct dns_name *n)
{
	for (size_t i = 0; i < n->len; i++) {
		if (n->wire[i] >= 'A' && n->wire[i] <= 'Z')
			return true;
	}
	return false;
}

START_TEST(case_is_mixed_and_checked)
{
	static const struct {
		const char *name;
		const char *udp, *tcp;
		enum reason want;
		bool marked;
		size_t queries;
	} rows[] = {
		{ "kept", GOOD, "drop", REASON_NONE, false, 1 },
		{ "lost by UDP, kept by TCP: a forger perhaps", "lower " GOOD, GOOD, REASON_NONE, false, 2 },
		{ "lost by both: its way", "lower " GOOD, "lower " GOOD, REASON_NONE, true, 2 },
		{ "lost by UDP, no TCP", "lower " GOOD, "drop", REASON_MALFORMED, false, 2 },
		{ "lost by UDP, TCP refused", "lower " GOOD, "network", REASON_MALFORMED, false, 2 },
		{ "lost by UDP, another question by TCP", "lower " GOOD, "other " GOOD, REASON_MALFORMED, false, 2 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bench_start(0, 64, 0);
		script_rule(b.net, &(struct script_rule){ .server = "*", .name = "*", .type = "*", .udp = true, .reply = rows[i].udp });
		script_rule(b.net, &(struct script_rule){ .server = "*", .name = "*", .type = "*", .tcp = true, .reply = rows[i].tcp });
		ask(resolver(0), "a-rather-long-name-for-a-coin-toss.contoso.test", 1);
		run_for(10000);
		ck_assert_msg(b.n_got == 1 && b.got[0].reason == rows[i].want, "%s: %s", rows[i].name,
		    name_of(&reason_names, b.got[0].reason));
		ck_assert_msg(resolver(0)->no_0x20 == rows[i].marked, "%s: marked", rows[i].name);
		ck_assert_msg(script_n_queries(b.net) == rows[i].queries, "%s:\n%s", rows[i].name, script_log(b.net));
		ck_assert_msg(has_upper(&script_query(b.net, 0)->q.name), "%s: mixed", rows[i].name);
		bench_stop();
	}
}
END_TEST

/* Known not to keep the case: asked in small letters, by UDP, until an hour later. */
START_TEST(case_is_forgiven_for_an_hour)
{
	bench_start(0, 64, 0);
	script_on(b.net, "*", "*", "*", "lower " GOOD);
	ask(resolver(0), "a-rather-long-name-for-a-coin-toss.contoso.test", 1);
	run_for(1000);
	script_clear_log(b.net);
	ask(resolver(0), "a-rather-long-name-for-a-coin-toss.contoso.test", 2);
	run_for(1000);
	ck_assert_uint_eq(script_n_queries(b.net), 1);
	ck_assert(!script_query(b.net, 0)->tcp);
	ck_assert(!has_upper(&script_query(b.net, 0)->q.name));
	ck_assert_int_eq(b.got[1].reason, REASON_NONE);
	clock_fake_advance(script_clock(b.net), 3600000);
	script_clear_log(b.net);
	ask(resolver(0), "a-rather-long-name-for-a-coin-toss.contoso.test", 3);
	run_for(1000);
	ck_assert_uint_eq(script_n_queries(b.net), 2);
	ck_assert(has_upper(&script_query(b.net, 0)->q.name));
	bench_stop();
}
END_TEST

/* ---- EDNS ---- */

START_TEST(edns_fallback)
{
	struct source *s;

	bench_start(0, 64, 0);
	s = resolver(0);
	script_on(b.net, "*", "*", "*", "noedns " GOOD);
	script_rule(b.net, &(struct script_rule){ "*", "*", "*", "formerr noedns", .times = 1 });
	ask(s, "contoso.test", 1);
	run_for(1000);
	ck_assert_int_eq(b.got[0].reason, REASON_NONE);
	ck_assert(s->no_edns);
	ck_assert_uint_eq(script_n_queries(b.net), 2);
	ck_assert(script_query(b.net, 0)->edns && !script_query(b.net, 1)->edns);
	ask(s, "contoso.test", 2);
	ask(resolver(1), "contoso.test", 3);
	run_for(1000);
	ck_assert_uint_eq(script_n_queries(b.net), 4);
	ck_assert(!script_query(b.net, 2)->edns);	/* remembered, for this server alone */
	ck_assert(script_query(b.net, 3)->edns);
	clock_fake_advance(script_clock(b.net), 3600000);
	ask(s, "contoso.test", 4);
	run_for(1000);
	ck_assert(script_query(b.net, 4)->edns);
	ck_assert(!s->no_edns);
	bench_stop();
}
END_TEST

/* FORMERR to everything: it is not EDNS that it dislikes. */
START_TEST(formerr_is_not_remembered)
{
	bench_start(0, 64, 0);
	script_on(b.net, "*", "*", "*", "formerr");
	ask(resolver(0), "contoso.test", 1);
	run_for(1000);
	ck_assert_int_eq(b.got[0].reason, REASON_FORMERR);
	ck_assert(!resolver(0)->no_edns);
	bench_stop();
}
END_TEST

/* ---- health ---- */

START_TEST(set_aside_after_three_rounds)
{
	struct source *s;

	bench_start(0, 64, 0);
	s = resolver(0);
	for (unsigned round = 1; round <= 3; round++) {
		for (uint64_t i = 0; i < 13; i++)	/* thirteen timeouts together are one piece of evidence */
			ask(s, "contoso.test", i);
		run_for(3000);
		ck_assert_uint_eq(s->failures_in_row, round);
		ck_assert_int_eq(s->set_aside, round == 3);
	}
	ck_assert_uint_eq(b.n_got, 39);
	s->retry_at_ms = script_now(b.net) + 1000;
	script_clear_log(b.net);
	ask(s, "contoso.test", 1);
	run_for(1);
	ck_assert_uint_eq(script_n_queries(b.net), 0);
	ck_assert_int_eq(b.got[39].reason, REASON_SET_ASIDE);
	bench_stop();
}
END_TEST

START_TEST(set_aside_takes_time_in_the_daemon)
{
	struct source *s;
	unsigned rounds = 0;
	int64_t start;

	bench_start(0, 64, 10000);
	s = resolver(0);
	start = script_now(b.net);
	while (!s->set_aside) {
		ask(s, "contoso.test", 1);
		run_for(2500);
		ck_assert_uint_lt(rounds++, 20);
	}
	ck_assert_int_ge(script_now(b.net) - start, 10000);
	ck_assert_int_le(script_now(b.net) - start, 15000);
	bench_stop();
}
END_TEST

START_TEST(one_answer_starts_again)
{
	struct source *s;

	bench_start(0, 64, 0);
	s = resolver(0);
	script_on(b.net, "*", "fail.test", "*", "servfail");	/* alive is not the same as helpful */
	for (unsigned i = 0; i < 10; i++) {
		ask(s, i % 3 == 2 ? "fail.test" : "contoso.test", i);
		run_for(3000);
	}
	ck_assert(!s->set_aside);
	bench_stop();
}
END_TEST

/* A server that has answered is not set aside for one question that it drops, but for two. */
START_TEST(one_question_is_not_the_server)
{
	struct source *s;

	bench_start(0, 64, 0);
	s = resolver(0);
	script_on(b.net, "*", "good.test", "*", "servfail");
	ask(s, "good.test", 0);
	run_for(100);
	for (unsigned i = 0; i < 5; i++) {
		ask(s, "contoso.test", i);
		run_for(3000);
	}
	ck_assert_uint_eq(s->failures_in_row, 5);
	ck_assert(!s->set_aside);
	ask(s, "other.test", 6);
	run_for(3000);
	ck_assert(s->set_aside);
	bench_stop();
}
END_TEST

/* One probe when its time has come; what waits meanwhile is told at once; the first answer brings it back. */
START_TEST(set_aside_comes_back)
{
	struct source *s;

	bench_start(0, 64, 0);
	s = resolver(0);
	s->set_aside = true;
	s->retry_at_ms = script_now(b.net) + 500;
	clock_fake_advance(script_clock(b.net), 500);
	for (uint64_t i = 0; i < 5; i++)
		ask(s, "contoso.test", i);
	run_for(1);
	ck_assert_uint_eq(script_n_queries(b.net), 1);
	ck_assert_uint_eq(b.n_got, 4);
	run_for(3000);
	ck_assert(s->set_aside);
	ck_assert_int_eq(b.got[4].reason, REASON_TIMEOUT);
	ck_assert_int_gt(s->retry_at_ms, script_now(b.net) - 3000);
	script_on(b.net, "*", "*", "*", "refused");
	clock_fake_advance(script_clock(b.net), 300000);
	ask(s, "contoso.test", 6);
	run_for(100);
	ck_assert(!s->set_aside);
	ask(s, "contoso.test", 7);
	ask(s, "contoso.test", 8);
	run_for(100);
	ck_assert_uint_eq(script_n_queries(b.net), 4);
	bench_stop();
}
END_TEST

START_TEST(back_off_grows_to_five_minutes)
{
	struct source *s;
	int64_t longest = 0;

	bench_start(0, 64, 0);
	s = resolver(0);
	for (unsigned i = 0; i < 40; i++) {
		int64_t wait;

		ask(s, "contoso.test", i);
		run_for(2001);
		wait = s->retry_at_ms - script_now(b.net);
		if (s->set_aside && wait > 0) {
			longest = wait > longest ? wait : longest;
			clock_fake_advance(script_clock(b.net), wait);
		}
	}
	ck_assert_int_gt(longest, 60000);
	ck_assert_int_le(longest, 300000);
	bench_stop();
}
END_TEST

/* What waits behind a full window when the source is set aside is told so, and does not wait for its own timeout. */
START_TEST(set_aside_empties_the_queue)
{
	struct source *s;
	size_t aside = 0;

	bench_start(0, 1, 0);
	s = resolver(0);
	for (uint64_t i = 0; i < 20; i++)
		ask(s, "contoso.test", i);
	run_for(7000);
	ck_assert_uint_eq(b.n_got, 20);
	for (size_t i = 0; i < 20; i++)
		aside += b.got[i].reason == REASON_SET_ASIDE;
	ck_assert_uint_eq(aside, 17);
	bench_stop();
}
END_TEST

START_TEST(missing_family_blames_nobody)
{
	struct source *s6;

	bench_start(0, 64, 0);
	s6 = resolver(3);
	script_on(b.net, "*", "*", "*", GOOD);
	script_on(b.net, "2001:db8::3", "*", "*", "no-family");
	ck_assert(!prober_family_missing(b.prober, 6));
	for (uint64_t i = 0; i < 10; i++) {
		ask(s6, "contoso.test", i);
		ask(resolver(0), "contoso.test", 100);
		run_for(5000);
	}
	ck_assert(prober_family_missing(b.prober, 6));
	ck_assert(!prober_family_missing(b.prober, 4));
	ck_assert(!s6->set_aside);
	ck_assert_uint_eq(s6->failures_in_row, 0);
	ck_assert_uint_eq(script_count(b.net, "2001:db8::3", "*", "*"), 1);
	for (size_t i = 0; i < b.n_got; i++)
		ck_assert_int_eq(b.got[i].reason, b.got[i].tag == 100 ? REASON_NONE : REASON_NETWORK);
	clock_fake_advance(script_clock(b.net), 300000);
	ask(s6, "contoso.test", 1);
	ask(s6, "contoso.test", 2);
	run_for(100);
	ck_assert_uint_eq(script_count(b.net, "2001:db8::3", "*", "*"), 2);
	script_on(b.net, "2001:db8::3", "*", "*", GOOD);
	clock_fake_advance(script_clock(b.net), 300000);
	ask(s6, "contoso.test", 3);
	run_for(100);
	ck_assert(!prober_family_missing(b.prober, 6));
	ck_assert_int_eq(b.got[b.n_got - 1].reason, REASON_NONE);
	bench_stop();
}
END_TEST

/* A dead server on loopback, or one that refuses: that says nothing about the family. */
START_TEST(dead_server_is_not_a_missing_family)
{
	static const char *const replies[] = { "network", "drop" };

	for (size_t r = 0; r < ARRAY_LEN(replies); r++) {
		bench_start(0, 64, 0);
		script_on(b.net, "*", "*", "*", replies[r]);
		for (unsigned i = 0; i < 3; i++) {
			ask(resolver(0), "contoso.test", i);
			run_for(3000);
		}
		ck_assert(!prober_family_missing(b.prober, 4));
		ck_assert(resolver(0)->set_aside);
		bench_stop();
	}
}
END_TEST

/* The network goes away as a whole: nobody is to blame.  One route is gone while others answer: that server is. */
START_TEST(no_route_later_on)
{
	bench_start(0, 64, 0);
	script_on(b.net, "*", "*", "*", GOOD);
	ask(resolver(0), "contoso.test", 1);
	ask(resolver(1), "contoso.test", 1);
	run_for(100);
	script_on(b.net, "*", "*", "*", "no-family");
	for (unsigned i = 0; i < 5; i++) {
		ask(resolver(0), "contoso.test", 2);
		ask(resolver(1), "contoso.test", 2);
		run_for(3000);
	}
	ck_assert(!resolver(0)->set_aside && !resolver(1)->set_aside);
	ck_assert(!prober_family_missing(b.prober, 4));
	script_on(b.net, "192.0.2.2", "*", "*", GOOD);
	script_rule(b.net, &(struct script_rule){ "192.0.2.1", "*", "*", "no-family", .delay_ms = 50 });
	for (unsigned i = 0; i < 3; i++) {
		ask(resolver(0), i == 0 ? "fabrikam.test" : "contoso.test", 3);
		ask(resolver(1), "contoso.test", 3);
		run_for(3000);
	}
	ck_assert(resolver(0)->set_aside && !resolver(1)->set_aside);
	bench_stop();
}
END_TEST

/* ---- addresses that are not asked ---- */

START_TEST(learned_addresses_are_filtered)
{
	static const struct {
		const char *addr;
		bool blocked;
	} rows[] = {
		{ "127.0.0.1", true }, { "10.1.2.3", true }, { "169.254.1.1", true }, { "::1", true }, { "::ffff:127.0.0.1", true },
		{ "fe80::1", true }, { "0.0.0.0", true }, { "9.9.9.9", false }, { "2620:fe::fe", false },
	};

	for (int private = 0; private < 2; private++) {
		bench_start(0, 64, 0);
		b.conf.authority_private = private;
		sources_reconfigure(b.sources, &b.conf);
		prober_reconfigure(b.prober, &(struct prober_config){ .timeout_ms = 2000, .set_aside_tries = 3,
		    .authority_private = private });
		script_on(b.net, "*", "*", "*", GOOD);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			struct source *s = authority(rows[i].addr);
			bool blocked = rows[i].blocked && !private;

			ck_assert_msg(s->blocked == blocked, "%s", rows[i].addr);
			ask(s, "contoso.test", i);
			run_for(100);
			ck_assert_msg(b.got[i].reason == (blocked ? REASON_NOT_GLOBAL : REASON_NONE), "%s", rows[i].addr);
			source_unref(b.sources, s);
		}
		ck_assert_uint_eq(script_n_queries(b.net), private ? 9 : 2);
		bench_stop();
	}
}
END_TEST

/* The prober looks for itself: a source that somebody forgot to block is not asked either. */
START_TEST(prober_looks_too)
{
	struct source *s;

	bench_start(0, 64, 0);
	s = authority("10.0.0.1");
	s->blocked = false;
	ask(s, "contoso.test", 1);
	run_for(3000);
	ck_assert_int_eq(b.got[0].reason, REASON_NOT_GLOBAL);
	ck_assert_uint_eq(script_n_queries(b.net), 0);
	source_unref(b.sources, s);
	bench_stop();
}
END_TEST

/* ---- the set of sources ---- */

START_TEST(sources_are_unique)
{
	struct source *s1, *s2, *s3;
	struct addr odd_port;

	bench_start(50, 64, 0);
	ck_assert_uint_eq(sources_n_resolvers(b.sources), 4);
	ck_assert_uint_eq(sources_n_operators(b.sources), 3);
	ck_assert_uint_eq(resolver(2)->operator_id, resolver(3)->operator_id);
	ck_assert_str_eq(sources_operator_name(b.sources, resolver(3)->operator_id), "three");
	s1 = authority("9.9.9.9");
	ck_assert(addr_parse(&odd_port, "9.9.9.9:5353", 53));
	s2 = sources_authority(b.sources, &odd_port);
	s3 = authority("192.0.2.1");
	ck_assert_ptr_eq(s1, s2);		/* the port is ours, never DNS data */
	ck_assert_uint_eq(s1->addr.port, 53);
	ck_assert_ptr_ne(s3, resolver(0));	/* the same address in another role is another source */
	source_unref(b.sources, s1);
	source_unref(b.sources, s2);
	source_unref(b.sources, s3);
	bench_stop();
}
END_TEST

START_TEST(reload_keeps_health)
{
	struct source *one, *two;

	bench_start(50, 64, 0);
	one = resolver(0);
	two = resolver(1);
	two->set_aside = true;
	b.conf.resolvers = b.resolvers + 1;
	b.conf.n_resolvers = 2;
	b.resolvers[1].rate = 7;
	sources_reconfigure(b.sources, &b.conf);
	ck_assert_uint_eq(sources_n_resolvers(b.sources), 3);
	ck_assert_ptr_eq(resolver(0), two);
	ck_assert(two->set_aside);
	ck_assert_uint_eq(two->rate, 7);
	ck_assert_str_eq(one->name, "one");	/* off the list, but whoever holds it may still look */
	b.conf.resolvers = b.resolvers;
	b.conf.n_resolvers = 3;
	sources_reconfigure(b.sources, &b.conf);
	ck_assert_ptr_eq(resolver(0), one);
	ck_assert_uint_eq(sources_n_operators(b.sources), 3);
	bench_stop();
}
END_TEST

/* The last reference goes while a query is out: the source stays until it has come home. */
START_TEST(source_outlives_its_query)
{
	struct source *s;

	bench_start(0, 64, 0);
	s = authority("9.9.9.9");
	ask(s, "contoso.test", 1);
	ask(s, "contoso.test", 2);
	prober_run(b.prober);
	source_unref(b.sources, s);
	run_for(5000);
	ck_assert_uint_eq(b.n_got, 2);
	bench_stop();
}
END_TEST

/* ---- forgetting and going away ---- */

START_TEST(forget)
{
	int mine, other;
	struct source *s;

	bench_start(0, 2, 0);
	script_on(b.net, "*", "*", "*", GOOD);
	s = authority("10.0.0.1");
	for (uint64_t i = 0; i < 6; i++)
		ask_ctx(resolver(0), "contoso.test", i, i % 2 ? &mine : &other);
	ask_ctx(s, "contoso.test", 7, &mine);	/* refused, not told yet */
	prober_run(b.prober);
	source_unref(b.sources, s);
	prober_forget(b.prober, &mine);
	run_for(5000);
	ck_assert_uint_eq(script_n_queries(b.net), 4);	/* two were out */
	ck_assert_uint_eq(b.n_got, 3 + 1);
	for (size_t i = 0; i < b.n_got; i++)
		ck_assert(b.got[i].tag == 7 || b.got[i].tag % 2 == 0);
	ck_assert_uint_eq(prober_in_flight(b.prober), 0);
	bench_stop();
}
END_TEST

/* Going away with everything in the air: nobody is called, nothing is left (the sanitizers look). */
START_TEST(free_in_flight)
{
	struct source *s;

	bench_start(2, 2, 0);
	s = authority("9.9.9.9");
	for (uint64_t i = 0; i < 10; i++) {
		ask(resolver(0), "contoso.test", i);
		ask(s, "contoso.test", i);
	}
	source_unref(b.sources, s);
	prober_run(b.prober);
	ask(resolver(1), "contoso.test", 1);
	bench_stop();
	ck_assert_uint_eq(b.n_got, 0);
}
END_TEST

START_TEST(owner_is_woken)
{
	bench_start(0, 64, 0);
	script_on(b.net, "*", "*", "*", GOOD);
	ask(resolver(0), "contoso.test", 1);
	ck_assert_uint_eq(b.n_got, 0);
	run_for(1000);
	ck_assert_uint_eq(b.wakes, 1);
	ck_assert_int_eq(prober_run(b.prober), INT64_MAX);
	bench_stop();
}
END_TEST

/* Done functions that ask again: each a turn of its own, and the clock goes on. */
static void
on_done_again(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	on_done(ctx, tag, src, reply);
	if (tag > 0) {
		struct question q = { .type = DNS_TYPE_MX, .name = { 1, { 0 } } };

		prober_ask(b.prober, &(struct ask){ .source = src, .q = &q, .done = on_done_again, .ctx = ctx, .tag = tag - 1 });
	}
}

START_TEST(asking_from_done)
{
	struct question q = { .type = DNS_TYPE_MX, .name = { 1, { 0 } } };
	struct source *s;

	bench_start(0, 64, 0);
	s = authority("10.0.0.1");	/* answered without the network, again and again */
	prober_ask(b.prober, &(struct ask){ .source = s, .q = &q, .done = on_done_again, .ctx = &b, .tag = 500 });
	source_unref(b.sources, s);
	run_for(1);
	ck_assert_uint_eq(b.n_got, 501);
	bench_stop();
}
END_TEST

START_TEST(statistics)
{
	struct source *s;
	uint64_t in_buckets = 0;

	bench_start(0, 64, 0);
	s = resolver(0);
	script_rule(b.net, &(struct script_rule){ "*", "*", "*", GOOD, .delay_ms = 30 });
	script_rule(b.net, &(struct script_rule){ "*", "big.test", "*", "tc", .udp = true });
	ask(s, "contoso.test", 1);
	ask(s, "big.test", 2);
	run_for(100);
	ck_assert_uint_eq(s->stats.queries, 2);
	ck_assert_uint_eq(s->stats.answers, 2);
	ck_assert_uint_eq(s->stats.tcp, 1);
	for (size_t i = 0; i < 16; i++)
		in_buckets += s->stats.rtt_bucket[i];
	ck_assert_uint_eq(in_buckets, 2);
	ck_assert_uint_eq(s->stats.rtt_sum_us, 60000);
	ck_assert_uint_eq(s->rtt_us, 30000);
	ck_assert_int_gt(s->last_answer_ms, 0);
	bench_stop();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("resolver/prober");
	TCase *tc = tcase_create("all");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_test(tc, bucket_rows);
	tcase_add_test(tc, bucket_tells_when);
	tcase_add_test(tc, classification);
	tcase_add_test(tc, prohibited_at_authority);
	tcase_add_test(tc, recursion_desired);
	tcase_add_test(tc, rate_holds);
	tcase_add_test(tc, rate_is_the_operators);
	tcase_add_test(tc, window_holds);
	tcase_add_test(tc, dead_source_holds_nobody);
	tcase_add_test(tc, learned_authorities_have_a_small_window);
	tcase_add_test(tc, case_is_mixed_and_checked);
	tcase_add_test(tc, case_is_forgiven_for_an_hour);
	tcase_add_test(tc, edns_fallback);
	tcase_add_test(tc, formerr_is_not_remembered);
	tcase_add_test(tc, set_aside_after_three_rounds);
	tcase_add_test(tc, set_aside_takes_time_in_the_daemon);
	tcase_add_test(tc, one_answer_starts_again);
	tcase_add_test(tc, one_question_is_not_the_server);
	tcase_add_test(tc, set_aside_comes_back);
	tcase_add_test(tc, back_off_grows_to_five_minutes);
	tcase_add_test(tc, set_aside_empties_the_queue);
	tcase_add_test(tc, missing_family_blames_nobody);
	tcase_add_test(tc, dead_server_is_not_a_missing_family);
	tcase_add_test(tc, no_route_later_on);
	tcase_add_test(tc, learned_addresses_are_filtered);
	tcase_add_test(tc, prober_looks_too);
	tcase_add_test(tc, sources_are_unique);
	tcase_add_test(tc, reload_keeps_health);
	tcase_add_test(tc, source_outlives_its_query);
	tcase_add_test(tc, forget);
	tcase_add_test(tc, free_in_flight);
	tcase_add_test(tc, owner_is_woken);
	tcase_add_test(tc, asking_from_done);
	tcase_add_test(tc, statistics);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
