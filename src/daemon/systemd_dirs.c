/* SPDX-License-Identifier: ISC */
/* Directories and secrets that the service manager prepared; secrets in files of one's own. */
#include "systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX 4096

static const char *const variables[] = {
	[SYSTEMD_STATE] = "STATE_DIRECTORY",
	[SYSTEMD_CONFIGURATION] = "CONFIGURATION_DIRECTORY",
};

/* systemd.exec(5): several directories are separated by colons. */
char *
systemd_directory(enum systemd_dir dir)
{
	const char *value = getenv(variables[dir]);

	if (value == NULL || value[0] != '/')
		return NULL;
	return xstrndup(value, strcspn(value, ":"));
}

/* The visible word in text[0..n); false when there is none, or more than one. */
static bool
trim(char *text, size_t n, char **ret)
{
	size_t start = 0;

	while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL && text[n - 1] != '\0')
		n--;
	while (start < n && strchr(" \t\r\n", text[start]) != NULL && text[start] != '\0')
		start++;
	if (start == n)
		return false;
	for (size_t i = start; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	*ret = xstrndup(text + start, n - start);
	return true;
}

static int
read_all(int fd, char *buf, size_t cap, size_t *ret_n)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = read(fd, buf + n, cap - n);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret_n = n;
	return 0;
}

static int
read_word(int fd, bool private, char **ret, struct err *err)
{
	char buf[SECRET_MAX + 1];
	struct stat st;
	size_t n = 0;
	int rc = -1;

	if (fstat(fd, &st) == -1)
		err_set(err, "%s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err_set(err, "is not a file");
	else if (private && (st.st_mode & (S_IROTH | S_IWOTH)) != 0)
		err_set(err, "everybody may read or write it (chmod o= helps)");
	else if (read_all(fd, buf, sizeof(buf), &n) == -1)
		err_set(err, "%s", strerror(errno));
	else if (n > SECRET_MAX)
		err_set(err, "is longer than %d bytes", SECRET_MAX);
	else if (!trim(buf, n, ret))
		err_set(err, "a token is one word of visible ASCII characters");
	else
		rc = 0;
	explicit_bzero(buf, sizeof(buf));
	return rc;
}

static int
read_path(const char *path, bool private, char **ret, struct err *err)
{
	int fd, rc;

	/* O_NONBLOCK: a FIFO must not hold up the start. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1) {
		err_set(err, "%s: %s", path, strerror(errno));
		return -1;
	}
	rc = read_word(fd, private, ret, err);
	if (rc == -1)
		err_prefix(err, "%s", path);
	close(fd);
	return rc;
}

int
secret_read(const char *path, char **ret, struct err *err)
{
	return read_path(path, true, ret, err);
}

int
secret_credential(const char *name, char **ret, struct err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *path;
	int rc;

	*ret = NULL;
	if (dir == NULL || dir[0] != '/')
		return 0;
	path = xasprintf("%s/%s", dir, name);
	rc = access(path, F_OK) == -1 && errno == ENOENT ? 0 : read_path(path, false, ret, err);
	free(path);
	return rc;
}

void
secret_free(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}
