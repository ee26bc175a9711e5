/* SPDX-License-Identifier: ISC */
/*
 * The inside of the store.  Who touches what:
 *
 *   loop's thread     queue (under lock), results (under lock), callbacks
 *   writer's thread   struct writer, queue (under lock, never during I/O)
 *   reader's thread   its connection, jobs (under lock)
 */
#ifndef STORE_INT_H
#define STORE_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include <sqlite3.h>

#include <m365dnsd/store.h>

/* Times and sizes; the tests turn them, nobody else. */
struct store_tuning {
	int64_t pace_ms;		/* between commits */
	int64_t retry_ms;		/* after a failure */
	int64_t busy_ms;		/* patience with another process that holds the file */
	int64_t checkpoint_ms, retention_ms;
	int retention_rows;		/* a step */
	size_t batch_bytes;		/* of snapshots in one transaction: bounds the WAL */
	int64_t wal_pages;		/* checkpoint after so many */
	int64_t space_low, space_stop;	/* bytes free */
	int64_t low_part, stop_part;	/* on a small file system: that part of it (50 is 2 %) */
	int64_t ballast;
	int64_t check_bytes;		/* a larger file is checked in the background */
};
extern struct store_tuning store_tuning;

int64_t store_now_ms(void);		/* CLOCK_MONOTONIC, which pthread_cond_timedwait knows */
char *store_beside(const char *path, const char *suffix);

/* ---- words.c ---- */

/* What an SQLite code means for us; never NULL. */
struct store_trouble {
	int code;			/* primary */
	bool corrupt;
	bool reopen;			/* a new connection may help */
	bool poison;			/* it is the row's fault: leave it out, or nothing will ever be written again */
	const char *words;
};
const struct store_trouble *store_trouble_find(int code);

/* ---- schema.c: statements and migrations as tables ---- */

#define STORE_APPLICATION_ID 0x4d333635		/* "M365" */

enum stmt {
	STMT_BEGIN, STMT_COMMIT, STMT_ROLLBACK,
	STMT_PUT_DOMAIN, STMT_TOUCH_DOMAIN, STMT_DEL_DOMAIN,
	STMT_PUT_TRANSITION, STMT_PUT_OUTBOX, STMT_DEL_OUTBOX, STMT_PUT_PREDICTION, STMT_PUT_SEEN,
	STMT_LOAD_DOMAINS, STMT_LOAD_OUTBOX,
	STMT_HISTORY, STMT_SINCE, STMT_SINCE_OF_ALL, STMT_SPREAD,
	STMT_LAST_ID, STMT_IS_EMPTY,
	STMT_AGE_TRANSITIONS, STMT_AGE_PREDICTIONS, STMT_AGE_SEEN, STMT_VACUUM,
	STMT_MAX
};
extern const char *const store_statements[STMT_MAX];

struct store_migration {
	int version;
	const char *sql;
};
extern const struct store_migration store_migrations[];
extern const size_t store_n_migrations;
/* One transaction a step; a copy of the old file (path.pre-vN) before the first, unless there was none. */
int store_migrate(sqlite3 *db, const char *path, const struct store_migration *steps, size_t n, struct err *err);

/* ---- conn.c: a connection with its statements ---- */

struct conn {
	sqlite3 *db;
	sqlite3_stmt *stmts[STMT_MAX];	/* prepared when first used */
	atomic_ullong *heartbeat;	/* beaten while waiting for a lock; NULL = none */
};
enum conn_mode { CONN_READ, CONN_WRITE };
/* An SQLite code.  Changes no byte of the file. */
int conn_open(struct conn *c, const char *path, enum conn_mode mode);
void conn_close(struct conn *c);
/* NULL: see sqlite3_errcode(). */
sqlite3_stmt *conn_stmt(struct conn *c, enum stmt id);
/* Run one that gives no rows. */
int conn_run(struct conn *c, enum stmt id);
int conn_int(sqlite3 *db, const char *sql, int64_t *ret);
/* A column as C string, NULL when it is NULL. */
const char *conn_text(sqlite3_stmt *st, int col);

