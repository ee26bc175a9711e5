/* SPDX-License-Identifier: ISC */
/*
 * c-ares 1.18.1 (Debian 12) to 1.34: one channel an address asked, because that is how an answer is attributed.
 *
 * What c-ares does: keep ids and time-outs, speak TCP.  What it is kept from:
 *
 *   retries         tries = 1; the prober owns them.
 *   system files    all seven options of ARES_CONFIG_CHECK are given, so none is read (and CVE-2024-25629 cannot
 *                   bite).
 *   messages        For UDP it sends a ticket, a header and the question ".", in whose place the query goes out, and
 *                   is shown a receipt for the answer, which passes by it from the ring to the caller.  1.18 would
 *                   decode the question of query and answer into text (a third of all instructions here), cut answers
 *                   at 512 bytes, and after one FORMERR cut 11 bytes off the query and do without EDNS on this
 *                   channel for good (process_answer); 1.34 would decode and encode both, and fail everything in
 *                   flight when an answer is malformed.
 *   TC by itself    its own TCP connection shares the fate of the UDP socket: a server that closes TCP after an
 *                   answer would fail all UDP queries in flight (handle_error closes both).  A query by TCP gets a
 *                   channel and a connection of its own instead, closed after the answer.  A truncated answer never
 *                   leaves this room.
 *   its sockets     The UDP "descriptor" that it is given is a mere number: port.c changes the real ones behind it.
 *
 * Answers are let through only if they are answers, their id is in flight, their question is the query's (without
 * regard to case: that is the prober's affair), and they came to the port that the query left by.  Callbacks run
 * inside ares_process_fd(), inside ares_send() (no route) and inside ares_destroy(): they only move the query from
 * list to list; nothing here calls c-ares while c-ares is on the stack (a double free in 1.18.1).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define CARES_NO_DEPRECATED	/* 1.34 would have us use its record objects, which 1.18 has not */
#include <ares.h>

#include "internal.h"

#define UDP_HANDLE       0x4d365d	/* what c-ares takes for its UDP socket; never given to the system */
#define TIMEOUT_SLACK_MS 10	/* c-ares has its own clock: do not come a moment too early */

/* ---- the end of a query ---- */

static enum transport_status
status_of_failure(const struct channel *ch, int ares_status)
{
	switch (ares_status) {
	case ARES_ETIMEOUT:
		return TRANSPORT_TIMEOUT;
	case ARES_ECANCELLED:
	case ARES_EDESTRUCTION:
		return TRANSPORT_STOPPED;
	default:
		break;
	}
	switch (ch->error) {
	case ENETUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return TRANSPORT_NO_FAMILY;
	default:
		return TRANSPORT_NETWORK;
	}
}

static void
query_unlink(struct channel *ch, struct query *q)
{
	TAILQ_REMOVE(&ch->in_flight, q, link);
	ch->n_in_flight--;
	q->channel = NULL;
	if (q->port != NULL) {
		udp_end(ch, q);
	}
	if (ch->tcp && !ch->closing) {
		heap_remove(&ch->t->due, &ch->due);
		TAILQ_INSERT_TAIL(&ch->t->finished, ch, link);
	}
}

static void
query_take_answer(struct query *q, const uint8_t *wire, size_t len)
{
	if (len > sizeof(q->inline_bytes))
		q->bytes = xmalloc(len);
	memcpy(q->bytes, wire, len);
	q->len = len;
	put_u16(q->bytes, 0);
}

/* c-ares says how a query ended.  See the top for what may not be done here. */
static void
on_done(void *arg, int status, int timeouts, unsigned char *abuf, int alen)
{
	struct query *q = arg;
	struct channel *ch = q->channel;
	struct transport_ares *t = ch->t;
	const uint8_t *wire = abuf;
	size_t len = (size_t)alen;

	(void)timeouts;
	q->rtt_us = (uint32_t)(transport_now_us() - q->sent_us);
	query_unlink(ch, q);
	if (!ch->tcp) {			/* abuf is the receipt */
		wire = ch->received.query == q ? ch->received.wire : NULL;
		len = ch->received.len;
	}
	if (status != ARES_SUCCESS || wire == NULL || len < DNS_HEADER_BYTES) {
		transport_done(t, q, status_of_failure(ch, status));
		return;
	}
	if (!ch->tcp && (wire[2] & DNS_TC) != 0) {
		q->truncated = true;
		server_send_tcp(q->server, q);
		return;
	}
	query_take_answer(q, wire, len);
	transport_done(t, q, TRANSPORT_OK);
}

