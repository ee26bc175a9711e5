/* SPDX-License-Identifier: ISC */
/*
 * The service manager and the journal played by sockets of our own.  A unix datagram is there when sendto(2) returns, so nothing
 * waits.  What concerns inherited descriptors runs in a child, which tells in words what it got.
 */
#include <check.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/daemon/systemd.h"

#define INHERITED_MAX 8

static char dir[] = "/tmp/check-systemd-XXXXXX";
static struct clock fake;
static int manager;			/* the manager's end of NOTIFY_SOCKET */
static char got[4096];			/* the last message to it */
static unsigned warnings;

static void
count_warning(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)line;
	warnings += level <= LOG_LVL_WARNING;
}

static int
listen_at(const char *name, int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ck_assert_uint_lt(n, sizeof(un.sun_path));
	memcpy(un.sun_path, name, n);
	if (name[0] == '@')
		un.sun_path[0] = '\0';
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)), 0);
	return fd;
}

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static const char *
abstract_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "@check-systemd-%d", (int)getpid());
	return name;
}

static void
setup(void)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	clock_fake_init(&fake, 1000, 0);
	log_redirect(count_warning, NULL);
	warnings = 0;
	manager = listen_at(path_of("notify"), SOCK_DGRAM);
	setenv("NOTIFY_SOCKET", path_of("notify"), 1);
}

static void
teardown(void)
{
	char *command = xasprintf("rm -rf %s", dir);

	close(manager);
	unsetenv("NOTIFY_SOCKET");
	ck_assert_int_eq(system(command), 0);
	free(command);
	log_redirect(NULL, NULL);
}

/* The next message, or "" when there is none. */
static const char *
next_message(void)
{
	ssize_t n = recv(manager, got, sizeof(got) - 1, MSG_DONTWAIT);

	got[n > 0 ? n : 0] = '\0';
	return got;
}

/* ---- notify ---- */

START_TEST(tells_the_life_of_a_service)
{
	struct systemd *s = systemd_new(&fake);
	struct timespec before, after;
	long long usec;

	ck_assert(systemd_ready(s));
	ck_assert_str_eq(next_message(), "READY=1");
	clock_gettime(CLOCK_MONOTONIC, &before);
	ck_assert(systemd_reloading(s));
	clock_gettime(CLOCK_MONOTONIC, &after);
	ck_assert_int_eq(sscanf(next_message(), "RELOADING=1\nMONOTONIC_USEC=%lld", &usec), 1);
	ck_assert_int_ge(usec, (long long)before.tv_sec * 1000000 + before.tv_nsec / 1000);
	ck_assert_int_le(usec, (long long)after.tv_sec * 1000000 + after.tv_nsec / 1000);
	ck_assert(systemd_extend_timeout(s, 30000));
	ck_assert_str_eq(next_message(), "EXTEND_TIMEOUT_USEC=30000000");
	ck_assert(systemd_stopping(s));
	ck_assert_str_eq(next_message(), "STOPPING=1");
	ck_assert_str_eq(next_message(), "");
	systemd_free(s);
	ck_assert_uint_eq(warnings, 0);
}
END_TEST

START_TEST(status_is_rare)
{
	struct systemd *s = systemd_new(&fake);

	systemd_status(s, "watching %d domains", 3);
	ck_assert_str_eq(next_message(), "STATUS=watching 3 domains\n");
	systemd_status(s, "watching 3 domains");
	systemd_status(s, "watching 4 domains");
	clock_fake_advance(&fake, 9999);
	systemd_status(s, "watching 5 domains");
	ck_assert_str_eq(next_message(), "");
	clock_fake_advance(&fake, 1);
	systemd_status(s, "watching 5 domains");
	ck_assert_str_eq(next_message(), "STATUS=watching 5 domains\n");
	clock_fake_advance(&fake, 20000);
	systemd_status(s, "watching 5 domains");
	ck_assert_str_eq(next_message(), "");
	systemd_free(s);
}
END_TEST

START_TEST(status_goes_with_what_happens)
{
	struct systemd *s = systemd_new(&fake);

	systemd_status(s, "starting");
	ck_assert_str_eq(next_message(), "STATUS=starting\n");
	systemd_status(s, "forged\nREADY=1\x1b[2J");
	ck_assert_str_eq(next_message(), "");
	ck_assert(systemd_stopping(s));
	ck_assert_str_eq(next_message(), "STOPPING=1\nSTATUS=forged\\x0aREADY=1\\x1b[2J\n");
	systemd_free(s);
}
END_TEST

