/* SPDX-License-Identifier: ISC */
/*
 * Copies of the database: one before a migration, and those that somebody asks for while the daemon runs.
 *
 * All pages are copied in one read transaction, so the copy is of one moment however much is written meanwhile, and nobody waits
 * for it; only the write-ahead log cannot be cut short while it lasts.  A copy has another name until it is whole, checked and
 * on the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store_int.h"

/* ---- files ---- */

static int
sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

/* What lies before the last slash, "." without one. */
static char *
directory_of(const char *path)
{
	char *copy = xstrdup(path), *dir = xstrdup(dirname(copy));

	free(copy);
	return dir;
}

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static int
sync_directory_of(const char *path)
{
	char *dir = directory_of(path);
	int rc = sync_path(dir, O_RDONLY | O_DIRECTORY);

	free(dir);
	return rc;
}

static bool
same_file(const char *a, const char *b)
{
	struct stat s, t;

	return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

static void
part_remove(const char *part)
{
	static const char *const parts[] = { "", "-journal", "-wal", "-shm" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char *name = store_beside(part, parts[i]);

		unlink(name);
		free(name);
	}
}

/* ---- pages ---- */

static int
copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	if (b == NULL)
		return sqlite3_extended_errcode(to);
	sqlite3_backup_step(b, -1);
	return sqlite3_backup_finish(b);
}

