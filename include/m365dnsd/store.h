/* SPDX-License-Identifier: ISC */
/*
 * store: what must survive a restart.  The only room that knows SQLite, and behind this face another engine could stand.
 *
 * One thread of its own holds the one read-write connection and does every commit and every checkpoint (SQLite before 3.51.3 can
 * lose committed rows otherwise).  The caller's thread only queues copies and hears of commits through a
 * descriptor: it never waits for the disk.  History is read on a second, read-only connection, on a second thread.
 *
 * Group commit: what is queued goes into one transaction, at most five a second, synchronous=FULL.  A transition and the
 * outbox rows of those who want to hear of it go in together.
 */
#ifndef M365DNSD_STORE_H
#define M365DNSD_STORE_H

#include <m365dnsd/base.h>
#include <m365dnsd/board.h>

struct store;

struct store_config {
	const char *path;		/* of the database; a lock file and a ballast file lie beside it */
	unsigned history_days;
	size_t queue_max;		/* rows kept in memory while the disk does not take them: 100,000; the oldest cell
					   snapshots go first, transitions last */
};

enum store_health {		/* the writer's; a caller without a store has words of its own */
	STORE_OK,
	STORE_LOW_SPACE,		/* writes transitions only */
	STORE_STUCK,			/* full, read-only, locked or I/O error: nothing is written; tried again every second */
	STORE_QUARANTINED,		/* a corrupt file was moved aside at start; a fresh one is written, all is well with it */
};
extern const struct name_table store_health_names;

struct store_stats {
	enum store_health health;
	char problem[256];		/* words for /status and the log; "" = none */
	uint64_t commits, rows, failures;
	uint64_t dropped;		/* rows lost: the queue was full, or SQLite would never take them */
	size_t queued;
	int64_t db_bytes, wal_bytes;
	uint64_t last_commit_us, worst_commit_us;
	uint64_t heartbeat;		/* grows while the thread is alive: the watchdog looks at it */
	int64_t oldest_queued_ms;	/* age of the oldest row that waits; 0 = none */
};

/*
 * Take the lock (fails with words that name the holder's pid), open, check, migrate, start the threads.  A corrupt file is moved
 * aside and a fresh one begun (store_is_fresh then), once a day at most.  NULL with words when the directory cannot be used,
 * the schema is newer, the file belongs to another program, or somebody holds it locked.
 */
struct store *store_open(const struct store_config *cfg, struct err *err);
/* Nothing was known before: first answers are a baseline, not news. */
bool store_is_fresh(const struct store *s);
/*
 * Commit what is queued (bounded by ms; on an error without a second try), tell of it, checkpoint, close.  A disk that hangs
 * longer than that is left alone with its thread: the caller is about to exit.
 */
void store_close(struct store *s, int64_t max_ms);

/* Readable when store_dispatch has something to say: commits, a change of health, answers of the reader. */
int store_fd(const struct store *s);
void store_dispatch(struct store *s);
/* Told once for each change of health or of its words; the room itself does not log. */
typedef void store_health_changed(void *ctx, enum store_health health, const char *problem);
void store_on_health(struct store *s, store_health_changed *f, void *ctx);
void store_get_stats(struct store *s, struct store_stats *ret);

/* How long rows are kept, from now on. */
void store_set_history_days(struct store *s, unsigned days);

/* ---- at start, before the loop runs ---- */

struct store_domain {
	const char *name;
	uint64_t revision;		/* continue from here: not lower than any that went with a transition */
	const void *snapshot;		/* board_snapshot's bytes; NULL = none */
	size_t snapshot_len;
	const char *conf_text;		/* of a domain added by PUT; NULL = from files */
	bool urgent;			/* to be written: somebody waits for it */
};
int store_load(struct store *s, void (*each)(void *ctx, const struct store_domain *d), void *ctx, struct err *err);

/* ---- writing: copied and queued ---- */

/*
 * What is put between these two goes into one transaction, so that a crash leaves a transition and the snapshot that knows of
 * it both or neither.  Keep it short: the writer waits meanwhile.  They nest.
 */
void store_begin(struct store *s);
void store_end(struct store *s);

