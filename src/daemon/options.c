/* SPDX-License-Identifier: ISC */
/* One table of options drives getopt_long(3), --help and the completions of shells: adding an option is adding a row. */
#include "options.h"
#include "options_spf.h"
#include "options_words.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* ---- handlers ---- */

static int
set_mode(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	static const char *const excl = "excludes the mode given before it: one mode at a time";

	(void)arg;
	if (o->mode != MODE_SERVE && (int)o->mode != row->value) {
		err_set(err, "--%s %s", row->name, excl);
		return -1;
	}
	o->mode = (enum mode)row->value;
	return 0;
}

static int
set_wait(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	if (arg != NULL && (!duration_parse(arg, &o->wait_s) || o->wait_s == 0)) {
		err_set(err, "--wait=%s: no duration (\"90\", \"15m\", \"2h\")", arg);
		return -1;
	}
	return set_mode(o, row, arg, err);
}

static int
set_config(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	(void)row;
	if (*arg == '\0') {
		err_set(err, "--config: the file name is empty");
		return -1;
	}
	o->config = arg;
	return 0;
}

static int
set_fix(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	struct str list = STR_INIT;

	o->fix = view_fix_format_find(arg);
	if (o->fix != NULL)
		return set_mode(o, row, arg, err);
	err_set(err, "--%s: \"%s\" is not %s", row->name, arg, view_fix_format_names(&list));
	str_done(&list);
	return -1;
}

static int
set_import(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	if (*arg == '\0') {
		err_set(err, "--import: the file name is empty");
		return -1;
	}
	o->import = arg;
	return set_mode(o, row, arg, err);
}

static int
set_backup(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	if (*arg == '\0' || strcmp(arg, "-") == 0) {
		err_set(err, *arg == '\0' ? "--backup: the file name is empty" : "--backup: a database cannot go to standard output");
		return -1;
	}
	o->backup = arg;
	return set_mode(o, row, arg, err);
}

static int
set_import_domain(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	(void)row;
	(void)err;
	o->import_domain = arg;
	return 0;
}

/* Kept as text: conf knows what the key may hold. */
static int
set_domain_key(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	if (o->n_domain_keys == OPTIONS_DOMAIN_KEYS_MAX) {
		err_set(err, "--%s: too many options", row->name);
		return -1;
	}
	o->domain_keys[o->n_domain_keys++] = (struct domain_key){ row->name, arg };
	return 0;
}

static int
set_resolver(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	(void)row;
	(void)err;
	o->resolvers = xreallocarray(o->resolvers, o->n_resolvers + 1, sizeof(*o->resolvers));
	o->resolvers[o->n_resolvers++] = arg;
	return 0;
}

/* One of the words of a table; false with words. */
static bool
word(const struct option_row *row, const struct name_table *t, const char *arg, int *ret, struct err *err)
{
	struct str list = STR_INIT;
	bool ok = name_find(t, arg, ret);

	if (!ok)
		err_set(err, "--%s: \"%s\" is not %s", row->name, arg, name_list(t, &list));
	str_done(&list);
	return ok;
}

static int
set_until(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	int id;

	if (!word(row, &until_names, arg, &id, err))
		return -1;
	o->until = (enum until)id;
	return 0;
}

static int
set_format(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	const struct view_format *f = view_format_find(arg);
	struct str list = STR_INIT;

	if (f != NULL) {
		o->format = f;
		return 0;
	}
	for (size_t i = 0; i < view_n_formats; i++)
		str_addf(&list, "%s%s", i == 0 ? "" : i + 1 < view_n_formats ? ", " : " or ", view_formats[i].name);
	err_set(err, "--%s: \"%s\" is not %s", row->name, arg, str_c(&list));
	str_done(&list);
	return -1;
}

static int
set_color(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	int id;

	if (!word(row, &when_names, arg, &id, err))
		return -1;
	o->color = (enum when)id;
	return 0;
}

static int
set_authority_port(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(arg, &end, 10);
	if (!isdigit((unsigned char)*arg) || *end != '\0' || errno != 0 || n < 1 || n > 65535) {
		err_set(err, "--%s: \"%s\" is no port (1 to 65535)", row->name, arg);
		return -1;
	}
	o->authority_port = (unsigned)n;
	return 0;
}

enum flag { FLAG_PEEK, FLAG_PRIVATE, FLAG_VERBOSE, FLAG_QUIET };

