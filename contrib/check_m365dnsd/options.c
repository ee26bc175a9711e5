/* SPDX-License-Identifier: ISC */
/* Options are rows; help and getopt_long() live from them. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_info.h"
#include "plugin.h"

static const struct option_row {
	char letter;
	const char *name, *value;	/* value NULL: takes none */
	const char *help;
} rows[] = {
	{ 'D', "domain", "NAME", "the domain to ask about (needed)" },
	{ 'H', "hostname", "WHERE", "HOST[:PORT], URL or path of a socket; default 127.0.0.1" },
	{ 'p', "port", "PORT", "default 8365" },
	{ 'a', "token-file", "FILE", "send the bearer token of this file" },
	{ 'w', "warning", "RANGE", "WARNING if the percentage visible is outside" },
	{ 'c', "critical", "RANGE", "CRITICAL if the percentage visible is outside" },
	{ 'P', "pending", "STATUS", "ok, warning (default) or critical: published, but not visible everywhere yet" },
	{ 'd', "deadline", "TIME", "CRITICAL if it has been so for longer (90, 15m, 2h, 1d)" },
	{ 'A', "max-age", "TIME", "UNKNOWN if the daemon's data is older; default: three of its intervals" },
	{ 't', "timeout", "SECONDS", "UNKNOWN if there is no answer in time; default 10" },
	{ 'v', "verbose", NULL, "-v names the findings, -vv adds lines about them, -vvv about all records" },
	{ 'h', "help", NULL, "this text" },
	{ 'V', "version", NULL, "the version" },
};

static void NORETURN
help(void)
{
	printf("check_m365dnsd " M365DNSD_VERSION " (m365dnsd)\n"
	    "Asks m365dnsd whether the Microsoft 365 records of a domain are right and visible everywhere.\n\n"
	    "Usage: check_m365dnsd -D NAME [option ...]\n\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char left[40];

		snprintf(left, sizeof(left), "-%c, --%s%s%s", rows[i].letter, rows[i].name, rows[i].value != NULL ? "=" : "",
		    rows[i].value != NULL ? rows[i].value : "");
		printf(" %-24s %s\n", left, rows[i].help);
	}
	printf("\nRANGE is [@]START:END; \"95:\" alerts below 95, \"~:10\" above 10, \"@5:10\" inside.\n"
	    "complete is OK; published is what --pending says; unpublished, regressed or any finding that is an error is\n"
	    "CRITICAL; everything else is UNKNOWN.\n");
	fflush(stdout);
	_exit(UNKNOWN);
}

static void NORETURN
version(void)
{
	printf("check_m365dnsd " M365DNSD_VERSION " (m365dnsd)\n");
	fflush(stdout);
	_exit(UNKNOWN);
}

static bool
parse_bound(const char *text, size_t len, double *ret)
{
	char buf[32], *end;

	if (len == 0 || len >= sizeof(buf) || strspn(text, "+-.0123456789") < len)
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	*ret = strtod(buf, &end);
	return *end == '\0';
}

static void
parse_range(const char *what, const char *text, struct range *r)
{
	const char *at = text, *colon;
	bool ok;

	*r = (struct range){ .given = true, .text = text, .start = 0, .end = INFINITY };
	if (*at == '@') {
		r->inside = true;
		at++;
	}
	colon = strchr(at, ':');
	if (colon == NULL)
		ok = parse_bound(at, strlen(at), &r->end);
	else {
		if (colon - at == 1 && *at == '~')
			r->start = -INFINITY;
		/* A start that is left out is 0, an end that is left out infinity; not both. */
		ok = (colon - at == 1 && *at == '~') || (colon == at && colon[1] != '\0') ||
		    parse_bound(at, (size_t)(colon - at), &r->start);
		ok = ok && (colon[1] == '\0' || parse_bound(colon + 1, strlen(colon + 1), &r->end));
	}
	if (!ok || r->start > r->end)
		unknown("%s \"%s\" is no range (\"95:\", \"10:20\", \"~:10\", \"@5:10\")", what, text);
}

bool
range_alerts(const struct range *r, double value)
{
	bool inside = value >= r->start && value <= r->end;

	return r->given && inside == r->inside;
}

static int64_t
parse_time(const char *what, const char *text)
{
	int64_t s;

	if (!duration_parse(text, &s) || s <= 0)
		unknown("%s \"%s\" is no time (90, 15m, 2h, 1d)", what, text);
	return s;
}

static enum status
parse_pending(const char *text)
{
	for (int i = OK; i <= CRITICAL; i++)
		if (str_ieq(text, status_words[i]))
			return (enum status)i;
	unknown("--pending \"%s\" is none of ok, warning, critical", text);
}

static void
set_option(struct options *o, int letter, const char *value)
{
	switch (letter) {
	case 'D': o->domain = value; break;
	case 'H': o->host = value; break;
	case 'p': o->port = value; break;
	case 'a': o->token_file = value; break;
	case 'w': parse_range("--warning", value, &o->warning); break;
	case 'c': parse_range("--critical", value, &o->critical); break;
	case 'P': o->pending = parse_pending(value); break;
	case 'd': o->deadline_s = parse_time("--deadline", value); break;
	case 'A': o->max_age_s = parse_time("--max-age", value); break;
	case 't': o->timeout_s = parse_time("--timeout", value); break;
	case 'v': o->verbose++; break;
	case 'h': help();
	case 'V': version();
	}
}

void
parse_options(struct options *o, int argc, char **argv)
{
	struct option longs[ARRAY_LEN(rows) + 1] = { { 0 } };
	struct str shorts = STR_INIT;
	int c;

	str_addc(&shorts, ':');
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		longs[i] = (struct option){ rows[i].name, rows[i].value != NULL, NULL, rows[i].letter };
		str_addf(&shorts, "%c%s", rows[i].letter, rows[i].value != NULL ? ":" : "");
	}
	opterr = 0;
	while ((c = getopt_long(argc, argv, str_c(&shorts), longs, NULL)) != -1) {
		if (c == ':')
			unknown("%s needs a value; see --help", argv[optind - 1]);
		if (c == '?' && optopt != 0 && strchr(str_c(&shorts), optopt) == NULL)
			unknown("-%c is no option; see --help", optopt);
		if (c == '?')
			unknown("%s is no option, or takes no value; see --help", argv[optind - 1]);
		set_option(o, c, optarg);
	}
	if (optind < argc)
		unknown("\"%s\" is one argument too many; see --help", argv[optind]);
	if (o->domain == NULL || *o->domain == '\0')
		unknown("which domain? -D NAME; see --help");
	str_done(&shorts);
}
