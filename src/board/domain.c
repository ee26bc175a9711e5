/* SPDX-License-Identifier: ISC */
/*
 * domain: rows, columns and cells of one domain.
 *
 * Rows are the plan's questions, then the SOA and NS of the zone's apex.  Columns are the addresses of the zone's
 * servers, then the configured resolvers.  When the columns change, the cells of sources that stay move along.
 */
#include <stdlib.h>
#include <string.h>

#include "board_internal.h"

struct plan *
board_plan(const struct board_domain *d)
{
	return d->plan;
}

void
board_set_plan(struct board_domain *d, struct plan *plan)
{
	plan_ref(plan);
	plan_unref(d->plan);
	d->plan = plan;
	d->n_questions = (uint8_t)plan_n_questions(plan);
}

const struct zone *
board_zone(const struct board_domain *d)
{
	return d->zone;
}

uint64_t
board_revision(const struct board_domain *d)
{
	return d->revision;
}

void
board_raise_revision(struct board_domain *d, uint64_t revision)
{
	if (d->revision < revision)
		d->revision = revision;
	if (d->reserved < revision)
		d->reserved = revision;
}

enum domain_state
board_state(const struct board_domain *d)
{
	return (enum domain_state)d->state;
}

void
domain_set_state(struct board_domain *d, enum domain_state state)
{
	d->board->of_state[d->state]--;
	d->board->of_state[state]++;
	d->state = (uint8_t)state;
}

void
board_set_user(struct board_domain *d, void *user)
{
	d->user = user;
}

void *
board_user(const struct board_domain *d)
{
	return d->user;
}

size_t
board_n_rows(const struct board_domain *d)
{
	return d->n_questions + (size_t)BOARD_SYSTEM_ROWS;
}

void
board_row_question(const struct board_domain *d, size_t row, struct question *ret)
{
	size_t n = d->n_questions;

	if (row < n) {
		plan_question(d->plan, row, ret);
		return;
	}
	if (d->zone != NULL && d->zone->apex.len != 0)
		ret->name = d->zone->apex;
	else
		plan_domain_name(d->plan, &ret->name);
	ret->type = row == n ? DNS_TYPE_SOA : DNS_TYPE_NS;
}

size_t
board_n_columns(const struct board_domain *d)
{
	return d->n_columns;
}

struct source *
board_column_source(const struct board_domain *d, size_t col)
{
	return d->columns->list[col].source;
}

bool
board_column_is_twin(const struct board_domain *d, size_t col)
{
	return d->columns->list[col].is_twin;
}

bool
board_column_applies(const struct board_domain *d, size_t row, size_t col)
{
	const struct source *s = d->columns->list[col].source;

	if (s == NULL)
		return false;
	if (row >= d->n_questions)
		return s->kind == SOURCE_AUTHORITY;
	return (plan_question_views(d->plan, row) & (1u << s->view)) != 0;
}

size_t
board_n_cells(const struct board_domain *d)
{
	return cell_index(d, board_n_rows(d), 0);
}

const struct cell *
board_cell_const(const struct board_domain *d, size_t row, size_t col)
{
	static const struct cell none = { .reason = REASON_GATED };

	return cell_exists(d, row, col) ? &d->cells[cell_index(d, row, col)] : &none;
}

struct cell *
board_cell(struct board_domain *d, size_t row, size_t col)
{
	if (!cell_exists(d, row, col)) {
		d->board->no_cell = (struct cell){ .reason = REASON_GATED };
		return &d->board->no_cell;
	}
	return &d->cells[cell_index(d, row, col)];
}

/* A cell that nobody has asked yet. */
static void
cell_init(struct cell *c, const struct source *s)
{
	memset(c, 0, sizeof(*c));
	if (s != NULL && s->kind == SOURCE_RESOLVER)
		c->reason = REASON_GATED;
}

/* ---- columns ---- */

/* The first of them. */
static int
column_of(const struct columns *columns, const struct source *s)
{
	for (unsigned i = 0; columns != NULL && s != NULL && i < columns->n; i++)
		if (columns->list[i].source == s)
			return (int)i;
	return -1;
}

