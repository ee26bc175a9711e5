/* SPDX-License-Identifier: ISC */
/* What was known when the program ended. */
#include <string.h>

#include "store_int.h"

int
store_read_conn(struct store *s, struct conn *c, struct err *err)
{
	int rc;

	memset(c, 0, sizeof(*c));
	rc = conn_open(c, s->path, CONN_READ);
	if (rc == SQLITE_OK)
		return 0;
	err_set(err, "%s: %s (%s)", s->path, store_trouble_find(rc)->words, sqlite3_errstr(rc));
	conn_close(c);
	return -1;
}

static bool
domain_read(sqlite3_stmt *st, struct store_domain *ret)
{
	*ret = (struct store_domain) {
		.name = conn_text(st, 0),
		.revision = (uint64_t)sqlite3_column_int64(st, 1),
		.snapshot = sqlite3_column_blob(st, 2),
		.snapshot_len = (size_t)sqlite3_column_bytes(st, 2),
		.conf_text = conn_text(st, 3),
	};
	return ret->name != NULL;
}

int
store_load(struct store *s, void (*each)(void *ctx, const struct store_domain *d), void *ctx, struct err *err)
{
	struct store_domain d;
	struct conn c;
	sqlite3_stmt *st;
	int rc;

	if (store_read_conn(s, &c, err) == -1)
		return -1;
	st = conn_stmt(&c, STMT_LOAD_DOMAINS);
	rc = st != NULL ? SQLITE_OK : sqlite3_errcode(c.db);
	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (domain_read(st, &d))
			each(ctx, &d);
		rc = SQLITE_OK;
	}
	if (rc != SQLITE_DONE)
		err_set(err, "%s: %s (%s)", s->path, store_trouble_find(rc)->words, sqlite3_errmsg(c.db));
	conn_close(&c);
	return rc == SQLITE_DONE ? 0 : -1;
}
