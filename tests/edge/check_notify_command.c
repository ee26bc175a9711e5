/* SPDX-License-Identifier: ISC */
/* Commands: this program itself under other names; the name says what it does. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/notifylab.h"

/* ---- commands: this program under another name, see hook() ---- */

static const char *
hook_path(const char *behaviour)
{
	static char path[128];
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, behaviour);
	if (symlink(self, path) == -1)
		ck_assert_int_eq(errno, EEXIST);
	return path;
}

static void
read_file(const char *name, struct str *ret)
{
	char path[128], buf[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd != -1, "%s: %s", path, strerror(errno));
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		str_addn(ret, buf, (size_t)n);
	close(fd);
}

START_TEST(command_gets)
{
	struct str out = STR_INIT, want = STR_INIT;

	setenv("NOTIFY_SOCKET", "/run/x", 1);
	setenv("WATCHDOG_USEC", "1", 1);
	begin((struct notify_config){ 0 });
	receive_by(NULL, hook_path("record"));
	tell(17, "contoso.test", "mx", EVENT_REGRESSED);
	tell(18, "fabrikam.test", NULL, EVENT_COMPLETE);
	run_until_settled(2);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	read_file("record.17", &out);
	str_addf(&want, "%s/record\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLANG=C.UTF-8\n"
	    "M365DNSD_ID=17\nM365DNSD_DOMAIN=contoso.test\nM365DNSD_EVENT=regressed\nM365DNSD_RECORD=mx\n"
	    "M365DNSD_FROM=published\nM365DNSD_TO=regressed\ncwd /\nfds 0 1 2\nSIGPIPE default\ngroup leader\n"
	    BODY("17", "contoso.test", "\"mx\"", "regressed") "}\n", dir);
	ck_assert_str_eq(str_c(&out), str_c(&want));
	str_clear(&out);
	read_file("record.18", &out);
	ck_assert_ptr_nonnull(strstr(str_c(&out), "\nM365DNSD_RECORD=\n"));
	str_done(&out);
	str_done(&want);
}
END_TEST

static const struct {
	const char *behaviour;
	const char *words;		/* of the log; NULL = delivered at once */
	bool delivered;
} commands[] = {
	{ "noread", NULL, true },
	{ "flaky", "fails: exit 1; it is tried again", true },
	{ "fail", "fails: exit 3;", false },
	{ "signal", "was killed by signal 15", false },
	{ "slow", "did not end within 1 s and was killed", false },
	{ "missing/at/all", "cannot be started: No such file or directory", false },
	{ "forbidden", "cannot be started: Permission denied", false },
};

/* Its vfork() is a fork(): that a program cannot be started comes as exit 127. */
static bool
in_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

