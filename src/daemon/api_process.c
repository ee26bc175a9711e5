/* SPDX-License-Identifier: ISC */
/* The process_* metrics, as client libraries take them from /proc (proc(5)); what cannot be read is -1 and left out. */
#include "api.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool
read_proc(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL)
		return false;
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
	return n > 0;
}

/* Field no of /proc/self/stat, counted from 1; the name in parentheses before field 3 may hold anything. */
static double
stat_field(const char *stat, unsigned no)
{
	const char *p = strrchr(stat, ')');

	for (unsigned i = 2; p != NULL && i < no; i++) {
		p = strchr(p + 1, ' ');
	}
	return p != NULL ? strtod(p + 1, NULL) : -1;
}

/* When the machine started, in seconds since 1970. */
static double
boot_time(void)
{
	static double at = -1;
	char *buf, *p;

	if (at >= 0)
		return at;
	buf = xmalloc(65536);
	if (read_proc("/proc/stat", buf, 65536) && (p = strstr(buf, "\nbtime ")) != NULL)
		at = strtod(p + 7, NULL);
	free(buf);
	return at;
}

static int64_t
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int64_t n = -3;		/* ".", ".." and the one of this very reading */

	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

void
api_process(struct view_process *ret)
{
	double hz = (double)sysconf(_SC_CLK_TCK), boot = boot_time();
	struct rlimit limit;
	char stat[2048];

	*ret = (struct view_process){ -1, -1, -1, -1, -1, -1 };
	if (hz > 0 && read_proc("/proc/self/stat", stat, sizeof(stat))) {
		ret->cpu_seconds = (stat_field(stat, 14) + stat_field(stat, 15)) / hz;
		ret->virtual_bytes = (int64_t)stat_field(stat, 23);
		ret->resident_bytes = (int64_t)stat_field(stat, 24) * sysconf(_SC_PAGESIZE);
		if (boot >= 0)
			ret->start_unix_seconds = boot + stat_field(stat, 22) / hz;
	}
	ret->open_fds = count_fds();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		ret->max_fds = (int64_t)limit.rlim_cur;
}
