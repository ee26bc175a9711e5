/* SPDX-License-Identifier: ISC */
/*
 * pipeline_domain: one domain on its way.
 *
 * First the zone is found.  Then every question goes to every authority; what they say opens the gates, row by row; through
 * an open gate the resolvers are asked, and each cell is asked again when sched says that its answer can change.
 */
#include <stdlib.h>

#include "pipeline_internal.h"

int64_t
domain_now(const struct domain *d)
{
	return d->p->clock->mono_ms(d->p->clock);
}

/* Be looked at no later than at. */
void
domain_due(struct domain *d, int64_t at)
{
	if (at != SCHED_NEVER && (d->due.pos == 0 || d->due.key > at))
		heap_set(&d->p->due, &d->due, at);
}

static enum authorities_policy
authorities_of(const struct pipeline *p, const struct plan *plan)
{
	enum authorities_policy own = plan_conf(plan)->authorities;

	return own == AUTHORITIES_UNSET ? p->conf->authorities : own;
}

bool
domain_asks_others(const struct domain *d, const struct plan *plan)
{
	return d->no_authorities != (authorities_of(d->p, plan) == AUTHORITIES_NONE);
}

void
domain_free(struct domain *d)
{
	free(d);
}

/* ---- coming, going and changing ---- */

/* Was the child's own NS set looked at before?  Then it names some of the servers. */
static bool
child_has_spoken(const struct zone *zone)
{
	for (size_t i = 0; i < zone->n_servers; i++)
		if (zone->servers[i].at_child)
			return true;
	return false;
}

/* Go on where the last run stopped: nobody is asked what is still fresh. */
static void
domain_resume(struct domain *d, int64_t now)
{
	const struct zone *zone = board_zone(d->b);
	bool all_asked = true;

	d->phase = PHASE_ASKING;
	d->child_done = zone == NULL || child_has_spoken(zone);
	d->sides_wait = d->p->replanned == NULL;
	d->internal_asked = true;
	d->sched.complete = board_state(d->b) == DOMAIN_COMPLETE;
	d->gates = d->no_authorities || d->p->cfg.peek ? UINT64_MAX : board_gates(d->b);
	for (size_t row = 0; row < board_n_rows(d->b); row++) {
		for (size_t col = 0; col < board_n_columns(d->b); col++) {
			const struct source *s = board_column_source(d->b, col);
			struct cell *c = board_cell(d->b, row, col);
			int64_t at;

			all_asked &= c->asked;
			if (s == NULL || !c->asked || board_column_is_twin(d->b, col))
				continue;
			at = sched_next(&d->p->sched, &d->sched, c, s->kind, c->good,
			    board_ticks_ms(d->p->board, c->checked));
			cell_plan(d, c, at > now || at == SCHED_NEVER ? at : now);
		}
	}
	if (!all_asked)
		cells_ask_unasked(d, now);
	if (zone != NULL)
		d->zone_due_ms = domain_zone_next(d, zone, now);
}

/* Take over what is remembered of the domain.  False: it begins anew. */
static bool
domain_remember(struct domain *d, const struct pipeline_memory *m)
{
	struct pipeline *p = d->p;
	bool has_zone;

	board_raise_revision(d->b, m->revision);
	if (m->bytes == NULL)
		return false;
	if (!board_restore(d->b, m->bytes, m->n, p->finder, p->sources, domain_give_back_zone, p, &has_zone)) {
		log_warn("%s: what the store remembers of it cannot be read; starting anew", plan_domain(board_plan(d->b)));
		return false;
	}
	board_raise_revision(d->b, m->revision);
	if (has_zone && d->no_authorities)	/* they were asked by the configuration of before */
		board_set_columns(d->b, NULL, p->sources, false, domain_give_back_zone, p);
	return has_zone || d->no_authorities;
}

void
domain_restore(struct domain *d, const struct pipeline_memory *m)
{
	if (domain_remember(d, m))
		domain_resume(d, d->p->clock->mono_ms(d->p->clock));
	d->revision = board_revision(d->b);
}

