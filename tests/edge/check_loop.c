/* SPDX-License-Identifier: ISC */
/* The loop: what each kind of callback promises, and that it may free itself. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <m365dnsd/loop.h>

static struct loop *loop;
static struct loop_timer *guard;
static char trace[64];		/* one letter a callback */
static int fds[2];

static void
mark(char c)
{
	size_t n = strlen(trace);

	ck_assert_uint_lt(n + 1, sizeof(trace));
	trace[n] = c;
}

static void
on_guard(void *ctx)
{
	(void)ctx;
	ck_abort_msg("hangs after \"%s\"", trace);
}

static void
setup(void)
{
	struct err err;

	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
	guard = loop_timer_new(loop, on_guard, NULL);
	loop_timer_set(guard, 10000);
	memset(trace, 0, sizeof(trace));
	ck_assert_int_eq(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
}

static void
teardown(void)
{
	loop_timer_free(guard);
	loop_free(loop);
	close(fds[0]);
	close(fds[1]);
}

static void
mark_ctx(void *ctx)
{
	mark(*(const char *)ctx);
}

static void
stop(void *ctx)
{
	(void)ctx;
	mark('.');
	loop_stop(loop);
}

/* ---- deferred calls ---- */

START_TEST(deferred_in_order)
{
	char a = 'a', b = 'b';

	loop_defer(loop, mark_ctx, &a);
	loop_defer(loop, mark_ctx, &b);
	loop_defer(loop, mark_ctx, &a);
	loop_defer(loop, stop, NULL);
	loop_run(loop);
	ck_assert_str_eq(trace, "aba.");
}
END_TEST

static void
defer_again(void *ctx)
{
	mark('d');
	loop_defer(loop, defer_again, ctx);
}

static void
read_and_stop(void *ctx, int fd, unsigned events)
{
	(void)ctx;
	(void)fd;
	ck_assert_uint_eq(events, LOOP_READ);
	mark('r');
	loop_stop(loop);
}

/* A call that defers itself for ever does not keep descriptors from their turn. */
START_TEST(deferred_do_not_starve)
{
	struct loop_fd *w = loop_fd_new(loop, fds[0], read_and_stop, NULL);

	loop_fd_set(w, LOOP_READ);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	loop_defer(loop, defer_again, &loop);
	loop_run(loop);
	ck_assert_ptr_nonnull(strchr(trace, 'r'));
	ck_assert_uint_le(strlen(trace), 3);
	loop_fd_free(w);
}
END_TEST

static void
cancel_other(void *ctx)
{
	mark('c');
	loop_defer_cancel(loop, ctx);
}

START_TEST(deferred_cancel)
{
	char a = 'a', b = 'b';

	loop_defer(loop, mark_ctx, &a);
	loop_defer(loop, mark_ctx, &b);
	loop_defer_cancel(loop, &a);		/* while it waits */
	loop_defer(loop, cancel_other, &a);
	loop_defer(loop, mark_ctx, &a);		/* cancelled in the same turn, by the one before */
	loop_defer(loop, stop, NULL);
	loop_run(loop);
	ck_assert_str_eq(trace, "bc.");
}
END_TEST

START_TEST(deferred_many)
{
	for (int i = 0; i < 1000; i++)
		loop_defer(loop, mark_ctx, trace);
	loop_defer_cancel(loop, trace);
	loop_defer(loop, stop, NULL);
	loop_run(loop);
	ck_assert_str_eq(trace, ".");
}
END_TEST

/* ---- timers ---- */

START_TEST(timers_by_time)
{
	char a = 'a', b = 'b', never = 'n';
	struct loop_timer *ta = loop_timer_new(loop, mark_ctx, &a), *tb = loop_timer_new(loop, mark_ctx, &b);
	struct loop_timer *tn = loop_timer_new(loop, mark_ctx, &never), *end = loop_timer_new(loop, stop, NULL);

	loop_timer_set(ta, 60);
	loop_timer_set(tb, 20);
	loop_timer_set(tn, 1);
	loop_timer_clear(tn);
	loop_timer_set(end, 1);
	loop_timer_set(end, 100);		/* replaces */
	loop_run(loop);
	ck_assert_str_eq(trace, "ba.");
	memset(trace, 0, sizeof(trace));
	loop_timer_set(tn, INT64_MAX);
	loop_timer_set(end, -5);		/* now */
	loop_run(loop);
	ck_assert_str_eq(trace, ".");
	loop_timer_free(ta);
	loop_timer_free(tb);
	loop_timer_free(tn);
	loop_timer_free(end);
	loop_timer_free(NULL);
}
END_TEST

struct self {
	struct loop_timer *timer;
	int left;
};

static void
on_self(void *ctx)
{
	struct self *s = ctx;

	mark('t');
	if (--s->left > 0) {
		loop_timer_set(s->timer, 0);
		return;
	}
	loop_timer_free(s->timer);
	loop_stop(loop);
}

START_TEST(timer_sets_and_frees_itself)
{
	struct self s = { NULL, 3 };

	s.timer = loop_timer_new(loop, on_self, &s);
	loop_timer_set(s.timer, 0);
	loop_run(loop);
	ck_assert_str_eq(trace, "ttt");
}
END_TEST

/* ---- descriptors ---- */

static struct loop_fd *watch_read, *watch_write;

static void
on_write(void *ctx, int fd, unsigned events)
{
	(void)ctx;
	ck_assert_uint_eq(events, LOOP_WRITE);
	mark('w');
	ck_assert_int_eq(write(fd, "xy", 2), 2);
	loop_fd_set(watch_write, 0);
}

static void
on_read(void *ctx, int fd, unsigned events)
{
	char c;

	(void)ctx;
	(void)events;
	ck_assert_int_eq(read(fd, &c, 1), 1);
	mark(c);
	if (c == 'x')
		return;			/* level-triggered: the second byte is reported again */
	loop_fd_free(watch_read);	/* before close(), from its own callback */
	watch_read = NULL;
	loop_stop(loop);
}

START_TEST(descriptors)
{
	watch_read = loop_fd_new(loop, fds[0], on_read, NULL);
	watch_write = loop_fd_new(loop, fds[1], on_write, NULL);
	loop_fd_set(watch_read, LOOP_READ);
	loop_fd_set(watch_write, LOOP_WRITE);
	loop_run(loop);
	ck_assert_str_eq(trace, "wxy");
	loop_fd_free(watch_write);
	loop_fd_free(NULL);
}
END_TEST

/* A number that comes back right after close() is watched anew. */
START_TEST(descriptor_number_reused)
{
	struct loop_fd *w = loop_fd_new(loop, fds[0], on_read, NULL);
	int old = fds[0];

	loop_fd_set(w, LOOP_READ);
	loop_fd_free(w);
	close(fds[0]);
	close(fds[1]);
	ck_assert_int_eq(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	ck_assert_int_eq(fds[0], old);
	w = loop_fd_new(loop, fds[0], read_and_stop, NULL);
	loop_fd_set(w, LOOP_READ);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	loop_run(loop);
	ck_assert_str_eq(trace, "r");
	loop_fd_free(w);
}
END_TEST

/* ---- signals, stalls ---- */

static void
on_signal(void *ctx, int signo)
{
	mark(*(const char *)ctx);
	if (signo == SIGUSR2)
		loop_stop(loop);
}

START_TEST(signals)
{
	char a = '1', b = '2';

	loop_on_signal(loop, SIGUSR1, on_signal, &a);
	loop_on_signal(loop, SIGUSR2, on_signal, &b);
	raise(SIGUSR1);
	raise(SIGUSR2);
	loop_run(loop);
	ck_assert_ptr_nonnull(strchr(trace, '1'));
	ck_assert_ptr_nonnull(strchr(trace, '2'));
}
END_TEST

static void
busy_3ms(void *ctx)
{
	struct timespec from, now;

	clock_gettime(CLOCK_MONOTONIC, &from);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - from.tv_sec) * 1000000000L + now.tv_nsec - from.tv_nsec < 3000000);
	stop(ctx);
}

