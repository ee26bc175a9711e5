/* SPDX-License-Identifier: ISC */
/*
 * The writer's thread: the only one that changes the file.
 *
 *   sleep until a batch is due -> room on the disk? -> take a batch -> commit -> tell -> checkpoint when the WAL is long
 *                                       |                   |
 *                                       +---- no -----------+--- failed: put it back, say why, try again in a second
 *
 * A transition is due at once unless one was committed in the last 200 ms; what can wait gathers for 200 ms.  In between, chores.
 * A failure needs no restart: what was read-only, locked or full is tried again as it is, after an I/O error with a new
 * connection, and a file that was removed or replaced under us is opened anew.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "store_int.h"

struct writer {
	struct store *s;
	bool stuck;
	bool reopen;
	bool ballast_given;		/* once, until there is room again */
	bool careful;			/* the disk was full: first what is precious, by itself */
	int wal_pages;
	int64_t next_space, next_checkpoint, next_retention;
	dev_t dev;
	ino_t ino;
};

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

/* ---- health ---- */

static void
well(struct writer *w, enum space space)
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

static void
trouble(struct writer *w, int rc)
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

/* ---- checkpoint, retention ---- */

static int
checkpoint(struct writer *w, int mode)
{
	int in_log = 0, moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(w->s->writer.db, NULL, mode, &in_log, &moved);

	/* Busy: somebody reads an old state of it.  The next one will get further. */
	if (rc == SQLITE_OK && in_log == moved)
		w->wal_pages = 0;
	return (rc & 0xff) == SQLITE_BUSY ? SQLITE_OK : rc;
}

/* PASSIVE waits for nobody; a WAL over its bound is worth waiting for the readers. */
static void
checkpoint_if_long(struct writer *w)
{
	int rc;

	if (w->wal_pages < store_tuning.wal_pages)
		return;
	rc = checkpoint(w, w->wal_pages > 2 * store_tuning.wal_pages ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
	if (rc != SQLITE_OK)
		trouble(w, rc);
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
		checkpoint(w, SQLITE_CHECKPOINT_TRUNCATE);
}

/* ---- a batch ---- */

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
		sqlite3_wal_hook(s->writer.db, on_wal, w);
		look_at_file(w);
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

/* Sizes for whoever looks at the statistics. */
static void
measure(struct store *s, struct store_stats *ret)
{
	char *wal = store_beside(s->path, "-wal");
	struct stat st;

	ret->db_bytes = stat(s->path, &st) == 0 ? (int64_t)st.st_size : 0;
	ret->wal_bytes = stat(wal, &st) == 0 ? (int64_t)st.st_size : 0;
	free(wal);
}

static void
committed(struct store *s, struct row_list *rows, uint64_t left_out, uint64_t took_us)
{
	struct store_stats sizes;
	uint64_t last_id = 0;

	for (const struct row *r = rows->head; r != NULL; r = r->next)
		if (r->id > last_id)
			last_id = r->id;
	measure(s, &sizes);
	pthread_mutex_lock(&s->lock);
	queue_settle(&s->queue);
	s->queue.dropped += left_out;
	s->queue.lost += left_out;
	/* A batch has all that a mark stands for, or it is not there yet. */
	if (s->taken_mark > s->kept_mark) {
		s->kept_mark = s->taken_mark;
		store_notify(s);
	}
	store_keep_marks(s);
	s->stats.commits++;
	s->stats.rows += rows->n - left_out;
	s->stats.db_bytes = sizes.db_bytes;
	s->stats.wal_bytes = sizes.wal_bytes;
	s->stats.last_commit_us = took_us;
	if (took_us > s->stats.worst_commit_us)
		s->stats.worst_commit_us = took_us;
	if (last_id > s->committed_id) {
		s->committed_id = last_id;
		store_notify(s);
	}
	pthread_mutex_unlock(&s->lock);
	row_list_free(rows);
}

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Under lock. */
static void
nap(struct store *s, int64_t until)
{
	struct timespec ts = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };

	s->sleeping_until = until;
	pthread_cond_timedwait(&s->wake_writer, &s->lock, &ts);
	s->sleeping_until = 0;
}

