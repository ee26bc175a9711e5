/* SPDX-License-Identifier: ISC */
/* The store on a sound disk: what is put comes back, in order, once, after any restart. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/store/store_int.h"
#include "tests/lib/storelab.h"

static struct storelab lab;

static void
setup(void)
{
	lab_init(&lab);
}

static void
teardown(void)
{
	lab_done(&lab);
}

static void
reopen(void)
{
	lab_close(&lab);
	lab_must_open(&lab);
}

/* What store_load and store_load_outbox give, as one line each. */
static struct str seen;

static void
see_domain(void *ctx, const struct store_domain *d)
{
	(void)ctx;
	str_addf(&seen, "%s %llu %.*s %s\n", d->name, (unsigned long long)d->revision, (int)d->snapshot_len,
	    d->snapshot != NULL ? (const char *)d->snapshot : "", d->conf_text != NULL ? d->conf_text : "-");
}

static void
see_outbox(void *ctx, const struct store_outbox_row *row)
{
	const struct transition *t = &row->transition.t;

	(void)ctx;
	ck_assert_int_gt(row->queued_unix_ms, 0);
	str_addf(&seen, "%s %llu %s %s>%s %s\n", row->notify, (unsigned long long)row->transition.id, t->domain, t->from, t->to,
	    name_of(&event_names, (int)t->event));
}

static const char *
loaded(void)
{
	struct err err;

	str_clear(&seen);
	ck_assert_msg(store_load(lab.store, see_domain, NULL, &err) == 0, "%s", err.msg);
	return str_c(&seen);
}

static const char *
outbox(void)
{
	struct err err;

	str_clear(&seen);
	ck_assert_msg(store_load_outbox(lab.store, see_outbox, NULL, &err) == 0, "%s", err.msg);
	return str_c(&seen);
}

/* ---- opening ---- */

START_TEST(open_fresh)
{
	lab_must_open(&lab);
	ck_assert(store_is_fresh(lab.store));
	ck_assert_str_eq(loaded(), "");
	reopen();
	ck_assert_msg(store_is_fresh(lab.store), "opened, but nothing was ever known");
	lab_domain(&lab, "a.test", 1, "x");
	reopen();
	ck_assert(!store_is_fresh(lab.store));
	lab_close(&lab);
	ck_assert_msg(!lab_there(&lab, "-wal"), "a clean end leaves one file");
	ck_assert_int_eq(lab_sql(&lab, "PRAGMA application_id"), STORE_APPLICATION_ID);
	ck_assert_int_eq(lab_sql(&lab, "PRAGMA user_version"), store_migrations[store_n_migrations - 1].version);
	ck_assert_int_eq(lab_sql(&lab, "PRAGMA auto_vacuum"), 2);
	ck_assert_str_eq(lab_integrity(&lab), "ok");
}
END_TEST

START_TEST(lock_names_the_holder)
{
	struct storelab second = lab;
	char pid[32];

	lab_must_open(&lab);
	ck_assert(!lab_open(&second));
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	ck_assert_msg(strstr(second.err.msg, pid) != NULL, "%s", second.err.msg);
	lab_close(&lab);
	lab_must_open(&second);
	lab_close(&second);
}
END_TEST

/* It is named, and not the lock in it that nobody has heard of. */
START_TEST(no_directory)
{
	char want[128];

	snprintf(want, sizeof(want), "%s/none: there is no such directory", lab.dir);
	snprintf(lab.path, sizeof(lab.path), "%s/none/m365dnsd.db", lab.dir);
	ck_assert(!lab_open(&lab));
	ck_assert_msg(strncmp(lab.err.msg, want, strlen(want)) == 0, "%s", lab.err.msg);
}
END_TEST

