/* SPDX-License-Identifier: ISC */
/*
 * The reader's thread: questions about history, one after another, on a read-only connection.  No statement outlives its
 * question, so no old state of the file is held and the WAL can be emptied.
 */
#include <stdio.h>
#include <stdlib.h>

#include "store_int.h"

#define JOBS_MAX  1000
#define ROWS_MAX  10000

enum job_kind { JOB_HISTORY, JOB_SINCE, JOB_SINCE_OF_ALL, JOB_SPREAD, JOB_CHECK };

struct job {
	struct job *next;
	enum job_kind kind;
	void *ctx;
	bool forgotten;
	char *domain;
	int64_t id;			/* before it, or after */
	size_t limit;
	int64_t revision;		/* after it */
	store_history_done *history_done;
	store_spread_done *spread_done;

	struct arena *arena;		/* strings of the answer */
	struct store_transition *transitions;
	struct store_spread *spreads;
	size_t n, cap;
	char *error;
};

static void
job_free(struct job *j)
{
	if (j->arena != NULL)
		arena_free(j->arena);
	free(j->transitions);
	free(j->spreads);
	free(j->domain);
	free(j->error);
	free(j);
}

static void
push(struct job_list *l, struct job *j)
{
	j->next = NULL;
	*(l->head != NULL ? l->end : &l->head) = j;
	l->end = &j->next;
}

static struct job *
pop(struct job_list *l)
{
	struct job *j = l->head;

	if (j != NULL)
		l->head = j->next;
	return j;
}

/* ---- on the reader's thread ---- */

static const char *
copied(struct job *j, const char *s)
{
	return s != NULL ? arena_strdup(j->arena, s) : NULL;
}

static void
history_row(struct job *j, sqlite3_stmt *st)
{
	struct store_transition row;
	struct transition *t = &row.t;

	if (!store_transition_read(st, 0, &row))
		return;
	t->domain = copied(j, t->domain);
	t->record = copied(j, t->record);
	t->source = copied(j, t->source);
	t->from = copied(j, t->from);
	t->to = copied(j, t->to);
	t->detail = copied(j, t->detail);
	if (j->n == j->cap) {
		j->cap = j->cap == 0 ? 64 : j->cap * 2;
		j->transitions = xreallocarray(j->transitions, j->cap, sizeof(row));
	}
	j->transitions[j->n++] = row;
}

static void
spread_row(struct job *j, sqlite3_stmt *st)
{
	struct store_spread row = {
		.record = copied(j, conn_text(st, 0)),
		.source = copied(j, conn_text(st, 1)),
		.published_unix_ms = sqlite3_column_int64(st, 2),
		.visible_unix_ms = sqlite3_column_int64(st, 3),
	};

	if (row.record == NULL || row.source == NULL)
		return;
	if (j->n == j->cap) {
		j->cap = j->cap == 0 ? 64 : j->cap * 2;
		j->spreads = xreallocarray(j->spreads, j->cap, sizeof(row));
	}
	j->spreads[j->n++] = row;
}

static const struct {
	enum stmt stmt;
	int n_params;			/* domain, id, limit, revision */
	void (*row)(struct job *j, sqlite3_stmt *st);
} readings[] = {
	[JOB_HISTORY] = { STMT_HISTORY, 3, history_row },
	[JOB_SINCE] = { STMT_SINCE, 4, history_row },
	[JOB_SINCE_OF_ALL] = { STMT_SINCE_OF_ALL, 3, history_row },
	[JOB_SPREAD] = { STMT_SPREAD, 1, spread_row },
};

