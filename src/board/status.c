/* SPDX-License-Identifier: ISC */
/*
 * status: the whole truth about one domain as plain data, for people and formats.
 *
 * Everything is worked out from the cells at this moment and lives in the caller's arena; rendering may happen later, and on
 * another thread.
 */
#include <string.h>

#include "board_internal.h"

struct work {
	struct board_domain *d;
	struct arena *a;
	struct matrix m;
	struct domain_result r;
	struct status *st;
	int64_t unix_minus_mono_ms;
	struct status_finding *findings;
	const char **addresses;			/* of each column, made once */
	const char *const **variant_values;	/* texts of each variant, made once */
	size_t *n_variant_values;
};

static int64_t
to_unix(const struct work *w, int64_t mono_ms)
{
	return mono_ms == 0 ? 0 : mono_ms + w->unix_minus_mono_ms;
}

static int64_t
eta_unix(const struct work *w, int64_t mono_ms)
{
	return board_eta_unix(mono_ms, w->unix_minus_mono_ms);
}

static const char *
unicode_of(struct arena *a, const struct dns_name *name)
{
	struct str s = STR_INIT;
	const char *ret = NULL;

	if (dns_name_to_unicode(name, &s))
		ret = arena_strdup(a, str_c(&s));
	str_done(&s);
	return ret;
}

/* Record data as text without NUL bytes, which no C string can hold: they become \000. */
static const char *
value_text(struct arena *a, const struct rdata *r)
{
	struct str s = STR_INIT, out = STR_INIT;
	const char *ret;

	rdata_text(r, &s);
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\0')
			str_add(&out, "\\000");
		else
			str_addc(&out, s.p[i]);
	}
	ret = arena_dup(a, str_c(&out), out.len + 1);
	str_done(&s);
	str_done(&out);
	return ret;
}

static void
values_make(struct work *w, size_t variant)
{
	const struct answer *an = w->m.variants[variant].answer;
	const char **values;
	char text[DNS_NAME_TEXT_MAX];
	size_t n = 0;

	if (an == NULL || w->variant_values[variant] != NULL)
		return;
	values = arena_alloc(w->a, (an->n_chain + an->n_values + 1) * sizeof(*values));
	for (size_t i = 0; i < an->n_chain; i++)
		values[n++] = arena_strdup(w->a, dns_name_text_lower(&an->chain[i], text));
	for (size_t i = 0; i < an->n_values; i++)
		values[n++] = value_text(w->a, &an->values[i]);
	w->variant_values[variant] = values;
	w->n_variant_values[variant] = n;
}

static const struct name_row reason_rcode_rows[] = {	/* which failure came with which rcode */
	{ REASON_SERVFAIL, "SERVFAIL" },
	{ REASON_BOGUS, "SERVFAIL" },
	{ REASON_REFUSED, "REFUSED" },
	{ REASON_NOTIMP, "NOTIMP" },
	{ REASON_FORMERR, "FORMERR" },
};
static NAME_TABLE(reason_rcodes, reason_rcode_rows);

static int
cell_rcode(const struct eval_cell *c, const struct answer *an)
{
	int rcode;

	if (c->reason == REASON_NONE && an != NULL)
		return an->rcode;
	if (name_find(&dns_rcode_names, name_of(&reason_rcodes, c->reason), &rcode))
		return rcode;
	return -1;
}

static void
addresses_make(struct work *w)
{
	char text[ADDR_TEXT_MAX];

	w->addresses = arena_alloc(w->a, (w->m.n_columns + 1) * sizeof(*w->addresses));
	for (size_t col = 0; col < w->m.n_columns; col++) {
		const struct source *s = w->m.columns[col].source;

		w->addresses[col] = s == NULL ? "" : arena_strdup(w->a, addr_text(&s->addr, 53, text));
	}
}

static void
fill_source(struct work *w, size_t col, struct status_cell *ret)
{
	const struct eval_column *column = &w->m.columns[col];

	ret->source = column->label;
	ret->kind = column->kind;
	ret->address = w->addresses[col];
	ret->rcode = -1;
	ret->ttl = -1;
	ret->rtt_ms = -1;
	if (column->source == NULL)
		return;
	ret->operator = column->source->operator;
	ret->class = column->source->class;
	ret->view = column->source->view;
}

