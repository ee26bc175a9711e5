/* SPDX-License-Identifier: ISC */
/*
 * The status document (DESIGN.md section 5).  Keys are stable: more may be added, none changes its meaning.  What is not
 * known is null, never an invented value; an entry of "values" that is no UTF-8 is given in printable form, and then
 * "raw_b64" beside it holds the bytes.
 */
#include "formats.h"

#include <string.h>

static void
values_json(struct json_writer *j, const struct status_cell *c)
{
	struct str b64 = STR_INIT;
	bool valid = true;

	json_open(j, "values", '[');
	for (size_t i = 0; i < c->n_values; i++)
		valid &= json_text(j, NULL, c->values[i]);
	json_close(j, ']');
	if (valid)
		return;
	json_open(j, "raw_b64", '[');
	for (size_t i = 0; i < c->n_values; i++) {
		str_clear(&b64);
		escape_base64(&b64, c->values[i], strlen(c->values[i]));
		json_text(j, NULL, utf8_valid(c->values[i]) ? NULL : str_c(&b64));
	}
	json_close(j, ']');
	str_done(&b64);
}

static void
cell_json(struct json_writer *j, const struct status_cell *c)
{
	char buf[RCODE_TEXT_MAX];

	json_open(j, NULL, '{');
	json_text(j, "source", c->source);
	json_text(j, "operator", c->operator);
	json_text(j, "address", c->address);
	json_text(j, "kind", name_of(&source_kind_names, (int)c->kind));
	json_text(j, "class", c->kind == SOURCE_RESOLVER ? name_of(&class_names, (int)c->class) : NULL);
	json_text(j, "view", name_of(&view_names, (int)c->view));
	json_text(j, "verdict", name_of(&verdict_names, (int)c->verdict));
	json_text(j, "reason", c->reason == REASON_NONE ? NULL : name_of(&reason_names, (int)c->reason));
	json_text(j, "rcode", rcode_text(c->rcode, buf));
	values_json(j, c);
	if (c->ttl < 0)
		json_null(j, "ttl");
	else
		json_int(j, "ttl", c->ttl);
	json_time(j, "checked_at", c->checked_unix_ms);
	json_time(j, "eta", c->eta_unix_ms);
	if (c->rtt_ms >= 0)
		json_fixed(j, "rtt_ms", c->rtt_ms, 1);
	else
		json_null(j, "rtt_ms");
	json_int(j, "confirmed", c->confirmed);
	json_close(j, '}');
}

void
json_finding(struct json_writer *j, const char *key, const struct status_finding *f)
{
	json_open(j, key, '{');
	json_text(j, "code", f->code);
	json_text(j, "severity", name_of(&severity_names, (int)f->severity));
	json_text(j, "record", f->record);
	json_text(j, "title", f->title);
	json_text(j, "detail", f->detail);
	json_text(j, "advice", f->advice);
	json_texts(j, "evidence", f->evidence, f->n_evidence);
	json_texts(j, "sources", f->sources, f->n_sources);
	json_close(j, '}');
}

static void
record_json(struct json_writer *j, const struct status_record *r)
{
	json_open(j, NULL, '{');
	json_text(j, "id", r->id);
	json_text(j, "name", r->name);
	if (r->name_unicode != NULL)
		json_text(j, "name_unicode", r->name_unicode);
	json_text(j, "type", r->type);
	json_text(j, "need", name_of(&need_names, (int)r->need));
	json_text(j, "service", r->service != NULL && *r->service != '\0' ? r->service : NULL);
	json_texts(j, "expected", r->expected, r->n_expected);
	if (r->expected_internal != NULL)
		json_texts(j, "expected_internal", r->expected_internal, r->n_expected_internal);
	json_text(j, "state", name_of(&record_state_names, (int)r->state));
	json_time(j, "since", r->since_unix_ms);
	json_fixed(j, "visible", r->visible, 2);
	json_time(j, "eta", r->eta_unix_ms);
	json_open(j, "cells", '[');
	for (size_t i = 0; i < r->n_cells; i++)
		cell_json(j, &r->cells[i]);
	json_close(j, ']');
	json_open(j, "findings", '[');
	for (size_t i = 0; i < r->n_findings; i++)
		json_finding(j, NULL, r->findings[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static const char *
known(const char *text)
{
	return text != NULL && *text != '\0' ? text : NULL;
}

static void
summary_json(struct json_writer *j, const struct status *s)
{
	json_text(j, "domain", s->domain);
	if (s->domain_unicode != NULL)
		json_text(j, "domain_unicode", s->domain_unicode);
	json_int(j, "revision", (int64_t)s->revision);
	json_text(j, "state", name_of(&domain_state_names, (int)s->state));
	json_time(j, "since", s->since_unix_ms);
	json_bool(j, "complete", s->complete);
	json_open(j, "milestones", '{');
	json_time(j, "published", s->published_unix_ms);
	json_time(j, "visible", s->visible_unix_ms);
	json_time(j, "complete", s->complete_unix_ms);
	json_close(j, '}');
	json_open(j, "progress", '{');
	json_fixed(j, "published", s->progress_published, 2);
	json_fixed(j, "visible", s->progress_visible, 2);
	json_close(j, '}');
	json_open(j, "required", '{');
	json_int(j, "records", (int64_t)s->n_required);
	json_int(j, "published", (int64_t)s->n_required_published);
	json_int(j, "visible", (int64_t)s->n_required_visible);
	json_close(j, '}');
	json_time(j, "eta", s->eta_unix_ms);
	json_text(j, "eta_basis", s->eta_basis == ETA_NONE ? NULL : name_of(&eta_basis_names, (int)s->eta_basis));
	json_time(j, "checked_at", s->checked_unix_ms);
	json_time(j, "next_check", s->next_check_unix_ms);
	json_text(j, "cloud", known(s->cloud));
	json_text(j, "profile", known(s->profile));
	json_text(j, "zone", known(s->zone));
	json_text(j, "zone_parent", known(s->zone_parent));
}

void
json_status(struct json_writer *j, const char *key, const struct status *s)
{
	json_open(j, key, '{');
	summary_json(j, s);
	json_open(j, "records", '[');
	for (size_t i = 0; i < s->n_records; i++)
		record_json(j, &s->records[i]);
	json_close(j, ']');
	json_open(j, "findings", '[');
	for (size_t i = 0; i < s->n_findings; i++)
		json_finding(j, NULL, &s->findings[i]);
	json_close(j, ']');
	json_close(j, '}');
}

/* One domain: its document alone; several: {"domains":[...]}. */
void
render_json(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	struct json_writer j = { .out = ret };

	(void)o;
	if (n == 1)
		json_status(&j, NULL, list[0]);
	else {
		json_open(&j, NULL, '{');
		json_open(&j, "domains", '[');
		for (size_t i = 0; i < n; i++)
			json_status(&j, NULL, list[i]);
		json_close(&j, ']');
		json_close(&j, '}');
	}
	str_addc(ret, '\n');
}

void
render_ndjson(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	(void)o;
	for (size_t i = 0; i < n; i++) {
		struct json_writer j = { .out = ret };

		json_status(&j, NULL, list[i]);
		str_addc(ret, '\n');
	}
}
