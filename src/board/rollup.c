/* SPDX-License-Identifier: ISC */
/*
 * rollup: from cells to states, and from states that changed to transitions.
 *
 * Nothing but the states is kept: findings, ratios and ETAs follow from the cells and are worked out anew for whoever looks.
 */
#include <string.h>

#include "board_internal.h"

static enum event
record_event(enum record_state from, enum record_state to)
{
	switch (to) {
	case RECORD_REGRESSED:
		return EVENT_REGRESSED;
	case RECORD_UNKNOWN:
		return EVENT_UNKNOWN;
	case RECORD_PUBLISHED:
		return from == RECORD_REGRESSED || from == RECORD_UNKNOWN ? EVENT_RECOVERED : EVENT_PUBLISHED;
	case RECORD_VISIBLE:
		return EVENT_VISIBLE;
	default:
		return EVENT_CHANGED;
	}
}

static enum event
domain_event(enum domain_state from, enum domain_state to)
{
	switch (to) {
	case DOMAIN_REGRESSED:
		return EVENT_REGRESSED;
	case DOMAIN_UNKNOWN:
		return EVENT_UNKNOWN;
	case DOMAIN_COMPLETE:
		return EVENT_COMPLETE;
	case DOMAIN_PUBLISHED:
		return from == DOMAIN_REGRESSED || from == DOMAIN_UNKNOWN ? EVENT_RECOVERED : EVENT_PUBLISHED;
	default:
		return EVENT_CHANGED;
	}
}

static void
tell(struct board_domain *d, const char *record, const char *from, const char *to, enum event event, int64_t now)
{
	struct transition t = {
		.revision = d->revision,
		.at_unix_ms = now,
		.domain = plan_domain(d->plan),
		.record = record,
		.from = from,
		.to = to,
		.event = event,
	};

	if (d->board->on_transition != NULL)
		d->board->on_transition(d->board->ctx, &t);
}

static void
rollup_record(struct board_domain *d, size_t i, const struct record_result *r, int64_t now)
{
	struct record_track *track = &d->records[i];
	enum record_state from = (enum record_state)track->state;

	track->was_published |= r->published;
	track->visible_percent = (unsigned)(r->visible_ratio * 100) & 127;
	if (from == r->state)
		return;
	track->state = r->state & 15;
	record_set_since(track, now);
	if (from == RECORD_PENDING && r->state == RECORD_NOT_CONFIGURED)
		return;		/* that nobody has what nobody needs is no news: fifteen lines a domain at the first start */
	tell(d, plan_expectation(d->plan, i)->id, name_of(&record_state_names, from), name_of(&record_state_names, r->state),
	    record_event(from, r->state), now);
}

/* A milestone is the time since when it holds without a break. */
static void
milestone(int64_t *at, bool *reached, bool holds, int64_t now)
{
	if (holds && !*reached)
		*at = now;
	if (!holds)
		*at = 0;
	*reached = holds;
}

static void
rollup_domain(struct board_domain *d, const struct domain_result *r, int64_t now)
{
	enum domain_state from = (enum domain_state)d->state;
	bool was_visible = d->reached_visible;

	d->was_published |= r->published;
	milestone(&d->published_unix_ms, &d->reached_published, r->published, now);
	milestone(&d->visible_unix_ms, &d->reached_visible, r->visible, now);
	milestone(&d->complete_unix_ms, &d->reached_complete, r->complete, now);
	if (r->visible && !was_visible && !r->complete)
		tell(d, NULL, name_of(&domain_state_names, from), name_of(&domain_state_names, r->state), EVENT_VISIBLE, now);
	if (from == r->state)
		return;
	domain_set_state(d, r->state);
	d->since_unix_ms = now;
	tell(d, NULL, name_of(&domain_state_names, from), name_of(&domain_state_names, r->state), domain_event(from, r->state),
	    now);
}

/* The ownership proof may stand in the MX set: what the TXT answers mean changes with it.  True when it has changed. */
static bool
keep_verification(struct board_domain *d, bool by_mx)
{
	int i = plan_find(d->plan, "verification");

	if (d->verification_by_mx == by_mx || i < 0)
		return false;
	d->verification_by_mx = by_mx;
	variant_forget_verdicts(d, plan_expectation(d->plan, (size_t)i)->question);
	return true;
}

static void
keep_summary(struct board_domain *d, const struct domain_result *r)
{
	d->published_ratio = (float)r->published_ratio;
	d->visible_ratio = (float)r->visible_ratio;
	d->eta_basis = (uint8_t)r->eta_basis;
	d->eta_ms = r->eta_ms;
	d->errors = d->warnings = d->infos = d->n_required = 0;
	for (size_t i = 0; i < r->n_findings; i++) {
		d->errors += r->findings[i].severity == SEVERITY_ERROR;
		d->warnings += r->findings[i].severity == SEVERITY_WARNING;
		d->infos += r->findings[i].severity == SEVERITY_INFO;
	}
	for (size_t i = 0; i < plan_n_expectations(d->plan); i++)
		d->n_required += r->records[i].applies;
}

