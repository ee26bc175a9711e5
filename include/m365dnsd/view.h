/* SPDX-License-Identifier: ISC */
/*
 * view: a struct status -> words for people and machines.  Pure.  One escaping function an output (RELIABILITY 2.3); every
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
/* NULL when there is none of that name. */
const struct view_format *view_format_find(const char *name);

/* One line about the domain, for --wait in a log: "contoso.test: published 11/11, visible 78 %, ETA 10:20:30Z (in 4m)". */
void view_line(const struct status *s, struct str *ret);
/* The exit code of one domain (DESIGN.md section 3): 0, 1, 2, 3. */
int view_exit_code(const struct status *s, enum until until);
/* The worst: 2 before 3 before 1 before 0. */
int view_exit_worse(int a, int b);
/* Has the domain come as far as until says? */
bool view_reached(const struct status *s, enum until until);

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
/* A transition as history, events and hooks show it; and its members alone, for who adds more. */
void jsonw_transition(struct json_writer *j, const char *key, uint64_t id, const struct transition *t);
void jsonw_transition_members(struct json_writer *j, uint64_t id, const struct transition *t);

#endif
