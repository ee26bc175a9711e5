/* SPDX-License-Identifier: ISC */
#include <m365dnsd/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
err_set(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
}

/* Too long a text is cut at the end: the prefix (which file, which line) is worth more than the tail. */
void
err_prefix(struct err *err, const char *fmt, ...)
{
	struct str both = STR_INIT;
	va_list ap;
	char *prefix;
	size_t n;

	if (err == NULL)
		return;
	va_start(ap, fmt);
	prefix = xvasprintf(fmt, ap);
	va_end(ap);
	str_addf(&both, "%s: %s", prefix, err->msg);
	n = both.len < sizeof(err->msg) ? both.len : sizeof(err->msg) - 1;
	memcpy(err->msg, both.p, n);
	err->msg[n] = '\0';
	str_done(&both);
	free(prefix);
}
