/* SPDX-License-Identifier: ISC */
/* pipeline_zone: the delegation of one domain, from the parent's side and then from the child's. */
#include "pipeline_internal.h"

#define ZONE_TTL_MIN_S 300	/* a delegation is looked at again after its TTL, within these bounds */
#define ZONE_TTL_MAX_S 86400

static void zone_found(void *ctx, uint64_t tag, struct zone *zone);
static void child_found(void *ctx, uint64_t tag, struct zone *zone);

void
domain_give_back_zone(void *ctx, struct zone *zone)
{
	struct pipeline *p = ctx;

	zone_free(p->finder, zone);
}

void
domain_find_zone(struct domain *d)
{
	struct dns_name name;

	plan_domain_name(board_plan(d->b), &name);
	d->phase = PHASE_FINDING;
	d->p->n_finding++;
	zone_find(d->p->finder, &name, zone_found, d, 0);
}

/* When the delegation is looked at again: its TTL when it was found; soon, then less and less often when it was not. */
int64_t
domain_zone_next(const struct domain *d, const struct zone *zone, int64_t now)
{
	const struct sched_config *cfg = &d->p->sched;
	int64_t wait;

	if (cfg->mode == SCHED_ONCE)
		return SCHED_NEVER;	/* the finder has tried three times already */
	if (zone->status == ZONE_FOUND) {
		wait = zone->ttl;
		wait = wait < ZONE_TTL_MIN_S ? ZONE_TTL_MIN_S : wait > ZONE_TTL_MAX_S ? ZONE_TTL_MAX_S : wait;
		return now + wait * 1000;
	}
	wait = (int64_t)cfg->interval_floor << (d->failures < 8 ? d->failures : 8);
	return now + (wait > cfg->interval_ceiling ? cfg->interval_ceiling : wait) * 1000;
}

static void
zone_found(void *ctx, uint64_t tag, struct zone *zone)
{
	struct domain *d = ctx;
	int64_t now = domain_now(d);

	(void)tag;
	d->p->n_finding--;
	d->phase = PHASE_ASKING;
	d->failures = zone->status == ZONE_FOUND ? 0 : d->failures + 1;
	d->zone_due_ms = domain_zone_next(d, zone, now);
	d->child_done = false;
	d->gates_stale = true;
	board_set_columns(d->b, zone, d->p->sources, false, domain_give_back_zone, d->p);
	cells_ask(d, COLUMNS_AUTHORITIES, UINT64_MAX, now);
	domain_due(d, d->zone_due_ms);
	pipeline_mark_dirty(d);
	d->p->cfg.wake(d->p->cfg.ctx);
}

/* The child's own NS set named further servers: they are columns too. */
static void
child_found(void *ctx, uint64_t tag, struct zone *zone)
{
	struct domain *d = ctx;
	int64_t now = domain_now(d);

	(void)tag;
	d->p->n_finding--;
	d->child_finding = false;
	board_set_columns(d->b, zone, d->p->sources, false, domain_give_back_zone, d->p);
	cells_ask_unasked(d, now);
	domain_due(d, d->zone_due_ms);
	d->gates_stale = true;
	pipeline_mark_dirty(d);
	d->p->cfg.wake(d->p->cfg.ctx);
}

/* Once all servers have said their NS set (or failed to), compare it with the parent's. */
void
domain_find_child(struct domain *d)
{
	size_t row = board_n_rows(d->b) - 1;
	const struct zone *zone = board_zone(d->b);
	struct arena *a;
	struct answer *ns;

	if (d->child_done || zone == NULL || zone->status != ZONE_FOUND || d->phase != PHASE_ASKING)
		return;
	for (size_t col = 0; col < zone->n_servers; col++)
		if (board_column_source(d->b, col) != NULL && !board_cell(d->b, row, col)->final)
			return;
	d->child_done = true;
	a = arena_new();
	ns = board_child_ns(d->b, a);
	if (ns != NULL) {
		d->p->n_finding++;
		d->child_finding = true;
		zone_add_child(d->p->finder, zone, ns, child_found, d, 0);
	}
	arena_free(a);
}
