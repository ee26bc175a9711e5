/* SPDX-License-Identifier: ISC */
/*
 * loop over libevent_core.
 *
 * One turn is: one pass of libevent, then the deferred calls.  A call deferred from a deferred call waits for the
 * next turn, so that I/O gets its chance in between; while any are waiting the pass does not block.
 *
 * Timers count from libevent's cached time (the beginning of the pass, CLOCK_MONOTONIC_COARSE: 4 ms), so one may fire
 * a few milliseconds early or late; callers compare with their own clock and arm again.  EPOLL_USE_CHANGELIST stays
 * off: it delays epoll_ctl, and c-ares closes a descriptor right after saying so.  Nothing here is thread safe, and
 * needs no locks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include <event2/event.h>

#include <m365dnsd/loop.h>

const uint32_t loop_turn_bounds_us[LOOP_TURN_BOUNDS] = { 1000, 2500, 5000, 10000, 50000, 250000, 1000000 };

struct loop_timer {
	struct loop *loop;
	struct event *ev;
	loop_fn *fn;
	void *ctx;
};

struct loop_fd {
	struct loop *loop;
	struct event *ev;
	int fd;
	unsigned events;
	loop_fd_fn *fn;
	void *ctx;
};

struct loop_signal {
	struct loop *loop;
	struct event *ev;
	int signo;
	loop_signal_fn *fn;
	void *ctx;
	struct loop_signal *next;
};

struct deferred {
	loop_fn *fn;		/* NULL: cancelled */
	void *ctx;
};
struct deferred_list {
	struct deferred *items;
	size_t n, cap;
};

struct loop {
	struct event_base *base;
	bool stopping;
	struct deferred_list waiting, running;
	struct loop_signal *signals;
	int64_t turn_began_us;		/* 0: no callback has run in this turn yet */
	struct loop_stats stats;
};

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Every callback begins here, so that the wait for events is not counted as work. */
static void
turn_begin(struct loop *l)
{
	if (l->turn_began_us == 0)
		l->turn_began_us = now_us();
}

static void
turn_end(struct loop *l)
{
	uint64_t took;
	size_t i = 0;

	if (l->turn_began_us == 0)
		return;
	took = (uint64_t)(now_us() - l->turn_began_us);
	while (i < LOOP_TURN_BOUNDS && took > loop_turn_bounds_us[i])
		i++;
	l->stats.turns[i]++;
	l->stats.sum_us += took;
	if (took > l->stats.worst_us)
		l->stats.worst_us = took;
	l->turn_began_us = 0;
}

const struct loop_stats *
loop_get_stats(const struct loop *l)
{
	return &l->stats;
}

static void
libevent_says(int severity, const char *text)
{
	log_at(severity >= EVENT_LOG_ERR ? LOG_LVL_ERR : severity == EVENT_LOG_WARN ? LOG_LVL_WARNING : LOG_LVL_DEBUG,
	    "libevent: %s", text);
}

/* No descriptors, no memory.  Without this libevent ends the program with 1, which is a verdict here. */
static void
libevent_gives_up(int code)
{
	(void)code;
	exit(EX_OSERR);
}

static struct event_base *
base_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	event_set_log_callback(libevent_says);
	event_set_fatal_callback(libevent_gives_up);
	if (config == NULL)
		return NULL;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

