/* SPDX-License-Identifier: ISC */
/* check_store_backup: a copy is whole, of one moment and on the disk, or it is not there. */
#include <check.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/store/store_int.h"
#include "tests/lib/storelab.h"
#include "tests/lib/testvfs.h"

static struct storelab lab;
static char *to;

static void
setup(void)
{
	testvfs_install();
	lab_init(&lab);
	store_tuning.ballast = 0;
	to = lab_path(&lab, ".backup");
}

static void
teardown(void)
{
	testvfs_mend();
	free(to);
	lab_done(&lab);
}

static void
fill(unsigned n, const char *letter)
{
	char name[32], text[600];

	memset(text, *letter, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "d%u.test", i);
		lab_domain(&lab, name, i + 1, text);
		lab_transition(&lab, name, i + 1);
	}
	lab_queue_empty(&lab);
}

static void
assert_nothing_left(const char *when)
{
	ck_assert_msg(lab_count(&lab, ".backup", NULL, 0) == 0, "%s: something is left", when);
}

/* A number from the copy. */
static int64_t
ask_copy(const char *sql)
{
	struct storelab copy = { .store = NULL };

	ck_assert_int_lt(snprintf(copy.path, sizeof(copy.path), "%.80s", to), 90);
	ck_assert_str_eq(lab_integrity(&copy), "ok");
	return lab_sql(&copy, sql);
}

static struct {
	pthread_t thread;
	char *path;
	enum store_backup rc;
	struct err err;
	bool done;
} other;

