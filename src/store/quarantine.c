/* SPDX-License-Identifier: ISC */
/*
 * A damaged file is moved aside, never deleted: the history in it is not to be had again, and `sqlite3 FILE .recover` often
 * gets most of it back.  Not twice within a day: what damages files that fast is no work for a program.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store_int.h"

#define QUARANTINE_PAUSE_S (24 * 3600)

static const char *const parts[] = { "-wal", "-shm", "-journal", "" };	/* the database last: it is what makes us try again */

bool
store_is_orphan_wal(const char *path)
{
	char *wal = store_beside(path, "-wal");
	struct stat st;
	bool orphan = (stat(path, &st) == -1 ? errno == ENOENT : S_ISREG(st.st_mode) && st.st_size == 0) &&
	    stat(wal, &st) == 0 && st.st_size > 0;

	free(wal);
	return orphan;
}

/* The name says when it was moved, whatever was done to the file since. */
static bool
is_recent(const char *suffix, time_t now)
{
	struct tm tm = { 0 };
	const char *end = strptime(suffix, "%Y%m%dT%H%M%SZ", &tm);
	time_t at;

	if (end == NULL)
		return false;
	at = timegm(&tm);
	return at <= now && now - at < QUARANTINE_PAUSE_S;
}

static bool
was_quarantined_lately(const char *path, time_t now, char **ret)
{
	char *dir = xstrdup(path), *slash = strrchr(dir, '/');
	char *prefix = xasprintf("%s.corrupt-", slash != NULL ? slash + 1 : dir);
	struct dirent *e;
	bool found = false;
	DIR *d;

	if (slash != NULL)
		slash[slash == dir] = '\0';
	d = opendir(slash != NULL ? dir : ".");
	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		found = strncmp(e->d_name, prefix, strlen(prefix)) == 0 && is_recent(e->d_name + strlen(prefix), now);
		if (found)
			*ret = xstrdup(e->d_name);
	}
	if (d != NULL)
		closedir(d);
	free(prefix);
	free(dir);
	return found;
}

/* RENAME_NOREPLACE where there is one: an older one that lies there is somebody's last hope. */
static int
move_parts(const char *path, const char *aside, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char *from = store_beside(path, parts[i]), *to = store_beside(aside, parts[i]);
		int rc = access(to, F_OK) == 0 ? (errno = EEXIST, -1) : rename(from, to);

		if (rc == -1 && errno == ENOENT)
			rc = 0;
		if (rc == -1)
			err_set(err, "cannot move %s aside to %s: %s", from, to, strerror(errno));
		free(from);
		free(to);
		if (rc == -1)
			return -1;
	}
	return 0;
}

int
store_quarantine(const char *path, char **ret, struct err *err)
{
	time_t now = (time_t)(clock_system.unix_ms(&clock_system) / 1000);
	char stamp[32], *earlier = NULL, *aside;
	struct tm tm;

	if (was_quarantined_lately(path, now, &earlier)) {
		err_set(err, "%s is damaged, and %s was moved aside less than a day ago: see to the disk, then move it away by hand",
		    path, earlier);
		free(earlier);
		return -1;
	}
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	aside = xasprintf("%s.corrupt-%s", path, stamp);
	if (move_parts(path, aside, err) == -1) {
		free(aside);
		return -1;
	}
	*ret = aside;
	return 0;
}

/* ---- the marker: it was seen while running ---- */

void
store_marker_set(const char *path)
{
	char *marker = store_beside(path, ".damaged");
	int fd = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd != -1)
		close(fd);
	free(marker);
}

bool
store_marker_is_set(const char *path)
{
	char *marker = store_beside(path, ".damaged");
	bool set = access(marker, F_OK) == 0;

	free(marker);
	return set;
}

void
store_marker_clear(const char *path)
{
	char *marker = store_beside(path, ".damaged");

	unlink(marker);
	free(marker);
}
