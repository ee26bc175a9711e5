/* SPDX-License-Identifier: ISC */
/*
 * Statements and migrations.  To change the schema, add a migration: released ones are never edited.
 *
 * Words (event, basis) are stored as words, so that an enum may be sorted anew.  Times are Unix milliseconds.  AUTOINCREMENT, so
 * that an id is not given twice when retention has removed the newest row: receivers drop doubles by it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_int.h"

const struct store_migration store_migrations[] = {
	{ 1,
	  "CREATE TABLE domain ("
	  " id INTEGER PRIMARY KEY,"
	  " name TEXT NOT NULL UNIQUE,"
	  " revision INTEGER NOT NULL,"
	  " snapshot BLOB,"
	  " conf TEXT"
	  ") STRICT;"
	  "CREATE TABLE transition ("
	  " id INTEGER PRIMARY KEY AUTOINCREMENT,"
	  " at INTEGER NOT NULL,"
	  " revision INTEGER NOT NULL,"
	  " domain TEXT NOT NULL,"
	  " record TEXT,"
	  " source TEXT,"
	  " was TEXT NOT NULL,"
	  " became TEXT NOT NULL,"
	  " event TEXT NOT NULL,"
	  " detail TEXT"
	  ") STRICT;"
	  "CREATE INDEX transition_domain ON transition (domain, id);"
	  "CREATE TABLE outbox ("
	  " transition_id INTEGER NOT NULL REFERENCES transition (id),"
	  " notify TEXT NOT NULL,"
	  " queued INTEGER NOT NULL,"
	  " PRIMARY KEY (transition_id, notify)"
	  ") STRICT, WITHOUT ROWID;"
	  "CREATE TABLE prediction ("
	  " id INTEGER PRIMARY KEY,"
	  " domain TEXT NOT NULL,"
	  " record TEXT NOT NULL,"
	  " source TEXT NOT NULL,"
	  " predicted INTEGER NOT NULL,"
	  " eta INTEGER NOT NULL,"
	  " actual INTEGER NOT NULL,"
	  " basis TEXT NOT NULL"
	  ") STRICT;"
	  "CREATE INDEX prediction_domain ON prediction (domain);" },
	{ 2,	/* one row for what one look has found at an operator: records is a JSON array */
	  "CREATE TABLE seen ("
	  " id INTEGER PRIMARY KEY,"
	  " domain TEXT NOT NULL,"
	  " source TEXT NOT NULL,"
	  " at INTEGER NOT NULL,"
	  " records TEXT NOT NULL"
	  ") STRICT;"
	  "CREATE INDEX seen_domain ON seen (domain);" },
};
const size_t store_n_migrations = ARRAY_LEN(store_migrations);

#define TRANSITION_COLUMNS "t.id, t.revision, t.at, t.domain, t.record, t.source, t.was, t.became, t.event, t.detail"