/*
 * Replaces what was known of it, but the revision never falls.  A newer one takes the place of one that still waits.  It goes
 * without hurry, unless it is urgent or has a conf_text.
 */
void store_put_domain(struct store *s, const struct store_domain *d);
/* Its history stays for history_days. */
void store_del_domain(struct store *s, const char *name);
/*
 * A transition; returns its id (grows by one; JSON can hold it).  on_committed hears of it in this order, once it is durable.
 * notify names the receivers whose outbox gets a row.  The domain's stored revision is raised with it.
 */
uint64_t store_put_transition(struct store *s, const struct transition *t, const char *const *notify, size_t n_notify);
typedef void store_committed(void *ctx, uint64_t up_to_id);
void store_on_committed(struct store *s, store_committed *f, void *ctx);
/*
 * A mark behind everything put so far that is not without hurry (predictions and common snapshots are); grows by one.  on_kept
 * hears of it, before on_committed does, once all of that is durable.  lost: some of it never will be (see stats.dropped).
 */
uint64_t store_mark(struct store *s);
typedef void store_kept(void *ctx, uint64_t up_to_mark, bool lost);
void store_on_kept(struct store *s, store_kept *f, void *ctx);
/* Predicted against actual: when a cell that had an ETA turned. */
struct store_prediction {
	const char *domain, *record, *source;
	int64_t predicted_unix_ms, eta_unix_ms, actual_unix_ms;
	enum eta_basis basis;
};
void store_put_prediction(struct store *s, const struct store_prediction *p);

/* When an operator showed what was published: for the spread. */
void store_put_seen(struct store *s, const struct board_seen *seen);

/* ---- outbox: at least once, with an id that lets receivers drop doubles ---- */

struct store_transition {	/* as read back; strings live during the call */
	uint64_t id;
	struct transition t;
};
/* A row leaves by store_outbox_done; those who were not told yet keep their transition from retention. */
struct store_outbox_row {
	const char *notify;
	int64_t queued_unix_ms;
	struct store_transition transition;
};
/* At start: everything that is still to be told. */
int store_load_outbox(struct store *s, void (*each)(void *ctx, const struct store_outbox_row *row), void *ctx, struct err *err);
void store_outbox_done(struct store *s, const char *notify, uint64_t transition_id);

/* ---- reading, on the reader thread; the answer comes through store_dispatch ---- */

typedef void store_history_done(void *ctx, const struct store_transition *rows, size_t n, const char *error);
/* Newest first; before_id 0 = from the newest.  The rows live during the call; error NULL when it went well. */
void store_read_history(struct store *s, const char *domain, uint64_t before_id, size_t limit, store_history_done *f, void *ctx);
/* Oldest first, what came after: of one domain those with a higher id and revision, of all (domain NULL) with a higher id. */
void store_read_since(struct store *s, const char *domain, uint64_t after_id, uint64_t after_revision, size_t limit,
    store_history_done *f, void *ctx);
/* on_committed has heard up to this id. */
uint64_t store_told_id(const struct store *s);
/* From published to visible, per operator: since a record was last published, the first time each was seen with it. */
struct store_spread {
	const char *record, *source;	/* the operator */
	int64_t published_unix_ms, visible_unix_ms;
};
typedef void store_spread_done(void *ctx, const struct store_spread *rows, size_t n, const char *error);
void store_read_spread(struct store *s, const char *domain, store_spread_done *f, void *ctx);
/* Their answer is not wanted any more. */
void store_forget(struct store *s, const void *ctx);

/* ---- a copy, by another process or thread ---- */

enum store_backup {
	STORE_BACKUP_DONE,
	STORE_BACKUP_REFUSED,		/* the database is not there or not ours, or there is a file where the copy should be */
	STORE_BACKUP_FAILED,		/* the copy could not be written, or is not sound; nothing of it is left */
};
/*
 * Copy the database at path as it is now to a file that is not there yet, while anybody writes it; on the disk and checked when
 * this returns.  Only reads the database.  With words unless DONE.
 */
enum store_backup store_backup(const char *path, const char *to, struct err *err);

#endif
