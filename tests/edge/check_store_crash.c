/* SPDX-License-Identifier: ISC */
/*
 * kill -9 at any moment: what was told is there, once; a transition and the snapshot that knows of it are there both or neither;
 * the file is sound and quick to open.  And the same for a migration.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/store/store_int.h"
#include "tests/lib/storelab.h"

static struct storelab lab;

static void
setup(void)
{
	lab_init(&lab);
	store_tuning.pace_ms = 1;
	store_tuning.wal_pages = 12;		/* checkpoints come often */
	store_tuning.checkpoint_ms = 7;
	store_tuning.retention_ms = 9;
	store_tuning.ballast = 64 << 10;
}

static void
teardown(void)
{
	lab_done(&lab);
}

/* To the parent: 0 when it is open, then each id when it is told. */
static void
tell(void *ctx, uint64_t up_to)
{
	if (write(*(int *)ctx, &up_to, sizeof(up_to)) == -1)
		_exit(1);
}

/* Each turn: a transition of a domain, and the snapshot that says so. */
static void
work_until_killed(int out)
{
	lab_must_open(&lab);
	store_on_committed(lab.store, tell, &out);
	tell(&out, 0);
	for (unsigned i = 0;; i++) {
		char name[16], text[32];
		uint64_t id;

		snprintf(name, sizeof(name), "d%u.test", i % 10);
		store_begin(lab.store);
		id = lab_transition(&lab, name, i);
		snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
		lab_domain(&lab, name, i, text);
		store_end(lab.store);
		if (id > 1)
			store_outbox_done(lab.store, "ops", id - 1);
		if (i % 50 == 0)
			usleep(1000);
		store_dispatch(lab.store);
	}
}

/* Each domain's snapshot names its last transition. */
static void
check_state(unsigned round, uint64_t told)
{
	ck_assert_msg(lab_sql(&lab, "SELECT coalesce(max(id), 0) FROM transition") >= (int64_t)told,
	    "round %u: %llu was told and is lost", round, (unsigned long long)told);
	ck_assert_msg(lab_sql(&lab, "SELECT count(*) = coalesce(max(id), 0) FROM transition") == 1, "round %u: gaps", round);
	ck_assert_msg(lab_sql(&lab, "SELECT count(*) FROM domain d WHERE CAST(snapshot AS TEXT) <>"
	    " (SELECT max(id) FROM transition t WHERE t.domain = d.name)") == 0, "round %u: torn turn", round);
	ck_assert_msg(lab_sql(&lab, "SELECT count(*) FROM transition WHERE id NOT IN"
	    " (SELECT transition_id FROM outbox WHERE notify = 'log')") == 0, "round %u: outbox", round);
}

START_TEST(kill_at_any_time)
{
	unsigned rounds = getenv("STORE_KILLS") != NULL ? (unsigned)atoi(getenv("STORE_KILLS")) : lab_wrapped() ? 3 : 200;
	uint64_t told = 0, id;
	int64_t slowest = 0;

	random_seed_for_tests(1);
	for (unsigned i = 0; i < rounds; i++) {
		int fds[2], status;
		int64_t began;
		pid_t pid;

		ck_assert_int_eq(pipe(fds), 0);
		pid = fork();
		if (pid == 0)
			work_until_killed(fds[1]);
		close(fds[1]);
		/* Every fourth before it is open even. */
		if (i % 4 != 0)
			ck_assert_int_eq(read(fds[0], &id, sizeof(id)), sizeof(id));
		usleep(random_below(15000));
		kill(pid, SIGKILL);
		while (read(fds[0], &id, sizeof(id)) == (ssize_t)sizeof(id))
			told = id > told ? id : told;
		close(fds[0]);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "round %u: status %x", i, (unsigned)status);
		began = store_now_ms();
		lab_must_open(&lab);
		began = store_now_ms() - began;
		slowest = began > slowest ? began : slowest;
		ck_assert_msg(lab_count(&lab, ".corrupt-", NULL, 0) == 0, "round %u: damaged", i);
		check_state(i, told);
		ck_assert_msg(i % 10 != 0 || strcmp(lab_integrity(&lab), "ok") == 0, "round %u: %s", i, lab_integrity(&lab));
		lab_close(&lab);
	}
	ck_assert_uint_gt(told, 0);
	ck_assert_msg(lab_wrapped() || slowest < 2000, "took %lld ms to open", (long long)slowest);
	fprintf(stderr, "%u kills, %llu transitions told, slowest start %lld ms\n", rounds, (unsigned long long)told, (long long)slowest);
}
END_TEST

/* ---- a migration ---- */

static const struct store_migration steps[] = {
	{ 1, "CREATE TABLE a (x INTEGER) STRICT;"
	     "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000) INSERT INTO a SELECT x FROM n;" },
	{ 2, "CREATE TABLE b (x INTEGER, y TEXT) STRICT; INSERT INTO b SELECT x, hex(x) FROM a; DROP TABLE a;" },
	{ 3, "CREATE INDEX b_y ON b (y);" },
};

static void
migrate(size_t n)
{
	struct err err;
	sqlite3 *db;

	if (sqlite3_open(lab.path, &db) != SQLITE_OK || store_migrate(db, lab.path, steps, n, &err) == -1)
		_exit(1);
	sqlite3_close(db);
}

START_TEST(kill_in_migration)
{
	unsigned rounds = lab_wrapped() ? 2 : 40;

	random_seed_for_tests(2);
	for (unsigned i = 0; i < rounds; i++) {
		struct storelab copy;
		int status;
		pid_t pid;

		unlink(lab.path);
		migrate(1);
		pid = fork();
		if (pid == 0) {
			migrate(3);
			_exit(0);
		}
		usleep(random_below(8000));
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_msg(strcmp(lab_integrity(&lab), "ok") == 0, "round %u: %s", i, lab_integrity(&lab));
		switch (lab_sql(&lab, "PRAGMA user_version")) {
		case 1:
			ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM a"), 3000);
			break;
		case 2:
		case 3:
			ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM b"), 3000);
			break;
		default:
			ck_abort_msg("round %u: no version", i);
		}
		migrate(3);
		ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM b"), 3000);
		copy = lab;
		ck_assert_int_lt(snprintf(copy.path, sizeof(copy.path), "%.80s.pre-v2", lab.path), 90);
		ck_assert_msg(lab_sql(&copy, "SELECT count(*) FROM a") == 3000, "round %u: the copy is not whole", i);
		unlink(copy.path);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_crash");
	SRunner *runner = srunner_create(suite);
	TCase *tc = tcase_create("kill");
	int failed;

	tcase_set_timeout(tc, 300);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, kill_at_any_time);
	tcase_add_test(tc, kill_in_migration);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
