/* SPDX-License-Identifier: ISC */
/*
 * Macros of RFC 7208 section 7.  A value is cut at its delimiters into parts, which are put together again with dots: all or
 * the last so many of them, perhaps in reverse.  Values come from a stranger's HELO, sender and names, so that everything is
 * bounded: parts by the length of the value, the length of the value by SPF_VALUE_MAX, what comes out by the spec.
 */
#include <string.h>

#include "spf.h"
#include "spf_macro.h"

#define NAME_TEXT_MAX 253	/* characters of a name (section 7.3) */

void
spf_ip_dotted(const struct addr *ip, struct str *ret)
{
	char buf[ADDR_TEXT_MAX];
	struct addr bare = *ip;

	bare.port = 0;
	if (ip->family == 4) {
		str_add(ret, addr_text(&bare, 0, buf));
		return;
	}
	for (size_t i = 0; i < 32; i++)
		str_addf(ret, "%s%x", i > 0 ? "." : "", (unsigned)(ip->ip[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 0xf);
}

bool
spf_macro_uses(const char *text, char letter)
{
	struct spf_macro m;

	for (const char *p = text; *p != '\0';) {
		size_t n = *p == '%' ? spf_macro_parse(p, true, &m) : 1;

		if (*p == '%' && n > 0 && m.letter == letter)
			return true;
		p += n > 0 ? n : 1;
	}
	return false;
}

/* ---- one macro ---- */

static const char *
value_of(const struct spf_values *v, char letter)
{
	const struct {
		char letter;
		const char *value;
	} rows[] = {
		{ 's', v->sender }, { 'l', v->local }, { 'o', v->sender_domain }, { 'd', v->domain }, { 'i', v->ip_dotted },
		{ 'p', v->validated }, { 'v', v->ip_arpa }, { 'h', v->helo }, { 'c', v->ip_text }, { 'r', v->receiver },
		{ 't', v->time }, { '%', "%" }, { '_', " " }, { '-', "%20" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].letter == letter)
			return rows[i].value;
	return NULL;
}

/* Unreserved characters of RFC 3986 stay. */
static void
add_escaped(struct str *ret, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = ascii_lower(p[i]);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL))
			str_addc(ret, p[i]);
		else
			str_addf(ret, "%%%02X", (unsigned)(unsigned char)p[i]);
	}
}

static void
add_part(struct str *ret, const struct spf_macro *m, const char *p, size_t n)
{
	if (m->escape)
		add_escaped(ret, p, n);
	else
		str_addn(ret, p, n);
}

static bool
is_delimiter(const struct spf_macro *m, char c)
{
	return m->n_delimiters == 0 ? c == '.' : memchr(m->delimiters, c, m->n_delimiters) != NULL;
}

static void
add_value(struct str *ret, const struct spf_macro *m, const char *value)
{
	size_t n = strnlen(value, SPF_VALUE_MAX), parts = 0, first;
	uint16_t start[SPF_VALUE_MAX + 2];

	start[parts++] = 0;
	for (size_t i = 0; i < n; i++)
		if (is_delimiter(m, value[i]))
			start[parts++] = (uint16_t)(i + 1);
	start[parts] = (uint16_t)(n + 1);	/* as if a delimiter stood behind it */
	first = m->keep < parts ? parts - m->keep : 0;
	for (size_t i = first; i < parts; i++) {
		/* reversed first, then the rightmost are kept */
		size_t k = m->reverse ? parts - 1 - i : i;

		if (i > first)
			str_addc(ret, '.');
		add_part(ret, m, value + start[k], (size_t)(start[k + 1] - 1 - start[k]));
	}
}

/* ---- texts and names ---- */

bool
spf_macro_expand(const char *text, const struct spf_values *v, bool explains, struct str *ret)
{
	struct spf_macro m;

	for (const char *p = text; *p != '\0';) {
		const char *value;
		size_t n;

		if (*p != '%') {
			n = strcspn(p, "%");
			str_addn(ret, p, n);
			p += n;
			continue;
		}
		n = spf_macro_parse(p, explains, &m);
		value = n > 0 ? value_of(v, m.letter) : NULL;
		if (value == NULL)
			return false;
		if (m.letter == '%' || m.letter == '_' || m.letter == '-')
			str_add(ret, value);
		else
			add_value(ret, &m, value);
		p += n;
	}
	return true;
}

/* Labels between dots become a name; one final dot is allowed. */
static bool
name_from_labels(const char *p, size_t n, struct dns_name *ret)
{
	struct dns_name name = { .len = 0 };

	if (n > 0 && p[n - 1] == '.')
		n--;
	for (size_t at = 0; at <= n;) {
		const char *dot = memchr(p + at, '.', n - at);
		size_t len = dot != NULL ? (size_t)(dot - p) - at : n - at;

		if (len == 0 || len > 63 || name.len + len + 2 > DNS_NAME_MAX)
			return false;
		name.wire[name.len] = (uint8_t)len;
		memcpy(name.wire + name.len + 1, p + at, len);
		name.len = (uint8_t)(name.len + len + 1);
		at += len + 1;
	}
	name.wire[name.len++] = 0;
	*ret = name;
	return true;
}

enum spf_expand
spf_name_expand(const char *spec, const struct spf_values *v, struct dns_name *ret)
{
	enum spf_expand rc = SPF_EXPAND_OK;
	struct str s = STR_INIT;
	const char *p;

	if (strlen(spec) > SPF_SPEC_MAX)
		return SPF_EXPAND_BAD;
	if (!spf_macro_expand(spec, v, false, &s))
		rc = SPF_EXPAND_UNKNOWN;
	p = str_c(&s);
	if (s.len > 0 && p[s.len - 1] == '.')
		s.p[--s.len] = '\0';
	while (p != NULL && strlen(p) > NAME_TEXT_MAX)
		p = (p = strchr(p, '.')) != NULL ? p + 1 : NULL;
	if (rc == SPF_EXPAND_OK && (p == NULL || !name_from_labels(p, strlen(p), ret)))
		rc = SPF_EXPAND_BAD;
	str_done(&s);
	return rc;
}

bool
spf_name_text(const struct dns_name *n, char buf[DNS_NAME_MAX + 1])
{
	size_t at = 0;

	for (size_t i = 0; i + 1 < n->len; i += n->wire[i] + 1u) {
		if (at > 0)
			buf[at++] = '.';
		for (size_t k = 1; k <= n->wire[i]; k++) {
			char c = (char)n->wire[i + k];

			if (c < 0x21 || c > 0x7e || c == '.')
				return false;
			buf[at++] = c;
		}
	}
	buf[at] = '\0';
	return true;
}
