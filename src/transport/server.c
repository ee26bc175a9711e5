/* SPDX-License-Identifier: ISC */
/*
 * One address that is asked.  Exists while something is under way there, and a moment longer; a channel costs 74 kB
 * in c-ares 1.18, and thousands of name servers are asked a question each and then not again for minutes.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* TCP connections at a time: a server that truncates all of a window does not get 64. */
#define TCP_OPEN_MAX 8

struct server_key {
	struct addr addr;
	uint32_t timeout_ms;
};

static struct server_key
server_key(const struct addr *addr, uint32_t timeout_ms)
{
	struct server_key key;

	memset(&key, 0, sizeof(key));		/* padding is hashed too */
	key.addr.family = addr->family;
	key.addr.port = addr->port;
	memcpy(key.addr.ip, addr->ip, addr->family == 4 ? 4 : 16);
	key.timeout_ms = timeout_ms;
	return key;
}

/* Most queries go to a few servers: look there before the map, whose keyed hash costs more than sending. */
static struct server **
recent_slot(struct transport_ares *t, const struct addr *addr)
{
	unsigned h = addr->port + addr->ip[addr->family == 4 ? 3 : 15] + addr->ip[addr->family == 4 ? 2 : 7] * 5U;

	return &t->recent[h % ARRAY_LEN(t->recent)];
}

/* The time-out belongs to the key, because in c-ares it belongs to the channel. */
struct server *
server_get(struct transport_ares *t, const struct addr *addr, uint32_t timeout_ms)
{
	struct server **recent = recent_slot(t, addr), *s = *recent;
	struct server_key key;

	if (s != NULL && s->timeout_ms == timeout_ms && addr_equal(&s->addr, addr))
		return s;
	key = server_key(addr, timeout_ms);
	s = *recent = map_get(t->servers, &key, sizeof(key));
	if (s != NULL)
		return s;
	s = *recent = xcalloc(1, sizeof(*s));
	s->t = t;
	s->addr = *addr;
	s->timeout_ms = timeout_ms;
	TAILQ_INIT(&s->tcp_waiting);
	map_put(t->servers, &key, sizeof(key), s);
	return s;
}

static void
server_free_idle(struct server *s)
{
	struct server_key key = server_key(&s->addr, s->timeout_ms);

	if (s->udp != NULL || s->tcp_open > 0 || !TAILQ_EMPTY(&s->tcp_waiting) || s->tcp_queued)
		return;
	if (*recent_slot(s->t, &s->addr) == s)
		*recent_slot(s->t, &s->addr) = NULL;
	map_del(s->t->servers, &key, sizeof(key));
	free(s);
}

void
server_send(struct server *s, struct query *q)
{
	if (s->udp == NULL)
		s->udp = channel_new(s, false, NULL);
	if (s->udp == NULL)
		transport_done(s->t, q, TRANSPORT_NETWORK);
	else
		channel_send(s->udp, q);
}

void
server_send_tcp(struct server *s, struct query *q)
{
	TAILQ_INSERT_TAIL(&s->tcp_waiting, q, link);
	if (s->tcp_queued)
		return;
	s->tcp_queued = true;
	s->next_ready = s->t->tcp_ready;
	s->t->tcp_ready = s;
	transport_turn(s->t);
}

/* From transport_settle(), when s has been taken off tcp_ready. */
void
server_start_tcp(struct server *s)
{
	struct query *q;

	while (s->tcp_open < TCP_OPEN_MAX && (q = TAILQ_FIRST(&s->tcp_waiting)) != NULL) {
		struct channel *ch = channel_new(s, true, NULL);

		TAILQ_REMOVE(&s->tcp_waiting, q, link);
		if (ch == NULL) {
			transport_done(s->t, q, TRANSPORT_NETWORK);
			continue;
		}
		s->tcp_open++;
		channel_send(ch, q);
	}
	server_free_idle(s);
}

void
server_tcp_closed(struct server *s)
{
	s->tcp_open--;
	if (TAILQ_EMPTY(&s->tcp_waiting))
		server_free_idle(s);
	else if (!s->tcp_queued) {
		s->tcp_queued = true;
		s->next_ready = s->t->tcp_ready;
		s->t->tcp_ready = s;
	}
}

void
server_udp_idle(struct server *s)
{
	channel_free(s->udp);
	s->udp = NULL;
	server_free_idle(s);
}
