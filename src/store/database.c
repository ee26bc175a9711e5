/* SPDX-License-Identifier: ISC */
/*
 * From a path to a connection that can be written.  First everything is read that tells whose file it is and whether it is
 * sound; only then is it touched.
 *
 *   empty                              -> ours, made now
 *   our application id, version <= ours -> checked, migrated
 *   our application id, higher version -> refused: an older program must not guess
 *   another program's database         -> refused: it is not ours to move
 *   corrupt, or no database at all     -> corrupt: the caller moves it aside
 */
#include <stdlib.h>
#include <string.h>

#include "store_int.h"

static enum db_state
failed(sqlite3 *db, int rc, const char *path, struct err *err)
{
	const struct store_trouble *t = store_trouble_find(rc);

	err_set(err, "%s: %s (%s)", path, t->corrupt ? "the file is damaged" : t->words,
	    db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
	return t->corrupt ? DB_CORRUPT : DB_REFUSED;
}

static enum db_state
whose(sqlite3 *db, const char *path, int64_t *ret_version, bool *ret_empty, struct err *err)
{
	const int64_t newest = store_migrations[store_n_migrations - 1].version;
	int64_t id = 0, version = 0, tables = 0;
	int rc;

	if ((rc = conn_int(db, "PRAGMA application_id", &id)) != SQLITE_OK ||
	    (rc = conn_int(db, "PRAGMA user_version", &version)) != SQLITE_OK ||
	    (rc = conn_int(db, "SELECT count(*) FROM sqlite_schema", &tables)) != SQLITE_OK)
		return failed(db, rc, path, err);
	*ret_version = version;
	*ret_empty = id == 0 && version == 0 && tables == 0;
	if (*ret_empty)
		return DB_OK;
	if (id != STORE_APPLICATION_ID) {
		err_set(err, "%s: is the database of another program (application id %lld)", path, (long long)id);
		return DB_REFUSED;
	}
	if (version > newest) {
		err_set(err, "%s: was written by a newer m365dnsd (version %lld of the schema, this one knows %lld)", path,
		    (long long)version, (long long)newest);
		return DB_REFUSED;
	}
	/* The two are set in one transaction. */
	if (version < 1) {
		err_set(err, "%s: the file is damaged (version %lld)", path, (long long)version);
		return DB_CORRUPT;
	}
	return DB_OK;
}

/* SQLITE_OK, SQLITE_CORRUPT with words, or why the check could not be made. */
static int
check_once(sqlite3 *db, bool full, struct err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, full ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)", -1, &st, NULL);
	const char *words = NULL, *code;

	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		words = conn_text(st, 0);
	if (rc == SQLITE_ROW)
		rc = words != NULL && strcmp(words, "ok") == 0 ? SQLITE_OK : SQLITE_CORRUPT;
	if (rc == SQLITE_CORRUPT && words != NULL && (code = strstr(words, "error code=")) != NULL)
		rc = (int)strtol(code + strlen("error code="), NULL, 10);
	if (rc != SQLITE_OK)
		err_set(err, "%s", words != NULL ? words : sqlite3_errmsg(db));
	sqlite3_finalize(st);
	return rc;
}

/* Read a file from end to end, past SQLite's own judgement of it. */
static int
read_all(sqlite3 *db, int which)
{
	char block[65536];
	sqlite3_file *f = NULL;
	sqlite3_int64 size = 0;
	int rc = SQLITE_OK;

	if (sqlite3_file_control(db, "main", which, &f) != SQLITE_OK || f == NULL || f->pMethods == NULL)
		return SQLITE_OK;
	rc = f->pMethods->xFileSize(f, &size);
	for (sqlite3_int64 at = 0; at < size && rc == SQLITE_OK; at += (int)sizeof(block)) {
		rc = f->pMethods->xRead(f, block, (int)sizeof(block), at);
		if (rc == SQLITE_IOERR_SHORT_READ)
			rc = SQLITE_OK;
	}
	return rc;
}

