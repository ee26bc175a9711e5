/* SPDX-License-Identifier: ISC */
/*
 * view: a struct status -> words for people and machines.  Pure.  One escaping function an output (src/view/escape.h); every
 * format is a row of view_formats.
 */
#ifndef M365DNSD_VIEW_H
#define M365DNSD_VIEW_H

#include <m365dnsd/board.h>

struct view_options {
	bool color;
	bool verbose;		/* text: every address a column, optional rows too */
	bool quiet;		/* text: no matrix, only what is wrong and the last line */
	unsigned width;		/* columns of the terminal, 0 = 100 */
	enum until until;
	bool timed_out;		/* --wait ran out of time */
	bool unicode;		/* the terminal shows UTF-8 */
	enum metrics_detail metrics;	/* prometheus: how much detail */
};
struct view_format {
	const char *name;	/* "text", "json", "ndjson", "csv", "nagios", "prometheus" */
	const char *content_type;
	/* Several domains make one output. */
	void (*render)(const struct status *const *list, size_t n, const struct view_options *o, struct str *ret);
	bool joins;		/* the outputs of single domains, one behind the other, are the output of all */
};
extern const struct view_format view_formats[];
extern const size_t view_n_formats;
/* "html": not of the table, because a page is at home at the daemon, which has its style sheet and what its links name. */
extern const struct view_format view_page_format;
/* NULL when there is none of that name. */
const struct view_format *view_format_find(const char *name);

/* ---- fixes: the same changes for different hands ---- */

struct view_fix_format {
	const char *name;	/* "zone", "route53", "terraform", "nsupdate", "azure", "cloudflare", "text", "json" */
	const char *content_type;
	bool notes;		/* what fix->notes say is in it */
	bool line;		/* a document a line; a blank line stands between those of several domains otherwise */
	/* One domain; the outputs of several may stand one behind the other.  Nothing where the form cannot say "nothing to change". */
	void (*render)(const struct fix *f, struct str *ret);
	/* One line for people who see no output; NULL = there always is one. */
	void (*why_none)(const struct fix *f, struct str *ret);
};
extern const struct view_fix_format view_fix_formats[];
extern const size_t view_n_fix_formats;
/* NULL when there is none of that name. */
const struct view_fix_format *view_fix_format_find(const char *name);
/* "text, zone, ... or json". */
const char *view_fix_format_names(struct str *buf);

/* One line about the domain, for --wait in a log: "contoso.test: published 11/11, visible 78 %, ETA 10:20:30Z (in 4m)". */
void view_line(const struct status *s, struct str *ret);
/* The exit code of one domain (m365dnsd(8)): 0, 1, 2, 3. */
int view_exit_code(const struct status *s, enum until until);
/* The worst: 2 before 3 before 1 before 0. */
int view_exit_worse(int a, int b);
/* Has the domain come as far as until says? */
bool view_reached(const struct status *s, enum until until);

/*
 * What remains to be done outside DNS once the domain is complete: the next step from *i on (start with 0), its stable word and
 * what to do.  False when there is none.
 */
bool view_step_next(const struct status *s, size_t *i, const char **ret_step, struct str *ret_text);

/* What --spf-check found out, and of whom. */
struct view_spf {
	const char *domain, *ip, *sender, *helo;
	const struct spf_check *check;
};
/* The result word in a line of its own, then (not quiet) why: the path to the term that decided, and what it cost. */
void view_spf_text(const struct view_spf *v, const struct view_options *o, struct str *ret);
void view_spf_json(const struct view_spf *v, struct str *ret);
/* 0 pass, 1 neutral or softfail, 2 fail or permerror, 3 none or temperror. */
int view_spf_exit_code(enum spf_result result);

/* ---- tables for other programs: an array of objects, or RFC 4180 ---- */

struct view_table_cell {
	enum { VIEW_CELL_TEXT, VIEW_CELL_LIST, VIEW_CELL_BOOL, VIEW_CELL_NUMBER } kind;
	const char *text;	/* NULL: null, and empty in CSV */
	const char *const *list;	/* in CSV one field, "a | b" */
	size_t n;		/* of the list; or the number */
	bool yes;
};
struct view_table {
	const char *const *columns;
	size_t n_columns;
	const struct view_table_cell *cells;	/* row by row */
	size_t n_rows;
};
struct json_writer;
void view_table_json(struct json_writer *j, const char *key, const struct view_table *t);
void view_table_csv(const struct view_table *t, struct str *ret);

/* Text made fit for a line of a monitoring plugin: ASCII, no bar, no newline. */
void view_nagios_text(const char *text, struct str *ret);

/*
 * A JSON writer: members in the order of the calls, commas by itself.  key is NULL inside arrays.  Every text is escaped so that
 * it may stand in a page or on a terminal: control characters, < > &, U+2028 and their kin never appear as they are.
 */