struct loop *
loop_new(struct err *err)
{
	struct event_base *base = base_new();
	struct loop *l;

	if (base == NULL) {
		err_set(err, "cannot make an event loop: %s", strerror(errno));
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	l->base = base;
	return l;
}

void
loop_free(struct loop *l)
{
	struct loop_signal *s, *next;

	if (l == NULL)
		return;
	for (s = l->signals; s != NULL; s = next) {
		next = s->next;
		event_free(s->ev);
		free(s);
	}
	free(l->waiting.items);
	free(l->running.items);
	event_base_free(l->base);
	free(l);
}

/* libevent has no memory left: nothing sensible can be done, as in the xmalloc family. */
static struct event *
event_or_die(struct loop *l, int fd, short what, event_callback_fn fn, void *ctx)
{
	struct event *ev = event_new(l->base, fd, what, fn, ctx);

	if (ev == NULL)
		give_up("out of memory");
	return ev;
}

/* ---- turns and deferred calls ---- */

static void
run_deferred(struct loop *l)
{
	struct deferred_list batch = l->waiting;

	if (batch.n == 0)
		return;
	l->waiting = l->running;	/* the other, empty array */
	l->running = batch;
	turn_begin(l);
	for (size_t i = 0; i < l->running.n; i++)
		if (l->running.items[i].fn != NULL)
			l->running.items[i].fn(l->running.items[i].ctx);
	l->running.n = 0;
}

void
loop_run(struct loop *l)
{
	l->stopping = false;
	while (!l->stopping) {
		int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;

		if (l->waiting.n > 0)
			flags |= EVLOOP_NONBLOCK;
		event_base_loop(l->base, flags);
		if (!l->stopping)
			run_deferred(l);
		turn_end(l);
	}
}

void
loop_stop(struct loop *l)
{
	l->stopping = true;
	event_base_loopbreak(l->base);
}

void
loop_defer(struct loop *l, loop_fn *f, void *ctx)
{
	struct deferred_list *w = &l->waiting;

	if (w->n == w->cap) {
		w->cap = w->cap == 0 ? 16 : w->cap * 2;
		w->items = xreallocarray(w->items, w->cap, sizeof(*w->items));
	}
	w->items[w->n++] = (struct deferred){ f, ctx };
}

static void
list_cancel(struct deferred_list *list, const void *ctx)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].ctx == ctx)
			list->items[i].fn = NULL;
}

void
loop_defer_cancel(struct loop *l, const void *ctx)
{
	list_cancel(&l->waiting, ctx);
	list_cancel(&l->running, ctx);
}

/* ---- timers ---- */

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	turn_begin(t->loop);
	t->fn(t->ctx);		/* may free t */
}

struct loop_timer *
loop_timer_new(struct loop *l, loop_fn *f, void *ctx)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	t->loop = l;
	t->fn = f;
	t->ctx = ctx;
	t->ev = event_or_die(l, -1, 0, on_timer, t);
	return t;
}

void
loop_timer_set(struct loop_timer *t, int64_t ms_from_now)
{
	static const int64_t ms_max = INT64_C(366) * 24 * 3600 * 1000;	/* INT64_MAX means "never": a year will do */
	int64_t ms = ms_from_now < 0 ? 0 : ms_from_now > ms_max ? ms_max : ms_from_now;
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(t->ev, &tv);
}

void
loop_timer_clear(struct loop_timer *t)
{
	event_del(t->ev);
}

void
loop_timer_free(struct loop_timer *t)
{
	if (t == NULL)
		return;
	event_free(t->ev);
	free(t);
}

/* ---- descriptors ---- */

static void
on_fd(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *f = arg;
	unsigned events = (what & EV_READ ? LOOP_READ : 0) | (what & EV_WRITE ? LOOP_WRITE : 0);

	turn_begin(f->loop);
	f->fn(f->ctx, fd, events);	/* may free f */
}

struct loop_fd *
loop_fd_new(struct loop *l, int fd, loop_fd_fn *f, void *ctx)
{
	struct loop_fd *w = xcalloc(1, sizeof(*w));

	w->loop = l;
	w->fd = fd;
	w->fn = f;
	w->ctx = ctx;
	w->ev = event_or_die(l, fd, EV_READ | EV_PERSIST, on_fd, w);
	return w;
}

void
loop_fd_set(struct loop_fd *f, unsigned events)
{
	short what = EV_PERSIST | (events & LOOP_READ ? EV_READ : 0) | (events & LOOP_WRITE ? EV_WRITE : 0);

	if (f->events == events)
		return;
	event_del(f->ev);
	f->events = events;
	if (events == 0)
		return;
	event_assign(f->ev, f->loop->base, f->fd, what, on_fd, f);
	event_add(f->ev, NULL);
}

void
loop_fd_free(struct loop_fd *f)
{
	if (f == NULL)
		return;
	event_free(f->ev);
	free(f);
}

/* ---- signals ---- */

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)fd;
	(void)what;
	turn_begin(s->loop);
	s->fn(s->ctx, s->signo);
}

void
loop_on_signal(struct loop *l, int signo, loop_signal_fn *f, void *ctx)
{
	struct loop_signal *s = xcalloc(1, sizeof(*s));

	s->loop = l;
	s->signo = signo;
	s->fn = f;
	s->ctx = ctx;
	s->ev = event_or_die(l, signo, EV_SIGNAL | EV_PERSIST, on_signal, s);
	s->next = l->signals;
	l->signals = s;
	event_add(s->ev, NULL);
}

const char *
loop_library_version(void)
{
	return event_get_version();
}
