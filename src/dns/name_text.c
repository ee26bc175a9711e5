/* SPDX-License-Identifier: ISC */
/* Domain names as text, RFC 1035 §5.1: labels between dots, \X for a byte that means something, \DDD for any byte. */
#include "wire.h"

#include <stdio.h>

#define ERROR_TEXT_MAX 100	/* octets of a wrong text that are shown */

int
name_error(struct err *err, const char *text, const char *what)
{
	struct str shown = STR_INIT;

	str_add_printable(&shown, text, strnlen(text, ERROR_TEXT_MAX));
	err_set(err, "\"%s\": %s", str_c(&shown), what);
	str_done(&shown);
	return -1;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One octet of a label at *text, which moves on; false on a backslash before nothing sensible. */
static bool
octet_parse(const char **text, uint8_t *ret)
{
	const char *p = *text;
	int n;

	if (*p != '\\') {
		*ret = (uint8_t)*p;
		*text = p + 1;
		return true;
	}
	if (!is_digit(p[1])) {
		if (p[1] == '\0')
			return false;
		*ret = (uint8_t)p[1];
		*text = p + 2;
		return true;
	}
	if (!is_digit(p[2]) || !is_digit(p[3]))
		return false;
	n = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
	if (n > 255)
		return false;
	*ret = (uint8_t)n;
	*text = p + 4;
	return true;
}

/* The labels of text into n, its root octet too; returns what is wrong or NULL. */
static const char *
labels_parse(struct dns_name *n, const char *text)
{
	size_t label = 0, pos = 1;	/* of the length octet, of the next octet */

	while (*text) {
		uint8_t c;

		if (*text == '.') {
			if (pos == label + 1)
				return "the name has an empty label";
			n->wire[label] = (uint8_t)(pos - label - 1);
			label = pos++;
			text++;
			continue;
		}
		if (!octet_parse(&text, &c))
			return "a backslash stands before a character or three digits up to 255";
		if (pos - label > 63)
			return "a label is over 63 octets";
		if (pos >= DNS_NAME_MAX - 1)	/* the root's octet is still to come */
			return "the name is over 255 octets";
		n->wire[pos++] = c;
	}
	if (pos > label + 1) {
		n->wire[label] = (uint8_t)(pos - label - 1);
		label = pos;
	}
	n->wire[label] = 0;
	n->len = (uint8_t)(label + 1);
	return NULL;
}

int
dns_name_parse(struct dns_name *ret, const char *text, struct err *err)
{
	struct dns_name n = { .len = 0 };
	const char *wrong = NULL;

	if (*text == '\0')
		wrong = "a name is needed";
	else if (strcmp(text, ".") == 0)
		n.len = 1;
	else
		wrong = labels_parse(&n, text);
	if (wrong)
		return name_error(err, text, wrong);
	*ret = n;
	return 0;
}

/* What would mean something else in a zone file gets a backslash, what is not a printable ASCII character becomes \DDD. */
static size_t
octet_text(char *to, uint8_t c)
{
	if (c <= ' ' || c > '~')
		return (size_t)snprintf(to, 5, "\\%03u", c);
	if (strchr(".\\\"();@$", c)) {
		to[0] = '\\';
		to[1] = (char)c;
		return 2;
	}
	to[0] = (char)c;
	return 1;
}

const char *
dns_name_text(const struct dns_name *n, char buf[DNS_NAME_TEXT_MAX])
{
	size_t out = 0;

	for (unsigned pos = 0; pos + 1U < n->len; pos += 1U + n->wire[pos]) {
		if (pos > 0)
			buf[out++] = '.';
		for (unsigned i = 1; i <= n->wire[pos]; i++)
			out += octet_text(buf + out, n->wire[pos + i]);
	}
	if (out == 0)
		buf[out++] = '.';
	buf[out] = '\0';
	return buf;
}

const char *
dns_name_text_lower(const struct dns_name *n, char buf[DNS_NAME_TEXT_MAX])
{
	struct dns_name lower;

	lower.len = n->len;
	fold_copy(lower.wire, n->wire, n->len);
	return dns_name_text(&lower, buf);
}

/* A final dot that no backslash takes the meaning from. */
static bool
is_absolute(const char *text)
{
	size_t n = strlen(text), slashes = 0;

	if (n == 0 || text[n - 1] != '.')
		return false;
	while (slashes + 1 < n && text[n - 2 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 0;
}

bool
dns_name_relative(struct dns_name *ret, const char *owner, const struct dns_name *domain)
{
	struct dns_name n;

	if (*owner == '\0' || strcmp(owner, "@") == 0) {
		*ret = *domain;
		return true;
	}
	if (dns_name_parse(&n, owner, NULL) == -1)
		return false;
	if (is_absolute(owner)) {
		*ret = n;
		return true;
	}
	return dns_name_concat(ret, &n, domain);
}
