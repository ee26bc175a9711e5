/* SPDX-License-Identifier: ISC */
/*
 * Zone text (RFC 1035 section 5.1): $ORIGIN and $TTL, parentheses, comments, quoted strings, \X and \DDD, an owner left out,
 * TTL and class in any order.  $INCLUDE is not followed and $GENERATE not done: what they would have made is noted.
 */
#include <ctype.h>
#include <string.h>

#include "import.h"

#define TOKENS_MAX 1024
#define TEXT_MAX   65535

struct token {
	const char *p;		/* escapes as they stand */
	size_t n;
	bool quoted;
};
struct zone_text {
	struct import *im;
	const char *p, *end;
	int line;
	struct dns_name origin, owner;
	bool has_owner;		/* of the record before */
	/* the logical line at hand */
	struct token tokens[TOKENS_MAX];
	size_t n_tokens;
	bool blank_start;
	int start;
	const char *wrong;	/* why it cannot be read */
};

/* ---- lines ---- */

static void
token_add(struct zone_text *z, const char *p, size_t n, bool quoted)
{
	if (z->n_tokens == TOKENS_MAX)
		z->wrong = "it has too many parts";
	else
		z->tokens[z->n_tokens++] = (struct token){ p, n, quoted };
}

static void
quoted_token(struct zone_text *z)
{
	const char *start = ++z->p;

	while (z->p < z->end && *z->p != '"' && *z->p != '\n')
		z->p += *z->p == '\\' && z->p + 1 < z->end && z->p[1] != '\n' ? 2 : 1;
	token_add(z, start, (size_t)(z->p - start), true);
	if (z->p < z->end && *z->p == '"')
		z->p++;
	else
		z->wrong = "a quotation mark is not closed";
}

static void
plain_token(struct zone_text *z)
{
	const char *start = z->p;

	while (z->p < z->end && strchr(" \t\r\n;()\"", *z->p) == NULL)
		z->p += *z->p == '\\' && z->p + 1 < z->end && z->p[1] != '\n' ? 2 : 1;
	token_add(z, start, (size_t)(z->p - start), false);
}

/* The next logical line: one with nothing in it has no tokens.  False at the end of the text. */
static bool
next_line(struct zone_text *z)
{
	bool inside = false;

	if (z->p >= z->end)
		return false;
	z->n_tokens = 0;
	z->wrong = NULL;
	z->start = z->line;
	z->blank_start = *z->p == ' ' || *z->p == '\t';
	while (z->p < z->end && (inside || *z->p != '\n')) {
		if (*z->p == ';') {
			while (z->p < z->end && *z->p != '\n')
				z->p++;
		} else if (*z->p == '(' || *z->p == ')') {
			inside = *z->p++ == '(';
		} else if (*z->p == '"') {
			quoted_token(z);
		} else if (strchr(" \t\r\n", *z->p) != NULL) {
			z->line += *z->p++ == '\n';
		} else {
			plain_token(z);
		}
	}
	if (inside)
		z->wrong = "a parenthesis is not closed";
	if (z->p < z->end) {
		z->p++;
		z->line++;
	}
	return true;
}

/* ---- parts ---- */

static const char *
token_text(struct zone_text *z, size_t i)
{
	char *s = arena_alloc(z->im->a, z->tokens[i].n + 1);

	memcpy(s, z->tokens[i].p, z->tokens[i].n);
	return s;
}

static bool
token_is(const struct zone_text *z, size_t i, const char *word)
{
	return i < z->n_tokens && !z->tokens[i].quoted && z->tokens[i].n == strlen(word) && str_iprefix(z->tokens[i].p, word);
}

static bool
is_class(const struct zone_text *z, size_t i)
{
	return token_is(z, i, "IN") || token_is(z, i, "CH") || token_is(z, i, "HS");
}

/* "3600", "1h", "1w2d" */
static bool
is_ttl(const struct zone_text *z, size_t i)
{
	const struct token *t = &z->tokens[i];

	if (i >= z->n_tokens || t->quoted || t->n == 0 || !isdigit((unsigned char)t->p[0]))
		return false;
	for (size_t k = 0; k < t->n; k++)
		if (!isdigit((unsigned char)t->p[k]) && strchr("smhdwSMHDW", t->p[k]) == NULL)
			return false;
	return true;
}

static bool
is_absolute(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && text[n - 1] == '.' && (n < 2 || text[n - 2] != '\\');
}

/* A name as a zone has it: without a final dot it is relative to the origin.  False when it is none. */
static bool
name_of_text(struct zone_text *z, const char *text, struct dns_name *ret)
{
	struct dns_name name;

	if (strcmp(text, "@") == 0) {
		*ret = z->origin;
		return true;
	}
	if (dns_name_parse(&name, text, NULL) == -1)
		return false;
	if (!is_absolute(text) && !dns_name_concat(&name, &name, &z->origin))
		return false;
	*ret = name;
	return true;
}

