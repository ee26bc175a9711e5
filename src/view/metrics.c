/* SPDX-License-Identifier: ISC */
/*
 * GET /metrics in pieces.
 *
 *   head: the daemon's families, made at once (some 50 kB)
 *     -> each family of domains, domain by domain in the order of their names
 *       -> the domains by state, counted on the way
 *         -> end
 *
 * Between two pieces only the number of the family and the name of the last domain are kept, so domains may come and go.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

#define PIECE   16384
#define VISITS  4096	/* of domains in one piece; those that have nothing to say make no bytes */

enum phase { PHASE_HEAD, PHASE_DOMAINS, PHASE_TAIL, PHASE_OVER };

struct metrics {
	struct metric_out out;
	enum metrics_detail detail;
	struct board *board;
	int64_t to_unix_ms;		/* from the monotonic clock */
	enum phase phase;
	struct str head;
	size_t head_at;
	size_t family;			/* of domains */
	char after[DNS_NAME_TEXT_MAX];	/* the last domain of this family; "" = it has not begun */
	const char *last;		/* the same while the piece lasts; NULL = none in this piece */
	size_t visits;
	size_t of_state[DOMAIN_REGRESSED + 1];
};

/* ---- the daemon's families ---- */

static void
count_authority(void *ctx, struct source *s)
{
	struct metric_daemon *md = ctx;

	if (s->kind != SOURCE_AUTHORITY)
		return;
	md->n_authorities++;
	md->n_set_aside += s->set_aside;
	md->n_blocked += s->blocked;
}

static void
add_head(struct metrics *m, const struct view_daemon *d)
{
	struct source_stats authorities = { 0 }, *operators = xcalloc(sources_n_operators(d->sources) + 1, sizeof(*operators));
	struct metric_daemon md = { .d = d, .operators = operators, .authorities = &authorities };

	sources_totals(d->sources, operators, &authorities);
	sources_each(d->sources, count_authority, &md);
	m->out.out = &m->head;
	for (size_t i = 0; i < metric_n_daemon_families; i++) {
		metric_begin(&m->out, &metric_daemon_families[i]);
		metric_daemon_families[i].daemon(&m->out, &md);
	}
	free(operators);
}

struct metrics *
metrics_new(const struct view_daemon *d, enum metrics_detail detail, enum metrics_syntax syntax)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->out.syntax = syntax;
	m->detail = detail;
	m->board = d->board;
	m->to_unix_ms = d->clock->unix_ms(d->clock) - d->clock->mono_ms(d->clock);
	add_head(m, d);
	return m;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	str_done(&m->head);
	metric_out_done(&m->out);
	free(m);
}

/* ---- the pieces ---- */

static void
record_of_board(const struct metric_domain *d, size_t i, struct board_record_summary *ret)
{
	board_record_summary(d->board, i, ret);
}

static void
head_piece(struct metrics *m)
{
	size_t n = m->head.len - m->head_at;

	n = n > PIECE ? PIECE : n;
	str_addn(m->out.out, str_c(&m->head) + m->head_at, n);
	m->head_at += n;
	if (m->head_at == m->head.len)
		m->phase = PHASE_DOMAINS;
}

static void
one_domain(struct metrics *m, const struct metric_family *f, struct board_domain *b)
{
	struct metric_domain d = { .record = record_of_board, .board = b };

	board_summary_at(b, m->to_unix_ms, &d.sum);
	d.n_records = d.sum.n_records;
	metric_head(&m->out, d.sum.domain);
	f->domain(&m->out, &d);
	if (m->family == 0)
		m->of_state[d.sum.state]++;
	m->last = d.sum.domain;
	m->visits++;
}

static void
domains_piece(struct metrics *m)
{
	const struct metric_family *f = &metric_domain_families[m->family];
	struct board_domain *b = NULL;

	if (metric_wanted(f, m->detail)) {
		const char *after = m->last != NULL ? m->last : m->after;

		if (*after == '\0')
			metric_begin(&m->out, f);
		b = board_next(m->board, *after == '\0' ? NULL : after);
	}
	if (b != NULL) {
		one_domain(m, f, b);
		return;
	}
	m->after[0] = '\0';
	m->last = NULL;
	if (++m->family == metric_n_domain_families)
		m->phase = PHASE_TAIL;
}

static void
tail_piece(struct metrics *m)
{
	static const struct metric_family domains = {
		.name = "domains", .type = METRIC_GAUGE, .help = "Domains that are watched, by state.", .labels = { "state" },
		.detail = METRICS_DOMAINS,
	};

	metric_begin(&m->out, &domains);
	for (size_t i = 0; i < domain_state_names.n; i++)
		metric_int(&m->out, &domain_state_names.rows[i].name, (int64_t)m->of_state[domain_state_names.rows[i].id]);
	if (m->out.syntax == METRICS_OPENMETRICS)
		str_add(m->out.out, "# EOF\n");
	m->phase = PHASE_OVER;
}

bool
metrics_more(struct metrics *m, struct str *ret)
{
	static void (*const pieces[])(struct metrics *m) = {
		[PHASE_HEAD] = head_piece, [PHASE_DOMAINS] = domains_piece, [PHASE_TAIL] = tail_piece,
	};
	size_t before = ret->len;

	m->out.out = ret;
	m->visits = 0;
	while (m->phase != PHASE_OVER && ret->len < before + PIECE && (m->visits < VISITS || ret->len == before))
		pieces[m->phase](m);
	if (m->last != NULL)		/* its owner may go before the next piece */
		snprintf(m->after, sizeof(m->after), "%s", m->last);
	m->last = NULL;
	return ret->len > before;
}
