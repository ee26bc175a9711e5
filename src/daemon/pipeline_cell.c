/* SPDX-License-Identifier: ISC */
/*
 * pipeline_cell: the questions of one domain, cell by cell.
 *
 *   planned (due) --cells_turn--> in flight --cell_answered--> board_answer, sched_next --> planned again, or at rest
 *
 * Authorities are always asked; a public resolver is asked a row only through its open gate.
 */
#include "pipeline_internal.h"

#define HOLD_MS      50		/* a source's queue is full: look again */
#define CELL_BACKLOG 256	/* asks of many domains at one source */
#define SOA_WATCH_MS 30000	/* one authority's SOA while the domain is not published */

/* Which question this row is: the apexes that a zone's own rows can have lie above each other, so that labels tell them apart. */
static unsigned
row_labels(const struct domain *d, size_t row)
{
	struct question q;

	if (row < plan_n_questions(board_plan(d->b)))
		return 0;
	board_row_question(d->b, row, &q);
	return dns_name_labels(&q.name);
}

static uint64_t
tag_of(const struct domain *d, size_t row, size_t col)
{
	return (uint64_t)row_labels(d, row) << 32 | (uint64_t)row << 16 | col;
}

/* The column may have moved since the question went out.  Of those that share the address, the first. */
bool
cell_column(const struct domain *d, const struct source *src, size_t hint, size_t *ret)
{
	size_t n = board_n_columns(d->b);

	if (hint < n && board_column_source(d->b, hint) == src && !board_column_is_twin(d->b, hint)) {
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

void
cell_plan(struct domain *d, struct cell *c, int64_t at)
{
	c->due = at == SCHED_NEVER ? 0 : board_ticks(d->p->board, at) + 1;	/* + 1: never before the moment meant */
	if (at != SCHED_NEVER)
		domain_due(d, board_ticks_ms(d->p->board, c->due));
}

/* The server of this column answers: what it failed to answer need not sit out its back-off. */
void
cells_ask_failed(struct domain *d, size_t col, int64_t now)
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
	ret->eta_ms = ret->predicted_ms + (int64_t)cell_ttl(c) * 1000;
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

/* The same address has other names too. */
static void
twins_answered(struct domain *d, size_t row, size_t col, const struct reply *reply)
{
	const struct source *src = board_column_source(d->b, col);

	while (++col < board_n_columns(d->b))
		if (board_column_source(d->b, col) == src && board_answer(d->b, row, col, reply, d->p->sched.max_tries))
			d->gates_stale = true;
}

static void
cell_answered(void *ctx, uint64_t tag, struct source *src, const struct reply *reply)
{
	struct domain *d = ctx;
	size_t row = (size_t)(tag >> 16 & 0xffff), col;
	int64_t now = domain_now(d), next;
	struct pipeline_turn turn;
	struct cell *c;
	bool predicted, failed, known;

	d->in_flight--;
	/* Another apex: its cells begin anew, and are asked already. */
	if (!cell_column(d, src, (size_t)(tag & 0xffff), &col) || tag >> 32 != row_labels(d, row)) {
		pipeline_mark_dirty(d);		/* it may be the last that was waited for */
		d->p->cfg.wake(d->p->cfg.ctx);
		return;
	}
	c = board_cell(d->b, row, col);
	c->in_flight = 0;
	failed = c->final && c->reason != REASON_NONE;
	predicted = turn_begin(d, row, col, c, &turn);
	if (reply->reason == REASON_NONE && (src->kind == SOURCE_AUTHORITY || d->no_authorities))
		d->sides_wait = false;
	known = c->asked && d->p->sched.mode == SCHED_WATCH;
	if (board_answer(d->b, row, col, reply, d->p->sched.max_tries) && src->kind == SOURCE_AUTHORITY) {
		d->gates_stale = true;
		d->sides_stale |= known;	/* somebody is at work: what lay beside it may have changed with it */
	}
	if (src->kind == SOURCE_AUTHORITY)
		twins_answered(d, row, col, reply);
	next = sched_next(&d->p->sched, &d->sched, c, src->kind, c->good, now);
	cell_plan(d, c, c->failures > 0 && next != SCHED_NEVER ? next_trial(d, row, col, src, next, now) : next);
	if (failed && c->reason == REASON_NONE && d->p->sched.mode == SCHED_WATCH)
		cells_ask_failed(d, col, now);
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
		.tag = tag_of(d, row, col),
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
int64_t
cells_turn(struct domain *d, size_t row, int64_t now)
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

static enum columns
columns_of(const struct source *s)
{
	if (s->kind == SOURCE_AUTHORITY)
		return COLUMNS_AUTHORITIES;
	return s->view == VIEW_PUBLIC ? COLUMNS_PUBLIC : COLUMNS_INTERNAL;
}

/* Everything of this kind of columns, and of these rows, is asked now. */
void
cells_ask(struct domain *d, enum columns which, uint64_t rows, int64_t now)
{
	for (size_t row = 0; row < board_n_rows(d->b); row++) {
		if (row < 64 && (rows & (UINT64_C(1) << row)) == 0)
			continue;
		for (size_t col = 0; col < board_n_columns(d->b); col++) {
			const struct source *s = board_column_source(d->b, col);
			struct cell *c;

			if (s == NULL || columns_of(s) != which || board_column_is_twin(d->b, col) ||
			    !board_column_applies(d->b, row, col) || !cell_allowed(d, row, s))
				continue;
			c = board_cell(d->b, row, col);
			if (!c->in_flight)
				cell_plan(d, c, now);
		}
	}
}

/* What may be asked and nobody has asked yet is asked now. */
void
cells_ask_unasked(struct domain *d, int64_t now)
{
	for (size_t row = 0; row < board_n_rows(d->b); row++) {
		for (size_t col = 0; col < board_n_columns(d->b); col++) {
			struct cell *c = board_cell(d->b, row, col);

			if (board_column_applies(d->b, row, col) && !board_column_is_twin(d->b, col) && !c->asked &&
			    !c->in_flight && c->due == 0 && cell_allowed(d, row, board_column_source(d->b, col)))
				cell_plan(d, c, now);
		}
	}
}
