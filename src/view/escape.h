/* SPDX-License-Identifier: ISC */
/* The escaping functions of the outputs, one for each, and the few number and time forms that all formats share. */
#ifndef M365DNSD_VIEW_ESCAPE_H
#define M365DNSD_VIEW_ESCAPE_H

#include <m365dnsd/view.h>

/* For a person: printable form; with unicode false everything beyond ASCII is shown as \xNN too. */
void escape_text(struct str *ret, const char *text, bool unicode);
/* Does the character stand for itself in a JSON string of ours? */
static inline bool
json_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}
/* The inside of a JSON string.  False: text was no UTF-8 and its printable form was written. */
bool escape_json(struct str *ret, const char *text);
/* A whole RFC 4180 field; one that a spreadsheet would take for a formula gets an apostrophe in front. */
void escape_csv(struct str *ret, const char *text);
/* Text or the inside of a quoted attribute of a page. */
void escape_html(struct str *ret, const char *text);
/* A part of a URL: all but unreserved characters as %XX (RFC 3986). */
void escape_url(struct str *ret, const char *text);
/* Inside a Prometheus label value: valid UTF-8, \ " escaped, no control characters. */
void escape_label(struct str *ret, const char *text);
/* Plugin output: ASCII, no bar (it begins performance data), no newline. */
void escape_nagios(struct str *ret, const char *text);
/* RFC 4648 with padding. */
void escape_base64(struct str *ret, const void *bytes, size_t n);

bool utf8_valid(const char *text);
/* Columns of a terminal that printable text takes. */
size_t text_columns(const char *text);

void number_int(struct str *ret, int64_t n);
/* A decimal number without exponent, whatever the locale; what is no number is 0. */
void number_fixed(struct str *ret, double value, unsigned digits);
/* Whole per cent, rounded down: 100 is said only when all is there. */
unsigned number_percent(double ratio);
/* "10:20:30Z" on the day of now, else "2026-11-21 10:20:30Z". */
#define TIME_SHORT_MAX 32
const char *time_short(int64_t unix_ms, int64_t now_unix_ms, char buf[TIME_SHORT_MAX]);
/* Seconds from a to b, not below 0, as in "4m". */
const char *time_between(int64_t a_unix_ms, int64_t b_unix_ms, char buf[32]);
/* The same of an ETA, which is a bound: what the short form leaves out rounds it up. */
const char *time_left(int64_t now_unix_ms, int64_t eta_unix_ms, char buf[32]);

/* "NXDOMAIN", "RCODE17"; NULL when there is none. */
#define RCODE_TEXT_MAX 24
const char *rcode_text(int rcode, char buf[RCODE_TEXT_MAX]);
/* What the domain's findings amount to. */
size_t findings_count(const struct status *s, enum severity severity);

#endif