/*
 * The check reports a page that it could not read as it reports a page that is wrong: as words.  A disk in trouble is no damage,
 * so what is found must be found twice, with every byte readable in between.
 */
int
store_check_pages(sqlite3 *db, bool full, struct err *err)
{
	int rc = check_once(db, full, err), rc_read;

	if ((rc & 0xff) != SQLITE_CORRUPT)
		return rc;
	rc_read = read_all(db, SQLITE_FCNTL_FILE_POINTER);
	if (rc_read == SQLITE_OK)
		rc_read = read_all(db, SQLITE_FCNTL_JOURNAL_POINTER);
	if (rc_read != SQLITE_OK) {
		err_set(err, "%s", sqlite3_errstr(rc_read));
		return rc_read;
	}
	return check_once(db, full, err);
}

static enum db_state
check_pages(sqlite3 *db, const char *path, bool full, struct err *err)
{
	struct err what;
	int rc = store_check_pages(db, full, &what);
	const struct store_trouble *t = store_trouble_find(rc);

	if (rc == SQLITE_OK)
		return DB_OK;
	err_set(err, "%s: %s (%.400s)", path, t->corrupt ? "the file is damaged" : t->words, what.msg);
	return t->corrupt ? DB_CORRUPT : DB_REFUSED;
}

/* Every statement compiles: the tables are those that the version promises. */
static enum db_state
check_tables(struct conn *c, const char *path, struct err *err)
{
	for (int i = 0; i < STMT_MAX; i++) {
		if (conn_stmt(c, (enum stmt)i) != NULL)
			continue;
		if (sqlite3_errcode(c->db) != SQLITE_ERROR)
			return failed(c->db, sqlite3_errcode(c->db), path, err);
		err_set(err, "%s: the file is damaged (%s)", path, sqlite3_errmsg(c->db));
		return DB_CORRUPT;
	}
	return DB_OK;
}

static enum db_state
use_wal(sqlite3 *db, const char *path, struct err *err)
{
	sqlite3_stmt *st = NULL;
	enum db_state state = DB_OK;
	int rc = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &st, NULL);
	const char *mode;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	mode = rc == SQLITE_ROW ? conn_text(st, 0) : NULL;
	if (mode == NULL) {
		state = failed(db, rc, path, err);
	} else if (strcmp(mode, "wal") != 0) {
		err_set(err, "%s: this file system cannot do write-ahead logging", path);
		state = DB_REFUSED;
	}
	sqlite3_finalize(st);
	return state;
}

enum db_state
store_db_open(struct conn *c, const char *path, bool check, bool full, struct err *err)
{
	enum db_state state;
	int64_t version = 0;
	bool empty = false, current;
	int rc = conn_open(c, path, CONN_WRITE);

	if (rc != SQLITE_OK)
		return failed(c->db, rc, path, err);
	if ((state = whose(c->db, path, &version, &empty, err)) != DB_OK)
		return state;
	current = version == store_migrations[store_n_migrations - 1].version;
	if (check && !empty && (state = check_pages(c->db, path, full, err)) != DB_OK)
		return state;
	if (current && (state = check_tables(c, path, err)) != DB_OK)
		return state;
	if (sqlite3_db_readonly(c->db, "main") == 1) {
		err_set(err, "%s: is read-only", path);
		return DB_REFUSED;
	}
	/* Only before the first table; on any other file it would be a write for nothing. */
	if (empty && (rc = sqlite3_exec(c->db, "PRAGMA auto_vacuum = INCREMENTAL", NULL, NULL, NULL)) != SQLITE_OK)
		return failed(c->db, rc, path, err);
	if ((state = use_wal(c->db, path, err)) != DB_OK)
		return state;
	if (store_migrate(c->db, path, store_migrations, store_n_migrations, err) == -1) {
		err_prefix(err, "%s: ", path);
		return store_trouble_find(sqlite3_errcode(c->db))->corrupt ? DB_CORRUPT : DB_REFUSED;
	}
	return check_tables(c, path, err);
}