/* ---- who sees it ---- */

static void
tell_seen_by(const struct board_domain *d, const struct source *s, const uint32_t *fresh, const char **records, int64_t now)
{
	struct board_seen seen = { .domain = plan_domain(d->plan), .operator = s->operator, .at_unix_ms = now, .records = records };

	for (size_t i = 0; i < plan_n_expectations(d->plan); i++)
		if ((fresh[i] & EVAL_OPERATOR_BIT(s)) != 0)
			records[seen.n_records++] = plan_expectation(d->plan, i)->id;
	d->board->on_seen(d->board->ctx, &seen);
}

static void
rollup_seen(struct board_domain *d, struct arena *a, const struct matrix *m, const struct domain_result *r, int64_t now)
{
	size_t n = plan_n_expectations(d->plan);
	uint32_t *fresh, any = 0;
	const char **records;

	if (d->board->on_seen == NULL)
		return;
	fresh = arena_alloc(a, (n + 1) * sizeof(*fresh));
	for (size_t i = 0; i < n; i++) {
		fresh[i] = d->seen_before ? 0 : r->records[i].seen & ~d->records[i].seen;
		any |= fresh[i];
		d->records[i].seen = r->records[i].seen;
	}
	d->seen_before = false;
	records = any != 0 ? arena_alloc(a, n * sizeof(*records)) : NULL;
	for (size_t col = 0; col < m->n_columns && any != 0; col++) {
		const struct eval_column *c = &m->columns[col];

		if (c->kind != SOURCE_RESOLVER || c->source == NULL || (any & EVAL_OPERATOR_BIT(c->source)) == 0)
			continue;
		tell_seen_by(d, c->source, fresh, records, now);
		any &= ~EVAL_OPERATOR_BIT(c->source);
	}
}

void
rollup_seen_before(struct board_domain *d)
{
	struct arena *a = d->board->scratch;
	struct domain_prior prior;
	struct domain_result r;
	struct matrix m;

	if (!d->seen_before || d->board->on_seen == NULL)
		return;
	arena_reset(a);
	matrix_build(d, a, &m);
	matrix_prior(d, a, &prior);
	eval_domain(&m, &prior, a, &r);
	matrix_keep_verdicts(d, &m);
	rollup_seen(d, a, &m, &r, 0);
}

/* ---- all of it ---- */

/* Is something to be told?  Time alone may do that: a server that is set aside, a policy that was changed. */
static bool
is_news(const struct board_domain *d, const struct domain_result *r)
{
	if (d->state != (uint8_t)r->state || d->reached_published != r->published || d->reached_visible != r->visible ||
	    d->reached_complete != r->complete)
		return true;
	for (size_t i = 0; i < plan_n_expectations(d->plan); i++)
		if (d->records[i].state != (uint8_t)r->records[i].state)
			return true;
	return false;
}

void
rollup_into(struct board_domain *d, struct arena *a, struct matrix *m, struct domain_result *r)
{
	const struct clock *clock = d->board->clock;
	int64_t now = clock->unix_ms(clock);
	struct domain_prior prior;
	bool news;

	do {
		matrix_build(d, a, m);
		matrix_prior(d, a, &prior);
		eval_domain(m, &prior, a, r);
		matrix_keep_verdicts(d, m);
	} while (keep_verification(d, r->verification_by_mx));
	news = is_news(d, r);
	if (d->changed || news) {
		told_hold(d, news);
		d->revision++;
	}
	d->changed = false;
	keep_summary(d, r);
	for (size_t i = 0; i < plan_n_expectations(d->plan); i++)
		rollup_record(d, i, &r->records[i], now);
	rollup_domain(d, r, now);
	rollup_seen(d, a, m, r, now);
}

void
board_rollup(struct board_domain *d)
{
	struct matrix m;
	struct domain_result r;

	arena_reset(d->board->scratch);
	rollup_into(d, d->board->scratch, &m, &r);
}

void
board_sides_round(struct board_domain *d, bool all)
{
	const struct clock *clock = d->board->clock;
	struct dns_name home;

	if (d->sides == NULL) {
		plan_domain_name(d->plan, &home);
		d->sides = sides_new_shared(d->board->blobs, &home);
	}
	sides_round(d->sides, clock->mono_ms(clock), all);
}

struct sides *
board_sides(struct board_domain *d)
{
	return d->sides;
}

void
board_note_change(struct board_domain *d)
{
	d->changed = true;
}

uint64_t
board_gates(struct board_domain *d)
{
	struct arena *a = d->board->scratch;
	struct matrix m;
	uint64_t gates;

	arena_reset(a);
	matrix_build(d, a, &m);
	gates = eval_gates(&m, a);
	matrix_keep_verdicts(d, &m);
	return gates;
}

bool
board_reached(const struct board_domain *d, enum until until)
{
	switch (until) {
	case UNTIL_PUBLISHED:
		return d->reached_published;
	case UNTIL_VISIBLE:
		return d->reached_visible;
	case UNTIL_COMPLETE:
		return d->reached_complete;
	}
	return false;
}