START_TEST(stalls_are_measured)
{
	struct loop_timer *end = loop_timer_new(loop, stop, NULL);
	const struct loop_stats *st;
	uint64_t sum, turns = 0;

	loop_defer(loop, busy_3ms, NULL);
	loop_run(loop);
	st = loop_get_stats(loop);
	sum = st->sum_us;
	ck_assert_uint_ge(st->worst_us, 3000);
	ck_assert_uint_ge(sum, st->worst_us);
	ck_assert_uint_eq(st->turns[0] + st->turns[1], 0);
	loop_timer_set(end, 50);		/* waiting is no stall */
	loop_run(loop);
	ck_assert_uint_lt(st->sum_us - sum, 50000);
	for (size_t i = 0; i <= LOOP_TURN_BOUNDS; i++)
		turns += st->turns[i];
	ck_assert_uint_eq(turns, 2);
	loop_timer_free(end);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tc = tcase_create("loop");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, deferred_in_order);
	tcase_add_test(tc, deferred_do_not_starve);
	tcase_add_test(tc, deferred_cancel);
	tcase_add_test(tc, deferred_many);
	tcase_add_test(tc, timers_by_time);
	tcase_add_test(tc, timer_sets_and_frees_itself);
	tcase_add_test(tc, descriptors);
	tcase_add_test(tc, descriptor_number_reused);
	tcase_add_test(tc, signals);
	tcase_add_test(tc, stalls_are_measured);
	suite_add_tcase(suite, tc);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