static bool
same_columns(const struct columns *a, const struct columns *b)
{
	if (a == b)
		return true;
	if (a == NULL || b == NULL || a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (a->list[i].source != b->list[i].source || a->list[i].server != b->list[i].server)
			return false;
	return true;
}

/* The columns of a zone's servers and the resolvers, counted. */
static struct columns *
columns_get(struct board *b, const struct zone *zone, struct sources *sources)
{
	size_t n_servers = zone != NULL ? zone->n_servers : 0, n = n_servers + sources_n_resolvers(sources);
	struct columns *c = xcalloc(1, sizeof(*c) + n * sizeof(c->list[0]));

	for (size_t i = 0; i < n; i++)
		c->list[i] = i < n_servers ? (struct column){ zone->servers[i].source, (int16_t)i, false } :
		    (struct column){ sources_resolver(sources, i - n_servers), -1, false };
	c->n = (unsigned)n;
	for (size_t i = 0; i < n_servers; i++)
		c->list[i].is_twin = c->list[i].source != NULL && column_of(c, c->list[i].source) != (int)i;
	if (same_columns(c, b->columns)) {
		free(c);
		c = b->columns;
	}
	b->columns = c;
	c->refs++;
	return c;
}

void
columns_unref(struct board *b, struct columns *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	if (b->columns == c)
		b->columns = NULL;
	free(c);
}

/* ---- the domain's columns and cells anew ---- */

/* The cells of a column, those of the same source before when there was one. */
static void
column_take(struct board_domain *d, size_t col, const struct board_domain *old)
{
	const struct source *s = d->columns->list[col].source;
	int was = column_of(old->columns, s);
	size_t n = col < d->n_authorities ? board_n_rows(d) : d->n_questions;

	for (size_t row = 0; row < n; row++) {
		struct cell *c = &d->cells[cell_index(d, row, col)];

		if (was >= 0)
			*c = *board_cell_const(old, row, (size_t)was);
		else
			cell_init(c, s);
	}
}

void
domain_twins_take(struct board_domain *d)
{
	for (size_t col = 0; col < d->n_authorities; col++) {
		if (!board_column_is_twin(d, col))
			continue;
		for (size_t row = 0; row < board_n_rows(d); row++) {
			struct cell *c = board_cell(d, row, col);

			*c = *board_cell_const(d, row, (size_t)column_of(d->columns, board_column_source(d, col)));
			c->in_flight = c->due = 0;	/* nobody asks it */
		}
	}
}

/* SOA and NS of another apex are other questions: what is known of the old one answers none of them. */
static void
forget_apex(struct board_domain *d)
{
	for (size_t row = d->n_questions; row < board_n_rows(d); row++)
		for (size_t col = 0; col < d->n_authorities; col++)
			cell_init(board_cell(d, row, col), board_column_source(d, col));
}

void
board_set_columns(struct board_domain *d, struct zone *zone, struct sources *sources, bool finding,
    void (*free_zone)(void *ctx, struct zone *zone), void *ctx)
{
	const struct board_domain old = *d;
	bool same;

	d->n_authorities = zone == NULL ? 0 : (uint16_t)zone->n_servers;
	d->columns = columns_get(d->board, zone, sources);
	d->n_columns = (uint16_t)d->columns->n;
	same = same_columns(d->columns, old.columns);
	if (!same || d->n_authorities != old.n_authorities) {
		d->cells = xcalloc(board_n_cells(d), sizeof(*d->cells));
		for (size_t col = 0; col < d->n_columns; col++)
			column_take(d, col, &old);
		domain_twins_take(d);
		d->board->n_cells += board_n_cells(d) - board_n_cells(&old);
		free(old.cells);
	}
	columns_unref(d->board, old.columns);
	if (zone != NULL && d->zone != NULL && !dns_name_equal(&zone->apex, &d->zone->apex))
		forget_apex(d);
	if (d->zone != NULL && d->zone != zone && d->free_zone != NULL)
		d->free_zone(d->free_zone_ctx, d->zone);
	d->zone = zone;
	d->free_zone = free_zone;
	d->free_zone_ctx = ctx;
	d->changed |= !same || d->finding != finding;
	d->finding = finding;
}

void
board_update_resolvers(struct board_domain *d, struct sources *sources)
{
	board_set_columns(d, d->zone, sources, d->finding, d->free_zone, d->free_zone_ctx);
}
