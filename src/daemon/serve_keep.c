/* SPDX-License-Identifier: ISC */
/*
 * serve_keep: nothing is told before it is kept.
 *
 * The store tells by marks how far it has come (store_mark).  What a turn has found goes into one transaction: transitions with
 * their snapshots, and the snapshots of domains whose revision would leave what is reserved.  The board says nothing of that
 * (board_set_careful) until the mark behind it is kept.  Who asks for a change is answered behind its mark likewise, so that no
 * kill takes back what was confirmed.
 *
 * A disk that takes nothing keeps nobody from the truth: then the board tells what it knows, until the disk works again.
 */
#include <stdlib.h>
#include <sys/queue.h>

#include "serve_internal.h"

#define KEEP_WAIT_MS 10000	/* nobody waits longer, for an answer or for news */

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
	uint64_t mark, kept_mark;	/* the last of ours, and the last that is kept */
	int64_t since_ms;		/* marks are waited for since then */
	bool stuck, hung;		/* the store says so; it says nothing */
};

static int64_t
now_ms(void)
{
	return clock_system.mono_ms(&clock_system);
}

static uint64_t
make_mark(struct serve *s)
{
	struct keeping *k = s->keeping;

	if (k->kept_mark == k->mark)
		k->since_ms = now_ms();
	return k->mark = store_mark(s->store);
}

/* ---- news ---- */

uint64_t
serve_keep_mark(const struct serve *s)
{
	return s->keeping->mark + 1;
}

void
serve_keep_news(struct serve *s)
{
	struct board *b = pipeline_board(s->pipeline);
	const struct board_domain *d;

	if (board_unkept(b) == NULL) {
		announce_flush(s->announce);
		return;
	}
	store_begin(s->store);
	announce_flush(s->announce);
	while ((d = board_unkept(b)) != NULL)
		serve_save_now(s, plan_domain(board_plan(d)), SAVE_URGENT);
	make_mark(s);
	store_end(s->store);
}

static void
set_careful(struct serve *s)
{
	bool careful = s->store != NULL && !s->keeping->stuck && !s->keeping->hung;

	if (s->pipeline == NULL)
		return;
	board_set_careful(pipeline_board(s->pipeline), careful);
	if (!careful && s->http != NULL)
		http_wake(s->http, NULL);
}

void
serve_keep_health(struct serve *s, enum store_health health)
{
	s->keeping->stuck = health == STORE_STUCK;
	set_careful(s);
}

void
serve_keep_look(struct serve *s)
{
	struct keeping *k = s->keeping;

	if (k->hung || k->kept_mark == k->mark || now_ms() - k->since_ms < KEEP_WAIT_MS)
		return;
	if (!k->stuck)
		log_err("store: the disk has taken nothing for %d s: changes are told before they are kept", KEEP_WAIT_MS / 1000);
	k->hung = true;
	set_careful(s);
}

static void
on_told_domain(void *ctx, struct board_domain *d)
{
	struct serve *s = ctx;

	if (s->http != NULL)
		http_wake(s->http, plan_domain(board_plan(d)));
}

/* ---- those who wait for an answer ---- */

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
		loop_timer_set(k->timer, w->deadline_ms - now_ms());
}

static void
on_late(void *ctx)
{
	struct serve *s = ctx;
	struct keeping *k = s->keeping;
	int64_t now = now_ms();

	while (!STAILQ_EMPTY(&k->waits) && STAILQ_FIRST(&k->waits)->deadline_ms <= now)
		answer_first(k, false);
	arm(k);
}

static void
on_kept(void *ctx, uint64_t up_to_mark, bool lost)
{
	struct serve *s = ctx;
	struct keeping *k = s->keeping;

	k->kept_mark = up_to_mark;
	k->since_ms = now_ms();
	board_kept(pipeline_board(s->pipeline), up_to_mark, on_told_domain, s);
	if (k->hung) {
		k->hung = false;
		set_careful(s);
	}
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

	w->mark = s->store != NULL ? make_mark(s) : 0;
	w->deadline_ms = now_ms() + KEEP_WAIT_MS;
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