struct json_writer {
	struct str *out;
	bool comma;		/* something stands before the next value */
};
void jsonw_open(struct json_writer *j, const char *key, char bracket);	/* '{' or '[' */
void jsonw_close(struct json_writer *j, char bracket);			/* '}' or ']' */
/* NULL text: null.  Bytes that are no UTF-8 become the printable form, and then this is false. */
bool jsonw_text(struct json_writer *j, const char *key, const char *text);
void jsonw_texts(struct json_writer *j, const char *key, const char *const *list, size_t n);
void jsonw_int(struct json_writer *j, const char *key, int64_t value);
void jsonw_bool(struct json_writer *j, const char *key, bool value);
void jsonw_null(struct json_writer *j, const char *key);
void jsonw_fixed(struct json_writer *j, const char *key, double value, unsigned digits);
void jsonw_time(struct json_writer *j, const char *key, int64_t unix_ms);	/* RFC 3339; 0: null */
/* The document of GET /status/{domain}, without a final newline; and one finding. */
void jsonw_status(struct json_writer *j, const char *key, const struct status *s);
void jsonw_finding(struct json_writer *j, const char *key, const struct status_finding *f);
/* A transition as history, events and hooks show it; and its members alone, for whoever adds more. */
void jsonw_transition(struct json_writer *j, const char *key, uint64_t id, const struct transition *t);
void jsonw_transition_members(struct json_writer *j, uint64_t id, const struct transition *t);

/* ---- the daemon as a whole: what the documents below say of it ---- */

struct view_store {
	const struct name_table *healths;	/* the closed list */
	int health;
	bool writes;			/* the disk takes what it is given */
	const char *problem;		/* "" = none */
	uint64_t commits, rows, failures, dropped;
	size_t queued;
	int64_t size_bytes, wal_bytes, oldest_queued_ms;	/* the latter an age, 0 = nothing waits */
	uint64_t last_commit_us;
};
struct view_receiver {			/* of notifications */
	const char *name;
	uint64_t delivered, given_up, dropped, attempts, failures;
	size_t waiting, in_flight;
	bool failing;
	const char *problem;		/* "" = none */
};
struct view_http {
	const uint64_t *requests;	/* by status code */
	size_t n_requests;
	uint64_t accepted, refused, timed_out;
	unsigned connections, streams;
};
struct view_loop {			/* how long turns of the event loop took */
	const uint32_t *bounds_us;
	size_t n_bounds;
	const uint64_t *turns;		/* n_bounds + 1 buckets */
	uint64_t sum_us, worst_us;
};
struct view_process {			/* a number below 0 is not known */
	double cpu_seconds, start_unix_seconds;
	int64_t resident_bytes, virtual_bytes, open_fds, max_fds;
};
struct view_daemon {
	const char *version;
	const char *const *libraries;	/* pairs of a label and a version: "cares", "1.18.1"; at most VIEW_LIBRARIES_MAX */
	size_t n_libraries;
	const struct clock *clock;
	int64_t started_unix_ms;
	bool ready;
	bool reload_ok;
	const char *reload_problem;	/* "" = none */
	int64_t reload_ok_unix_ms;	/* the last one that went well */
	uint64_t transitions[EVENT_CHANGED + 1];
	size_t queries_in_flight, queries_waiting;
	int64_t due_lag_ms;		/* how late the domain is that should have been looked at first */
	struct sources *sources;
	struct board *board;
	const struct view_store *store;	/* NULL: there is none */
	const struct view_http *http;	/* NULL likewise */
	const struct view_loop *loop;	/* NULL likewise */
	const struct view_process *process;
	const struct view_receiver *receivers;
	size_t n_receivers;
};
#define VIEW_LIBRARIES_MAX 16

/* ---- documents, each with a final newline ---- */

struct view_list {
	const struct board_summary *domains;
	size_t n_domains;
	const char *next;		/* cursor of the next page; NULL = this is the last */
	size_t total;			/* domains that the filters let through, on all pages */
	const char *state, *q;		/* the filters, for the links of the page; NULL = none */
	const struct view_daemon *daemon;
};
/* GET /status, and the page of it. */
void view_list_json(const struct view_list *l, struct str *ret);
void view_list_html(const struct view_list *l, struct str *ret);
/* Instead of a domain's page, for whoever follows an old link. */
void view_not_watched_html(const char *domain, struct str *ret);
/* GET /resolvers. */
void view_resolvers_json(const struct view_daemon *d, struct str *ret);

struct view_history_row {
	uint64_t id;
	struct transition t;
};
struct view_spread_row {		/* published at the authorities -> seen at an operator */
	const char *record, *source;
	int64_t published_unix_ms, visible_unix_ms;
};
struct view_history {
	const char *domain;
	const struct view_history_row *rows;	/* newest first */
	size_t n_rows;
	uint64_t next;			/* id to go on before; 0 = there is nothing older */
	const struct view_spread_row *spread;
	size_t n_spread;
};
/* GET /history/{domain}. */
void view_history_json(const struct view_history *h, struct str *ret);

/* What the pages ask for: scripts, the style sheet and the icon. */
struct view_file {
	const char *name, *content_type, *text;
};
/* NULL when there is none of that name. */
const struct view_file *view_file_find(const char *name);

/* ---- GET /metrics: made piece by piece, so that a hundred thousand domains hold nobody up ---- */

enum metrics_syntax { METRICS_TEXT, METRICS_OPENMETRICS };
/* The media types without parameters, by syntax, to choose from; and the whole. */
extern const char *const metrics_media_types[2], *const metrics_content_types[2];
struct metrics;
/* Uses d during the call only, but its board until metrics_free(). */
struct metrics *metrics_new(const struct view_daemon *d, enum metrics_detail detail, enum metrics_syntax syntax);
/* Append a piece of some 16 kB; false when there is nothing left.  Domains may come and go between the calls. */
bool metrics_more(struct metrics *m, struct str *ret);
void metrics_free(struct metrics *m);

#endif
