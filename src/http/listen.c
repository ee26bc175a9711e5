/* SPDX-License-Identifier: ISC */
/*
 * Listening sockets and the doors.  We accept ourselves, for all sockets alike, because one daemon of libmicrohttpd has one
 * listening socket, and its limits close a connection without a word and without a count.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

enum { DEFAULT_PORT = 8365, ACCEPTS_A_TURN = 32, PAUSE_MS = 1000 };

static int
bind_and_listen(int fd, const struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(a, &ss);
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return -1;
	/* "[::]" beside "0.0.0.0" is two sockets. */
	if (a->family == 6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		return -1;
	return bind(fd, (struct sockaddr *)&ss, len) == -1 || listen(fd, SOMAXCONN) == -1 ? -1 : 0;
}

/* Port 0, which addr_parse() refuses as nobody can be asked there, means any free one. */
static bool
parse_listen(struct addr *a, const char *text)
{
	size_t n = strlen(text);
	char *host;
	bool ok;

	if (n < 3 || strcmp(text + n - 2, ":0") != 0 || text[n - 3] == ':')
		return addr_parse(a, text, DEFAULT_PORT);
	host = xstrndup(text, n - 2);
	ok = addr_parse(a, host, DEFAULT_PORT);
	a->port = 0;
	free(host);
	return ok;
}

int
http_listen(const char *addr, int *ret_fd, struct err *err)
{
	struct addr a;
	int fd;

	if (!parse_listen(&a, addr)) {
		err_set(err, "listen: \"%s\" is not an address with a port", addr);
		return -1;
	}
	fd = socket(a.family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 || bind_and_listen(fd, &a) == -1) {
		err_set(err, "cannot listen on %s: %s", addr, strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

/* ---- accepting ---- */

static unsigned
limit_of(const struct http *h, const struct addr *a)
{
	static const unsigned per_ip = 64;

	if (h->cfg.connections_per_ip != 0)
		return h->cfg.connections_per_ip;
	return guard_is_loopback(a) ? h->cfg.connections : per_ip;
}

static bool
is_full(struct http *h, const struct sockaddr_storage *ss)
{
	unsigned same = 0;
	struct addr a = { .family = 0 };

	if (!conn_make_room(h))
		return true;
	if (!addr_from_sockaddr(&a, ss))
		return false;		/* a Unix socket has no addresses to count */
	for (const struct conn *c = h->conns; c != NULL; c = c->next)
		same += c->phase != CONN_CLOSING && c->client.family == a.family && memcmp(c->client.ip, a.ip, sizeof(a.ip)) == 0;
	return same >= limit_of(h, &a);
}

static void
refuse(struct http *h, int fd)
{
	h->stats.refused++;
	raw_reply(h, fd, 503, "Too many connections.");
	close(fd);
}

static void
on_pause_over(struct due *d)
{
	struct listener *l = (struct listener *)((char *)d - offsetof(struct listener, pause));

	loop_fd_set(l->fd, LOOP_READ);
}

/* Out of descriptors or memory the socket stays readable: without a pause the loop would spin. */
static void
on_accept_error(struct listener *l)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED)
		return;
	log_warn("http: cannot accept a connection: %s", strerror(errno));
	loop_fd_set(l->fd, 0);
	due_set(l->http, &l->pause, on_pause_over, PAUSE_MS);
}

static void
on_accept(void *ctx, int fd, unsigned events)
{
	struct listener *l = ctx;
	struct http *h = l->http;

	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		struct sockaddr_storage ss = { .ss_family = 0 };
		socklen_t len = sizeof(ss);
		int c = accept4(fd, (struct sockaddr *)&ss, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (c == -1) {
			on_accept_error(l);
			break;
		}
		h->stats.accepted++;
		if (is_full(h, &ss))
			refuse(h, c);
		else	/* closes it when it fails */
			MHD_add_connection(h->mhd, c, (struct sockaddr *)&ss, len);
	}
	server_kick(h);
}

static struct listener *
listener_new(struct http *h, int sock)
{
	struct listener *l = xcalloc(1, sizeof(*l));
	int flags = fcntl(sock, F_GETFL);

	if (flags == -1 || fcntl(sock, F_SETFL, flags | O_NONBLOCK) == -1)
		log_err("http: listening socket %d: %s", sock, strerror(errno));
	l->http = h;
	l->sock = sock;
	l->fd = loop_fd_new(h->loop, sock, on_accept, l);
	loop_fd_set(l->fd, LOOP_READ);
	return l;
}

static void
listener_free(struct listener *l)
{
	due_clear(l->http, &l->pause);
	loop_fd_free(l->fd);
	free(l);
}

/* Out of the old list, or NULL. */
static struct listener *
listener_take(struct listener **list, int sock)
{
	for (struct listener **p = list, *l; (l = *p) != NULL; p = &l->next)
		if (l->sock == sock) {
			*p = l->next;
			return l;
		}
	return NULL;
}

void
listeners_set(struct http *h, const int *fds, size_t n)
{
	struct listener *old = h->listeners, *l;

	h->listeners = NULL;
	for (size_t i = 0; i < n; i++) {
		l = listener_take(&old, fds[i]);
		if (l == NULL)
			l = listener_new(h, fds[i]);
		l->next = h->listeners;
		h->listeners = l;
	}
	while ((l = old) != NULL) {
		old = l->next;
		listener_free(l);
	}
}

/* Handed over by a service manager or by a test: look before anything waits on them. */
int
listeners_check(const int *fds, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (fcntl(fds[i], F_GETFL) == -1) {
			err_set(err, "listening socket %d: %s", fds[i], strerror(errno));
			return -1;
		}
	return 0;
}

void
http_set_fds(struct http *h, const int *fds, size_t n)
{
	listeners_set(h, fds, n);
}