static void
fill_cell(struct work *w, size_t e, size_t col, struct status_cell *ret)
{
	size_t row = plan_expectation(w->d->plan, e)->question;
	const struct eval_cell *c = MATRIX_CELL(&w->m, row, col);
	struct cell_result result;
	int64_t left;

	eval_cell(&w->m, e, col, w->r.records[e].published, &result);
	ret->verdict = result.verdict;
	ret->reason = result.reason;
	ret->eta_unix_ms = eta_unix(w, result.eta_ms);
	ret->confirmed = c->confirmed;
	if (c->checked_ms == 0)
		return;
	ret->checked_unix_ms = to_unix(w, c->checked_ms);
	ret->rtt_ms = c->rtt_us > 0 ? c->rtt_us / 1000.0 : -1;
	ret->rcode = cell_rcode(c, w->m.variants[c->variant].answer);
	if (c->variant == 0 || c->reason != REASON_NONE)
		return;
	left = (int64_t)c->ttl - (w->m.now_ms - c->checked_ms) / 1000;
	ret->ttl = left > 0 ? left : 0;
	ret->ttl_told = c->ttl;
	values_make(w, c->variant);
	ret->values = w->variant_values[c->variant];
	ret->n_values = w->n_variant_values[c->variant];
}

static void
fill_cells(struct work *w, size_t e, struct status_record *ret)
{
	struct status_cell *cells = arena_alloc(w->a, (w->m.n_columns + 1) * sizeof(*cells));
	unsigned views = plan_expectation(w->d->plan, e)->views;
	size_t n = 0;

	for (size_t col = 0; col < w->m.n_columns; col++) {
		const struct source *s = w->m.columns[col].source;

		if (s != NULL && (views & (1u << s->view)) == 0)
			continue;
		fill_source(w, col, &cells[n]);
		fill_cell(w, e, col, &cells[n]);
		n++;
	}
	ret->cells = cells;
	ret->n_cells = n;
}

static void
fill_expected(struct work *w, size_t e, struct status_record *ret)
{
	struct wanted pub, in;
	unsigned views = plan_expectation(w->d->plan, e)->views;

	plan_wanted(w->d->plan, e, (views & (1u << VIEW_PUBLIC)) != 0 ? VIEW_PUBLIC : VIEW_INTERNAL, w->a, &pub);
	ret->expected = pub.text;
	ret->n_expected = pub.n_text;
	/* only what the configuration says of a view makes a difference */
	if ((views & (1u << VIEW_INTERNAL)) == 0 ||
	    (plan_conf(w->d->plan)->view[VIEW_PUBLIC] == NULL && plan_conf(w->d->plan)->view[VIEW_INTERNAL] == NULL))
		return;
	plan_wanted(w->d->plan, e, VIEW_INTERNAL, w->a, &in);
	if (in.n_text == pub.n_text) {
		size_t i = 0;

		while (i < in.n_text && strcmp(in.text[i], pub.text[i]) == 0)
			i++;
		if (i == in.n_text)
			return;
	}
	ret->expected_internal = in.text;
	ret->n_expected_internal = in.n_text;
}

static void
fill_record_findings(struct work *w, size_t e, struct status_record *ret)
{
	const struct status_finding **list = arena_alloc(w->a, (w->r.n_findings + 1) * sizeof(struct status_finding *));
	size_t n = 0;

	for (size_t i = 0; i < w->r.n_findings; i++)
		if (finding_is_about(&w->r.findings[i], e))
			list[n++] = &w->findings[i];
	ret->findings = list;
	ret->n_findings = n;
}

static void
fill_record(struct work *w, size_t e, struct status_record *ret)
{
	const struct expectation *ex = plan_expectation(w->d->plan, e);
	const struct record_result *r = &w->r.records[e];
	const struct told *told = told_of(w->d);
	struct dns_name owner;
	char text[DNS_NAME_TEXT_MAX], type[16];

	plan_owner(w->d->plan, e, &owner);
	ret->id = ex->id;
	ret->name = arena_strdup(w->a, dns_name_text_lower(&owner, text));
	ret->name_unicode = unicode_of(w->a, &owner);
	ret->type = arena_strdup(w->a, dns_type_text(ex->row->type, type));
	ret->need = ex->need;
	ret->service = ex->row->service == SERVICE_NONE ? "" : name_of(&service_names, (int)ex->row->service);
	ret->state = (enum record_state)(told != NULL ? told->records[e].state : r->state);
	ret->since_unix_ms = told != NULL ? told->records[e].since_unix_ms : record_since(&w->d->records[e]);
	ret->visible = r->visible_ratio;
	ret->eta_unix_ms = eta_unix(w, r->eta_ms);
	fill_expected(w, e, ret);
	fill_cells(w, e, ret);
	fill_record_findings(w, e, ret);
	if (r->applies) {
		w->st->n_required++;
		w->st->n_required_published += r->published;
		w->st->n_required_visible += r->visible;
	}
}

static void
fill_also(struct work *w, const struct finding *f, struct status_finding *ret)
{
	size_t n = plan_n_expectations(w->d->plan);
	const char **list;

	if (f->also == 0)
		return;
	ret->also = list = arena_alloc(w->a, n * sizeof(*list));
	for (size_t i = 0; i < n; i++)
		if ((f->also >> i & 1) != 0)
			list[ret->n_also++] = plan_expectation(w->d->plan, i)->id;
}

