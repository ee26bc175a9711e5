/* SPDX-License-Identifier: ISC */
/*
 * One escaping function an output.  TXT data are eight-bit strings that strangers choose: they have been used to inject
 * script into dashboards and control sequences into terminals, so nothing from outside reaches an output by another way.
 */
#include "escape.h"

#include <stdio.h>
#include <string.h>

/* ---- UTF-8 ---- */

bool
utf8_valid(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t n = strlen(text), len;

	for (size_t i = 0; i < n; i += len)
		if ((len = utf8_decode(p + i, n - i, NULL)) == 0)
			return false;
	return true;
}

struct range {
	uint32_t first, last;
};

static bool
in_ranges(uint32_t cp, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cp >= r[i].first && cp <= r[i].last)
			return true;
	return false;
}

/* Not meant to be seen: controls, separators, marks of direction, byte order mark, tags, non-characters. */
static bool
is_invisible(uint32_t cp)
{
	static const struct range ranges[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xfffe, 0xffff }, { 0xe0000, 0xe007f },
	};

	return in_ranges(cp, ranges, ARRAY_LEN(ranges));
}

static size_t
codepoint_columns(uint32_t cp)
{
	/* East Asian Wide and Fullwidth, in blocks: good enough for a table. */
	static const struct range wide[] = {
		{ 0x1100, 0x115f }, { 0x2e80, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },
		{ 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
	};
	static const struct range combining[] = {
		{ 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd }, { 0x610, 0x61a }, { 0x64b, 0x65f }, { 0x200b, 0x200f },
		{ 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
	};

	if (in_ranges(cp, combining, ARRAY_LEN(combining)))
		return 0;
	return in_ranges(cp, wide, ARRAY_LEN(wide)) ? 2 : 1;
}

size_t
text_columns(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t n = strlen(text), len, columns = 0;
	uint32_t cp;

	for (size_t i = 0; i < n; i += len) {
		len = utf8_decode(p + i, n - i, &cp);
		columns += len == 0 ? 1 : codepoint_columns(cp);
		if (len == 0)
			len = 1;
	}
	return columns;
}

/* ---- people ---- */

static void
add_ascii(struct str *ret, const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if ((uint8_t)*p < 0x80)
			str_addc(ret, *p);
		else
			str_addf(ret, "\\x%02x", (uint8_t)*p);
}

void
escape_text(struct str *ret, const char *text, bool unicode)
{
	struct str printable = STR_INIT;

	if (unicode) {
		str_add_printable(ret, text, strlen(text));
		return;
	}
	str_add_printable(&printable, text, strlen(text));
	add_ascii(ret, str_c(&printable));
	str_done(&printable);
}

/* ---- JSON ---- */

static void
json_codepoint(struct str *ret, uint32_t cp, const uint8_t *p, size_t len)
{
	if (cp == '"' || cp == '\\')
		str_addf(ret, "\\%c", (char)cp);
	else if (cp == '\n')
		str_add(ret, "\\n");
	else if (cp == '\t')
		str_add(ret, "\\t");
	else if (cp == '<' || cp == '>' || cp == '&' || (is_invisible(cp) && cp < 0x10000))
		str_addf(ret, "\\u%04x", cp);
	else if (is_invisible(cp))	/* beyond the first plane: a pair of surrogates */
		str_addf(ret, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10), 0xdc00 + ((cp - 0x10000) & 0x3ff));
	else
		str_addn(ret, p, len);
}

/* How many bytes from p on stand for themselves in JSON: nearly all of everything. */
static size_t
json_run(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *from = p;

	while (p < end && json_plain((char)*p))
		p++;
	return (size_t)(p - from);
}

/* False, and ret as it was, when the bytes are no UTF-8. */
static bool
json_valid(struct str *ret, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;
	size_t before = ret->len;

	for (;;) {
		size_t run = json_run(p, end), len;
		uint32_t cp;

		str_addn(ret, p, run);
		p += run;
		if (p == end)
			return true;
		len = utf8_decode(p, (size_t)(end - p), &cp);
		if (len == 0) {
			ret->len = before;
			return false;
		}
		json_codepoint(ret, cp, p, len);
		p += len;
	}
}

bool
escape_json(struct str *ret, const char *text)
{
	struct str printable = STR_INIT;

	if (json_valid(ret, (const uint8_t *)text, strlen(text)))
		return true;
	str_add_printable(&printable, text, strlen(text));
	json_valid(ret, (const uint8_t *)str_c(&printable), printable.len);
	str_done(&printable);
	return false;
}

void
escape_base64(struct str *ret, const void *bytes, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16;

		if (i + 1 < n)
			v |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		str_addc(ret, digits[v >> 18]);
		str_addc(ret, digits[v >> 12 & 63]);
		str_addc(ret, i + 1 < n ? digits[v >> 6 & 63] : '=');
		str_addc(ret, i + 2 < n ? digits[v & 63] : '=');
	}
}

/* ---- CSV ---- */

