/* SPDX-License-Identifier: ISC */
/*
 * A main for the fuzz targets without libFuzzer: runs every file of the directories (or the files) given, so that each
 * find of the fuzzer stays a test with any compiler.  Prints a line that counts like Check's.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char current[PATH_MAX];	/* for the crash handler */
static unsigned runs, failures;

/* Only async-signal-safe calls: which file was it? */
static void
on_crash(int signo)
{
	static const char text[] = "crashed on ";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) == -1 || write(STDERR_FILENO, current, strlen(current)) == -1 ||
	    write(STDERR_FILENO, "\n", 1) == -1)
		_exit(2);
	signal(signo, SIG_DFL);
	raise(signo);
}

/* The bytes in a block of exactly their size, so that ASan sees the first byte read behind it. */
static uint8_t *
read_file(const char *path, size_t *ret_size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
		data = malloc(size > 0 ? (size_t)size : 1);
		if (data != NULL && fread(data, 1, (size_t)size, f) != (size_t)size) {
			free(data);
			data = NULL;
		}
	}
	if (f != NULL)
		fclose(f);
	*ret_size = size > 0 ? (size_t)size : 0;
	return data;
}

static void
run_file(const char *path)
{
	size_t size;
	uint8_t *data = read_file(path, &size);

	runs++;
	if (data == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		failures++;
		return;
	}
	snprintf(current, sizeof(current), "%s", path);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static int
not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void
run_path(const char *path)
{
	struct dirent **list = NULL;
	struct stat st;
	int n;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	n = scandir(path, &list, not_hidden, alphasort);	/* the same order everywhere */
	if (n <= 0) {
		fprintf(stderr, "%s: %s\n", path, n == -1 ? strerror(errno) : "no corpus file");
		runs++;
		failures++;
	}
	for (int i = 0; i < n; i++) {
		char file[PATH_MAX];

		snprintf(file, sizeof(file), "%s/%s", path, list[i]->d_name);
		run_file(file);
		free(list[i]);
	}
	free(list);
}

int
main(int argc, char **argv)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		signal(crashes[i], on_crash);
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	printf("%u%%: Checks: %u, Failures: %u, Errors: 0\n", runs != 0 ? (runs - failures) * 100 / runs : 0, runs, failures);
	return failures != 0 || runs == 0;
}
