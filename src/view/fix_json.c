/* SPDX-License-Identifier: ISC */
/*
 * The changes as data, a document a line: for programs, and for the page, which shows beside each finding what to type.
 *
 * "data" of a value is exact, as in a zone file; its other members are the fields of a form, a text as it is typed.
 */
#include "fix.h"

#include <string.h>

/* "verification, spf" as an array. */
static void
words(struct json_writer *j, const char *key, const char *list)
{
	struct str word = STR_INIT, text = STR_INIT;

	jsonw_open(j, key, '[');
	while (*list != '\0') {
		size_t n = strcspn(list, ",");

		str_clear(&word);
		str_clear(&text);
		str_addn(&word, list, n);
		fix_ascii(&text, str_c(&word));
		jsonw_text(j, NULL, str_c(&text));
		list += n;
		list += strspn(list, ", ");
	}
	jsonw_close(j, ']');
	str_done(&word);
	str_done(&text);
}

static void
notes(struct json_writer *j, const char *const *list, size_t n)
{
	struct str s = STR_INIT;

	jsonw_open(j, "notes", '[');
	for (size_t i = 0; i < n; i++) {
		str_clear(&s);
		fix_ascii(&s, list[i]);
		jsonw_text(j, NULL, str_c(&s));
	}
	jsonw_close(j, ']');
	str_done(&s);
}

static void
host(struct json_writer *j, const char *key, const struct dns_name *n)
{
	char text[DNS_NAME_TEXT_MAX];

	jsonw_text(j, key, dns_name_text_lower(n, text));
}

static void
fields(struct json_writer *j, const struct rdata *r)
{
	struct str s = STR_INIT;
	struct dns_name name;
	uint16_t a, b, c;

	if (r->type == DNS_TYPE_TXT || r->type == DNS_TYPE_SPF) {
		jsonw_int(j, "length", (int64_t)fix_typed(r, &s));
		jsonw_text(j, "text", str_c(&s));
	} else if (rdata_mx(r, &a, &name)) {
		jsonw_int(j, "priority", a);
	} else if (rdata_srv(r, &a, &b, &c, &name)) {
		jsonw_int(j, "priority", a);
		jsonw_int(j, "weight", b);
		jsonw_int(j, "port", c);
	} else if (!rdata_name(r, &name)) {
		rdata_text(r, &s);
		jsonw_text(j, "address", str_c(&s));
	}
	if (rdata_name(r, &name))
		host(j, "target", &name);
	str_done(&s);
}

/* Those that the other side has too, or those that it has not. */
static void
values(struct json_writer *j, const char *key, const struct rdata *list, const bool *stays, size_t n, bool stay)
{
	struct str s = STR_INIT;

	jsonw_open(j, key, '[');
	for (size_t i = 0; i < n; i++) {
		if (stays[i] != stay)
			continue;
		str_clear(&s);
		fix_value(&list[i], FIX_DECIMAL, &s);
		jsonw_open(j, NULL, '{');
		jsonw_text(j, "data", str_c(&s));
		fields(j, &list[i]);
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
	str_done(&s);
}

static void
ttl(struct json_writer *j, const char *key, bool there, uint32_t seconds)
{
	if (there)
		jsonw_int(j, key, seconds);
	else
		jsonw_null(j, key);
}

static void
change(struct json_writer *j, const struct fix *f, const struct fix_change *c)
{
	struct str s = STR_INIT;
	char type[16];

	fix_relative(f, &c->owner, &s);
	jsonw_open(j, NULL, '{');
	jsonw_text(j, "action", name_of(&fix_action_names, (int)c->action));
	words(j, "records", c->records);
	words(j, "findings", c->why);
	host(j, "name", &c->owner);
	jsonw_text(j, "label", str_c(&s));
	jsonw_text(j, "type", dns_type_text(c->type, type));
	ttl(j, "ttl", c->n_new > 0, c->ttl);
	ttl(j, "old_ttl", c->n_old > 0, c->old_ttl);
	values(j, "delete", c->old, c->old_stays, c->n_old, false);
	values(j, "add", c->new, c->new_stays, c->n_new, false);
	values(j, "keep", c->new, c->new_stays, c->n_new, true);
	notes(j, c->notes, c->n_notes);
	jsonw_close(j, '}');
	str_done(&s);
}

void
fix_json(const struct fix *f, struct str *ret)
{
	struct json_writer j = { .out = ret };
	struct str line = STR_INIT;

	fix_summary(f, &line);
	jsonw_open(&j, NULL, '{');
	jsonw_text(&j, "domain", f->domain);
	host(&j, "zone", &f->zone);
	jsonw_text(&j, "summary", str_c(&line));
	jsonw_open(&j, "changes", '[');
	for (size_t i = 0; i < f->n_changes; i++)
		change(&j, f, &f->changes[i]);
	jsonw_close(&j, ']');
	notes(&j, f->notes, f->n_notes);
	jsonw_int(&j, "unasked", (int64_t)f->n_unasked);
	jsonw_close(&j, '}');
	str_addc(ret, '\n');
	str_done(&line);
}