/* The value of \DDD or \X at p[0] = backslash; how many bytes it took. */
static size_t
unescape(const char *p, const char *end, char *ret)
{
	if (end - p >= 4 && isdigit((unsigned char)p[1]) && isdigit((unsigned char)p[2]) && isdigit((unsigned char)p[3])) {
		*ret = (char)(uint8_t)((p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0'));
		return 4;
	}
	*ret = end - p >= 2 ? p[1] : '\\';
	return end - p >= 2 ? 2 : 1;
}

/* The strings from token i on, joined; NULL when no text of this program can hold it. */
static const char *
joined_text(struct zone_text *z, size_t i)
{
	struct str s = STR_INIT;
	const char *ret = NULL;

	for (; i < z->n_tokens; i++)
		for (const char *p = z->tokens[i].p, *end = p + z->tokens[i].n; p < end;) {
			char c = *p;

			p += c == '\\' ? unescape(p, end, &c) : 1;
			str_addc(&s, c);
		}
	if (memchr(str_c(&s), '\0', s.len) == NULL && s.len <= TEXT_MAX)
		ret = arena_strdup(z->im->a, str_c(&s));
	str_done(&s);
	return ret;
}

/* ---- records ---- */

/*
 * The target, and a common slip: a host of Microsoft's without its final dot would be one below the zone.  Nobody has a zone
 * that means it, so it is taken as complete, and said.
 */
static const char *
target_text(struct zone_text *z, size_t i)
{
	static const char *const ends[] = { ".com", ".net", ".us", ".cn", ".microsoft", ".invalid", ".mil", ".org", ".test" };
	const char *text = token_text(z, i);
	size_t n = strlen(text);
	struct dns_name name;
	char buf[DNS_NAME_TEXT_MAX];

	if (!is_absolute(text) && strcmp(text, "@") != 0)
		for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
			size_t m = strlen(ends[k]);

			if (n <= m || !str_ieq(text + n - m, ends[k]))
				continue;
			import_note(z->im, z->start, "%s has no final dot; taken as a complete name", text);
			return text;
		}
	return name_of_text(z, text, &name) ? arena_strdup(z->im->a, dns_name_text(&name, buf)) : NULL;
}

/* How many numbers stand before the name in the data of a type; -1: it is not made of numbers and a name. */
static int
numbers_before(uint16_t type)
{
	static const struct { uint16_t type; int n; } rows[] = {
		{ DNS_TYPE_CNAME, 0 }, { DNS_TYPE_NS, 0 }, { DNS_TYPE_PTR, 0 }, { DNS_TYPE_MX, 1 }, { DNS_TYPE_SRV, 3 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].type == type)
			return rows[i].n;
	return -1;
}

/* The data from token i on, as rdata_parse() takes it; NULL when it is not of the type. */
static const char *
data_text(struct zone_text *z, uint16_t type, size_t i)
{
	int numbers = numbers_before(type);
	const char *out = "", *target;

	if (type == DNS_TYPE_TXT || type == DNS_TYPE_SPF)
		return joined_text(z, i);
	if (numbers < 0) {
		for (; i < z->n_tokens; i++)
			out = arena_printf(z->im->a, "%s%s%s", out, *out != '\0' ? " " : "", token_text(z, i));
		return out;
	}
	if (z->n_tokens - i != (size_t)numbers + 1)
		return NULL;
	for (; numbers > 0; numbers--)
		out = arena_printf(z->im->a, "%s%s ", out, token_text(z, i++));
	target = target_text(z, i);
	return target != NULL ? arena_printf(z->im->a, "%s%s", out, target) : NULL;
}

static void
directive(struct zone_text *z)
{
	struct dns_name origin;

	if (token_is(z, 0, "$TTL"))
		return;
	if (!token_is(z, 0, "$ORIGIN"))
		import_note(z->im, z->start, "%s is not followed: what it stands for is left out", token_text(z, 0));
	else if (z->n_tokens < 2 || !name_of_text(z, token_text(z, 1), &origin))
		import_note(z->im, z->start, "$ORIGIN has no name: left out");
	else
		z->origin = origin;
}

static bool
read_owner(struct zone_text *z, size_t *i)
{
	if (z->blank_start && z->has_owner)
		return true;
	if (z->blank_start || z->tokens[0].quoted || !name_of_text(z, token_text(z, 0), &z->owner)) {
		z->has_owner = false;
		return false;
	}
	*i = 1;
	z->has_owner = true;
	return true;
}

static void
line_read(struct zone_text *z)
{
	struct import_row row = { .line = z->start };
	const char *type;
	char name[DNS_NAME_TEXT_MAX];
	size_t i = 0;

	if (z->tokens[0].n > 0 && z->tokens[0].p[0] == '$' && !z->tokens[0].quoted) {
		directive(z);
		return;
	}
	if (!read_owner(z, &i)) {
		import_note(z->im, z->start, "it has no owner name: left out");
		return;
	}
	while (is_class(z, i) || is_ttl(z, i))
		i++;
	type = i < z->n_tokens ? token_text(z, i) : "";
	if (z->wrong != NULL || i >= z->n_tokens || z->tokens[i].quoted || !import_is_type(type)) {
		import_note(z->im, z->start, "%s: left out", z->wrong != NULL ? z->wrong : "this is no record");
		return;
	}
	row.owner = z->owner;
	dns_name_lower(&row.owner);
	row.type = import_type(type);
	row.type_text = type;
	row.value = data_text(z, row.type, i + 1);
	if (row.value == NULL)
		import_note(z->im, z->start, "%s %s: its data cannot be used: left out", dns_name_text_lower(&z->owner, name), type);
	else
		import_add(z->im, &row);
}

int
import_zone(struct import *im, const char *text, size_t n, struct err *err)
{
	struct zone_text *z = arena_alloc(im->a, sizeof(*z));

	z->im = im;
	z->p = text;
	z->end = text + n;
	z->line = 1;
	z->origin = im->domain;
	while (next_line(z)) {
		if (z->n_tokens > 0)
			line_read(z);
	}
	if (im->n_rows > 0)
		return 0;
	err_set(err, "it is neither Graph JSON, nor the text of Get-DkimSigningConfig, nor CSV with a header, nor zone text");
	return -1;
}
