/* SPDX-License-Identifier: ISC */
/* summary: one domain in a few numbers, for lists and metrics of many. */
#include "board_internal.h"

int64_t
board_eta_unix(int64_t mono_ms, int64_t unix_minus_mono_ms)
{
	return mono_ms == 0 ? 0 : (mono_ms + unix_minus_mono_ms + 999) / 1000 * 1000;
}

void
board_summary(const struct board_domain *d, struct board_summary *ret)
{
	const struct clock *clock = d->board->clock;

	board_summary_at(d, clock->unix_ms(clock) - clock->mono_ms(clock), ret);
}

void
board_summary_at(const struct board_domain *d, int64_t to_unix, struct board_summary *ret)
{
	const struct told *told = told_of(d);

	*ret = (struct board_summary){
		.domain = plan_domain(d->plan),
		.revision = told != NULL ? told->revision : d->revision,
		.state = (enum domain_state)(told != NULL ? told->state : d->state),
		.since_unix_ms = told != NULL ? told->since_unix_ms : d->since_unix_ms,
		.complete_unix_ms = told != NULL ? told->complete_unix_ms : d->complete_unix_ms,
		.checked_unix_ms = d->checked == 0 ? 0 : board_ticks_ms(d->board, d->checked) + to_unix,
		.eta_unix_ms = board_eta_unix(d->eta_ms, to_unix),
		.eta_basis = (enum eta_basis)d->eta_basis,
		.published = (double)d->published_ratio,
		.visible = (double)d->visible_ratio,
		.n_records = (unsigned)plan_n_expectations(d->plan),
		.errors = d->errors,
		.warnings = d->warnings,
		.infos = d->infos,
		.n_required = d->n_required,
	};
}

void
board_record_summary(const struct board_domain *d, size_t i, struct board_record_summary *ret)
{
	const struct expectation *e = plan_expectation(d->plan, i);
	const struct record_track *track = &d->records[i];
	const struct told *told = told_of(d);
	enum record_state state = (enum record_state)(told != NULL ? told->records[i].state : track->state);

	*ret = (struct board_record_summary){
		.id = e->id,
		.type = name_of(&dns_type_names, e->row->type),
		.need = e->need,
		.state = state,
		.published = state == RECORD_PUBLISHED || state == RECORD_VISIBLE,
		.visible = track->visible_percent / 100.0,
	};
}
