/* SPDX-License-Identifier: ISC */
/*
 * The store as a whole: lock, open (moving a corrupt file aside), threads, news for the loop, close.
 *
 * The lock file stays for good: removing it would let two hold "the" lock, each on a file of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store_int.h"

/* ---- the lock ---- */

static void
held_by(int fd, const char *path, struct err *err)
{
	char pid[32] = "";
	ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	err_set(err, "%s: is in use by process %s", path, pid[0] != '\0' ? pid : "(not known)");
}

/* The lock is the first file beside the database: when it cannot be made it is mostly the directory that is to blame. */
static void
not_opened(const char *path, const char *name, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? xstrdup(".") : xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	int why = errno;

	if (why == ENOENT || why == ENOTDIR)
		err_set(err, "%s: there is no such directory for the database: make it, for the daemon's user to write in, or set "
		    "\"database\"", dir);
	else if (access(dir, W_OK | X_OK) == -1)
		err_set(err, "%s: cannot write in the directory of the database: %s (give it to the daemon's user, or set "
		    "\"database\")", dir, strerror(errno));
	else
		err_set(err, "cannot open %s: %s", name, strerror(why));
	free(dir);
}

/* The descriptor that holds it, or -1. */
static int
lock_take(const char *path, struct err *err)
{
	char *name = store_beside(path, ".lock"), pid[32];
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd == -1) {
		not_opened(path, name, err);
	} else if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK)
			held_by(fd, path, err);
		else
			err_set(err, "cannot lock %s: %s", name, strerror(errno));
		close(fd);
		fd = -1;
	} else {
		/* For people only: a full disk must not keep us from starting. */
		int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());

		if (ftruncate(fd, 0) == -1 || pwrite(fd, pid, (size_t)n, 0) == -1)
			errno = 0;
	}
	free(name);
	return fd;
}

/* ---- opening ---- */

static int
move_aside(struct store *s, const char *why, struct err *err)
{
	char *aside;

	if (store_quarantine(s->path, &aside, err) == -1)
		return -1;
	s->quarantined = xasprintf("%s; it was moved to %s (try: sqlite3 FILE .recover), a fresh one was begun", why, aside);
	free(aside);
	store_marker_clear(s->path);
	return 0;
}

static bool
is_large(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size >= store_tuning.check_bytes;
}

static int
open_database(struct store *s, bool *ret_check_later, struct err *err)
{
	bool marked = store_marker_is_set(s->path);
	enum db_state state;

	*ret_check_later = is_large(s->path) && !marked;
	if (store_is_orphan_wal(s->path) && move_aside(s, "the write-ahead log was there without its database", err) == -1)
		return -1;
	state = store_db_open(&s->writer, s->path, !*ret_check_later, marked, err);
	/* On a full disk not even the shared memory can be made. */
	if (state == DB_REFUSED && store_ballast_drop(s->path)) {
		conn_close(&s->writer);
		state = store_db_open(&s->writer, s->path, !*ret_check_later, marked, err);
	}
	if (state == DB_CORRUPT) {
		struct err why = *err;

		conn_close(&s->writer);
		if (move_aside(s, why.msg, err) == -1)
			return -1;
		state = store_db_open(&s->writer, s->path, false, false, err);
	}
	if (state == DB_OK && marked)
		store_marker_clear(s->path);
	return state == DB_OK ? 0 : -1;
}

/*
 * An id given twice would be a row lost, so not knowing the last one is no way to begin.  After a quarantine ids begin beyond all
 * that were ever given (fewer than a thousand a second): receivers drop doubles.
 */
static int
learn(struct store *s, struct err *err)
{
	int64_t last = 0, empty = 0;
	int rc = conn_int(s->writer.db, store_statements[STMT_LAST_ID], &last);

	if (rc == SQLITE_OK)
		rc = conn_int(s->writer.db, store_statements[STMT_IS_EMPTY], &empty);
	if (rc != SQLITE_OK) {
		err_set(err, "%s: %s (%s)", s->path, store_trouble_find(rc)->words, sqlite3_errmsg(s->writer.db));
		return -1;
	}
	s->next_id = (uint64_t)last + 1;
	s->fresh = empty != 0;
	if (s->quarantined != NULL && s->fresh)
		s->next_id = (uint64_t)clock_system.unix_ms(&clock_system);
	s->committed_id = s->told_id = s->next_id - 1;
	store_set_health(s, s->quarantined != NULL ? STORE_QUARANTINED : STORE_OK, s->quarantined != NULL ? s->quarantined : "");
	return 0;
}

static void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	conn_close(&s->writer);
	store_reader_free(s);
	queue_done(&s->queue);
	if (s->lock_fd != -1)
		close(s->lock_fd);
	if (s->event_fd != -1)
		close(s->event_fd);
	pthread_cond_destroy(&s->wake_writer);
	pthread_cond_destroy(&s->wake_reader);
	pthread_cond_destroy(&s->gone);
	pthread_mutex_destroy(&s->lock);
	free(s->quarantined);
	free(s->path);
	free(s);
}

static struct store *
store_new(const struct store_config *cfg)
{
	struct store *s = xcalloc(1, sizeof(*s));
	pthread_condattr_t monotonic;

	s->cfg = *cfg;
	s->path = xstrdup(cfg->path);
	s->cfg.path = s->path;
	atomic_store(&s->history_days, cfg->history_days);
	s->lock_fd = s->event_fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake_writer, &monotonic);
	pthread_cond_init(&s->wake_reader, &monotonic);
	pthread_cond_init(&s->gone, &monotonic);
	pthread_condattr_destroy(&monotonic);
	queue_init(&s->queue, cfg->queue_max);
	s->writer.heartbeat = &s->heartbeat;
	return s;
}