/* As an ordinary user in a directory that is not his. */
START_TEST(read_only_directory)
{
	pid_t pid;
	int status;

	ck_assert_int_eq(chmod(lab.dir, 0555), 0);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) == -1 || setuid(65534) == -1))
			_exit(2);
		_exit(!lab_open(&lab) && strstr(lab.err.msg, "cannot write in the directory") != NULL &&
		    strstr(lab.err.msg, "Permission denied") != NULL ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(chmod(lab.dir, 0755), 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- domains ---- */

START_TEST(domains_round_trip)
{
	const struct store_domain bytes = { .name = "b.test", .revision = 7, .snapshot = "\0\1\2", .snapshot_len = 3,
		.conf_text = "domain \"b.test\" {}" };

	lab_must_open(&lab);
	lab_domain(&lab, "a.test", 3, "first");
	store_put_domain(lab.store, &bytes);
	lab_domain(&lab, "c.test", 1, NULL);
	reopen();
	ck_assert_str_eq(loaded(), "b.test 7  domain \"b.test\" {}\na.test 3 first -\nc.test 1  -\n");
	ck_assert_int_eq(lab_sql(&lab, "SELECT snapshot = x'000102' FROM domain WHERE name = 'b.test'"), 1);
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM domain WHERE conf LIKE 'domain%'"), 1);
	store_del_domain(lab.store, "b.test");
	lab_domain(&lab, "a.test", 4, "second");
	reopen();
	ck_assert_str_eq(loaded(), "a.test 4 second -\nc.test 1  -\n");
}
END_TEST

/* A newer one takes the place of one that waits, and a removal and a return leave one row. */
START_TEST(domains_coalesce)
{
	struct store_stats stats;

	lab_must_open(&lab);
	store_begin(lab.store);
	for (uint64_t i = 1; i <= 100; i++)
		lab_domain(&lab, "a.test", i, "x");
	store_del_domain(lab.store, "b.test");
	lab_domain(&lab, "b.test", 2, "back");
	lab_domain(&lab, "c.test", 5, "high");
	lab_domain(&lab, "c.test", 4, "low");
	store_get_stats(lab.store, &stats);
	ck_assert_uint_eq(stats.queued, 3);
	store_end(lab.store);
	lab_queue_empty(&lab);
	store_get_stats(lab.store, &stats);
	ck_assert_uint_eq(stats.rows, 3);
	ck_assert_uint_eq(stats.commits, 1);
	ck_assert_int_eq(lab_sql(&lab, "SELECT revision FROM domain WHERE name = 'a.test'"), 100);
	ck_assert_msg(lab_sql(&lab, "SELECT revision FROM domain WHERE name = 'c.test'") == 5, "the revision never falls");
	lab_domain(&lab, "c.test", 2, "lower still");
	lab_queue_empty(&lab);
	ck_assert_int_eq(lab_sql(&lab, "SELECT revision FROM domain WHERE name = 'c.test'"), 5);
}
END_TEST

/* A transition raises the revision, even when its snapshot was not written. */
START_TEST(transition_raises_revision)
{
	lab_must_open(&lab);
	lab_domain(&lab, "a.test", 3, "old");
	lab_queue_empty(&lab);
	lab_transition(&lab, "a.test", 9);
	reopen();
	ck_assert_str_eq(loaded(), "a.test 9 old -\n");
}
END_TEST

/* ---- transitions and the outbox ---- */

START_TEST(ids_go_on)
{
	uint64_t id = 0;

	lab_must_open(&lab);
	for (int i = 1; i <= 5; i++) {
		ck_assert_uint_eq(lab_transition(&lab, "a.test", (uint64_t)i), id + 1);
		id++;
	}
	lab_committed(&lab, 5);
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM transition"), 5);
	reopen();
	ck_assert_uint_eq(lab_transition(&lab, "a.test", 6), 6);
	lab_committed(&lab, 6);
	ck_assert_uint_eq(lab.committed, 6);
	lab_close(&lab);
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM transition"), 6);
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM outbox"), 12);
}
END_TEST

/* Retention may remove the newest row; its id is not given again. */
START_TEST(ids_are_not_given_twice)
{
	sqlite3 *db;

	lab_must_open(&lab);
	lab_committed(&lab, lab_transition(&lab, "a.test", 1) + 0);
	lab_close(&lab);
	ck_assert_int_eq(sqlite3_open(lab.path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "DELETE FROM outbox; DELETE FROM transition", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	lab_must_open(&lab);
	ck_assert_uint_eq(lab_transition(&lab, "a.test", 2), 2);
}
END_TEST

START_TEST(committed_on_close)
{
	lab_must_open(&lab);
	store_begin(lab.store);		/* never ended: closing does not wait for it */
	for (uint64_t i = 1; i <= 1000; i++)
		lab_transition(&lab, "a.test", i);
	lab_close(&lab);
	ck_assert_uint_eq(lab.committed, 1000);
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM transition"), 1000);
}
END_TEST

START_TEST(outbox_until_done)
{
	lab_must_open(&lab);
	lab_transition(&lab, "a.test", 1);
	lab_transition(&lab, "b.test", 1);
	lab_committed(&lab, 2);
	store_outbox_done(lab.store, "ops", 1);
	reopen();
	ck_assert_str_eq(outbox(), "log 1 a.test unpublished>published published\n"
	    "log 2 b.test unpublished>published published\n"
	    "ops 2 b.test unpublished>published published\n");
	store_outbox_done(lab.store, "log", 1);
	store_outbox_done(lab.store, "log", 2);
	store_outbox_done(lab.store, "ops", 2);
	store_outbox_done(lab.store, "nobody", 77);
	reopen();
	ck_assert_str_eq(outbox(), "");
}
END_TEST

/* What is put between begin and end is one transaction. */
START_TEST(turn_is_one_transaction)
{
	struct store_stats stats;

	lab_must_open(&lab);
	lab_domain(&lab, "a.test", 1, "before");
	store_begin(lab.store);
	store_begin(lab.store);
	lab_transition(&lab, "a.test", 2);
	store_end(lab.store);
	lab_domain(&lab, "a.test", 2, "after");
	lab_transition(&lab, "b.test", 1);
	store_end(lab.store);
	lab_committed(&lab, 2);
	store_get_stats(lab.store, &stats);
	ck_assert_uint_eq(stats.commits, 1);
	ck_assert_int_eq(lab_sql(&lab, "SELECT snapshot = CAST('after' AS BLOB) FROM domain WHERE name = 'a.test'"), 1);
}
END_TEST

/* A mark is kept when all that was put before it is; at once, when nothing waits. */
START_TEST(marks)
{
	const struct store_domain put = { .name = "a.test", .revision = 1, .conf_text = "domain a.test {}" };
	const struct store_domain urgent = { .name = "b.test", .revision = 1, .urgent = true };
	uint64_t mark;

	lab_must_open(&lab);
	lab_kept(&lab, store_mark(lab.store));
	store_put_domain(lab.store, &put);
	lab_kept(&lab, store_mark(lab.store));
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM domain WHERE name = 'a.test'"), 1);
	store_put_domain(lab.store, &urgent);
	store_del_domain(lab.store, "a.test");
	lab_kept(&lab, store_mark(lab.store));
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM domain"), 1);
	store_begin(lab.store);
	lab_transition(&lab, "b.test", 2);
	mark = store_mark(lab.store);
	lab_domain(&lab, "c.test", 1, "a common snapshot has no mark");
	store_dispatch(lab.store);
	ck_assert_msg(lab.kept < mark, "half of a transaction");
	store_end(lab.store);
	lab_kept(&lab, mark);
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM transition"), 1);
	lab_kept(&lab, store_mark(lab.store));
	ck_assert(!lab.lost);
}
END_TEST

/* What will never be on the disk is not said to be. */
START_TEST(mark_of_a_lost_row)
{
	size_t n = 5 << 20;
	char *huge = xmalloc(n + 1);
	const struct store_domain put = { .name = "a.test", .revision = 1, .conf_text = huge };

	memset(huge, 'x', n);
	huge[n] = '\0';
	lab_must_open(&lab);
	store_put_domain(lab.store, &put);
	lab_kept(&lab, store_mark(lab.store));
	ck_assert(lab.lost);
	lab.lost = false;
	lab_kept(&lab, store_mark(lab.store));
	ck_assert_msg(!lab.lost, "told once");
	free(huge);
}
END_TEST

/* No more than one commit in the time between two, however much is put. */
START_TEST(commits_are_grouped)
{
	struct store_stats stats;
	int64_t began = store_now_ms(), took;
	uint64_t id = 0;

	store_tuning.pace_ms = 100;
	lab_must_open(&lab);
	while (store_now_ms() - began < 500)
		if (id < 10000)
			id = lab_transition(&lab, "a.test", 1);
	lab_committed(&lab, id);
	took = store_now_ms() - began;
	store_get_stats(lab.store, &stats);
	ck_assert_uint_ge(stats.commits, 2);
	ck_assert_uint_le(stats.commits, (uint64_t)took / 100 + 1);
}
END_TEST

/* ---- predictions, history, spread ---- */

static struct {
	unsigned calls;
	char text[1024];
	char error[200];
} got;

static void
on_history(void *ctx, const struct store_transition *rows, size_t n, const char *error)
{
	(void)ctx;
	got.calls++;
	snprintf(got.error, sizeof(got.error), "%s", error != NULL ? error : "");
	got.text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(got.text + strlen(got.text), sizeof(got.text) - strlen(got.text), "%llu %s/%s/%s %llu%s ",
		    (unsigned long long)rows[i].id, rows[i].t.domain, rows[i].t.record != NULL ? rows[i].t.record : "-",
		    rows[i].t.source != NULL ? rows[i].t.source : "-", (unsigned long long)rows[i].t.revision,
		    rows[i].t.detail != NULL ? rows[i].t.detail : "");
}

static void
on_spread(void *ctx, const struct store_spread *rows, size_t n, const char *error)
{
	(void)ctx;
	got.calls++;
	snprintf(got.error, sizeof(got.error), "%s", error != NULL ? error : "");
	got.text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(got.text + strlen(got.text), sizeof(got.text) - strlen(got.text), "%s %s %lld;", rows[i].record,
		    rows[i].source, (long long)(rows[i].visible_unix_ms - rows[i].published_unix_ms));
}

static bool
was_called(struct storelab *l)
{
	(void)l;
	return got.calls > 0;
}

static const char *
history(const char *domain, uint64_t before, size_t limit)
{
	got.calls = 0;
	store_read_history(lab.store, domain, before, limit, on_history, &got);
	ck_assert(lab_until(&lab, was_called));
	ck_assert_str_eq(got.error, "");
	return got.text;
}

START_TEST(history_is_paged)
{
	lab_must_open(&lab);
	for (uint64_t i = 1; i <= 3; i++)
		lab_transition(&lab, "a.test", i);
	lab_transition(&lab, "b.test", 1);
	lab_committed(&lab, 4);
	ck_assert_str_eq(history("a.test", 0, 2), "3 a.test/mx/- 3 2 a.test/mx/- 2 ");
	ck_assert_str_eq(history("a.test", 2, 10), "1 a.test/mx/- 1 ");
	ck_assert_str_eq(history("a.test", 1, 10), "");
	ck_assert_str_eq(history("b.test", UINT64_MAX, 10), "4 b.test/mx/- 1 ");
	ck_assert_str_eq(history("none.test", 0, 10), "");
	ck_assert_str_eq(history("a'; DROP TABLE domain; --", 0, 10), "");
}
END_TEST

static const char *
since(const char *domain, uint64_t id, uint64_t revision, size_t limit)
{
	got.calls = 0;
	store_read_since(lab.store, domain, id, revision, limit, on_history, &got);
	ck_assert(lab_until(&lab, was_called));
	ck_assert_str_eq(got.error, "");
	return got.text;
}

START_TEST(what_came_since)
{
	lab_must_open(&lab);
	ck_assert_uint_eq(store_told_id(lab.store), 0);
	for (uint64_t i = 1; i <= 3; i++)
		lab_transition(&lab, "a.test", (i + 1) / 2);
	lab_transition(&lab, "b.test", 9);
	lab_committed(&lab, 4);
	ck_assert_uint_eq(store_told_id(lab.store), 4);
	ck_assert_str_eq(since("a.test", 0, 1, 10), "3 a.test/mx/- 2 ");
	ck_assert_str_eq(since("a.test", 0, 2, 10), "");
	ck_assert_str_eq(since("a.test", 1, 0, 10), "2 a.test/mx/- 1 3 a.test/mx/- 2 ");
	ck_assert_str_eq(since("a.test", 0, 0, 2), "1 a.test/mx/- 1 2 a.test/mx/- 1 ");
	ck_assert_str_eq(since("none.test", 0, 0, 2), "");
	ck_assert_str_eq(since(NULL, 2, 0, 10), "3 a.test/mx/- 2 4 b.test/mx/- 9 ");
	ck_assert_str_eq(since(NULL, 2, 100, 1), "3 a.test/mx/- 2 ");
	ck_assert_str_eq(since(NULL, UINT64_MAX, 0, 10), "");
}
END_TEST

static void
put(const char *record, const char *source, const char *from, const char *to, enum event event, int64_t at)
{
	const struct transition t = { .revision = 1, .at_unix_ms = at, .domain = "a.test", .record = record, .source = source,
		.from = from, .to = to, .event = event, .detail = "words" };

	store_put_transition(lab.store, &t, NULL, 0);
}

static void
seen_by(const char *operator, int64_t at, const char *one, const char *two)
{
	const char *const records[] = { one, two };
	const struct board_seen s = { .domain = "a.test", .operator = operator, .at_unix_ms = at, .records = records,
		.n_records = two != NULL ? 2 : 1 };

	store_put_seen(lab.store, &s);
}

START_TEST(spread_of_the_last_publication)
{
	const struct store_prediction p = { .domain = "a.test", .record = "mx", .source = "quad9", .predicted_unix_ms = 5000,
		.eta_unix_ms = 6000, .actual_unix_ms = 6500, .basis = ETA_TTL };

	lab_must_open(&lab);
	put("mx", NULL, "unpublished", "published", EVENT_PUBLISHED, 1000);
	seen_by("google", 1500, "mx", NULL);
	put("mx", NULL, "visible", "regressed", EVENT_REGRESSED, 2000);
	put("mx", NULL, "regressed", "published", EVENT_RECOVERED, 5000);
	seen_by("google", 5300, "my \"own\\one\"", "mx");
	seen_by("google", 5900, "mx", NULL);
	seen_by("quad9", 6500, "mx", NULL);
	put("mx", NULL, "published", "visible", EVENT_VISIBLE, 7000);
	put("spf", NULL, "pending", "visible", EVENT_VISIBLE, 8000);
	seen_by("quad9", 8000, "spf", NULL);
	put("my \"own\\one\"", NULL, "pending", "published", EVENT_PUBLISHED, 5000);
	store_put_prediction(lab.store, &p);
	lab_queue_empty(&lab);
	got.calls = 0;
	store_read_spread(lab.store, "a.test", on_spread, &got);
	ck_assert(lab_until(&lab, was_called));
	ck_assert_str_eq(got.error, "");
	ck_assert_str_eq(got.text, "mx google 300;mx quad9 1500;my \"own\\one\" google 300;spf quad9 0;");
	ck_assert_int_eq(lab_sql(&lab, "SELECT eta FROM prediction WHERE basis = 'ttl'"), 6000);
}
END_TEST

START_TEST(forgotten_is_not_answered)
{
	int other;

	lab_must_open(&lab);
	got.calls = 0;
	for (int i = 0; i < 20; i++)
		store_read_history(lab.store, "a.test", 0, 10, on_history, &other);
	store_forget(lab.store, &other);
	history("a.test", 0, 10);
	ck_assert_uint_eq(got.calls, 1);
	store_read_history(lab.store, "a.test", 0, 10, on_history, &other);	/* dropped by closing */
}
END_TEST

static void
forget_other(void *ctx, const struct store_transition *rows, size_t n, const char *error)
{
	store_forget(lab.store, got.text);
	on_history(ctx, rows, n, error);
}

/* A callback forgets the answer that is next in line. */
START_TEST(forget_from_callback)
{
	lab_must_open(&lab);
	got.calls = 0;
	store_read_history(lab.store, "a.test", 0, 10, forget_other, &got);
	store_read_history(lab.store, "a.test", 0, 10, on_history, got.text);
	ck_assert(lab_until(&lab, was_called));
	history("a.test", 0, 10);
	ck_assert_uint_eq(got.calls, 1);
}
END_TEST

START_TEST(too_many_questions)
{
	lab_must_open(&lab);
	got.calls = 0;
	for (int i = 0; i < 3000; i++)
		store_read_history(lab.store, "a.test", 0, 1, on_history, &got);
	while (got.calls < 3000)
		ck_assert(lab_until(&lab, was_called));
	ck_assert_uint_eq(got.calls, 3000);
}
END_TEST

/* ---- retention ---- */

static bool
aged(struct storelab *l)
{
	return lab_sql(l, "SELECT count(*) FROM transition") == 3 && lab_sql(l, "SELECT count(*) FROM prediction") == 0;
}

START_TEST(retention)
{
	int64_t now = clock_system.unix_ms(&clock_system), old = now - INT64_C(91) * 24 * 3600 * 1000;
	const struct store_prediction p = { .domain = "a.test", .record = "mx", .source = "quad9", .actual_unix_ms = old };
	const char *const ops = "ops";
	const struct transition awaited = { .revision = 1, .at_unix_ms = old, .domain = "a.test", .from = "a", .to = "b" };

	store_tuning.retention_ms = 60;
	store_tuning.retention_rows = 50;
	lab_must_open(&lab);
	store_put_transition(lab.store, &awaited, &ops, 1);
	for (int i = 0; i < 300; i++)
		put("mx", NULL, "a", "b", EVENT_CHANGED, old);
	put("mx", NULL, "a", "b", EVENT_CHANGED, now);
	put("mx", NULL, "a", "b", EVENT_CHANGED, now - INT64_C(89) * 24 * 3600 * 1000);
	for (int i = 0; i < 120; i++)
		store_put_prediction(lab.store, &p);
	lab_queue_empty(&lab);
	ck_assert_msg(lab_until(&lab, aged), "%lld left", (long long)lab_sql(&lab, "SELECT count(*) FROM transition"));
	ck_assert_str_eq(lab_integrity(&lab), "ok");
}
END_TEST

/* ---- sizes and limits ---- */

START_TEST(wal_is_bounded)
{
	char *snapshot = xmalloc(20001);
	struct store_stats stats;
	char name[32];

	memset(snapshot, 'x', 20000);
	snapshot[20000] = '\0';
	lab_must_open(&lab);
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "d%d.test", i);
		lab_domain(&lab, name, 1, snapshot);
	}
	lab_queue_empty(&lab);
	store_get_stats(lab.store, &stats);
	ck_assert_msg(stats.wal_bytes < 24 << 20, "%lld", (long long)stats.wal_bytes);
	ck_assert_int_gt(stats.db_bytes, 40 << 20);
	ck_assert_uint_eq(stats.dropped, 0);
	free(snapshot);
}
END_TEST

/* Rows that SQLite will never take do not hold up the others. */
START_TEST(poison_is_left_out)
{
	size_t n = 5 << 20;
	char *huge = xmalloc(n + 1);
	struct store_stats stats;

	memset(huge, 'x', n);
	huge[n] = '\0';
	lab_must_open(&lab);
	lab_domain(&lab, "huge.test", 1, huge);
	lab_domain(&lab, "a.test", 1, "x");
	lab_committed(&lab, lab_transition(&lab, "a.test", 2));
	lab_queue_empty(&lab);
	store_get_stats(lab.store, &stats);
	ck_assert_uint_eq(stats.dropped, 1);
	ck_assert_int_eq(stats.health, STORE_OK);
	ck_assert_str_eq(loaded(), "a.test 2 x -\n");
	free(huge);
}
END_TEST

static size_t n_loaded, bytes_loaded;

static void
count_domain(void *ctx, const struct store_domain *d)
{
	(void)ctx;
	n_loaded++;
	bytes_loaded += d->snapshot_len;
}

START_TEST(load_is_fast)
{
	size_t n = lab_wrapped() ? 2000 : 100000;
	char snapshot[2001], name[32];
	int64_t began;
	struct err err;

	memset(snapshot, 'x', 2000);
	snapshot[2000] = '\0';
	store_tuning.batch_bytes = 32 << 20;
	lab_must_open(&lab);
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "d%zu.test", i);
		lab_domain(&lab, name, 1, snapshot);
	}
	lab_close(&lab);
	began = store_now_ms();
	lab_must_open(&lab);
	n_loaded = bytes_loaded = 0;
	ck_assert_msg(store_load(lab.store, count_domain, NULL, &err) == 0, "%s", err.msg);
	began = store_now_ms() - began;
	ck_assert_uint_eq(n_loaded, n);
	ck_assert_uint_eq(bytes_loaded, n * 2000);
	ck_assert_msg(getenv("SLOW") != NULL || began < 6000, "took %lld ms", (long long)began);
	fprintf(stderr, "open and load of %zu domains: %lld ms\n", n, (long long)began);
}
END_TEST

