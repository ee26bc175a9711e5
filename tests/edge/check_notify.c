/* SPDX-License-Identifier: ISC */
/*
 * Receivers: a little HTTP server on the same loop, and this program itself as the command.  Times are short ones of the
 * configuration; nothing sleeps, every wait is for an event, and one timer ends a test that would hang.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <m365dnsd/notify.h>

#define REVISION 412
#define AT       INT64_C(1795256430000)

/* ---- the server: what it answers is a list of words, one a request; the last one goes on for ever ---- */

struct request {
	char text[8192];
	size_t len;
	int64_t at_ms;
};
struct connection {
	struct loop_fd *watch;		/* NULL: free */
	struct request *request;
	int fd;
};
static struct {
	int fd;
	unsigned port;
	struct loop_fd *watch;
	struct connection connections[16];
	struct request requests[64];
	size_t n_requests, n_finished, n_open, most_open;
	const char *script;		/* "500 200" */
	const char *bad_domain;		/* gets 500 whatever the script says */
	size_t stop_at;			/* stop the loop after so many whole requests; 0 = never */
} server;

static struct loop *loop;
static struct loop_timer *guard;
static struct notify *notify;
static struct str settled, logged;
static size_t n_settled, stop_at_settled;
static bool stop_at_log;
static char dir[64];

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

static void
connection_close(struct connection *c)
{
	loop_fd_free(c->watch);
	c->watch = NULL;
	close(c->fd);
	server.n_open--;
}

static void
reply(struct connection *c, const char *word)
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
		connection_close(c);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		if (strcmp(replies[i].word, word) != 0)
			continue;
		if (replies[i].text == NULL || strcmp(word, "garbage") == 0) {
			if (replies[i].text != NULL)
				send(c->fd, replies[i].text, strlen(replies[i].text), MSG_NOSIGNAL);
			connection_close(c);
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
		connection_close(c);
		return;
	}
	r->len += (size_t)n;
	if (!request_whole(r))
		return;
	c->request = NULL;
	script_word(server.n_finished++, word, sizeof(word));
	reply(c, server.bad_domain != NULL && strstr(r->text, server.bad_domain) != NULL ? "500" : word);
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
			connection_close(&server.connections[i]);
	loop_fd_free(server.watch);
	close(server.fd);
}

static const char *
body_of(size_t request)
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
}

static void
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

static void
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

static void
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

static char *
url_of(const char *path)
{
	static char url[128];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", server.port, path);
	return url;
}

/* One receiver, "ops", of all events. */
static void
receive_by(const char *url, const char *command)
{
	char name[] = "ops", complete[] = "complete", regressed[] = "regressed", *events[] = { complete, regressed };
	char *u = url != NULL ? xstrdup(url) : NULL, *c = command != NULL ? xstrdup(command) : NULL;
	struct conf_notify conf = { .name = name, .url = u, .command = c, .events = events, .n_events = 2 };

	notify_set_receivers(notify, &conf, 1);
	free(u);
	free(c);
}

static struct transition
transition_of(const char *domain, const char *record, enum event event)
{
	return (struct transition){ REVISION, AT, domain, record, NULL, "published", "regressed", event, NULL };
}

static void
tell(uint64_t id, const char *domain, const char *record, enum event event)
{
	struct transition t = transition_of(domain, record, event);

	ck_assert(notify_tell(notify, "ops", id, clock_system.unix_ms(&clock_system), &t));
}

static void
run_until_settled(size_t n)
{
	stop_at_settled = n;
	while (n_settled < n)
		loop_run(loop);
}

static void
run_until_requests(size_t n)
{
	server.stop_at = n;
	while (server.n_finished < n)
		loop_run(loop);
}

static struct notify_stats
stats(void)
{
	struct notify_stats s;

	notify_get_stats(notify, 0, &s);
	return s;
}

/* ---- HTTP ---- */

#define BODY(id, domain, record, event)                                                                                \
	"{\"id\":" id ",\"revision\":412,\"at\":\"2026-11-21T10:20:30Z\",\"domain\":\"" domain "\",\"record\":" record         \
	",\"source\":null,\"from\":\"published\",\"to\":\"regressed\",\"event\":\"" event "\",\"detail\":null"

