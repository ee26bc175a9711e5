/* SPDX-License-Identifier: ISC */
/*
 * The file under the writer: is there room, may it be written, is it still the one that was opened?  And what that means for the
 * health that is told.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "writer.h"

static void
look_at_file(struct writer *w)
{
	struct stat st = { 0 };

	stat(w->s->path, &st);
	w->dev = st.st_dev;
	w->ino = st.st_ino;
}

static int
on_wal(void *ctx, sqlite3 *db, const char *name, int pages)
{
	(void)db;
	(void)name;
	((struct writer *)ctx)->wal_pages = pages;
	return SQLITE_OK;
}

void
writer_watch(struct writer *w)
{
	sqlite3_wal_hook(w->s->writer.db, on_wal, w);
	look_at_file(w);
}

/* ---- health ---- */

void
writer_well(struct writer *w, enum space space)
{
	struct store *s = w->s;
	char words[256];

	w->stuck = false;
	pthread_mutex_lock(&s->lock);
	if (space == SPACE_LOW) {
		snprintf(words, sizeof(words), "%s: little room on the disk: only transitions are written", s->path);
		store_set_health(s, STORE_LOW_SPACE, words);
	} else {
		store_set_health(s, s->quarantined != NULL ? STORE_QUARANTINED : STORE_OK,
		    s->damage[0] != '\0' ? s->damage : s->quarantined != NULL ? s->quarantined : "");
	}
	pthread_mutex_unlock(&s->lock);
}

static void
stuck(struct writer *w, const char *why, const char *detail)
{
	struct store *s = w->s;
	char words[256];

	snprintf(words, sizeof(words), "%.80s: %s: nothing is written, tried again every second (%.60s)", s->path, why, detail);
	w->stuck = true;
	pthread_mutex_lock(&s->lock);
	s->stats.failures++;
	s->hold_until = store_now_ms() + store_tuning.retry_ms;
	s->gave_up = s->close_by != 0;
	store_set_health(s, STORE_STUCK, words);
	pthread_mutex_unlock(&s->lock);
}

static void relieve(struct writer *w);

void
writer_trouble(struct writer *w, int rc)
{
	const struct store_trouble *t = store_trouble_find(rc);
	char detail[128];

	snprintf(detail, sizeof(detail), "%d: %s", rc, sqlite3_errstr(rc));
	w->reopen |= t->reopen;
	if (t->corrupt)
		store_marker_set(w->s->path);
	if ((rc & 0xff) == SQLITE_FULL) {
		relieve(w);
		w->careful = true;
	}
	stuck(w, t->words, detail);
}

/* ---- checkpoint, room ---- */

int
writer_checkpoint(struct writer *w, int mode)
{
	int in_log = 0, moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(w->s->writer.db, NULL, mode, &in_log, &moved);

	/* Busy: somebody reads an old state of it.  The next one will get further. */
	if (rc == SQLITE_OK && in_log == moved)
		w->wal_pages = 0;
	return (rc & 0xff) == SQLITE_BUSY ? SQLITE_OK : rc;
}

/* PASSIVE waits for nobody; a WAL over its bound is worth waiting for the readers. */
void
writer_checkpoint_if_long(struct writer *w)
{
	int rc;

	if (w->wal_pages < store_tuning.wal_pages)
		return;
	rc = writer_checkpoint(w, w->wal_pages > 2 * store_tuning.wal_pages ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
	if (rc != SQLITE_OK)
		writer_trouble(w, rc);
}

/*
 * The disk is full: give up the ballast, and use the room to make more.  Frames of a transaction that did not fit may fill the
 * disk by themselves; once all that was committed is in the database, they can go.
 */
static void
relieve(struct writer *w)
{
	bool more;

	if (!w->ballast_given && store_ballast_drop(w->s->path))
		store_age(&w->s->writer, atomic_load(&w->s->history_days), clock_system.unix_ms(&clock_system), &more);
	w->ballast_given = true;
	if (w->s->writer.db != NULL)
		writer_checkpoint(w, SQLITE_CHECKPOINT_TRUNCATE);
}

#define SNAPSHOTS_MIN 65536

/*
 * How many bytes of snapshots may be written, so that there is room to move them from the WAL to the database afterwards: a disk
 * full of WAL could not even be emptied.
 */
size_t
writer_budget(struct writer *w, enum space space, int64_t room)
{
	int64_t left;

	if (space == SPACE_LOW)
		return 0;
	if (room / 4 < (int64_t)store_tuning.batch_bytes && w->wal_pages > 0) {
		writer_checkpoint(w, SQLITE_CHECKPOINT_TRUNCATE);
		store_space(w->s->path, &room);
	}
	left = room / 2 - (int64_t)w->wal_pages * 4096;
	if (left < SNAPSHOTS_MIN)
		return 0;
	return left < (int64_t)store_tuning.batch_bytes ? (size_t)left : store_tuning.batch_bytes;
}

/* ---- the file ---- */

static bool
was_replaced(const struct writer *w)
{
	struct stat st;

	return stat(w->s->path, &st) == -1 ? errno == ENOENT : st.st_dev != w->dev || st.st_ino != w->ino;
}

/* A new connection, a new file if need be.  A WAL that was left without its database is kept aside. */
static bool
open_anew(struct writer *w)
{
	struct store *s = w->s;
	char *aside = NULL;
	struct err err;

	conn_close(&s->writer);
	if (store_is_orphan_wal(s->path) && store_quarantine(s->path, &aside, &err) == -1) {
		stuck(w, "the database was removed", err.msg);
		return false;
	}
	free(aside);
	switch (store_db_open(&s->writer, s->path, false, false, &err)) {
	case DB_OK:
		writer_watch(w);
		w->reopen = false;
		atomic_fetch_add(&s->generation, 1);
		return true;
	case DB_CORRUPT:
		store_marker_set(s->path);
		break;
	default:
		break;
	}
	conn_close(&s->writer);
	stuck(w, "cannot be opened", err.msg);
	w->reopen = true;
	return false;
}

/* Is there room, and a file to write to?  False: said why. */
bool
writer_ready(struct writer *w, enum space *ret_space, int64_t *ret_room)
{
	if ((w->reopen || was_replaced(w)) && !open_anew(w))
		return false;
	*ret_space = store_space(w->s->path, ret_room);
	if (*ret_space == SPACE_NONE) {
		relieve(w);
		*ret_space = store_space(w->s->path, ret_room);
	}
	if (*ret_space == SPACE_OK)
		w->ballast_given = false;
	if (*ret_space != SPACE_NONE)
		return true;
	stuck(w, "the disk is nearly full", "less than 16 MiB or 0.5 % free");
	return false;
}
