/* SPDX-License-Identifier: ISC */
/*
 * serve_keep: what waits until it is kept.
 *
 * The store tells by marks how far it has come (store_mark).  Who asks for a change is answered behind the mark of that change, so
 * that no kill takes back what was confirmed.  A disk that takes too long gives an honest "not yet", and nothing is undone.
 */
#include <stdlib.h>
#include <sys/queue.h>

#include "serve_internal.h"

#define KEEP_WAIT_MS 10000	/* nobody waits longer for an answer */

struct wait {
	STAILQ_ENTRY(wait) link;
	uint64_t mark;
	int64_t deadline_ms;
	void (*done)(void *ctx, bool kept);
	void *ctx;
};

struct keeping {
	STAILQ_HEAD(, wait) waits;	/* by mark, and so by deadline */
	struct loop_timer *timer;
};

/* Out of the list first: done() may ask for more. */
static void
answer_first(struct keeping *k, bool kept)
{
	struct wait *w = STAILQ_FIRST(&k->waits);

	STAILQ_REMOVE_HEAD(&k->waits, link);
	w->done(w->ctx, kept);
	free(w);
}

static void
arm(struct keeping *k)
{
	const struct wait *w = STAILQ_FIRST(&k->waits);

	if (w == NULL)
		loop_timer_clear(k->timer);
	else
		loop_timer_set(k->timer, w->deadline_ms - clock_system.mono_ms(&clock_system));
}

static void
on_late(void *ctx)
{
	struct serve *s = ctx;
	struct keeping *k = s->keeping;
	int64_t now = clock_system.mono_ms(&clock_system);

	while (!STAILQ_EMPTY(&k->waits) && STAILQ_FIRST(&k->waits)->deadline_ms <= now)
		answer_first(k, false);
	arm(k);
}

static void
on_kept(void *ctx, uint64_t up_to_mark, bool lost)
{
	struct serve *s = ctx;
	struct keeping *k = s->keeping;

	while (!STAILQ_EMPTY(&k->waits) && STAILQ_FIRST(&k->waits)->mark <= up_to_mark)
		answer_first(k, !lost);
	arm(k);
}

void
serve_keep_init(struct serve *s)
{
	s->keeping = xcalloc(1, sizeof(*s->keeping));
	STAILQ_INIT(&s->keeping->waits);
	s->keeping->timer = loop_timer_new(s->loop, on_late, s);
	if (s->store != NULL)
		store_on_kept(s->store, on_kept, s);
}

void
serve_when_kept(struct serve *s, void (*done)(void *ctx, bool kept), void *ctx)
{
	struct wait *w = xcalloc(1, sizeof(*w));

	w->mark = s->store != NULL ? store_mark(s->store) : 0;
	w->deadline_ms = clock_system.mono_ms(&clock_system) + KEEP_WAIT_MS;
	w->done = done;
	w->ctx = ctx;
	STAILQ_INSERT_TAIL(&s->keeping->waits, w, link);
	arm(s->keeping);
}

void
serve_keep_free(struct serve *s)
{
	struct keeping *k = s->keeping;

	if (k == NULL)
		return;
	while (!STAILQ_EMPTY(&k->waits))
		answer_first(k, false);
	loop_timer_free(k->timer);
	free(k);
	s->keeping = NULL;
}
