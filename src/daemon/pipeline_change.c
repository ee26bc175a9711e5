/* SPDX-License-Identifier: ISC */
/*
 * pipeline_change: domains come and go, and configurations change, while everything else runs on.
 *
 *   begin --> plan, plan, ... --> apply --> domains follow, those left over go --> over
 *                 |   (nothing has changed until here; drop)
 *                 +--> a domain that cannot be planned: drop
 *
 * All plans of the new configuration are built first: after that nothing can fail.  From apply on what is global holds for all,
 * and the domains follow it in portions; each follows one configuration at any time, the old one or the new one.  A domain whose
 * plan is equal only changes the plan under its cells.  One that differs is put down as bytes, as for a restart, and taken up
 * again under the new plan: rows, columns and records that still exist find their places.
 */
#include <stdlib.h>
#include <string.h>

#include "pipeline_internal.h"

#define CHANGE_AT_ONCE 64	/* domains a turn */
#define CHANGE_MS 1		/* and no more of its time: the rest is for answers and what is due */

struct change {
	const struct conf *conf;
	const struct catalog *catalog;
	struct pipeline_spec *specs;
	struct plan **plans;
	size_t n, n_planned, n_followed;
	size_t n_left;			/* so many of the first domains are to be looked at: are they still wanted? */
	bool applied;
};

/* The delegation is looked at no later than it would have been; whoever was just looking begins again. */
static void
keep_zone_due(struct domain *d, int64_t due_ms)
{
	if (d->phase != PHASE_ASKING || d->no_authorities || due_ms >= d->zone_due_ms)
		return;
	d->zone_due_ms = due_ms;
	domain_due(d, due_ms);
}

/* d's plan has changed: the same domain under the new one, at the same place in the list. */
static void
domain_replan(struct pipeline *p, struct domain *d, struct plan *plan)
{
	int64_t zone_due = d->phase == PHASE_ASKING ? d->zone_due_ms : domain_now(d);
	uint32_t place = d->place;
	struct str bytes = STR_INIT;

	board_snapshot(d->b, true, &bytes);
	domain_forget(d);
	board_remove(p->board, d->b);
	domain_free(d);
	p->replanned = &bytes;
	p->domains[place] = domain_new(p, board_add(p->board, plan));
	p->domains[place]->place = place;
	keep_zone_due(p->domains[place], zone_due);
	p->replanned = NULL;
	str_done(&bytes);
}

static void
take_plan(struct pipeline *p, struct plan *plan)
{
	struct board_domain *b = board_find(p->board, plan_domain(plan));
	struct domain *d = b != NULL ? board_user(b) : NULL;

	if (d == NULL) {
		p->domains = xreallocarray(p->domains, p->n_domains + 1, sizeof(struct domain *));
		pipeline_add(p, plan);
	} else if (plan_equal(board_plan(b), plan) && !domain_asks_others(d, plan)) {
		board_set_plan(b, plan);
		d->generation = p->generation;
	} else {
		domain_replan(p, d, plan);
	}
	p->n_reached = p->n_settled = 0;
}

/* The last one takes its place. */
static void
domain_remove(struct pipeline *p, struct domain *d)
{
	struct domain *last = p->domains[--p->n_domains];

	domain_forget(d);
	p->domains[d->place] = last;
	last->place = d->place;
	board_remove(p->board, d->b);
	domain_free(d);
	p->n_reached = p->n_settled = 0;
}

/* ---- a change in portions ---- */

void
pipeline_change_begin(struct pipeline *p, const struct conf *conf, const struct catalog *catalog, struct pipeline_spec *specs,
    size_t n)
{
	struct change *c = p->change = xcalloc(1, sizeof(*c));

	c->conf = conf;
	c->catalog = catalog;
	c->specs = specs;
	c->plans = xcalloc(n + 1, sizeof(struct plan *));
	c->n = n;
}

