/* SPDX-License-Identifier: ISC */
/*
 * serve_alive: does everything that may hang make progress?  The loop proves its own by answering, and by getting here.
 *
 * Unhealthy is also who can keep nothing; but that is no case for the watchdog, for a restart makes no room on a disk.
 */
#include "serve_internal.h"

#define PULSE_MS 5000		/* status line and, without a shorter wish of systemd, the look at the threads */
#define STUCK_MS 20000		/* a store thread without a heartbeat for so long hangs */
#define BEAT_MS  1500		/* the longest time between two heartbeats of a store that lives, and some */

/* How long the store's thread has not moved, as far as anybody has looked. */
static int64_t
store_silence_ms(struct serve *s)
{
	struct store_stats st;
	int64_t now = clock_system.mono_ms(&clock_system);

	if (s->store == NULL)
		return 0;
	store_get_stats(s->store, &st);
	if (st.heartbeat != s->heartbeat) {
		s->heartbeat = st.heartbeat;
		s->heartbeat_ms = now;
	}
	return now - s->heartbeat_ms;
}

bool
serve_healthy(struct serve *s, struct err *why)
{
	struct store_stats st;

	if (s->store == NULL)
		return true;
	store_get_stats(s->store, &st);
	if (st.health == STORE_STUCK)
		err_set(why, "the store cannot be written: %s", st.problem);
	else if (store_silence_ms(s) >= STUCK_MS)
		err_set(why, "the store's thread makes no progress");
	else
		return true;
	return false;
}

void
serve_pulse(void *ctx)
{
	struct serve *s = ctx;
	int64_t watchdog = systemd_watchdog_ms(s->sd);
	const struct board *b = pipeline_board(s->pipeline);

	serve_keep_look(s);
	systemd_status(s->sd, "watching %zu domains: %zu complete, %zu to mend", board_count(b),
	    board_count_told(b, DOMAIN_COMPLETE), board_count_told(b, DOMAIN_UNPUBLISHED) + board_count_told(b, DOMAIN_REGRESSED));
	/* This loop runs, for we are here.  A hang ends one and a half intervals after it began, at the latest. */
	if (store_silence_ms(s) < BEAT_MS)
		systemd_watchdog(s->sd);
	loop_timer_set(s->pulse, watchdog > 0 && watchdog < PULSE_MS ? watchdog : PULSE_MS);
}
