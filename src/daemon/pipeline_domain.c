/* SPDX-License-Identifier: ISC */
/*
 * pipeline_domain: one domain on its way.
 *
 * First the zone is found.  Then every question goes to every authority; what they say opens the gates, row by row; through
 * an open gate the resolvers are asked, and each cell is asked again when sched says that its answer can change.
 */
#include <stdlib.h>

#include "pipeline_internal.h"

#define HOLD_MS         50		/* a source's queue is full: look again */
#define CELL_BACKLOG    256		/* asks of many domains at one source */
#define ZONE_TTL_MIN_S  300		/* a delegation is looked at again after its TTL, within these bounds */
#define ZONE_TTL_MAX_S  86400
#define SOA_WATCH_MS    30000		/* one authority's SOA while the domain is not published (DESIGN.md section 7) */

static void zone_found(void *ctx, uint64_t tag, struct zone *zone);
static void child_found(void *ctx, uint64_t tag, struct zone *zone);
static void ask_unasked(struct domain *d, int64_t now);

static void
give_back_zone(void *ctx, struct zone *zone)
{
	struct pipeline *p = ctx;

	zone_free(p->finder, zone);
}

static int64_t
now_of(const struct domain *d)
{
	return d->p->clock->mono_ms(d->p->clock);
}

/* Be looked at no later than at. */
static void
domain_due(struct domain *d, int64_t at)
{
	if (at != SCHED_NEVER && (d->due.pos == 0 || d->due.key > at))
		heap_set(&d->p->due, &d->due, at);
}

static enum authorities_policy
authorities_of(const struct pipeline *p, const struct board_domain *b)
{
	enum authorities_policy own = plan_conf(board_plan(b))->authorities;

	return own == AUTHORITIES_UNSET ? p->conf->authorities : own;
}

void
domain_free(struct domain *d)
{
	free(d);
}

/* ---- asking ---- */

static uint64_t
tag_of(size_t row, size_t col)
{
	return (uint64_t)row << 16 | col;
}

/* The column may have moved since the question went out. */
static bool
column_find(const struct domain *d, const struct source *src, size_t hint, size_t *ret)
{
	size_t n = board_n_columns(d->b);

	if (hint < n && board_column_source(d->b, hint) == src) {
		*ret = hint;
		return true;
	}
	for (size_t col = 0; col < n; col++) {
		if (board_column_source(d->b, col) == src) {
			*ret = col;
			return true;
		}
	}
	return false;
}

static void
cell_plan(struct domain *d, struct cell *c, int64_t at)
{
	c->due = at == SCHED_NEVER ? 0 : board_ticks(d->p->board, at) + 1;	/* + 1: never before the moment meant */
	if (at != SCHED_NEVER)
		domain_due(d, board_ticks_ms(d->p->board, c->due));
}

/* The server of this column answers: what it failed to answer need not sit out its back-off. */
static void
column_due(struct domain *d, size_t col, int64_t now)
{
	for (size_t row = 0; row < board_n_rows(d->b); row++) {
		struct cell *c = board_cell(d->b, row, col);

		if (c->failures > 0 && !c->in_flight)
			cell_plan(d, c, now);
	}
}

/*
 * A cell of a server set aside fails without a packet, and its back-off says nothing of the server.  So one cell of each
 * domain is there when the server may be tried again (a millisecond for each domain spreads them).
 */
static int64_t
next_trial(struct domain *d, size_t row, size_t col, const struct source *src, int64_t at, int64_t now)
{
	int64_t trial = src->retry_at_ms + random_below((uint32_t)d->p->n_domains + 1);

	if (!src->set_aside || src->retry_at_ms <= now)		/* the latter: a trial is under way */
		return at;
	for (size_t i = 0; i < row; i++)
		if (board_cell(d->b, i, col)->failures > 0)
			return at;
	return trial < at ? trial : at;
}

/* The SOA of one authority is watched while records are awaited: a new serial means that somebody is at work. */
static void
soa_watch(struct domain *d, size_t row, size_t col, struct cell *c, int64_t now)
{
	if (d->p->sched.mode == SCHED_WATCH && row == board_n_rows(d->b) - BOARD_SYSTEM_ROWS && col == 0 &&
	    !d->sched.complete && c->failures == 0)
		cell_plan(d, c, now + SOA_WATCH_MS);
}

