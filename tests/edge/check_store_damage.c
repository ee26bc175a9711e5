/* SPDX-License-Identifier: ISC */
/*
 * Files that are damaged, or are not ours: never a crash, never a hang, and the bytes that were there are still on disk, under
 * the old name or beside it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/store/store_int.h"
#include "tests/lib/storelab.h"

static struct storelab lab;
static struct image {		/* a store with something in it: the file, and the WAL of an end that was not clean */
	unsigned char *db, *wal;
	size_t db_len, wal_len;
} closed, running;

static void
image_read(struct image *im)
{
	char *wal = lab_path(&lab, "-wal");

	im->db = lab_read_file(lab.path, &im->db_len);
	im->wal = lab_read_file(wal, &im->wal_len);
	free(wal);
}

static void
fill(void)
{
	char name[32], text[600];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "d%u.test", i);
		lab_domain(&lab, name, i, text);
		for (unsigned k = 0; k < 5; k++)
			lab_transition(&lab, name, i);
	}
	lab_queue_empty(&lab);
}

static void
setup(void)
{
	lab_init(&lab);
	store_tuning.wal_pages = 1 << 20;
	store_tuning.ballast = 0;
	lab_must_open(&lab);
	fill();
	lab_close(&lab);
	image_read(&closed);
	lab_must_open(&lab);
	fill();
	image_read(&running);		/* while it is open: everything since is in the WAL */
	lab_close(&lab);
	ck_assert_uint_gt(closed.db_len, 8192);
	ck_assert_uint_gt(running.wal_len, 8192);
}

static void
teardown(void)
{
	lab_done(&lab);
	free(closed.db);
	free(closed.wal);
	free(running.db);
	free(running.wal);
	memset(&closed, 0, sizeof(closed));
	memset(&running, 0, sizeof(running));
}

static void
remove_all(void)
{
	char path[300];

	while (lab_count(&lab, "", path, sizeof(path)) > 0)
		ck_assert_int_eq(unlink(path), 0);
}

static bool
same_bytes(const char *path, const void *p, size_t n)
{
	size_t len;
	void *there = lab_read_file(path, &len);
	bool same = there != NULL && len == n && (n == 0 || memcmp(there, p, n) == 0);

	free(there);
	return same;
}

/* ---- kinds of damage ---- */

static void
flip_bits(unsigned char *p, size_t *n)
{
	for (unsigned i = 1 + random_below(20); i-- > 0;)
		p[random_below((uint32_t)*n)] ^= (unsigned char)(1u << random_below(8));
}

static void
flip_header(unsigned char *p, size_t *n)
{
	(void)n;
	p[random_below(100)] ^= (unsigned char)(1u << random_below(8));
}

static void
cut(unsigned char *p, size_t *n)
{
	(void)p;
	*n = random_below((uint32_t)*n);
}

static void
zero_page(unsigned char *p, size_t *n)
{
	memset(p + random_below((uint32_t)(*n / 4096)) * 4096, 0, 4096);
}

static void
swap_pages(unsigned char *p, size_t *n)
{
	unsigned char tmp[4096], *a = p + random_below((uint32_t)(*n / 4096)) * 4096, *b = p + *n - 4096;

	memcpy(tmp, a, 4096);
	memmove(a, b, 4096);
	memcpy(b, tmp, 4096);
}

static void
garbage(unsigned char *p, size_t *n)
{
	random_bytes(p, *n);
}

static void
foreign_text(unsigned char *p, size_t *n)
{
	*n = 3000;
	memset(p, 'a', *n);
	memcpy(p, "# notes of somebody\n", 20);
}

static void
empty(unsigned char *p, size_t *n)
{
	(void)p;
	*n = 0;
}

/* In a page of rows: what quick_check may not see, reading must survive. */
static void
scribble(unsigned char *p, size_t *n)
{
	size_t at = 4096 + random_below((uint32_t)*n - 4096 - 64);

	random_bytes(p + at, 1 + random_below(64));
}

static const struct {
	const char *name;
	void (*damage)(unsigned char *p, size_t *n);
} kinds[] = {
	{ "bits", flip_bits }, { "header", flip_header }, { "cut", cut }, { "zero page", zero_page }, { "swapped", swap_pages },
	{ "garbage", garbage }, { "text", foreign_text }, { "empty", empty }, { "scribble", scribble },
};

static void
ignore_domain(void *ctx, const struct store_domain *d)
{
	ck_assert_ptr_nonnull(d->name);
	++*(size_t *)ctx;
}

static void
ignore_outbox(void *ctx, const struct store_outbox_row *row)
{
	ck_assert_ptr_nonnull(row->transition.t.to);
	++*(size_t *)ctx;
}

static bool answered;

static void
on_history(void *ctx, const struct store_transition *rows, size_t n, const char *error)
{
	(void)ctx;
	(void)rows;
	(void)n;
	(void)error;
	answered = true;
}

