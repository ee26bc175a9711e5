/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notifylab.h"

struct hook_server server;
struct loop *loop;
struct notify *notify;
struct str settled, logged;
size_t n_settled;
bool stop_at_log;
void (*when_settled)(uint64_t id);
char dir[64];
static struct loop_timer *guard;
static size_t stop_at_settled;

static int64_t
now_ms(void)
{
	return clock_system.mono_ms(&clock_system);
}

/* The word of the script that is the turn's. */
static void
script_word(size_t turn, char *word, size_t size)
{
	const char *at = server.script;
	size_t n;

	while (turn-- > 0 && strchr(at, ' ') != NULL)
		at = strchr(at, ' ') + 1;
	n = strcspn(at, " ");
	ck_assert_uint_lt(n, size);
	memcpy(word, at, n);
	word[n] = '\0';
}

void
hook_server_drop(struct connection *c)
{
	loop_fd_free(c->watch);
	c->watch = NULL;
	close(c->fd);
	server.n_open--;
}

void
hook_server_reply(struct connection *c, const char *word)
{
	static const struct {
		const char *word, *text;
	} replies[] = {
		{ "200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
		{ "204", "HTTP/1.1 204 No Content\r\n\r\n" },
		{ "500", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" },
		{ "404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" },
		{ "busy", "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n" },
		{ "moved", "HTTP/1.1 307 Over There\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n" },
		{ "file", "HTTP/1.1 302 Over There\r\nLocation: file:///etc/pass\x1bwd\r\nContent-Length: 0\r\n\r\n" },
		{ "garbage", "SSH-2.0-OpenSSH_9.2\r\n" },
		{ "part", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe rest never comes" },
		{ "hang", "" },
		{ "close", NULL },
	};
	static char big[200000];

	if (strcmp(word, "big") == 0) {
		memset(big, 'x', sizeof(big));
		memcpy(big, "HTTP/1.0 200 OK\r\n\r\n", 19);
		ck_assert(send(c->fd, big, sizeof(big), MSG_NOSIGNAL) > 0);
		hook_server_drop(c);
		return;
	}
	if (strcmp(word, "interim") == 0) {
		for (size_t i = 0; i + 26 < sizeof(big); i += 25)
			memcpy(big + i, "HTTP/1.1 100 Continue\r\n\r\n", 26);
		ck_assert(send(c->fd, big, sizeof(big), MSG_NOSIGNAL) > 0);
		hook_server_drop(c);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		if (strcmp(replies[i].word, word) != 0)
			continue;
		if (replies[i].text == NULL || strcmp(word, "garbage") == 0) {
			if (replies[i].text != NULL)
				send(c->fd, replies[i].text, strlen(replies[i].text), MSG_NOSIGNAL);
			hook_server_drop(c);
		} else if (*replies[i].text != '\0')
			ck_assert_int_gt(send(c->fd, replies[i].text, strlen(replies[i].text), MSG_NOSIGNAL), 0);
		return;
	}
	ck_abort_msg("no such reply: %s", word);
}

/* Is the request whole?  It has the length that its header tells. */
static bool
request_whole(const struct request *r)
{
	const char *end = strstr(r->text, "\r\n\r\n"), *length = strstr(r->text, "Content-Length: ");

	return end != NULL && length != NULL && r->len >= (size_t)(end + 4 - r->text) + strtoul(length + 16, NULL, 10);
}

static void
on_connection(void *ctx, int fd, unsigned events)
{
	struct connection *c = ctx;
	struct request *r = c->request;
	char word[32];
	ssize_t n;

	(void)events;
	if (r == NULL) {
		ck_assert_uint_lt(server.n_requests, ARRAY_LEN(server.requests));
		r = c->request = &server.requests[server.n_requests++];
		*r = (struct request){ .at_ms = now_ms() };
	}
	n = recv(fd, r->text + r->len, sizeof(r->text) - 1 - r->len, 0);
	if (n <= 0) {
		if (r->len == 0)
			server.n_requests--;		/* a kept connection that ends */
		hook_server_drop(c);
		return;
	}
	r->len += (size_t)n;
	if (!request_whole(r))
		return;
	c->request = NULL;
	script_word(server.n_finished++, word, sizeof(word));
	hook_server_reply(c, server.bad_domain != NULL && strstr(r->text, server.bad_domain) != NULL ? "500" : word);
	if (server.n_finished == server.stop_at)
		loop_stop(loop);
}

static void
on_accept(void *ctx, int fd, unsigned events)
{
	struct connection *c = server.connections;

	(void)ctx;
	(void)events;
	while (c->watch != NULL)
		ck_assert(++c < server.connections + ARRAY_LEN(server.connections));
	c->fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ck_assert_int_ne(c->fd, -1);
	c->request = NULL;
	c->watch = loop_fd_new(loop, c->fd, on_connection, c);
	loop_fd_set(c->watch, LOOP_READ);
	if (++server.n_open > server.most_open)
		server.most_open = server.n_open;
}

static void
server_start(void)
{
	struct addr a;
	struct sockaddr_storage ss;
	socklen_t len;

	memset(&server, 0, sizeof(server));
	server.script = "200";
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert(addr_parse(&a, "127.0.0.1", 0));
	len = addr_to_sockaddr(&a, &ss);
	ck_assert_int_eq(bind(server.fd, (struct sockaddr *)&ss, len), 0);
	ck_assert_int_eq(listen(server.fd, 16), 0);
	len = sizeof(ss);
	ck_assert_int_eq(getsockname(server.fd, (struct sockaddr *)&ss, &len), 0);
	ck_assert(addr_from_sockaddr(&a, &ss));
	server.port = a.port;
	server.watch = loop_fd_new(loop, server.fd, on_accept, NULL);
	loop_fd_set(server.watch, LOOP_READ);
}

static void
server_stop(void)
{
	for (size_t i = 0; i < ARRAY_LEN(server.connections); i++)
		if (server.connections[i].watch != NULL)
			hook_server_drop(&server.connections[i]);
	loop_fd_free(server.watch);
	close(server.fd);
}

const char *
hook_server_body(size_t request)
{
	const char *end = strstr(server.requests[request].text, "\r\n\r\n");

	return end != NULL ? end + 4 : "";
}

/* ---- fixture ---- */

static void
on_guard(void *ctx)
{
	(void)ctx;
	ck_abort_msg("hangs; settled \"%s\", %zu requests, log:\n%s", str_c(&settled), server.n_finished, str_c(&logged));
}

static void
on_log(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	str_addf(&logged, "%s\n", line);
	if (stop_at_log)
		loop_stop(loop);
}

static void
on_settled(void *ctx, const char *receiver, uint64_t id, enum notify_outcome outcome)
{
	static const char letters[] = { [NOTIFY_DELIVERED] = '+', [NOTIFY_GIVEN_UP] = '-', [NOTIFY_DROPPED] = 'x' };

	(void)ctx;
	str_addf(&settled, "%s%s%c%llu", settled.len > 0 ? " " : "", receiver, letters[outcome], (unsigned long long)id);
	if (++n_settled == stop_at_settled)
		loop_stop(loop);
	if (when_settled != NULL)
		when_settled(id);
}

void
setup(void)
{
	struct err err;

	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
	guard = loop_timer_new(loop, on_guard, NULL);
	loop_timer_set(guard, 30000);
	signal(SIGPIPE, SIG_IGN);
	snprintf(dir, sizeof(dir), "/tmp/check_notify.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	n_settled = stop_at_settled = 0;
	stop_at_log = false;
	when_settled = NULL;
	log_redirect(on_log, NULL);
	server_start();
}

static void
remove_dir(void)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d != NULL && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

void
teardown(void)
{
	notify_free(notify);
	notify = NULL;
	server_stop();
	loop_timer_free(guard);
	loop_free(loop);
	log_redirect(NULL, NULL);
	str_done(&settled);
	str_done(&logged);
	remove_dir();
}

void
begin(struct notify_config cfg)
{
	cfg.clock = &clock_system;
	cfg.settled = on_settled;
	if (cfg.retry_first_ms == 0)
		cfg.retry_first_ms = 20;
	if (cfg.retry_max_ms == 0)
		cfg.retry_max_ms = 50;
	notify = notify_new(loop, &cfg);
}

char *
url_of(const char *path)
{
	static char url[128];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", server.port, path);
	return url;
}

/* One receiver, "ops", of all events. */
void
receive_by(const char *url, const char *command)
{
	char name[] = "ops", complete[] = "complete", regressed[] = "regressed", *events[] = { complete, regressed };
	char *u = url != NULL ? xstrdup(url) : NULL, *c = command != NULL ? xstrdup(command) : NULL;
	struct conf_notify conf = { .name = name, .url = u, .command = c, .events = events, .n_events = 2 };

	notify_set_receivers(notify, &conf, 1);
	free(u);
	free(c);
}

struct transition
transition_of(const char *domain, const char *record, enum event event)
{
	return (struct transition){ REVISION, AT, domain, record, NULL, "published", "regressed", event, NULL };
}

void
tell(uint64_t id, const char *domain, const char *record, enum event event)
{
	struct transition t = transition_of(domain, record, event);

	ck_assert(notify_tell(notify, "ops", id, clock_system.unix_ms(&clock_system), &t));
}

void
run_until_settled(size_t n)
{
	stop_at_settled = n;
	while (n_settled < n)
		loop_run(loop);
}

void
run_until_requests(size_t n)
{
	server.stop_at = n;
	while (server.n_finished < n)
		loop_run(loop);
}

struct notify_stats
stats(void)
{
	struct notify_stats s;

	notify_get_stats(notify, 0, &s);
	return s;
}