const char *const store_statements[STMT_MAX] = {
	[STMT_BEGIN] = "BEGIN IMMEDIATE",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",

	[STMT_PUT_DOMAIN] = "INSERT INTO domain (name, revision, snapshot, conf) VALUES (?1, ?2, ?3, ?4)"
	    " ON CONFLICT (name) DO UPDATE SET revision = max(revision, excluded.revision),"
	    " snapshot = excluded.snapshot, conf = excluded.conf",
	[STMT_TOUCH_DOMAIN] = "INSERT INTO domain (name, revision) VALUES (?1, ?2)"
	    " ON CONFLICT (name) DO UPDATE SET revision = max(revision, excluded.revision)",
	[STMT_DEL_DOMAIN] = "DELETE FROM domain WHERE name = ?1",

	[STMT_PUT_TRANSITION] = "INSERT INTO transition (id, revision, at, domain, record, source, was, became, event, detail)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[STMT_PUT_OUTBOX] = "INSERT OR IGNORE INTO outbox (transition_id, notify, queued) VALUES (?1, ?2, ?3)",
	[STMT_DEL_OUTBOX] = "DELETE FROM outbox WHERE transition_id = ?1 AND notify = ?2",
	[STMT_PUT_PREDICTION] = "INSERT INTO prediction (domain, record, source, predicted, eta, actual, basis)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",

	[STMT_PUT_SEEN] = "INSERT INTO seen (domain, source, at, records) VALUES (?1, ?2, ?3, ?4)",

	[STMT_LOAD_DOMAINS] = "SELECT name, revision, snapshot, conf FROM domain",
	[STMT_LOAD_OUTBOX] = "SELECT o.notify, o.queued, " TRANSITION_COLUMNS
	    " FROM outbox o JOIN transition t ON t.id = o.transition_id ORDER BY o.transition_id, o.notify",

	[STMT_HISTORY] = "SELECT " TRANSITION_COLUMNS " FROM transition t WHERE t.domain = ?1 AND t.id < ?2"
	    " ORDER BY t.id DESC LIMIT ?3",
	[STMT_SINCE] = "SELECT " TRANSITION_COLUMNS " FROM transition t WHERE t.domain = ?1 AND t.id > ?2 AND t.revision > ?4"
	    " ORDER BY t.id LIMIT ?3",
	[STMT_SINCE_OF_ALL] = "SELECT " TRANSITION_COLUMNS " FROM transition t WHERE t.id > ?2 ORDER BY t.id LIMIT ?3",
	[STMT_SPREAD] = "WITH pub AS (SELECT record, max(at) AS at FROM transition"
	    "  WHERE domain = ?1 AND source IS NULL AND record IS NOT NULL"
	    "  AND (became = 'published' OR (became = 'visible' AND was <> 'published')) GROUP BY record),"
	    " by AS (SELECT r.value AS record, s.source, s.at FROM seen s, json_each(s.records) r WHERE s.domain = ?1)"
	    " SELECT pub.record, by.source, pub.at, min(by.at) FROM pub JOIN by"
	    " ON by.record = pub.record AND by.at >= pub.at GROUP BY 1, 2 ORDER BY 1, 4, 2",

	[STMT_LAST_ID] = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'transition'",
	[STMT_IS_EMPTY] = "SELECT NOT EXISTS (SELECT 1 FROM domain) AND NOT EXISTS (SELECT 1 FROM transition)",

	/* Ids follow the time, so the oldest rows are the first ones: no index on the time, no scan. */
	[STMT_AGE_TRANSITIONS] = "DELETE FROM transition WHERE id IN"
	    " (SELECT id FROM (SELECT id, at FROM transition ORDER BY id LIMIT ?2) WHERE at < ?1)"
	    " AND NOT EXISTS (SELECT 1 FROM outbox WHERE transition_id = transition.id)",
	[STMT_AGE_PREDICTIONS] = "DELETE FROM prediction WHERE id IN"
	    " (SELECT id FROM (SELECT id, actual FROM prediction ORDER BY id LIMIT ?2) WHERE actual < ?1)",
	[STMT_AGE_SEEN] = "DELETE FROM seen WHERE id IN"
	    " (SELECT id FROM (SELECT id, at FROM seen ORDER BY id LIMIT ?2) WHERE at < ?1)",
	[STMT_VACUUM] = "PRAGMA incremental_vacuum(200)",
};

/* ---- migrations ---- */

/* All or nothing: killed at any point, the file has either version. */
static int
step(sqlite3 *db, const struct store_migration *m, struct err *err)
{
	char *sql = xasprintf("BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;", m->sql,
	    STORE_APPLICATION_ID, m->version);
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

	if (rc != SQLITE_OK) {
		err_set(err, "migration to version %d: %s (%s)", m->version, store_trouble_find(rc)->words, sqlite3_errmsg(db));
		if (sqlite3_get_autocommit(db) == 0)
			sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	}
	free(sql);
	return rc == SQLITE_OK ? 0 : -1;
}

int
store_migrate(sqlite3 *db, const char *path, const struct store_migration *steps, size_t n, struct err *err)
{
	int64_t version;
	bool kept = false;

	if (conn_int(db, "PRAGMA user_version", &version) != SQLITE_OK) {
		err_set(err, "%s", sqlite3_errmsg(db));
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (steps[i].version <= version)
			continue;
		if (version > 0 && !kept && store_copy_before(db, path, steps[i].version, err) == -1)
			return -1;
		kept = true;
		if (step(db, &steps[i], err) == -1)
			return -1;
	}
	return 0;
}