/* The prediction that stands in a cell before it is asked again. */
static bool
turn_begin(const struct domain *d, size_t row, size_t col, const struct cell *c, struct pipeline_turn *ret)
{
	const struct source *s = board_column_source(d->b, col);

	if (d->p->cfg.on_turn == NULL || s->kind != SOURCE_RESOLVER || !c->asked || c->good || c->reason != REASON_NONE ||
	    row >= plan_n_questions(board_plan(d->b)))
		return false;
	ret->domain = plan_domain(board_plan(d->b));
	ret->source = s->name;
	ret->predicted_ms = board_ticks_ms(d->p->board, c->checked);
	ret->eta_ms = ret->predicted_ms + (int64_t)c->ttl * 1000;
	ret->basis = board_cell_negative(d->b, row, col) ? ETA_NEGATIVE_TTL : ETA_TTL;
	return true;
}

static void
turn_end(struct domain *d, size_t row, struct pipeline_turn *t, int64_t now)
{
	uint8_t expectations[PLAN_SLOTS_MAX];
	size_t n = plan_question_expectations(board_plan(d->b), row, expectations);

	t->actual_ms = now;
	for (size_t i = 0; i < n; i++) {
		const struct expectation *e = plan_expectation(board_plan(d->b), expectations[i]);

		if (e->need != NEED_REQUIRED)
			continue;
		t->record = e->id;
		d->p->cfg.on_turn(d->p->cfg.ctx, t);
	}
}

static void
cell_answered(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	struct domain *d = ctx;
	size_t row = (size_t)(tag >> 16), col;
	int64_t now = now_of(d), next;
	struct pipeline_turn turn;
	struct cell *c;
	bool predicted, failed;

	d->in_flight--;
	if (!column_find(d, src, (size_t)(tag & 0xffff), &col))
		return;
	c = board_cell(d->b, row, col);
	c->in_flight = 0;
	failed = c->final && c->reason != REASON_NONE;
	predicted = turn_begin(d, row, col, c, &turn);
	if (board_answer(d->b, row, col, reply, d->p->sched.max_tries))
		d->gates_stale |= src->kind == SOURCE_AUTHORITY;
	next = sched_next(&d->p->sched, &d->sched, c, src->kind, c->good, now);
	cell_plan(d, c, c->failures > 0 && next != SCHED_NEVER ? next_trial(d, row, col, src, next, now) : next);
	if (failed && c->reason == REASON_NONE && d->p->sched.mode == SCHED_WATCH)
		column_due(d, col, now);
	soa_watch(d, row, col, c, now);
	if (predicted && c->good)
		turn_end(d, row, &turn, now);
	pipeline_mark_dirty(d);
	d->p->cfg.wake(d->p->cfg.ctx);
}

static void
cell_ask(struct domain *d, size_t row, size_t col, const struct question *q)
{
	struct cell *c = board_cell(d->b, row, col);
	struct ask ask = {
		.source = board_column_source(d->b, col),
		.q = q,
		.done = cell_answered,
		.ctx = d,
		.tag = tag_of(row, col),
	};

	c->due = 0;
	c->in_flight = 1;
	d->in_flight++;
	prober_ask(d->p->prober, &ask);
}

/* May the cell be asked at all?  Authorities always; public resolvers only through the gate. */
static bool
cell_allowed(const struct domain *d, size_t row, const struct source *s)
{
	if (s->kind == SOURCE_AUTHORITY || s->view == VIEW_INTERNAL || d->p->cfg.peek)
		return true;
	return (d->gates & (UINT64_C(1) << row)) != 0;
}

/* Ask the due cells of a row; the earliest time at which another of them is due. */
static int64_t
row_turn(struct domain *d, size_t row, int64_t now)
{
	uint32_t tick = board_ticks(d->p->board, now);
	int64_t next = SCHED_NEVER;
	struct question q;
	bool have_q = false;

	for (size_t col = 0; col < board_n_columns(d->b); col++) {
		struct cell *c = board_cell(d->b, row, col);
		int64_t at;

		if (c->due == 0 || c->in_flight)
			continue;
		at = board_ticks_ms(d->p->board, c->due);
		if (c->due <= tick) {
			if (!cell_allowed(d, row, board_column_source(d->b, col))) {
				c->due = 0;
				continue;
			}
			if (prober_backlog(d->p->prober, board_column_source(d->b, col)) < CELL_BACKLOG) {
				if (!have_q)
					board_row_question(d->b, row, &q);
				have_q = true;
				cell_ask(d, row, col, &q);
				continue;
			}
			at = now + HOLD_MS;
		}
		next = at < next ? at : next;
	}
	return next;
}

