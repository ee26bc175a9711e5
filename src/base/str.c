/* SPDX-License-Identifier: ISC */
#include <m365dnsd/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
grow(struct str *s, size_t n)
{
	size_t cap = s->cap != 0 ? s->cap : 32;

	if (n > SIZE_MAX / 4 - s->len)
		give_up("a size is out of all bounds");
	while (cap < s->len + n + 1)
		cap *= 2;
	s->p = xreallocarray(s->p, cap, 1);
	s->cap = cap;
}

/* Make room for n more bytes and the final NUL. */
static inline void
reserve(struct str *s, size_t n)
{
	if (s->cap - s->len <= n)
		grow(s, n);
}

void
str_addn(struct str *s, const void *bytes, size_t n)
{
	reserve(s, n);
	if (n != 0)
		memcpy(s->p + s->len, bytes, n);
	s->len += n;
	s->p[s->len] = '\0';
}

void
str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void
str_addc(struct str *s, char c)
{
	reserve(s, 1);
	s->p[s->len++] = c;
	s->p[s->len] = '\0';
}

void
str_addf(struct str *s, const char *fmt, ...)
{
	char small[128];
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0)
		give_up("a text cannot be formatted");	/* an encoding error of a wide format: we have none */
	if ((size_t)n < sizeof(small)) {
		str_addn(s, small, (size_t)n);
	} else {
		reserve(s, (size_t)n);
		vsnprintf(s->p + s->len, (size_t)n + 1, fmt, again);
		s->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

const char *
str_c(const struct str *s)
{
	return s->p != NULL ? s->p : "";
}

char *
str_take(struct str *s)
{
	char *p = s->p != NULL ? s->p : xstrdup("");

	*s = (struct str)STR_INIT;
	return p;
}

void
str_clear(struct str *s)
{
	s->len = 0;
	if (s->p != NULL)
		s->p[0] = '\0';
}

void
str_done(struct str *s)
{
	free(s->p);
	*s = (struct str)STR_INIT;
}

/* Not tolower(3): the locale has no say in DNS names and keywords. */
char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
str_ieq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	while (*a != '\0' && ascii_lower(*a) == ascii_lower(*b))
		a++, b++;
	return ascii_lower(*a) == ascii_lower(*b);
}

bool
str_iprefix(const char *s, const char *prefix)
{
	for (; *prefix != '\0'; s++, prefix++) {
		if (ascii_lower(*s) != ascii_lower(*prefix))
			return false;
	}
	return true;
}

/* RFC 3629 section 4: by the first byte, the length and the bounds of the second that keep overlong forms and surrogates out. */
static const struct {
	uint8_t first_lo, first_hi, second_lo, second_hi, len;
} utf8_rows[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static bool
utf8_tail(const uint8_t *p, size_t len, uint8_t second_lo, uint8_t second_hi)
{
	if (p[1] < second_lo || p[1] > second_hi)
		return false;
	for (size_t i = 2; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return false;
	}
	return true;
}

size_t
utf8_decode(const uint8_t *p, size_t n, uint32_t *ret_cp)
{
	uint32_t cp = 0;
	size_t len = 0;

	if (n == 0)
		return 0;
	if (p[0] < 0x80) {
		cp = p[0];
		len = 1;
	}
	for (size_t i = 0; len == 0 && i < ARRAY_LEN(utf8_rows); i++) {
		if (p[0] < utf8_rows[i].first_lo || p[0] > utf8_rows[i].first_hi)
			continue;
		len = utf8_rows[i].len;
		if (n < len || !utf8_tail(p, len, utf8_rows[i].second_lo, utf8_rows[i].second_hi))
			return 0;
		cp = p[0] & (0x7fu >> len);
		for (size_t k = 1; k < len; k++)
			cp = cp << 6 | (p[k] & 0x3f);
	}
	if (len != 0 && ret_cp != NULL)
		*ret_cp = cp;
	return len;
}

/*
 * Characters that steer a terminal or reorder what a person reads: C0, DEL, C1, the line separators and the bidi
 * controls of Unicode (UAX #9: ALM, LRM, RLM, embeddings, overrides, isolates).
 */
static const struct {
	uint32_t lo, hi;
} unprintable[] = {
	{ 0x00, 0x1f },
	{ 0x7f, 0x9f },
	{ 0x061c, 0x061c },
	{ 0x200e, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2066, 0x2069 },
};

static bool
is_printable(uint32_t cp)
{
	for (size_t i = 0; i < ARRAY_LEN(unprintable); i++) {
		if (cp >= unprintable[i].lo && cp <= unprintable[i].hi)
			return false;
	}
	return true;
}

/* How many bytes from p on are ASCII that is shown as it is: nearly all of everything. */
static size_t
plain_run(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *from = p;

	while (p < end && *p >= 0x20 && *p < 0x7f && *p != '\\')
		p++;
	return (size_t)(p - from);
}

void
str_add_printable(struct str *s, const void *bytes, size_t n)
{
	const uint8_t *p = bytes, *end = p + n;

	for (;;) {
		size_t run = plain_run(p, end), len;
		uint32_t cp = 0;
		bool plain;

		str_addn(s, p, run);
		p += run;
		if (p == end)
			break;
		len = utf8_decode(p, (size_t)(end - p), &cp);
		plain = len != 0 && is_printable(cp);
		if (len == 0)
			len = 1;
		if (plain && cp == '\\')
			str_add(s, "\\\\");
		else if (plain)
			str_addn(s, p, len);
		for (size_t i = 0; !plain && i < len; i++)
			str_addf(s, "\\x%02x", p[i]);
		p += len;
	}
}
