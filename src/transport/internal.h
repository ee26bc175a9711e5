/* SPDX-License-Identifier: ISC */
/*
 * transport, inside:
 *
 *   transport.c   the face: queries in, answers out in batches, the one timer
 *   server.c      one address that is asked: its UDP channel, its queue for TCP
 *   channel.c     c-ares; the only file that includes <ares.h>
 *   udp.c         queries and answers by UDP, in the place of c-ares' own
 *   port.c        UDP source ports: datagrams in and out by the batch
 *   pool.c        the memory of c-ares
 *
 * A query's way:
 *
 *   send -> server -> UDP channel -+-> done -> on_answer
 *             |                    | TC
 *             +--- tcp ----------> TCP channel (one connection a query) -> done -> on_answer
 *
 * Nothing is freed while c-ares is on the stack: its callbacks and socket functions only move things to lists (done,
 * finished, dead), and transport_settle(), called when c-ares has returned, does what the lists say.
 */
#ifndef M365DNSD_TRANSPORT_INTERNAL_H
#define M365DNSD_TRANSPORT_INTERNAL_H

#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <m365dnsd/transport.h>

#define DNS_HEADER_BYTES 12
#define DNS_DATAGRAM_MAX 4096	/* we offer 1232; who sends more than this is asked again by TCP */
#define QUERY_INLINE     512	/* holds any query, and nearly any answer */

struct channel;
struct port;
struct server;
struct transport_ares;

/* One query under way.  bytes holds the query until its answer takes the place. */
struct query {
	TAILQ_ENTRY(query) link;	/* in one of: free, a channel's in_flight, a server's tcp_waiting, done */
	struct query *next_by_id;
	struct server *server;
	struct channel *channel;	/* while in flight */
	struct port *port;		/* the one it left by; NULL by TCP */
	void *tag;
	int64_t sent_us, deadline_ms;
	uint32_t rtt_us;
	enum transport_status status;
	uint16_t id;
	bool tcp;
	bool truncated;			/* TC came by UDP: if TCP fails too, that is the answer */
	size_t len;
	uint8_t *bytes;			/* inline_bytes, or malloc'ed */
	uint8_t inline_bytes[QUERY_INLINE];
};
TAILQ_HEAD(query_list, query);
TAILQ_HEAD(port_list, port);
TAILQ_HEAD(channel_list, channel);

/* ---- transport.c ---- */

struct transport_ares {
	struct transport base;		/* first: the face casts */
	struct loop *loop;
	struct transport_ares_config cfg;
	struct map *servers;		/* struct server by address and timeout */
	struct server *recent[64];	/* some of them */
	struct heap due;		/* channels: the next time-out, or the end of idleness */
	struct loop_timer *timer;
	int64_t timer_ms;		/* when it fires, INT64_MAX = not armed */
	struct query_list done, free;
	struct channel_list finished;	/* TCP channels to be destroyed */
	struct port_list dirty;		/* ports with datagrams to send */
	struct port_list dead;		/* closed, to be freed */
	struct server *tcp_ready;	/* servers whose tcp_waiting may go on */
	struct ring *ring;
	bool turn_set;			/* on_turn is deferred */
	bool stopping;
};

int64_t transport_now_us(void);
int64_t transport_now_ms(void);
/* The query is over: it will be delivered from the loop. */
void transport_done(struct transport_ares *t, struct query *q, enum transport_status status);
/* Something waits for the end of this turn. */
void transport_turn(struct transport_ares *t);
/* c-ares has returned: free and start what had to wait for that. */
void transport_settle(struct transport_ares *t);

/* ---- server.c ---- */

struct server {
	struct transport_ares *t;
	struct addr addr;
	uint32_t timeout_ms;
	struct channel *udp;
	struct query_list tcp_waiting;
	unsigned tcp_open;
	bool tcp_queued;		/* in tcp_ready */
	struct server *next_ready;
};

struct server *server_get(struct transport_ares *t, const struct addr *addr, uint32_t timeout_ms);
void server_send(struct server *s, struct query *q);
/* By TCP, when one of the few connections is free. */
void server_send_tcp(struct server *s, struct query *q);
void server_start_tcp(struct server *s);
void server_udp_idle(struct server *s);
void server_tcp_closed(struct server *s);

