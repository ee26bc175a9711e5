/* SPDX-License-Identifier: ISC */
/* A batch of rows as one transaction. */
#include "store_int.h"

static int
bind_value(sqlite3_stmt *st, int at, const struct value *v)
{
	switch (v->type) {
	case VALUE_INT:
		return sqlite3_bind_int64(st, at, v->i);
	case VALUE_TEXT:
		return sqlite3_bind_text64(st, at, v->p, v->n, SQLITE_STATIC, SQLITE_UTF8);
	case VALUE_BLOB:
		return sqlite3_bind_blob64(st, at, v->p, v->n, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(st, at);
	}
}

static int
commit_row(struct conn *c, const struct row *r)
{
	sqlite3_stmt *st = conn_stmt(c, r->stmt);
	int rc = SQLITE_OK;

	if (st == NULL)
		return sqlite3_extended_errcode(c->db);
	for (size_t i = 0; i < r->n && rc == SQLITE_OK; i++)
		rc = bind_value(st, (int)i + 1, &r->v[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int
store_commit_rows(struct conn *c, const struct row_list *rows, uint64_t *left_out)
{
	int rc = conn_run(c, STMT_BEGIN);

	*left_out = 0;
	if (rc != SQLITE_OK)
		return rc;
	for (const struct row *r = rows->head; r != NULL && rc == SQLITE_OK; r = r->next) {
		rc = commit_row(c, r);
		if (rc != SQLITE_OK && store_trouble_find(rc)->poison) {
			++*left_out;
			rc = SQLITE_OK;
		}
	}
	if (rc == SQLITE_OK)
		rc = conn_run(c, STMT_COMMIT);
	/* Some errors have rolled back already. */
	if (rc != SQLITE_OK && sqlite3_get_autocommit(c->db) == 0)
		conn_run(c, STMT_ROLLBACK);
	return rc;
}
