/* SPDX-License-Identifier: ISC */
/*
 * The yardstick: c-ares and libevent as their manuals show them, one channel a server, ares_query(), the reply parsed
 * by c-ares and thrown away.  It has no source port policy, no batches, no judging and no memory of what it saw.
 *
 *   bench_bare LIST PORT [WINDOW]      every line of LIST at 127.53.0.1 to .8, WINDOW (64) in flight at each
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <unistd.h>

#define CARES_NO_DEPRECATED
#include <ares.h>
#include <event2/event.h>

#include "bench_list.h"

struct peer {
	ares_channel channel;
	struct event *events[64];	/* by descriptor */
	struct event *timer;
	size_t next;
	unsigned in_flight;
};

static struct event_base *base;
static struct peer peers[BENCH_SERVERS];
static struct bench_list list;
static size_t n_done, n_failed;
static unsigned window = 64;

static void peer_fill(struct peer *p);

static void
peer_arm(struct peer *p)
{
	struct timeval max = { 1, 0 }, tv, *wait = ares_timeout(p->channel, &max, &tv);

	event_add(p->timer, wait);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	ares_process_fd(p->channel, what & EV_READ ? fd : ARES_SOCKET_BAD, what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	peer_fill(p);
	peer_arm(p);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	on_event(ARES_SOCKET_BAD, 0, arg);
}

static void
on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct peer *p = arg;
	struct event **ev = &p->events[fd % 64];

	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
	if (!readable && !writable)
		return;
	*ev = event_new(base, fd, (short)(EV_PERSIST | (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0)), on_event,
	    p);
	event_add(*ev, NULL);
}

/* What a monitor does at least with a reply: get the values out of it. */
static void
reply_parse(uint16_t type, const unsigned char *wire, int len)
{
	struct ares_mx_reply *mx;
	struct ares_txt_ext *txt;
	struct ares_srv_reply *srv;
	struct hostent *host;

	switch (type) {
	case 15:
		if (ares_parse_mx_reply(wire, len, &mx) == ARES_SUCCESS)
			ares_free_data(mx);
		break;
	case 16:
		if (ares_parse_txt_reply_ext(wire, len, &txt) == ARES_SUCCESS)
			ares_free_data(txt);
		break;
	case 33:
		if (ares_parse_srv_reply(wire, len, &srv) == ARES_SUCCESS)
			ares_free_data(srv);
		break;
	default:
		if (ares_parse_a_reply(wire, len, &host, NULL, NULL) == ARES_SUCCESS)
			ares_free_hostent(host);
		break;
	}
}

struct probe {
	struct peer *peer;
	uint16_t type;
};

static void
on_reply(void *arg, int status, int timeouts, unsigned char *wire, int len)
{
	struct probe *pr = arg;

	(void)timeouts;
	pr->peer->in_flight--;
	n_done++;
	if (status == ARES_SUCCESS)
		reply_parse(pr->type, wire, len);
	else if (status != ARES_ENODATA && status != ARES_ENOTFOUND)
		n_failed++;
	free(pr);
	if (n_done == list.n * BENCH_SERVERS)
		event_base_loopbreak(base);
}

static void
peer_fill(struct peer *p)
{
	while (p->in_flight < window && p->next < list.n) {
		const struct bench_question *q = &list.items[p->next++];
		struct probe *pr = malloc(sizeof(*pr));

		pr->peer = p;
		pr->type = q->type;
		p->in_flight++;
		ares_query(p->channel, q->name, 1, q->type, on_reply, pr);
	}
}

static void
peer_open(struct peer *p, unsigned number, int port)
{
	struct ares_options o = {
		.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS | ARES_FLAG_STAYOPEN | ARES_FLAG_NOSEARCH,
		.timeout = 2000, .tries = 1, .ednspsz = 1232, .sock_state_cb = on_state, .sock_state_cb_data = p
	};
	struct ares_addr_port_node node = { .family = AF_INET, .udp_port = port, .tcp_port = port };
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB;

#ifdef ARES_OPT_QUERY_CACHE
	mask |= ARES_OPT_QUERY_CACHE;
#endif
	if (ares_init_options(&p->channel, &o, mask) != ARES_SUCCESS)
		exit(1);
	node.addr.addr4.s_addr = htonl(0x7f350001 + number);
	ares_set_servers_ports(p->channel, &node);
	p->timer = event_new(base, -1, 0, on_timer, p);
}

int
main(int argc, char **argv)
{
	double began;

	if (argc < 3)
		return 2;
	if (argc > 3)
		window = (unsigned)atoi(argv[3]);
	list = bench_list_read(argv[1]);
	ares_library_init(ARES_LIB_INIT_ALL);
	base = event_base_new();
	for (unsigned i = 0; i < BENCH_SERVERS; i++)
		peer_open(&peers[i], i, atoi(argv[2]));
	began = bench_now();
	for (unsigned i = 0; i < BENCH_SERVERS; i++) {
		peer_fill(&peers[i]);
		peer_arm(&peers[i]);
	}
	event_base_dispatch(base);
	bench_report("bare", n_done, n_failed, bench_now() - began);
	return 0;
}