#define SNAPSHOTS_MIN 65536

/*
 * How many bytes of snapshots may be written, so that there is room to move them from the WAL to the database afterwards: a disk
 * full of WAL could not even be emptied.
 */
static size_t
budget(struct writer *w, enum space space, int64_t room)
{
	int64_t left;

	if (space == SPACE_LOW)
		return 0;
	if (room / 4 < (int64_t)store_tuning.batch_bytes && w->wal_pages > 0) {
		checkpoint(w, SQLITE_CHECKPOINT_TRUNCATE);
		store_space(w->s->path, &room);
	}
	left = room / 2 - (int64_t)w->wal_pages * 4096;
	if (left < SNAPSHOTS_MIN)
		return 0;
	return left < (int64_t)store_tuning.batch_bytes ? (size_t)left : store_tuning.batch_bytes;
}

/* With little room only what is precious; after a full disk that first, and then what else there is. */
static void
take(struct writer *w, size_t snapshots, struct row_list *ret)
{
	struct store *s = w->s;
	bool few;

	pthread_mutex_lock(&s->lock);
	/* A turn was begun since we looked: half of it would be a transition without its snapshot. */
	while (s->queue.open > 0 && s->close_by == 0)
		nap(s, store_now_ms() + 1000);
	few = snapshots == 0 || (w->careful && queue_has(&s->queue, RANK_DONE));
	s->last_commit = store_now_ms();
	queue_take(&s->queue, few ? RANK_DONE : RANK_SNAPSHOT, snapshots, ret);
	s->taken_mark = s->mark;
	if (ret->n == 0) {
		s->hold_until = s->last_commit + store_tuning.retry_ms;
		s->gave_up = s->close_by != 0;
		store_keep_marks(s);
	}
	pthread_mutex_unlock(&s->lock);
	w->careful = false;
}

/* Is there room, and a file to write to?  False: said why. */
static bool
ready(struct writer *w, enum space *ret_space, int64_t *ret_room)
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

static void
write_batch(struct writer *w)
{
	struct store *s = w->s;
	struct row_list rows;
	uint64_t left_out = 0, began;
	size_t snapshots;
	enum space space;
	int64_t room;
	int rc;

	if (!ready(w, &space, &room))
		return;
	snapshots = budget(w, space, room);
	take(w, snapshots, &rows);
	began = now_us();
	rc = rows.n > 0 ? store_commit_rows(&s->writer, &rows, &left_out) : SQLITE_OK;
	if (rc != SQLITE_OK) {
		pthread_mutex_lock(&s->lock);
		queue_put_back(&s->queue, &rows);
		store_keep_marks(s);
		pthread_mutex_unlock(&s->lock);
		trouble(w, rc);
		return;
	}
	if (rows.n > 0)
		committed(s, &rows, left_out, now_us() - began);
	well(w, snapshots == 0 ? SPACE_LOW : space);
	checkpoint_if_long(w);
}

/* ---- chores, when no batch is due ---- */

/* Would a write go through?  It begins with the lock and ends with the disk. */
static int
probe(struct writer *w)
{
	int rc = conn_run(&w->s->writer, STMT_BEGIN);

	if (rc == SQLITE_OK)
		rc = conn_run(&w->s->writer, STMT_ROLLBACK);
	return rc == SQLITE_OK ? checkpoint(w, SQLITE_CHECKPOINT_PASSIVE) : rc;
}

static bool
something_waits(struct store *s)
{
	bool waits;

	pthread_mutex_lock(&s->lock);
	waits = queue_has(&s->queue, RANK_SNAPSHOT);
	pthread_mutex_unlock(&s->lock);
	return waits;
}

