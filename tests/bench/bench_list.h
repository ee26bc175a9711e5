/* SPDX-License-Identifier: ISC */
/* What the bench programs share: the questions (a line each, "name TYPE", as dnsperf reads it), and the result line. */
#ifndef BENCH_LIST_H
#define BENCH_LIST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>

#define BENCH_SERVERS 8

struct bench_question {
	char *name;
	uint16_t type;
};
struct bench_list {
	struct bench_question *items;
	size_t n;
};

static inline uint16_t
bench_type(const char *word)
{
	static const struct {
		const char *word;
		uint16_t type;
	} types[] = { { "A", 1 }, { "CNAME", 5 }, { "MX", 15 }, { "TXT", 16 }, { "SRV", 33 } };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(word, types[i].word) == 0)
			return types[i].type;
	fprintf(stderr, "no such type: %s\n", word);
	exit(2);
}

static inline struct bench_list
bench_list_read(const char *path)
{
	struct bench_list l = { NULL, 0 };
	char name[256], type[16];
	FILE *f = fopen(path, "r");

	if (f == NULL) {
		perror(path);
		exit(2);
	}
	while (fscanf(f, "%255s %15s", name, type) == 2) {
		if (l.n % 4096 == 0)
			l.items = realloc(l.items, (l.n + 4096) * sizeof(*l.items));
		l.items[l.n].name = strdup(name);
		l.items[l.n++].type = bench_type(type);
	}
	fclose(f);
	return l;
}

static inline double
bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* One line for run.sh: the pass alone, without reading the list. */
static inline void
bench_report(const char *what, size_t queries, size_t failures, double seconds)
{
	struct rusage u;
	double cpu_us;

	getrusage(RUSAGE_SELF, &u);
	cpu_us = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	printf("%s queries=%zu failures=%zu seconds=%.3f qps=%.0f cpu_us=%.2f rss_kb=%ld\n", what, queries, failures,
	    seconds, (double)queries / seconds, cpu_us / (double)queries, u.ru_maxrss);
}

#endif
