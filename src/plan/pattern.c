/* SPDX-License-Identifier: ISC */
/* Patterns of host names: "*" is one or more characters of a label, "?" is one. */
#include <string.h>

#include <m365dnsd/plan.h>

/*
 * The usual walk with one point to come back to: the last star.  A star never takes a dot, so once the label is left, coming
 * back to it fails by itself.
 */
bool
plan_pattern_match(const char *pattern, const char *target)
{
	const char *p = pattern, *t = target, *star = NULL, *taken = NULL;

	while (*t != '\0') {
		bool dot = *t == '.';
		if (*p == '*' && !dot) {
			star = ++p;
			taken = ++t;
		} else if (*p != '*' && ((*p == '?' && !dot) || ascii_lower(*p) == ascii_lower(*t))) {
			p++;
			t++;
		} else if (star != NULL && *taken != '.' && *taken != '\0') {
			p = star;
			t = ++taken;
		} else {
			return false;
		}
	}
	return *p == '\0';
}

const char *
plan_pattern_words(struct arena *a, const char *text)
{
	const char *host = strrchr(text, ' ') != NULL ? strrchr(text, ' ') + 1 : text, *ret;
	struct str s = STR_INIT;

	if (strpbrk(host, "*?") == NULL)
		return text;
	for (const char *p = host; *p != '\0'; p++) {
		if (*p == '?')
			str_addc(&s, 'X');
		else if (*p == '*')
			str_add(&s, p > host && p[-1] == '.' ? "<tenant>" : "<key>");
		else
			str_addc(&s, *p);
	}
	ret = arena_strdup(a, str_c(&s));
	str_done(&s);
	return ret;
}