/* Without anything to write too: has the room gone, or come back? */
static void
chore_space(struct writer *w, int64_t now)
{
	enum space space;
	int64_t room;
	int rc;

	w->next_space = now + store_tuning.retry_ms;
	if (w->stuck && something_waits(w->s))
		return;		/* the next batch will tell */
	if (!ready(w, &space, &room))
		return;
	rc = w->stuck ? probe(w) : SQLITE_OK;
	if (rc == SQLITE_OK)
		well(w, budget(w, space, room) == 0 ? SPACE_LOW : space);
	else
		trouble(w, rc);
}

static void
chore_checkpoint(struct writer *w, int64_t now)
{
	int rc;

	w->next_checkpoint = now + store_tuning.checkpoint_ms;
	if (w->stuck || w->wal_pages == 0)
		return;
	if ((rc = checkpoint(w, SQLITE_CHECKPOINT_PASSIVE)) != SQLITE_OK)
		trouble(w, rc);
}

static void
chore_retention(struct writer *w, int64_t now)
{
	bool more = false;
	int rc;

	w->next_retention = now + store_tuning.retention_ms;
	if (w->stuck)
		return;
	rc = store_age(&w->s->writer, atomic_load(&w->s->history_days), clock_system.unix_ms(&clock_system), &more);
	if (rc != SQLITE_OK) {
		trouble(w, rc);
		return;
	}
	if (more)
		w->next_retention = now + store_tuning.pace_ms;
	if (!w->ballast_given)
		store_ballast_make(w->s->path);
	checkpoint_if_long(w);
}

static void
chores(struct writer *w, int64_t now)
{
	if (now >= w->next_space)
		chore_space(w, now);
	if (now >= w->next_checkpoint)
		chore_checkpoint(w, now);
	if (now >= w->next_retention)
		chore_retention(w, now);
}

/* ---- the thread ---- */

int64_t
store_due(const struct store *s, int64_t now)
{
	const struct queue *q = &s->queue;
	int64_t soon = s->last_commit + store_tuning.pace_ms, gathered;

	if (s->close_by != 0)
		return now;
	if (q->open > 0 || !queue_has(q, RANK_SNAPSHOT))
		return INT64_MAX;
	if (s->hold_until > soon)
		soon = s->hold_until;
	if (queue_has(q, RANK_DONE))
		return soon;
	gathered = queue_oldest(q) + store_tuning.pace_ms;
	return gathered > soon ? gathered : soon;
}

static bool
is_finished(const struct store *s, int64_t now)
{
	return s->close_by != 0 && (queue_count(&s->queue) == 0 || s->gave_up || now >= s->close_by);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A last checkpoint leaves one file.  Not after a failure: what is in the WAL is read at the next start. */
static void
farewell(struct writer *w)
{
	struct conn *c = &w->s->writer;

	if (c->db != NULL && !w->stuck && checkpoint(w, SQLITE_CHECKPOINT_TRUNCATE) == SQLITE_OK)
		sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	conn_close(c);
}

void *
store_writer_main(void *arg)
{
	struct store *s = arg;
	int64_t now = store_now_ms(), due, chore;
	struct writer w = {
		.s = s,
		.next_space = now + store_tuning.retry_ms,
		.next_checkpoint = now + store_tuning.checkpoint_ms,
		.next_retention = now + store_tuning.retention_ms / 6,
	};

	sqlite3_wal_hook(s->writer.db, on_wal, &w);
	look_at_file(&w);
	pthread_mutex_lock(&s->lock);
	while (!is_finished(s, now = store_now_ms())) {
		atomic_fetch_add(&s->heartbeat, 1);
		due = store_due(s, now);
		chore = earlier(w.next_space, earlier(w.next_checkpoint, w.next_retention));
		if (due > now && chore > now) {
			nap(s, earlier(earlier(due, chore), now + 1000));
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		if (due <= now)
			write_batch(&w);
		else
			chores(&w, now);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	farewell(&w);
	pthread_mutex_lock(&s->lock);
	s->writer_gone = true;
	pthread_cond_broadcast(&s->gone);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}
