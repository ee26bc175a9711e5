/* SPDX-License-Identifier: ISC */
/*
 * A command: a program of the administrator's, started without a shell.
 *
 *   stdin         the JSON and a newline, as an anonymous file: nothing is left to be written, and a program that does not
 *                 read it does no harm
 *   environment   M365DNSD_* and what every program may expect; nothing of ours, so that no child says READY=1 for us
 *   stdout, err   our stderr (the journal)
 *   the rest      no other descriptor, default signals, a process group of its own, which is what a timeout kills
 *
 * Its end is heard of through a pidfd.  Where that cannot be had (old kernels, tracers) a timer looks.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

#define LOOK_MS      50		/* between looks without a pidfd */
#define KILL_WAIT_MS 1000	/* for a killed child to be gone */

struct command {
	pid_t pid;
	int pidfd;			/* -1: look */
	struct loop_fd *ended;
	struct loop_timer *look, *timeout;
	int64_t timeout_ms;
	bool timed_out;
	delivery_done *done;
	void *ctx;
};

/* ---- what the child gets ---- */

enum { ENV_MAX = 10 };
struct environment {
	char *v[ENV_MAX + 1];
	size_t n;
};

static void
env_add(struct environment *env, const char *name, const char *value)
{
	env->v[env->n++] = xasprintf("%s=%s", name, value != NULL ? value : "");
}

static void
env_make(struct environment *env, const struct message *m)
{
	env_add(env, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	env_add(env, "LANG", "C.UTF-8");
	env->v[env->n++] = xasprintf("M365DNSD_ID=%llu", (unsigned long long)m->id);
	env_add(env, "M365DNSD_DOMAIN", m->t.domain);
	env_add(env, "M365DNSD_EVENT", name_of(&event_names, (int)m->t.event));
	env_add(env, "M365DNSD_RECORD", m->t.record);
	env_add(env, "M365DNSD_FROM", m->t.from);
	env_add(env, "M365DNSD_TO", m->t.to);
}

static void
env_done(struct environment *env)
{
	for (size_t i = 0; i < env->n; i++)
		free(env->v[i]);
}

/* An anonymous file that holds the message; -1 with errno. */
static int
stdin_make(const struct message *m)
{
	struct str json = STR_INIT;
	int fd = memfd_create("transition", MFD_CLOEXEC);
	bool ok;

	message_json(m, &json);
	str_addc(&json, '\n');
	ok = fd != -1 && write(fd, json.p, json.len) == (ssize_t)json.len && lseek(fd, 0, SEEK_SET) == 0;
	str_done(&json);
	if (!ok && fd != -1) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* posix_spawn with everything said above; 0 or an errno. */
static int
spawn(pid_t *ret, const char *path, char *const *env, int in)
{
	char *argv[] = { xstrdup(path), NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	posix_spawn_file_actions_addchdir_np(&files, "/");
	rc = posix_spawn(ret, path, &files, &attr, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	free(argv[0]);
	return rc;
}

/* ---- its end ---- */

static void
command_free(struct command *c)
{
	loop_fd_free(c->ended);
	loop_timer_free(c->look);
	loop_timer_free(c->timeout);
	if (c->pidfd != -1)
		close(c->pidfd);
	free(c);
}

static void
finish(struct command *c, int status)
{
	delivery_done *done = c->done;
	void *ctx = c->ctx;
	struct str words = STR_INIT;

	if (c->timed_out)
		str_addf(&words, "did not end within %lld s and was killed", (long long)(c->timeout_ms + 999) / 1000);
	else if (WIFSIGNALED(status))
		str_addf(&words, "was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		str_addf(&words, "exit %d", WEXITSTATUS(status));
	command_free(c);
	done(ctx, words.len > 0 ? str_c(&words) : NULL, 0);
	str_done(&words);
}

/* Somebody else has reaped it (ECHILD): how it ended cannot be known, so it is not taken for a success. */
static void
look(struct command *c)
{
	int status = 0;
	pid_t pid = waitpid(c->pid, &status, WNOHANG);

	if (pid == c->pid)
		finish(c, status);
	else if (pid == -1 && errno == ECHILD)
		finish(c, 0xff00);
	else if (c->pidfd == -1)
		loop_timer_set(c->look, LOOK_MS);
}

static void
on_ended(void *ctx, int fd, unsigned events)
{
	(void)fd;
	(void)events;
	look(ctx);
}

static void
on_look(void *ctx)
{
	look(ctx);
}

/* Not reaped yet, so no stranger can have its number.  By its own number too: it may have left its group. */
static void
kill_all(const struct command *c)
{
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
}

static void
on_timeout(void *ctx)
{
	struct command *c = ctx;

	c->timed_out = true;
	kill_all(c);
}

struct command *
command_start(struct loop *l, const char *path, const struct message *m, int64_t timeout_ms, delivery_done *f, void *ctx,
    struct err *err)
{
	struct environment env = { .n = 0 };
	struct command *c = NULL;
	int in = stdin_make(m), rc = in == -1 ? errno : 0;
	pid_t pid = -1;

	env_make(&env, m);
	if (rc == 0)
		rc = spawn(&pid, path, env.v, in);
	env_done(&env);
	if (in != -1)
		close(in);
	if (rc != 0) {
		err_set(err, "cannot be started: %s", strerror(rc));
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	*c = (struct command){ .pid = pid, .timeout_ms = timeout_ms, .done = f, .ctx = ctx };
	c->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	c->timeout = loop_timer_new(l, on_timeout, c);
	loop_timer_set(c->timeout, timeout_ms);
	if (c->pidfd != -1) {
		c->ended = loop_fd_new(l, c->pidfd, on_ended, c);
		loop_fd_set(c->ended, LOOP_READ);
	} else {
		c->look = loop_timer_new(l, on_look, c);
		loop_timer_set(c->look, LOOK_MS);
	}
	return c;
}

void
command_cancel(struct command *c)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

	kill_all(c);
	if (c->pidfd != -1)
		poll(&p, 1, KILL_WAIT_MS);
	waitpid(c->pid, NULL, c->pidfd != -1 ? WNOHANG : 0);
	command_free(c);
}
