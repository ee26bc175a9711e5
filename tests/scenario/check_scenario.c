/* SPDX-License-Identifier: ISC */
/* check_scenario: plays every tests/scenario/ file ending in .scn (or those of the directory in SCENARIOS); each file is a test. */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/scenario.h"

#define WEATHERS 20		/* SCENARIO_WEATHERS: that many for each file of storm/, from SCENARIO_SEED on */

static glob_t files, storms;
static unsigned n_weathers = WEATHERS, first_seed = 1;

START_TEST(play)
{
	struct err err = { "" };

	random_seed_for_tests(1);
	ck_assert_msg(scenario_play(files.gl_pathv[_i], &err) == 0, "%s", err.msg);
}
END_TEST

/* What gets lost and what fails is another thing with each seed; that it comes to an end is not. */
START_TEST(weather)
{
	size_t file = (size_t)_i / n_weathers;
	unsigned seed = first_seed + (unsigned)_i % n_weathers;
	struct err err = { "" };

	random_seed_for_tests(seed);
	ck_assert_msg(scenario_play(storms.gl_pathv[file], &err) == 0, "seed %u: %s", seed, err.msg);
}
END_TEST

START_TEST(there_are_scenarios)
{
	ck_assert_uint_gt(files.gl_pathc, 0);
}
END_TEST

int
main(void)
{
	const char *dir = getenv("SCENARIOS");
	char pattern[4096];
	Suite *s = suite_create("scenario");
	TCase *t = tcase_create("scenario");
	SRunner *r;
	int failed;

	if (getenv("SCENARIO_WEATHERS") != NULL)
		n_weathers = (unsigned)atoi(getenv("SCENARIO_WEATHERS"));
	if (getenv("SCENARIO_SEED") != NULL)
		first_seed = (unsigned)atoi(getenv("SCENARIO_SEED"));
	snprintf(pattern, sizeof(pattern), "%s/*.scn", dir != NULL ? dir : "tests/scenario");
	glob(pattern, 0, NULL, &files);
	snprintf(pattern, sizeof(pattern), "%s/storm/*.scn", dir != NULL ? dir : "tests/scenario");
	glob(pattern, 0, NULL, &storms);
	log_init(LOG_LVL_ERR);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, there_are_scenarios);
	tcase_add_loop_test(t, play, 0, (int)files.gl_pathc);
	tcase_add_loop_test(t, weather, 0, (int)(storms.gl_pathc * n_weathers));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	globfree(&files);
	globfree(&storms);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
