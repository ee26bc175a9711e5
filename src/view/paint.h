/* SPDX-License-Identifier: ISC */
/* Text for a person: colour, padding and folding of lines.  All that comes from outside goes through paint_outside(). */
#ifndef M365DNSD_VIEW_PAINT_H
#define M365DNSD_VIEW_PAINT_H

#include "escape.h"

enum paint { PAINT_PLAIN, PAINT_OK, PAINT_BAD, PAINT_WAIT, PAINT_UNKNOWN, PAINT_DIM, PAINT_BOLD, PAINT_MAX };

struct painter {
	struct str *out;
	const struct view_options *o;
	size_t width;			/* columns */
};

/* Our own words, or text that was escaped before. */
void paint(struct painter *p, enum paint how, const char *text);
/* And blanks up to width. */
void paint_padded(struct painter *p, enum paint how, const char *text, size_t width);
void paint_outside(struct painter *p, enum paint how, const char *text);
/* Text (escaped here) folded at blanks; the first line stands behind what is there at column `at`, others are indented. */
void paint_folded(struct painter *p, enum paint how, size_t at, size_t indent, const char *text);
void paint_newline(struct painter *p);

/* The table of records down and sources across. */
void paint_matrix(struct painter *p, const struct status *s);
/* Does the record stand in the table, or only in the line of those that are not there? */
bool matrix_shows(const struct status_record *r, const struct view_options *o);

#endif