struct domain *
domain_new(struct pipeline *p, struct board_domain *b)
{
	struct domain *d = xcalloc(1, sizeof(*d));
	int64_t now = p->clock->mono_ms(p->clock);

	d->p = p;
	d->b = b;
	d->generation = p->generation;
	d->sched.eager_since_ms = now;
	d->no_authorities = authorities_of(p, board_plan(b)) == AUTHORITIES_NONE;
	d->zone_due_ms = d->sides_due_ms = SCHED_NEVER;
	board_set_user(b, d);
	board_set_columns(b, NULL, p->sources, !d->no_authorities, domain_give_back_zone, p);
	d->phase = d->no_authorities ? PHASE_ASKING : PHASE_FIND_ZONE;
	if (p->replanned != NULL)
		domain_restore(d, &(struct pipeline_memory){ p->replanned->p, p->replanned->len, 0 });
	d->revision = board_revision(b);
	d->gates_stale = true;
	pipeline_mark_dirty(d);
	domain_due(d, now);
	return d;
}

void
domain_forget(struct domain *d)
{
	prober_forget(d->p->prober, d);
	zone_finder_forget(d->p->finder, d);
	domain_forget_sides(d);
	d->p->n_finding -= (d->phase == PHASE_FINDING) + d->child_finding;
	heap_remove(&d->p->due, &d->due);
	if (d->is_dirty)
		LIST_REMOVE(d, dirty_link);
	d->is_dirty = false;
}

void
domain_refresh(struct domain *d, int64_t now)
{
	board_update_resolvers(d->b, d->p->sources);
	d->gates_stale = true;
	cells_ask_unasked(d, now);
	if (!board_reached(d->b, UNTIL_PUBLISHED))
		domain_check(d, now);	/* whoever reloads is at work on it: two quick minutes */
	pipeline_mark_dirty(d);
}

void
domain_check(struct domain *d, int64_t now)
{
	d->sched.eager_since_ms = now;
	d->sides_stale = true;
	cells_ask(d, COLUMNS_AUTHORITIES, UINT64_MAX, now);
	if (d->no_authorities)
		cells_ask(d, COLUMNS_PUBLIC, UINT64_MAX, now);
	if (board_zone(d->b) != NULL && board_zone(d->b)->status != ZONE_FOUND) {
		d->zone_due_ms = now;
		domain_due(d, now);
	}
}

void
domain_recovered(struct domain *d, const struct source *src, int64_t now)
{
	const struct zone *zone = board_zone(d->b);
	size_t col;

	if (cell_column(d, src, 0, &col))
		cells_ask_failed(d, col, now);
	if (d->phase == PHASE_ASKING && zone != NULL && zone->status == ZONE_UNKNOWN && !d->no_authorities) {
		d->zone_due_ms = now;	/* perhaps it was this server that could not be asked */
		domain_due(d, now);
	}
}

/* ---- turns ---- */

void
domain_turn(struct domain *d, int64_t now)
{
	int64_t next = SCHED_NEVER;

	/* Not while the child's servers are looked up: the finder holds on to the zone that would be replaced. */
	if (d->phase == PHASE_FIND_ZONE || (d->phase == PHASE_ASKING && d->zone_due_ms <= now && !d->child_finding)) {
		d->zone_due_ms = SCHED_NEVER;
		domain_find_zone(d);
	}
	for (size_t row = 0; row < board_n_rows(d->b); row++) {
		int64_t at = cells_turn(d, row, now);

		next = at < next ? at : next;
	}
	if (d->sides_due_ms <= now) {
		d->sides_due_ms = SCHED_NEVER;
		pipeline_mark_dirty(d);
	}
	domain_ask_sides(d, now);
	domain_due(d, next);
	domain_due(d, d->sides_due_ms);
	if (!d->child_finding)
		domain_due(d, d->zone_due_ms);
	if (d->in_flight == 0 && d->due.pos == 0)
		pipeline_mark_dirty(d);		/* the end, though no answer says so */
}

