/* SPDX-License-Identifier: ISC */
/* GET /history/{domain}: transitions, newest first, and how long each operator took from published to visible. */
#include "formats.h"

static void
spread_json(struct json_writer *j, const struct view_spread_row *s)
{
	int64_t took = s->visible_unix_ms - s->published_unix_ms;

	jsonw_open(j, NULL, '{');
	jsonw_text(j, "record", s->record);
	jsonw_text(j, "source", s->source);
	jsonw_time(j, "published", s->published_unix_ms);
	jsonw_time(j, "visible", s->visible_unix_ms);
	if (s->published_unix_ms == 0 || s->visible_unix_ms == 0)
		jsonw_null(j, "seconds");
	else
		jsonw_int(j, "seconds", took > 0 ? took / 1000 : 0);
	jsonw_close(j, '}');
}

void
view_history_json(const struct view_history *h, struct str *ret)
{
	struct json_writer j = { .out = ret };
	struct str next = STR_INIT;

	number_int(&next, (int64_t)h->next);
	jsonw_open(&j, NULL, '{');
	jsonw_text(&j, "domain", h->domain);
	jsonw_open(&j, "transitions", '[');
	for (size_t i = 0; i < h->n_rows; i++)
		jsonw_transition(&j, NULL, h->rows[i].id, &h->rows[i].t);
	jsonw_close(&j, ']');
	jsonw_text(&j, "next", h->next != 0 ? str_c(&next) : NULL);
	jsonw_open(&j, "spread", '[');
	for (size_t i = 0; i < h->n_spread; i++)
		spread_json(&j, &h->spread[i]);
	jsonw_close(&j, ']');
	jsonw_close(&j, '}');
	str_addc(ret, '\n');
	str_done(&next);
}
