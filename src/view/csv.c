/* SPDX-License-Identifier: ISC */
/* RFC 4180: a header, then one row a cell. */
#include "formats.h"

#include <stdio.h>
#include <string.h>

static const char *const header[] = {
	"domain", "state", "record", "name", "type", "need", "record_state", "source", "operator", "address", "kind", "class",
	"view", "verdict", "reason", "rcode", "values", "ttl", "checked_at", "eta", "rtt_ms", "confirmed",
};

struct row {
	struct str *out;
	size_t n;
};

static void
field(struct row *row, const char *text)
{
	if (row->n++ > 0)
		str_addc(row->out, ',');
	if (text != NULL)
		escape_csv(row->out, text);
}

static void
field_int(struct row *row, int64_t value)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%lld", (long long)value);
	field(row, value < 0 ? NULL : buf);
}

static void
field_time(struct row *row, int64_t unix_ms)
{
	char buf[32];

	field(row, unix_ms == 0 ? NULL : time_rfc3339(unix_ms, buf));
}

static void
field_values(struct row *row, const struct status_cell *c)
{
	struct str all = STR_INIT;

	for (size_t i = 0; i < c->n_values; i++) {
		str_add(&all, i > 0 ? " | " : "");
		str_add(&all, c->values[i]);
	}
	field(row, str_c(&all));
	str_done(&all);
}

static void
cell_fields(struct row *row, const struct status_cell *c)
{
	struct str rtt = STR_INIT;
	char rcode[RCODE_TEXT_MAX];

	if (c->rtt_ms >= 0)
		number_fixed(&rtt, c->rtt_ms, 1);
	field(row, c->source);
	field(row, c->operator);
	field(row, c->address);
	field(row, name_of(&source_kind_names, (int)c->kind));
	field(row, c->kind == SOURCE_RESOLVER ? name_of(&class_names, (int)c->class) : NULL);
	field(row, name_of(&view_names, (int)c->view));
	field(row, name_of(&verdict_names, (int)c->verdict));
	field(row, c->verdict != VERDICT_UNKNOWN || c->reason == REASON_NONE ? NULL : name_of(&reason_names, (int)c->reason));
	field(row, rcode_text(c->rcode, rcode));
	field_values(row, c);
	field_int(row, c->ttl);
	field_time(row, c->checked_unix_ms);
	field_time(row, c->eta_unix_ms);
	field(row, str_c(&rtt));
	field_int(row, c->confirmed);
	str_done(&rtt);
}

static void
add_row(const struct status *s, const struct status_record *r, const struct status_cell *c, struct str *ret)
{
	struct row row = { .out = ret };

	field(&row, s->domain);
	field(&row, name_of(&domain_state_names, (int)s->state));
	field(&row, r->id);
	field(&row, r->name);
	field(&row, r->type);
	field(&row, name_of(&need_names, (int)r->need));
	field(&row, name_of(&record_state_names, (int)r->state));
	cell_fields(&row, c);
	str_add(ret, "\r\n");
}

void
render_csv(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret)
{
	struct row head = { .out = ret };

	(void)o;
	for (size_t i = 0; i < ARRAY_LEN(header); i++)
		field(&head, header[i]);
	str_add(ret, "\r\n");
	for (size_t d = 0; d < n; d++)
		for (size_t i = 0; i < list[d]->n_records; i++) {
			const struct status_record *r = &list[d]->records[i];

			for (size_t k = 0; k < r->n_cells; k++)
				add_row(list[d], r, &r->cells[k], ret);
		}
}
