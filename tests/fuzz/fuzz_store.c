/* SPDX-License-Identifier: ISC */
/*
 * A file as the store: opened, loaded, asked, written, closed.  Whatever it is, its bytes are still on disk when it was not taken:
 * where it lay when it was refused, beside it when it was moved.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/store/store_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64], path[80];

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
remove_files(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	must(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

static void
remove_dir(void)
{
	remove_files();
	rmdir(dir);
}

/* In memory if there is such a place: thousands of files a second. */
static void
prepare(void)
{
	if (dir[0] != '\0')
		return;
	snprintf(dir, sizeof(dir), "%s/fuzz-store-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/db", dir);
	atexit(remove_dir);
	store_tuning.pace_ms = 0;
	store_tuning.busy_ms = 0;
	store_tuning.retry_ms = 1;
	store_tuning.ballast = 0;
	store_tuning.space_low = store_tuning.space_stop = 0;
}

static void
write_file(const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd != -1 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static bool
same_file(const char *name, const uint8_t *data, size_t size)
{
	uint8_t *there = malloc(size + 1);
	int fd = openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
	bool same = fd != -1 && there != NULL && read(fd, there, size + 1) == (ssize_t)size && memcmp(there, data, size) == 0;

	if (fd != -1)
		close(fd);
	free(there);
	return same;
}

static bool
is_aside(const uint8_t *data, size_t size)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool found = false;

	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		char name[400];

		snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
		found = strncmp(e->d_name, "db.corrupt-", 11) == 0 && same_file(name, data, size);
	}
	if (d != NULL)
		closedir(d);
	return found;
}

static void
on_domain(void *ctx, const struct store_domain *d)
{
	*(uint64_t *)ctx += strlen(d->name) + d->snapshot_len + (d->conf_text != NULL ? strlen(d->conf_text) : 0);
}

static void
on_outbox(void *ctx, const struct store_outbox_row *row)
{
	*(uint64_t *)ctx += strlen(row->notify) + strlen(row->transition.t.domain) + strlen(row->transition.t.to);
}

static void
on_history(void *ctx, const struct store_transition *rows, size_t n, const char *error)
{
	(void)rows;
	(void)n;
	(void)error;
	*(bool *)ctx = true;
}

static void
on_spread(void *ctx, const struct store_spread *rows, size_t n, const char *error)
{
	(void)rows;
	(void)n;
	(void)error;
	*(bool *)ctx = true;
}

static void
wait_for(struct store *s, const bool *done)
{
	struct pollfd p = { .fd = store_fd(s), .events = POLLIN };

	while (!*done) {
		must(poll(&p, 1, 10000) == 1 || errno == EINTR);	/* the fuzzer's own alarm */
		store_dispatch(s);
	}
}

static void
use(struct store *s)
{
	const struct transition t = { .domain = "a.test", .from = "unpublished", .to = "published", .event = EVENT_PUBLISHED };
	const struct store_domain d = { .name = "a.test", .revision = 1, .snapshot = "x", .snapshot_len = 1 };
	bool history = false, spread = false;
	uint64_t sum = 0;
	struct err err;

	store_load(s, on_domain, &sum, &err);
	store_load_outbox(s, on_outbox, &sum, &err);
	store_read_history(s, "a.test", 0, 100, on_history, &history);
	store_read_spread(s, "a.test", on_spread, &spread);
	wait_for(s, &history);
	wait_for(s, &spread);
	store_put_transition(s, &t, NULL, 0);
	store_put_domain(s, &d);
	store_close(s, 5000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct store_config cfg = { .path = path, .history_days = 90, .queue_max = 100 };
	struct store *s;
	struct err err;

	prepare();
	remove_files();
	write_file(data, size);
	s = store_open(&cfg, &err);
	if (s == NULL) {
		must(same_file(path, data, size));
		return 0;
	}
	if (s->quarantined != NULL)
		must(is_aside(data, size));
	use(s);
	return 0;
}