/* ---- database.c: from a path to a connection that can be written, or the reason why not ---- */

enum db_state { DB_OK, DB_CORRUPT, DB_REFUSED };
/* Opens, checks (full: every index too), makes the schema current. */
enum db_state store_db_open(struct conn *c, const char *path, bool check, bool full, struct err *err);

/* ---- backup.c ---- */

/* A copy that is named path.pre-vN; -1 with words. */
int store_copy_before(sqlite3 *db, const char *path, int version, struct err *err);

/* ---- quarantine.c ---- */

/* Database, WAL and shared memory get another name; ret gets the database's new one.  -1 with words: nothing was touched. */
int store_quarantine(const char *path, char **ret, struct err *err);
/* A WAL without its database: SQLite would delete it. */
bool store_is_orphan_wal(const char *path);
/* Corruption was seen while running: check everything at the next start. */
void store_marker_set(const char *path);
bool store_marker_is_set(const char *path);
void store_marker_clear(const char *path);

/* ---- space.c ---- */

enum space { SPACE_OK, SPACE_LOW, SPACE_NONE };
/* ret_room: bytes until nothing is written any more; negative when that is so. */
enum space store_space(const char *path, int64_t *ret_room);
bool store_ballast_make(const char *path);	/* when there is plenty of room; true when it is there */
bool store_ballast_drop(const char *path);	/* true when that freed something */

/* ---- queue.c: rows that wait ---- */

enum rank {			/* taken in this order, dropped from the other end */
	RANK_TRANSITION, RANK_URGENT, RANK_DONE, RANK_PREDICTION, RANK_SNAPSHOT, RANK_MAX
};

struct value {
	enum { VALUE_NULL, VALUE_INT, VALUE_TEXT, VALUE_BLOB } type;
	int64_t i;
	const void *p;
	size_t n;
};
#define V_INT(x)     ((struct value) { VALUE_INT, (int64_t)(x), NULL, 0 })
#define V_TEXT(x)    value_text(x)
#define V_BLOB(x, l) ((struct value) { (x) != NULL ? VALUE_BLOB : VALUE_NULL, 0, (x), (l) })
struct value value_text(const char *s);		/* NULL is NULL */

/* A row is a statement and its parameters, in one block. */
struct row {
	struct row *prev, *next;
	enum stmt stmt;
	enum rank rank;
	uint64_t id;			/* the transition it belongs to; 0 = none */
	int64_t queued_ms;
	size_t bytes;
	size_t n;
	struct value v[];
};
struct row_list {
	struct row *head, *tail;
	size_t n, bytes;
};
struct row *row_new(enum stmt stmt, enum rank rank, const struct value *v, size_t n);
void row_list_free(struct row_list *l);

struct queue {
	struct row_list lists[RANK_MAX];
	struct map *domains;		/* name -> its row that waits */
	struct map *hot;		/* names with a transition that waits: their snapshot goes with it */
	size_t max;
	size_t in_flight;
	int64_t in_flight_since;
	uint64_t dropped;
	uint64_t lost;			/* of them, rows that a mark stands for */
	unsigned open;			/* store_begin without its store_end */
};
void queue_init(struct queue *q, size_t max);
void queue_done(struct queue *q);
void queue_add(struct queue *q, struct row *r);
/* Drop what is too much; after a row, or after all rows of a transition. */
void queue_keep_bounds(struct queue *q);
/* A row about a domain: takes the place of one that waits. */
void queue_add_domain(struct queue *q, struct row *r);
void queue_heat(struct queue *q, const char *domain);
/* All of the ranks up to last, but snapshots only while the batch has fewer bytes than that. */
void queue_take(struct queue *q, enum rank last, size_t batch_bytes, struct row_list *ret);
void queue_put_back(struct queue *q, struct row_list *l);
void queue_settle(struct queue *q);				/* what was taken is on disk */
size_t queue_count(const struct queue *q);
bool queue_has(const struct queue *q, enum rank last);
int64_t queue_oldest(const struct queue *q);			/* monotonic ms, 0 = none */

