/* SPDX-License-Identifier: ISC */
/*
 * CSV with a header row, mapped by the names of the columns: those of the admin center's tables, of DNS hosts' exports, and of
 * Export-Csv.  The separator is a comma, a semicolon or a tab, whichever the header has most of (RFC 4180 otherwise).
 */
#include <ctype.h>
#include <string.h>

#include "import.h"

#define COLUMNS_MAX 64
#define FIELD_MAX   65536

enum column { COL_TYPE, COL_NAME, COL_VALUE, COL_PRIORITY, COL_WEIGHT, COL_PORT, COL_SERVICE, COL_PROTOCOL, COL_SELECTOR1,
	COL_SELECTOR2, COL_OTHER };

/* Names without blanks and signs, lower case.  A type: a value in this column is of it where no other column says so. */
static const struct alias {
	const char *name;
	enum column column;
	uint16_t type;
} aliases[] = {
	{ "type", COL_TYPE, 0 }, { "recordtype", COL_TYPE, 0 }, { "dnsrecordtype", COL_TYPE, 0 },
	{ "name", COL_NAME, 0 }, { "host", COL_NAME, 0 }, { "hostname", COL_NAME, 0 }, { "alias", COL_NAME, 0 },
	{ "label", COL_NAME, 0 }, { "owner", COL_NAME, 0 }, { "recordname", COL_NAME, 0 }, { "txtname", COL_NAME, 0 },
	{ "hostnameoralias", COL_NAME, 0 }, { "hostoralias", COL_NAME, 0 }, { "hostalias", COL_NAME, 0 }, { "domain", COL_NAME, 0 },
	{ "value", COL_VALUE, 0 }, { "pointsto", COL_VALUE, 0 }, { "pointstoaddress", COL_VALUE, 0 },
	{ "pointstoaddressorvalue", COL_VALUE, 0 }, { "addressorvalue", COL_VALUE, 0 }, { "destination", COL_VALUE, 0 },
	{ "target", COL_VALUE, 0 }, { "data", COL_VALUE, 0 }, { "content", COL_VALUE, 0 }, { "rdata", COL_VALUE, 0 },
	{ "address", COL_VALUE, 0 }, { "hostnamevalue", COL_VALUE, 0 }, { "recordvalue", COL_VALUE, 0 },
	{ "txtvalue", COL_VALUE, DNS_TYPE_TXT }, { "text", COL_VALUE, DNS_TYPE_TXT },
	{ "mailexchange", COL_VALUE, DNS_TYPE_MX }, { "canonicalname", COL_VALUE, DNS_TYPE_CNAME },
	{ "nametarget", COL_VALUE, DNS_TYPE_SRV },
	{ "priority", COL_PRIORITY, 0 }, { "preference", COL_PRIORITY, 0 }, { "prio", COL_PRIORITY, 0 },
	{ "mxpriority", COL_PRIORITY, 0 }, { "weight", COL_WEIGHT, 0 }, { "port", COL_PORT, 0 },
	{ "service", COL_SERVICE, 0 }, { "protocol", COL_PROTOCOL, 0 },
	{ "selector1cname", COL_SELECTOR1, 0 }, { "selector2cname", COL_SELECTOR2, 0 },
};

struct csv {
	struct import *im;
	const char *p, *end;
	char separator;
	int line;
	const struct alias *columns[COLUMNS_MAX];	/* NULL = not of use */
	size_t n_columns;
	const char *fields[COLUMNS_MAX];		/* of the row at hand */
	size_t n_fields;
	bool dropped;					/* it had more */
};

static const struct alias *
alias_of(const char *text)
{
	char word[40];
	size_t n = 0;

	for (; *text != '\0' && n < sizeof(word) - 1; text++)
		if (isalnum((unsigned char)*text))
			word[n++] = ascii_lower(*text);
	word[n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strcmp(word, aliases[i].name) == 0)
			return &aliases[i];
	return NULL;
}

/* ---- fields ---- */

