/* SPDX-License-Identifier: ISC */
/* --format prometheus: the families of domains, in text format 0.0.4, from status documents. */
#include "formats.h"
#include "metrics.h"

static void
record_of_status(const struct metric_domain *d, size_t i, struct board_record_summary *ret)
{
	const struct status_record *r = &d->status->records[i];

	*ret = (struct board_record_summary){
		.id = r->id,
		.type = r->type,
		.need = r->need,
		.state = r->state,
		.published = r->state == RECORD_PUBLISHED || r->state == RECORD_VISIBLE,
		.visible = r->visible,
	};
}

static struct metric_domain
domain_of_status(const struct status *s)
{
	return (struct metric_domain){
		.sum = {
			.domain = s->domain,
			.state = s->state,
			.complete_unix_ms = s->complete_unix_ms,
			.checked_unix_ms = s->checked_unix_ms,
			.eta_unix_ms = s->eta_unix_ms,
			.published = s->progress_published,
			.visible = s->progress_visible,
			.n_required = (unsigned)s->n_required,
			.errors = (unsigned)findings_count(s, SEVERITY_ERROR),
			.warnings = (unsigned)findings_count(s, SEVERITY_WARNING),
			.infos = (unsigned)findings_count(s, SEVERITY_INFO),
		},
		.n_records = s->n_records,
		.record = record_of_status,
		.status = s,
	};
}

void
render_prometheus(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	struct metric_out out = { .out = ret, .syntax = METRICS_TEXT };

	for (size_t i = 0; i < metric_n_domain_families; i++) {
		const struct metric_family *f = &metric_domain_families[i];

		if (!metric_wanted(f, o->metrics))
			continue;
		metric_begin(&out, f);
		for (size_t k = 0; k < n; k++) {
			const struct metric_domain d = domain_of_status(list[k]);

			metric_head(&out, d.sum.domain);
			f->domain(&out, &d);
		}
	}
	metric_out_done(&out);
}
