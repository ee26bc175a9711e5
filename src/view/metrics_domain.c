/* SPDX-License-Identifier: ISC */
/*
 * Metrics of domains, records and cells: for the daemon from the board's summaries, for --format prometheus from status
 * documents.  What is not known has no sample: never an invented -1.  No TXT value ever becomes a label.
 */
#include "metrics.h"

#define LABELS(...) ((const char *const[]){ __VA_ARGS__ })

static void
instant(struct metric_out *o, const struct metric_domain *d, int64_t unix_ms)
{
	if (unix_ms != 0)
		metric_int(o, LABELS(d->sum.domain), unix_ms / 1000);
}

static void
state(struct metric_out *o, const struct metric_domain *d)
{
	for (size_t i = 0; i < domain_state_names.n; i++)
		metric_int(o, LABELS(d->sum.domain, domain_state_names.rows[i].name),
		    domain_state_names.rows[i].id == (int)d->sum.state);
}

static void
records(struct metric_out *o, const struct metric_domain *d)
{
	metric_int(o, LABELS(d->sum.domain), d->sum.n_required);
}

static void
published_ratio(struct metric_out *o, const struct metric_domain *d)
{
	metric_fixed(o, LABELS(d->sum.domain), d->sum.published, 4);
}

static void
visible_ratio(struct metric_out *o, const struct metric_domain *d)
{
	metric_fixed(o, LABELS(d->sum.domain), d->sum.visible, 4);
}

static void
eta(struct metric_out *o, const struct metric_domain *d)
{
	instant(o, d, d->sum.eta_unix_ms);
}

static void
completed(struct metric_out *o, const struct metric_domain *d)
{
	instant(o, d, d->sum.complete_unix_ms);
}

static void
last_check(struct metric_out *o, const struct metric_domain *d)
{
	instant(o, d, d->sum.checked_unix_ms);
}

static void
findings(struct metric_out *o, const struct metric_domain *d)
{
	const unsigned n[] = {
		[SEVERITY_INFO] = d->sum.infos, [SEVERITY_WARNING] = d->sum.warnings, [SEVERITY_ERROR] = d->sum.errors,
	};

	for (size_t i = 0; i < severity_names.n; i++)
		metric_int(o, LABELS(d->sum.domain, severity_names.rows[i].name), n[severity_names.rows[i].id]);
}

/* Rows that nobody asked for and nobody set are left out: they would be for ever 0. */
static bool
record_counts(const struct metric_domain *d, size_t i, struct board_record_summary *ret)
{
	d->record(d, i, ret);
	return ret->need == NEED_REQUIRED || ret->state != RECORD_NOT_CONFIGURED;
}

static void
record_published(struct metric_out *o, const struct metric_domain *d)
{
	struct board_record_summary r;

	for (size_t i = 0; i < d->n_records; i++)
		if (record_counts(d, i, &r))
			metric_int(o, LABELS(d->sum.domain, r.id, r.type), r.published);
}

static void
record_visible_ratio(struct metric_out *o, const struct metric_domain *d)
{
	struct board_record_summary r;

	for (size_t i = 0; i < d->n_records; i++)
		if (record_counts(d, i, &r))
			metric_fixed(o, LABELS(d->sum.domain, r.id, r.type), r.visible, 4);
}

static void
cells_of(struct metric_out *o, const struct status *s)
{
	for (size_t i = 0; i < s->n_records; i++)
		for (size_t k = 0; k < s->records[i].n_cells; k++) {
			const struct status_record *r = &s->records[i];
			const struct status_cell *c = &r->cells[k];

			metric_int(o, LABELS(s->domain, r->id, r->type, c->source, c->address,
			    name_of(&source_kind_names, (int)c->kind), name_of(&view_names, (int)c->view),
			    name_of(&verdict_names, (int)c->verdict)), 1);
		}
}

static void
cell_verdict(struct metric_out *o, const struct metric_domain *d)
{
	struct arena *a;

	if (d->status != NULL) {
		cells_of(o, d->status);
		return;
	}
	a = arena_new();
	cells_of(o, board_status(d->board, 0, a));
	arena_free(a);
}

#define DOMAIN { "domain" }
#define RECORD { "domain", "record", "rrtype" }

const struct metric_family metric_domain_families[] = {
	{ "domain_state", METRIC_GAUGE, "1 for the state the domain is in, 0 for the others.", { "domain", "state" },
	    METRICS_DOMAINS, NULL, state },
	{ "domain_records", METRIC_GAUGE, "Records that Microsoft 365 requires for the domain.", DOMAIN, METRICS_DOMAINS, NULL,
	    records },
	{ "domain_published_ratio", METRIC_GAUGE, "Share of the required records that are right at the authoritative servers.",
	    DOMAIN, METRICS_DOMAINS, NULL, published_ratio },
	{ "domain_visible_ratio", METRIC_GAUGE, "Share of the required answers that resolvers give already.", DOMAIN,
	    METRICS_DOMAINS, NULL, visible_ratio },
	{ "domain_eta_timestamp_seconds", METRIC_GAUGE,
	    "When everybody will see the records at the latest; absent when not known.", DOMAIN, METRICS_DOMAINS, NULL, eta },
	{ "domain_completed_timestamp_seconds", METRIC_GAUGE, "When the domain became complete; absent while it is not.",
	    DOMAIN, METRICS_DOMAINS, NULL, completed },
	{ "domain_last_check_timestamp_seconds", METRIC_GAUGE, "When the domain was last asked about.", DOMAIN,
	    METRICS_DOMAINS, NULL, last_check },
	{ "domain_findings", METRIC_GAUGE, "Findings that stand, by severity.", { "domain", "severity" }, METRICS_DOMAINS, NULL,
	    findings },
	{ "record_published", METRIC_GAUGE, "1 when every authoritative server that counts gives the right record.", RECORD,
	    METRICS_RECORDS, NULL, record_published },
	{ "record_visible_ratio", METRIC_GAUGE, "Share of the voting resolver operators that give the right record.", RECORD,
	    METRICS_RECORDS, NULL, record_visible_ratio },
	{ "cell_verdict", METRIC_GAUGE, "1 for the verdict on what one address says about one record.",
	    { "domain", "record", "rrtype", "source", "address", "kind", "view", "verdict" }, METRICS_CELLS, NULL, cell_verdict },
};
const size_t metric_n_domain_families = ARRAY_LEN(metric_domain_families);
