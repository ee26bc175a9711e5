/* SPDX-License-Identifier: ISC */
/* check_board_order: domains by name, while they come and go. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/boardlab.h"

#define N 200

static void
bench_up(struct boardlab *b)
{
	struct str text = STR_INIT;

	for (int i = 0; i < N; i++)		/* 37 and N have no common factor: each once, in no order */
		str_addf(&text, "domain \"d%03d.test\" { }\n", i * 37 % N);
	boardlab_up(b, str_c(&text), BOARDLAB_UNIX_MS, NULL, NULL);
	str_done(&text);
}

static const char *
name_after(struct boardlab *b, const char *after)
{
	struct board_domain *d = board_next(b->board, after);

	return d != NULL ? plan_domain(board_plan(d)) : NULL;
}

/* All of them, each after the one before. */
static void
assert_sorted(struct boardlab *b)
{
	const char *name, *before = NULL;
	size_t n = 0;

	for (; (name = name_after(b, before)) != NULL; before = name, n++)
		ck_assert_msg(before == NULL || strcmp(before, name) < 0, "%s before %s", before, name);
	ck_assert_uint_eq(n, board_count(b->board));
	ck_assert_uint_eq(board_count_told(b->board, DOMAIN_PENDING), board_count(b->board));
}

START_TEST(come_and_go)
{
	struct boardlab b;

	bench_up(&b);
	assert_sorted(&b);
	for (size_t i = 0; i < 150; i++)	/* many: sorted together */
		boardlab_add(&b, i);
	assert_sorted(&b);
	for (size_t i = 150; i < N; i++)	/* few: put in their places */
		boardlab_add(&b, i);
	board_remove(b.board, board_find(b.board, b.conf->domains[170].text));	/* not sorted yet */
	board_remove(b.board, board_find(b.board, b.conf->domains[3].text));
	assert_sorted(&b);
	for (size_t i = 0; i < N; i++) {	/* replaces 198 of them */
		boardlab_add(&b, i);
		if (i % 31 == 0)
			assert_sorted(&b);
	}
	assert_sorted(&b);
	ck_assert_uint_eq(board_count(b.board), N);
	boardlab_down(&b);
}
END_TEST

START_TEST(walk_goes_on)
{
	struct boardlab b;

	bench_up(&b);
	for (size_t i = 0; i < N; i++)
		boardlab_add(&b, i);
	ck_assert_str_eq(name_after(&b, NULL), "d000.test");
	ck_assert_str_eq(name_after(&b, "d000.test"), "d001.test");
	board_remove(b.board, board_find(b.board, "d001.test"));
	ck_assert_str_eq(name_after(&b, "d001.test"), "d002.test");
	board_remove(b.board, board_find(b.board, "d000.test"));
	ck_assert_str_eq(name_after(&b, "d002.test"), "d003.test");
	ck_assert_str_eq(name_after(&b, "d1"), "d100.test");
	ck_assert_str_eq(name_after(&b, ""), "d002.test");
	ck_assert_ptr_eq(name_after(&b, "d199.test"), NULL);
	ck_assert_ptr_eq(name_after(&b, "z"), NULL);
	boardlab_down(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("board order");
	TCase *t = tcase_create("order");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, come_and_go);
	tcase_add_test(t, walk_goes_on);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed > 0;
}