/* One field without its quotes and outer blanks; true when another one follows in the row. */
static bool
field(struct csv *c, struct str *ret)
{
	while (c->p < c->end && *c->p == ' ')
		c->p++;
	if (c->p < c->end && *c->p == '"') {
		for (c->p++; c->p < c->end; c->p++) {
			if (*c->p == '"' && (c->p + 1 == c->end || c->p[1] != '"'))
				break;
			c->p += *c->p == '"';
			c->line += *c->p == '\n';
			if (ret->len < FIELD_MAX)
				str_addc(ret, *c->p);
		}
		c->p += c->p < c->end;
	}
	for (; c->p < c->end && *c->p != c->separator && *c->p != '\n' && *c->p != '\r'; c->p++)
		if (ret->len < FIELD_MAX)
			str_addc(ret, *c->p);
	while (ret->len > 0 && ret->p[ret->len - 1] == ' ')
		ret->p[--ret->len] = '\0';
	if (c->p < c->end && *c->p == c->separator) {
		c->p++;
		return true;
	}
	return false;
}

/* The next row that is not empty; false at the end. */
static bool
row(struct csv *c)
{
	struct str s = STR_INIT;
	bool more = true;

	c->n_fields = 0;
	c->dropped = false;
	while (c->p < c->end && (*c->p == '\n' || *c->p == '\r'))
		c->line += *c->p++ == '\n';
	if (c->p == c->end)
		return false;
	while (more) {
		str_clear(&s);
		more = field(c, &s);
		if (c->n_fields == COLUMNS_MAX)
			c->dropped = true;
		else
			c->fields[c->n_fields++] = arena_strdup(c->im->a, str_c(&s));
	}
	str_done(&s);
	return true;
}

/* ---- the header ---- */

/* "#TYPE ..." of Export-Csv and "sep=;" of spreadsheets stand before it. */
static const char *
header_start(const char *p, const char *end, int *ret_line)
{
	for (;;) {
		const char *nl;

		while (p < end && strchr(" \t\r\n", *p) != NULL)
			*ret_line += *p++ == '\n';
		if (p == end || !((*p == '#' && str_iprefix(p, "#TYPE")) || str_iprefix(p, "sep=")))
			return p;
		nl = memchr(p, '\n', (size_t)(end - p));
		p = nl != NULL ? nl : end;
	}
}

static char
separator_of(const char *p, const char *end)
{
	static const char candidates[] = ",;\t";
	size_t counts[sizeof(candidates) - 1] = { 0 }, best = 0;
	bool quoted = false;

	for (; p < end && (quoted || (*p != '\n' && *p != '\r')); p++) {
		const char *at = strchr(candidates, *p);

		quoted ^= *p == '"';
		if (!quoted && *p != '\0' && at != NULL)
			counts[at - candidates]++;
	}
	for (size_t i = 1; i < sizeof(candidates) - 1; i++)
		best = counts[i] > counts[best] ? i : best;
	return counts[best] > 0 ? candidates[best] : '\0';
}

static bool
has_column(const struct csv *c, enum column column)
{
	for (size_t i = 0; i < c->n_columns; i++)
		if (c->columns[i] != NULL && c->columns[i]->column == column)
			return true;
	return false;
}

/* Reads the header; false when it is none: neither a value nor a DKIM target could be found in the rows. */
static bool
header(struct csv *c, const char *text, size_t n)
{
	c->end = text + n;
	c->line = 1;
	c->p = header_start(text, c->end, &c->line);
	c->separator = separator_of(c->p, c->end);
	if (c->separator == '\0' || !row(c))
		return false;
	c->n_columns = c->n_fields;
	for (size_t i = 0; i < c->n_columns; i++)
		c->columns[i] = alias_of(c->fields[i]);
	return (has_column(c, COL_VALUE) && (has_column(c, COL_TYPE) || has_column(c, COL_NAME))) || has_column(c, COL_SELECTOR1);
}

bool
import_is_csv(const char *text, size_t n)
{
	struct import im = { .a = arena_new() };
	struct csv c = { .im = &im };
	bool yes = header(&c, text, n);

	arena_free(im.a);
	return yes;
}

/* ---- rows ---- */

/* The first value of a column, "" = none. */
static const char *
value_of(const struct csv *c, enum column column, uint16_t *ret_type)
{
	for (size_t i = 0; i < c->n_columns && i < c->n_fields; i++)
		if (c->columns[i] != NULL && c->columns[i]->column == column && *c->fields[i] != '\0') {
			if (ret_type != NULL && *ret_type == 0)
				*ret_type = c->columns[i]->type;
			return c->fields[i];
		}
	return "";
}

