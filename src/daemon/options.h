/* SPDX-License-Identifier: ISC */
/* options: the command line -> struct options.  Pure: reads no file, asks nobody, prints nothing. */
#ifndef M365DNSD_DAEMON_OPTIONS_H
#define M365DNSD_DAEMON_OPTIONS_H

#include <m365dnsd/view.h>

enum mode {
	MODE_SERVE, MODE_ONCE, MODE_WAIT, MODE_CHECK_CONFIG, MODE_IMPORT, MODE_FIX, MODE_SPF_CHECK,
	MODE_BACKUP,
	MODE_LIST_RECORDS, MODE_LIST_RESOLVERS, MODE_LIST_FINDINGS,
	MODE_HELP, MODE_VERSION
};
enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

#define OPTIONS_DOMAIN_KEYS_MAX 16

struct options {
	enum mode mode;
	const char *config;			/* NULL = not given */
	int64_t wait_s;				/* 0 = as long as it takes */
	const struct view_fix_format *fix;
	const char *import, *import_domain;	/* the file, "-" = standard input; NULL = not given */
	const char *backup;			/* the file to be written */
	struct addr spf_ip;			/* of --spf-check */
	const char *spf_sender, *spf_helo;	/* NULL = not given; sender "" = <> */
	struct domain_key {			/* keys of a domain block, checked by conf */
		const char *name, *value;
	} domain_keys[OPTIONS_DOMAIN_KEYS_MAX];
	size_t n_domain_keys;
	const char **resolvers;			/* of conf_add_resolver */
	size_t n_resolvers;
	enum until until;
	const struct view_format *format;
	enum when color;
	bool peek, verbose, quiet;
	unsigned authority_port;		/* 0 = not given */
	bool authority_private;
	char **domains;				/* into argv */
	size_t n_domains;
};

enum option_arg { OPTION_FLAG, OPTION_VALUE, OPTION_MAYBE };
struct option_row {
	const char *group;			/* heading in --help; NULL = the one before */
	const char *name;
	char letter;				/* 0 = none */
	enum option_arg arg;
	const char *placeholder;		/* of its argument */
	const char *help;
	int (*set)(struct options *o, const struct option_row *row, const char *arg, struct err *err);
	int value;				/* for functions that serve several rows */
};
extern const struct option_row option_rows[];
extern const size_t option_n_rows;

/*
 * -1 with the words of the first mistake; what could be read is in *ret all the same, so that the caller knows in which format
 * to complain.  argv must outlive *ret and is permuted.
 */
int options_parse(struct options *ret, int argc, char **argv, struct err *err);
/* Is it a mode that asks about domains and ends? */
bool options_runs(const struct options *o);
void options_done(struct options *o);
void options_help(struct str *ret);

#endif
