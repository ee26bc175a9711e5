/* SPDX-License-Identifier: ISC */
/*
 * Transitions as they are read back, and those that somebody still has to hear of.  A row of the outbox is there as soon as its
 * transition is, and goes only when the receiver has confirmed: told at least once, with an id to drop doubles by.
 */
#include "store_int.h"

bool
store_transition_read(sqlite3_stmt *st, int col, struct store_transition *ret)
{
	const char *event = conn_text(st, col + 8);
	int id = EVENT_CHANGED;

	if (event != NULL)
		name_find(&event_names, event, &id);
	*ret = (struct store_transition) {
		.id = (uint64_t)sqlite3_column_int64(st, col),
		.t = {
			.revision = (uint64_t)sqlite3_column_int64(st, col + 1),
			.at_unix_ms = sqlite3_column_int64(st, col + 2),
			.domain = conn_text(st, col + 3),
			.record = conn_text(st, col + 4),
			.source = conn_text(st, col + 5),
			.from = conn_text(st, col + 6),
			.to = conn_text(st, col + 7),
			.event = (enum event)id,
			.detail = conn_text(st, col + 9),
		},
	};
	return ret->t.domain != NULL && ret->t.from != NULL && ret->t.to != NULL;
}

int
store_load_outbox(struct store *s, void (*each)(void *ctx, const struct store_outbox_row *row), void *ctx, struct err *err)
{
	struct store_outbox_row row;
	struct conn c;
	sqlite3_stmt *st;
	int rc;

	if (store_read_conn(s, &c, err) == -1)
		return -1;
	st = conn_stmt(&c, STMT_LOAD_OUTBOX);
	rc = st != NULL ? SQLITE_OK : sqlite3_errcode(c.db);
	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		row.notify = conn_text(st, 0);
		row.queued_unix_ms = sqlite3_column_int64(st, 1);
		if (row.notify != NULL && store_transition_read(st, 2, &row.transition))
			each(ctx, &row);
		rc = SQLITE_OK;
	}
	if (rc != SQLITE_DONE)
		err_set(err, "%s: %s (%s)", s->path, store_trouble_find(rc)->words, sqlite3_errmsg(c.db));
	conn_close(&c);
	return rc == SQLITE_DONE ? 0 : -1;
}