/* Rows whose gate has just opened: their resolvers are asked now. */
static void
open_gates(struct domain *d, int64_t now)
{
	uint64_t before = d->gates;

	if (!d->gates_stale)
		return;
	d->gates_stale = false;
	d->gates = d->no_authorities ? UINT64_MAX : board_gates(d->b);
	if (d->p->cfg.peek)
		d->gates = UINT64_MAX;
	cells_ask(d, COLUMNS_PUBLIC, d->gates & ~before, now);
	if (!d->internal_asked)
		cells_ask(d, COLUMNS_INTERNAL, UINT64_MAX, now);
	d->internal_asked = true;
}

/* Somebody changed the zone: be quick again for two minutes, and look at everything. */
static void
watch_serial(struct domain *d, int64_t now)
{
	uint32_t serial;

	if (d->p->sched.mode != SCHED_WATCH || !board_soa_serial(d->b, &serial) || serial == d->soa_serial)
		return;
	if (d->soa_serial != 0) {
		d->sched.eager_since_ms = now;
		d->sides_stale = true;
		cells_ask(d, COLUMNS_AUTHORITIES, UINT64_MAX, now);
	}
	d->soa_serial = serial;
}

/* What was planned while records were awaited may lie behind the guard interval. */
static void
guard_begin(struct domain *d, int64_t now)
{
	int64_t at = now + d->p->sched.guard_interval * (int64_t)1000;

	for (size_t row = 0; row < board_n_rows(d->b); row++)
		for (size_t col = 0; col < board_n_columns(d->b); col++) {
			const struct source *s = board_column_source(d->b, col);
			struct cell *c = board_cell(d->b, row, col);

			if (s != NULL && s->kind == SOURCE_AUTHORITY && c->due != 0 &&
			    board_ticks_ms(d->p->board, c->due) > at)
				cell_plan(d, c, at);
		}
}

/* Complete, or not any more: the authorities are asked at another pace from now on. */
static void
domain_finished_check(struct domain *d, int64_t now)
{
	bool complete = board_reached(d->b, UNTIL_COMPLETE);

	if (complete == d->sched.complete)
		return;
	d->sched.complete = complete;
	if (complete)
		guard_begin(d, now);
	else
		d->sched.eager_since_ms = now;	/* something was lost: whoever mends it will not wait for the guard */
}

/* What a fix has to know of the names that it changes is wanted in the same round as what the diagnosis wants. */
static void
ask_for_fix(struct domain *d)
{
	struct arena *a = arena_new();

	board_fix(d->b, true, a);
	arena_free(a);
}

void
domain_settle(struct domain *d, int64_t now)
{
	open_gates(d, now);
	domain_find_child(d);
	watch_serial(d, now);
	/* In one pass only the end counts; roll up when the last answer is in and nothing waits to be asked. */
	if (d->p->sched.mode == SCHED_ONCE && (d->in_flight > 0 || d->due.pos != 0 || d->n_side_jobs > 0))
		return;
	board_sides_round(d->b, d->sides_stale);
	d->sides_stale = false;
	board_rollup(d->b);
	if (d->p->cfg.fixes)
		ask_for_fix(d);
	d->sides_due_ms = sides_retry_ms(board_sides(d->b));
	domain_due(d, d->sides_due_ms);
	domain_ask_sides(d, now);
	domain_finished_check(d, now);
	if (d->revision != board_revision(d->b) && d->p->cfg.on_changed != NULL)
		d->p->cfg.on_changed(d->p->cfg.ctx, d->b);
	d->revision = board_revision(d->b);
}

bool
domain_is_settled(const struct domain *d)
{
	return d->phase == PHASE_ASKING && d->in_flight == 0 && d->due.pos == 0 && !d->is_dirty && !d->child_finding &&
	    d->n_side_jobs == 0 &&
	    (d->child_done || d->no_authorities || board_zone(d->b) == NULL || board_zone(d->b)->status != ZONE_FOUND);
}
