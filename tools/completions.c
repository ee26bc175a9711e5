/* SPDX-License-Identifier: ISC */
/*
 * completions CONFDIR <TEMPLATE: fills the template of a shell's completion from the table of options.
 * A line of the template that is "@values@" or "@arguments@" stands for many; "@options@", "@maybe@" and "@confdir@" stand
 * within a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/daemon/options.h"
#include "src/daemon/options_words.h"

static bool
is_list(const struct option_row *row)
{
	return strcmp(row->placeholder, "LIST") == 0;
}

static bool
is_file(const struct option_row *row)
{
	return strcmp(row->placeholder, "FILE") == 0;
}

/* ---- bash ---- */

/* "-c | --config" */
static void
bash_pattern(const struct option_row *row, struct str *ret)
{
	if (row->letter != 0)
		str_addf(ret, "-%c | ", row->letter);
	str_addf(ret, "--%s", row->name);
}

/* The branch of a case for an option with an argument. */
static void
bash_value(const struct option_row *row, struct str *ret)
{
	struct str words = STR_INIT;

	if (row->arg == OPTION_FLAG)
		return;
	str_add(ret, "\t");
	bash_pattern(row, ret);
	if (options_words(row, &words))
		str_addf(ret, ") %s%s ;;\n", is_list(row) ? "_m365dnsd_list " : "_m365dnsd_one_of \"$prefix\" ", str_c(&words));
	else
		str_add(ret, is_file(row) ? ") _m365dnsd_files ;;\n" : ") ;;\n");
	str_done(&words);
}

static void
bash_option(const struct option_row *row, struct str *ret)
{
	str_addf(ret, "%s--%s", ret->len > 0 ? " " : "", row->name);
}

/* A pattern of those whose argument is optional. */
static void
bash_maybe(const struct option_row *row, struct str *ret)
{
	if (row->arg == OPTION_MAYBE)
		str_addf(ret, "%s--%s", ret->len > 0 ? "|" : "", row->name);
}

/* ---- zsh ---- */

/* Inside '...' and inside the brackets or between the colons of _arguments. */
static void
zsh_text(const char *text, struct str *ret)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			str_add(ret, "'\\'");
		else if (strchr("[]:\\", *text) != NULL)
			str_addc(ret, '\\');
		str_addc(ret, *text);
	}
}

/* ":format:(text json)" */
static void
zsh_action(const struct option_row *row, struct str *ret)
{
	struct str words = STR_INIT;

	if (row->arg == OPTION_FLAG)
		return;
	str_add(ret, row->arg == OPTION_MAYBE ? "::" : ":");
	zsh_text(row->placeholder, ret);
	if (!options_words(row, &words))
		str_add(ret, is_file(row) ? ":_files" : ": ");
	else if (is_list(row))
		str_addf(ret, ":_values -s , %s %s", row->name, str_c(&words));
	else
		str_addf(ret, ":(%s)", str_c(&words));
	str_done(&words);
}

/* "'(-c --config)'{-c+,--config=}'[help]:file:_files' \" */
static void
zsh_argument(const struct option_row *row, struct str *ret)
{
	static const char *const marks[] = { [OPTION_FLAG] = "", [OPTION_VALUE] = "=", [OPTION_MAYBE] = "=-" };

	if (row->letter != 0)
		str_addf(ret, "\t'(-%c --%s)'{-%c%s,--%s%s}'", row->letter, row->name, row->letter,
		    row->arg == OPTION_FLAG ? "" : "+", row->name, marks[row->arg]);
	else
		str_addf(ret, "\t'%s--%s%s", strstr(row->help, "repeatable") != NULL ? "*" : "", row->name, marks[row->arg]);
	str_addc(ret, '[');
	zsh_text(row->help, ret);
	str_addc(ret, ']');
	zsh_action(row, ret);
	str_add(ret, "' \\\n");
}

/* ---- templates ---- */

static const struct mark {
	const char *name;
	void (*add)(const struct option_row *row, struct str *ret);
} marks[] = {
	{ "@values@\n", bash_value }, { "@options@", bash_option }, { "@maybe@", bash_maybe }, { "@arguments@\n", zsh_argument },
};

/* The text of the mark that p starts with, if it does; NULL if not. */
static const char *
mark_text(const char *p, const char *confdir, struct str *ret)
{
	if (strncmp(p, "@confdir@", 9) == 0) {
		str_add(ret, confdir);
		return "@confdir@";
	}
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (strncmp(p, marks[i].name, strlen(marks[i].name)) == 0) {
			for (size_t k = 0; k < option_n_rows; k++)
				marks[i].add(&option_rows[k], ret);
			return marks[i].name;
		}
	return NULL;
}

int
main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;

	if (argc != 2) {
		fputs("usage: completions CONFDIR <TEMPLATE\n", stderr);
		return 64;
	}
	while (getline(&line, &size, stdin) != -1)
		for (const char *p = line; *p != '\0';) {
			struct str text = STR_INIT;
			const char *mark = *p == '@' ? mark_text(p, argv[1], &text) : NULL;

			if (mark != NULL)
				fputs(str_c(&text), stdout);
			else
				putchar(*p);
			p += mark != NULL ? strlen(mark) : 1;
			str_done(&text);
		}
	free(line);
	return fflush(stdout) != 0 || ferror(stdout) != 0;
}