START_TEST(status_goes_with_the_watchdog_in_time)
{
	struct systemd *s;

	setenv("WATCHDOG_USEC", "3000000", 1);
	s = systemd_new(&fake);
	systemd_status(s, "one");
	ck_assert_str_eq(next_message(), "STATUS=one\n");
	systemd_status(s, "two");
	ck_assert(systemd_watchdog(s));
	ck_assert_str_eq(next_message(), "WATCHDOG=1");
	clock_fake_advance(&fake, 10000);
	ck_assert(systemd_watchdog(s));
	ck_assert_str_eq(next_message(), "WATCHDOG=1\nSTATUS=two\n");
	systemd_free(s);
}
END_TEST

/* A manager that is too busy to read must not stop the loop: what is told again and again is dropped. */
START_TEST(a_busy_manager_is_not_waited_for)
{
	struct systemd *s;
	unsigned n = 0;

	setenv("WATCHDOG_USEC", "3000000", 1);
	s = systemd_new(&fake);
	while (n < 100000 && systemd_watchdog(s))
		n++;
	ck_assert_uint_lt(n, 100000);
	ck_assert_str_eq(next_message(), "WATCHDOG=1");
	ck_assert(systemd_watchdog(s));
	systemd_free(s);
}
END_TEST

START_TEST(abstract_sockets)
{
	struct systemd *s;

	close(manager);
	manager = listen_at(abstract_name(), SOCK_DGRAM);
	setenv("NOTIFY_SOCKET", abstract_name(), 1);
	s = systemd_new(&fake);
	ck_assert(systemd_ready(s));
	ck_assert_str_eq(next_message(), "READY=1");
	systemd_free(s);
}
END_TEST

#define LONG_107 "/2345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"

static const struct {
	const char *name, *value;
	unsigned warnings;
} unusable[] = {
	{ "not set", NULL, 0 },
	{ "empty", "", 0 },
	{ "relative", "run/notify", 1 },
	{ "vsock", "vsock:2:1234", 1 },
	{ "only a slash", "/", 1 },
	{ "only an at sign", "@", 1 },
	{ "longest path, nobody there", LONG_107, 0 },
	{ "too long a path", LONG_107 "8", 1 },
	{ "longest abstract name, nobody there", "@" LONG_107, 0 },
	{ "too long an abstract name", "@" LONG_107 "8", 1 },
	{ "nobody there", "/nonexistent/notify", 0 },
};

START_TEST(nobody_listens)
{
	struct systemd *s;

	unsetenv("NOTIFY_SOCKET");
	if (unusable[_i].value != NULL)
		setenv("NOTIFY_SOCKET", unusable[_i].value, 1);
	s = systemd_new(&fake);
	systemd_status(s, "hello");
	ck_assert_msg(!systemd_ready(s) && !systemd_reloading(s) && !systemd_stopping(s) && !systemd_watchdog(s) &&
	    !systemd_extend_timeout(s, 1), "%s", unusable[_i].name);
	ck_assert_msg(warnings == unusable[_i].warnings, "%s: %u warnings", unusable[_i].name, warnings);
	systemd_free(s);
}
END_TEST

static const struct {
	const char *name, *usec;
	enum { NONE, MINE, OTHER, GARBAGE, LONG } pid;
	int64_t want_ms;
	unsigned warnings;
} watchdogs[] = {
	{ "not set", NULL, NONE, 0, 0 },
	{ "half of it", "30000000", MINE, 15000, 0 },
	{ "for whoever reads it", "30000000", NONE, 15000, 0 },
	{ "of another process", "30000000", OTHER, 0, 0 },
	{ "pid is no number", "30000000", GARBAGE, 0, 0 },
	{ "pid beyond 32 bits", "30000000", LONG, 0, 0 },
	{ "never 0 ms", "100", MINE, 1, 0 },
	{ "zero", "0", MINE, 0, 1 },
	{ "empty", "", MINE, 0, 1 },
	{ "negative", "-5", MINE, 0, 1 },
	{ "blank before", " 30000000", MINE, 0, 1 },
	{ "letters behind", "30s", MINE, 0, 1 },
	{ "beyond 64 bits", "99999999999999999999999", MINE, 0, 1 },
};

static void
set_pid(const char *variable, int kind)
{
	char text[32];

	unsetenv(variable);
	snprintf(text, sizeof(text), "%d", (int)getpid() + (kind == OTHER));
	if (kind != NONE)
		setenv(variable, kind == GARBAGE ? "me" : kind == LONG ? "99999999999999999999" : text, 1);
}

