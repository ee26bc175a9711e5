/* SPDX-License-Identifier: ISC */
#include <m365dnsd/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
give_up(const char *why)
{
	fputs("m365dnsd: ", stderr);
	fputs(why, stderr);
	fputs("\n", stderr);
	abort();
}

static void *
checked(void *p)
{
	if (p == NULL)
		give_up("out of memory");
	return p;
}

/* malloc(0) may give NULL, which is not an error: always ask for one byte at least. */
void *
xmalloc(size_t n)
{
	return checked(malloc(n != 0 ? n : 1));
}

void *
xcalloc(size_t n, size_t size)
{
	return checked(n != 0 && size != 0 ? calloc(n, size) : calloc(1, 1));
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	return checked(n != 0 && size != 0 ? reallocarray(p, n, size) : realloc(p, 1));
}

char *
xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *
xstrndup(const char *s, size_t n)
{
	return checked(strndup(s, n));
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

char *
xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) == -1)
		s = NULL;
	return checked(s);
}
