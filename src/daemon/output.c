/* SPDX-License-Identifier: ISC */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <m365dnsd/view.h>

/* ---- standard output ---- */

bool
output_start(void)
{
	bool out = fcntl(STDOUT_FILENO, F_GETFD) != -1;

	/* open() takes the lowest free number, so this fills the holes in order. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) == -1)
			return false;
	if (!out)
		complain("standard output is closed");
	return out;
}

static int write_errno;			/* of the first failure: the stream only remembers that there was one */

void
output_write(const struct str *s)
{
	if (fwrite(str_c(s), 1, s->len, stdout) != s->len && write_errno == 0)
		write_errno = errno;
}

int
output_finish(int code)
{
	bool failed = ferror(stdout) != 0;

	if (fflush(stdout) == EOF && write_errno == 0)
		write_errno = errno;
	if (fclose(stdout) == EOF && write_errno == 0)
		write_errno = errno;
	if (!failed && write_errno == 0)
		return code;
	complain("standard output: %s", strerror(write_errno != 0 ? write_errno : EIO));
	return EXIT_WRITE;
}

/* ---- complaints ---- */

void
complain(const char *fmt, ...)
{
	struct str line = STR_INIT;
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	str_add(&line, "m365dnsd: ");
	str_add_printable(&line, text, strlen(text));
	fprintf(stderr, "%s\n", str_c(&line));
	free(text);
	str_done(&line);
}

static bool
for_nagios(const struct options *o)
{
	return o->format != NULL && strcmp(o->format->name, "nagios") == 0;
}

/* One line of a plugin that cannot tell. */
static int
nagios_unknown(const char *text)
{
	struct str safe = STR_INIT;

	view_nagios_text(text, &safe);
	printf("M365DNS UNKNOWN: %s\n", str_c(&safe));
	str_done(&safe);
	return EXIT_UNKNOWN;
}

int
complain_usage(const struct options *o, const char *text)
{
	if (for_nagios(o))
		return nagios_unknown(text);
	complain("%s", text);
	return EXIT_CONFIG;
}

int
complain_unknown(const struct options *o, const char *text)
{
	if (for_nagios(o))
		return nagios_unknown(text);
	complain("%s", text);
	return EXIT_UNKNOWN;
}

/* "file:line: text" in the form that editors and compilers agree on. */
static void
problem_line(const struct conf_problem *p, struct str *ret)
{
	if (p->file != NULL && p->line > 0)
		str_addf(ret, "%s:%d: %s", p->file, p->line, p->text);
	else if (p->file != NULL)
		str_addf(ret, "%s: %s", p->file, p->text);
	else
		str_add(ret, p->text);
}

/* A plugin says the first mistake in its only line; people get them all. */
int
complain_problems(const struct options *o, const struct conf_problems *problems)
{
	int code = EXIT_CONFIG;

	for (size_t i = 0; i < problems->n && code == EXIT_CONFIG; i++) {
		struct str line = STR_INIT, safe = STR_INIT;

		problem_line(&problems->list[i], &line);
		str_add_printable(&safe, str_c(&line), line.len);
		if (for_nagios(o))
			code = nagios_unknown(str_c(&line));
		else if (problems->list[i].file == NULL)
			complain("%s", str_c(&line));
		else
			fprintf(stderr, "%s\n", str_c(&safe));
		str_done(&line);
		str_done(&safe);
	}
	return code;
}

/* ---- what the terminal can do ---- */

bool
output_color(const struct options *o)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (o->color != WHEN_AUTO)
		return o->color == WHEN_ALWAYS;
	return isatty(STDOUT_FILENO) && term != NULL && strcmp(term, "dumb") != 0 && (no == NULL || *no == '\0');
}

bool
output_unicode(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool
output_size(unsigned *ret_columns, unsigned *ret_rows)
{
	struct winsize w;

	*ret_columns = *ret_rows = 0;
	if (!isatty(STDOUT_FILENO))
		return false;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0) {
		*ret_columns = w.ws_col;
		*ret_rows = w.ws_row;
	}
	if (*ret_columns == 0)
		*ret_columns = 80;
	if (*ret_rows == 0)
		*ret_rows = 24;
	return true;
}
