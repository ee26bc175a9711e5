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
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "writer.h"

/* ---- a batch ---- */

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

	if (!writer_ready(w, &space, &room))
		return;
	snapshots = writer_budget(w, space, room);
	take(w, snapshots, &rows);
	began = now_us();
	rc = rows.n > 0 ? store_commit_rows(&s->writer, &rows, &left_out) : SQLITE_OK;
	if (rc != SQLITE_OK) {
		pthread_mutex_lock(&s->lock);
		queue_put_back(&s->queue, &rows);
		store_keep_marks(s);
		pthread_mutex_unlock(&s->lock);
		writer_trouble(w, rc);
		return;
	}
	if (rows.n > 0)
		committed(s, &rows, left_out, now_us() - began);
	writer_well(w, snapshots == 0 ? SPACE_LOW : space);
	writer_checkpoint_if_long(w);
}

/* ---- chores, when no batch is due ---- */

/* Would a write go through?  It begins with the lock and ends with the disk. */
static int
probe(struct writer *w)
{
	int rc = conn_run(&w->s->writer, STMT_BEGIN);

	if (rc == SQLITE_OK)
		rc = conn_run(&w->s->writer, STMT_ROLLBACK);
	return rc == SQLITE_OK ? writer_checkpoint(w, SQLITE_CHECKPOINT_PASSIVE) : rc;
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
	if (!writer_ready(w, &space, &room))
		return;
	rc = w->stuck ? probe(w) : SQLITE_OK;
	if (rc == SQLITE_OK)
		writer_well(w, writer_budget(w, space, room) == 0 ? SPACE_LOW : space);
	else
		writer_trouble(w, rc);
}

static void
chore_checkpoint(struct writer *w, int64_t now)
{
	int rc;

	w->next_checkpoint = now + store_tuning.checkpoint_ms;
	if (w->stuck || w->wal_pages == 0)
		return;
	if ((rc = writer_checkpoint(w, SQLITE_CHECKPOINT_PASSIVE)) != SQLITE_OK)
		writer_trouble(w, rc);
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
		writer_trouble(w, rc);
		return;
	}
	if (more)
		w->next_retention = now + store_tuning.pace_ms;
	if (!w->ballast_given)
		store_ballast_make(w->s->path);
	writer_checkpoint_if_long(w);
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

	if (c->db != NULL && !w->stuck && writer_checkpoint(w, SQLITE_CHECKPOINT_TRUNCATE) == SQLITE_OK)
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

	writer_watch(&w);
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