/* ---- socket functions: what c-ares calls ---- */

static ares_socket_t
on_socket(int family, int type, int protocol, void *ctx)
{
	struct channel *ch = ctx;
	const int one = 1;
	int fd;

	if (type == SOCK_DGRAM)
		return UDP_HANDLE;
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd == -1)
		ch->error = errno;
	else
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int
on_close(ares_socket_t fd, void *ctx)
{
	if (fd != UDP_HANDLE)
		return close(fd);
	udp_close(ctx);
	return 0;
}

static int
on_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t len, void *ctx)
{
	struct channel *ch = ctx;

	ch->error = 0;
	if (fd == UDP_HANDLE)
		return udp_open(ch) ? 0 : -1;
	if (connect(fd, to, len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		ch->error = errno;
	return -1;
}

static ares_ssize_t
on_receive(ares_socket_t fd, void *buf, size_t size, int flags, struct sockaddr *from, ares_socklen_t *from_len,
    void *ctx)
{
	if (fd == UDP_HANDLE)
		return udp_receive(ctx, buf, size, from, from_len);
	return recv(fd, buf, size, flags);
}

static ares_ssize_t
on_send(ares_socket_t fd, const struct iovec *iov, int n, void *ctx)
{
	struct msghdr m = { 0 };
	struct iovec copy[4];

	if (fd == UDP_HANDLE)
		return udp_send(ctx, iov);	/* one query is one datagram is one buffer */
	if (n > (int)ARRAY_LEN(copy))
		n = ARRAY_LEN(copy);		/* the rest follows */
	memcpy(copy, iov, (size_t)n * sizeof(*iov));
	m.msg_iov = copy;
	m.msg_iovlen = (size_t)n;
	return sendmsg(fd, &m, MSG_NOSIGNAL);
}

static const struct ares_socket_functions socket_functions = {
	.asocket = on_socket,
	.aclose = on_close,
	.aconnect = on_connect,
	.arecvfrom = on_receive,
	.asendv = on_send,
};

static void
on_tcp_ready(void *ctx, int fd, unsigned events)
{
	struct channel *ch = ctx;
	struct transport_ares *t = ch->t;

	ares_process_fd(ch->ares, (events & LOOP_READ) != 0 ? fd : ARES_SOCKET_BAD,
	    (events & LOOP_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	transport_settle(t);
}

/* (fd, 0, 0) comes before close(): the watch must go at once, the number may be reused within the same call. */
static void
on_socket_state(void *ctx, ares_socket_t fd, int readable, int writable)
{
	struct channel *ch = ctx;
	unsigned events = (readable ? LOOP_READ : 0) | (writable ? LOOP_WRITE : 0);

	if (fd == UDP_HANDLE)
		return;
	if (events == 0) {
		loop_fd_free(ch->watch);
		ch->watch = NULL;
		return;
	}
	if (ch->watch == NULL)
		ch->watch = loop_fd_new(ch->t->loop, fd, on_tcp_ready, ch);
	loop_fd_set(ch->watch, events);
}

/* ---- channels ---- */

const char *
transport_ares_version(void)
{
	return ares_version(NULL);
}

bool
channel_library_init(struct err *err)
{
#ifdef __SANITIZE_ADDRESS__		/* it knows what becomes of malloc's memory only */
	int status = ares_library_init(ARES_LIB_INIT_ALL);
#else
	int status = ares_library_init_mem(ARES_LIB_INIT_ALL, pool_alloc, pool_free, pool_realloc);
#endif

	if (status != ARES_SUCCESS)
		err_set(err, "c-ares cannot start: %s", ares_strerror(status));
	return status == ARES_SUCCESS;
}

void
channel_library_done(void)
{
	ares_library_cleanup();
}

static int
channel_init_ares(struct channel *ch)
{
	static char lookups[] = "b", no_file[] = "/dev/null";
	struct in_addr placeholder = { .s_addr = htonl(INADDR_LOOPBACK) };	/* IPv6 and ports are set afterwards */
	struct ares_options o = {
		.timeout = (int)ch->server->timeout_ms,
		.tries = 1,
		.ndots = 1,
		.servers = &placeholder,
		.nservers = 1,
		.lookups = lookups,
		.resolvconf_path = no_file,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = ch,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_SERVERS |
	    ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST | ARES_OPT_RESOLVCONF |
	    ARES_OPT_SOCK_STATE_CB | ARES_OPT_NOROTATE;

	o.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_STAYOPEN;
	if (ch->tcp)
		o.flags |= ARES_FLAG_USEVC;
#ifdef ARES_OPT_QUERY_CACHE
	o.qcache_max_ttl = 0;		/* on by default in 1.34: it would answer for the server */
	mask |= ARES_OPT_QUERY_CACHE;
#endif
	return ares_init_options(&ch->ares, &o, mask);
}

static int
channel_set_server(struct channel *ch)
{
	const struct addr *a = &ch->server->addr;
	struct ares_addr_port_node node = { 0 };

	node.family = a->family == 4 ? AF_INET : AF_INET6;
	memcpy(&node.addr, a->ip, a->family == 4 ? 4 : 16);
	node.udp_port = node.tcp_port = a->port;
	return ares_set_servers_ports(ch->ares, &node);
}

struct channel *
channel_new(struct server *s, bool tcp, struct err *err)
{
	struct channel *ch = xcalloc(1, sizeof(*ch));
	int status;

	ch->t = s->t;
	ch->server = s;
	ch->tcp = tcp;
	TAILQ_INIT(&ch->in_flight);
	TAILQ_INIT(&ch->draining);
	status = channel_init_ares(ch);
	if (status == ARES_SUCCESS) {
		ares_set_socket_functions(ch->ares, &socket_functions, ch);
		status = channel_set_server(ch);
	}
	if (status != ARES_SUCCESS) {
		err_set(err, "c-ares cannot make a channel: %s", ares_strerror(status));
		channel_free(ch);
		return NULL;
	}
	return ch;
}

void
channel_free(struct channel *ch)
{
	if (ch == NULL)
		return;
	ch->closing = true;
	if (ch->ares != NULL)
		ares_destroy(ch->ares);		/* ends what is in flight with ARES_EDESTRUCTION and closes */
	heap_remove(&ch->t->due, &ch->due);
	free(ch);
}

void
channel_send(struct channel *ch, struct query *q)
{
	uint8_t ticket[UDP_TICKET_BYTES];
	int64_t due;

	q->channel = ch;
	q->port = NULL;
	q->tcp = ch->tcp;
	q->sent_us = transport_now_us();
	q->deadline_ms = due = q->sent_us / 1000 + ch->server->timeout_ms + TIMEOUT_SLACK_MS;
	ch->used_ms = q->sent_us / 1000;
	TAILQ_INSERT_TAIL(&ch->in_flight, q, link);
	ch->n_in_flight++;
	if (ch->due.pos == 0 || ch->due.key > due)
		heap_set(&ch->t->due, &ch->due, due);
	if (ch->tcp) {
		put_u16(q->bytes, (uint16_t)random_u32());
		ares_send(ch->ares, q->bytes, (int)q->len, on_done, q);
		return;			/* q may be done already */
	}
	udp_ticket(ch, ticket);
	ch->sending = q;
	ares_send(ch->ares, ticket, sizeof(ticket), on_done, q);
	ch->sending = NULL;
}

void
channel_readable(struct channel *ch)
{
	size_t left;

	do {				/* 1.18 takes all there is, 1.34 one a call when the sockets are not its own */
		left = ring_left(ch->t->ring);
		ares_process_fd(ch->ares, UDP_HANDLE, ARES_SOCKET_BAD);
	} while (ring_left(ch->t->ring) < left);
}

void
channel_due(struct channel *ch, int64_t now_ms)
{
	const struct query *oldest;

	if (ch->n_in_flight > 0)
		ares_process_fd(ch->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	oldest = TAILQ_FIRST(&ch->in_flight);
	if (oldest != NULL)
		heap_set(&ch->t->due, &ch->due,
		    oldest->deadline_ms > now_ms ? oldest->deadline_ms : now_ms + TIMEOUT_SLACK_MS);
	else if (ch->tcp)
		heap_remove(&ch->t->due, &ch->due);
	else if (now_ms - ch->used_ms < (int64_t)ch->t->cfg.idle_close_ms)
		heap_set(&ch->t->due, &ch->due, ch->used_ms + ch->t->cfg.idle_close_ms);
	else
		server_udp_idle(ch->server);	/* frees ch */
}