/* Internal resolvers answer for their own view: the gate does not hold them back. */
enum columns { COLUMNS_AUTHORITIES, COLUMNS_PUBLIC, COLUMNS_INTERNAL };

static enum columns
columns_of(const struct source *s)
{
	if (s->kind == SOURCE_AUTHORITY)
		return COLUMNS_AUTHORITIES;
	return s->view == VIEW_PUBLIC ? COLUMNS_PUBLIC : COLUMNS_INTERNAL;
}

/* Everything of this kind of columns, and of these rows, is asked now. */
static void
ask_all(struct domain *d, enum columns which, uint64_t rows, int64_t now)
{
	for (size_t row = 0; row < board_n_rows(d->b); row++) {
		if (row < 64 && (rows & (UINT64_C(1) << row)) == 0)
			continue;
		for (size_t col = 0; col < board_n_columns(d->b); col++) {
			const struct source *s = board_column_source(d->b, col);

			if (!board_column_applies(d->b, row, col) || columns_of(s) != which ||
			    !cell_allowed(d, row, s))
				continue;
			if (!board_cell(d->b, row, col)->in_flight)
				cell_plan(d, board_cell(d->b, row, col), now);
		}
	}
}

/* ---- the zone ---- */

static void
zone_start(struct domain *d)
{
	d->phase = PHASE_FINDING;
	d->p->n_finding++;
	zone_find(d->p->finder, plan_domain_name(board_plan(d->b)), zone_found, d, 0);
}

/* When the delegation is looked at again: its TTL when it was found; soon, then less and less often when it was not. */
static int64_t
zone_next(const struct domain *d, const struct zone *zone, int64_t now)
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
	int64_t now = now_of(d);

	(void)tag;
	d->p->n_finding--;
	d->phase = PHASE_ASKING;
	d->failures = zone->status == ZONE_FOUND ? 0 : d->failures + 1;
	d->zone_due_ms = zone_next(d, zone, now);
	d->child_done = false;
	d->gates_stale = true;
	board_set_columns(d->b, zone, d->p->sources, false, give_back_zone, d->p);
	ask_all(d, COLUMNS_AUTHORITIES, UINT64_MAX, now);
	domain_due(d, d->zone_due_ms);
	pipeline_mark_dirty(d);
	d->p->cfg.wake(d->p->cfg.ctx);
}

/* The child's own NS set named further servers: they are columns too. */
static void
child_found(void *ctx, uint64_t tag, struct zone *zone)
{
	struct domain *d = ctx;
	int64_t now = now_of(d);

	(void)tag;
	d->p->n_finding--;
	d->child_finding = false;
	board_set_columns(d->b, zone, d->p->sources, false, give_back_zone, d->p);
	ask_unasked(d, now);
	domain_due(d, d->zone_due_ms);
	d->gates_stale = true;
	pipeline_mark_dirty(d);
	d->p->cfg.wake(d->p->cfg.ctx);
}

/* Once all servers have said their NS set (or failed to), compare it with the parent's. */
static void
child_start(struct domain *d)
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

/* ---- coming, going and changing ---- */

/* What may be asked and nobody has asked yet is asked now. */
static void
ask_unasked(struct domain *d, int64_t now)
{
	for (size_t row = 0; row < board_n_rows(d->b); row++) {
		for (size_t col = 0; col < board_n_columns(d->b); col++) {
			struct cell *c = board_cell(d->b, row, col);

			if (board_column_applies(d->b, row, col) && !c->asked && !c->in_flight && c->due == 0 &&
			    cell_allowed(d, row, board_column_source(d->b, col)))
				cell_plan(d, c, now);
		}
	}
}

/* Go on where the last run stopped: nobody is asked what is still fresh. */
static void
domain_resume(struct domain *d, int64_t now)
{
	const struct zone *zone = board_zone(d->b);

	d->phase = PHASE_ASKING;
	d->child_done = true;
	d->internal_asked = true;
	d->sched.complete = board_state(d->b) == DOMAIN_COMPLETE;
	d->gates = d->no_authorities || d->p->cfg.peek ? UINT64_MAX : board_gates(d->b);
	for (size_t row = 0; row < board_n_rows(d->b); row++) {
		for (size_t col = 0; col < board_n_columns(d->b); col++) {
			const struct source *s = board_column_source(d->b, col);
			struct cell *c = board_cell(d->b, row, col);
			int64_t at;

			if (s == NULL || !c->asked)
				continue;
			at = sched_next(&d->p->sched, &d->sched, c, s->kind, c->good,
			    board_ticks_ms(d->p->board, c->checked));
			cell_plan(d, c, at > now || at == SCHED_NEVER ? at : now);
		}
	}
	ask_unasked(d, now);
	if (zone != NULL)
		d->zone_due_ms = zone_next(d, zone, now);
}