START_TEST(watchdog_interval)
{
	struct systemd *s;

	unsetenv("WATCHDOG_USEC");
	if (watchdogs[_i].usec != NULL)
		setenv("WATCHDOG_USEC", watchdogs[_i].usec, 1);
	set_pid("WATCHDOG_PID", watchdogs[_i].pid);
	s = systemd_new(&fake);
	ck_assert_msg(systemd_watchdog_ms(s) == watchdogs[_i].want_ms, "%s: %lld", watchdogs[_i].name,
	    (long long)systemd_watchdog_ms(s));
	ck_assert_msg(systemd_watchdog(s) == (watchdogs[_i].want_ms > 0), "%s", watchdogs[_i].name);
	ck_assert_msg(warnings == watchdogs[_i].warnings, "%s: %u warnings", watchdogs[_i].name, warnings);
	systemd_free(s);
}
END_TEST

START_TEST(children_inherit_none_of_it)
{
	static const char *const all[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS",
		"LISTEN_FDNAMES" };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		setenv(all[i], "1", 1);
	systemd_free(systemd_new(&fake));
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		ck_assert_msg(getenv(all[i]) == NULL, "%s", all[i]);
}
END_TEST

/* ---- socket activation ---- */

/*
 * The descriptors from 3 on, a letter each: i IPv4 loopback, a IPv4 any, 6 IPv6 loopback, u unix path, n unix abstract; and what is
 * of no use: d datagram, c stream that does not listen, f a file, x closed.  A socket that is taken over is told as its letter,
 * "+" when it can be reached from elsewhere, and its name.
 */
static const struct {
	const char *name, *inherited;
	int pid;
	const char *fds, *names, *want;
} activations[] = {
	{ "one", "i", MINE, "1", "http", "i:http " },
	{ "each kind", "ia6un", MINE, "5", "a:b:c:d:e", "i:a a+:b 6:c u:d n:e " },
	{ "without names", "ii", MINE, "2", NULL, "i: i: " },
	{ "fewer names", "ii", MINE, "2", "web", "i:web i: " },
	{ "empty name between", "iii", MINE, "3", "a::c", "i:a i: i:c " },
	{ "more names", "i", MINE, "1", "a:b", "i:a " },
	{ "names stay with their numbers", "dixfi", MINE, "5", "a:b:c:d:e", "i:b i:e " },
	{ "datagram", "d", MINE, "1", "a", "" },
	{ "Accept=yes", "c", MINE, "1", "connection", "" },
	{ "file", "f", MINE, "1", "a", "" },
	{ "closed", "x", MINE, "1", "a", "" },
	{ "none", "", MINE, "0", "", "" },
	{ "fewer than there are", "ii", MINE, "1", "a:b", "i:a " },
	{ "more than there are", "i", MINE, "2", "a:b", "i:a " },
	{ "of another process", "i", OTHER, "1", "a", "" },
	{ "without pid", "i", NONE, "1", "a", "" },
	{ "pid is no number", "i", GARBAGE, "1", "a", "" },
	{ "pid beyond 32 bits", "i", LONG, "1", "a", "" },
	{ "no number", "i", MINE, "one", "a", "" },
	{ "negative", "i", MINE, "-1", "a", "" },
	{ "not set", "i", MINE, NULL, "a", "" },
	{ "absurd", "i", MINE, "4294967297", "a", "" },
	{ "over the limit", "i", MINE, "65", "a", "" },
};

static int
listening(const char *address)
{
	struct sockaddr_storage ss;
	struct addr addr;
	socklen_t len;
	int fd;

	addr_parse(&addr, address, 0);
	len = addr_to_sockaddr(&addr, &ss);
	fd = socket(ss.ss_family, SOCK_STREAM, 0);
	return fd != -1 && bind(fd, (struct sockaddr *)&ss, len) == 0 && listen(fd, 1) == 0 ? fd : -1;
}

static int
listening_unix(const char *name)
{
	int fd = listen_at(name, SOCK_STREAM);

	return listen(fd, 1) == 0 ? fd : -1;
}

static int
make_descriptor(char kind)
{
	switch (kind) {
	case 'i': return listening("127.0.0.1");
	case 'a': return listening("0.0.0.0");
	case '6': return listening("::1");
	case 'u': return listening_unix(path_of("u"));
	case 'n': return listening_unix(abstract_name());
	case 'd': return socket(AF_INET, SOCK_DGRAM, 0);
	case 'c': return socket(AF_INET, SOCK_STREAM, 0);
	case 'f': return open("/dev/null", O_RDONLY);
	default: return -1;
	}
}