static int
set_flag(struct options *o, const struct option_row *row, const char *arg, struct err *err)
{
	bool *const flags[] = {
		[FLAG_PEEK] = &o->peek, [FLAG_PRIVATE] = &o->authority_private, [FLAG_VERBOSE] = &o->verbose,
		[FLAG_QUIET] = &o->quiet,
	};

	(void)arg;
	(void)err;
	*flags[row->value] = true;
	return 0;
}

/* ---- the table ---- */

const struct option_row option_rows[] = {
	{ "What to do", "once", 0, OPTION_FLAG, NULL, "one pass, print, exit", set_mode, MODE_ONCE },
	{ NULL, "wait", 0, OPTION_MAYBE, "DURATION", "go on until the milestone is reached, at most so long (90s, 15m, 2h)",
	    set_wait, MODE_WAIT },
	{ NULL, "check-config", 0, OPTION_FLAG, NULL, "report every mistake of the configuration as file:line: message",
	    set_mode, MODE_CHECK_CONFIG },
	{ NULL, "fix", 0, OPTION_VALUE, "FORMAT", "one pass, then only the records to add, change or delete, as text, zone, nsupdate, "
	    "route53, terraform, azure, cloudflare or json", set_fix, MODE_FIX },
	{ NULL, "import", 0, OPTION_VALUE, "FILE", "make a domain block of what Microsoft gives: Graph or PowerShell JSON, "
	    "Get-DkimSigningConfig, CSV, zone text; \"-\" reads standard input", set_import, MODE_IMPORT },
	{ NULL, "domain", 0, OPTION_VALUE, "NAME", "the domain that --import is for", set_import_domain, 0 },
	{ NULL, "spf-check", 0, OPTION_VALUE, "IP", "would mail of DOMAIN from this address pass SPF? (RFC 7208)", options_spf_ip, 0 },
	{ NULL, "sender", 0, OPTION_VALUE, "USER@DOMAIN", "the sender that --spf-check is about, <> for none; default postmaster@DOMAIN",
	    options_spf_sender, 0 },
	{ NULL, "helo", 0, OPTION_VALUE, "NAME", "what the server of --spf-check says it is; default DOMAIN", options_spf_helo, 0 },
	{ NULL, "backup", 0, OPTION_VALUE, "FILE", "copy the daemon's database to a new file, while it runs", set_backup, MODE_BACKUP },
	{ NULL, "list-records", 0, OPTION_FLAG, NULL, "list the records of the catalog", set_mode, MODE_LIST_RECORDS },
	{ NULL, "list-resolvers", 0, OPTION_FLAG, NULL, "list the resolvers known by name", set_mode, MODE_LIST_RESOLVERS },
	{ NULL, "list-findings", 0, OPTION_FLAG, NULL, "list every finding there is", set_mode, MODE_LIST_FINDINGS },
	{ NULL, "help", 'h', OPTION_FLAG, NULL, "print this", set_mode, MODE_HELP },
	{ NULL, "version", 'V', OPTION_FLAG, NULL, "print the version, and those of the libraries", set_mode, MODE_VERSION },

	{ "The domains", "config", 'c', OPTION_VALUE, "FILE", "read this configuration", set_config, 0 },
	{ NULL, "verification", 0, OPTION_VALUE, "VALUE", "the proof of ownership, MS=ms12345678", set_domain_key, 0 },
	{ NULL, "tenant", 0, OPTION_VALUE, "NAME", "what stands before .onmicrosoft.com", set_domain_key, 0 },
	{ NULL, "services", 0, OPTION_VALUE, "LIST", "what is used: exchange (default), teams, intune, dkim, dmarc, mta-sts, tls-rpt",
	    set_domain_key, 0 },
	{ NULL, "cloud", 0, OPTION_VALUE, "WORD", "worldwide, gcc, gcc-high, dod or 21vianet", set_domain_key, 0 },
	{ NULL, "profile", 0, OPTION_VALUE, "WORD", "cloud-only, hybrid, hybrid-mx-onprem, filtered, relay, parked, verify-only",
	    set_domain_key, 0 },

	{ "Whom to ask, and how long", "resolver", 0, OPTION_VALUE, "NAME|ADDR[:PORT]",
	    "ask this resolver instead of the configured ones; repeatable", set_resolver, 0 },
	{ NULL, "until", 0, OPTION_VALUE, "MILESTONE", "published, visible or complete (default)", set_until, 0 },
	{ NULL, "peek", 0, OPTION_FLAG, NULL, "ask resolvers at once; this may plant old answers in their caches", set_flag,
	    FLAG_PEEK },
	{ NULL, "authority-port", 0, OPTION_VALUE, "PORT", "port of the authoritative servers (laboratories)",
	    set_authority_port, 0 },
	{ NULL, "authority-private", 0, OPTION_FLAG, NULL, "ask authoritative servers at private addresses too", set_flag,
	    FLAG_PRIVATE },

	{ "Output", "format", 0, OPTION_VALUE, "WORD", "text (default), json, ndjson, csv, nagios or prometheus", set_format, 0 },
	{ NULL, "color", 0, OPTION_VALUE, "WHEN", "auto (default), always or never", set_color, 0 },
	{ NULL, "verbose", 'v', OPTION_FLAG, NULL, "every address, every record, every value", set_flag, FLAG_VERBOSE },
	{ NULL, "quiet", 'q', OPTION_FLAG, NULL, "only what is wrong, and the result", set_flag, FLAG_QUIET },
};
const size_t option_n_rows = ARRAY_LEN(option_rows);

