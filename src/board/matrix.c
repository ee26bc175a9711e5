/* SPDX-License-Identifier: ISC */
/* matrix: the compact cells spread out for eval, and the verdicts taken back. */
#include <string.h>

#include "board_internal.h"

#define PLAIN_OF_VIEW ((1u << PLAN_SLOTS_MAX) - 1)

static void
fill_column(const struct board_domain *d, size_t col, struct arena *a, struct eval_column *ret)
{
	const struct column *column = &d->columns->list[col];
	const struct source *s = column->source;
	char text[DNS_NAME_TEXT_MAX];

	ret->source = s;
	ret->kind = column->server >= 0 ? SOURCE_AUTHORITY : SOURCE_RESOLVER;
	if (column->server >= 0) {
		const struct zone_server *server = &d->zone->servers[column->server];

		ret->label = arena_strdup(a, dns_name_text_lower(&server->name, text));
		ret->at_parent = server->at_parent;
		ret->at_child = server->at_child;
		ret->no_source = s == NULL ? server->reason : REASON_NONE;
		return;
	}
	ret->label = s->name;
	ret->required = s->class == CLASS_REQUIRED && s->view == VIEW_PUBLIC;
	ret->votes = s->class != CLASS_INFO && s->view == VIEW_PUBLIC;
}

static void
fill_cell(const struct board *b, const struct cell *c, struct eval_cell *ret)
{
	ret->variant = c->variant;
	ret->reason = c->reason;
	ret->confirmed = c->confirmed;
	ret->flags = (uint8_t)((c->asked ? EVAL_ASKED : 0) | (c->final ? EVAL_FINAL : 0));
	ret->aa = c->aa;
	ret->ttl = cell_ttl(c);
	ret->rtt_us = cell_rtt_us(c);
	ret->checked_ms = c->checked == 0 ? 0 : board_ticks_ms(b, c->checked);
}

static void
fill_cells(const struct board_domain *d, struct matrix *m)
{
	const struct cell *c = d->cells;	/* row by row, without those that are nowhere */
	struct eval_cell *to = m->cells;

	for (size_t row = 0; row < m->n_rows; row++)
		for (size_t col = 0; col < m->n_columns; col++, to++) {
			if (cell_exists(d, row, col))
				fill_cell(d->board, c++, to);
			else
				to->reason = REASON_GATED;
		}
}

static void
fill_variants(const struct board_domain *d, struct arena *a, struct matrix *m)
{
	m->n_variants = d->n_variants;
	m->variants = arena_alloc(a, m->n_variants * sizeof(*m->variants));
	for (size_t i = 1; i < m->n_variants; i++) {
		const struct variant *v = &d->variants[i];
		struct answer *an = arena_alloc(a, sizeof(*an));

		memcpy(m->variants[i].verdict, v->verdict, sizeof(v->verdict));
		for (int view = 0; view < VIEW_MAX; view++)
			m->variants[i].plain[view] = v->plain >> view * PLAN_SLOTS_MAX & PLAIN_OF_VIEW;
		if (v->blob != NULL && answer_unpack(a, v->blob->bytes, v->blob->len, an))
			m->variants[i].answer = an;
	}
}

static void
fill_rows(const struct board_domain *d, struct arena *a, struct matrix *m)
{
	struct question *rows;

	m->n_rows = board_n_rows(d);
	rows = arena_alloc(a, m->n_rows * sizeof(*rows));
	for (size_t row = 0; row < m->n_rows; row++)
		board_row_question(d, row, &rows[row]);
	m->rows = rows;
	m->zone.zone = d->zone;
	m->zone.finding = d->finding;
	m->zone.q_soa = (int)plan_n_questions(d->plan);
	m->zone.q_ns = m->zone.q_soa + 1;
}

void
matrix_build(const struct board_domain *d, struct arena *a, struct matrix *ret)
{
	const struct clock *clock = d->board->clock;

	memset(ret, 0, sizeof(*ret));
	ret->plan = d->plan;
	ret->policy = d->board->policy;
	if (plan_conf(d->plan)->authorities != AUTHORITIES_UNSET)
		ret->policy.authorities = plan_conf(d->plan)->authorities;
	ret->now_ms = clock->mono_ms(clock);
	ret->unix_minus_mono_ms = clock->unix_ms(clock) - ret->now_ms;
	ret->n_columns = d->n_columns;
	ret->columns = arena_alloc(a, (ret->n_columns + 1) * sizeof(*ret->columns));
	for (size_t col = 0; col < ret->n_columns; col++) {
		fill_column(d, col, a, &ret->columns[col]);
		if (ret->columns[col].source != NULL)
			ret->own = sources_own(ret->columns[col].source->home);
	}
	ret->by_mx = d->verification_by_mx;
	ret->sides = d->sides;
	fill_rows(d, a, ret);
	fill_variants(d, a, ret);
	ret->cells = arena_alloc(a, (ret->n_rows * ret->n_columns + 1) * sizeof(*ret->cells));
	fill_cells(d, ret);
}

void
matrix_keep_verdicts(struct board_domain *d, const struct matrix *m)
{
	for (size_t i = 1; i < m->n_variants && i < d->n_variants; i++) {
		struct variant *v = &d->variants[i];

		memcpy(v->verdict, m->variants[i].verdict, sizeof(v->verdict));
		/* a side question is out: who answers the same meanwhile is judged by the answer alone */
		for (unsigned slot = 0; slot < PLAN_SLOTS_MAX; slot++)
			if ((m->variants[i].pending & 1u << slot) != 0)
				v->verdict[VIEW_PUBLIC][slot] = VERDICT_UNJUDGED;
		v->plain = 0;
		for (int view = 0; view < VIEW_MAX; view++)
			v->plain |= (m->variants[i].plain[view] & PLAIN_OF_VIEW) << view * PLAN_SLOTS_MAX;
	}
}

void
matrix_prior(const struct board_domain *d, struct arena *a, struct domain_prior *ret)
{
	size_t n = plan_n_expectations(d->plan);
	struct record_prior *records = arena_alloc(a, (n + 1) * sizeof(*records));

	for (size_t i = 0; i < n; i++)
		records[i] = (struct record_prior){ d->records[i].state, d->records[i].was_published };
	*ret = (struct domain_prior){ d->state, d->was_published, records };
}
