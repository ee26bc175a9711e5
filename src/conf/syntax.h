/* SPDX-License-Identifier: ISC */
/*
 * syntax: a text in libConfuse's language -> begin, value and end events, each with its line.  The configuration and the
 * catalog are both read through this.  Private to src/conf.
 */
#ifndef M365DNSD_CONF_SYNTAX_H
#define M365DNSD_CONF_SYNTAX_H

#include <m365dnsd/conf.h>

enum syntax_kind { SYNTAX_SCALAR, SYNTAX_LIST, SYNTAX_BLOCK, SYNTAX_TITLED };

/* What may stand where.  path: "" for the top, "domain", "domain/spf". */
struct syntax_row {
	const char *path, *name;
	enum syntax_kind kind;
};
struct syntax_value {
	const char *text;	/* NULL: the list given is empty; else valid during the call */
	int line;
	bool first;		/* of the values of one assignment: forget the default */
};
struct syntax_ops {
	/* title is NULL for a block without; path names the block that begins or ends. */
	void (*begin)(void *ctx, const char *path, const char *title, int line);
	void (*value)(void *ctx, const char *path, const char *name, const struct syntax_value *v);
	void (*end)(void *ctx, const char *path);
};

/*
 * Read text (len bytes) by rows.  Unknown keys, keys given twice and mistakes of syntax go to problems under the name file; only
 * the latter end the reading.  Not reentrant: libConfuse's lexer is not.
 */
void syntax_read(const struct syntax_row *rows, size_t n_rows, const char *file, const char *text, size_t len,
    const struct syntax_ops *ops, void *ctx, struct conf_problems *problems);

/* near.c: the row that was meant by a name that path does not have: one spelt alike there, or of that name elsewhere; or NULL. */
const struct syntax_row *syntax_near(const struct syntax_row *rows, size_t n_rows, const char *path, const char *name);

#define SYNTAX_EMPTY "\002"	/* the one value of an empty list */

/*
 * scan.c: text with every comment blanked out and every "$" in a string made literal.  On a mistake that would derail
 * libConfuse's lexer: false, with its line and words, and ret ends before it.
 */
bool syntax_scan(const char *text, size_t len, struct str *ret, int *ret_line, struct err *err);

/* import_block.c: text in quotation marks as the language wants it; -1 with words when it cannot be said in it. */
int syntax_quote(const char *text, struct str *ret, struct err *err);

#endif
