/* SPDX-License-Identifier: ISC */
/* check_m365dnsd, inside: options, the question to the daemon, what its document says. */
#ifndef CHECK_M365DNSD_PLUGIN_H
#define CHECK_M365DNSD_PLUGIN_H

#include <jansson.h>

#include <m365dnsd/base.h>

#define NORETURN __attribute__((noreturn))

enum status { OK, WARNING, CRITICAL, UNKNOWN };
extern const char *const status_words[];

/* ---- output.c: the one way out ---- */

/* Text of a line: ASCII, no bar (it begins the performance data), no control characters. */
void add_plain(struct str *ret, const char *text);
/* Print "M365DNS STATUS: text" and exit. */
void leave(enum status status, const char *text) NORETURN;
void unknown(const char *fmt, ...) PRINTF_LIKE(1, 2) NORETURN;

/* ---- options.c ---- */

struct range {			/* alert outside of it, or inside ("@") */
	bool given, inside;
	double start, end;
	const char *text;
};
struct options {
	const char *domain, *host, *port, *token_file;
	struct range warning, critical;		/* of the percentage that is visible */
	enum status pending;			/* right at the authorities, not everywhere yet */
	int64_t deadline_s, max_age_s;		/* 0 = none; 0 = three intervals */
	int64_t timeout_s;
	unsigned verbose;
};

/* Over the defaults in o; leaves when they are wrong, and after --help and --version. */
void parse_options(struct options *o, int argc, char **argv);
bool range_alerts(const struct range *r, double value);

/* ---- ask.c: GET /status/{domain} ---- */

struct reply {
	json_t *doc;
	struct str url;
	int64_t now;		/* the daemon's, if it says so: clocks differ */
	double took_s;
};

/* Leaves when there is no answer, or none that is JSON. */
void ask(const struct options *o, struct reply *ret);

/* ---- document.c: what it says ---- */

struct facts {
	const char *domain, *state;
	enum status of_state;
	long long required, published, visible;
	double ratio;
	int64_t published_at, eta, checked, next;	/* Unix seconds, 0 = none */
	long long errors, warnings, unknowns;
	json_t *findings, *records;
};

/* True when everything is there that something is said about; the strings are doc's. */
bool read_facts(const json_t *doc, struct facts *ret);
/* A member's text, "" when it has none. */
const char *text_of(const json_t *o, const char *key);

#endif
