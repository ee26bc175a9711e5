/* SPDX-License-Identifier: ISC */
/* near: which key was meant by one that is not known.  Slips of the hand are at most two letters; a key elsewhere is that key. */
#include <string.h>

#include "syntax.h"

#define NAME_MAX_NEAR 32

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters to insert, drop or replace; two neighbours exchanged count as one. */
static size_t
distance(const char *a, const char *b)
{
	size_t d[NAME_MAX_NEAR + 1][NAME_MAX_NEAR + 1], n = strlen(a), m = strlen(b);

	if (n > NAME_MAX_NEAR || m > NAME_MAX_NEAR)
		return NAME_MAX_NEAR;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = i;
	for (size_t k = 0; k <= m; k++)
		d[0][k] = k;
	for (size_t i = 1; i <= n; i++)
		for (size_t k = 1; k <= m; k++) {
			d[i][k] = least(d[i - 1][k] + 1, d[i][k - 1] + 1, d[i - 1][k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				d[i][k] = least(d[i][k], d[i - 2][k - 2] + 1, NAME_MAX_NEAR);
		}
	return d[n][m];
}

const struct syntax_row *
syntax_near(const struct syntax_row *rows, size_t n_rows, const char *path, const char *name)
{
	const struct syntax_row *best = NULL;
	size_t least_so_far = strlen(name) < 6 ? 2 : 3;

	for (size_t i = 0; i < n_rows; i++) {
		size_t d = strcmp(rows[i].path, path) == 0 ? distance(name, rows[i].name) : NAME_MAX_NEAR;

		if (d < least_so_far) {
			least_so_far = d;
			best = &rows[i];
		}
	}
	for (size_t i = 0; i < n_rows && best == NULL; i++)
		if (strcmp(rows[i].name, name) == 0)
			best = &rows[i];
	return best;
}