static const char *
or_else(const char *text, const char *deflt)
{
	return *text != '\0' ? text : deflt;
}

/* What one column may hold whole, and several may hold in parts. */
static const char *
row_value(struct csv *c, uint16_t type, const char *value)
{
	const char *priority = or_else(value_of(c, COL_PRIORITY, NULL), "0");
	size_t n = strlen(value);

	if (type == DNS_TYPE_TXT && n >= 2 && value[0] == '"' && value[n - 1] == '"')
		return arena_printf(c->im->a, "%.*s", (int)(n - 2), value + 1);
	if (strchr(value, ' ') != NULL)
		return value;
	if (type == DNS_TYPE_MX)
		return arena_printf(c->im->a, "%s %s", priority, value);
	if (type == DNS_TYPE_SRV)
		return arena_printf(c->im->a, "%s %s %s %s", priority, or_else(value_of(c, COL_WEIGHT, NULL), "0"),
		    or_else(value_of(c, COL_PORT, NULL), "0"), value);
	return value;
}

static const char *
row_owner(struct csv *c, uint16_t type)
{
	const char *name = value_of(c, COL_NAME, NULL), *service = value_of(c, COL_SERVICE, NULL);
	const char *protocol = value_of(c, COL_PROTOCOL, NULL);

	if (type != DNS_TYPE_SRV || *service == '\0' || *protocol == '\0' || *name == '_')
		return name;
	return arena_printf(c->im->a, "%s.%s%s%s", import_underscored(c->im, service), import_underscored(c->im, protocol),
	    *name != '\0' && strcmp(name, "@") != 0 ? "." : "", strcmp(name, "@") != 0 ? name : "");
}

static void
add_selectors(struct csv *c, int line)
{
	const char *first = value_of(c, COL_SELECTOR1, NULL), *second = value_of(c, COL_SELECTOR2, NULL);
	const char *domain = value_of(c, COL_NAME, NULL);
	struct dns_name name;

	if (*domain != '\0' && (dns_name_parse(&name, domain, NULL) == -1 || !dns_name_equal(&name, &c->im->domain))) {
		import_note(c->im, line, "this is about %s: left out", domain);
		return;
	}
	if (*first != '\0')
		import_add_given(c->im, line, "selector1._domainkey", DNS_TYPE_CNAME, first);
	if (*second != '\0')
		import_add_given(c->im, line, "selector2._domainkey", DNS_TYPE_CNAME, second);
}

static void
add_row(struct csv *c, int line)
{
	struct import_row r = { .line = line };
	const char *type = value_of(c, COL_TYPE, NULL), *value, *owner;
	struct err err;

	if (has_column(c, COL_SELECTOR1)) {
		add_selectors(c, line);
		return;
	}
	r.type = import_type(type);
	value = value_of(c, COL_VALUE, *type == '\0' ? &r.type : NULL);
	owner = row_owner(c, r.type);
	r.type_text = *type != '\0' ? type : r.type != 0 ? name_of(&dns_type_names, r.type) : "record without a type";
	if (c->dropped)
		import_note(c->im, line, "the row has more than %d columns", COLUMNS_MAX);
	if (*value == '\0') {
		import_note(c->im, line, "%s %s has no value: left out", or_else(owner, "@"), r.type_text);
		return;
	}
	if (import_owner(c->im, owner, &r.owner, &err) == -1) {
		import_note(c->im, line, "%s: left out", err.msg);
		return;
	}
	r.value = row_value(c, r.type, value);
	import_add(c->im, &r);
}

int
import_csv(struct import *im, const char *text, size_t n, struct err *err)
{
	struct csv c = { .im = im };

	if (!header(&c, text, n)) {
		err_set(err, "its header has no columns for type, name and value");
		return -1;
	}
	for (;;) {
		int line;

		while (c.p < c.end && (*c.p == '\n' || *c.p == '\r'))
			c.line += *c.p++ == '\n';
		line = c.line;
		if (!row(&c))
			return 0;
		add_row(&c, line);
	}
}
