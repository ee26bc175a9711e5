/* SPDX-License-Identifier: ISC */
/* The table of formats, and the exit code, which is the shortest format of all. */
#include "formats.h"

#include <string.h>

const struct view_format view_formats[] = {
	{ "text",	"text/plain; charset=utf-8",			render_text, false },
	{ "json",	"application/json",				render_json, false },
	{ "ndjson",	"application/x-ndjson",				render_ndjson, true },
	{ "csv",	"text/csv; charset=utf-8; header=present",	render_csv, false },
	{ "nagios",	"text/plain; charset=us-ascii",			render_nagios, false },
	{ "prometheus",	"text/plain; version=0.0.4; charset=utf-8",	render_prometheus, false },
};
const size_t view_n_formats = ARRAY_LEN(view_formats);
const struct view_format view_page_format = { "html", "text/html; charset=utf-8", render_html, false };

const struct view_format *
view_format_find(const char *name)
{
	for (size_t i = 0; i < view_n_formats; i++)
		if (strcmp(view_formats[i].name, name) == 0)
			return &view_formats[i];
	return NULL;
}

bool
view_reached(const struct status *s, enum until until)
{
	if (s->complete || s->state == DOMAIN_COMPLETE)
		return true;
	return until == UNTIL_PUBLISHED ? s->published : until == UNTIL_VISIBLE ? s->visible : false;
}

/* A standing error is CRITICAL whatever the state: 2 comes before all others. */
int
view_exit_code(const struct status *s, enum until until)
{
	static const int of_state[] = {
		[DOMAIN_PENDING] = 3, [DOMAIN_UNKNOWN] = 3, [DOMAIN_UNPUBLISHED] = 2, [DOMAIN_PUBLISHED] = 1,
		[DOMAIN_COMPLETE] = 0, [DOMAIN_REGRESSED] = 2,
	};

	if (findings_count(s, SEVERITY_ERROR) > 0)
		return 2;
	if (view_reached(s, until))
		return 0;
	return (size_t)s->state < ARRAY_LEN(of_state) ? of_state[s->state] : 3;
}

int
view_exit_worse(int a, int b)
{
	static const int rank[] = { 0, 1, 3, 2 };	/* of exit codes 0, 1, 2, 3 */

	if (a < 0 || a > 3 || b < 0 || b > 3)
		return a > b ? a : b;
	return rank[a] >= rank[b] ? a : b;
}