/* A whole copy that is on the disk, by the name of part; check: every page of it is looked at. */
static int
part_write(sqlite3 *from, const char *part, bool check, struct err *err)
{
	sqlite3 *db = NULL;
	struct err what;
	int rc;

	rc = sqlite3_open_v2(part, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = copy_pages(from, db);
	if (rc == SQLITE_OK && check && (rc = store_check_pages(db, false, &what)) != SQLITE_OK)
		err_set(err, "the copy is damaged (%.400s)", what.msg);
	else if (rc != SQLITE_OK)
		err_set(err, "%s", sqlite3_errstr(rc));
	sqlite3_close(db);
	if (rc == SQLITE_OK && sync_path(part, O_RDONLY) == -1) {
		err_set(err, "%s", strerror(errno));
		rc = SQLITE_IOERR;
	}
	return rc == SQLITE_OK ? 0 : -1;
}

/* ---- before a migration ---- */

int
store_copy_before(sqlite3 *db, const char *path, int version, struct err *err)
{
	char *to = xasprintf("%s.pre-v%d", path, version), *part = xasprintf("%s.part", to);
	int rc;

	part_remove(part);		/* of one that was killed */
	rc = part_write(db, part, false, err);
	if (rc == 0 && (rename(part, to) == -1 || sync_directory_of(to) == -1)) {
		err_set(err, "%s", strerror(errno));
		rc = -1;
	}
	if (rc == -1)
		err_prefix(err, "cannot keep a copy as %s before the migration", to);
	part_remove(part);
	free(part);
	free(to);
	return rc;
}

/* ---- on request ---- */

/* The database, and what SQLite and this room keep beside it. */
static bool
belongs_to(const char *to, const char *path)
{
	static const char *const beside[] = { "", "-wal", "-shm", "-journal", ".lock", ".ballast", ".damaged" };
	char *to_dir = directory_of(to), *dir = directory_of(path);
	const char *name = base_of(path), *to_name = base_of(to);
	bool found = same_file(to, path);

	for (size_t i = 0; i < ARRAY_LEN(beside) && same_file(to_dir, dir); i++)
		found = found || (strncmp(to_name, name, strlen(name)) == 0 && strcmp(to_name + strlen(name), beside[i]) == 0);
	free(to_dir);
	free(dir);
	return found;
}

static int
check_target(const char *path, const char *to, struct err *err)
{
	struct stat st;

	if (belongs_to(to, path))
		err_set(err, "%s: is the database itself, or belongs to it", to);
	else if (lstat(to, &st) == 0)
		err_set(err, "%s: is there already; nothing is written over", to);
	else if (errno != ENOENT)
		err_set(err, "%s: %s", to, strerror(errno));
	else
		return 0;
	return -1;
}

/* Ours, and of one moment from here on. */
static int
source_open(struct conn *c, const char *path, int64_t *ret_bytes, struct err *err)
{
	int64_t id = 0, pages = 0, size = 0;
	int rc;

	if (access(path, R_OK) == -1) {
		err_set(err, "%s: %s", path, strerror(errno));
		return -1;
	}
	if ((rc = conn_open(c, path, CONN_READ)) != SQLITE_OK ||
	    (rc = sqlite3_exec(c->db, "BEGIN", NULL, NULL, NULL)) != SQLITE_OK ||
	    (rc = conn_int(c->db, "PRAGMA application_id", &id)) != SQLITE_OK ||
	    (rc = conn_int(c->db, "PRAGMA page_count", &pages)) != SQLITE_OK ||
	    (rc = conn_int(c->db, "PRAGMA page_size", &size)) != SQLITE_OK) {
		const struct store_trouble *t = store_trouble_find(rc);

		err_set(err, "%s: %s (%s)", path, t->corrupt ? "the file is damaged" : t->words, sqlite3_errstr(rc));
		return -1;
	}
	if (id != STORE_APPLICATION_ID) {
		err_set(err, "%s: is no database of m365dnsd", path);
		return -1;
	}
	*ret_bytes = pages * size;
	return 0;
}

/* A disk that fills up would be trouble for the daemon, which may write to the same one. */
static int
check_room(const char *to, int64_t bytes, struct err *err)
{
	char *dir = directory_of(to);
	struct statvfs st;
	int rc = statvfs(dir, &st);

	if (rc == -1)
		err_set(err, "%s: %s", dir, strerror(errno));
	else if ((int64_t)(st.f_bavail * st.f_frsize) < bytes) {
		err_set(err, "%s: the disk has no room for it: %lld kB are wanted", to, (long long)bytes / 1024);
		rc = -1;
	}
	free(dir);
	return rc;
}

/* Readable by nobody else, for it holds what the database holds; and nobody else's, who may copy to the same name. */
static int
part_make(char *part, struct err *err)
{
	int fd = mkostemp(part, O_CLOEXEC);

	if (fd == -1) {
		err_set(err, "%s: %s", part, strerror(errno));
		return -1;
	}
	close(fd);
	return 0;
}

/* Its last name, unless somebody else took that meanwhile.  Not every file system has the flag; most of those have links. */
static int
part_publish(const char *part, const char *to, struct err *err)
{
	int rc = renameat2(AT_FDCWD, part, AT_FDCWD, to, RENAME_NOREPLACE);

	if (rc == -1 && errno == EINVAL)
		rc = link(part, to);
	if (rc == 0 && sync_directory_of(to) == 0)
		return 0;
	err_set(err, "%s: %s", to, errno == EEXIST ? "is there already; nothing is written over" : strerror(errno));
	return -1;
}

enum store_backup
store_backup(const char *path, const char *to, struct err *err)
{
	struct conn c = { .db = NULL };
	char *part = xasprintf("%s.part-XXXXXX", to);
	enum store_backup rc = STORE_BACKUP_REFUSED;
	int64_t bytes;

	if (check_target(path, to, err) == -1 || source_open(&c, path, &bytes, err) == -1)
		goto out;
	rc = STORE_BACKUP_FAILED;
	if (check_room(to, bytes, err) == -1 || part_make(part, err) == -1)
		goto out;
	if (part_write(c.db, part, true, err) == -1)
		err_prefix(err, "%s", to);
	else if (part_publish(part, to, err) == 0)
		rc = STORE_BACKUP_DONE;
	part_remove(part);
out:
	conn_close(&c);
	free(part);
	return rc;
}
