/* SPDX-License-Identifier: ISC */
/* output: standard output and error, with every failure to write noticed; complaints in the form the caller reads. */
#ifndef M365DNSD_DAEMON_OUTPUT_H
#define M365DNSD_DAEMON_OUTPUT_H

#include <m365dnsd/conf.h>

#include "options.h"

enum {
	EXIT_OK = 0, EXIT_UNKNOWN = 3, EXIT_TIMED_OUT = 4,
	EXIT_CONFIG = 64,		/* sysexits EX_USAGE */
	EXIT_WRITE = 74			/* sysexits EX_IOERR */
};

/*
 * Makes sure that descriptors 0 to 2 are open, so that no socket takes their place.  False, with a message, when standard
 * output was closed: what this program is for could reach nobody.
 */
bool output_start(void);
void output_write(const struct str *s);
/* Everything is out: code.  It is not: a message on stderr and EXIT_WRITE. */
int output_finish(int code);

/* "m365dnsd: text" on stderr, outside bytes made harmless. */
void complain(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Wrong usage or configuration: words where they belong for the format; the exit code. */
int complain_usage(const struct options *o, const char *text);
int complain_problems(const struct options *o, const struct conf_problems *problems);
/* Nothing can be told for a reason of our own: exit code 3. */
int complain_unknown(const struct options *o, const char *text);

/* Does standard output show colour, UTF-8?  Its columns and rows, 0 = not a terminal. */
bool output_color(const struct options *o);
bool output_unicode(void);
bool output_size(unsigned *ret_columns, unsigned *ret_rows);

#endif