/* ---- getopt_long ---- */

#define LONG_BASE 256			/* values of long options: above all letters */

struct getopt_tables {
	struct option longs[ARRAY_LEN(option_rows) + 1];
	char shorts[2 * ARRAY_LEN(option_rows) + 2];
};

static void
getopt_tables_fill(struct getopt_tables *t)
{
	size_t n = 0;

	memset(t, 0, sizeof(*t));
	t->shorts[n++] = ':';		/* tell a missing argument from an unknown option */
	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
		const struct option_row *row = &option_rows[i];

		t->longs[i] = (struct option){ .name = row->name, .val = LONG_BASE + (int)i,
			.has_arg = row->arg == OPTION_VALUE ? required_argument :
			    row->arg == OPTION_MAYBE ? optional_argument : no_argument };
		if (row->letter != 0)
			t->shorts[n++] = row->letter;
		if (row->letter != 0 && row->arg == OPTION_VALUE)
			t->shorts[n++] = ':';
	}
}

static const struct option_row *
row_of(int c)
{
	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++)
		if (c == LONG_BASE + (int)i || (c == option_rows[i].letter && c != 0))
			return &option_rows[i];
	return NULL;
}

/* getopt_long returned ':' or '?'. */
static void
complain(int c, const char *arg, struct err *err)
{
	const struct option_row *row = row_of(optopt);

	if (c == ':')
		err_set(err, "%s: needs an argument", arg);
	else if (row != NULL && row->arg == OPTION_FLAG)
		err_set(err, "--%s: takes no argument", row->name);
	else if (optopt != 0 && row == NULL)
		err_set(err, "-%c: no such option", optopt);
	else
		err_set(err, "%s: no such option, or an ambiguous one", arg);
}

bool
options_runs(const struct options *o)
{
	return o->mode == MODE_ONCE || o->mode == MODE_WAIT || o->mode == MODE_FIX;
}

/* An argument that may be left out is never the next word: "--wait 2h a.test" names a domain "2h".  NULL = nobody did that. */
static const char *
stray_duration(const struct options *o)
{
	int64_t seconds;

	for (size_t i = 0; o->mode == MODE_WAIT && i < o->n_domains; i++)
		if (duration_parse(o->domains[i], &seconds))
			return o->domains[i];
	return NULL;
}

/* What only shows when all is read. */
static int
check(const struct options *o, struct err *err)
{
	bool runs = options_runs(o);
	const char *stray = stray_duration(o);

	if (stray != NULL) {
		err_set(err, "\"%s\" is no domain; a duration is written --wait=%s", stray, stray);
		return -1;
	}
	if (o->mode == MODE_SERVE && o->n_domains > 0) {
		err_set(err, "\"%s\": say --once or --wait for a domain; without a mode this is the daemon, which takes none "
		    "(see --help)", o->domains[0]);
		return -1;
	}
	if ((o->mode == MODE_IMPORT) != (o->import_domain != NULL)) {
		err_set(err, o->mode == MODE_IMPORT ? "--import: needs --domain NAME" : "--domain: belongs to --import");
		return -1;
	}
	if (options_spf_check(o, err) == -1)
		return -1;
	if (o->mode >= MODE_LIST_RECORDS && o->mode <= MODE_LIST_FINDINGS && strcmp(o->format->name, "text") != 0 &&
	    strcmp(o->format->name, "json") != 0 && strcmp(o->format->name, "csv") != 0) {
		err_set(err, "--format: the lists are printed as text, json or csv");
		return -1;
	}
	if (!runs && o->mode != MODE_SPF_CHECK && o->n_domains > 0) {
		err_set(err, "\"%s\": this mode takes no domain", o->domains[0]);
		return -1;
	}
	if (runs && o->n_domain_keys > 0 && o->n_domains == 0) {
		err_set(err, "--%s: no domain is named that it could be for", o->domain_keys[0].name);
		return -1;
	}
	return 0;
}

