/* SPDX-License-Identifier: ISC */
/* A table of what the program knows by itself, for other programs: an array of objects, or a header and rows. */
#include "escape.h"

#include <string.h>

static void
cell_json(struct json_writer *j, const char *key, const struct view_table_cell *c)
{
	switch (c->kind) {
	case VIEW_CELL_TEXT:
		jsonw_text(j, key, c->text);
		break;
	case VIEW_CELL_LIST:
		jsonw_texts(j, key, c->list, c->n);
		break;
	case VIEW_CELL_BOOL:
		jsonw_bool(j, key, c->yes);
		break;
	case VIEW_CELL_NUMBER:
		jsonw_int(j, key, (int64_t)c->n);
		break;
	}
}

void
view_table_json(struct json_writer *j, const char *key, const struct view_table *t)
{
	jsonw_open(j, key, '[');
	for (size_t i = 0; i < t->n_rows; i++) {
		jsonw_open(j, NULL, '{');
		for (size_t k = 0; k < t->n_columns; k++)
			cell_json(j, t->columns[k], &t->cells[i * t->n_columns + k]);
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
}

static void
cell_csv(struct str *ret, const struct view_table_cell *c)
{
	struct str all = STR_INIT;

	for (size_t i = 0; c->kind == VIEW_CELL_LIST && i < c->n; i++)
		str_addf(&all, "%s%s", i > 0 ? " | " : "", c->list[i]);
	if (c->kind == VIEW_CELL_BOOL)
		str_add(&all, c->yes ? "yes" : "no");
	else if (c->kind == VIEW_CELL_NUMBER)
		str_addf(&all, "%zu", c->n);
	else if (c->kind == VIEW_CELL_TEXT && c->text != NULL)
		str_add(&all, c->text);
	if (all.len > 0)
		escape_csv(ret, str_c(&all));
	str_done(&all);
}

void
view_table_csv(const struct view_table *t, struct str *ret)
{
	for (size_t k = 0; k < t->n_columns; k++)
		str_addf(ret, "%s%s", k > 0 ? "," : "", t->columns[k]);
	str_add(ret, "\r\n");
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t k = 0; k < t->n_columns; k++) {
			str_add(ret, k > 0 ? "," : "");
			cell_csv(ret, &t->cells[i * t->n_columns + k]);
		}
		str_add(ret, "\r\n");
	}
}
