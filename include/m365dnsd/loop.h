/* SPDX-License-Identifier: ISC */
/*
 * loop: timers, descriptors and signals on one thread; the only room that knows libevent.  Core does not use it: it
 * says when it wants to run again, and the daemon arms one timer.
 */
#ifndef M365DNSD_LOOP_H
#define M365DNSD_LOOP_H

#include <m365dnsd/base.h>

struct loop;
struct loop_timer;
struct loop_fd;
typedef void loop_fn(void *ctx);
typedef void loop_fd_fn(void *ctx, int fd, unsigned events);
typedef void loop_signal_fn(void *ctx, int signo);

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

struct loop *loop_new(struct err *err);
void loop_free(struct loop *l);
/* Runs until loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

struct loop_timer *loop_timer_new(struct loop *l, loop_fn *f, void *ctx);
void loop_timer_set(struct loop_timer *t, int64_t ms_from_now);	/* replaces; <= 0: on the next turn */
void loop_timer_clear(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Watch fd; loop_fd_set with 0 stops, and must come before close(). */
struct loop_fd *loop_fd_new(struct loop *l, int fd, loop_fd_fn *f, void *ctx);
void loop_fd_set(struct loop_fd *f, unsigned events);
void loop_fd_free(struct loop_fd *f);

void loop_on_signal(struct loop *l, int signo, loop_signal_fn *f, void *ctx);
/* Call f once, after the current callbacks, before waiting. */
void loop_defer(struct loop *l, loop_fn *f, void *ctx);
/* Drop what was deferred with ctx and has not run: ctx is going away. */
void loop_defer_cancel(struct loop *l, const void *ctx);
/*
 * How long turns took: all callbacks of one, during which everybody else waits; waiting for events does not count.
 * turns[i]: up to loop_turn_bounds_us[i] and over the one before; the last one: longer than all.
 */
#define LOOP_TURN_BOUNDS 7
extern const uint32_t loop_turn_bounds_us[LOOP_TURN_BOUNDS];
struct loop_stats {
	uint64_t turns[LOOP_TURN_BOUNDS + 1];
	uint64_t sum_us, worst_us;
};
const struct loop_stats *loop_get_stats(const struct loop *l);
/* Of libevent, at run time. */
const char *loop_library_version(void);

#endif