/* Signals are for the loop's thread. */
static int
start_threads(struct store *s, struct err *err)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&s->writer_thread, NULL, store_writer_main, s);
	if (rc == 0 && (rc = pthread_create(&s->reader_thread, NULL, store_reader_main, s)) != 0) {
		pthread_mutex_lock(&s->lock);
		s->close_by = 1;
		pthread_cond_signal(&s->wake_writer);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->writer_thread, NULL);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		err_set(err, "cannot start a thread for the database: %s", strerror(rc));
	return rc == 0 ? 0 : -1;
}

struct store *
store_open(const struct store_config *cfg, struct err *err)
{
	struct store *s = store_new(cfg);
	bool check_later = false;

	if ((s->lock_fd = lock_take(s->path, err)) == -1 || open_database(s, &check_later, err) == -1 || learn(s, err) == -1)
		goto fail;
	store_ballast_make(s->path);
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->event_fd == -1) {
		err_set(err, "cannot make an eventfd: %s", strerror(errno));
		goto fail;
	}
	if (s->quarantined != NULL)
		store_notify(s);
	if (start_threads(s, err) == -1)
		goto fail;
	if (check_later)
		store_reader_check(s);
	return s;
fail:
	store_free(s);
	return NULL;
}

bool
store_is_fresh(const struct store *s)
{
	return s->fresh;
}

/* ---- closing ---- */

static bool
wait_gone(struct store *s, const bool *gone, int64_t until)
{
	struct timespec ts = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };

	while (!*gone && pthread_cond_timedwait(&s->gone, &s->lock, &ts) == 0)
		;
	return *gone;
}

void
store_close(struct store *s, int64_t max_ms)
{
	int64_t until = store_now_ms() + (max_ms > 1 ? max_ms : 1);
	bool reader, writer = false;

	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->stopping, true);
	pthread_cond_signal(&s->wake_reader);
	reader = wait_gone(s, &s->reader_gone, until);
	s->close_by = until;
	pthread_cond_signal(&s->wake_writer);
	/* A little longer: at the end of its time it still has to close the file. */
	writer = wait_gone(s, &s->writer_gone, until + 100);
	pthread_mutex_unlock(&s->lock);
	if (!reader || !writer) {
		pthread_detach(s->reader_thread);
		pthread_detach(s->writer_thread);
		store_dispatch(s);
		return;		/* a thread hangs in the disk and still uses s */
	}
	pthread_join(s->reader_thread, NULL);
	pthread_join(s->writer_thread, NULL);
	store_reader_free(s);
	store_dispatch(s);
	store_free(s);
}

/* ---- news ---- */

void
store_notify(struct store *s)
{
	if (s->event_fd != -1)
		eventfd_write(s->event_fd, 1);
}

void
store_set_health(struct store *s, enum store_health health, const char *problem)
{
	if (s->stats.health == health && strncmp(s->stats.problem, problem, sizeof(s->stats.problem) - 1) == 0)
		return;
	s->stats.health = health;
	snprintf(s->stats.problem, sizeof(s->stats.problem), "%s", problem);
	store_notify(s);
}

int
store_fd(const struct store *s)
{
	return s->event_fd;
}

void
store_on_committed(struct store *s, store_committed *f, void *ctx)
{
	s->on_committed = f;
	s->committed_ctx = ctx;
}

void
store_on_health(struct store *s, store_health_changed *f, void *ctx)
{
	s->on_health = f;
	s->health_ctx = ctx;
}

void
store_on_kept(struct store *s, store_kept *f, void *ctx)
{
	s->on_kept = f;
	s->kept_ctx = ctx;
}

void
store_set_history_days(struct store *s, unsigned days)
{
	atomic_store(&s->history_days, days);
}

uint64_t
store_told_id(const struct store *s)
{
	return s->told_id;
}

static void
tell_health(struct store *s, const struct store_stats *now)
{
	if (now->health == s->told_health && strcmp(now->problem, s->told_problem) == 0)
		return;
	s->told_health = now->health;
	snprintf(s->told_problem, sizeof(s->told_problem), "%s", now->problem);
	if (s->on_health != NULL)
		s->on_health(s->health_ctx, s->told_health, s->told_problem);
}

void
store_dispatch(struct store *s)
{
	struct store_stats now;
	eventfd_t events;
	uint64_t up_to, mark, lost;

	eventfd_read(s->event_fd, &events);
	pthread_mutex_lock(&s->lock);
	up_to = s->committed_id;
	mark = s->kept_mark;
	lost = s->queue.lost;
	now = s->stats;
	pthread_mutex_unlock(&s->lock);
	if (mark > s->told_mark) {
		bool some_lost = lost > s->told_lost;

		s->told_mark = mark;
		s->told_lost = lost;
		if (s->on_kept != NULL)
			s->on_kept(s->kept_ctx, mark, some_lost);
	}
	if (up_to > s->told_id) {
		s->told_id = up_to;
		if (s->on_committed != NULL)
			s->on_committed(s->committed_ctx, up_to);
	}
	tell_health(s, &now);
	store_reader_dispatch(s);
}

void
store_get_stats(struct store *s, struct store_stats *ret)
{
	int64_t oldest;

	pthread_mutex_lock(&s->lock);
	*ret = s->stats;
	ret->queued = queue_count(&s->queue);
	ret->dropped = s->queue.dropped;
	oldest = queue_oldest(&s->queue);
	pthread_mutex_unlock(&s->lock);
	ret->heartbeat = atomic_load(&s->heartbeat);
	ret->oldest_queued_ms = oldest != 0 ? store_now_ms() - oldest : 0;
}
