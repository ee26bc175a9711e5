/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/store/store_int.h"
#include "storelab.h"

#define PATIENCE_MS 10000

void
lab_init(struct storelab *l)
{
	static struct store_tuning shipped;
	const char *tmp = getenv("TMPDIR");

	/* In one process (CK_FORK=no) the test before may have turned them. */
	if (shipped.pace_ms == 0)
		shipped = store_tuning;
	store_tuning = shipped;
	memset(l, 0, sizeof(*l));
	snprintf(l->dir, sizeof(l->dir), "%.40s/m365store-XXXXXX", tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(l->dir));
	snprintf(l->path, sizeof(l->path), "%s/m365dnsd.db", l->dir);
	store_tuning.pace_ms = 5;
	store_tuning.retry_ms = 20;
	store_tuning.busy_ms = 100;
	store_tuning.ballast = 1 << 20;
}

void
lab_done(struct storelab *l)
{
	struct dirent *e;
	DIR *d;

	lab_close(l);
	d = opendir(l->dir);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(l->dir);
}

char *
lab_path(const struct storelab *l, const char *suffix)
{
	return xasprintf("%s%s", l->path, suffix);
}

bool
lab_there(const struct storelab *l, const char *suffix)
{
	char *path = lab_path(l, suffix);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void
on_committed(void *ctx, uint64_t up_to)
{
	struct storelab *l = ctx;

	ck_assert_uint_gt(up_to, l->committed);
	l->committed = up_to;
}

static void
on_kept(void *ctx, uint64_t up_to, bool lost)
{
	struct storelab *l = ctx;

	ck_assert_uint_gt(up_to, l->kept);
	l->kept = up_to;
	l->lost |= lost;
}

static void
on_health(void *ctx, enum store_health health, const char *problem)
{
	struct storelab *l = ctx;

	l->health = health;
	l->n_health++;
	snprintf(l->problem, sizeof(l->problem), "%s", problem);
}

bool
lab_open(struct storelab *l)
{
	const struct store_config cfg = { .path = l->path, .history_days = 90, .queue_max = 100000 };

	l->err.msg[0] = '\0';
	l->committed = l->kept = 0;
	l->lost = false;
	l->health = STORE_OK;
	l->problem[0] = '\0';
	l->store = store_open(&cfg, &l->err);
	if (l->store == NULL)
		return false;
	store_on_committed(l->store, on_committed, l);
	store_on_kept(l->store, on_kept, l);
	store_on_health(l->store, on_health, l);
	return true;
}

void
lab_must_open(struct storelab *l)
{
	if (!lab_open(l))
		ck_abort_msg("store_open: %s", l->err.msg);
}

void
lab_close(struct storelab *l)
{
	if (l->store != NULL)
		store_close(l->store, PATIENCE_MS);
	l->store = NULL;
}

bool
lab_until(struct storelab *l, bool (*done)(struct storelab *l))
{
	struct pollfd p = { .fd = store_fd(l->store), .events = POLLIN };
	int64_t give_up = store_now_ms() + PATIENCE_MS;

	store_dispatch(l->store);
	while (!done(l)) {
		if (store_now_ms() > give_up)
			return false;
		poll(&p, 1, 10);	/* what it does not tell (statistics) is looked at every 10 ms */
		store_dispatch(l->store);
	}
	return true;
}

static uint64_t wanted_id, wanted_mark;
static enum store_health wanted_health;

static bool
mark_kept(struct storelab *l)
{
	return l->kept >= wanted_mark;
}

void
lab_kept(struct storelab *l, uint64_t mark)
{
	wanted_mark = mark;
	ck_assert_msg(lab_until(l, mark_kept), "mark %llu was not kept: %s", (unsigned long long)mark, l->problem);
}

static bool
id_committed(struct storelab *l)
{
	return l->committed >= wanted_id;
}

void
lab_committed(struct storelab *l, uint64_t id)
{
	wanted_id = id;
	ck_assert_msg(lab_until(l, id_committed), "transition %llu was not committed: %s", (unsigned long long)id, l->problem);
}

static bool
nothing_queued(struct storelab *l)
{
	struct store_stats stats;

	store_get_stats(l->store, &stats);
	return stats.queued == 0;
}

void
lab_queue_empty(struct storelab *l)
{
	ck_assert_msg(lab_until(l, nothing_queued), "rows still wait: %s", l->problem);
}

static bool
health_is(struct storelab *l)
{
	return l->health == wanted_health;
}

void
lab_health(struct storelab *l, enum store_health health)
{
	wanted_health = health;
	ck_assert_msg(lab_until(l, health_is), "health is %s (%s), not %s", name_of(&store_health_names, (int)l->health), l->problem,
	    name_of(&store_health_names, (int)health));
}

uint64_t
lab_transition(struct storelab *l, const char *domain, uint64_t revision)
{
	static const char *const notify[] = { "ops", "log" };
	const struct transition t = {
		.revision = revision,
		.at_unix_ms = clock_system.unix_ms(&clock_system),
		.domain = domain,
		.record = "mx",
		.from = "unpublished",
		.to = "published",
		.event = EVENT_PUBLISHED,
	};

	return store_put_transition(l->store, &t, notify, ARRAY_LEN(notify));
}

void
lab_domain(struct storelab *l, const char *name, uint64_t revision, const char *snapshot)
{
	const struct store_domain d = { .name = name, .revision = revision, .snapshot = snapshot,
		.snapshot_len = snapshot != NULL ? strlen(snapshot) : 0 };

	store_put_domain(l->store, &d);
}

int64_t
lab_sql(const struct storelab *l, const char *sql)
{
	sqlite3 *db = NULL;
	int64_t value = -1;

	if (sqlite3_open_v2(l->path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
		sqlite3_busy_timeout(db, 2000);
	if (conn_int(db, sql, &value) != SQLITE_OK)
		value = -1;
	sqlite3_close(db);
	return value;
}

const char *
lab_integrity(const struct storelab *l)
{
	static char words[200];
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;

	/* Not read-only: a journal that was left behind has to be played back. */
	sqlite3_open_v2(l->path, &db, SQLITE_OPEN_READWRITE, NULL);
	sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL);
	snprintf(words, sizeof(words), "%s",
	    sqlite3_step(st) == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : sqlite3_errmsg(db));
	sqlite3_finalize(st);
	sqlite3_close(db);
	return words;
}

void *
lab_read_file(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "rb");
	struct str s = STR_INIT;
	char buf[4096];
	size_t n;

	*ret_n = 0;
	if (f == NULL)
		return NULL;
	str_add(&s, "");
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(&s, buf, n);
	fclose(f);
	*ret_n = s.len;
	return s.p != NULL ? str_take(&s) : xcalloc(1, 1);
}

void
lab_write_file(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_msg(fd != -1, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, p, n), (ssize_t)n);
	close(fd);
}

unsigned
lab_count(const struct storelab *l, const char *suffix, char *ret_first, size_t size)
{
	char prefix[64];
	struct dirent *e;
	unsigned n = 0;
	DIR *d = opendir(l->dir);

	snprintf(prefix, sizeof(prefix), "m365dnsd.db%s", suffix);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, prefix, strlen(prefix)) != 0)
			continue;
		if (n++ == 0 && ret_first != NULL)
			snprintf(ret_first, size, "%s/%s", l->dir, e->d_name);
	}
	if (d != NULL)
		closedir(d);
	return n;
}

bool
lab_wrapped(void)
{
	const char *wrap = getenv("WRAP");

	return wrap != NULL && *wrap != '\0';
}
