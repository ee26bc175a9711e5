/* SPDX-License-Identifier: ISC */
/*
 * The status document (etc/openapi.json).  Keys are stable: more may be added, none changes its meaning.  What is not
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

	jsonw_open(j, "values", '[');
	for (size_t i = 0; i < c->n_values; i++)
		valid &= jsonw_text(j, NULL, c->values[i]);
	jsonw_close(j, ']');
	if (valid)
		return;
	jsonw_open(j, "raw_b64", '[');
	for (size_t i = 0; i < c->n_values; i++) {
		str_clear(&b64);
		escape_base64(&b64, c->values[i], strlen(c->values[i]));
		jsonw_text(j, NULL, utf8_valid(c->values[i]) ? NULL : str_c(&b64));
	}
	jsonw_close(j, ']');
	str_done(&b64);
}

static void
cell_json(struct json_writer *j, const struct status_cell *c)
{
	char buf[RCODE_TEXT_MAX];

	jsonw_open(j, NULL, '{');
	jsonw_text(j, "source", c->source);
	jsonw_text(j, "operator", c->operator);
	jsonw_text(j, "address", c->address);
	jsonw_text(j, "kind", name_of(&source_kind_names, (int)c->kind));
	jsonw_text(j, "class", c->kind == SOURCE_RESOLVER ? name_of(&class_names, (int)c->class) : NULL);
	jsonw_text(j, "view", name_of(&view_names, (int)c->view));
	jsonw_text(j, "verdict", name_of(&verdict_names, (int)c->verdict));
	jsonw_text(j, "reason", c->verdict != VERDICT_UNKNOWN || c->reason == REASON_NONE ? NULL : name_of(&reason_names, (int)c->reason));
	jsonw_text(j, "rcode", rcode_text(c->rcode, buf));
	values_json(j, c);
	if (c->ttl < 0)
		jsonw_null(j, "ttl");
	else
		jsonw_int(j, "ttl", c->ttl);
	jsonw_time(j, "checked_at", c->checked_unix_ms);
	jsonw_time(j, "eta", c->eta_unix_ms);
	if (c->rtt_ms >= 0)
		jsonw_fixed(j, "rtt_ms", c->rtt_ms, 1);
	else
		jsonw_null(j, "rtt_ms");
	jsonw_int(j, "confirmed", c->confirmed);
	jsonw_close(j, '}');
}

void
jsonw_finding(struct json_writer *j, const char *key, const struct status_finding *f)
{
	jsonw_open(j, key, '{');
	jsonw_text(j, "code", f->code);
	jsonw_text(j, "severity", name_of(&severity_names, (int)f->severity));
	jsonw_text(j, "record", f->record);
	jsonw_open(j, "records", '[');
	if (f->record != NULL)
		jsonw_text(j, NULL, f->record);
	for (size_t i = 0; i < f->n_also; i++)
		jsonw_text(j, NULL, f->also[i]);
	jsonw_close(j, ']');
	jsonw_text(j, "title", f->title);
	jsonw_text(j, "detail", f->detail);
	jsonw_text(j, "advice", f->advice);
	jsonw_texts(j, "evidence", f->evidence, f->n_evidence);
	jsonw_texts(j, "sources", f->sources, f->n_sources);
	jsonw_close(j, '}');
}

static void
record_json(struct json_writer *j, const struct status_record *r)
{
	jsonw_open(j, NULL, '{');
	jsonw_text(j, "id", r->id);
	jsonw_text(j, "name", r->name);
	if (r->name_unicode != NULL)
		jsonw_text(j, "name_unicode", r->name_unicode);
	jsonw_text(j, "type", r->type);
	jsonw_text(j, "need", name_of(&need_names, (int)r->need));
	jsonw_text(j, "service", r->service != NULL && *r->service != '\0' ? r->service : NULL);
	jsonw_texts(j, "expected", r->expected, r->n_expected);
	if (r->expected_internal != NULL)
		jsonw_texts(j, "expected_internal", r->expected_internal, r->n_expected_internal);
	jsonw_text(j, "state", name_of(&record_state_names, (int)r->state));
	jsonw_time(j, "since", r->since_unix_ms);
	jsonw_fixed(j, "visible", r->visible, 2);
	jsonw_time(j, "eta", r->eta_unix_ms);
	jsonw_open(j, "cells", '[');
	for (size_t i = 0; i < r->n_cells; i++)
		cell_json(j, &r->cells[i]);
	jsonw_close(j, ']');
	jsonw_open(j, "findings", '[');
	for (size_t i = 0; i < r->n_findings; i++)
		jsonw_finding(j, NULL, r->findings[i]);
	jsonw_close(j, ']');
	jsonw_close(j, '}');
}

static const char *
known(const char *text)
{
	return text != NULL && *text != '\0' ? text : NULL;
}

static void
summary_json(struct json_writer *j, const struct status *s)
{
	jsonw_text(j, "domain", s->domain);
	if (s->domain_unicode != NULL)
		jsonw_text(j, "domain_unicode", s->domain_unicode);
	jsonw_int(j, "revision", (int64_t)s->revision);
	jsonw_text(j, "state", name_of(&domain_state_names, (int)s->state));
	jsonw_time(j, "since", s->since_unix_ms);
	jsonw_bool(j, "complete", s->complete);
	jsonw_open(j, "milestones", '{');
	jsonw_time(j, "published", s->published_unix_ms);
	jsonw_time(j, "visible", s->visible_unix_ms);
	jsonw_time(j, "complete", s->complete_unix_ms);
	jsonw_close(j, '}');
	jsonw_open(j, "progress", '{');
	jsonw_fixed(j, "published", s->progress_published, 2);
	jsonw_fixed(j, "visible", s->progress_visible, 2);
	jsonw_close(j, '}');
	jsonw_open(j, "required", '{');
	jsonw_int(j, "records", (int64_t)s->n_required);
	jsonw_int(j, "published", (int64_t)s->n_required_published);
	jsonw_int(j, "visible", (int64_t)s->n_required_visible);
	jsonw_close(j, '}');
	jsonw_time(j, "eta", s->eta_unix_ms);
	jsonw_text(j, "eta_basis", s->eta_basis == ETA_NONE ? NULL : name_of(&eta_basis_names, (int)s->eta_basis));
	jsonw_time(j, "checked_at", s->checked_unix_ms);
	jsonw_time(j, "next_check", s->next_check_unix_ms);
	jsonw_text(j, "cloud", known(s->cloud));
	jsonw_text(j, "profile", known(s->profile));
	jsonw_text(j, "zone", known(s->zone));
	jsonw_text(j, "zone_parent", known(s->zone_parent));
}

/* What remains to be done outside DNS, once that is right. */
static void
steps_json(struct json_writer *j, const struct status *s)
{
	struct str text = STR_INIT;
	const char *step;

	jsonw_open(j, "next_steps", '[');
	for (size_t i = 0; view_step_next(s, &i, &step, &text);) {
		jsonw_open(j, NULL, '{');
		jsonw_text(j, "step", step);
		jsonw_text(j, "text", str_c(&text));
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
	str_done(&text);
}

void
jsonw_status(struct json_writer *j, const char *key, const struct status *s)
{
	jsonw_open(j, key, '{');
	summary_json(j, s);
	jsonw_open(j, "records", '[');
	for (size_t i = 0; i < s->n_records; i++)
		record_json(j, &s->records[i]);
	jsonw_close(j, ']');
	jsonw_open(j, "findings", '[');
	for (size_t i = 0; i < s->n_findings; i++)
		jsonw_finding(j, NULL, &s->findings[i]);
	jsonw_close(j, ']');
	steps_json(j, s);
	jsonw_close(j, '}');
}

void
jsonw_transition_members(struct json_writer *j, uint64_t id, const struct transition *t)
{
	jsonw_int(j, "id", (int64_t)id);
	jsonw_int(j, "revision", (int64_t)t->revision);
	jsonw_time(j, "at", t->at_unix_ms);
	jsonw_text(j, "domain", t->domain);
	jsonw_text(j, "record", t->record);
	jsonw_text(j, "source", t->source);
	jsonw_text(j, "from", t->from);
	jsonw_text(j, "to", t->to);
	jsonw_text(j, "event", name_of(&event_names, (int)t->event));
	jsonw_text(j, "detail", t->detail);
}

void
jsonw_transition(struct json_writer *j, const char *key, uint64_t id, const struct transition *t)
{
	jsonw_open(j, key, '{');
	jsonw_transition_members(j, id, t);
	jsonw_close(j, '}');
}

/* One domain: its document alone; several: {"domains":[...]}. */
void
render_json(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	struct json_writer j = { .out = ret };

	(void)o;
	if (n == 1)
		jsonw_status(&j, NULL, list[0]);
	else {
		jsonw_open(&j, NULL, '{');
		jsonw_open(&j, "domains", '[');
		for (size_t i = 0; i < n; i++)
			jsonw_status(&j, NULL, list[i]);
		jsonw_close(&j, ']');
		jsonw_close(&j, '}');
	}
	str_addc(ret, '\n');
}

void
render_ndjson(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	(void)o;
	for (size_t i = 0; i < n; i++) {
		struct json_writer j = { .out = ret };

		jsonw_status(&j, NULL, list[i]);
		str_addc(ret, '\n');
	}
}