static bool
was_answered(struct storelab *l)
{
	(void)l;
	return answered;
}

/* Everything that reads and writes, once.  It may fail; it may not crash or hang. */
static void
use(void)
{
	struct store_stats stats;
	struct err err;
	size_t n = 0;

	store_load(lab.store, ignore_domain, &n, &err);
	store_load_outbox(lab.store, ignore_outbox, &n, &err);
	answered = false;
	store_read_history(lab.store, "d1.test", 0, 100, on_history, NULL);
	ck_assert(lab_until(&lab, was_answered));
	lab_transition(&lab, "d1.test", 1);
	lab_domain(&lab, "d2.test", 1, "x");
	store_get_stats(lab.store, &stats);
	lab_close(&lab);
}

static unsigned opened, moved, refused;

static void
one(const char *name, unsigned round, const struct image *im, bool wal_too)
{
	size_t n = im->db_len, wal_len = im->wal_len;
	unsigned char *db = xmalloc(n + 4096), *wal = xmalloc(wal_len + 1);
	char *wal_path = lab_path(&lab, "-wal"), aside[300], aside_wal[310];

	memcpy(db, im->db, n);
	if (wal_len > 0)
		memcpy(wal, im->wal, wal_len);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].name == name)
			kinds[i].damage(db, &n);
	if (wal_too && wal_len > 100)
		flip_bits(wal, &wal_len);
	remove_all();
	lab_write_file(lab.path, db, n);
	if (wal_len > 0)
		lab_write_file(wal_path, wal, wal_len);
	if (!lab_open(&lab)) {
		refused++;
		ck_assert_msg(same_bytes(lab.path, db, n) && (wal_len == 0 || same_bytes(wal_path, wal, wal_len)),
		    "%s %u: refused (%s), but changed", name, round, lab.err.msg);
	} else if (lab_count(&lab, ".corrupt-", aside, sizeof(aside)) > 0) {
		moved++;
		aside[strlen(lab.path) + strlen(".corrupt-20261121T195532Z")] = '\0';
		snprintf(aside_wal, sizeof(aside_wal), "%s-wal", aside);
		ck_assert_msg(same_bytes(aside, db, n), "%s %u: not the bytes that were moved aside", name, round);
		ck_assert_msg(wal_len == 0 || same_bytes(aside_wal, wal, wal_len), "%s %u: the WAL is lost", name, round);
		ck_assert(store_is_fresh(lab.store));
		use();
	} else {
		opened++;
		use();
	}
	lab_close(&lab);
	free(db);
	free(wal);
	free(wal_path);
}

START_TEST(two_hundred)
{
	unsigned rounds = lab_wrapped() ? 2 : 24;

	random_seed_for_tests((uint64_t)_i + 1);
	answered = true;
	opened = moved = refused = 0;
	for (unsigned i = 0; i < rounds; i++)
		one(kinds[_i].name, i, i % 2 == 0 ? &closed : &running, i % 4 == 3);
	ck_assert_uint_eq(opened + moved + refused, rounds);
}
END_TEST

/* ---- single cases ---- */

static void
write_closed(size_t at, const char *bytes, size_t n)
{
	unsigned char *db = xmalloc(closed.db_len);

	memcpy(db, closed.db, closed.db_len);
	memcpy(db + at, bytes, n);
	remove_all();
	lab_write_file(lab.path, db, closed.db_len);
	free(db);
}

START_TEST(moved_aside)
{
	char aside[300];
	uint64_t id;

	write_closed(0, "garbage!", 8);
	lab_must_open(&lab);
	ck_assert(store_is_fresh(lab.store));
	lab_health(&lab, STORE_QUARANTINED);
	ck_assert_uint_ge(lab_count(&lab, ".corrupt-", aside, sizeof(aside)), 1);
	ck_assert_msg(strstr(lab.problem, "damaged") != NULL && strstr(lab.problem, ".corrupt-") != NULL, "%s", lab.problem);
	id = lab_transition(&lab, "a.test", 1);
	ck_assert_msg(id > UINT64_C(1000000000000) && id < UINT64_C(1) << 53, "an id that was never given, and that JSON can hold");
	lab_committed(&lab, id);
	ck_assert_msg(lab.health == STORE_QUARANTINED, "people should see it until the next start");
	lab_close(&lab);
	lab_must_open(&lab);
	ck_assert(!store_is_fresh(lab.store));
	ck_assert_uint_eq(lab_transition(&lab, "a.test", 2), id + 1);
	lab_close(&lab);
}
END_TEST