static void *
back_up(void *arg)
{
	(void)arg;
	other.rc = store_backup(lab.path, to, &other.err);
	__atomic_store_n(&other.done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Two rows go into each transaction together: a copy of one moment has as many of the one as of the other. */
START_TEST(while_written)
{
	struct stat st;
	unsigned i = 0;

	lab_must_open(&lab);
	fill(300, "a");
	ck_assert_int_eq(pthread_create(&other.thread, NULL, back_up, NULL), 0);
	while (!__atomic_load_n(&other.done, __ATOMIC_ACQUIRE) || i < 50) {
		char name[32];

		snprintf(name, sizeof(name), "w%u.test", i++);
		store_begin(lab.store);
		lab_domain(&lab, name, 1, "b");
		lab_transition(&lab, name, 1);
		store_end(lab.store);
		lab_queue_empty(&lab);
	}
	pthread_join(other.thread, NULL);
	other.done = false;
	ck_assert_msg(other.rc == STORE_BACKUP_DONE, "%s", other.err.msg);
	ck_assert_uint_eq(lab_count(&lab, ".backup", NULL, 0), 1);
	ck_assert_int_eq(ask_copy("SELECT count(*) FROM domain WHERE name LIKE 'd%'"), 300);
	ck_assert_int_eq(ask_copy("SELECT count(*) FROM domain WHERE name LIKE 'w%'") -
	    ask_copy("SELECT count(*) FROM transition WHERE domain LIKE 'w%'"), 0);
	ck_assert_int_eq(stat(to, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(lab.health, STORE_OK);
	lab_close(&lab);
}
END_TEST

/* What the copy was made of comes back: the daemon goes on from it. */
START_TEST(restored)
{
	struct err err;
	size_t n;
	void *bytes;

	lab_must_open(&lab);
	fill(20, "a");
	ck_assert_int_eq(store_backup(lab.path, to, &err), STORE_BACKUP_DONE);
	fill(40, "b");
	lab_close(&lab);
	ck_assert_int_eq(store_backup(lab.path, to, &err), STORE_BACKUP_REFUSED);
	bytes = lab_read_file(to, &n);
	lab_write_file(lab.path, bytes, n);
	free(bytes);
	for (size_t i = 0; i < 2; i++) {
		char *beside = lab_path(&lab, i == 0 ? "-wal" : "-shm");

		unlink(beside);
		free(beside);
	}
	lab_must_open(&lab);
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM domain"), 20);
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM transition"), 20);
	lab_close(&lab);
}
END_TEST

/* ---- what is refused ---- */

static void
other_program(void)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(lab.path, &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE t (a); PRAGMA application_id = 7;", NULL, NULL, NULL);
	sqlite3_close(db);
}

static void
no_database(void)
{
	lab_write_file(lab.path, "once upon a time there was no database at all, and nobody missed it", 67);
}

static void
ours(void)
{
	lab_must_open(&lab);
	fill(2, "a");
	lab_close(&lab);
}

static void
ours_and_a_file(void)
{
	ours();
	lab_write_file(to, "kept", 4);
}

static void
ours_and_a_link(void)
{
	ours();
	ck_assert_int_eq(symlink("nowhere", to), 0);
}

static void
nothing(void)
{
}

static const struct {
	const char *name;
	void (*before)(void);
	const char *suffix;		/* of the target, behind the database's name; NULL = another path */
	const char *path;
	enum store_backup rc;
	const char *words;
} refused[] = {
	{ "a file is there", ours_and_a_file, ".backup", NULL, STORE_BACKUP_REFUSED, "there already" },
	{ "a link that leads nowhere is there", ours_and_a_link, ".backup", NULL, STORE_BACKUP_REFUSED, "there already" },
	{ "the database itself", ours, "", NULL, STORE_BACKUP_REFUSED, "the database itself" },
	{ "its log", ours, "-wal", NULL, STORE_BACKUP_REFUSED, "belongs to it" },
	{ "its journal", ours, "-journal", NULL, STORE_BACKUP_REFUSED, "belongs to it" },
	{ "its lock", ours, ".lock", NULL, STORE_BACKUP_REFUSED, "belongs to it" },
	{ "no database", nothing, ".backup", NULL, STORE_BACKUP_REFUSED, "No such file" },
	{ "a text", no_database, ".backup", NULL, STORE_BACKUP_REFUSED, "damaged" },
	{ "another program's", other_program, ".backup", NULL, STORE_BACKUP_REFUSED, "no database of m365dnsd" },
	{ "no such directory", ours, NULL, "/nowhere/at/all/x.db", STORE_BACKUP_FAILED, "/nowhere/at/all" },
	{ "a directory", ours, NULL, "/", STORE_BACKUP_REFUSED, "there already" },
	{ "a device", ours, NULL, "/dev/null", STORE_BACKUP_REFUSED, "there already" },
};

START_TEST(refuses)
{
	char *target = refused[_i].suffix != NULL ? lab_path(&lab, refused[_i].suffix) : xstrdup(refused[_i].path);
	struct err err = { "" };
	void *before, *after;
	size_t n, m;

	refused[_i].before();
	before = lab_read_file(target, &n);
	ck_assert_msg(store_backup(lab.path, target, &err) == refused[_i].rc, "%s: %s", refused[_i].name, err.msg);
	ck_assert_msg(strstr(err.msg, refused[_i].words) != NULL, "%s: %s", refused[_i].name, err.msg);
	after = lab_read_file(target, &m);
	ck_assert_msg((before == NULL) == (after == NULL) && (before == NULL || (n == m && memcmp(before, after, n) == 0)), "%s: touched",
	    refused[_i].name);
	ck_assert_uint_eq(lab_count(&lab, ".backup.part", NULL, 0), 0);
	free(before);
	free(after);
	free(target);
}
END_TEST

/* The same file by another name. */
START_TEST(itself_by_another_name)
{
	char *dot = xasprintf("%s/./%s", lab.dir, strrchr(lab.path, '/') + 1), *wal = xasprintf("%s/./%s-wal", lab.dir,
	    strrchr(lab.path, '/') + 1);
	struct err err = { "" };

	ours();
	ck_assert_int_eq(store_backup(lab.path, dot, &err), STORE_BACKUP_REFUSED);
	ck_assert_int_eq(store_backup(lab.path, wal, &err), STORE_BACKUP_REFUSED);
	ck_assert_int_eq(symlink(lab.path, to), 0);
	ck_assert_int_eq(store_backup(lab.path, to, &err), STORE_BACKUP_REFUSED);
	ck_assert_msg(strstr(err.msg, "itself") != NULL, "%s", err.msg);
	free(dot);
	free(wal);
}
END_TEST

/* ---- a disk in trouble ---- */

static const struct {
	const char *name;
	unsigned ops;
	int code;
} faults[] = {
	{ "full", TESTVFS_WRITE, SQLITE_FULL },
	{ "I/O error at a write", TESTVFS_WRITE, SQLITE_IOERR_WRITE },
	{ "I/O error at a sync", TESTVFS_SYNC, SQLITE_IOERR_FSYNC },
	{ "I/O error at a read", TESTVFS_READ, SQLITE_IOERR_READ },
	{ "cannot be opened", TESTVFS_OPEN, SQLITE_CANTOPEN },
};

/* Every call fails in turn, and all that come after it. */
START_TEST(faulty_disk)
{
	struct err err;
	unsigned failed = 0;

	lab_must_open(&lab);
	fill(40, "a");
	lab_close(&lab);
	for (unsigned nth = 1;; nth++) {
		enum store_backup rc;

		err.msg[0] = '\0';
		testvfs_fail(faults[_i].ops, nth, 0, faults[_i].code);
		rc = store_backup(lab.path, to, &err);
		if (rc == STORE_BACKUP_DONE)
			break;
		ck_assert_msg(testvfs_failures() > 0 && err.msg[0] != '\0', "%s, call %u: %s", faults[_i].name, nth, err.msg);
		testvfs_mend();
		assert_nothing_left(faults[_i].name);
		failed++;
	}
	testvfs_mend();
	ck_assert_msg(failed > 0, "%s: never failed", faults[_i].name);
	ck_assert_int_eq(ask_copy("SELECT count(*) FROM transition"), 40);
	ck_assert_str_eq(lab_integrity(&lab), "ok");
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("store backup");
	TCase *t = tcase_create("backup");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, while_written);
	tcase_add_test(t, restored);
	tcase_add_loop_test(t, refuses, 0, (int)ARRAY_LEN(refused));
	tcase_add_test(t, itself_by_another_name);
	tcase_add_loop_test(t, faulty_disk, 0, (int)ARRAY_LEN(faults));
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
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