static bool
portion_is_over(const struct pipeline *p, int64_t began_ms, unsigned done)
{
	return done >= CHANGE_AT_ONCE || p->clock->mono_ms(p->clock) - began_ms >= CHANGE_MS;
}

enum change_plan
pipeline_change_plan(struct pipeline *p, struct err *err)
{
	struct change *c = p->change;
	int64_t began = p->clock->mono_ms(p->clock);

	for (unsigned done = 0; c->n_planned < c->n; done++) {
		const struct pipeline_spec *spec = &c->specs[c->n_planned];

		if (portion_is_over(p, began, done))
			return CHANGE_MORE;
		c->plans[c->n_planned] = plan_build(c->catalog, spec->conf, spec->index, err);
		if (c->plans[c->n_planned] == NULL) {
			pipeline_change_end(p);
			return CHANGE_FAILED;
		}
		c->n_planned++;
	}
	return CHANGE_PLANNED;
}

void
pipeline_change_apply(struct pipeline *p)
{
	struct change *c = p->change;

	pipeline_configure(p, c->conf);
	p->generation++;
	c->applied = true;
	c->n_left = p->n_domains;
}

/* Resolvers that are not configured any more live on, so a domain's columns may wait for its turn. */
static void
next_follows(struct pipeline *p, struct change *c, int64_t now)
{
	struct plan *plan = c->plans[c->n_followed];
	const char *name = plan_domain(plan);

	take_plan(p, plan);
	domain_refresh(board_user(board_find(p->board, name)), now);
	plan_unref(plan);
	c->plans[c->n_followed++] = NULL;
}

/* From the end: whoever takes the place of one that goes has been looked at, or is new. */
static void
next_goes(struct pipeline *p, struct change *c)
{
	struct domain *d = p->domains[--c->n_left];

	if (d->generation != p->generation)
		domain_remove(p, d);
}

void
pipeline_change_go_on(struct pipeline *p, int64_t now)
{
	struct change *c = p->change;

	if (!pipeline_is_changing(p))
		return;
	for (unsigned done = 0; c->n_followed < c->n || c->n_left > 0; done++) {
		if (portion_is_over(p, now, done))
			break;
		if (c->n_followed < c->n)
			next_follows(p, c, now);
		else
			next_goes(p, c);
	}
	board_next(p->board, NULL);		/* puts the new ones in order: a few now, and not all when somebody asks */
	if (c->n_followed == c->n && c->n_left == 0)
		pipeline_change_end(p);
}

bool
pipeline_is_changing(const struct pipeline *p)
{
	return p->change != NULL && p->change->applied;
}

void
pipeline_change_end(struct pipeline *p)
{
	struct change *c = p->change;

	if (c == NULL)
		return;
	p->change = NULL;
	for (size_t i = 0; i < c->n_planned; i++)
		plan_unref(c->plans[i]);
	free(c->plans);
	free(c->specs);
	free(c);
}

/* ---- one domain ---- */

int
pipeline_put(struct pipeline *p, const struct catalog *catalog, struct pipeline_spec spec, struct err *err)
{
	struct plan *plan = plan_build(catalog, spec.conf, spec.index, err);

	if (plan == NULL)
		return -1;
	take_plan(p, plan);
	plan_unref(plan);
	return 0;
}

void
pipeline_restore(struct pipeline *p, struct board_domain *b, const struct pipeline_memory *m)
{
	(void)p;
	domain_restore(board_user(b), m);
}

struct board_domain *
pipeline_find(const struct pipeline *p, const char *name)
{
	return board_find(p->board, name);
}

void
pipeline_remove(struct pipeline *p, struct board_domain *b)
{
	domain_remove(p, board_user(b));
}

void
pipeline_check(struct pipeline *p, struct board_domain *b)
{
	domain_check(board_user(b), p->clock->mono_ms(p->clock));
	p->cfg.wake(p->cfg.ctx);
}
