/* SPDX-License-Identifier: ISC */
/*
 * The lists for other programs: what --list-records, --list-resolvers and --list-findings know, with --format json as
 * {"findings":[{...}]}, with csv as a header and rows.  All columns are there, whether -v is or not; it only says which rows.
 */
#include "list_table.h"

#include <string.h>

#include <m365dnsd/view.h>

#include "output.h"

struct filling {
	struct arena *a;
	struct view_table t;
	struct view_table_cell *next;
};

static void
table_begin(struct filling *f, const char *const *columns, size_t n_columns, size_t max_rows)
{
	f->a = arena_new();
	f->next = arena_alloc(f->a, n_columns * max_rows * sizeof(*f->next));
	f->t = (struct view_table){ .columns = columns, .n_columns = n_columns, .cells = f->next };
}

static void
table_text(struct filling *f, const char *text)
{
	*f->next++ = (struct view_table_cell){ .kind = VIEW_CELL_TEXT, .text = text };
}

static void
table_list(struct filling *f, const char *const *list, size_t n)
{
	*f->next++ = (struct view_table_cell){ .kind = VIEW_CELL_LIST, .list = list, .n = n };
}

static void
table_bits(struct filling *f, unsigned bits, const struct name_table *t)
{
	const char **list = arena_alloc(f->a, (t->n + 1) * sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if ((bits >> t->rows[i].id & 1) != 0)
			list[n++] = t->rows[i].name;
	table_list(f, list, n);
}

static void
table_end(struct filling *f, const struct options *o, const char *key, const char *catalog)
{
	struct str out = STR_INIT;
	struct json_writer j = { .out = &out };

	f->t.n_rows = (size_t)(f->next - f->t.cells) / f->t.n_columns;
	if (strcmp(o->format->name, "csv") == 0) {
		view_table_csv(&f->t, &out);
	} else {
		jsonw_open(&j, NULL, '{');
		if (catalog != NULL)
			jsonw_text(&j, "catalog", catalog);
		view_table_json(&j, key, &f->t);
		jsonw_close(&j, '}');
		str_addc(&out, '\n');
	}
	output_write(&out);
	str_done(&out);
	arena_free(f->a);
}

void
list_table_records(const struct options *o, const struct catalog *c, bool (*shown)(const struct catalog_row *row, const void *ctx),
    const void *ctx)
{
	static const char *const columns[] = { "id", "type", "owner", "need", "service", "values", "family", "clouds", "profiles", "ttl",
		"text", "source" };
	struct filling f;

	table_begin(&f, columns, ARRAY_LEN(columns), c->n_rows);
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct catalog_row *r = &c->rows[i];
		char type[16];

		if (!shown(r, ctx))
			continue;
		table_text(&f, r->id);
		table_text(&f, arena_strdup(f.a, dns_type_text(r->type, type)));
		table_text(&f, r->owner);
		table_text(&f, name_of(&need_names, (int)r->need));
		table_text(&f, r->service == SERVICE_NONE ? NULL : name_of(&service_names, (int)r->service));
		table_list(&f, (const char *const *)r->want, r->n_want);
		table_list(&f, (const char *const *)r->family, r->n_family);
		table_bits(&f, r->clouds, &cloud_names);
		table_bits(&f, r->profiles, &profile_names);
		*f.next++ = (struct view_table_cell){ .kind = VIEW_CELL_NUMBER, .n = r->ttl };
		table_text(&f, r->text);
		table_text(&f, r->source);
	}
	table_end(&f, o, "records", c->version);
}

void
list_table_resolvers(const struct options *o, const struct conf_resolver *list, size_t n)
{
	static const char *const columns[] = { "name", "operator", "addresses", "filters", "text" };
	struct filling f;

	table_begin(&f, columns, ARRAY_LEN(columns), n);
	for (size_t i = 0; i < n; i++) {
		const char **addresses = arena_alloc(f.a, (list[i].n_addrs + 1) * sizeof(*addresses));
		char buf[ADDR_TEXT_MAX];

		for (size_t k = 0; k < list[i].n_addrs; k++)
			addresses[k] = arena_strdup(f.a, addr_text(&list[i].addrs[k], 53, buf));
		table_text(&f, list[i].name);
		table_text(&f, list[i].operator);
		table_list(&f, addresses, list[i].n_addrs);
		*f.next++ = (struct view_table_cell){ .kind = VIEW_CELL_BOOL, .yes = list[i].filters };
		table_text(&f, list[i].text);
	}
	table_end(&f, o, "resolvers", NULL);
}

void
list_table_findings(const struct options *o)
{
	static const char *const columns[] = { "code", "severity", "title", "advice" };
	struct filling f;

	table_begin(&f, columns, ARRAY_LEN(columns), FINDING_MAX);
	for (size_t i = 0; i < FINDING_MAX; i++) {
		table_text(&f, finding_rows[i].code);
		table_text(&f, name_of(&severity_names, (int)finding_rows[i].severity));
		table_text(&f, finding_rows[i].title);
		table_text(&f, finding_rows[i].advice);
	}
	table_end(&f, o, "findings", NULL);
}
