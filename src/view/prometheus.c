/* SPDX-License-Identifier: ISC */
/*
 * Prometheus text format 0.0.4.  A family is a row of families[]; its samples stand together, so every family walks all the
 * domains.  What is not known has no sample: never an invented -1.  No TXT value ever becomes a label.
 */
#include "formats.h"

struct family {
	const char *name, *help;
	enum metrics_detail detail;	/* METRICS_DOMAINS: always; METRICS_RECORDS, METRICS_CELLS: only then */
	void (*samples)(const struct family *f, const struct status *s, struct str *ret);
};

/* ---- one sample ---- */

struct sample {
	struct str *out;
};

static struct sample
sample_begin(const struct family *f, const char *domain, struct str *ret)
{
	struct sample m = { .out = ret };

	str_addf(ret, "m365dnsd_%s{domain=\"", f->name);
	escape_label(ret, domain);
	str_addc(ret, '"');
	return m;
}

static void
sample_label(const struct sample *m, const char *name, const char *value)
{
	str_addf(m->out, ",%s=\"", name);
	escape_label(m->out, value != NULL ? value : "");
	str_addc(m->out, '"');
}

static void
sample_end(const struct sample *m, double value, unsigned digits)
{
	str_add(m->out, "} ");
	number_fixed(m->out, value, digits);
	str_addc(m->out, '\n');
}

static void
simple(const struct family *f, const struct status *s, double value, unsigned digits, struct str *ret)
{
	struct sample m = sample_begin(f, s->domain, ret);

	sample_end(&m, value, digits);
}

static void
instant(const struct family *f, const struct status *s, int64_t unix_ms, struct str *ret)
{
	if (unix_ms != 0)
		simple(f, s, (double)(unix_ms / 1000), 0, ret);
}

/* ---- families ---- */

static void
domain_state(const struct family *f, const struct status *s, struct str *ret)
{
	for (size_t i = 0; i < domain_state_names.n; i++) {
		struct sample m = sample_begin(f, s->domain, ret);

		sample_label(&m, "state", domain_state_names.rows[i].name);
		sample_end(&m, domain_state_names.rows[i].id == (int)s->state, 0);
	}
}

static void
domain_records(const struct family *f, const struct status *s, struct str *ret)
{
	simple(f, s, (double)s->n_required, 0, ret);
}

static void
domain_published_ratio(const struct family *f, const struct status *s, struct str *ret)
{
	simple(f, s, s->progress_published, 4, ret);
}

static void
domain_visible_ratio(const struct family *f, const struct status *s, struct str *ret)
{
	simple(f, s, s->progress_visible, 4, ret);
}

static void
domain_eta(const struct family *f, const struct status *s, struct str *ret)
{
	instant(f, s, s->eta_unix_ms, ret);
}

static void
domain_completed(const struct family *f, const struct status *s, struct str *ret)
{
	instant(f, s, s->complete_unix_ms, ret);
}

static void
domain_last_check(const struct family *f, const struct status *s, struct str *ret)
{
	instant(f, s, s->checked_unix_ms, ret);
}

static void
domain_findings(const struct family *f, const struct status *s, struct str *ret)
{
	for (size_t i = 0; i < severity_names.n; i++) {
		struct sample m = sample_begin(f, s->domain, ret);

		sample_label(&m, "severity", severity_names.rows[i].name);
		sample_end(&m, (double)findings_count(s, (enum severity)severity_names.rows[i].id), 0);
	}
}

/* Rows that nobody asked for and nobody set are left out: they would be for ever 0. */
static bool
record_counts(const struct status_record *r)
{
	return r->need == NEED_REQUIRED || r->state != RECORD_NOT_CONFIGURED;
}

static struct sample
record_begin(const struct family *f, const struct status *s, const struct status_record *r, struct str *ret)
{
	struct sample m = sample_begin(f, s->domain, ret);

	sample_label(&m, "record", r->id);
	sample_label(&m, "rrtype", r->type);
	return m;
}

static void
record_published(const struct family *f, const struct status *s, struct str *ret)
{
	for (size_t i = 0; i < s->n_records; i++) {
		const struct status_record *r = &s->records[i];

		if (record_counts(r)) {
			struct sample m = record_begin(f, s, r, ret);

			sample_end(&m, r->state == RECORD_PUBLISHED || r->state == RECORD_VISIBLE, 0);
		}
	}
}

static void
record_visible_ratio(const struct family *f, const struct status *s, struct str *ret)
{
	for (size_t i = 0; i < s->n_records; i++) {
		const struct status_record *r = &s->records[i];

		if (record_counts(r)) {
			struct sample m = record_begin(f, s, r, ret);

			sample_end(&m, r->visible, 4);
		}
	}
}

static void
cell_verdict(const struct family *f, const struct status *s, struct str *ret)
{
	for (size_t i = 0; i < s->n_records; i++)
		for (size_t k = 0; k < s->records[i].n_cells; k++) {
			const struct status_cell *c = &s->records[i].cells[k];
			struct sample m = record_begin(f, s, &s->records[i], ret);

			sample_label(&m, "source", c->source);
			sample_label(&m, "address", c->address);
			sample_label(&m, "kind", name_of(&source_kind_names, (int)c->kind));
			sample_label(&m, "view", name_of(&view_names, (int)c->view));
			sample_label(&m, "verdict", name_of(&verdict_names, (int)c->verdict));
			sample_end(&m, 1, 0);
		}
}

static const struct family families[] = {
	{ "domain_state", "1 for the state the domain is in, 0 for the others.", METRICS_DOMAINS, domain_state },
	{ "domain_records", "Records that Microsoft 365 requires for the domain.", METRICS_DOMAINS, domain_records },
	{ "domain_published_ratio", "Share of the required records that are right at the authoritative servers.",
	    METRICS_DOMAINS, domain_published_ratio },
	{ "domain_visible_ratio", "Share of the required answers that resolvers give already.", METRICS_DOMAINS,
	    domain_visible_ratio },
	{ "domain_eta_timestamp_seconds", "When everybody will see the records at the latest; absent when not known.",
	    METRICS_DOMAINS, domain_eta },
	{ "domain_completed_timestamp_seconds", "When the domain became complete; absent while it is not.",
	    METRICS_DOMAINS, domain_completed },
	{ "domain_last_check_timestamp_seconds", "When the domain was last asked about.", METRICS_DOMAINS, domain_last_check },
	{ "domain_findings", "Findings that stand, by severity.", METRICS_DOMAINS, domain_findings },
	{ "record_published", "1 when every authoritative server that counts gives the right record.", METRICS_RECORDS,
	    record_published },
	{ "record_visible_ratio", "Share of the voting resolver operators that give the right record.", METRICS_RECORDS,
	    record_visible_ratio },
	{ "cell_verdict", "1 for the verdict on what one address says about one record.", METRICS_CELLS, cell_verdict },
};

static bool
wanted(const struct family *f, enum metrics_detail detail)
{
	return f->detail == METRICS_DOMAINS || f->detail == detail ||
	    (f->detail == METRICS_RECORDS && detail == METRICS_CELLS);
}

void
render_prometheus(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		const struct family *f = &families[i];

		if (!wanted(f, o->metrics))
			continue;
		str_addf(ret, "# HELP m365dnsd_%s %s\n# TYPE m365dnsd_%s gauge\n", f->name, f->help, f->name);
		for (size_t d = 0; d < n; d++)
			f->samples(f, list[d], ret);
	}
}
