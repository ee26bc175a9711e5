/* SPDX-License-Identifier: ISC */
/*
 * What the client would like: Accept and Accept-Encoding with their q-values (RFC 9110 12.4.2, in thousandths here), and
 * If-None-Match.  A header that makes no sense is not an error: it asks for nothing.
 */
#include <string.h>

#include "guard.h"

/* One element of a list: "text/html;level=1;q=0.5" is the text up to the first ";" and 500. */
struct element {
	const char *p;
	size_t n;
	int q;
};

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* "1", "0.5", "0.123", "1.000"; -1 = none of them. */
static int
parse_q(const char *p, size_t n)
{
	static const int place[] = { 100, 10, 1 };
	int q;

	if (n == 0 || n > 5 || (p[0] != '0' && p[0] != '1') || (n > 1 && p[1] != '.'))
		return -1;
	q = (p[0] - '0') * 1000;
	for (size_t i = 2; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		q += (p[i] - '0') * place[i - 2];
	}
	return q > 1000 ? -1 : q;
}

static size_t
trimmed(const char *p, size_t n)
{
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	return n;
}

/* The next element of the list at *pos; false at its end. */
static bool
next_element(const char **pos, struct element *e)
{
	const char *p = *pos + strspn(*pos, " \t,");
	size_t n = strcspn(p, ",;");

	if (*p == '\0')
		return false;
	*e = (struct element){ p, trimmed(p, n), 1000 };
	p += n;
	while (*p == ';') {
		p = skip_blanks(p + 1);
		n = strcspn(p, ",;");
		if (n > 2 && ascii_lower(p[0]) == 'q' && p[1] == '=')
			e->q = parse_q(p + 2, trimmed(p + 2, n - 2));
		p += n;
	}
	if (e->q == -1)
		e->q = 0;
	*pos = p;
	return true;
}

static bool
equals(const struct element *e, const char *word)
{
	size_t n = strlen(word);

	if (e->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(e->p[i]) != ascii_lower(word[i]))
			return false;
	return true;
}

/* How closely the range fits the type: 3 the type itself, 2 its family, 1 anything, 0 not. */
static int
closeness(const struct element *e, const char *type)
{
	size_t family = strcspn(type, "/") + 1;
	char range[64];

	if (equals(e, type))
		return 3;
	if (family + 2 <= sizeof(range)) {
		memcpy(range, type, family);
		range[family] = '*';
		range[family + 1] = '\0';
		if (equals(e, range))
			return 2;
	}
	return equals(e, "*/*") || equals(e, "*") ? 1 : 0;
}

static int
quality_of(const char *accept, const char *type)
{
	int best = 0, q = 0;
	struct element e;

	while (next_element(&accept, &e)) {
		int c = closeness(&e, type);

		if (c > best) {
			best = c;
			q = e.q;
		}
	}
	return q;
}

int
accept_type(const char *accept, const char *const *types, size_t n_types)
{
	int best = -1, best_q = 0;

	if (accept == NULL || *skip_blanks(accept) == '\0')
		return n_types > 0 ? 0 : -1;
	for (size_t i = 0; i < n_types; i++) {
		int q = quality_of(accept, types[i]);

		if (q > best_q) {
			best_q = q;
			best = (int)i;
		}
	}
	return best;
}

bool
accept_gzip(const char *accept_encoding)
{
	int named = -1, any = -1;
	struct element e;

	if (accept_encoding == NULL)
		return false;
	while (next_element(&accept_encoding, &e))
		if (equals(&e, "gzip") || equals(&e, "x-gzip"))
			named = e.q;
		else if (equals(&e, "*"))
			any = e.q;
	return named > 0 || (named == -1 && any > 0);
}

bool
accept_etag_matches(const char *if_none_match, const char *etag)
{
	size_t n = strlen(etag);

	if (if_none_match == NULL)
		return false;
	for (const char *p = if_none_match + strspn(if_none_match, " \t,"); *p != '\0'; p += strspn(p, " \t,")) {
		const char *end;

		if (*p == '*')
			return true;
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		if (*p != '"' || (end = strchr(p + 1, '"')) == NULL)
			return false;
		if ((size_t)(end - p - 1) == n && memcmp(p + 1, etag, n) == 0)
			return true;
		p = end + 1;
	}
	return false;
}
