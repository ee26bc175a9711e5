/* SPDX-License-Identifier: ISC */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include <m365dnsd/base.h>

#include "testvfs.h"

#define SECTOR 512

/* A write that is not on disk yet. */
struct pending {
	struct pending *next;
	sqlite3_int64 at;
	int n;
	unsigned char bytes[];
};

/* A file by its path: handles share what is pending. */
struct inode {
	struct inode *next;
	char *path;
	unsigned refs;
	struct pending *head, **end;
};

struct file {
	sqlite3_file base;
	sqlite3_file *real;		/* behind this struct */
	struct inode *inode;		/* NULL: a temporary file */
};

static sqlite3_vfs shim;
static sqlite3_vfs *real_vfs;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct inode *inodes;

static struct {
	unsigned ops, nth, times;
	int code;
	unsigned calls, failures;
	int64_t quota;
	unsigned sync_ms;
	unsigned power_at, power_ops;
	bool volatile_writes;
} set;

/* ---- what to do ---- */

void
testvfs_fail(unsigned ops, unsigned nth, unsigned times, int code)
{
	pthread_mutex_lock(&lock);
	set.ops = ops;
	set.nth = nth;
	set.times = times;
	set.code = code;
	set.calls = set.failures = 0;
	pthread_mutex_unlock(&lock);
}

void
testvfs_mend(void)
{
	pthread_mutex_lock(&lock);
	set.ops = 0;
	set.quota = 0;
	set.sync_ms = 0;
	pthread_mutex_unlock(&lock);
}

unsigned
testvfs_calls(void)
{
	return set.calls;
}

unsigned
testvfs_failures(void)
{
	return set.failures;
}

void
testvfs_quota(int64_t bytes)
{
	pthread_mutex_lock(&lock);
	set.quota = bytes;
	pthread_mutex_unlock(&lock);
}

void
testvfs_sync_takes(unsigned ms)
{
	pthread_mutex_lock(&lock);
	set.sync_ms = ms;
	pthread_mutex_unlock(&lock);
}

void
testvfs_power_loss(unsigned nth, unsigned seed)
{
	set.volatile_writes = nth != 0;
	set.power_at = nth;
	set.power_ops = 0;
	if (nth != 0)
		random_seed_for_tests(seed);
}

