/* SPDX-License-Identifier: ISC */
/*
 * import: what Microsoft gives, in whatever form -> rows -> a domain block.  One file a form; each of them only adds rows and
 * notes what it cannot use, and import_rows.c is where rows get a meaning.  Private to src/conf.
 */
#ifndef M365DNSD_CONF_IMPORT_H
#define M365DNSD_CONF_IMPORT_H

#include <m365dnsd/conf.h>

#define IMPORT_BYTES_MAX (8u << 20)	/* a zone of 100,000 records */
#define IMPORT_ROWS_MAX  200000
#define IMPORT_NOTES_MAX 1000		/* then one more that says so */

struct import_row {
	struct dns_name owner;
	uint16_t type;		/* 0 = none that is known here */
	const char *type_text;
	const char *value;	/* as rdata_parse() takes it, or a text for people when the type is 0 */
	int line;		/* 0 = the form has no lines */
	bool optional;		/* Microsoft says so */
};
struct import {
	struct arena *a;
	struct dns_name domain;
	const char *domain_text;
	const char *file;	/* for the notes */
	struct conf_problems *notes;
	struct import_row *rows;
	size_t n_rows;
};

/* What is left out, or was understood in another way than it stands there. */
void import_note(struct import *im, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The row is copied, its texts are not. */
void import_add(struct import *im, const struct import_row *row);
/* An owner as people and Graph write it: "@", relative, complete with or without the final dot.  -1 with words. */
int import_owner(const struct import *im, const char *text, struct dns_name *ret, struct err *err);
/* The type of a word ("CName", "TXT (SPF)"); 0 when it is none. */
uint16_t import_type(const char *word);
/* Is it the name of a type at all, known here or not? */
bool import_is_type(const char *word);
/* "_sip" of "sip", "_SIP" or "_sip". */
const char *import_underscored(struct import *im, const char *word);
/* A row "selectorN._domainkey" of Get-DkimSigningConfig, or the MX of Enable-DnssecForVerifiedDomain. */
void import_add_given(struct import *im, int line, const char *owner, uint16_t type, const char *value);

/* The forms.  -1 with words when the text is not of it after all. */
int import_json(struct import *im, const char *text, size_t n, struct err *err);
int import_list(struct import *im, const char *text, size_t n, struct err *err);
int import_csv(struct import *im, const char *text, size_t n, struct err *err);
int import_zone(struct import *im, const char *text, size_t n, struct err *err);
/* Do the first lines look like it? */
bool import_is_list(const char *text, size_t n);
bool import_is_csv(const char *text, size_t n);

/* All rows -> the inside of the block. */
void import_body(struct import *im, const struct catalog *catalog, struct str *ret);

#endif
