/* SPDX-License-Identifier: ISC */
/*
 * Drawing in place: the block of lines drawn last is overwritten line by line (cursor up, then each line with the rest of the
 * old one erased), which does not flicker as clearing first would.  The terminal's own folding of long lines is off meanwhile,
 * so that a line is a row and the way up is known.  A block higher than the screen could not be reached again: it is cut.
 */
#include "wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

#define LIVE_TEXTS 4			/* more domains than this are a line each */

struct progress {
	const struct options *o;
	const struct conf *conf;
	struct pipeline *p;
	struct arena *a;
	bool live;
	FILE *log;			/* for lines: beside the result only when people read both */
	struct shown {			/* last, by domain */
		uint64_t revision, line;	/* line: a hash of it */
	} *shown;
	size_t drawn;			/* rows on the screen */
	struct str last;		/* what they say */
};

struct progress *
progress_new(const struct options *o, const struct conf *conf, struct pipeline *p)
{
	struct progress *pr;
	bool text = strcmp(o->format->name, "text") == 0;
	unsigned columns, rows;

	if (o->quiet)
		return NULL;
	pr = xcalloc(1, sizeof(*pr));
	pr->o = o;
	pr->conf = conf;
	pr->p = p;
	pr->a = arena_new();
	pr->live = text && output_size(&columns, &rows);
	pr->log = text ? stdout : stderr;
	pr->shown = xcalloc(pipeline_n_domains(p) + 1, sizeof(*pr->shown));
	return pr;
}

bool
progress_live(const struct progress *pr)
{
	return pr != NULL && pr->live;
}

/* ---- in a log ---- */

/* A revision may be about a cell; a line is written only when it says something else than the one before. */
static void
log_domain(struct progress *pr, size_t i)
{
	const struct status *s = pipeline_status(pr->p, i, pr->a);
	struct str line = STR_INIT;
	char at[32];

	view_line(s, &line);
	if (s->state != DOMAIN_PENDING && hash_bytes(str_c(&line), line.len) != pr->shown[i].line) {
		pr->shown[i].line = hash_bytes(str_c(&line), line.len);
		fprintf(pr->log, "%s %s\n", time_rfc3339(s->now_unix_ms, at), str_c(&line));
		fflush(pr->log);
	}
	str_done(&line);
	arena_reset(pr->a);
}

static void
log_changes(struct progress *pr)
{
	for (size_t i = 0; i < pipeline_n_domains(pr->p); i++) {
		const struct board_domain *d = board_find(pipeline_board(pr->p), pr->conf->domains[i].text);

		if (d == NULL || board_revision(d) == pr->shown[i].revision)
			continue;
		pr->shown[i].revision = board_revision(d);
		log_domain(pr, i);
	}
}

/* ---- on a terminal ---- */

static void
compose_texts(struct progress *pr, unsigned columns, struct str *ret)
{
	const struct view_options vo = { .color = output_color(pr->o), .verbose = pr->o->verbose, .width = columns,
		.until = pr->o->until, .unicode = output_unicode() };
	const struct status *list[LIVE_TEXTS];
	size_t n = pipeline_n_domains(pr->p);

	for (size_t i = 0; i < n; i++)
		list[i] = pipeline_status(pr->p, i, pr->a);
	pr->o->format->render(list, n, &vo, ret);
}

static void
compose_lines(struct progress *pr, size_t max, struct str *ret)
{
	for (size_t i = 0; i < pipeline_n_domains(pr->p) && i < max; i++) {
		view_line(pipeline_status(pr->p, i, pr->a), ret);
		str_addc(ret, '\n');
		arena_reset(pr->a);
	}
}

/* Rows of text, at most max; the end of what fits in *ret_end. */
static size_t
rows_of(const char *text, size_t max, const char **ret_end)
{
	size_t n = 0;

	while (n < max && *text != '\0') {
		text = strchr(text, '\n') + 1;		/* every row of a view ends with a newline */
		n++;
	}
	*ret_end = text;
	return n;
}

static void
draw(struct progress *pr, const struct str *text, size_t max)
{
	const char *p = str_c(text), *end;
	size_t n = rows_of(p, max, &end);
	struct str out = STR_INIT;

	str_add(&out, "\033[?25l\033[?7l\r");		/* no cursor, no folding */
	if (pr->drawn > 0)
		str_addf(&out, "\033[%zuA", pr->drawn);
	while (p < end) {
		size_t len = strcspn(p, "\n");

		str_addn(&out, p, len);
		str_add(&out, "\033[K\n");
		p += len + 1;
	}
	str_add(&out, "\033[J\033[?7h\033[?25h");
	output_write(&out);
	fflush(stdout);
	pr->drawn = n;
	str_done(&out);
}

static void
draw_live(struct progress *pr)
{
	struct str text = STR_INIT;
	unsigned columns, rows;
	size_t max;

	output_size(&columns, &rows);
	max = rows > 2 ? rows - 1 : 1;
	if (pipeline_n_domains(pr->p) <= LIVE_TEXTS)
		compose_texts(pr, columns, &text);
	else
		compose_lines(pr, max, &text);
	if (strcmp(str_c(&text), str_c(&pr->last)) != 0)
		draw(pr, &text, max);
	str_clear(&pr->last);
	str_add(&pr->last, str_c(&text));
	str_done(&text);
	arena_reset(pr->a);
}

void
progress_show(struct progress *pr)
{
	if (pr == NULL)
		return;
	if (pr->live)
		draw_live(pr);
	else
		log_changes(pr);
}

/* The terminal has folded or cut the rows its own way: only a clear screen is a known one. */
void
progress_resized(struct progress *pr)
{
	if (!progress_live(pr))
		return;
	fputs("\033[H\033[2J", stdout);
	pr->drawn = 0;
	str_clear(&pr->last);
	progress_show(pr);
}

void
progress_free(struct progress *pr)
{
	struct str out = STR_INIT;

	if (pr == NULL)
		return;
	if (pr->drawn > 0) {
		str_addf(&out, "\r\033[%zuA\033[J", pr->drawn);
		output_write(&out);
		fflush(stdout);			/* before anybody writes to stderr */
	}
	arena_free(pr->a);
	free(pr->shown);
	str_done(&pr->last);
	str_done(&out);
	free(pr);
}
