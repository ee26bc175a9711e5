/* SPDX-License-Identifier: ISC */
/*
 * A connection and its settings.  Nothing here writes to the file: whether it is ours and sound is found out first.
 *
 * The writer checkpoints by hand (wal_autocheckpoint 0, nothing at close): SQLite before 3.51.3 can lose committed rows when a
 * checkpoint on one connection meets a commit on another, so all of both is done on one.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store_int.h"

struct store_tuning store_tuning = {
	.pace_ms = 200,
	.retry_ms = 1000,
	.busy_ms = 2000,
	.checkpoint_ms = 60000,
	.retention_ms = 60000,
	.retention_rows = 200,
	.batch_bytes = 4 << 20,
	.wal_pages = 1000,
	.space_low = 64 << 20,
	.space_stop = 16 << 20,
	.low_part = 50,
	.stop_part = 200,
	.ballast = 16 << 20,
	.check_bytes = INT64_C(1) << 30,
};

int64_t
store_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

char *
store_beside(const char *path, const char *suffix)
{
	return xasprintf("%s%s", path, suffix);
}

static const struct {
	int what, value;
} switches[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
};

static const struct {
	int what, value;
} limits[] = {
	{ SQLITE_LIMIT_LENGTH, 4 << 20 },
	{ SQLITE_LIMIT_SQL_LENGTH, 16 << 10 },
	{ SQLITE_LIMIT_ATTACHED, 0 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static const char settings[] =
    "PRAGMA cell_size_check = ON;"
    "PRAGMA mmap_size = 0;"		/* an I/O error would be a SIGBUS */
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -8000;";
static const char write_settings[] =
    "PRAGMA secure_delete = OFF;"	/* on in Debian: every row that goes would be written over */
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA journal_size_limit = 8388608;";
static const char read_settings[] = "PRAGMA query_only = ON;";

/* Wait in small steps: the watchdog sees that we live. */
static int
on_busy(void *ctx, int tries)
{
	struct conn *c = ctx;
	const struct timespec nap = { 0, 20000000 };

	if (c->heartbeat != NULL)
		atomic_fetch_add(c->heartbeat, 1);
	if (tries * 20 >= store_tuning.busy_ms)
		return 0;
	nanosleep(&nap, NULL);
	return 1;
}

int
conn_open(struct conn *c, const char *path, enum conn_mode mode)
{
	int flags = SQLITE_OPEN_NOMUTEX | (mode == CONN_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
	int rc = sqlite3_open_v2(path, &c->db, flags, NULL);

	if (rc != SQLITE_OK)
		return rc;
	sqlite3_extended_result_codes(c->db, 1);
	sqlite3_busy_handler(c->db, on_busy, c);
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		sqlite3_db_config(c->db, switches[i].what, switches[i].value, NULL);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		sqlite3_limit(c->db, limits[i].what, limits[i].value);
	rc = sqlite3_exec(c->db, settings, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(c->db, mode == CONN_WRITE ? write_settings : read_settings, NULL, NULL, NULL);
	return rc;
}

void
conn_close(struct conn *c)
{
	for (size_t i = 0; i < STMT_MAX; i++) {
		sqlite3_finalize(c->stmts[i]);
		c->stmts[i] = NULL;
	}
	sqlite3_close(c->db);
	c->db = NULL;
}

sqlite3_stmt *
conn_stmt(struct conn *c, enum stmt id)
{
	if (c->stmts[id] == NULL)
		sqlite3_prepare_v3(c->db, store_statements[id], -1, SQLITE_PREPARE_PERSISTENT, &c->stmts[id], NULL);
	return c->stmts[id];
}

int
conn_run(struct conn *c, enum stmt id)
{
	sqlite3_stmt *st = conn_stmt(c, id);
	int rc;

	if (st == NULL)
		return sqlite3_extended_errcode(c->db);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		;
	sqlite3_reset(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int
conn_int(sqlite3 *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		*ret = sqlite3_column_int64(st, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_ERROR : rc;
}

const char *
conn_text(sqlite3_stmt *st, int col)
{
	return (const char *)sqlite3_column_text(st, col);
}