/* ---- channel.c ---- */

struct channel {
	TAILQ_ENTRY(channel) link;	/* finished */
	struct transport_ares *t;
	struct server *server;
	struct ares_channeldata *ares;
	struct heap_item due;
	struct query_list in_flight;	/* oldest first; all have the same time-out, so the first expires first */
	unsigned n_in_flight;
	int64_t used_ms;		/* last time a query was sent */
	struct query *sending;		/* the one inside ares_send() */
	int error;			/* errno of the last socket trouble, 0 = none */
	bool tcp, closing;
	/* UDP */
	struct port *port;		/* takes new queries */
	struct port_list draining;	/* wait for their last answers */
	struct query *by_id[256];
	struct {			/* the answer whose receipt c-ares was given last */
		struct query *query;
		const uint8_t *wire;
		size_t len;
	} received;
	/* TCP */
	struct loop_fd *watch;
};

bool channel_library_init(struct err *err);
void channel_library_done(void);
/* NULL with words when c-ares has no memory. */
struct channel *channel_new(struct server *s, bool tcp, struct err *err);
void channel_send(struct channel *ch, struct query *q);
/* A port of it has datagrams in the ring, or an error: let c-ares see them. */
void channel_readable(struct channel *ch);
/* Its time has come: time-outs, idleness. */
void channel_due(struct channel *ch, int64_t now_ms);
/* Never from inside c-ares. */
void channel_free(struct channel *ch);

/* ---- udp.c ---- */

#define UDP_TICKET_BYTES 17	/* a header, the root name, type and class */
enum { DNS_QR = 0x80, DNS_TC = 0x02 };	/* both in the third byte */

/* What c-ares is given to send in the query's place, with an id that is free. */
void udp_ticket(struct channel *ch, uint8_t ticket[UDP_TICKET_BYTES]);
/* False with errno: there is no port to be had. */
bool udp_open(struct channel *ch);
void udp_close(struct channel *ch);
/* As sendmsg and recvfrom are, of tickets and receipts. */
ssize_t udp_send(struct channel *ch, const struct iovec *iov);
ssize_t udp_receive(struct channel *ch, uint8_t *buf, size_t size, struct sockaddr *from, socklen_t *from_len);
/* The query needs id and port no more. */
void udp_end(struct channel *ch, struct query *q);

static inline uint16_t
get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void
put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* ---- pool.c: malloc, free and realloc for c-ares ---- */

void *pool_alloc(size_t n);
void pool_free(void *p);
void *pool_realloc(void *p, size_t n);

/* ---- port.c ---- */

struct port {
	TAILQ_ENTRY(port) link;		/* draining or dead */
	TAILQ_ENTRY(port) dirty_link;
	struct channel *channel;
	int fd;
	struct loop_fd *watch;
	unsigned sent, in_flight;
	int64_t opened_ms;
	bool dirty;
	size_t out_n, out_first, out_len, out_cap;	/* datagrams to send: their number, those gone, bytes */
	uint8_t *out;			/* each with its length before it */
};

struct ring *ring_new(void);
void ring_free(struct ring *r);
/* The next datagram of the batch being read and the port it came to; false when there is none. */
bool ring_next(struct ring *r, uint8_t **ret_bytes, size_t *ret_len, struct port **ret_port);
/* What is yet to come: datagrams, and the error. */
size_t ring_left(const struct ring *r);
/* The error that ended the batch, once; 0 = none. */
int ring_error(struct ring *r);

/* NULL with errno when there is no such family, route or descriptor. */
struct port *port_open(struct channel *ch);
bool port_worn(const struct port *p, int64_t now_ms);
void port_queue(struct port *p, const uint8_t *bytes, size_t len);
/* Send what is queued on all ports. */
void port_flush_all(struct transport_ares *t);
/* Stop watching and close; the memory lives on until transport_settle(). */
void port_close(struct port *p);
void port_free(struct port *p);

#endif
