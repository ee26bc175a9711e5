/* SPDX-License-Identifier: ISC */
/*
 * Source ports: UDP sockets of our own under c-ares.
 *
 * c-ares 1.18 keeps one socket a server for as long as it is busy, reads it datagram by datagram until it is empty
 * (so that a flood keeps it inside), and sends each query by a system call of its own.  Here a channel has one port
 * that takes new queries and is changed after queries_per_port queries or seconds_per_port seconds (RFC 5452 9.2),
 * while older ones wait for their last answers.  Datagrams leave by sendmmsg() at the end of a batch and come in by
 * recvmmsg() into one ring of RING_SLOTS; that is also the most that one port may keep the loop busy with in a turn.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

#define RING_SLOTS  64
#define SEND_BATCH  64
#define RCVBUF_BYTES (1 << 20)	/* the system's limit cuts it; its default loses answers of a full window */

struct ring {
	struct port *port;
	unsigned n, next;
	int error;
	struct mmsghdr msgs[RING_SLOTS];
	struct iovec iovs[RING_SLOTS];
	uint8_t bytes[RING_SLOTS][DNS_DATAGRAM_MAX];
};

struct ring *
ring_new(void)
{
	struct ring *r = xcalloc(1, sizeof(*r));

	for (unsigned i = 0; i < RING_SLOTS; i++) {
		r->iovs[i] = (struct iovec){ .iov_base = r->bytes[i], .iov_len = DNS_DATAGRAM_MAX };
		r->msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &r->iovs[i], .msg_iovlen = 1 };
	}
	return r;
}

void
ring_free(struct ring *r)
{
	free(r);
}

bool
ring_next(struct ring *r, uint8_t **ret_bytes, size_t *ret_len, struct port **ret_port)
{
	const struct mmsghdr *m;
	uint8_t *bytes;

	if (r->next == r->n)
		return false;
	m = &r->msgs[r->next];
	bytes = r->bytes[r->next++];
	if ((m->msg_hdr.msg_flags & MSG_TRUNC) != 0)
		bytes[2] |= 0x02;	/* cut by us is truncated too: TC */
	*ret_bytes = bytes;
	*ret_len = m->msg_len;
	*ret_port = r->port;
	return true;
}

size_t
ring_left(const struct ring *r)
{
	return r->n - r->next + (r->error != 0);
}

int
ring_error(struct ring *r)
{
	int error = r->error;

	r->error = 0;
	return error;
}

/* Give c-ares what the ring holds for p, or the error. */
static void
port_process(struct port *p, unsigned n, int error)
{
	struct ring *r = p->channel->t->ring;

	r->port = p;
	r->n = n;
	r->next = 0;
	r->error = error;
	channel_readable(p->channel);	/* may close p */
	r->n = r->next = 0;
	r->error = 0;
}

static void
port_read(struct port *p)
{
	struct transport_ares *t = p->channel->t;
	int n;

	do
		n = recvmmsg(p->fd, t->ring->msgs, RING_SLOTS, MSG_DONTWAIT, NULL);
	while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	port_process(p, n > 0 ? (unsigned)n : 0, n == -1 ? errno : 0);
	transport_settle(t);
}

static void port_flush(struct port *p);

static void
port_ready(void *ctx, int fd, unsigned events)
{
	struct port *p = ctx;

	(void)fd;
	if ((events & LOOP_WRITE) != 0) {
		struct transport_ares *t = p->channel->t;

		loop_fd_set(p->watch, LOOP_READ);
		port_flush(p);
		transport_settle(t);	/* may free p; what there is to read, the next turn reports again */
		return;
	}
	port_read(p);
}

