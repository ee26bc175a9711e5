/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "webclient.h"

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "webclient: %s: %s\n", what, strerror(errno));
	abort();
}

static void
on_guard(void *ctx)
{
	struct web *w = ctx;

	w->hangs = true;
	loop_stop(w->loop);
}

void
web_start(struct web *w, const struct http_config *cfg, const struct http_route *routes)
{
	struct http_config mine = { 0 };
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	struct err err = { "" };

	signal(SIGPIPE, SIG_IGN);
	*w = (struct web){ .listen_fd = -1 };
	w->loop = loop_new(&err);
	must(w->loop != NULL, err.msg);
	w->guard = loop_timer_new(w->loop, on_guard, w);
	must(http_listen("127.0.0.1:0", &w->listen_fd, &err) == 0, err.msg);
	must(getsockname(w->listen_fd, (struct sockaddr *)&sin, &len) == 0, "getsockname");
	w->port = ntohs(sin.sin_port);
	if (cfg != NULL)
		mine = *cfg;
	mine.fds = &w->listen_fd;
	mine.n_fds = 1;
	w->http = http_new(w->loop, &mine, routes, w, &err);
	must(w->http != NULL, err.msg);
}

void
web_stop(struct web *w)
{
	http_free(w->http);
	close(w->listen_fd);
	loop_timer_free(w->guard);
	loop_free(w->loop);
}

/* ---- running ---- */

static void
stop(void *ctx)
{
	loop_stop(ctx);
}

bool
web_until(struct web *w, bool (*done)(void *ctx), void *ctx)
{
	struct loop_timer *tick = loop_timer_new(w->loop, stop, w->loop);
	bool reached;

	w->hangs = false;
	loop_timer_set(w->guard, getenv("SLOW") != NULL ? 200000 : 20000);
	while (!(reached = done(ctx)) && !w->hangs) {
		loop_timer_set(tick, 2);	/* a client that reads ends the turn, too */
		loop_run(w->loop);
	}
	loop_timer_clear(w->guard);
	loop_timer_free(tick);
	return reached;
}

void
web_run_ms(struct web *w, int64_t ms)
{
	struct loop_timer *t = loop_timer_new(w->loop, stop, w->loop);

	loop_timer_set(t, ms);
	loop_run(w->loop);
	loop_timer_free(t);
}

/* ---- clients ---- */

static void
on_readable(void *ctx, int fd, unsigned events)
{
	struct web_client *c = ctx;
	char buf[65536];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	(void)events;
	if (n > 0)
		str_addn(&c->in, buf, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		c->eof = true;
		loop_fd_set(c->watch, 0);
	}
	loop_stop(c->web->loop);
}

void
web_connect(struct web *w, struct web_client *c)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(w->port), .sin_addr = { htonl(INADDR_LOOPBACK) } };

	*c = (struct web_client){ .web = w };
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(c->fd != -1 && connect(c->fd, (struct sockaddr *)&sin, sizeof(sin)) == 0, "connect");
	must(fcntl(c->fd, F_SETFL, O_NONBLOCK) == 0, "fcntl");
	c->watch = loop_fd_new(w->loop, c->fd, on_readable, c);
	loop_fd_set(c->watch, LOOP_READ);
}

/* What the server does not take any more is lost, as with any client. */
void
web_send(struct web_client *c, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);

		if (sent > 0) {
			bytes += sent;
			n -= (size_t)sent;
		} else if (errno == EAGAIN)
			web_run_ms(c->web, 1);
		else
			return;
	}
}

void
web_say(struct web_client *c, const char *text)
{
	web_send(c, text, strlen(text));
}

void
web_close(struct web_client *c)
{
	loop_fd_free(c->watch);
	close(c->fd);
	str_done(&c->in);
	c->watch = NULL;
}

static bool
is_eof(void *ctx)
{
	return ((struct web_client *)ctx)->eof;
}

bool
web_wait_eof(struct web_client *c)
{
	return web_until(c->web, is_eof, c);
}

struct wanted {
	const struct web_client *c;
	const char *text;
	unsigned n;
	size_t seen;
};

/* Bodies may hold anything; what was looked through already is not looked through again. */
static bool
find(const struct web_client *c, const char *text, size_t *seen)
{
	size_t n = strlen(text), from = *seen > n ? *seen - n : 0;

	*seen = c->in.len;
	return c->in.len > from && memmem(c->in.p + from, c->in.len - from, text, n) != NULL;
}

static bool
has_text(void *ctx)
{
	struct wanted *x = ctx;

	return x->c->eof || find(x->c, x->text, &x->seen);
}

bool
web_wait_text(struct web_client *c, const char *text)
{
	struct wanted x = { .c = c, .text = text };

	return web_until(c->web, has_text, &x) && find(c, text, &(size_t){ 0 });
}

static bool
has_replies(void *ctx)
{
	struct wanted *x = ctx;
	const char *p = str_c(&x->c->in), *end = p + x->c->in.len;
	unsigned n = 0;

	for (;;) {
		const char *body = strstr(p, "\r\n\r\n"), *length = strstr(p, "Content-Length: ");

		if (body == NULL)
			break;
		body += 4;
		if (length != NULL && length < body)
			body += strtoul(length + 16, NULL, 10);
		if (body > end)
			break;
		n++;
		p = body;
	}
	return x->c->eof || n >= x->n;
}

bool
web_wait_replies(struct web_client *c, unsigned n)
{
	struct wanted x = { .c = c, .n = n };

	return web_until(c->web, has_replies, &x) && !c->eof;
}

bool
web_exchange(struct web *w, const char *bytes, size_t n, struct str *ret)
{
	struct web_client c;
	bool ok;

	web_connect(w, &c);
	web_send(&c, bytes, n);
	ok = web_wait_eof(&c);
	*ret = c.in;
	c.in = (struct str)STR_INIT;
	web_close(&c);
	return ok;
}

/* ---- replies ---- */

unsigned
web_status(const struct str *reply)
{
	const char *s = str_c(reply);

	return strncmp(s, "HTTP/1.", 7) == 0 && strlen(s) > 12 ? (unsigned)strtoul(s + 9, NULL, 10) : 0;
}

const char *
web_header(const struct str *reply, const char *name)
{
	static char value[1024];
	const char *end = strstr(str_c(reply), "\r\n\r\n");

	for (const char *p = strstr(str_c(reply), "\r\n"); p != NULL && p < end; p = strstr(p, "\r\n")) {
		p += 2;
		if (str_iprefix(p, name) && p[strlen(name)] == ':') {
			p += strlen(name) + 1;
			p += strspn(p, " ");
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(p, "\r\n"), p);
			return value;
		}
	}
	return NULL;
}

void
web_body(const struct str *reply, struct str *ret)
{
	const char *p = strstr(str_c(reply), "\r\n\r\n"), *end = str_c(reply) + reply->len;
	const char *coding = web_header(reply, "Transfer-Encoding");

	str_clear(ret);
	if (p == NULL)
		return;
	p += 4;
	if (coding == NULL) {
		str_addn(ret, p, (size_t)(end - p));
		return;
	}
	while (p < end) {
		char *rest;
		size_t n = strtoul(p, &rest, 16);

		if (n == 0 || n > (size_t)(end - rest) - 2)
			return;
		str_addn(ret, rest + 2, n);
		p = rest + 2 + n + 2;
	}
}

unsigned
web_count(const struct str *s, const char *text)
{
	unsigned n = 0;

	for (const char *p = str_c(s); (p = strstr(p, text)) != NULL; p += strlen(text))
		n++;
	return n;
}