/* ---- migrations ---- */

static const struct store_migration two_steps[] = {
	{ 1, "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1), (2);" },
	{ 2, "CREATE TABLE b (y INTEGER) STRICT; INSERT INTO b SELECT x * 10 FROM a;" },
	{ 3, "ALTER TABLE b ADD COLUMN z TEXT;" },
};

START_TEST(migrations)
{
	struct storelab copy;
	struct err err;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(lab.path, &db), SQLITE_OK);
	ck_assert_int_eq(store_migrate(db, lab.path, two_steps, 1, &err), 0);
	ck_assert_msg(!lab_there(&lab, ".pre-v1"), "nothing to keep of an empty file");
	ck_assert_int_eq(store_migrate(db, lab.path, two_steps, 3, &err), 0);
	ck_assert_int_eq(store_migrate(db, lab.path, two_steps, 3, &err), 0);
	sqlite3_close(db);
	ck_assert_int_eq(lab_sql(&lab, "PRAGMA user_version"), 3);
	ck_assert_int_eq(lab_sql(&lab, "SELECT sum(y) FROM b WHERE z IS NULL"), 30);
	ck_assert_int_lt(snprintf(copy.path, sizeof(copy.path), "%.80s.pre-v2", lab.path), 90);
	ck_assert_int_eq(lab_sql(&copy, "PRAGMA user_version"), 1);
	ck_assert_int_eq(lab_sql(&copy, "SELECT sum(x) FROM a"), 3);
	ck_assert(!lab_there(&lab, ".pre-v3") && !lab_there(&lab, ".pre-v2.part"));
}
END_TEST