int
options_parse(struct options *ret, int argc, char **argv, struct err *err)
{
	struct getopt_tables t;
	int c, rc = 0;

	*ret = (struct options){ .until = UNTIL_COMPLETE, .format = view_format_find("text") };
	getopt_tables_fill(&t);
	opterr = 0;
	optind = 0;			/* glibc: start afresh, so that tests can call this again */
	while ((c = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		const struct option_row *row = row_of(c);
		struct err *first = rc == 0 ? err : NULL;

		if (row == NULL) {
			complain(c, argv[optind - 1], first);
			rc = -1;
		} else if (row->set(ret, row, optarg, first) == -1)
			rc = -1;
		if (rc == 0 && (ret->mode == MODE_HELP || ret->mode == MODE_VERSION))
			return 0;
	}
	ret->domains = argv + optind;
	ret->n_domains = (size_t)(argc - optind);
	return rc == 0 ? check(ret, err) : rc;
}

void
options_done(struct options *o)
{
	free(o->resolvers);
	o->resolvers = NULL;
}

/* ---- --help ---- */

#define HELP_COLUMN 30
#define HELP_WIDTH  80

/* The words of text from HELP_COLUMN on, folded. */
static void
help_text(const char *text, struct str *ret)
{
	size_t used = HELP_COLUMN;

	for (const char *p = text; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (used + 1 + n > HELP_WIDTH) {
			str_addf(ret, "\n%*s", HELP_COLUMN, "");
			used = HELP_COLUMN;
		} else if (p > text) {
			str_addc(ret, ' ');
			used++;
		}
		str_addn(ret, p, n);
		used += n;
		p += n;
	}
	str_addc(ret, '\n');
}

static void
help_row(const struct option_row *row, struct str *ret)
{
	struct str left = STR_INIT;

	if (row->letter != 0)
		str_addf(&left, "  -%c, --%s", row->letter, row->name);
	else
		str_addf(&left, "      --%s", row->name);
	if (row->arg != OPTION_FLAG)
		str_addf(&left, row->arg == OPTION_MAYBE ? "[=%s]" : "=%s", row->placeholder);
	str_add(ret, str_c(&left));
	if (left.len > HELP_COLUMN - 2) {
		str_addc(ret, '\n');
		str_clear(&left);
	}
	str_addf(ret, "%*s", HELP_COLUMN - (int)left.len, "");
	help_text(row->help, ret);
	str_done(&left);
}

void
options_help(struct str *ret)
{
	str_add(ret,
	    "Usage: m365dnsd [-c FILE]                               the daemon\n"
	    "       m365dnsd --once [OPTION...] [DOMAIN...]\n"
	    "       m365dnsd --wait[=DURATION] [OPTION...] [DOMAIN...]\n"
	    "       m365dnsd --check-config [-c FILE]\n"
	    "       m365dnsd --fix=FORMAT [OPTION...] [DOMAIN...]\n"
	    "       m365dnsd --import=FILE --domain=NAME\n"
	    "       m365dnsd --backup=FILE [-c FILE]\n"
	    "       m365dnsd --spf-check=IP [--sender=USER@DOMAIN] [--helo=NAME] DOMAIN\n"
	    "Check the DNS records that Microsoft 365 needs, and watch them spread.\n"
	    "\n"
	    "A domain named here needs no configuration file.\n");
	for (size_t i = 0; i < ARRAY_LEN(option_rows); i++) {
		if (option_rows[i].group != NULL)
			str_addf(ret, "\n%s:\n", option_rows[i].group);
		help_row(&option_rows[i], ret);
	}
	str_add(ret,
	    "\n"
	    "Exit status: 0 milestone reached, 1 published but not seen everywhere yet,\n"
	    "2 something is wrong or missing, 3 cannot tell, 4 --wait ran out of time,\n"
	    "64 wrong usage or configuration, 74 the output cannot be written.\n"
	    "Of --spf-check: 0 pass, 1 neutral or softfail, 2 fail or permerror,\n"
	    "3 none or temperror.\n"
	    "\n"
	    "Example: m365dnsd --once --services exchange,teams --tenant contoso contoso.com\n");
}
