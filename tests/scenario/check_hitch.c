/* SPDX-License-Identifier: ISC */
/*
 * check_hitch: a busy machine takes the processor away for a while, between any two looks at the clock.  Whoever calls
 * pipeline_run() only when it was asked for or woken still comes to the end of one pass.
 */
#include <check.h>
#include <stdlib.h>

#include "src/daemon/pipeline.h"
#include "tests/lib/fakenet.h"

#define LOOKS     400		/* more than one pass of these domains takes */
#define HITCH_MS  10		/* more than a turn of the loop may take */
#define TURNS_MAX 10000

static struct clock inner;
static unsigned looks, hitch_at;
static bool woken;

static int64_t
hitching_mono_ms(const struct clock *c)
{
	(void)c;
	if (++looks == hitch_at)
		clock_fake_advance(&inner, HITCH_MS);
	return inner.mono_ms(&inner);
}

static int64_t
hitching_unix_ms(const struct clock *c)
{
	(void)c;
	return inner.unix_ms(&inner);
}

static const struct clock hitching = { .mono_ms = hitching_mono_ms, .unix_ms = hitching_unix_ms };

static void
wake(void *ctx)
{
	(void)ctx;
	woken = true;
}

/* Like the loop of the program: false when nobody would ever call the pipeline again. */
static bool
live(struct pipeline *p, struct fakenet *net)
{
	for (unsigned turns = 0; turns < TURNS_MAX; turns++) {
		int64_t next, from_net;

		woken = false;
		next = pipeline_run(p);
		from_net = fakenet_run(net);
		if (pipeline_settled(p))
			return true;
		if (woken)
			continue;
		next = from_net < next ? from_net : next;
		if (next == INT64_MAX)
			return false;
		if (next > inner.fake_mono_ms)
			clock_fake_advance(&inner, next - inner.fake_mono_ms);
	}
	return false;
}

START_TEST(one_pass_ends)
{
	const struct pipeline_config cfg = { .mode = SCHED_ONCE, .until = UNTIL_COMPLETE, .wake = wake };
	struct conf_problems problems = { NULL, 0 };
	struct conf *conf = conf_parse("test", "resolvers = {}\nauthorities = none\n"
	    "resolver \"r1\" { address = {\"11.0.9.1\"} }\n"
	    "domain \"a.test\" { services = {\"exchange\"} }\ndomain \"b.test\" { services = {\"exchange\"} }\n", &problems);
	struct catalog *catalog = catalog_load(NULL, &problems);
	struct fakenet *net;
	struct pipeline *p;
	struct err err;

	random_seed_for_tests(1);
	clock_fake_init(&inner, 1000000, INT64_C(1795600000000));
	looks = 0;
	hitch_at = (unsigned)_i;
	net = fakenet_new(&inner);
	fakenet_cache(net, "11.0.9.1", 1);
	p = pipeline_new(conf, catalog, NULL, 0, fakenet_transport(net), &hitching, &cfg, &err);
	ck_assert_msg(p != NULL, "%s", err.msg);
	ck_assert_msg(live(p, net), "the hitch at look %d: nobody is called any more", _i);
	pipeline_free(p);
	fakenet_free(net);
	catalog_free(catalog);
	conf_free(conf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hitch");
	TCase *t = tcase_create("hitch");
	SRunner *r;
	int failed;

	log_init(LOG_LVL_ERR);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, one_pass_ends, 1, LOOKS);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