/* One that fails leaves the version before it. */
START_TEST(migration_fails_whole)
{
	static const struct store_migration bad[] = {
		{ 1, "CREATE TABLE a (x INTEGER) STRICT;" },
		{ 2, "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);" },
	};
	struct err err;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(lab.path, &db), SQLITE_OK);
	ck_assert_int_eq(store_migrate(db, lab.path, bad, 2, &err), -1);
	ck_assert_msg(strstr(err.msg, "version 2") != NULL && strstr(err.msg, "nowhere") != NULL, "%s", err.msg);
	sqlite3_close(db);
	ck_assert_int_eq(lab_sql(&lab, "PRAGMA user_version"), 1);
	ck_assert_int_eq(lab_sql(&lab, "SELECT count(*) FROM sqlite_schema"), 1);
}
END_TEST

int
main(void)
{
	static const struct {
		const char *name;
		const TTest *const *test;
	} tests[] = {
		{ "open", &open_fresh }, { "lock", &lock_names_the_holder }, { "no directory", &no_directory },
		{ "read-only directory", &read_only_directory }, { "domains", &domains_round_trip },
		{ "coalesce", &domains_coalesce }, { "revision", &transition_raises_revision }, { "ids", &ids_go_on },
		{ "ids once", &ids_are_not_given_twice }, { "close", &committed_on_close }, { "outbox", &outbox_until_done },
		{ "turn", &turn_is_one_transaction }, { "marks", &marks }, { "lost", &mark_of_a_lost_row }, { "grouped", &commits_are_grouped }, { "history", &history_is_paged }, { "since", &what_came_since },
		{ "spread", &spread_of_the_last_publication }, { "forget", &forgotten_is_not_answered },
		{ "forget from callback", &forget_from_callback }, { "too many", &too_many_questions },
		{ "retention", &retention }, { "wal", &wal_is_bounded }, { "poison", &poison_is_left_out },
		{ "load", &load_is_fast }, { "migrations", &migrations }, { "failed migration", &migration_fails_whole },
	};
	Suite *suite = suite_create("store");
	SRunner *runner = srunner_create(suite);
	int failed;

	for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
		TCase *tc = tcase_create(tests[i].name);

		tcase_set_timeout(tc, 120);
		tcase_add_checked_fixture(tc, setup, teardown);
		tcase_add_test(tc, *tests[i].test);
		suite_add_tcase(suite, tc);
	}
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