static int
read_rows(struct conn *c, struct job *j)
{
	sqlite3_stmt *st = conn_stmt(c, readings[j->kind].stmt);
	int rc;

	if (st == NULL)
		return sqlite3_errcode(c->db);
	j->arena = arena_new();
	if (j->kind != JOB_SINCE_OF_ALL)
		sqlite3_bind_text(st, 1, j->domain, -1, SQLITE_STATIC);
	if (readings[j->kind].n_params > 1) {
		sqlite3_bind_int64(st, 2, j->id);
		sqlite3_bind_int64(st, 3, (int64_t)j->limit);
	}
	if (readings[j->kind].n_params > 3)
		sqlite3_bind_int64(st, 4, j->revision);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && j->n < ROWS_MAX)
		readings[j->kind].row(j, st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* Damage is only noted: what to do about it is decided at the next start, with nothing else going on. */
static int
check_file(struct store *s, struct conn *c)
{
	struct err what;
	int rc = store_check_pages(c->db, false, &what);

	if (!store_trouble_find(rc)->corrupt)
		return rc;
	store_marker_set(s->path);
	pthread_mutex_lock(&s->lock);
	snprintf(s->damage, sizeof(s->damage), "a check found damage, the file will be moved aside at the next start (%.100s)",
	    what.msg);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static int
on_progress(void *ctx)
{
	struct store *s = ctx;

	return atomic_load(&s->stopping);
}

static int
job_run(struct store *s, struct conn *c, struct job *j)
{
	struct err err;
	int rc;

	if (c->db == NULL) {
		if (store_read_conn(s, c, &err) == -1) {
			j->error = xstrdup(err.msg);
			return SQLITE_OK;
		}
		sqlite3_progress_handler(c->db, 10000, on_progress, s);
	}
	rc = j->kind == JOB_CHECK ? check_file(s, c) : read_rows(c, j);
	if (rc != SQLITE_OK)
		j->error = xasprintf("%s (%s)", store_trouble_find(rc)->words, sqlite3_errstr(rc));
	return rc;
}

static struct job *
next_job(struct store *s)
{
	struct job *j;

	while (s->jobs.head == NULL && !atomic_load(&s->stopping))
		pthread_cond_wait(&s->wake_reader, &s->lock);
	if (atomic_load(&s->stopping))
		return NULL;
	j = pop(&s->jobs);
	s->n_jobs--;
	s->running = j;
	return j;
}

void *
store_reader_main(void *arg)
{
	struct store *s = arg;
	unsigned generation = 0, now;
	struct conn c = { 0 };
	struct job *j;
	int rc;

	pthread_mutex_lock(&s->lock);
	while ((j = next_job(s)) != NULL) {
		pthread_mutex_unlock(&s->lock);
		now = atomic_load(&s->generation);
		if (now != generation)
			conn_close(&c);
		generation = now;
		rc = job_run(s, &c, j);
		if (rc != SQLITE_OK)
			conn_close(&c);
		pthread_mutex_lock(&s->lock);
		s->running = NULL;
		if (j->forgotten || j->kind == JOB_CHECK) {
			job_free(j);
			continue;
		}
		push(&s->answers, j);
		store_notify(s);
	}
	pthread_mutex_unlock(&s->lock);
	conn_close(&c);
	pthread_mutex_lock(&s->lock);
	s->reader_gone = true;
	pthread_cond_broadcast(&s->gone);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- on the loop's thread ---- */

static struct job *
job_new(enum job_kind kind, const char *domain, void *ctx)
{
	struct job *j = xcalloc(1, sizeof(*j));

	j->kind = kind;
	j->ctx = ctx;
	j->domain = xstrdup(domain);
	return j;
}

static void
job_send(struct store *s, struct job *j)
{
	pthread_mutex_lock(&s->lock);
	if (s->n_jobs < JOBS_MAX) {
		push(&s->jobs, j);
		s->n_jobs++;
		pthread_cond_signal(&s->wake_reader);
	} else {
		j->error = xstrdup("too many questions about history at once");
		push(&s->answers, j);
		store_notify(s);
	}
	pthread_mutex_unlock(&s->lock);
}

void
store_read_history(struct store *s, const char *domain, uint64_t before_id, size_t limit, store_history_done *f, void *ctx)
{
	struct job *j = job_new(JOB_HISTORY, domain, ctx);

	j->id = before_id == 0 || before_id > INT64_MAX ? INT64_MAX : (int64_t)before_id;
	j->limit = limit > ROWS_MAX ? ROWS_MAX : limit;
	j->history_done = f;
	job_send(s, j);
}

void
store_read_since(struct store *s, const char *domain, uint64_t after_id, uint64_t after_revision, size_t limit,
    store_history_done *f, void *ctx)
{
	struct job *j = job_new(domain != NULL ? JOB_SINCE : JOB_SINCE_OF_ALL, domain != NULL ? domain : "", ctx);

	j->id = after_id > INT64_MAX ? INT64_MAX : (int64_t)after_id;
	j->revision = after_revision > INT64_MAX ? INT64_MAX : (int64_t)after_revision;
	j->limit = limit > ROWS_MAX ? ROWS_MAX : limit;
	j->history_done = f;
	job_send(s, j);
}

void
store_read_spread(struct store *s, const char *domain, store_spread_done *f, void *ctx)
{
	struct job *j = job_new(JOB_SPREAD, domain, ctx);

	j->spread_done = f;
	job_send(s, j);
}

void
store_reader_check(struct store *s)
{
	job_send(s, job_new(JOB_CHECK, "", NULL));
}

static void
answer(struct job *j)
{
	size_t n = j->error == NULL ? j->n : 0;

	if (j->history_done != NULL)
		j->history_done(j->ctx, j->transitions, n, j->error);
	else
		j->spread_done(j->ctx, j->spreads, n, j->error);
}

/* One at a time: a callback may forget the next. */
void
store_reader_dispatch(struct store *s)
{
	struct job *j;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		j = pop(&s->answers);
		pthread_mutex_unlock(&s->lock);
		if (j == NULL)
			return;
		answer(j);
		job_free(j);
	}
}

static size_t
forget_in(struct job_list *l, const void *ctx)
{
	struct job_list keep = { NULL, NULL };
	struct job *j;
	size_t n = 0;

	while ((j = pop(l)) != NULL) {
		if (j->ctx == ctx && j->kind != JOB_CHECK) {
			job_free(j);
			n++;
		} else {
			push(&keep, j);
		}
	}
	*l = keep;
	return n;
}

void
store_forget(struct store *s, const void *ctx)
{
	pthread_mutex_lock(&s->lock);
	s->n_jobs -= forget_in(&s->jobs, ctx);
	forget_in(&s->answers, ctx);
	if (s->running != NULL && s->running->ctx == ctx && s->running->kind != JOB_CHECK)
		s->running->forgotten = true;
	pthread_mutex_unlock(&s->lock);
}

void
store_reader_free(struct store *s)
{
	struct job *j;

	while ((j = pop(&s->jobs)) != NULL || (j = pop(&s->answers)) != NULL)
		job_free(j);
}
