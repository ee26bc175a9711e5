/* SPDX-License-Identifier: ISC */
/*
 * Connections and their deadlines.  The timeout of libmicrohttpd starts again with each byte, so a client that drips a byte a
 * second holds its connection for ever; here the whole request has to be there in time.  The cut is shutdown(2): the
 * descriptor stays libmicrohttpd's, which sees the end and closes.
 *
 *	FRESH ──► READING ──► WAITING ──► SENDING ──► IDLE ──► READING ...
 *
 * and from each of them to CLOSING.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

enum {
	SENDING_MS = 300000,	/* who has not taken his reply after so long reads on purpose slowly, or not at all */
	LOOK_MS = 100,		/* after this rest it is looked whether the client has closed its half */
};

static void on_deadline(struct due *d);

static struct conn *
conn_of(struct due *d)
{
	return (struct conn *)((char *)d - offsetof(struct conn, deadline));
}

/*
 * libmicrohttpd does not notice an end that came together with the last request ("printf ... | nc").  It is not looked for after each
 * request, which would cost a system call, but once the client has rested.
 */
static bool
goes_on_resting(struct conn *c)
{
	if (c->phase != CONN_IDLE || c->looked || c->http->cfg.idle_ms <= LOOK_MS || conn_is_gone(c))
		return false;
	c->looked = true;
	due_set(c->http, &c->deadline, on_deadline, c->http->cfg.idle_ms - LOOK_MS);
	return true;
}

static void
on_deadline(struct due *d)
{
	struct conn *c = conn_of(d);

	if (goes_on_resting(c))
		return;
	/* libmicrohttpd has sent nothing for a request that it has not read, so these bytes stand alone. */
	if (c->phase == CONN_FRESH || c->phase == CONN_READING)
		raw_reply(c->http, c->fd, 408, "The request was not complete in time.");
	if (c->phase != CONN_IDLE)
		c->http->stats.timed_out++;
	conn_cut(c);
}

void
conn_cut(struct conn *c)
{
	shutdown(c->fd, SHUT_RDWR);
	conn_enter(c, CONN_CLOSING);
	server_kick(c->http);
}

bool
conn_make_room(struct http *h)
{
	struct conn *oldest = NULL;
	unsigned n = 0;

	for (struct conn *c = h->conns; c != NULL; c = c->next) {
		n += c->phase != CONN_CLOSING;
		if (c->phase == CONN_IDLE && (oldest == NULL || c->idle_since_ms < oldest->idle_since_ms))
			oldest = c;
	}
	if (n < h->cfg.connections)
		return true;
	if (oldest == NULL)
		return false;
	conn_cut(oldest);
	return true;
}

void
conn_enter(struct conn *c, enum conn_phase phase)
{
	const struct http_config *cfg = &c->http->cfg;
	const int64_t limit_ms[] = {
		[CONN_FRESH] = cfg->header_deadline_ms,
		[CONN_IDLE] = cfg->idle_ms < LOOK_MS ? cfg->idle_ms : LOOK_MS,
		[CONN_READING] = cfg->header_deadline_ms,
		[CONN_WAITING] = 0,
		[CONN_SENDING] = SENDING_MS,
		[CONN_CLOSING] = 0,
	};

	if (c->phase == CONN_CLOSING)
		return;
	/* The request line is no reason for more time: the clock runs from accept. */
	if (!(c->phase == CONN_FRESH && phase == CONN_READING && c->deadline.item.pos != 0)) {
		due_clear(c->http, &c->deadline);
		if (limit_ms[phase] != 0)
			due_set(c->http, &c->deadline, on_deadline, limit_ms[phase]);
	}
	if (phase == CONN_IDLE) {
		c->looked = false;
		c->idle_since_ms = c->deadline.item.key;
	}
	c->phase = phase;
}

static struct conn *
conn_new(struct http *h, struct MHD_Connection *mhd)
{
	struct conn *c = xcalloc(1, sizeof(*c));
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	c->http = h;
	c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	if (getsockname(c->fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sockaddr(&c->local, &ss);
	len = sizeof(ss);
	if (getpeername(c->fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sockaddr(&c->client, &ss);
	c->next = h->conns;
	c->prev = &h->conns;
	if (c->next != NULL)
		c->next->prev = &c->next;
	h->conns = c;
	h->stats.connections++;
	conn_enter(c, CONN_FRESH);
	return c;
}

static void
conn_free(struct conn *c)
{
	due_clear(c->http, &c->deadline);
	c->http->stats.connections--;
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	free(c->target);
	free(c);
}

void
conn_notify(void *http, struct MHD_Connection *mhd, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = conn_new(http, mhd);
	else if (*socket_context != NULL) {
		conn_free(*socket_context);
		*socket_context = NULL;
	}
}

/* Called once a request, as soon as the request line is there; what is returned would become the request. */
void *
conn_on_target(void *http, const char *target, struct MHD_Connection *mhd)
{
	struct conn *c = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	(void)http;
	free(c->target);
	c->target = xstrdup(target);
	conn_enter(c, CONN_READING);
	return NULL;
}

bool
conn_is_gone(const struct conn *c)
{
	char byte;
	ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n == -1 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}