/* ---- commit.c ---- */

/* All rows in one transaction; an SQLite code.  Rows that can never be written are left out and counted. */
int store_commit_rows(struct conn *c, const struct row_list *rows, uint64_t *left_out);

/* ---- retention.c ---- */

/* One small step; ret_more when there is more to do at once. */
int store_age(struct conn *c, unsigned days, int64_t now_unix_ms, bool *ret_more);

/* ---- load.c, outbox.c ---- */

/* Columns as STMT_HISTORY and STMT_LOAD_OUTBOX have them, from col on; false when a needed one is NULL. */
bool store_transition_read(sqlite3_stmt *st, int col, struct store_transition *ret);

/* ---- the whole ---- */

struct job;
struct store {
	struct store_config cfg;
	char *path;
	int lock_fd, event_fd;
	bool fresh;
	char *quarantined;		/* words of what was moved aside, NULL = nothing */
	atomic_ullong heartbeat;
	atomic_uint generation;		/* of the writer's connection: the reader opens anew when it grows */
	atomic_uint history_days;
	atomic_bool stopping;		/* the reader drops what it is doing */

	/* under lock */
	pthread_mutex_t lock;
	pthread_cond_t wake_writer, wake_reader, gone;
	struct queue queue;
	struct store_stats stats;
	uint64_t next_id, committed_id;
	uint64_t mark, taken_mark, kept_mark;	/* given out; when the batch was taken; durable */
	int64_t sleeping_until;		/* the writer wakes by itself then; 0 = it is awake */
	int64_t last_commit;		/* when the last batch was begun */
	int64_t hold_until;		/* after a failure, or with nothing that may be written */
	int64_t close_by;		/* 0 = not closing */
	bool gave_up;			/* failed while closing */
	bool writer_gone, reader_gone;
	char damage[200];		/* what the check in the background found, "" = nothing */
	struct job_list {		/* oldest first */
		struct job *head, **end;
	} jobs, answers;
	struct job *running;
	size_t n_jobs;

	/* loop's thread only */
	store_committed *on_committed;
	void *committed_ctx;
	store_health_changed *on_health;
	void *health_ctx;
	store_kept *on_kept;
	void *kept_ctx;
	uint64_t told_id, told_mark, told_lost;
	enum store_health told_health;
	char told_problem[256];

	pthread_t writer_thread, reader_thread;
	struct conn writer;		/* the writer's alone once it runs */
};

void store_notify(struct store *s);
/* Wake the writer if the queue now needs it sooner than it means to look.  Under lock. */
void store_nudge(struct store *s);
int64_t store_due(const struct store *s, int64_t now);
/* Nothing that a mark stands for waits any more: all marks are kept.  Under lock. */
void store_keep_marks(struct store *s);
/* Under lock: a state and its words; the loop is told when they are new. */
void store_set_health(struct store *s, enum store_health health, const char *problem);
void *store_writer_main(void *arg);
void *store_reader_main(void *arg);
/* Run the callbacks of answers. */
void store_reader_dispatch(struct store *s);
void store_reader_free(struct store *s);
/* Check a large file on the reader's thread. */
void store_reader_check(struct store *s);
/* PRAGMA quick_check (full: integrity_check) in words: SQLITE_OK and "ok", or SQLITE_CORRUPT and what is wrong, or why it failed. */
int store_check_pages(sqlite3 *db, bool full, struct err *err);
/* A read-only connection for the loading at start; NULL with words. */
int store_read_conn(struct store *s, struct conn *c, struct err *err);

#endif