START_TEST(post_is_exact)
{
	static const char *const lines[] = {
		"\r\nContent-Type: application/json\r\n", "\r\nIdempotency-Key: 17\r\n", "\r\nUser-Agent: m365dnsd/",
	};

	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	begin((struct notify_config){ 0 });
	receive_by(url_of("/hook?a=b"), NULL);
	tell(17, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_settled(1);
	unsetenv("http_proxy");
	ck_assert_str_eq(str_c(&settled), "ops+17");
	ck_assert(str_iprefix(server.requests[0].text, "POST /hook?a=b HTTP/1.1\r\n"));
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		ck_assert_msg(strstr(server.requests[0].text, lines[i]) != NULL, "no %s in\n%s", lines[i], server.requests[0].text);
	ck_assert_ptr_null(strstr(server.requests[0].text, "Expect:"));
	ck_assert_str_eq(body_of(0), BODY("17", "contoso.test", "null", "complete") "}");
	ck_assert_str_eq(str_c(&logged), "");
}
END_TEST

static const struct {
	const char *name, *script;
	size_t requests;		/* until it is delivered */
	const char *words;		/* of the log; NULL = none */
} outcomes[] = {
	{ "200", "200", 1, NULL },
	{ "204", "204", 1, NULL },
	{ "big body", "big", 1, NULL },
	{ "body that does not end", "part", 1, NULL },
	{ "500", "500 500 200", 3, "HTTP 500" },
	{ "404", "404 200", 2, "HTTP 404" },
	{ "close", "close 200", 2, "Empty reply from server" },
	{ "hang", "hang 200", 2, "timed out" },
	{ "garbage", "garbage 200", 2, "HTTP/0.9" },
	{ "redirect", "moved 200", 2, "HTTP 307, a redirect (not followed) to http://127.0.0.1:" },
	{ "redirect to a file", "file 200", 2, "HTTP 302, a redirect (not followed) to file:///etc/pass\\x1bwd" },
	{ "asked to wait", "busy 200", 2, "HTTP 503" },
};

START_TEST(post_outcome)
{
	const char *name = outcomes[_i].name;

	begin((struct notify_config){ .post_ms = 200 });
	server.script = outcomes[_i].script;
	receive_by(url_of("/hook"), NULL);
	tell(17, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_settled(1);
	ck_assert_msg(strcmp(str_c(&settled), "ops+17") == 0, "%s: %s", name, str_c(&settled));
	ck_assert_msg(server.n_requests == outcomes[_i].requests, "%s: %zu requests", name, server.n_requests);
	for (size_t i = 0; i < server.n_requests; i++)
		ck_assert_msg(str_iprefix(server.requests[i].text, "POST /hook HTTP/1.1\r\n"), "%s: %s", name, server.requests[i].text);
	if (outcomes[_i].words == NULL)
		ck_assert_msg(logged.len == 0, "%s: %s", name, str_c(&logged));
	else {
		ck_assert_msg(strstr(str_c(&logged), outcomes[_i].words) != NULL, "%s: %s", name, str_c(&logged));
		ck_assert_msg(strstr(str_c(&logged), "works again") != NULL, "%s: %s", name, str_c(&logged));
	}
}
END_TEST

static const struct {
	const char *url, *words;
} unusable[] = {
	{ "http://127.0.0.1:1/refused", "connect" },
	{ "file:///etc/passwd", "rotocol" },
	{ "gopher://127.0.0.1/", "rotocol" },
	{ "http://[/", "URL" },
};

START_TEST(post_unusable)
{
	begin((struct notify_config){ .give_up_ms = 30 });
	receive_by(unusable[_i].url, NULL);
	tell(17, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_settled(1);
	ck_assert_str_eq(str_c(&settled), "ops-17");
	ck_assert_msg(strstr(str_c(&logged), unusable[_i].words) != NULL, "%s: %s", unusable[_i].url, str_c(&logged));
}
END_TEST

/* ---- when ---- */

START_TEST(retry_times)
{
	static const int64_t least[] = { 40, 80, 100, 100 };

	begin((struct notify_config){ .retry_first_ms = 40, .retry_max_ms = 100 });
	server.script = "500 500 500 500 200";
	receive_by(url_of("/"), NULL);
	tell(17, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_settled(1);
	ck_assert_uint_eq(server.n_requests, 5);
	for (size_t i = 0; i < ARRAY_LEN(least); i++) {
		int64_t gap = server.requests[i + 1].at_ms - server.requests[i].at_ms;

		ck_assert_msg(gap >= least[i] - 2, "wait %zu: %lld ms", i, (long long)gap);
	}
	ck_assert_uint_eq(stats().attempts, 5);
	ck_assert_uint_eq(stats().failures, 4);
	ck_assert_uint_eq(stats().delivered, 1);
	ck_assert(!stats().failing);
	ck_assert_str_eq(stats().problem, "");
}
END_TEST

START_TEST(given_up_after_one_try)
{
	struct transition t = transition_of("contoso.test", NULL, EVENT_COMPLETE);

	begin((struct notify_config){ .give_up_ms = 60000 });
	server.script = "500 200";
	receive_by(url_of("/"), NULL);
	ck_assert(notify_tell(notify, "ops", 17, clock_system.unix_ms(&clock_system) - 60001, &t));
	tell(18, "contoso.test", NULL, EVENT_REGRESSED);
	run_until_settled(2);
	ck_assert_str_eq(str_c(&settled), "ops-17 ops+18");
	ck_assert_uint_eq(stats().given_up, 1);
	ck_assert_ptr_nonnull(strstr(str_c(&logged), "gave up telling of contoso.test (\"complete\", id 17): HTTP 500"));
}
END_TEST

START_TEST(order_in_a_domain)
{
	begin((struct notify_config){ .in_flight = 4 });
	server.bad_domain = "bad.test";
	receive_by(url_of("/"), NULL);
	tell(1, "bad.test", NULL, EVENT_REGRESSED);
	tell(2, "bad.test", NULL, EVENT_COMPLETE);
	tell(3, "good.test", NULL, EVENT_REGRESSED);
	tell(4, "good.test", NULL, EVENT_COMPLETE);
	run_until_settled(2);
	ck_assert_str_eq(str_c(&settled), "ops+3 ops+4");
	server.bad_domain = NULL;
	run_until_settled(4);
	ck_assert_str_eq(str_c(&settled), "ops+3 ops+4 ops+1 ops+2");
}
END_TEST

START_TEST(window)
{
	char domain[32];

	begin((struct notify_config){ .in_flight = 3, .post_ms = 100, .give_up_ms = 1 });
	server.script = "hang";
	receive_by(url_of("/"), NULL);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(domain, sizeof(domain), "d%u.test", i);
		tell(i, domain, NULL, EVENT_COMPLETE);
	}
	run_until_requests(3);
	ck_assert_uint_eq(stats().in_flight, 3);
	ck_assert_uint_eq(stats().waiting, 7);
	run_until_settled(3);
	server.script = "200";
	run_until_settled(10);
	ck_assert_uint_eq(server.most_open, 3);
}
END_TEST

START_TEST(too_many_wait)
{
	begin((struct notify_config){ .waiting_max = 2 });
	receive_by(url_of("/"), NULL);
	tell(1, "a.test", NULL, EVENT_COMPLETE);
	tell(2, "b.test", NULL, EVENT_COMPLETE);
	tell(3, "c.test", NULL, EVENT_COMPLETE);
	ck_assert_uint_eq(n_settled, 1);
	ck_assert_uint_eq(stats().given_up, 1);
	run_until_settled(3);
	ck_assert_uint_eq(stats().delivered, 2);
}
END_TEST

/* ---- folding ---- */

#define TOLD_MAX 5
static const struct fold_case {
	const char *name;
	struct {
		const char *record;
		enum event event;
		int64_t revision;	/* more than REVISION */
	} told[TOLD_MAX];
	size_t n_told, n_messages;
	const char *last_body;		/* of the last message */
	const char *settled;
} folds[] = {
	{ "records, then the domain", { { "mx", EVENT_REGRESSED, 0 }, { "spf", EVENT_REGRESSED, 0 }, { NULL, EVENT_REGRESSED, 0 } }, 3, 1,
	    BODY("3", "contoso.test", "null", "regressed") ",\"records\":["
	    "{\"id\":1,\"record\":\"mx\",\"from\":\"published\",\"to\":\"regressed\",\"event\":\"regressed\"},"
	    "{\"id\":2,\"record\":\"spf\",\"from\":\"published\",\"to\":\"regressed\",\"event\":\"regressed\"}]}",
	    "ops+1 ops+2 ops+3" },
	{ "the domain, then a record", { { NULL, EVENT_COMPLETE, 0 }, { "mx", EVENT_VISIBLE, 0 } }, 2, 1,
	    BODY("1", "contoso.test", "null", "complete") ",\"records\":["
	    "{\"id\":2,\"record\":\"mx\",\"from\":\"published\",\"to\":\"regressed\",\"event\":\"visible\"}]}",
	    "ops+2 ops+1" },
	{ "the other way", { { "mx", EVENT_VISIBLE, 0 }, { "spf", EVENT_UNKNOWN, 0 }, { NULL, EVENT_REGRESSED, 0 } }, 3, 2,
	    BODY("3", "contoso.test", "null", "regressed") ",\"records\":["
	    "{\"id\":2,\"record\":\"spf\",\"from\":\"published\",\"to\":\"regressed\",\"event\":\"unknown\"}]}",
	    "ops+1 ops+2 ops+3" },
	{ "another revision", { { "mx", EVENT_REGRESSED, 0 }, { NULL, EVENT_REGRESSED, 1 } }, 2, 2,
	    "{\"id\":2,\"revision\":413,\"at\":\"2026-11-21T10:20:30Z\",\"domain\":\"contoso.test\",\"record\":null,\"source\":null,"
	    "\"from\":\"published\",\"to\":\"regressed\",\"event\":\"regressed\",\"detail\":null}", "ops+1 ops+2" },
	{ "no domain", { { "mx", EVENT_REGRESSED, 0 }, { "spf", EVENT_REGRESSED, 0 } }, 2, 2,
	    BODY("2", "contoso.test", "\"spf\"", "regressed") "}", "ops+1 ops+2" },
	{ "two of the domain", { { "mx", EVENT_VISIBLE, 0 }, { NULL, EVENT_VISIBLE, 0 }, { NULL, EVENT_RECOVERED, 0 },
	    { "spf", EVENT_VISIBLE, 0 } }, 4, 2,
	    BODY("3", "contoso.test", "null", "recovered") "}", "ops+1 ops+4 ops+2 ops+3" },
};

START_TEST(folding)
{
	const struct fold_case *c = &folds[_i];
	struct transition t;

	begin((struct notify_config){ .in_flight = 1 });
	receive_by(url_of("/"), NULL);
	for (size_t i = 0; i < c->n_told; i++) {
		t = transition_of("contoso.test", c->told[i].record, c->told[i].event);
		t.revision += (uint64_t)c->told[i].revision;
		ck_assert(notify_tell(notify, "ops", i + 1, clock_system.unix_ms(&clock_system), &t));
	}
	run_until_settled(c->n_told);
	ck_assert_msg(strcmp(str_c(&settled), c->settled) == 0, "%s: %s", c->name, str_c(&settled));
	ck_assert_msg(server.n_finished == c->n_messages, "%s: %zu messages", c->name, server.n_finished);
	ck_assert_msg(strcmp(body_of(c->n_messages - 1), c->last_body) == 0, "%s: %s", c->name, body_of(c->n_messages - 1));
	ck_assert_uint_eq(stats().delivered, c->n_told);
	ck_assert_uint_eq(stats().folded, c->n_told - c->n_messages);
	ck_assert_uint_eq(stats().waiting + stats().in_flight, 0);
}
END_TEST

/* What is on its way, or has failed, is what the receiver may have got: nothing is added to it. */
START_TEST(no_folding_into_what_was_tried)
{
	begin((struct notify_config){ 0 });
	server.script = "hang 200";
	receive_by(url_of("/"), NULL);
	tell(1, "contoso.test", NULL, EVENT_REGRESSED);
	run_until_requests(1);
	tell(2, "contoso.test", "mx", EVENT_REGRESSED);
	tell(3, "contoso.test", NULL, EVENT_REGRESSED);
	connection_close(&server.connections[0]);
	run_until_settled(3);
	ck_assert_str_eq(str_c(&settled), "ops+1 ops+2 ops+3");
	ck_assert_uint_eq(server.n_finished, 3);
	ck_assert_str_eq(body_of(1), BODY("1", "contoso.test", "null", "regressed") "}");
}
END_TEST

/* ---- reload and the end ---- */

START_TEST(wanting)
{
	char a[] = "a", b[] = "b", url[] = "http://127.0.0.1/", complete[] = "complete", unknown[] = "unknown";
	char *events[] = { complete, unknown };
	const struct conf_notify list[] = {
		{ .name = a, .url = url, .events = events, .n_events = 2 },
		{ .name = b, .url = url, .events = events, .n_events = 1 },
	};
	struct transition t = transition_of("contoso.test", NULL, EVENT_COMPLETE);
	const char *const *names;

	begin((struct notify_config){ 0 });
	notify_set_receivers(notify, list, 2);
	ck_assert_uint_eq(notify_wanting(notify, EVENT_COMPLETE, &names), 2);
	ck_assert_str_eq(names[0], "a");
	ck_assert_str_eq(names[1], "b");
	ck_assert_uint_eq(notify_wanting(notify, EVENT_UNKNOWN, &names), 1);
	ck_assert_str_eq(names[0], "a");
	ck_assert_uint_eq(notify_wanting(notify, EVENT_REGRESSED, &names), 0);
	ck_assert_uint_eq(notify_n_receivers(notify), 2);
	ck_assert(!notify_tell(notify, "c", 1, 0, &t));
}
END_TEST

START_TEST(reload_removes)
{
	begin((struct notify_config){ .in_flight = 1 });
	server.script = "hang";
	receive_by(url_of("/"), NULL);
	tell(1, "contoso.test", NULL, EVENT_COMPLETE);
	tell(2, "contoso.test", NULL, EVENT_REGRESSED);
	tell(3, "fabrikam.test", NULL, EVENT_COMPLETE);
	run_until_requests(1);
	notify_set_receivers(notify, NULL, 0);
	ck_assert_str_eq(str_c(&settled), "opsx3 opsx2");
	ck_assert_uint_eq(notify_n_receivers(notify), 0);
	reply(&server.connections[0], "200");
	run_until_settled(3);
	ck_assert_str_eq(str_c(&settled), "opsx3 opsx2 ops+1");
}
END_TEST

START_TEST(reload_removes_what_fails)
{
	begin((struct notify_config){ 0 });
	server.script = "hang";
	receive_by(url_of("/"), NULL);
	tell(1, "contoso.test", NULL, EVENT_COMPLETE);
	run_until_requests(1);
	notify_set_receivers(notify, NULL, 0);
	connection_close(&server.connections[0]);
	run_until_settled(1);
	ck_assert_str_eq(str_c(&settled), "opsx1");
}
END_TEST

/* The second try would come in an hour; the new address gets it at once. */
START_TEST(reload_mends)
{
	begin((struct notify_config){ .retry_first_ms = 3600000, .retry_max_ms = 3600000 });
	server.script = "404 200";
	receive_by(url_of("/wrong"), NULL);
	tell(1, "contoso.test", NULL, EVENT_COMPLETE);
	tell(2, "contoso.test", NULL, EVENT_REGRESSED);
	stop_at_log = true;
	loop_run(loop);
	ck_assert(stats().failing);
	receive_by(url_of("/right"), NULL);
	run_until_settled(2);
	ck_assert_str_eq(str_c(&settled), "ops+1 ops+2");
	ck_assert(str_iprefix(server.requests[1].text, "POST /right "));
}
END_TEST

START_TEST(free_in_flight)
{
	begin((struct notify_config){ 0 });
	server.script = "hang";
	receive_by(url_of("/"), NULL);
	tell(1, "a.test", NULL, EVENT_COMPLETE);
	tell(2, "b.test", NULL, EVENT_COMPLETE);
	tell(3, "b.test", NULL, EVENT_COMPLETE);
	run_until_requests(2);
	notify_free(notify);
	notify = NULL;
	ck_assert_str_eq(str_c(&settled), "");
}
END_TEST

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
	Suite *s = suite_create("notify");
	TCase *t = tcase_create("notify");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, post_is_exact);
	tcase_add_loop_test(t, post_outcome, 0, (int)ARRAY_LEN(outcomes));
	tcase_add_loop_test(t, post_unusable, 0, (int)ARRAY_LEN(unusable));
	tcase_add_test(t, retry_times);
	tcase_add_test(t, given_up_after_one_try);
	tcase_add_test(t, order_in_a_domain);
	tcase_add_test(t, window);
	tcase_add_test(t, too_many_wait);
	tcase_add_loop_test(t, folding, 0, (int)ARRAY_LEN(folds));
	tcase_add_test(t, no_folding_into_what_was_tried);
	tcase_add_test(t, wanting);
	tcase_add_test(t, reload_removes);
	tcase_add_test(t, reload_removes_what_fails);
	tcase_add_test(t, reload_mends);
	tcase_add_test(t, free_in_flight);
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