START_TEST(command_outcome)
{
	const char *name = commands[_i].behaviour;
	char path[128];
	bool delivered = commands[_i].delivered;

	snprintf(path, sizeof(path), "%s/forbidden", dir);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (strcmp(name, "forbidden") != 0 && strchr(name, '/') == NULL)
		hook_path(name);
	begin((struct notify_config){ .command_ms = strcmp(name, "slow") == 0 ? 50 : 20000, .give_up_ms = delivered ? 0 : 1 });
	receive_by(NULL, path);
	tell(17, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_settled(1);
	ck_assert_msg(strcmp(str_c(&settled), delivered ? "ops+17" : "ops-17") == 0, "%s: %s", name, str_c(&settled));
	if (commands[_i].words == NULL)
		ck_assert_str_eq(str_c(&logged), "");
	else if (!in_valgrind() || strstr(commands[_i].words, "cannot be started") == NULL)
		ck_assert_msg(strstr(str_c(&logged), commands[_i].words) != NULL, "%s: %s", name, str_c(&logged));
	ck_assert(stats().by_command);
}
END_TEST

/* Readable when somebody opened the FIFO of the behaviour "family", at its end when all who have it open are gone. */
static void
on_fifo(void *ctx, int fd, unsigned events)
{
	char c;

	(void)ctx;
	(void)events;
	if (read(fd, &c, 1) == 1)
		loop_stop(loop);
}

/* A command that has started another process: with the end of the command's time, or of ours, both are gone. */
START_TEST(command_family_is_killed)
{
	char path[128], c;
	struct loop_fd *watch;
	int fd;

	snprintf(path, sizeof(path), "%s/family.fifo", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	watch = loop_fd_new(loop, fd, on_fifo, NULL);
	loop_fd_set(watch, LOOP_READ);
	begin((struct notify_config){ .command_ms = _i == 0 ? 300 : 0, .give_up_ms = 1 });
	receive_by(NULL, hook_path("family"));
	tell(17, "contoso.test", NULL, EVENT_COMPLETE);
	loop_run(loop);
	if (_i == 0)
		run_until_settled(1);
	else {
		notify_free(notify);
		notify = NULL;
	}
	loop_fd_free(watch);
	fcntl(fd, F_SETFL, 0);
	ck_assert_int_eq(read(fd, &c, 1), 0);	/* would block as long as anybody lives */
	close(fd);
	ck_assert_str_eq(str_c(&settled), _i == 0 ? "ops-17" : "");
}
END_TEST

/* ---- this program as the command ---- */

static void
hook_record(const char *path, FILE *f, char **environment)
{
	struct sigaction sa;
	char cwd[PATH_MAX];
	int c;

	fprintf(f, "%s\n", path);
	for (char **e = environment; *e != NULL; e++)
		fprintf(f, "%s\n", *e);
	fprintf(f, "cwd %s\nfds", getcwd(cwd, sizeof(cwd)));
	for (int fd = 0; fd < 64; fd++)
		if (fd != fileno(f) && fcntl(fd, F_GETFD) != -1)
			fprintf(f, " %d", fd);
	sigaction(SIGPIPE, NULL, &sa);
	fprintf(f, "\nSIGPIPE %s\n", sa.sa_handler == SIG_DFL ? "default" : "changed");
	fprintf(f, "group %s\n", getpgrp() == getpid() ? "leader" : "member");
	while ((c = getchar()) != EOF)
		putc(c, f);
}

static int
hook_family(const char *path)
{
	char fifo[PATH_MAX];
	pid_t child;
	int fd;

	snprintf(fifo, sizeof(fifo), "%s.fifo", path);
	fd = open(fifo, O_WRONLY);
	if (fd == -1 || (child = fork()) == -1 || (child != 0 && write(fd, "x", 1) != 1))
		return 1;
	for (;;)
		pause();
}

static int
hook(char **argv, char **environment)
{
	const char *behaviour = strrchr(argv[0], '/') + 1;
	char path[PATH_MAX];
	FILE *f;

	if (strcmp(behaviour, "fail") == 0)
		return 3;
	if (strcmp(behaviour, "signal") == 0)
		raise(SIGTERM);
	if (strcmp(behaviour, "slow") == 0)
		for (;;)
			pause();
	if (strcmp(behaviour, "family") == 0)
		return hook_family(argv[0]);
	if (strcmp(behaviour, "flaky") == 0) {
		snprintf(path, sizeof(path), "%s.tried", argv[0]);
		return open(path, O_CREAT | O_EXCL | O_WRONLY, 0600) != -1;
	}
	if (strcmp(behaviour, "record") != 0)
		return 0;
	snprintf(path, sizeof(path), "%s.%s", argv[0], getenv("M365DNSD_ID"));
	f = fopen(path, "w");
	if (f == NULL)
		return 1;
	hook_record(argv[0], f, environment);
	return fclose(f) != 0;
}

static Suite *
suite(void)
{
	Suite *s = suite_create("notify_command");
	TCase *t = tcase_create("notify_command");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, command_gets);
	tcase_add_loop_test(t, command_outcome, 0, (int)ARRAY_LEN(commands));
	tcase_add_loop_test(t, command_family_is_killed, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

int
main(int argc, char **argv, char **environment)
{
	SRunner *r;
	int failed;

	(void)argc;
	if (getenv("M365DNSD_ID") != NULL)
		return hook(argv, environment);
	r = srunner_create(suite());
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
