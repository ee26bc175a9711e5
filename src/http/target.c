/* SPDX-License-Identifier: ISC */
/*
 * The request target.  The path is cut at its slashes first and decoded afterwards, segment by segment, so that an escaped
 * slash (%2f) never becomes a separator; nothing is normalized, "..", "//" and a final "/" are other paths.  What decodes to
 * control characters (NUL above all) or to anything but UTF-8 is refused.
 */
#include <string.h>

#include "guard.h"

static int
hex(char c)
{
	c = ascii_lower(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_clean_text(const char *p, size_t n)
{
	const uint8_t *s = (const uint8_t *)p;

	while (n > 0) {
		uint32_t cp;
		size_t used = utf8_decode(s, n, &cp);

		if (used == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return false;
		s += used;
		n -= used;
	}
	return true;
}

/* Percent-decode; with plus, '+' is a blank.  False: bad escape, control character, not UTF-8. */
static bool
percent_decode(const char *text, size_t n, bool plus, struct str *out)
{
	size_t start = out->len;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c == '%') {
			int hi = n - i > 2 ? hex(text[i + 1]) : -1, lo = n - i > 2 ? hex(text[i + 2]) : -1;

			if (hi == -1 || lo == -1)
				return false;
			c = (char)(hi << 4 | lo);
			i += 2;
		} else if (c == '+' && plus)
			c = ' ';
		str_addc(out, c);
	}
	return is_clean_text(str_c(out) + start, out->len - start);
}

/* The decoded text in the arena, or NULL. */
static char *
decode(struct target *t, const char *text, size_t n, bool plus)
{
	struct str s = STR_INIT;
	char *copy = NULL;

	if (memchr(text, '%', n) == NULL && (!plus || memchr(text, '+', n) == NULL)) {	/* the usual case */
		copy = arena_alloc(t->arena, n + 1);
		memcpy(copy, text, n);
		copy[n] = '\0';
		return is_clean_text(copy, n) ? copy : NULL;
	}
	if (percent_decode(text, n, plus, &s))
		copy = arena_strdup(t->arena, str_c(&s));
	str_done(&s);
	return copy;
}

static size_t
count_char(const char *s, size_t n, char c)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += s[i] == c;
	return count;
}

static bool
parse_path(struct target *t, const char *path, size_t n)
{
	const char *end = path + n;

	t->segments = arena_alloc(t->arena, count_char(path, n, '/') * sizeof(*t->segments));
	for (const char *p = path; p < end;) {
		const char *next = memchr(p + 1, '/', (size_t)(end - p - 1));
		char *segment;

		if (next == NULL)
			next = end;
		segment = decode(t, p + 1, (size_t)(next - p - 1), false);
		if (segment == NULL)
			return false;
		t->segments[t->n_segments++] = segment;
		p = next;
	}
	return true;
}

static bool
parse_query(struct target *t, const char *query)
{
	t->args = arena_alloc(t->arena, (count_char(query, strlen(query), '&') + 1) * sizeof(*t->args));
	for (const char *p = query; *p != '\0';) {
		size_t n = strcspn(p, "&"), name = strcspn(p, "=&");
		struct target_arg *arg = &t->args[t->n_args];

		if (n > 0) {
			arg->name = decode(t, p, name, true);
			arg->value = name < n ? decode(t, p + name + 1, n - name - 1, true) : arena_strdup(t->arena, "");
			if (arg->name == NULL || arg->value == NULL)
				return false;
			t->n_args++;
		}
		p += n + (p[n] == '&');
	}
	return true;
}

bool
target_parse(struct target *t, const char *text)
{
	size_t path = strcspn(text, "?");

	*t = (struct target){ .arena = arena_new() };
	if (text[0] == '/' && parse_path(t, text, path) && (text[path] == '\0' || parse_query(t, text + path + 1)))
		return true;
	target_done(t);
	return false;
}

void
target_done(struct target *t)
{
	arena_free(t->arena);
	*t = (struct target){ .arena = NULL };
}

const char *
target_arg(const struct target *t, const char *name)
{
	for (size_t i = 0; i < t->n_args; i++)
		if (strcmp(t->args[i].name, name) == 0)
			return t->args[i].value;
	return NULL;
}

bool
target_match(const struct target *t, const char *pattern, const char **ret_param)
{
	const char *param = NULL;
	size_t i = 0;

	for (const char *p = pattern; *p == '/'; i++) {
		size_t n = strcspn(++p, "/");

		if (i == t->n_segments)
			return false;
		if (p[0] == '{') {
			if (t->segments[i][0] == '\0')
				return false;
			param = t->segments[i];
		} else if (strlen(t->segments[i]) != n || strncmp(t->segments[i], p, n) != 0)
			return false;
		p += n;
	}
	if (i != t->n_segments)
		return false;
	*ret_param = param;
	return true;
}
