/* SPDX-License-Identifier: ISC */
/* check_sched: every row of the table in sched.c, on a clock that is only a number. */
#include <check.h>
#include <stdlib.h>

#include <m365dnsd/sched.h>

#define NOW INT64_C(1000000)

static const struct sched_config watch = {
	.mode = SCHED_WATCH,
	.confirm = 2,
	.interval_floor = 5,
	.interval_ceiling = 300,
	.guard_interval = 3600,
	.stale_recheck = 3600,
	.max_tries = 3,
	.confirm_gap_ms = 250,
};

static const struct {
	const char *name;
	enum sched_mode mode;
	enum source_kind kind;
	bool good, complete;
	unsigned confirmed, failures, final;
	uint32_t ttl;
	int64_t eager_ago_s;
	int64_t min_ms, max_ms;		/* from now; -1 = never */
} cases[] = {
	{ "once: right authority is done", SCHED_ONCE, SOURCE_AUTHORITY, true, false, 1, 0, 1, 300, 0, -1, -1 },
	{ "once: wrong authority is done", SCHED_ONCE, SOURCE_AUTHORITY, false, false, 0, 0, 1, 300, 0, -1, -1 },
	{ "once: failure is tried again", SCHED_ONCE, SOURCE_AUTHORITY, false, false, 0, 1, 0, 0, 0, 0, 400 },
	{ "once: not after the last try", SCHED_ONCE, SOURCE_AUTHORITY, false, false, 0, 3, 1, 0, 0, -1, -1 },
	{ "once: confirm from a fresh port", SCHED_ONCE, SOURCE_RESOLVER, true, false, 1, 0, 1, 300, 0, 250, 250 },
	{ "once: confirmed is done", SCHED_ONCE, SOURCE_RESOLVER, true, false, 2, 0, 1, 300, 0, -1, -1 },
	{ "once: stale would need waiting", SCHED_ONCE, SOURCE_RESOLVER, false, false, 0, 0, 1, 30, 0, -1, -1 },
	{ "eager: the floor", SCHED_WATCH, SOURCE_AUTHORITY, false, false, 0, 0, 1, 300, 60, 5000, 5000 },
	{ "two minutes later: still the floor", SCHED_WATCH, SOURCE_AUTHORITY, false, false, 0, 0, 1, 300, 123, 5000, 5000 },
	{ "then as long as it has taken", SCHED_WATCH, SOURCE_AUTHORITY, false, false, 0, 0, 1, 300, 180, 60000, 60000 },
	{ "up to the ceiling", SCHED_WATCH, SOURCE_AUTHORITY, false, false, 0, 0, 1, 300, 9999, 300000, 300000 },
	{ "right but not complete: ceiling", SCHED_WATCH, SOURCE_AUTHORITY, true, false, 1, 0, 1, 300, 0, 300000, 300000 },
	{ "complete: guard", SCHED_WATCH, SOURCE_AUTHORITY, true, true, 1, 0, 1, 300, 0, 3600000, 3600000 },
	{ "stale: just after expiry", SCHED_WATCH, SOURCE_RESOLVER, false, false, 0, 0, 1, 20, 0, 21000, 22050 },
	{ "stale: jitter is at most 2 s", SCHED_WATCH, SOURCE_RESOLVER, false, false, 0, 0, 1, 3000, 0, 3001000, 3003000 },
	{ "stale: never under the floor", SCHED_WATCH, SOURCE_RESOLVER, false, false, 0, 0, 1, 0, 0, 5000, 5000 },
	{ "stale: one look an hour", SCHED_WATCH, SOURCE_RESOLVER, false, false, 0, 0, 1, 86400, 0, 3600000, 3600000 },
	{ "good and confirmed: once a day", SCHED_WATCH, SOURCE_RESOLVER, true, false, 2, 0, 1, 300, 0, 86400000, 86400000 },
	{ "good, not confirmed", SCHED_WATCH, SOURCE_RESOLVER, true, false, 1, 0, 1, 300, 0, 250, 250 },
	{ "first failure: soon", SCHED_WATCH, SOURCE_RESOLVER, false, false, 0, 1, 0, 0, 0, 1000, 3000 },
	{ "failed for good: backs off", SCHED_WATCH, SOURCE_RESOLVER, false, false, 0, 15, 1, 0, 0, 2500, 302500 },
};

START_TEST(next_is_when_the_answer_can_change)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sched_config cfg = watch;
		struct sched_domain d = { NOW - cases[i].eager_ago_s * 1000, cases[i].complete };
		struct cell c = { .ttl = cases[i].ttl };

		cfg.mode = cases[i].mode;
		c.confirmed = cases[i].confirmed & 15;
		c.failures = cases[i].failures & 15;
		c.final = cases[i].final & 1;
		c.reason = cases[i].failures > 0 ? REASON_TIMEOUT : REASON_NONE;
		for (int round = 0; round < 100; round++) {	/* the jitter is random: every draw must fit */
			int64_t at = sched_next(&cfg, &d, &c, cases[i].kind, cases[i].good, NOW);

			if (cases[i].min_ms < 0) {
				ck_assert_msg(at == SCHED_NEVER, "%s: planned though nothing can change", cases[i].name);
				continue;
			}
			ck_assert_msg(at - NOW >= cases[i].min_ms && at - NOW <= cases[i].max_ms, "%s: in %lld ms",
			    cases[i].name, (long long)(at - NOW));
		}
	}
}
END_TEST

START_TEST(backoff_is_full_jitter_under_a_cap)
{
	int64_t low = INT64_MAX, high = 0;

	for (int round = 0; round < 1000; round++) {
		int64_t ms = sched_backoff_ms(3, 100, 10000);

		low = ms < low ? ms : low;
		high = ms > high ? ms : high;
	}
	ck_assert_int_le(high, 800);
	ck_assert_int_gt(high, 600);	/* 1000 uniform draws all under 3/4: 10^-125 */
	ck_assert_int_lt(low, 200);
	ck_assert_int_le(sched_backoff_ms(60, 100, 10000), 10000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sched");
	TCase *t = tcase_create("sched");
	SRunner *r;
	int failed;

	tcase_add_test(t, next_is_when_the_answer_can_change);
	tcase_add_test(t, backoff_is_full_jitter_under_a_cap);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	random_seed_for_tests(1);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
