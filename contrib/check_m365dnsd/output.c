/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <unistd.h>

#include "plugin.h"

const char *const status_words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

void
add_plain(struct str *ret, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x80 && c < 0xc0)
			continue;		/* one question mark a character */
		str_addc(ret, c < 0x20 || c > 0x7e ? '?' : c == '|' ? '/' : (char)c);
	}
}

void
leave(enum status status, const char *text)
{
	printf("M365DNS %s: %s\n", status_words[status], text);
	fflush(stdout);
	_exit((int)status);		/* a name look-up that hangs is not waited for */
}

void
unknown(const char *fmt, ...)
{
	struct str line = STR_INIT;
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	add_plain(&line, text);
	leave(UNKNOWN, str_c(&line));
}
