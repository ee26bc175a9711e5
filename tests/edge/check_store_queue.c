/* SPDX-License-Identifier: ISC */
/* The queue by itself: what is taken first, what is dropped first, what happens to what could not be written. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/store/store_int.h"

static struct queue q;
static char text[4096];

static void
setup(void)
{
	queue_init(&q, 6);
}

static void
teardown(void)
{
	queue_done(&q);
}

static void
domain(const char *name, int64_t revision)
{
	const struct value v[] = { V_TEXT(name), V_INT(revision) };

	queue_add_domain(&q, row_new(STMT_PUT_DOMAIN, RANK_SNAPSHOT, v, ARRAY_LEN(v)));
}

static void
row(enum rank rank, uint64_t id, const char *word)
{
	const struct value v[] = { V_TEXT(word) };
	struct row *r = row_new(STMT_PUT_TRANSITION, rank, v, ARRAY_LEN(v));

	r->id = id;
	queue_add(&q, r);
}

static void
transition(const char *name, uint64_t id)
{
	row(RANK_TRANSITION, id, name);
	row(RANK_TRANSITION, id, "outbox");
	queue_heat(&q, name);
	queue_keep_bounds(&q);
}

/* "name:rank name:rank ..." */
static const char *
words(const struct row_list *l)
{
	text[0] = '\0';
	for (const struct row *r = l->head; r != NULL; r = r->next)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s:%d", r == l->head ? "" : " ", (const char *)r->v[0].p,
		    (int)r->rank);
	return text;
}

static const char *
take(enum rank last, size_t bytes)
{
	struct row_list l;

	queue_take(&q, last, bytes, &l);
	words(&l);
	queue_settle(&q);
	row_list_free(&l);
	return text;
}

START_TEST(precious_first)
{
	q.max = 100;
	domain("a", 1);
	row(RANK_PREDICTION, 0, "p");
	row(RANK_DONE, 0, "d");
	domain("b", 1);
	transition("b", 1);
	domain("c", 1);
	ck_assert_str_eq(take(RANK_DONE, SIZE_MAX), "b:0 outbox:0 b:1 d:2");
	ck_assert_str_eq(take(RANK_SNAPSHOT, 1), "p:3");
	ck_assert_str_eq(take(RANK_SNAPSHOT, 1), "a:4");
	ck_assert_str_eq(take(RANK_SNAPSHOT, SIZE_MAX), "c:4");
	ck_assert_uint_eq(queue_count(&q), 0);
	ck_assert_int_eq(queue_oldest(&q), 0);
}
END_TEST

/* A snapshot that comes after its transition goes with it; once that was taken, the next is an ordinary one. */
START_TEST(hot_until_taken)
{
	transition("a", 1);
	domain("a", 1);
	ck_assert_str_eq(take(RANK_DONE, 0), "a:0 outbox:0 a:1");
	domain("a", 2);
	ck_assert_str_eq(take(RANK_DONE, 0), "");
	ck_assert_str_eq(take(RANK_SNAPSHOT, SIZE_MAX), "a:4");
}
END_TEST

START_TEST(newer_takes_the_place)
{
	domain("a", 5);
	domain("b", 1);
	domain("a", 4);
	ck_assert_uint_eq(queue_count(&q), 2);
	ck_assert_int_eq(q.lists[RANK_SNAPSHOT].head->v[1].i, 5);
	ck_assert_str_eq(take(RANK_SNAPSHOT, SIZE_MAX), "a:4 b:4");
}
END_TEST

START_TEST(dropped_in_order)
{
	domain("a", 1);
	domain("b", 1);
	row(RANK_PREDICTION, 0, "p");
	transition("c", 1);
	queue_keep_bounds(&q);
	ck_assert_uint_eq(q.dropped, 0);
	domain("c", 1);
	ck_assert_uint_eq(q.dropped, 0);
	transition("d", 2);		/* eight rows: a, b go */
	ck_assert_uint_eq(q.dropped, 2);
	transition("e", 3);		/* p, and c's snapshot */
	ck_assert_uint_eq(q.dropped, 4);
	transition("f", 4);		/* only transitions are left: the oldest, with its outbox */
	ck_assert_uint_eq(q.dropped, 6);
	ck_assert_str_eq(take(RANK_SNAPSHOT, SIZE_MAX), "d:0 outbox:0 e:0 outbox:0 f:0 outbox:0");
	domain("a", 1);
	ck_assert_uint_eq(queue_count(&q), 1);
}
END_TEST

START_TEST(bounded_in_bytes)
{
	static char big[20000];
	const struct value v[] = { V_TEXT("a"), V_INT(1), V_BLOB(big, sizeof(big)) };
	const struct value w[] = { V_TEXT("b"), V_INT(1), V_BLOB(big, sizeof(big)) };

	queue_add_domain(&q, row_new(STMT_PUT_DOMAIN, RANK_SNAPSHOT, v, ARRAY_LEN(v)));
	ck_assert_uint_eq(q.dropped, 0);
	queue_add_domain(&q, row_new(STMT_PUT_DOMAIN, RANK_SNAPSHOT, w, ARRAY_LEN(w)));
	ck_assert_uint_eq(q.dropped, 1);
	ck_assert_str_eq(take(RANK_SNAPSHOT, SIZE_MAX), "b:4");
}
END_TEST

/* What could not be written is the oldest again; what is newer about the same domain wins, and inherits its rank. */
START_TEST(put_back)
{
	struct row_list l;

	transition("a", 1);
	domain("a", 1);
	domain("b", 1);
	queue_take(&q, RANK_SNAPSHOT, SIZE_MAX, &l);
	ck_assert_uint_eq(queue_count(&q), 4);
	domain("a", 2);
	domain("c", 1);
	queue_put_back(&q, &l);
	ck_assert_uint_eq(queue_count(&q), 5);
	ck_assert_int_eq(((struct row *)map_get(q.domains, "a", 1))->v[1].i, 2);
	ck_assert_str_eq(take(RANK_SNAPSHOT, SIZE_MAX), "a:0 outbox:0 a:1 b:4 c:4");
}
END_TEST

/* While a batch is being written the queue has its full room, and keeps to it when the batch comes back. */
START_TEST(in_flight_is_not_dropped)
{
	struct row_list l;

	for (uint64_t i = 1; i <= 3; i++)
		transition("a", i);
	queue_take(&q, RANK_SNAPSHOT, SIZE_MAX, &l);
	for (uint64_t i = 4; i <= 6; i++)
		transition("a", i);
	ck_assert_uint_eq(q.dropped, 0);
	ck_assert_uint_eq(queue_count(&q), 12);
	queue_put_back(&q, &l);
	ck_assert_uint_eq(q.dropped, 6);
	ck_assert_uint_eq(q.lists[RANK_TRANSITION].head->id, 4);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_queue");
	SRunner *runner = srunner_create(suite);
	TCase *tc = tcase_create("queue");
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, precious_first);
	tcase_add_test(tc, hot_until_taken);
	tcase_add_test(tc, newer_takes_the_place);
	tcase_add_test(tc, dropped_in_order);
	tcase_add_test(tc, bounded_in_bytes);
	tcase_add_test(tc, put_back);
	tcase_add_test(tc, in_flight_is_not_dropped);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
