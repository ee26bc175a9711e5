/* SPDX-License-Identifier: ISC */
/*
 * The transport alone: queries built beforehand, replies counted.
 *
 *   bench_transport LIST PORT [WINDOW [NUMBER]]    every line of LIST at 127.53.0.1 to .8, WINDOW (64) in flight at
 *                                                  each.  NUMBER = the one that does not answer: the pass of the
 *                                                  others is timed; -NUMBER = the same without asking it at all
 */
#include <m365dnsd/transport.h>

#include "bench_list.h"

struct peer {
	struct addr addr;
	size_t next, done, failed;
	unsigned in_flight;
	bool silent;
	double finished;
};
struct wire {
	uint16_t len;
	uint8_t bytes[DNS_QUERY_MAX];
};

static struct loop *loop;
static struct transport *transport;
static struct peer peers[BENCH_SERVERS];
static struct wire *wires;
static size_t n_wires;
static unsigned window = 64, n_open;

static void
peer_fill(struct peer *p)
{
	while (p->in_flight < window && p->next < n_wires) {
		const struct wire *w = &wires[p->next++];
		struct transport_query q = {
			.to = p->addr, .wire = w->bytes, .len = w->len, .timeout_ms = 2000, .tag = p
		};

		p->in_flight++;
		transport->ops->send(transport, &q);
	}
}

static void
on_answer(void *ctx, const struct transport_answer *a)
{
	struct peer *p = a->tag;

	(void)ctx;
	p->in_flight--;
	p->done++;
	p->failed += a->status != TRANSPORT_OK;
	if (p->done == n_wires) {
		p->finished = bench_now();
		if (--n_open == 0)
			loop_stop(loop);
	}
	peer_fill(p);
}

static void
wires_make(const char *path)
{
	struct bench_list list = bench_list_read(path);
	struct question q;

	n_wires = list.n;
	wires = xcalloc(n_wires, sizeof(*wires));
	for (size_t i = 0; i < list.n; i++) {
		if (dns_name_parse(&q.name, list.items[i].name, NULL) == -1)
			exit(2);
		q.type = list.items[i].type;
		wires[i].len = (uint16_t)dns_query_encode(wires[i].bytes, &q, DNS_QUERY_RD);
	}
}

static void
peers_open(int port, int silent)
{
	for (unsigned i = 0; i < BENCH_SERVERS; i++) {
		struct peer *p = &peers[i];
		const uint8_t ip[4] = { 127, 53, 0, (uint8_t)(i + 1) };

		p->addr.family = 4;
		p->addr.port = (uint16_t)port;
		memcpy(p->addr.ip, ip, sizeof(ip));
		p->silent = abs(silent) == (int)i + 1;
		if (silent == -(int)i - 1)
			p->next = n_wires;
		n_open += !p->silent;
	}
}

int
main(int argc, char **argv)
{
	double began, last = 0;
	size_t done = 0, failed = 0;

	if (argc < 3)
		return 2;
	if (argc > 3)
		window = (unsigned)atoi(argv[3]);
	wires_make(argv[1]);
	peers_open(atoi(argv[2]), argc > 4 ? atoi(argv[4]) : 0);
	loop = loop_new(NULL);
	transport = transport_ares_new(loop, NULL, NULL);
	transport->on_answer = on_answer;
	began = bench_now();
	for (unsigned i = 0; i < BENCH_SERVERS; i++)
		peer_fill(&peers[i]);
	transport->ops->flush(transport);
	loop_run(loop);
	for (unsigned i = 0; i < BENCH_SERVERS; i++)
		if (!peers[i].silent) {
			done += peers[i].done;
			failed += peers[i].failed;
			last = peers[i].finished > last ? peers[i].finished : last;
		}
	bench_report("transport", done, failed, last - began);
	transport->ops->free(transport);
	loop_free(loop);
	free(wires);
	return 0;
}
