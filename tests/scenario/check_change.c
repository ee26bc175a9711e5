/* SPDX-License-Identifier: ISC */
/* check_change: another configuration for a thousand domains, a bounded number of them a turn.  Nobody answers, time stands still. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/daemon/pipeline.h"
#include "tests/lib/fakenet.h"

#define N 1000
#define A_TURN 64	/* domains, at most */

static struct {
	struct clock clock;
	struct fakenet *net;
	struct catalog *catalogs[2];
	struct conf *conf, *other;
	struct pipeline *p;
} b;

static void
on_wake(void *ctx)
{
	(void)ctx;
}

/* Domains from..to, the first of which are named backwards, so that they come in no order. */
static struct conf *
conf_of(int from, int to, const char *globals, const char *block)
{
	struct conf_problems problems = { NULL, 0 };
	struct str text = STR_INIT;
	struct conf *c;

	str_addf(&text, "resolvers = {}\nresolver \"r1\" { address = {\"11.0.9.1\"} }\n%s\n", globals);
	for (int i = from; i < to; i++)
		str_addf(&text, "domain \"d%04d.test\" { %s }\n", i * 37 % N + i / N * N, block);
	c = conf_parse("test", str_c(&text), &problems);
	str_done(&text);
	ck_assert_ptr_nonnull(c);
	return c;
}

static void
bench_up(void)
{
	const struct pipeline_config cfg = { .mode = SCHED_WATCH, .until = UNTIL_COMPLETE, .wake = on_wake };
	struct conf_problems problems = { NULL, 0 };
	struct err err = { "" };

	random_seed_for_tests(1);
	clock_fake_init(&b.clock, 1000000, INT64_C(1795600000000));
	b.net = fakenet_new(&b.clock);
	for (size_t i = 0; i < ARRAY_LEN(b.catalogs); i++)
		b.catalogs[i] = catalog_load(NULL, &problems);
	b.conf = conf_of(0, N, "authorities = none", "");
	b.other = NULL;
	b.p = pipeline_new(b.conf, b.catalogs[0], NULL, 0, fakenet_transport(b.net), &b.clock, &cfg, &err);
	ck_assert_msg(b.p != NULL, "%s", err.msg);
}

static void
bench_down(void)
{
	pipeline_free(b.p);
	fakenet_free(b.net);
	conf_free(b.conf);
	conf_free(b.other);
	for (size_t i = 0; i < ARRAY_LEN(b.catalogs); i++)
		catalog_free(b.catalogs[i]);
}

static void
begin(struct conf *c)
{
	struct pipeline_spec *specs = xcalloc(c->n_domains, sizeof(*specs));

	for (size_t i = 0; i < c->n_domains; i++)
		specs[i] = (struct pipeline_spec){ c, i };
	b.other = c;
	pipeline_change_begin(b.p, c, b.catalogs[1], specs, c->n_domains);
}

/* How many domains follow the new catalog, and how many the old one. */
struct count {
	size_t new, old;
};

static void
count_one(void *ctx, struct board_domain *d)
{
	struct count *n = ctx;

	if (plan_catalog(board_plan(d)) == b.catalogs[1])
		n->new++;
	else
		n->old++;
}

static struct count
count(void)
{
	struct count n = { 0, 0 };

	board_each(pipeline_board(b.p), count_one, &n);
	return n;
}

static void
assert_in_order(void)
{
	const char *name = NULL;
	struct board_domain *d;
	size_t n = 0;

	for (; (d = board_next(pipeline_board(b.p), name)) != NULL; n++) {
		ck_assert(name == NULL || strcmp(name, plan_domain(board_plan(d))) < 0);
		name = plan_domain(board_plan(d));
	}
	ck_assert_uint_eq(n, board_count(pipeline_board(b.p)));
	ck_assert_uint_eq(n, pipeline_n_domains(b.p));
}

static const struct {
	const char *name;
	int from, to;
	const char *globals, *block;
	size_t old, new;		/* domains that go and that come */
} changes[] = {
	{ "equal but for the catalog", 0, N, "authorities = none", "", 0, 0 },
	{ "other plans", 0, N, "authorities = none", "services = {\"teams\"}", 0, 0 },
	{ "other servers", 0, N, "", "", 0, 0 },
	{ "half goes", 0, N / 2, "authorities = none", "", N / 2, 0 },
	{ "half goes, others come", N / 2, N + N / 2, "authorities = none", "", N / 2, N / 2 },
	{ "all go", N, N + 1, "authorities = none", "", N, 1 },
};

START_TEST(in_portions)
{
	unsigned plan_turns = 0, turns = 0;
	struct count n, before = { 0, N };
	enum change_plan planned;
	struct err err;

	bench_up();
	begin(conf_of(changes[_i].from, changes[_i].to, changes[_i].globals, changes[_i].block));
	while ((planned = pipeline_change_plan(b.p, &err)) == CHANGE_MORE)
		plan_turns++;
	ck_assert_int_eq(planned, CHANGE_PLANNED);
	ck_assert_uint_ge(plan_turns, b.other->n_domains / A_TURN);
	n = count();
	ck_assert_msg(n.old == N && n.new == 0, "%s: changed before it was applied", changes[_i].name);
	pipeline_change_apply(b.p);
	while (pipeline_is_changing(b.p)) {
		pipeline_run(b.p);
		n = count();
		ck_assert_msg(n.new - before.new <= A_TURN && before.old - n.old <= A_TURN, "%s: %zu new and %zu old, then %zu and %zu",
		    changes[_i].name, before.new, before.old, n.new, n.old);
		before = n;
		turns++;
	}
	ck_assert_uint_ge(turns, (N + changes[_i].new) / A_TURN);
	ck_assert_uint_eq(n.old, 0);
	ck_assert_uint_eq(n.new, N - changes[_i].old + changes[_i].new);
	assert_in_order();
	conf_free(b.conf);		/* nothing refers to it any more */
	b.conf = NULL;
	for (int i = 0; i < 50; i++) {
		clock_fake_advance(&b.clock, 1000);
		fakenet_run(b.net);
		pipeline_run(b.p);
	}
	bench_down();
}
END_TEST

START_TEST(all_or_nothing)
{
	struct count n;
	struct err err = { "" };

	bench_up();
	begin(conf_of(0, N, "authorities = none", "view \"internal\" { skip = {\"nothing\"} }"));
	ck_assert_int_eq(pipeline_change_plan(b.p, &err), CHANGE_FAILED);
	ck_assert_str_ne(err.msg, "");
	n = count();
	ck_assert_uint_eq(n.old, N);
	ck_assert(!pipeline_is_changing(b.p));
	bench_down();
}
END_TEST

/* The end comes while half of them follow. */
START_TEST(ended_in_between)
{
	struct err err;

	bench_up();
	begin(conf_of(0, N, "", "services = {\"teams\"}"));
	while (pipeline_change_plan(b.p, &err) == CHANGE_MORE)
		continue;
	if (_i > 0)
		pipeline_change_apply(b.p);
	for (int i = 0; i < _i; i++)
		pipeline_run(b.p);
	bench_down();
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("change");
	TCase *t = tcase_create("change");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, in_portions, 0, (int)ARRAY_LEN(changes));
	tcase_add_test(t, all_or_nothing);
	tcase_add_loop_test(t, ended_in_between, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed > 0;
}
