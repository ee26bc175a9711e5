/* SPDX-License-Identifier: ISC */
/*
 * told: what may be said of a domain before its latest change is kept.
 *
 * A careful board goes on saying what it said when a domain changes, until the caller has kept the change:
 *
 *   rollup: told_hold() ──► board_unkept() ──► board_keep(mark) ──► board_kept(up to that mark): told
 *           the state of before                 the state of now     nothing newer: forgotten, the cells speak again
 *
 * Only domains with a change on its way have more than a pointer here.  A change of cells alone raises the revision, and needs no
 * keeping as long as that stays under what the last kept snapshot has reserved: a revision never falls, whenever the end comes.
 */
#include <stdlib.h>
#include <sys/queue.h>

#include "board_internal.h"

struct head {
	struct head *next;
	uint64_t mark;
	struct told t;
};

struct held {
	LIST_ENTRY(held) unkept_link, kept_link;
	struct board_domain *d;
	bool unkept;			/* has changes that are not in kept */
	struct head *told;
	struct head *kept, **end;	/* given to the store, by mark */
	uint64_t reserving;		/* revisions, when that is kept */
};

struct held_lists {
	LIST_HEAD(, held) unkept, kept;
};

/* ---- heads ---- */

static struct head *
head_now(const struct board_domain *d)
{
	size_t n = plan_n_expectations(d->plan);
	struct head *h = xcalloc(1, sizeof(*h) + n * sizeof(h->t.records[0]));

	h->t.revision = d->revision;
	h->t.state = d->state;
	h->t.published = d->reached_published;
	h->t.visible = d->reached_visible;
	h->t.complete = d->reached_complete;
	h->t.since_unix_ms = d->since_unix_ms;
	h->t.published_unix_ms = d->published_unix_ms;
	h->t.visible_unix_ms = d->visible_unix_ms;
	h->t.complete_unix_ms = d->complete_unix_ms;
	for (size_t i = 0; i < n; i++) {
		h->t.records[i].state = d->records[i].state;
		h->t.records[i].since_unix_ms = record_since(&d->records[i]);
	}
	return h;
}

const struct told *
told_of(const struct board_domain *d)
{
	return d->held != NULL ? &d->held->told->t : NULL;
}

/* ---- holding ---- */

struct held_lists *
told_lists_new(void)
{
	struct held_lists *l = xcalloc(1, sizeof(*l));

	LIST_INIT(&l->unkept);
	LIST_INIT(&l->kept);
	return l;
}

static void
mark_unkept(struct held *x, struct held_lists *l)
{
	if (!x->unkept)
		LIST_INSERT_HEAD(&l->unkept, x, unkept_link);
	x->unkept = true;
}

void
told_hold(struct board_domain *d, bool news)
{
	struct held *x = d->held;
	uint64_t reserved = x != NULL && x->reserving > d->reserved ? x->reserving : d->reserved;

	if (!d->board->careful || (!news && d->revision + 1 <= reserved))
		return;
	if (x == NULL) {
		x = d->held = xcalloc(1, sizeof(*x));
		x->d = d;
		x->told = head_now(d);
		x->end = &x->kept;
	}
	mark_unkept(x, d->board->held);
}

void
told_forget(struct board_domain *d)
{
	struct held *x = d->held;
	struct head *h;

	if (x == NULL)
		return;
	if (x->unkept)
		LIST_REMOVE(x, unkept_link);
	if (x->kept != NULL)
		LIST_REMOVE(x, kept_link);
	while ((h = x->kept) != NULL) {
		x->kept = h->next;
		free(h);
	}
	free(x->told);
	free(x);
	d->held = NULL;
}

/* ---- the caller's side ---- */

void
board_set_careful(struct board *b, bool careful)
{
	struct held *x;

	b->careful = careful;
	while (!careful && (x = LIST_FIRST(&b->held->unkept)) != NULL)
		told_forget(x->d);
	while (!careful && (x = LIST_FIRST(&b->held->kept)) != NULL)
		told_forget(x->d);
}

static size_t
count_correct(size_t n, const struct held *x, enum domain_state state)
{
	return n + (x->told->t.state == state) - (x->d->state == state);
}

size_t
board_count_told(const struct board *b, enum domain_state state)
{
	size_t n = b->of_state[state];
	const struct held *x;

	LIST_FOREACH(x, &b->held->unkept, unkept_link)
		n = count_correct(n, x, state);
	LIST_FOREACH(x, &b->held->kept, kept_link)
		if (!x->unkept)
			n = count_correct(n, x, state);
	return n;
}

struct board_domain *
board_unkept(const struct board *b)
{
	const struct held *x = LIST_FIRST(&b->held->unkept);

	return x != NULL ? x->d : NULL;
}

void
board_keep(struct board_domain *d, uint64_t mark)
{
	struct held *x = d->held;
	struct head *h;

	if (x == NULL)
		return;
	if (x->unkept)
		LIST_REMOVE(x, unkept_link);
	x->unkept = false;
	if (x->kept == NULL)
		LIST_INSERT_HEAD(&d->board->held->kept, x, kept_link);
	h = head_now(d);
	h->mark = mark;
	*x->end = h;
	x->end = &h->next;
	x->reserving = d->revision + REVISION_SLACK;
}

/* True when something else is told now. */
static bool
settle(struct held *x, uint64_t up_to_mark)
{
	struct board_domain *d = x->d;
	bool any = false;

	while (x->kept != NULL && x->kept->mark <= up_to_mark) {
		struct head *h = x->kept;

		x->kept = h->next;
		free(x->told);
		x->told = h;
		d->reserved = h->t.revision + REVISION_SLACK;
		any = true;
	}
	if (x->kept != NULL)
		return any;
	x->end = &x->kept;
	LIST_REMOVE(x, kept_link);
	if (!x->unkept)
		told_forget(d);
	return any;
}

void
board_kept(struct board *b, uint64_t up_to_mark, void (*f)(void *ctx, struct board_domain *d), void *ctx)
{
	struct held *next;

	for (struct held *x = LIST_FIRST(&b->held->kept); x != NULL; x = next) {
		struct board_domain *d = x->d;

		next = LIST_NEXT(x, kept_link);
		if (settle(x, up_to_mark))
			f(ctx, d);
	}
}

bool
board_is_told(const struct board_domain *d)
{
	return d->held == NULL;
}

uint64_t
board_told_revision(const struct board_domain *d)
{
	return d->held != NULL ? d->held->told->t.revision : d->revision;
}

enum domain_state
board_told_state(const struct board_domain *d)
{
	return (enum domain_state)(d->held != NULL ? d->held->told->t.state : d->state);
}

bool
board_told_reached(const struct board_domain *d, enum until until)
{
	const struct told *t = told_of(d);

	if (t == NULL)
		return board_reached(d, until);
	return until == UNTIL_PUBLISHED ? t->published : until == UNTIL_VISIBLE ? t->visible : t->complete;
}
