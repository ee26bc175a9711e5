/* SPDX-License-Identifier: ISC */
/*
 * The SPF grammar of RFC 7208 section 12.  A term is cut at blanks, its name looked up in one table, and the table says
 * what may follow.  A record is hostile text of at most 64 kB; one pass, no recursion.
 */
#include <string.h>

#include "spf.h"

static const struct name_row spf_kind_rows[] = {
	{ SPF_ALL, "all" }, { SPF_INCLUDE, "include" }, { SPF_A, "a" }, { SPF_MX, "mx" }, { SPF_PTR, "ptr" }, { SPF_IP4, "ip4" },
	{ SPF_IP6, "ip6" }, { SPF_EXISTS, "exists" }, { SPF_REDIRECT, "redirect" }, { SPF_EXP, "exp" },
};
NAME_TABLE(spf_kind_names, spf_kind_rows);

enum { ARG_NONE, ARG_OPTIONAL, ARG_NEEDED };
static const struct spf_form {
	enum spf_kind kind;
	int domain;		/* may or must ":domain-spec" follow? */
	bool cidr;		/* may a dual-cidr-length follow? */
	bool network;		/* ":address/length" */
	bool asks;
} forms[] = {
	{ .kind = SPF_ALL, .domain = ARG_NONE },
	{ .kind = SPF_INCLUDE, .domain = ARG_NEEDED, .asks = true },
	{ .kind = SPF_A, .domain = ARG_OPTIONAL, .cidr = true, .asks = true },
	{ .kind = SPF_MX, .domain = ARG_OPTIONAL, .cidr = true, .asks = true },
	{ .kind = SPF_PTR, .domain = ARG_OPTIONAL, .asks = true },
	{ .kind = SPF_IP4, .domain = ARG_NEEDED, .network = true },
	{ .kind = SPF_IP6, .domain = ARG_NEEDED, .network = true },
	{ .kind = SPF_EXISTS, .domain = ARG_NEEDED, .asks = true },
};

#define MACRO_KEEP_MAX 1000	/* no name has more labels */

#define VERSION "v=spf1"
#define VERSION_LEN (sizeof(VERSION) - 1)

bool
spf_is_record(const void *bytes, size_t n)
{
	const char *p = bytes;

	for (size_t i = 0; i < VERSION_LEN; i++)
		if (i >= n || ascii_lower(p[i]) != VERSION[i])
			return false;
	return n == VERSION_LEN || p[VERSION_LEN] == ' ';
}

static char *
copy_text(struct arena *a, const char *p, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	memcpy(copy, p, n);
	return copy;
}

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ) */
static size_t
name_length(const char *p)
{
	size_t n = 0;

	if (!is_alpha(*p))
		return 0;
	while (is_alpha(p[n]) || is_digit(p[n]) || (p[n] != '\0' && strchr("-_.", p[n]) != NULL))
		n++;
	return n;
}

/* ---- domain-spec (section 7.1) ---- */

size_t
spf_macro_parse(const char *p, bool explains, struct spf_macro *ret)
{
	struct spf_macro m = { .keep = SIZE_MAX, .delimiters = "" };
	size_t n = 3;

	if (p[1] == '%' || p[1] == '_' || p[1] == '-') {
		m.letter = p[1];
		*ret = m;
		return 2;
	}
	if (p[1] != '{' || p[2] == '\0' || strchr(explains ? "slodiphcrtv" : "slodiphv", ascii_lower(p[2])) == NULL)
		return 0;
	m.letter = ascii_lower(p[2]);
	m.escape = p[2] != m.letter;
	for (; is_digit(p[n]); n++)
		m.keep = (m.keep == SIZE_MAX ? 0 : m.keep < MACRO_KEEP_MAX ? m.keep * 10 : m.keep) + (size_t)(p[n] - '0');
	if (ascii_lower(p[n]) == 'r') {
		m.reverse = true;
		n++;
	}
	m.delimiters = p + n;
	while (p[n] != '\0' && strchr(".-+,/_=", p[n]) != NULL)
		n++;
	m.n_delimiters = (size_t)(p + n - m.delimiters);
	if (p[n] != '}' || m.keep == 0)
		return 0;
	*ret = m;
	return n + 1;
}

/* macro-string: anything visible, and every "%" begins a macro. */
static bool
macro_string_valid(const char *p)
{
	struct spf_macro m;

	while (*p != '\0') {
		size_t n = *p == '%' ? spf_macro_parse(p, false, &m) : 1;

		if (n == 0 || *p < 0x21 || *p > 0x7e)
			return false;
		p += n;
	}
	return true;
}

/* The last label: letters, digits and inner hyphens, not digits alone. */
static bool
is_top_label(const char *p, size_t n)
{
	bool alpha = false;

	if (n > 0 && p[n - 1] == '.')
		n--;
	for (size_t i = n; i > 0 && p[i - 1] != '.'; i--) {
		char c = p[i - 1];

		if (is_alpha(c) || c == '-')
			alpha = true;
		else if (!is_digit(c))
			return false;
	}
	return alpha && n > 0 && p[n - 1] != '-' && p[n - 1] != '.';
}

