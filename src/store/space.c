/* SPDX-License-Identifier: ISC */
/*
 * Room on the disk.  In WAL mode a full disk cannot be emptied by deleting: a DELETE writes first.  So writing stops before it is
 * full, and a ballast file is kept, larger than the WAL may grow, to be given up when it is.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store_int.h"

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool
look(const char *path, int64_t *ret_free, int64_t *ret_size)
{
	char *dir = xstrdup(path), *slash = strrchr(dir, '/');
	struct statvfs v;
	int rc;

	if (slash != NULL)
		slash[slash == dir] = '\0';
	rc = statvfs(slash != NULL ? dir : ".", &v);
	free(dir);
	if (rc == -1 || v.f_blocks == 0)
		return false;		/* nothing known: SQLite will tell */
	*ret_free = (int64_t)(v.f_bavail * v.f_frsize);
	*ret_size = (int64_t)(v.f_blocks * v.f_frsize);
	return true;
}

enum space
store_space(const char *path, int64_t *ret_room)
{
	int64_t free_bytes, size, stop;

	*ret_room = INT64_MAX;
	if (!look(path, &free_bytes, &size))
		return SPACE_OK;
	stop = least(store_tuning.space_stop, size / store_tuning.stop_part);
	*ret_room = free_bytes - stop;
	if (free_bytes < stop)
		return SPACE_NONE;
	return free_bytes < least(store_tuning.space_low, size / store_tuning.low_part) ? SPACE_LOW : SPACE_OK;
}

bool
store_ballast_make(const char *path)
{
	char *ballast = store_beside(path, ".ballast");
	int64_t free_bytes, size;
	struct stat st;
	bool there = stat(ballast, &st) == 0 && st.st_size >= store_tuning.ballast;
	int fd = -1;

	if (!there && look(path, &free_bytes, &size) && free_bytes > 2 * (store_tuning.ballast + store_tuning.space_low)) {
		fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		there = fd != -1 && posix_fallocate(fd, 0, store_tuning.ballast) == 0;
		if (fd != -1)
			close(fd);
		if (fd != -1 && !there)
			unlink(ballast);
	}
	free(ballast);
	return there;
}

bool
store_ballast_drop(const char *path)
{
	char *ballast = store_beside(path, ".ballast");
	bool dropped = unlink(ballast) == 0;

	free(ballast);
	return dropped;
}