struct port *
port_open(struct channel *ch)
{
	const int size = RCVBUF_BYTES;
	struct sockaddr_storage ss;
	unsigned len = addr_to_sockaddr(&ch->server->addr, &ss);
	struct port *p;
	int fd, saved;

	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return NULL;
	if (connect(fd, (const struct sockaddr *)&ss, len) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return NULL;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	p = xcalloc(1, sizeof(*p));
	p->channel = ch;
	p->fd = fd;
	p->opened_ms = transport_now_ms();
	p->watch = loop_fd_new(ch->t->loop, fd, port_ready, p);
	loop_fd_set(p->watch, LOOP_READ);
	return p;
}

bool
port_worn(const struct port *p, int64_t now_ms)
{
	const struct transport_ares_config *cfg = &p->channel->t->cfg;

	return p->sent >= cfg->queries_per_port || now_ms - p->opened_ms >= (int64_t)cfg->seconds_per_port * 1000;
}

void
port_close(struct port *p)
{
	struct transport_ares *t = p->channel->t;

	if (p->dirty)
		TAILQ_REMOVE(&t->dirty, p, dirty_link);
	p->dirty = false;
	loop_fd_free(p->watch);		/* before close(): the number may come back at once */
	p->watch = NULL;
	close(p->fd);
	p->fd = -1;
	TAILQ_INSERT_TAIL(&t->dead, p, link);
}

void
port_free(struct port *p)
{
	free(p->out);
	free(p);
}

/* ---- sending ---- */

void
port_queue(struct port *p, const uint8_t *bytes, size_t len)
{
	const uint16_t n = (uint16_t)len;
	size_t need = p->out_len + sizeof(n) + len;

	if (need > p->out_cap) {
		p->out_cap = need < 4096 ? 4096 : need * 2;
		p->out = xreallocarray(p->out, p->out_cap, 1);
	}
	memcpy(p->out + p->out_len, &n, sizeof(n));
	memcpy(p->out + p->out_len + sizeof(n), bytes, len);
	p->out_len = need;
	p->out_n++;
	p->sent++;
	if (!p->dirty) {
		p->dirty = true;
		TAILQ_INSERT_TAIL(&p->channel->t->dirty, p, dirty_link);
		transport_turn(p->channel->t);
	}
}

/* Point at up to SEND_BATCH datagrams, beginning with number `first`. */
static unsigned
port_gather(const struct port *p, size_t first, struct mmsghdr *msgs, struct iovec *iovs)
{
	uint8_t *at = p->out;
	unsigned n = 0;

	for (size_t i = 0; i < p->out_n && n < SEND_BATCH; i++) {
		uint16_t len;

		memcpy(&len, at, sizeof(len));
		if (i >= first) {
			iovs[n] = (struct iovec){ .iov_base = at + sizeof(len), .iov_len = len };
			msgs[n].msg_hdr = (struct msghdr){ .msg_iov = &iovs[n], .msg_iovlen = 1 };
			n++;
		}
		at += sizeof(len) + len;
	}
	return n;
}

/* What becomes of the datagram that could not be sent. */
enum send_trouble { SEND_AGAIN, SEND_WAIT, SEND_LOST, SEND_BROKEN };

static enum send_trouble
send_trouble(int error)
{
	switch (error) {
	case EINTR:
		return SEND_AGAIN;
	case EAGAIN:
	case ENOBUFS:
		return SEND_WAIT;
	case EPERM:		/* a packet filter here dropped it, perhaps only this one: lost, as on any hop */
	case EMSGSIZE:
		return SEND_LOST;
	default:		/* ECONNREFUSED by ICMP, unreachable, interface down */
		return SEND_BROKEN;
	}
}

static void
port_flush(struct port *p)
{
	struct mmsghdr msgs[SEND_BATCH];
	struct iovec iovs[SEND_BATCH];
	unsigned n;
	int sent;

	while ((n = port_gather(p, p->out_first, msgs, iovs)) > 0) {
		sent = sendmmsg(p->fd, msgs, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent >= 0) {
			p->out_first += (unsigned)sent;
			continue;
		}
		switch (send_trouble(errno)) {
		case SEND_AGAIN:
			continue;
		case SEND_LOST:
			p->out_first++;
			continue;
		case SEND_WAIT:
			loop_fd_set(p->watch, LOOP_READ | LOOP_WRITE);
			return;
		case SEND_BROKEN:
			port_process(p, 0, errno);
			return;		/* p is closed */
		}
	}
	p->out_n = p->out_first = p->out_len = 0;
}

void
port_flush_all(struct transport_ares *t)
{
	struct port *p;

	while ((p = TAILQ_FIRST(&t->dirty)) != NULL) {
		TAILQ_REMOVE(&t->dirty, p, dirty_link);
		p->dirty = false;
		port_flush(p);
	}
}