/* Is p[0..n) a domain-spec?  It must end in a macro or in a dot and a top label. */
static bool
domain_spec_valid(const char *p, size_t n, bool *ret_macro)
{
	size_t i = 0, end_of_macro = 0;
	bool dot = false;

	*ret_macro = false;
	while (i < n) {
		if (p[i] == '%') {
			struct spf_macro macro;
			size_t m = spf_macro_parse(p + i, false, &macro);

			if (m == 0 || i + m > n)
				return false;
			*ret_macro = true;
			i += m;
			end_of_macro = i;
			continue;
		}
		if (p[i] < 0x21 || p[i] > 0x7e)
			return false;
		dot = dot || (p[i] == '.' && i + 1 < n);
		i++;
	}
	if (n == 0)
		return false;
	return end_of_macro == n || (dot && is_top_label(p, n));
}

/* ---- numbers and networks ---- */

/* A prefix length without leading zeros, at most max; returns how many characters, 0 = none. */
static size_t
prefix_parse(const char *p, unsigned max, uint8_t *ret)
{
	unsigned value = 0;
	size_t n = 0;

	while (is_digit(p[n]) && n < 3)
		value = value * 10 + (unsigned)(p[n++] - '0');
	if (n == 0 || value > max || (n > 1 && p[0] == '0') || is_digit(p[n]))
		return 0;
	*ret = (uint8_t)value;
	return n;
}

static bool
network_parse(const char *text, unsigned family, struct addr *ret, uint8_t *ret_prefix)
{
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text), m;
	char buf[ADDR_TEXT_MAX];
	unsigned max = family == 4 ? 32 : 128;

	if (n == 0 || n >= sizeof(buf))
		return false;
	memcpy(buf, text, n);
	buf[n] = '\0';
	/* no port, no brackets: those are ours, not SPF's */
	if (strchr(buf, '[') != NULL || (family == 4 && strchr(buf, ':') != NULL) || !addr_parse(ret, buf, 0) ||
	    ret->family != family)
		return false;
	*ret_prefix = (uint8_t)max;
	if (slash == NULL)
		return true;
	m = prefix_parse(slash + 1, max, ret_prefix);
	return m > 0 && slash[1 + m] == '\0';
}

bool
spf_network_parse(const char *text, struct addr *ret, unsigned *ret_prefix)
{
	uint8_t prefix;

	if (!network_parse(text, 4, ret, &prefix) && !network_parse(text, 6, ret, &prefix))
		return false;
	*ret_prefix = prefix;
	for (unsigned bit = prefix; bit < (ret->family == 4 ? 32u : 128u); bit++)
		ret->ip[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	return true;
}

/*
 * dual-cidr-length at the end of p[0..n): "/24", "//64" or "/24//64".  Returns what is left of the domain-spec before it, -1
 * when it is there and wrong.  A slash may also stand inside a macro's delimiters, so only the end is looked at.
 */
static int
cidr_strip(const char *p, size_t n, struct spf_term *t)
{
	size_t at = n;
	char buf[16];
	const char *c = buf;
	size_t m;

	while (at > 0 && (is_digit(p[at - 1]) || p[at - 1] == '/'))
		at--;
	while (at < n && p[at] != '/')
		at++;
	if (at == n)
		return (int)n;
	if (n - at >= sizeof(buf))
		return -1;
	memcpy(buf, p + at, n - at);
	buf[n - at] = '\0';
	if (c[0] == '/' && c[1] != '/') {
		m = prefix_parse(c + 1, 32, &t->prefix4);
		if (m == 0)
			return -1;
		c += 1 + m;
	}
	if (c[0] == '/' && c[1] == '/') {
		m = prefix_parse(c + 2, 128, &t->prefix6);
		if (m == 0)
			return -1;
		c += 2 + m;
	}
	return *c == '\0' ? (int)at : -1;
}

/* ---- terms ---- */

/* What stands behind the name of a mechanism: "", ":domain", "/cidr" or both. */
static int
argument_parse(struct arena *a, const struct spf_form *form, const char *p, struct spf_term *t, struct err *err)
{
	int n = (int)strlen(p);

	if (form->cidr && (n = cidr_strip(p, (size_t)n, t)) == -1) {
		err_set(err, "\"%s\": the prefix length is not valid", t->text);
		return -1;
	}
	if (n == 0) {
		if (form->domain != ARG_NEEDED)
			return 0;
		err_set(err, "\"%s\": nothing stands behind it (a blank after the colon?)", t->text);
		return -1;
	}
	if (*p != ':' || form->domain == ARG_NONE) {
		err_set(err, "\"%s\": not a mechanism of SPF", t->text);
		return -1;
	}
	t->domain = copy_text(a, p + 1, (size_t)n - 1);
	if (n == 1) {
		err_set(err, "\"%s\": nothing stands behind the colon", t->text);
		return -1;
	}
	if (form->network) {
		uint8_t *prefix = t->kind == SPF_IP4 ? &t->prefix4 : &t->prefix6;

		if (network_parse(t->domain, t->kind == SPF_IP4 ? 4 : 6, &t->ip, prefix))
			return 0;
		err_set(err, "\"%s\": not an address or network", t->text);
		return -1;
	}
	if (!domain_spec_valid(t->domain, (size_t)n - 1, &t->macro)) {
		err_set(err, "\"%s\": not a complete domain name", t->text);
		return -1;
	}
	return 0;
}

static int
modifier_parse(struct arena *a, const char *p, size_t name_len, struct spf_term *t, struct err *err)
{
	const char *value = p + name_len + 1;

	t->qualifier = '=';
	t->kind = SPF_OTHER;
	t->domain = arena_strdup(a, value);
	if (name_len == 8 && str_iprefix(p, "redirect"))
		t->kind = SPF_REDIRECT;
	else if (name_len == 3 && str_iprefix(p, "exp"))
		t->kind = SPF_EXP;
	/* an unknown modifier is ignored, but what is no macro-string is no modifier */
	if (t->kind == SPF_OTHER && !macro_string_valid(value)) {
		err_set(err, "\"%s\": a %% that begins no macro", t->text);
		return -1;
	}
	if (t->kind != SPF_OTHER && !domain_spec_valid(value, strlen(value), &t->macro)) {
		err_set(err, "\"%s\": not a complete domain name", t->text);
		return -1;
	}
	return 0;
}

static int
mechanism_parse(struct arena *a, const char *p, struct spf_term *t, struct err *err)
{
	size_t n;

	t->qualifier = '+';
	if (strchr("+-~?", *p) != NULL)
		t->qualifier = *p++;
	n = name_length(p);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		const char *name = name_of(&spf_kind_names, (int)forms[i].kind);

		if (strlen(name) != n || !str_iprefix(p, name))
			continue;
		t->kind = forms[i].kind;
		return argument_parse(a, &forms[i], p + n, t, err);
	}
	err_set(err, "\"%s\": not a mechanism of SPF", t->text);
	return -1;
}