/* What is remembered of the domain; its cells are due when they would have been. */
static bool
domain_restore(struct domain *d)
{
	struct pipeline *p = d->p;
	struct pipeline_memory m = { NULL, 0, 0 };
	bool has_zone;

	if (p->replanned != NULL) {
		m.bytes = p->replanned->p;
		m.n = p->replanned->len;
	} else if (p->cfg.restore == NULL || !p->cfg.restore(p->cfg.ctx, plan_domain(board_plan(d->b)), &m)) {
		return false;
	}
	board_raise_revision(d->b, m.revision);
	if (m.bytes == NULL)
		return false;
	if (!board_restore(d->b, m.bytes, m.n, p->finder, p->sources, give_back_zone, p, &has_zone)) {
		log_warn("%s: what the store remembers of it cannot be read; starting anew", plan_domain(board_plan(d->b)));
		return false;
	}
	board_raise_revision(d->b, m.revision);
	return has_zone || d->no_authorities;
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
	d->no_authorities = authorities_of(p, b) == AUTHORITIES_NONE;
	d->zone_due_ms = SCHED_NEVER;
	board_set_user(b, d);
	board_set_columns(b, NULL, p->sources, !d->no_authorities, give_back_zone, p);
	if (domain_restore(d))
		domain_resume(d, now);
	else
		d->phase = d->no_authorities ? PHASE_ASKING : PHASE_FIND_ZONE;
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
	d->p->n_finding -= (d->phase == PHASE_FINDING) + d->child_finding;
	heap_remove(&d->p->due, &d->due);
	for (struct domain **at = &d->p->dirty; *at != NULL; at = &(*at)->next_dirty) {
		if (*at == d) {
			*at = d->next_dirty;
			break;
		}
	}
}

void
domain_refresh(struct domain *d, int64_t now)
{
	board_update_resolvers(d->b, d->p->sources);
	d->gates_stale = true;
	ask_unasked(d, now);
	pipeline_mark_dirty(d);
}

void
domain_check(struct domain *d, int64_t now)
{
	d->sched.eager_since_ms = now;
	ask_all(d, COLUMNS_AUTHORITIES, UINT64_MAX, now);
	if (d->no_authorities)
		ask_all(d, COLUMNS_PUBLIC, UINT64_MAX, now);
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

	if (column_find(d, src, 0, &col))
		column_due(d, col, now);
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
		zone_start(d);
	}
	for (size_t row = 0; row < board_n_rows(d->b); row++) {
		int64_t at = row_turn(d, row, now);

		next = at < next ? at : next;
	}
	domain_due(d, next);
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
	ask_all(d, COLUMNS_PUBLIC, d->gates & ~before, now);
	if (!d->internal_asked)
		ask_all(d, COLUMNS_INTERNAL, UINT64_MAX, now);
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
		ask_all(d, COLUMNS_AUTHORITIES, UINT64_MAX, now);
	}
	d->soa_serial = serial;
}

/* Complete, or not any more: the authorities are asked at another pace from now on. */
static void
domain_finished_check(struct domain *d, int64_t now)
{
	bool complete = board_reached(d->b, UNTIL_COMPLETE);

	if (complete == d->sched.complete)
		return;
	d->sched.complete = complete;
	if (!complete)
		d->sched.eager_since_ms = now;	/* something was lost: whoever mends it will not wait for the guard */
}

void
domain_settle(struct domain *d, int64_t now)
{
	open_gates(d, now);
	child_start(d);
	watch_serial(d, now);
	/* In one pass only the end counts; roll up when the last answer is in and nothing waits to be asked. */
	if (d->p->sched.mode == SCHED_ONCE && (d->in_flight > 0 || d->due.pos != 0))
		return;
	board_rollup(d->b);
	domain_finished_check(d, now);
	if (d->revision != board_revision(d->b) && d->p->cfg.on_changed != NULL)
		d->p->cfg.on_changed(d->p->cfg.ctx, d->b);
	d->revision = board_revision(d->b);
}

bool
domain_is_settled(const struct domain *d)
{
	return d->phase == PHASE_ASKING && d->in_flight == 0 && d->due.pos == 0 && !d->is_dirty && !d->child_finding &&
	    (d->child_done || d->no_authorities || board_zone(d->b) == NULL || board_zone(d->b)->status != ZONE_FOUND);
}