static void
fill_findings(struct work *w)
{
	w->findings = arena_alloc(w->a, (w->r.n_findings + 1) * sizeof(*w->findings));
	for (size_t i = 0; i < w->r.n_findings; i++) {
		const struct finding *f = &w->r.findings[i];

		w->findings[i] = (struct status_finding){
			.code = finding_rows[f->code].code,
			.severity = f->severity,
			.record = f->expectation < 0 ? NULL : plan_expectation(w->d->plan, (size_t)f->expectation)->id,
			.title = finding_rows[f->code].title,
			.detail = f->detail,
			.advice = f->advice,
			.evidence = f->evidence,
			.n_evidence = f->n_evidence,
			.sources = f->sources,
			.n_sources = f->n_sources,
		};
		fill_also(w, f, &w->findings[i]);
	}
	w->st->findings = w->findings;
	w->st->n_findings = w->r.n_findings;
}

static void
fill_zone(struct work *w)
{
	const struct zone *z = w->d->zone;
	char text[DNS_NAME_TEXT_MAX];

	w->st->zone = w->st->zone_parent = "";
	if (z == NULL || z->status != ZONE_FOUND)
		return;
	w->st->zone = arena_strdup(w->a, dns_name_text_lower(&z->apex, text));
	if (z->parent.len != 0)
		w->st->zone_parent = arena_strdup(w->a, dns_name_text_lower(&z->parent, text));
}

static void
fill_head(struct work *w)
{
	const struct board_domain *d = w->d;
	const struct told *told = told_of(d);
	struct status *st = w->st;

	st->revision = d->revision;
	st->state = (enum domain_state)d->state;
	st->since_unix_ms = d->since_unix_ms;
	st->published_unix_ms = d->published_unix_ms;
	st->visible_unix_ms = d->visible_unix_ms;
	st->complete_unix_ms = d->complete_unix_ms;
	st->published = d->reached_published;
	st->visible = d->reached_visible;
	st->complete = d->reached_complete;
	if (told == NULL)
		return;
	st->revision = told->revision;
	st->state = (enum domain_state)told->state;
	st->since_unix_ms = told->since_unix_ms;
	st->published_unix_ms = told->published_unix_ms;
	st->visible_unix_ms = told->visible_unix_ms;
	st->complete_unix_ms = told->complete_unix_ms;
	st->published = told->published;
	st->visible = told->visible;
	st->complete = told->complete;
}

static void
fill_domain(struct work *w)
{
	const struct board_domain *d = w->d;
	struct status *st = w->st;
	struct dns_name name;

	plan_domain_name(d->plan, &name);
	st->domain = arena_strdup(w->a, plan_domain(d->plan));
	st->domain_unicode = unicode_of(w->a, &name);
	fill_head(w);
	st->confirm = w->m.policy.confirm;
	st->progress_published = w->r.published_ratio;
	st->progress_visible = w->r.visible_ratio;
	st->eta_unix_ms = eta_unix(w, w->r.eta_ms);
	st->eta_basis = w->r.eta_basis;
	st->confirm = d->board->policy.confirm;
	st->cloud = name_of(&cloud_names, plan_conf(d->plan)->cloud);
	st->profile = name_of(&profile_names, plan_conf(d->plan)->profile);
	for (size_t i = 0; i < w->m.n_rows * w->m.n_columns; i++) {
		int64_t at = to_unix(w, w->m.cells[i].checked_ms);

		if (at > st->checked_unix_ms)
			st->checked_unix_ms = at;
	}
	fill_zone(w);
}

struct status *
board_status(struct board_domain *d, int64_t next_check_ms, struct arena *a)
{
	const struct clock *clock = d->board->clock;
	struct work w = { .d = d, .a = a };
	struct status_record *records;

	rollup_into(d, a, &w.m, &w.r);
	w.st = arena_alloc(a, sizeof(*w.st));
	w.st->now_unix_ms = clock->unix_ms(clock);
	w.unix_minus_mono_ms = w.st->now_unix_ms - w.m.now_ms;
	w.variant_values = arena_alloc(a, w.m.n_variants * sizeof(*w.variant_values));
	w.n_variant_values = arena_alloc(a, w.m.n_variants * sizeof(*w.n_variant_values));
	addresses_make(&w);
	fill_domain(&w);
	w.st->next_check_unix_ms = to_unix(&w, next_check_ms);
	fill_findings(&w);
	w.st->n_records = plan_n_expectations(d->plan);
	records = arena_alloc(a, (w.st->n_records + 1) * sizeof(*records));
	for (size_t i = 0; i < w.st->n_records; i++)
		fill_record(&w, i, &records[i]);
	w.st->records = records;
	return w.st;
}