static char
letter_of(const char *text)
{
	static const struct { const char *prefix; char letter; } rows[] = {
		{ "127.0.0.1:", 'i' }, { "0.0.0.0:", 'a' }, { "[::1]:", '6' }, { "/", 'u' }, { "@", 'n' },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strncmp(text, rows[i].prefix, strlen(rows[i].prefix)) == 0)
			return rows[i].letter;
	return '?';
}

/* In the child: only standard descriptors, then those of the row from 3 on, then to. */
static void
inherit(const char *kinds, int to)
{
	int made[INHERITED_MAX];
	size_t n = strlen(kinds);

	for (size_t i = 0; i < n; i++) {
		int fd = make_descriptor(kinds[i]);
		made[i] = fd == -1 ? -1 : fcntl(fd, F_DUPFD, 64);
		if (fd == -1 && kinds[i] == '6') {		/* this machine has no IPv6 */
			dprintf(to, "skip");
			_exit(0);
		}
	}
	dup2(to, 63);
	for (int fd = 3; fd < 63; fd++)
		close(fd);
	for (size_t i = 0; i < n; i++)
		if (made[i] != -1)
			dup2(made[i], 3 + (int)i);
}

static void
tell_sockets(const struct systemd *s)
{
	size_t n;
	const int *fds = systemd_sockets(s, &n);

	for (size_t i = 0; i < n; i++) {
		int flags = fcntl(fds[i], F_GETFL), fd_flags = fcntl(fds[i], F_GETFD);
		dprintf(63, "%c%s%s:%s ", letter_of(systemd_socket_text(s, i)), systemd_socket_is_local(s, i) ? "" : "+",
		    (flags & O_NONBLOCK) != 0 && (fd_flags & FD_CLOEXEC) != 0 ? "" : "(flags)", systemd_socket_name(s, i));
	}
}

static void
child(int row, int to)
{
	struct systemd *s;

	unsetenv("NOTIFY_SOCKET");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	inherit(activations[row].inherited, to);
	set_pid("LISTEN_PID", activations[row].pid);
	if (activations[row].fds != NULL)
		setenv("LISTEN_FDS", activations[row].fds, 1);
	if (activations[row].names != NULL)
		setenv("LISTEN_FDNAMES", activations[row].names, 1);
	s = systemd_new(&fake);
	tell_sockets(s);
	systemd_free(s);
	if (getenv("LISTEN_FDS") != NULL || getenv("LISTEN_PID") != NULL || getenv("LISTEN_FDNAMES") != NULL)
		dprintf(63, "(environment)");
	_exit(0);
}

START_TEST(sockets_are_handed_over)
{
	char told[512];
	size_t n = 0;
	ssize_t more;
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0)
		child(_i, ends[1]);
	close(ends[1]);
	while ((more = read(ends[0], told + n, sizeof(told) - 1 - n)) > 0)
		n += (size_t)more;
	told[n] = '\0';
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_msg(strcmp(told, "skip") == 0 || strcmp(told, activations[_i].want) == 0, "%s: \"%s\"", activations[_i].name,
	    told);
}
END_TEST

/* ---- directories and secrets ---- */

static const struct {
	const char *name, *value, *want;
} directories[] = {
	{ "not set", NULL, NULL },
	{ "empty", "", NULL },
	{ "relative", "m365dnsd", NULL },
	{ "one", "/var/lib/m365dnsd", "/var/lib/m365dnsd" },
	{ "the first of several", "/var/lib/a:/var/lib/b", "/var/lib/a" },
};

