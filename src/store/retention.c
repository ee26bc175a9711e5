/* SPDX-License-Identifier: ISC */
/*
 * What is older than history_days goes, a few rows at a time: no transaction is long, the WAL stays small, and a clock that
 * jumps ahead costs a handful of rows rather than the history.
 */
#include "store_int.h"

static const enum stmt ages[] = { STMT_AGE_TRANSITIONS, STMT_AGE_PREDICTIONS, STMT_AGE_SEEN };

static int
age(struct conn *c, enum stmt id, int64_t before, bool *ret_more)
{
	sqlite3_stmt *st = conn_stmt(c, id);
	int rc;

	if (st == NULL)
		return sqlite3_extended_errcode(c->db);
	sqlite3_bind_int64(st, 1, before);
	sqlite3_bind_int(st, 2, store_tuning.retention_rows);
	rc = sqlite3_step(st);
	sqlite3_reset(st);
	if (rc != SQLITE_DONE)
		return rc;
	*ret_more |= sqlite3_changes(c->db) >= store_tuning.retention_rows;
	return SQLITE_OK;
}

int
store_age(struct conn *c, unsigned days, int64_t now_unix_ms, bool *ret_more)
{
	int64_t before = now_unix_ms - (int64_t)days * 24 * 3600 * 1000;
	int rc = SQLITE_OK;

	*ret_more = false;
	if (days == 0)
		return SQLITE_OK;
	for (size_t i = 0; i < ARRAY_LEN(ages) && rc == SQLITE_OK; i++)
		rc = age(c, ages[i], before, ret_more);
	if (rc == SQLITE_OK && *ret_more)
		rc = conn_run(c, STMT_VACUUM);
	return rc;
}
