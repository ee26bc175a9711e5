/* SPDX-License-Identifier: ISC */
/* check_pool: the memory of c-ares is as good as malloc's: pieces do not overlap, keep what is in them, and come again. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "src/transport/internal.h"

#define PIECES 4000
#define LARGER 40000	/* of 512 octets: more than the pool has */

static size_t
size_of_nth(size_t i)
{
	return i * 37 % 700;	/* from nothing to what the pool leaves to malloc */
}

START_TEST(pieces_are_apart)
{
	static uint8_t *pieces[PIECES];

	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = pool_alloc(size_of_nth(i));
		ck_assert_ptr_nonnull(pieces[i]);
		ck_assert_uint_eq((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
		memset(pieces[i], (int)(i & 255), size_of_nth(i));
	}
	for (size_t i = 0; i < PIECES; i++) {
		for (size_t k = 0; k < size_of_nth(i); k++)
			ck_assert_uint_eq(pieces[i][k], i & 255);
		pool_free(pieces[i]);
	}
}
END_TEST

START_TEST(comes_again)
{
	void *p = pool_alloc(100), *q = pool_alloc(100);

	ck_assert_ptr_ne(p, q);
	pool_free(p);
	ck_assert_ptr_eq(pool_alloc(128), p);	/* of the same size */
	pool_free(p);
	pool_free(q);
	pool_free(NULL);
}
END_TEST

START_TEST(grows_with_its_bytes)
{
	static const size_t sizes[] = { 1, 64, 65, 500, 512, 513, 5000, 100 };
	uint8_t *p = pool_realloc(NULL, 1);

	*p = 'x';
	for (size_t i = 1; i < ARRAY_LEN(sizes); i++) {
		size_t same = sizes[i] < sizes[i - 1] ? sizes[i] : sizes[i - 1];

		memset(p, (int)i, sizes[i - 1]);
		p = pool_realloc(p, sizes[i]);
		for (size_t k = 0; k < same; k++)
			ck_assert_uint_eq(p[k], i);
	}
	pool_free(p);
}
END_TEST

/* What came before the pool was there, or when it is used up, is malloc's. */
START_TEST(malloc_gets_its_own)
{
	static void *pieces[LARGER];
	void *p = malloc(10);

	p = pool_realloc(p, 20);
	pool_free(p);
	for (size_t i = 0; i < LARGER; i++)
		memset(pieces[i] = pool_alloc(512), 1, 512);
	for (size_t i = 0; i < LARGER; i++)
		pool_free(pieces[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pool");
	TCase *t = tcase_create("pool");
	SRunner *r;
	int failed;

	tcase_add_test(t, pieces_are_apart);
	tcase_add_test(t, comes_again);
	tcase_add_test(t, grows_with_its_bytes);
	tcase_add_test(t, malloc_gets_its_own);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