void
escape_csv(struct str *ret, const char *text)
{
	struct str field = STR_INIT;
	bool quote;

	if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL)
		str_addc(&field, '\'');
	str_add_printable(&field, text, strlen(text));
	quote = strpbrk(str_c(&field), ",\"' ;") != NULL;
	if (quote)
		str_addc(ret, '"');
	for (const char *p = str_c(&field); *p != '\0'; p++) {
		if (*p == '"')
			str_addc(ret, '"');
		str_addc(ret, *p);
	}
	if (quote)
		str_addc(ret, '"');
	str_done(&field);
}

/* ---- pages ---- */

void
escape_html(struct str *ret, const char *text)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" } };
	struct str printable = STR_INIT;
	size_t i;

	str_add_printable(&printable, text, strlen(text));
	for (const char *p = str_c(&printable); *p != '\0'; p++) {
		for (i = 0; i < ARRAY_LEN(entities) && entities[i].c != *p; i++)
			continue;
		if (i < ARRAY_LEN(entities))
			str_add(ret, entities[i].entity);
		else
			str_addc(ret, *p);
	}
	str_done(&printable);
}

void
escape_url(struct str *ret, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			str_addc(ret, *text);
		else
			str_addf(ret, "%%%02X", (unsigned)(uint8_t)*text);
	}
}

/* ---- monitoring ---- */

void
escape_label(struct str *ret, const char *text)
{
	struct str printable = STR_INIT;
	size_t n = 0;

	/* Nearly all labels are plain, and a scrape has a million of them. */
	while (text[n] >= ' ' && text[n] < 0x7f && text[n] != '\\' && text[n] != '"')
		n++;
	if (text[n] == '\0') {
		str_addn(ret, text, n);
		return;
	}
	/* The printable form has neither control characters nor invalid UTF-8; its backslashes are doubled once more. */
	str_add_printable(&printable, text, strlen(text));
	for (const char *p = str_c(&printable); *p != '\0'; p++) {
		if (*p == '\\' || *p == '"')
			str_addc(ret, '\\');
		str_addc(ret, *p);
	}
	str_done(&printable);
}

void
escape_nagios(struct str *ret, const char *text)
{
	struct str ascii = STR_INIT;

	escape_text(&ascii, text, false);
	for (const char *p = str_c(&ascii); *p != '\0'; p++)
		str_addc(ret, *p == '|' ? '/' : *p);
	str_done(&ascii);
}

/* ---- numbers and times ---- */

/* At least `width` digits; printf is the most of what a number costs, and a document has thousands. */
static void
number_digits(struct str *ret, uint64_t n, unsigned width)
{
	char buf[24], *p = buf + sizeof(buf);

	for (; n > 0 || width > 0; n /= 10) {
		*--p = (char)('0' + n % 10);
		if (width > 0)
			width--;
	}
	str_addn(ret, p, (size_t)(buf + sizeof(buf) - p));
}

void
number_int(struct str *ret, int64_t n)
{
	if (n < 0)
		str_addc(ret, '-');
	number_digits(ret, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 1);
}

void
number_fixed(struct str *ret, double value, unsigned digits)
{
	int64_t scale = 1, n;

	for (unsigned i = 0; i < digits; i++)
		scale *= 10;
	if (!(value > -1e12 && value < 1e12))	/* NaN too */
		value = 0;
	n = (int64_t)(value * (double)scale + (value < 0 ? -0.5 : 0.5));
	if (n < 0) {
		str_addc(ret, '-');
		n = -n;
	}
	number_digits(ret, (uint64_t)(n / scale), 1);
	if (digits == 0)
		return;
	str_addc(ret, '.');
	number_digits(ret, (uint64_t)(n % scale), digits);
}

unsigned
number_percent(double ratio)
{
	if (!(ratio > 0))
		return 0;
	return ratio >= 1 ? 100 : (unsigned)(ratio * 100 + 1e-9);
}

const char *
time_short(int64_t unix_ms, int64_t now_unix_ms, char buf[TIME_SHORT_MAX])
{
	const int64_t day = INT64_C(86400000);
	char *t;

	time_rfc3339(unix_ms, buf);
	t = strchr(buf, 'T');
	if (t == NULL)
		return buf;
	if (unix_ms / day == now_unix_ms / day)
		return t + 1;
	*t = ' ';
	return buf;
}

const char *
time_between(int64_t a_unix_ms, int64_t b_unix_ms, char buf[32])
{
	int64_t s = b_unix_ms / 1000 - a_unix_ms / 1000;

	return duration_text(s > 0 ? s : 0, buf);
}

const char *
time_left(int64_t now_unix_ms, int64_t eta_unix_ms, char buf[32])
{
	int64_t s = (eta_unix_ms - now_unix_ms + 999) / 1000, unit = s < 60 ? 1 : s < 86400 ? 60 : 3600;

	return duration_text(s > 0 ? (s + unit - 1) / unit * unit : 0, buf);
}

const char *
rcode_text(int rcode, char buf[RCODE_TEXT_MAX])
{
	const char *word = name_of(&dns_rcode_names, rcode);

	if (rcode < 0)
		return NULL;
	if (strcmp(word, "?") != 0)
		return word;
	snprintf(buf, RCODE_TEXT_MAX, "RCODE%d", rcode);
	return buf;
}

size_t
findings_count(const struct status *s, enum severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_findings; i++)
		n += s->findings[i].severity == severity;
	return n;
}