/* Twice within a day is no work for a program. */
START_TEST(not_twice_a_day)
{
	time_t now = time(NULL), yesterday = now - 25 * 3600;
	char *path, stamp[64];
	struct tm tm;

	write_closed(0, "garbage!", 8);
	gmtime_r(&yesterday, &tm);
	strftime(stamp, sizeof(stamp), ".corrupt-%Y%m%dT%H%M%SZ", &tm);
	path = lab_path(&lab, stamp);
	lab_write_file(path, "old", 3);
	free(path);
	lab_must_open(&lab);
	lab_close(&lab);
	lab_write_file(lab.path, "garbage again, and long enough to be looked at as a database header: 100 bytes are what it takes......", 103);
	ck_assert(!lab_open(&lab));
	ck_assert_msg(strstr(lab.err.msg, "less than a day ago") != NULL, "%s", lab.err.msg);
	ck_assert(lab_there(&lab, ""));
}
END_TEST

START_TEST(newer_version)
{
	write_closed(60, "\0\0\0\143", 4);		/* user_version 99 */
	ck_assert(!lab_open(&lab));
	ck_assert_msg(strstr(lab.err.msg, "newer m365dnsd") != NULL && strstr(lab.err.msg, "99") != NULL, "%s", lab.err.msg);
	ck_assert_uint_eq(lab_count(&lab, ".corrupt-", NULL, 0), 0);
}
END_TEST

START_TEST(another_program)
{
	write_closed(68, "\0\0\0\1", 4);		/* application_id */
	ck_assert(!lab_open(&lab));
	ck_assert_msg(strstr(lab.err.msg, "another program") != NULL, "%s", lab.err.msg);
	ck_assert_uint_eq(lab_count(&lab, ".corrupt-", NULL, 0), 0);
}
END_TEST

/* The WAL may hold the only copy of what was told. */
START_TEST(wal_without_database)
{
	char *wal = lab_path(&lab, "-wal"), aside[300];

	for (int i = 0; i < 2; i++) {
		remove_all();
		lab_write_file(wal, running.wal, running.wal_len);
		if (i == 1)
			lab_write_file(lab.path, "", 0);
		lab_must_open(&lab);
		ck_assert_uint_ge(lab_count(&lab, ".corrupt-", aside, sizeof(aside)), 1);
		lab_close(&lab);
	}
	free(wal);
}
END_TEST

/* Seen while running: everything is checked at the next start, indexes too. */
START_TEST(marked_as_damaged)
{
	sqlite3 *db;

	remove_all();
	lab_write_file(lab.path, closed.db, closed.db_len);
	ck_assert_int_eq(sqlite3_open(lab.path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "PRAGMA writable_schema = ON; PRAGMA foreign_keys = OFF;"
	    "CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'transition_domain';"
	    "DELETE FROM sqlite_schema WHERE name = 'transition_domain'", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	ck_assert_int_eq(sqlite3_open(lab.path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "DELETE FROM outbox; DELETE FROM transition WHERE id % 2; PRAGMA writable_schema = ON;"
	    "INSERT INTO sqlite_schema SELECT * FROM hidden; DELETE FROM sqlite_schema WHERE name = 'hidden'", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	store_marker_set(lab.path);
	lab_must_open(&lab);
	ck_assert_msg(store_is_fresh(lab.store), "an index that names rows which are not there");
	ck_assert(!lab_there(&lab, ".damaged"));
	ck_assert_uint_ge(lab_count(&lab, ".corrupt-", NULL, 0), 1);
}
END_TEST

static bool
has_problem(struct storelab *l)
{
	return l->problem[0] != '\0';
}

/* A large file is checked while it is in use; what is found is said, and kept for the next start. */
START_TEST(checked_in_the_background)
{
	int64_t check = store_tuning.check_bytes;

	store_tuning.check_bytes = 1;
	write_closed(closed.db_len - 4096, "\377\377\377\377\377\377\377\377", 8);
	if (lab_open(&lab)) {
		ck_assert(lab_until(&lab, has_problem));
		ck_assert_msg(strstr(lab.problem, "damage") != NULL, "%s", lab.problem);
		ck_assert(lab_there(&lab, ".damaged"));
	}
	lab_close(&lab);
	lab_must_open(&lab);
	ck_assert(store_is_fresh(lab.store));
	store_tuning.check_bytes = check;
}
END_TEST

int
main(void)
{
	static const struct {
		const char *name;
		const TTest *const *test;
		int n;
	} tests[] = {
		{ "damage", &two_hundred, ARRAY_LEN(kinds) }, { "moved aside", &moved_aside, 1 },
		{ "not twice a day", &not_twice_a_day, 1 }, { "newer version", &newer_version, 1 },
		{ "another program", &another_program, 1 }, { "wal alone", &wal_without_database, 1 },
		{ "marked", &marked_as_damaged, 1 }, { "background", &checked_in_the_background, 1 },
	};
	Suite *suite = suite_create("store_damage");
	SRunner *runner = srunner_create(suite);
	int failed;

	for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
		TCase *tc = tcase_create(tests[i].name);

		tcase_set_timeout(tc, 120);
		tcase_add_checked_fixture(tc, setup, teardown);
		tcase_add_loop_test(tc, *tests[i].test, 0, tests[i].n);
		suite_add_tcase(suite, tc);
	}
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