static int
term_parse(struct arena *a, struct spf_term *t, struct err *err)
{
	size_t n = name_length(t->text);

	t->prefix4 = 32;
	t->prefix6 = 128;
	for (const char *p = t->text; *p != '\0'; p++)
		if (*p < 0x21 || *p > 0x7e) {
			err_set(err, "a term has a character that is not visible ASCII");
			return -1;
		}
	if (n > 0 && t->text[n] == '=')
		return modifier_parse(a, t->text, n, t, err);
	return mechanism_parse(a, t->text, t, err);
}

static int
record_add(struct spf_record *r, const struct spf_term *t, struct err *err)
{
	int i = (int)r->n_terms;

	if (t->kind == SPF_ALL && r->all == -1)
		r->all = i;
	if (t->kind == SPF_REDIRECT) {
		if (r->redirect != -1) {
			err_set(err, "redirect= stands there twice");
			return -1;
		}
		r->redirect = i;
	}
	r->n_terms++;
	return 0;
}

/* Terms are few and large; most of a record is what stands in them. */
static size_t
count_terms(const char *p, size_t n)
{
	size_t terms = 0;

	for (size_t i = 1; i < n; i++)
		terms += p[i] != ' ' && p[i - 1] == ' ';
	return terms;
}

int
spf_parse(struct arena *a, const void *bytes, size_t n, struct spf_record *ret, struct err *err)
{
	struct spf_record r = { .all = -1, .redirect = -1 };
	const char *p = bytes;
	size_t i = VERSION_LEN, n_exp = 0;
	struct spf_term *terms = arena_alloc(a, (count_terms(bytes, n) + 1) * sizeof(*terms));

	r.terms = terms;
	if (memchr(bytes, '\0', n) != NULL) {
		err_set(err, "the record has a NUL byte");
		return -1;
	}
	while (i < n) {
		struct spf_term *t = &terms[r.n_terms];
		size_t start;

		while (i < n && p[i] == ' ')
			i++;
		for (start = i; i < n && p[i] != ' '; i++)
			;
		if (i == start)
			break;
		t->text = copy_text(a, p + start, i - start);
		if (term_parse(a, t, err) == -1 || record_add(&r, t, err) == -1)
			return -1;
		if (t->kind == SPF_EXP && ++n_exp > 1) {
			err_set(err, "exp= stands there twice");
			return -1;
		}
	}
	*ret = r;
	return 0;
}

bool
spf_term_asks(const struct spf_term *t)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].kind == t->kind)
			return forms[i].asks;
	return t->kind == SPF_REDIRECT;
}
