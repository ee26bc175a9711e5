/* SPDX-License-Identifier: ISC */
/* What was wrong, all of it in one run. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* More than anybody mends at once; the rest is counted in the last one. */
#define PROBLEMS_MAX 1000

void
conf_problem_add(struct conf_problems *p, const char *file, int line, const char *fmt, ...)
{
	if (p->n >= PROBLEMS_MAX)
		return;

	va_list ap;
	va_start(ap, fmt);
	char *raw = p->n + 1 < PROBLEMS_MAX ? xvasprintf(fmt, ap) : xstrdup("more mistakes follow");
	va_end(ap);

	p->list = xreallocarray(p->list, p->n + 1, sizeof(*p->list));
	p->list[p->n++] = (struct conf_problem){
		.file = file != NULL ? xstrdup(file) : NULL,
		.line = line,
		.text = raw,
	};
}

static int
by_line(const void *a, const void *b)
{
	const struct conf_problem *p = a, *q = b;

	if (p->line != q->line)
		return p->line < q->line ? -1 : 1;
	return p->seq < q->seq ? -1 : p->seq > q->seq;
}

/* Some mistakes show only when a block, or everything, has been read. */
void
problems_sort(struct conf_problems *p, size_t from, char *const *files, size_t n_files)
{
	struct conf_problem *list;
	size_t n = p->n - from, done = 0;

	if (n == 0)
		return;
	list = p->list + from;
	for (size_t i = 0; i < n; i++)
		list[i].seq = i;
	/* file by file, in the order they were read; the lines inside each */
	for (size_t f = 0; f < n_files; f++) {
		size_t start = done;
		for (size_t i = done; i < n; i++) {
			if (list[i].file == NULL || strcmp(list[i].file, files[f]) != 0)
				continue;
			struct conf_problem found = list[i];
			memmove(&list[done + 1], &list[done], (i - done) * sizeof(*list));
			list[done++] = found;
		}
		if (done > start)
			qsort(list + start, done - start, sizeof(*list), by_line);
	}
}

void
conf_problems_text(const struct conf_problems *p, struct str *ret)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct conf_problem *problem = &p->list[i];

		str_add(ret, problem->file != NULL ? problem->file : "command line");
		if (problem->line > 0)
			str_addf(ret, ":%d", problem->line);
		str_add(ret, ": ");
		str_add_printable(ret, problem->text, strlen(problem->text));
		str_addc(ret, '\n');
	}
}

void
conf_problems_done(struct conf_problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->list[i].file);
		free(p->list[i].text);
	}
	free(p->list);
	*p = (struct conf_problems){ NULL, 0 };
}