/* SQLITE_OK or what this call has to return. */
static int
fault(unsigned op)
{
	int rc = SQLITE_OK;

	pthread_mutex_lock(&lock);
	if (set.ops & op) {
		set.calls++;
		if (set.calls >= set.nth && (set.times == 0 || set.calls < set.nth + set.times)) {
			set.failures++;
			rc = set.code;
		}
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

/* ---- power ---- */

static void
apply(struct file *f, const struct pending *w, int n)
{
	f->real->pMethods->xWrite(f->real, w->bytes, n, w->at);
}

static void
forget_pending(struct inode *in)
{
	struct pending *next;

	for (struct pending *w = in->head; w != NULL; w = next) {
		next = w->next;
		free(w);
	}
	in->head = NULL;
	in->end = &in->head;
}

/* Of every file some of the writes, in their order; a sector at least is whole. */
static void
lose_power(struct file *f)
{
	sqlite3_vfs *v = real_vfs;
	sqlite3_file *real = calloc(1, (size_t)v->szOsFile);

	for (struct inode *in = inodes; in != NULL; in = in->next) {
		struct file other = { .inode = in, .real = real };

		if (in->head == NULL)
			continue;
		if (f->inode == in)
			other.real = f->real;
		else if (v->xOpen(v, in->path, real, SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, NULL) != SQLITE_OK)
			continue;
		for (struct pending *w = in->head; w != NULL; w = w->next)
			if (random_below(2))
				apply(&other, w, random_below(8) == 0 && w->n > SECTOR ? SECTOR * (int)random_below((uint32_t)w->n / SECTOR) : w->n);
	}
	free(real);
	_exit(TESTVFS_EXIT);
}

/* Under lock, before each write and sync. */
static void
power_check(struct file *f)
{
	if (set.volatile_writes && ++set.power_ops == set.power_at)
		lose_power(f);
}

/* ---- a file ---- */

static int
file_close(sqlite3_file *base)
{
	struct file *f = (struct file *)base;
	int rc;

	pthread_mutex_lock(&lock);
	if (f->inode != NULL && --f->inode->refs == 0) {
		for (struct pending *w = f->inode->head; w != NULL; w = w->next)
			apply(f, w, w->n);
		forget_pending(f->inode);
	}
	pthread_mutex_unlock(&lock);
	rc = f->real->pMethods->xClose(f->real);
	return rc;
}

static sqlite3_int64
size_now(struct file *f)
{
	sqlite3_int64 size = 0;

	f->real->pMethods->xFileSize(f->real, &size);
	for (struct pending *w = f->inode != NULL ? f->inode->head : NULL; w != NULL; w = w->next)
		if (w->at + w->n > size)
			size = w->at + w->n;
	return size;
}

static void
overlay(const struct pending *w, unsigned char *p, int n, sqlite3_int64 at)
{
	sqlite3_int64 from = w->at > at ? w->at : at, to = w->at + w->n < at + n ? w->at + w->n : at + n;

	if (from < to)
		memcpy(p + (from - at), w->bytes + (from - w->at), (size_t)(to - from));
}

static int
file_read(sqlite3_file *base, void *p, int n, sqlite3_int64 at)
{
	struct file *f = (struct file *)base;
	int rc = fault(TESTVFS_READ);

	if (rc != SQLITE_OK)
		return rc;
	pthread_mutex_lock(&lock);
	rc = f->real->pMethods->xRead(f->real, p, n, at);
	if (f->inode != NULL && f->inode->head != NULL && (rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ)) {
		for (struct pending *w = f->inode->head; w != NULL; w = w->next)
			overlay(w, p, n, at);
		rc = at + n <= size_now(f) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
keep_back(struct inode *in, const void *p, int n, sqlite3_int64 at)
{
	struct pending *w = malloc(sizeof(*w) + (size_t)n);

	if (w == NULL)
		return SQLITE_IOERR_NOMEM;
	*w = (struct pending) { .at = at, .n = n };
	memcpy(w->bytes, p, (size_t)n);
	*in->end = w;
	in->end = &w->next;
	return SQLITE_OK;
}

static int
file_write(sqlite3_file *base, const void *p, int n, sqlite3_int64 at)
{
	struct file *f = (struct file *)base;
	int rc = fault(TESTVFS_WRITE);

	if (rc != SQLITE_OK)
		return rc;
	pthread_mutex_lock(&lock);
	power_check(f);
	if (set.quota > 0 && at + n > set.quota && at + n > size_now(f))
		rc = SQLITE_FULL;
	else if (set.volatile_writes && f->inode != NULL)
		rc = keep_back(f->inode, p, n, at);
	else
		rc = f->real->pMethods->xWrite(f->real, p, n, at);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct file *f = (struct file *)base;
	int rc = fault(TESTVFS_WRITE);

	if (rc != SQLITE_OK)
		return rc;
	pthread_mutex_lock(&lock);
	for (struct pending *w = f->inode != NULL ? f->inode->head : NULL; w != NULL; w = w->next)
		w->n = w->at >= size ? 0 : w->at + w->n > size ? (int)(size - w->at) : w->n;
	rc = f->real->pMethods->xTruncate(f->real, size);
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
file_sync(sqlite3_file *base, int flags)
{
	struct file *f = (struct file *)base;
	int rc = fault(TESTVFS_SYNC);
	struct timespec ts;

	if (rc != SQLITE_OK)
		return rc;
	pthread_mutex_lock(&lock);
	ts = (struct timespec){ .tv_sec = set.sync_ms / 1000, .tv_nsec = set.sync_ms % 1000 * 1000000L };
	pthread_mutex_unlock(&lock);
	if (ts.tv_sec != 0 || ts.tv_nsec != 0)
		nanosleep(&ts, NULL);
	pthread_mutex_lock(&lock);
	power_check(f);
	if (f->inode != NULL) {
		for (struct pending *w = f->inode->head; w != NULL; w = w->next)
			apply(f, w, w->n);
		forget_pending(f->inode);
	}
	pthread_mutex_unlock(&lock);
	/* A simulated loss of power does not need the disk. */
	return set.volatile_writes ? SQLITE_OK : f->real->pMethods->xSync(f->real, flags);
}

static int
file_size(sqlite3_file *base, sqlite3_int64 *ret)
{
	pthread_mutex_lock(&lock);
	*ret = size_now((struct file *)base);
	pthread_mutex_unlock(&lock);
	return SQLITE_OK;
}

#define REAL(base) (((struct file *)(base))->real)

static int
file_lock(sqlite3_file *base, int level)
{
	int rc = fault(TESTVFS_LOCK);

	return rc != SQLITE_OK ? rc : REAL(base)->pMethods->xLock(REAL(base), level);
}

static int
file_unlock(sqlite3_file *base, int level)
{
	return REAL(base)->pMethods->xUnlock(REAL(base), level);
}

static int
file_check_lock(sqlite3_file *base, int *ret)
{
	return REAL(base)->pMethods->xCheckReservedLock(REAL(base), ret);
}

static int
file_control(sqlite3_file *base, int op, void *arg)
{
	return REAL(base)->pMethods->xFileControl(REAL(base), op, arg);
}

static int
file_sector_size(sqlite3_file *base)
{
	return REAL(base)->pMethods->xSectorSize(REAL(base));
}

static int
file_characteristics(sqlite3_file *base)
{
	(void)base;
	return 0;		/* promises nothing */
}

static int
file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **ret)
{
	int rc = fault(TESTVFS_OPEN);

	return rc != SQLITE_OK ? rc : REAL(base)->pMethods->xShmMap(REAL(base), page, size, extend, ret);
}

static int
file_shm_lock(sqlite3_file *base, int at, int n, int flags)
{
	/* The first byte is the writer's lock; SQLite waits long for the others, which nobody holds long. */
	int rc = flags & SQLITE_SHM_LOCK && at == 0 ? fault(TESTVFS_LOCK) : SQLITE_OK;

	return rc != SQLITE_OK ? rc : REAL(base)->pMethods->xShmLock(REAL(base), at, n, flags);
}

static void
file_shm_barrier(sqlite3_file *base)
{
	REAL(base)->pMethods->xShmBarrier(REAL(base));
}

static int
file_shm_unmap(sqlite3_file *base, int delete)
{
	return REAL(base)->pMethods->xShmUnmap(REAL(base), delete);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

/* ---- the file system ---- */

static struct inode *
inode_get(const char *path)
{
	struct inode *in = inodes;

	while (in != NULL && strcmp(in->path, path) != 0)
		in = in->next;
	if (in == NULL) {
		in = xcalloc(1, sizeof(*in));
		in->path = xstrdup(path);
		in->end = &in->head;
		in->next = inodes;
		inodes = in;
	}
	in->refs++;
	return in;
}

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *ret_flags)
{
	struct file *f = (struct file *)base;
	int rc = fault(TESTVFS_OPEN);

	(void)vfs;
	memset(f, 0, sizeof(*f));
	f->real = (sqlite3_file *)(void *)(f + 1);
	if (rc == SQLITE_OK)
		rc = real_vfs->xOpen(real_vfs, name, f->real, flags, ret_flags);
	if (rc != SQLITE_OK)
		return rc;
	f->base.pMethods = &methods;
	if (name != NULL) {
		pthread_mutex_lock(&lock);
		f->inode = inode_get(name);
		pthread_mutex_unlock(&lock);
	}
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	int rc = fault(TESTVFS_WRITE);

	(void)vfs;
	return rc != SQLITE_OK ? rc : real_vfs->xDelete(real_vfs, name, sync_dir);
}

void
testvfs_install(void)
{
	memset(&set, 0, sizeof(set));
	if (real_vfs != NULL)
		return;
	real_vfs = sqlite3_vfs_find(NULL);
	shim = *real_vfs;
	shim.zName = "faulty";
	shim.pNext = NULL;
	shim.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
	shim.xOpen = vfs_open;
	shim.xDelete = vfs_delete;
	sqlite3_vfs_register(&shim, 1);
}
