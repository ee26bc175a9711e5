/* SPDX-License-Identifier: ISC */
/*
 * udp: queries and answers in the place of c-ares' own.
 *
 * c-ares sends a ticket, and the query goes out with its id by a port of ours; an answer that is one, to a query that is in
 * flight, with its question, by the port that it left by, is put by for the end of the query, and c-ares is given the receipt.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "internal.h"

/* ---- queries by id ---- */

static struct query **
id_slot(struct channel *ch, uint16_t id)
{
	return &ch->by_id[id % ARRAY_LEN(ch->by_id)];
}

static struct query *
id_find(struct channel *ch, uint16_t id)
{
	struct query *q = *id_slot(ch, id);

	while (q != NULL && q->id != id)
		q = q->next_by_id;
	return q;
}

static void
id_add(struct channel *ch, struct query *q, uint16_t id)
{
	struct query **slot = id_slot(ch, id);

	q->id = id;
	q->next_by_id = *slot;
	*slot = q;
}

static void
id_remove(struct channel *ch, struct query *q)
{
	struct query **p = id_slot(ch, q->id);

	while (*p != q)
		p = &(*p)->next_by_id;
	*p = q->next_by_id;
}

static uint16_t
id_pick(struct channel *ch)
{
	uint16_t id;

	do
		id = (uint16_t)random_u32();
	while (id_find(ch, id) != NULL);
	return id;
}

/* ---- tickets and receipts ---- */

/* One question, ". A IN", recursion desired. */
static void
ticket_make(uint8_t ticket[UDP_TICKET_BYTES], uint16_t id)
{
	static const uint8_t blank[UDP_TICKET_BYTES] = { [2] = 1, [5] = 1, [14] = 1, [16] = 1 };

	memcpy(ticket, blank, UDP_TICKET_BYTES);
	put_u16(ticket, id);
}

/* The ticket come back as an answer without records. */
static size_t
receipt_make(uint8_t *buf, size_t size, uint16_t id)
{
	if (size < UDP_TICKET_BYTES)
		return 0;
	ticket_make(buf, id);
	buf[2] |= DNS_QR;
	return UDP_TICKET_BYTES;
}

void
udp_ticket(struct channel *ch, uint8_t ticket[UDP_TICKET_BYTES])
{
	ticket_make(ticket, id_pick(ch));
}

/* ---- ports ---- */

/* The port that a query used: when it was the last answer that an old one waited for, close it. */
static void
port_release(struct channel *ch, struct port *p)
{
	p->in_flight--;
	if (p->in_flight == 0 && p != ch->port && p->fd != -1) {
		TAILQ_REMOVE(&ch->draining, p, link);
		port_close(p);
	}
}

void
udp_end(struct channel *ch, struct query *q)
{
	id_remove(ch, q);
	port_release(ch, q->port);
	q->port = NULL;
}

/* Make sure that a port with a few queries left takes the next one; NULL with errno. */
static struct port *
port_for_query(struct channel *ch)
{
	struct port *old = ch->port, *p;

	if (old != NULL && !port_worn(old, transport_now_ms()))
		return old;
	p = port_open(ch);
	if (p == NULL) {
		ch->error = errno;
		return NULL;
	}
	ch->port = p;
	if (old != NULL && old->in_flight == 0)
		port_close(old);
	else if (old != NULL)
		TAILQ_INSERT_TAIL(&ch->draining, old, link);
	return p;
}

bool
udp_open(struct channel *ch)
{
	return port_for_query(ch) != NULL;
}

void
udp_close(struct channel *ch)
{
	struct port *p;

	if (ch->port != NULL)
		port_close(ch->port);
	ch->port = NULL;
	while ((p = TAILQ_FIRST(&ch->draining)) != NULL) {
		TAILQ_REMOVE(&ch->draining, p, link);
		port_close(p);
	}
}

/* ---- in and out ---- */

/* c-ares sends a ticket: the query goes in its place, with its id (1.34 puts one of its own). */
ssize_t
udp_send(struct channel *ch, const struct iovec *iov)
{
	struct query *q = ch->sending;
	struct port *p;

	if (q == NULL || iov->iov_len < UDP_TICKET_BYTES || q->port != NULL)
		return (ssize_t)iov->iov_len;	/* a repetition of c-ares' own: not wanted */
	p = port_for_query(ch);
	if (p == NULL)
		return -1;
	id_add(ch, q, get_u16(iov->iov_base));
	put_u16(q->bytes, q->id);
	q->port = p;
	p->in_flight++;
	port_queue(p, q->bytes, q->len);
	return (ssize_t)iov->iov_len;
}

static bool
same_letters(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i] && ascii_lower((char)a[i]) != ascii_lower((char)b[i]))
			return false;
	return true;
}

/*
 * Is it an answer to q's question?  Servers of the time before EDNS refuse with a header alone (RFC 6891 7): that is
 * one too.  A length octet is below 'A', so that folding the case of all octets does no harm.
 */
static bool
question_matches(const struct query *q, const uint8_t *wire, size_t len)
{
	size_t end = DNS_HEADER_BYTES;

	if (get_u16(wire + 4) == 0)
		return (wire[3] & 0x0f) != 0;
	while (end < q->len && q->bytes[end] != 0)
		end += q->bytes[end] + (size_t)1;
	if (get_u16(wire + 4) != 1 || end + 5 > q->len || end + 5 > len)
		return false;
	if (memcmp(q->bytes + DNS_HEADER_BYTES, wire + DNS_HEADER_BYTES, end + 5 - DNS_HEADER_BYTES) == 0)
		return true;
	return same_letters(q->bytes + DNS_HEADER_BYTES, wire + DNS_HEADER_BYTES, end - DNS_HEADER_BYTES) &&
	    memcmp(q->bytes + end, wire + end, 5) == 0;	/* the root label, type, class */
}

static void
fill_from(const struct channel *ch, struct sockaddr *from, socklen_t *from_len)
{
	struct sockaddr_storage ss;
	unsigned n = addr_to_sockaddr(&ch->server->addr, &ss);	/* the ports are connected: it can be nobody else */

	if (from == NULL || from_len == NULL)
		return;
	memcpy(from, &ss, n < *from_len ? n : *from_len);
	*from_len = n;
}

/* The next datagram of the ring that can be an answer. */
ssize_t
udp_receive(struct channel *ch, uint8_t *buf, size_t size, struct sockaddr *from, socklen_t *from_len)
{
	struct ring *r = ch->t->ring;
	struct port *port;
	uint8_t *wire;
	size_t len;

	while (ring_next(r, &wire, &len, &port)) {
		struct query *q;

		if (len < DNS_HEADER_BYTES || (wire[2] & DNS_QR) == 0)
			continue;
		q = id_find(ch, get_u16(wire));
		if (q == NULL || q->port != port || !question_matches(q, wire, len))
			continue;
		ch->received.query = q;
		ch->received.wire = wire;
		ch->received.len = len;
		fill_from(ch, from, from_len);
		return (ssize_t)receipt_make(buf, size, q->id);
	}
	ch->received.query = NULL;
	errno = ring_error(r);
	if (errno != 0)
		ch->error = errno;
	else
		errno = EAGAIN;
	return -1;
}
