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
}

enum domain_state
board_state(const struct board_domain *d)
{
	return (enum domain_state)d->state;
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
	return plan_n_questions(d->plan) + BOARD_SYSTEM_ROWS;
}

void
board_row_question(const struct board_domain *d, size_t row, struct question *ret)
{
	size_t n = plan_n_questions(d->plan);

	if (row < n) {
		plan_question(d->plan, row, ret);
		return;
	}
	ret->name = d->zone != NULL && d->zone->apex.len != 0 ? d->zone->apex : *plan_domain_name(d->plan);
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
	return d->columns[col].source;
}

bool
board_column_applies(const struct board_domain *d, size_t row, size_t col)
{
	const struct source *s = d->columns[col].source;

	if (s == NULL)
		return false;
	if (row >= plan_n_questions(d->plan))
		return s->kind == SOURCE_AUTHORITY;
	return (plan_question_views(d->plan, row) & (1u << s->view)) != 0;
}

struct cell *
board_cell(struct board_domain *d, size_t row, size_t col)
{
	return &d->cells[row * d->n_columns + col];
}

/* A cell that nobody has asked yet. */
static void
cell_init(struct cell *c, const struct source *s)
{
	memset(c, 0, sizeof(*c));
	if (s != NULL && s->kind == SOURCE_RESOLVER)
		c->reason = REASON_GATED;
}

static int
column_of(const struct column *columns, size_t n, const struct source *s)
{
	for (size_t i = 0; s != NULL && i < n; i++)
		if (columns[i].source == s)
			return (int)i;
	return -1;
}

static bool
same_columns(const struct column *a, const struct column *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].source != b[i].source || a[i].server != b[i].server)
			return false;
	return true;
}

static size_t
columns_fill(struct column *ret, const struct zone *zone, struct sources *sources)
{
	size_t n = 0;

	for (size_t i = 0; zone != NULL && i < zone->n_servers; i++)
		ret[n++] = (struct column){ zone->servers[i].source, (int16_t)i };
	for (size_t i = 0; i < sources_n_resolvers(sources); i++)
		ret[n++] = (struct column){ sources_resolver(sources, i), -1 };
	return n;
}

void
board_set_columns(struct board_domain *d, struct zone *zone, struct sources *sources, bool finding,
    void (*free_zone)(void *ctx, struct zone *zone), void *ctx)
{
	size_t n_rows = board_n_rows(d), n_old = d->n_columns, n;
	size_t max = ZONE_ADDRESSES_MAX + sources_n_resolvers(sources);
	struct column *columns = xcalloc(max, sizeof(*columns)), *old_columns = d->columns;
	struct cell *cells, *old_cells = d->cells;
	bool changed;

	n = columns_fill(columns, zone, sources);
	cells = xcalloc(n_rows * n + 1, sizeof(*cells));
	for (size_t col = 0; col < n; col++) {
		int was = column_of(old_columns, n_old, columns[col].source);

		for (size_t row = 0; row < n_rows; row++) {
			if (was >= 0)
				cells[row * n + col] = old_cells[row * n_old + (size_t)was];
			else
				cell_init(&cells[row * n + col], columns[col].source);
		}
	}
	d->board->n_cells += n_rows * n - n_rows * n_old;
	d->columns = xreallocarray(columns, n + 1, sizeof(*columns));
	d->cells = cells;
	d->n_columns = (uint16_t)n;
	changed = n != n_old || !same_columns(d->columns, old_columns, n);
	free(old_columns);
	free(old_cells);
	if (d->zone != NULL && d->zone != zone && d->free_zone != NULL)
		d->free_zone(d->free_zone_ctx, d->zone);
	d->zone = zone;
	d->free_zone = free_zone;
	d->free_zone_ctx = ctx;
	d->changed |= changed || d->finding != finding;
	d->finding = finding;
}

void
board_update_resolvers(struct board_domain *d, struct sources *sources)
{
	board_set_columns(d, d->zone, sources, d->finding, d->free_zone, d->free_zone_ctx);
}