START_TEST(directories_of_the_service)
{
	static const struct { enum systemd_dir dir; const char *variable; } kinds[] = {
		{ SYSTEMD_STATE, "STATE_DIRECTORY" }, { SYSTEMD_CONFIGURATION, "CONFIGURATION_DIRECTORY" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		char *value;

		unsetenv(kinds[i].variable);
		if (directories[_i].value != NULL)
			setenv(kinds[i].variable, directories[_i].value, 1);
		value = systemd_directory(kinds[i].dir);
		ck_assert_msg(directories[_i].want == NULL ? value == NULL :
		    value != NULL && strcmp(value, directories[_i].want) == 0, "%s: %s", kinds[i].variable, directories[_i].name);
		free(value);
		unsetenv(kinds[i].variable);
	}
}
END_TEST

#define TEXT(s) s, sizeof(s) - 1

static const struct {
	const char *name, *text;
	size_t len;
	mode_t mode;
	const char *want, *refused;		/* refused: a part of the words; a credential does not mind its mode */
	bool mode_only;
} secrets[] = {
	{ "bare", TEXT("s3cret"), 0600, "s3cret", NULL, false },
	{ "with line end", TEXT("s3cret\n"), 0640, "s3cret", NULL, false },
	{ "blanks around", TEXT(" \t\r\n s3cret \r\n\n"), 0600, "s3cret", NULL, false },
	{ "read by everybody", TEXT("s3cret\n"), 0644, "s3cret", "everybody", true },
	{ "written by everybody", TEXT("s3cret\n"), 0602, "s3cret", "everybody", true },
	{ "nothing", TEXT(""), 0600, NULL, "one word", false },
	{ "only blanks", TEXT(" \n"), 0600, NULL, "one word", false },
	{ "two words", TEXT("s3cret two\n"), 0600, NULL, "one word", false },
	{ "two lines", TEXT("s3cret\ntwo\n"), 0600, NULL, "one word", false },
	{ "NUL inside", TEXT("s3c\0ret"), 0600, NULL, "one word", false },
	{ "NUL at the end", TEXT("s3cret\0"), 0600, NULL, "one word", false },
	{ "not ASCII", TEXT("s\xc3\xa9" "cret"), 0600, NULL, "one word", false },
};

static void
write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void
expect_secret(const char *name, int rc, char *secret, const char *want, const struct err *err, const char *refused)
{
	ck_assert_msg(rc == (refused != NULL ? -1 : 0), "%s: %d (%s)", name, rc, err->msg);
	if (refused != NULL)
		ck_assert_msg(strstr(err->msg, refused) != NULL && strstr(err->msg, dir) != NULL, "%s: %s", name, err->msg);
	else
		ck_assert_msg(secret != NULL && strcmp(secret, want) == 0, "%s: %s", name, secret);
	secret_free(secret);
}

START_TEST(secrets_in_files)
{
	struct err err = { "" };
	char *secret = NULL;
	int rc;

	write_file(path_of("http-token"), secrets[_i].text, secrets[_i].len, secrets[_i].mode);
	rc = secret_read(path_of("http-token"), &secret, &err);
	expect_secret(secrets[_i].name, rc, secret, secrets[_i].want, &err, secrets[_i].refused);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	secret = NULL;
	rc = secret_credential("http-token", &secret, &err);
	expect_secret(secrets[_i].name, rc, secret, secrets[_i].want, &err, secrets[_i].mode_only ? NULL : secrets[_i].refused);
	unsetenv("CREDENTIALS_DIRECTORY");
}
END_TEST

START_TEST(secrets_that_are_none)
{
	char big[8192], *secret = NULL;
	struct err err;

	ck_assert_int_eq(secret_credential("http-token", &secret, &err), 0);
	ck_assert_ptr_null(secret);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	ck_assert_int_eq(secret_credential("http-token", &secret, &err), 0);
	ck_assert_ptr_null(secret);
	unsetenv("CREDENTIALS_DIRECTORY");

	ck_assert_int_eq(secret_read(path_of("http-token"), &secret, &err), -1);
	ck_assert_int_eq(secret_read(dir, &secret, &err), -1);
	memset(big, 'x', sizeof(big));
	write_file(path_of("http-token"), big, 4097, 0600);
	ck_assert_int_eq(secret_read(path_of("http-token"), &secret, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.msg, "longer than 4096"));
	write_file(path_of("http-token"), big, 4096, 0600);
	ck_assert_int_eq(secret_read(path_of("http-token"), &secret, &err), 0);
	ck_assert_uint_eq(strlen(secret), 4096);
	secret_free(secret);
	/* A FIFO without a writer would hold up the start. */
	ck_assert_int_eq(mkfifo(path_of("fifo"), 0600), 0);
	ck_assert_int_eq(secret_read(path_of("fifo"), &secret, &err), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("systemd");
	TCase *t = tcase_create("systemd");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, tells_the_life_of_a_service);
	tcase_add_test(t, status_is_rare);
	tcase_add_test(t, status_goes_with_what_happens);
	tcase_add_test(t, status_goes_with_the_watchdog_in_time);
	tcase_add_test(t, a_busy_manager_is_not_waited_for);
	tcase_add_test(t, abstract_sockets);
	tcase_add_loop_test(t, nobody_listens, 0, (int)ARRAY_LEN(unusable));
	tcase_add_loop_test(t, watchdog_interval, 0, (int)ARRAY_LEN(watchdogs));
	tcase_add_test(t, children_inherit_none_of_it);
	tcase_add_loop_test(t, sockets_are_handed_over, 0, (int)ARRAY_LEN(activations));
	tcase_add_loop_test(t, directories_of_the_service, 0, (int)ARRAY_LEN(directories));
	tcase_add_loop_test(t, secrets_in_files, 0, (int)ARRAY_LEN(secrets));
	tcase_add_test(t, secrets_that_are_none);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed > 0;
}
