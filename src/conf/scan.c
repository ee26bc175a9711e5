/* SPDX-License-Identifier: ISC */
/*
 * scan: make a text fit for libConfuse.
 *
 * libConfuse 3.3 counts a comment line more than once, stumbles over a comment inside a list, stays inside a string for
 * the *next* file when one is left open, and replaces ${NAME} by the environment (which PUT /domains must not read).  So the
 * comments are blanked out here, line ends kept, strings and escapes are checked, and a "$" in a string gets a backslash.  It
 * also takes the end of the text for the end of every open block, and tells nobody of an empty list: braces are counted,
 * and an empty list gets SYNTAX_EMPTY as its one value.
 */
#include <string.h>

#include "syntax.h"

#define DEPTH_MAX 64	/* more is certainly a mistake, and libConfuse recurses */

struct scan {
	const char *p, *end;
	int line;
	char last, before_last;		/* characters outside of strings and comments, blanks left out */
	int open[DEPTH_MAX];		/* lines of the braces that are open */
	unsigned depth;
	struct str *out;
	struct err *err;
};

static bool
at(const struct scan *s, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, word, n) == 0;
}

static void
take(struct scan *s)
{
	if (*s->p == '\n')
		s->line++;
	str_addc(s->out, *s->p++);
}

static void
blank(struct scan *s)
{
	if (*s->p == '\n')
		s->line++;
	str_addc(s->out, *s->p == '\n' ? '\n' : ' ');
	s->p++;
}

static bool
line_comment(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		blank(s);
	return true;
}

static bool
block_comment(struct scan *s)
{
	int start = s->line;

	blank(s);
	blank(s);
	while (s->p < s->end && !at(s, "*/"))
		blank(s);
	if (s->p == s->end) {
		s->line = start;
		err_set(s->err, "comment without end");
		return false;
	}
	blank(s);
	blank(s);
	return true;
}

/* Value of the digits at p in a base; *ret_n is how many there are, at most max. */
static unsigned
digits(const char *p, const char *end, unsigned base, size_t max, size_t *ret_n)
{
	static const char all[] = "0123456789abcdef";
	unsigned v = 0;
	size_t n = 0;

	for (; n < max && p + n < end; n++) {
		const char *d = p[n] == '\0' ? NULL : strchr(all, ascii_lower(p[n]));
		if (d == NULL || d - all >= (int)base)
			break;
		v = v * base + (unsigned)(d - all);
	}
	*ret_n = n;
	return v;
}

/* After a backslash in "...": \377, \x1b, \n or a character itself.  Bytes of value 0 would cut the string short. */
static bool
escape_ok(const char *p, const char *end)
{
	size_t n, n_octal;

	if (*p == 'x') {
		unsigned v = digits(p + 1, end, 16, 2, &n);
		return n > 0 && v != 0;
	}
	digits(p, end, 10, 8, &n);
	if (n == 0)
		return true;
	unsigned v = digits(p, end, 8, 8, &n_octal);
	return n_octal == n && n <= 3 && v > 0 && v <= 0xff;
}

static bool
string(struct scan *s, char quote)
{
	take(s);
	while (s->p < s->end && *s->p != quote) {
		if (*s->p == '\n')
			break;
		if (*s->p == '$' && quote == '"')
			str_addc(s->out, '\\');
		if (*s->p == '\\' && s->p + 1 < s->end) {
			if (quote == '"' && !escape_ok(s->p + 1, s->end)) {
				err_set(s->err, "bad escape after a backslash in a string");
				return false;
			}
			take(s);
		}
		take(s);
	}
	if (s->p == s->end || *s->p != quote) {
		err_set(s->err, "string without its closing %c on the same line", quote);
		return false;
	}
	take(s);
	return true;
}

/* "//" inside a bare word is part of it (http://...), at its start it is a comment. */
static bool
inside_word(const struct scan *s)
{
	return s->out->len > 0 && strchr(" \t\r\n\"'{}()=,+", s->out->p[s->out->len - 1]) == NULL;
}

static void
see(struct scan *s, char c)
{
	if (strchr(" \t\r\n", c) != NULL)
		return;
	s->before_last = s->last;
	s->last = c;
}

static bool
opening(struct scan *s)
{
	if (s->depth == DEPTH_MAX) {
		err_set(s->err, "braces nested too deeply");
		return false;
	}
	s->open[s->depth++] = s->line;
	return true;
}

static bool
closing(struct scan *s)
{
	if (s->depth == 0) {
		err_set(s->err, "unexpected closing brace");
		return false;
	}
	s->depth--;
	if (s->last == '{' && s->before_last == '=')
		str_add(s->out, "'" SYNTAX_EMPTY "'");
	return true;
}

static bool
token(struct scan *s)
{
	if (*s->p == '\0') {
		err_set(s->err, "a NUL byte: this is no text file");
		return false;
	}
	if (*s->p == '"' || *s->p == '\'') {
		see(s, *s->p);
		return string(s, *s->p);
	}
	if (*s->p == '#' || (at(s, "//") && !inside_word(s)))
		return line_comment(s);
	if (at(s, "/*"))
		return block_comment(s);
	if (at(s, "${")) {
		err_set(s->err, "${...} is not replaced here; put a value that has it in quotes");
		return false;
	}
	if (*s->p == '{' && !opening(s))
		return false;
	if (*s->p == '}' && !closing(s))
		return false;
	see(s, *s->p);
	take(s);
	return true;
}

bool
syntax_scan(const char *text, size_t len, struct str *ret, int *ret_line, struct err *err)
{
	struct scan s = { .p = text, .end = text + len, .line = 1, .out = ret, .err = err };

	if (at(&s, "\xef\xbb\xbf"))	/* byte order mark */
		s.p += 3;
	while (s.p < s.end) {
		size_t start = ret->len;
		if (!token(&s)) {
			*ret_line = s.line;
			ret->len = start;	/* what stands before is whole */
			if (ret->p != NULL)
				ret->p[start] = '\0';
			return false;
		}
	}
	if (s.depth > 0) {
		*ret_line = s.open[s.depth - 1];
		err_set(err, "{ without its }");
		return false;
	}
	return true;
}
