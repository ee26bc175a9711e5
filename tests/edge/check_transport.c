/* SPDX-License-Identifier: ISC */
/*
 * The transport against a server in the same loop.  The first label of the question tells the server how to behave; a
 * case is a row.  Nothing sleeps: every wait is for an event, and one timer ends a test that would hang.
 */
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <m365dnsd/transport.h>

#define WIRE_MAX    65535
#define HELD_MAX    256
#define RECORDS_MAX 20000

/* ---- the server ---- */

struct seen {
	uint16_t id;
	uint16_t port;
};
struct held {
	uint8_t wire[512];
	size_t len;
	struct sockaddr_storage from;
	socklen_t from_len;
};
struct connection {
	struct server *server;
	int fd;
	struct loop_fd *watch;		/* NULL: closed */
};
struct server {
	struct loop *loop;
	struct connection connections[512];
	size_t n_connections;
	struct addr addr;
	int udp, tcp;			/* tcp -1: refused */
	struct loop_fd *udp_watch, *tcp_watch;
	struct seen seen[RECORDS_MAX];	/* UDP queries */
	size_t n_seen, n_tcp;
	unsigned without_opt;
	struct held held[HELD_MAX];	/* answered when there are hold_n */
	size_t n_held, hold_n;
	uint16_t last_id;
	uint8_t answer[WIRE_MAX];
};

static size_t
question_end(const uint8_t *wire, size_t len)
{
	size_t at = 12;

	while (at < len && wire[at] != 0)
		at += wire[at] + (size_t)1;
	return at + 5;
}

static bool
label_is(const uint8_t *wire, const char *label)
{
	return wire[12] == strlen(label) && memcmp(wire + 13, label, wire[12]) == 0;
}

/* The query's header and question as an answer, padded to len (0: as it is) with one record of type 65280. */
static size_t
answer_make(struct server *s, const uint8_t *query, size_t query_len, size_t len)
{
	uint8_t *w = s->answer;
	size_t at = question_end(query, query_len), rdlen;

	memcpy(w, query, at);
	memset(w + 6, 0, 6);
	w[2] = (uint8_t)(0x80 | query[2]);
	w[3] = 0x80;
	if (len < at + 12)
		return at;
	rdlen = len - at - 12;
	w[7] = 1;
	memcpy(w + at, "\xc0\x0c\xff\x00\x00\x01\x00\x00\x00\x00", 10);
	w[at + 10] = (uint8_t)(rdlen >> 8);
	w[at + 11] = (uint8_t)rdlen;
	memset(w + at + 12, 'x', rdlen);
	return len;
}

static void
udp_reply(const struct server *s, const void *wire, size_t len, const struct sockaddr_storage *to, socklen_t to_len)
{
	ck_assert_int_eq(sendto(s->udp, wire, len, 0, (const struct sockaddr *)to, to_len), (ssize_t)len);
}

static void
udp_hold(struct server *s, const uint8_t *q, size_t len, const struct sockaddr_storage *from, socklen_t from_len)
{
	struct held *h = &s->held[s->n_held++];

	memcpy(h->wire, q, len);
	h->len = len;
	h->from = *from;
	h->from_len = from_len;
	if (s->n_held < s->hold_n)
		return;
	for (size_t i = s->n_held; i-- > 0;) {
		size_t n = answer_make(s, s->held[i].wire, s->held[i].len, 0);

		udp_reply(s, s->answer, n, &s->held[i].from, s->held[i].from_len);
	}
}

static void
udp_behave(struct server *s, const uint8_t *q, size_t len, const struct sockaddr_storage *from, socklen_t from_len)
{
	size_t n = answer_make(s, q, len, 0);
	uint8_t *w = s->answer;

	if (label_is(q, "silent"))
		return;
	if (label_is(q, "hold")) {
		udp_hold(s, q, len, from, from_len);
		return;
	}
	if (label_is(q, "reflect")) {
		udp_reply(s, q, len, from, from_len);
		return;
	}
	if (label_is(q, "tc") || label_is(q, "tcbig") || label_is(q, "tcclose") || label_is(q, "tcsilent"))
		w[2] |= 0x02;
	if (label_is(q, "mid"))
		n = answer_make(s, q, len, 1200);
	if (label_is(q, "wide"))
		n = answer_make(s, q, len, 3000);
	if (label_is(q, "toowide"))
		n = answer_make(s, q, len, 5000);
	if (label_is(q, "servfail"))
		w[3] |= 2;
	if (label_is(q, "refused"))
		w[3] |= 5;
	if (label_is(q, "formerr"))
		w[3] |= 1;
	if (label_is(q, "notzone"))
		w[3] |= 10;
	if (label_is(q, "bare")) {
		w[3] |= 1;
		memset(w + 4, 0, 8);
		n = 12;
	}
	if (label_is(q, "zero"))
		udp_reply(s, "", 0, from, from_len);
	if (label_is(q, "short"))
		udp_reply(s, w, 11, from, from_len);
	if (label_is(q, "wrongid")) {
		for (int i = 1; i <= 200; i++) {
			w[1] = (uint8_t)(q[1] + i);
			udp_reply(s, w, n, from, from_len);
		}
		w[1] = q[1];
	}
	if (label_is(q, "previous")) {
		w[0] = (uint8_t)(s->last_id >> 8);
		w[1] = (uint8_t)s->last_id;
	}
	if (label_is(q, "question"))
		w[13] = 'Q', w[14] = 'x';
	if (label_is(q, "case"))
		w[13] = 'C';
	if (label_is(q, "twice"))
		udp_reply(s, w, n, from, from_len);
	udp_reply(s, w, n, from, from_len);
}

static void
on_udp(void *ctx, int fd, unsigned events)
{
	struct server *s = ctx;
	uint8_t q[512];
	struct sockaddr_storage from;
	struct addr a;

	(void)events;
	for (;;) {
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, q, sizeof(q), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);

		if (n < 17)
			break;
		ck_assert(addr_from_sockaddr(&a, &from));
		ck_assert_uint_lt(s->n_seen, RECORDS_MAX);
		s->seen[s->n_seen++] = (struct seen){ (uint16_t)(q[0] << 8 | q[1]), a.port };
		s->without_opt += q[11] != 1;
		udp_behave(s, q, (size_t)n, &from, from_len);
		s->last_id = (uint16_t)(q[0] << 8 | q[1]);
	}
}

static void
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t w = send(fd, p, n, MSG_NOSIGNAL);

		ck_assert_int_gt(w, 0);
		p += w;
		n -= (size_t)w;
	}
}

static void
connection_close(struct connection *c)
{
	loop_fd_free(c->watch);
	close(c->fd);
	c->watch = NULL;
}

/* The query lies there as a whole, since it was written as one; the kernel's buffers are larger than any answer. */
static void
on_connection(void *ctx, int fd, unsigned events)
{
	struct connection *c = ctx;
	struct server *s = c->server;
	uint8_t q[514], prefix[2];
	ssize_t got = recv(fd, q, sizeof(q), MSG_DONTWAIT);
	size_t n;

	(void)events;
	if (got <= 0) {
		connection_close(c);
		return;
	}
	ck_assert_int_eq(got, 2 + (q[0] << 8 | q[1]));
	s->n_tcp++;
	if (label_is(q + 2, "tcsilent"))
		return;
	if (!label_is(q + 2, "tcclose")) {
		n = answer_make(s, q + 2, (size_t)got - 2, label_is(q + 2, "tcbig") ? WIRE_MAX : 0);
		prefix[0] = (uint8_t)(n >> 8);
		prefix[1] = (uint8_t)n;
		write_all(fd, prefix, 2);
		write_all(fd, s->answer, n);
	}
	connection_close(c);
}

static void
on_tcp(void *ctx, int fd, unsigned events)
{
	const int size = 1 << 20;
	struct server *s = ctx;
	struct connection *c = &s->connections[s->n_connections++];

	(void)events;
	ck_assert_uint_le(s->n_connections, ARRAY_LEN(s->connections));
	c->server = s;
	c->fd = accept(fd, NULL, NULL);
	ck_assert_int_ne(c->fd, -1);
	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	c->watch = loop_fd_new(s->loop, c->fd, on_connection, c);
	loop_fd_set(c->watch, LOOP_READ);
}

static bool
server_bind(struct server *s, const char *address)
{
	struct sockaddr_storage ss;
	socklen_t len;

	ck_assert(addr_parse(&s->addr, address, 0));
	for (int tries = 0; tries < 20; tries++) {	/* the UDP port given may be taken for TCP */
		s->addr.port = 0;
		len = addr_to_sockaddr(&s->addr, &ss);
		s->udp = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		s->tcp = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (s->udp == -1 || bind(s->udp, (struct sockaddr *)&ss, len) == -1)
			return false;
		ck_assert_int_eq(getsockname(s->udp, (struct sockaddr *)&ss, &len), 0);
		ck_assert(addr_from_sockaddr(&s->addr, &ss));
		if (bind(s->tcp, (struct sockaddr *)&ss, len) == 0)
			return true;
		close(s->udp);
		close(s->tcp);
	}
	return false;
}

static struct server *
server_new(struct loop *l, const char *address, bool with_tcp)
{
	const int size = 1 << 20;
	struct server *s = xcalloc(1, sizeof(*s));

	s->loop = l;
	if (!server_bind(s, address)) {
		free(s);
		return NULL;
	}
	(void)setsockopt(s->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	s->udp_watch = loop_fd_new(l, s->udp, on_udp, s);
	loop_fd_set(s->udp_watch, LOOP_READ);
	if (with_tcp) {
		ck_assert_int_eq(listen(s->tcp, 128), 0);
		s->tcp_watch = loop_fd_new(l, s->tcp, on_tcp, s);
		loop_fd_set(s->tcp_watch, LOOP_READ);
	}
	return s;
}

static void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_connections; i++)
		if (s->connections[i].watch != NULL)
			connection_close(&s->connections[i]);
	loop_fd_free(s->udp_watch);
	loop_fd_free(s->tcp_watch);
	close(s->udp);
	close(s->tcp);
	free(s);
}

/* ---- the client ---- */

struct outcome {
	unsigned n;		/* answers with this tag */
	size_t order;		/* how many came before */
	enum transport_status status;
	bool tcp, has_wire;
	size_t len;
	uint8_t wire[512];	/* the beginning */
	uint32_t rtt_us;
};

static struct loop *loop;
static struct transport *transport;
static struct loop_timer *guard;
static struct outcome outcomes[RECORDS_MAX];
static size_t n_sent, n_answered, n_wanted;
static bool in_send;
static void (*on_each)(void);

static void
on_answer(void *ctx, const struct transport_answer *a)
{
	struct outcome *o = a->tag;

	(void)ctx;
	ck_assert(!in_send);
	ck_assert(o >= outcomes && o < outcomes + n_sent);
	o->n++;
	o->order = n_answered;
	o->status = a->status;
	o->tcp = a->tcp;
	o->rtt_us = a->rtt_us;
	o->has_wire = a->wire != NULL;
	o->len = a->len;
	if (a->wire != NULL) {
		ck_assert_uint_eq(a->wire[0] << 8 | a->wire[1], 0);
		memcpy(o->wire, a->wire, a->len < sizeof(o->wire) ? a->len : sizeof(o->wire));
	}
	if (++n_answered >= n_wanted)
		loop_stop(loop);
	else if (on_each != NULL)
		on_each();
}

static void
on_guard(void *ctx)
{
	(void)ctx;
	ck_abort_msg("hangs: %zu of %zu answered", n_answered, n_sent);
}

static void
setup_with(const struct transport_ares_config *cfg)
{
	struct err err;

	loop = loop_new(&err);
	ck_assert_ptr_nonnull(loop);
	transport = transport_ares_new(loop, cfg, &err);
	ck_assert_ptr_nonnull(transport);
	transport->on_answer = on_answer;
	guard = loop_timer_new(loop, on_guard, NULL);
	loop_timer_set(guard, 10000);
	memset(outcomes, 0, sizeof(outcomes));
	n_sent = n_answered = n_wanted = 0;
	on_each = NULL;
}

static void
setup(void)
{
	setup_with(NULL);
}

static void
teardown(void)
{
	if (transport != NULL)
		transport->ops->free(transport);
	transport = NULL;
	loop_timer_free(guard);
	loop_free(loop);
}

/* <label>.test TXT with an OPT record, id 0. */
static size_t
query_make(uint8_t wire[512], const char *label)
{
	size_t n = strlen(label), at = 12;

	memset(wire, 0, 512);
	wire[2] = 1;
	wire[5] = 1;
	wire[11] = 1;
	wire[at++] = (uint8_t)n;
	memcpy(wire + at, label, n);
	at += n;
	memcpy(wire + at, "\4test\0\0\20\0\1" "\0\0\51\4\320\0\0\0\0\0\0", 10 + 11);
	return at + 10 + 11;
}

static struct outcome *
ask(const struct addr *to, const char *label, bool tcp, uint32_t timeout_ms)
{
	uint8_t wire[512];
	struct transport_query q = { .to = *to, .wire = wire, .tcp = tcp, .timeout_ms = timeout_ms };
	struct outcome *o = &outcomes[n_sent++];

	q.len = query_make(wire, label);
	q.tag = o;
	in_send = true;
	transport->ops->send(transport, &q);
	in_send = false;
	return o;
}

static void
run_until_answered(void)
{
	n_wanted = n_sent;
	transport->ops->flush(transport);
	if (n_answered < n_wanted)
		loop_run(loop);
	for (size_t i = 0; i < n_sent; i++)
		ck_assert_msg(outcomes[i].n == 1, "query %zu answered %u times", i, outcomes[i].n);
}

/* ---- one question, one answer ---- */

enum { BY_UDP, BY_TCP };
static const struct {
	const char *label;
	bool tcp_only, server_tcp;
	uint32_t timeout_ms;
	enum transport_status status;
	int rcode, by;
	size_t len;		/* 0: any */
} cases[] = {
	/* label      tcp    server  time  status                rcode by      len */
	{ "plain",    false, true,   2000, TRANSPORT_OK,         0,  BY_UDP, 0 },
	{ "plain",    true,  true,   2000, TRANSPORT_OK,         0,  BY_TCP, 0 },
	{ "plain",    true,  false,  2000, TRANSPORT_NETWORK,    -1, BY_TCP, 0 },
	{ "servfail", false, true,   2000, TRANSPORT_OK,         2,  BY_UDP, 0 },
	{ "refused",  false, true,   2000, TRANSPORT_OK,         5,  BY_UDP, 0 },
	{ "formerr",  false, true,   2000, TRANSPORT_OK,         1,  BY_UDP, 0 },
	{ "notzone",  false, true,   2000, TRANSPORT_OK,         10, BY_UDP, 0 },
	{ "bare",     false, true,   2000, TRANSPORT_OK,         1,  BY_UDP, 12 },
	{ "mid",      false, true,   2000, TRANSPORT_OK,         0,  BY_UDP, 1200 },
	{ "wide",     false, true,   2000, TRANSPORT_OK,         0,  BY_UDP, 3000 },
	{ "toowide",  false, true,   2000, TRANSPORT_OK,         0,  BY_TCP, 0 },
	{ "tc",       false, true,   2000, TRANSPORT_OK,         0,  BY_TCP, 0 },
	{ "tcbig",    false, true,   2000, TRANSPORT_OK,         0,  BY_TCP, 65535 },
	{ "tcbig",    true,  true,   2000, TRANSPORT_OK,         0,  BY_TCP, 65535 },
	{ "tc",       false, false,  2000, TRANSPORT_TRUNCATED,  -1, BY_TCP, 0 },
	{ "tcclose",  false, true,   2000, TRANSPORT_TRUNCATED,  -1, BY_TCP, 0 },
	{ "tcclose",  true,  true,   2000, TRANSPORT_NETWORK,    -1, BY_TCP, 0 },
	{ "tcsilent", false, true,   100,  TRANSPORT_TRUNCATED,  -1, BY_TCP, 0 },
	{ "tcsilent", true,  true,   100,  TRANSPORT_TIMEOUT,    -1, BY_TCP, 0 },
	{ "silent",   false, true,   100,  TRANSPORT_TIMEOUT,    -1, BY_UDP, 0 },
	{ "reflect",  false, true,   100,  TRANSPORT_TIMEOUT,    -1, BY_UDP, 0 },
	{ "previous", false, true,   100,  TRANSPORT_TIMEOUT,    -1, BY_UDP, 0 },
	{ "question", false, true,   100,  TRANSPORT_TIMEOUT,    -1, BY_UDP, 0 },
	{ "case",     false, true,   2000, TRANSPORT_OK,         0,  BY_UDP, 0 },
	{ "zero",     false, true,   2000, TRANSPORT_OK,         0,  BY_UDP, 0 },
	{ "short",    false, true,   2000, TRANSPORT_OK,         0,  BY_UDP, 0 },
	{ "wrongid",  false, true,   2000, TRANSPORT_OK,         0,  BY_UDP, 0 },
	{ "twice",    false, true,   2000, TRANSPORT_OK,         0,  BY_UDP, 0 },
};

static void
check_case(size_t i, struct server *s)
{
	const struct outcome *o = ask(&s->addr, cases[i].label, cases[i].tcp_only, cases[i].timeout_ms);

	run_until_answered();
	ck_assert_msg(o->status == cases[i].status, "%s (row %zu): status %d", cases[i].label, i, o->status);
	ck_assert_msg(o->has_wire == (o->status == TRANSPORT_OK), "%s (row %zu): wire", cases[i].label, i);
	ck_assert_msg(o->tcp == (cases[i].by == BY_TCP), "%s (row %zu): by %s", cases[i].label, i,
	    o->tcp ? "TCP" : "UDP");
	if (cases[i].rcode != -1)
		ck_assert_msg((o->wire[3] & 0x0f) == cases[i].rcode, "%s: rcode %d", cases[i].label, o->wire[3] & 0x0f);
	if (cases[i].len != 0)
		ck_assert_msg(o->len == cases[i].len, "%s: %zu bytes", cases[i].label, o->len);
	if (o->status == TRANSPORT_TIMEOUT)
		ck_assert_msg(o->rtt_us >= cases[i].timeout_ms * 1000, "%s: after %u us", cases[i].label, o->rtt_us);
	ck_assert_uint_eq(s->without_opt, 0);
}

START_TEST(one_by_one)
{
	size_t i = (size_t)_i;
	struct server *s = server_new(loop, "127.0.0.1", cases[i].server_tcp);

	ck_assert_ptr_nonnull(s);
	ask(&s->addr, "plain", false, 2000);	/* something before, for an old id and an open channel */
	run_until_answered();
	check_case(i, s);
	ask(&s->addr, "plain", false, 2000);	/* and the channel lives on */
	run_until_answered();
	ck_assert_int_eq(outcomes[2].status, TRANSPORT_OK);
	server_free(s);
}
END_TEST

START_TEST(over_ipv6)
{
	struct server *s = server_new(loop, "::1", true);

	if (s == NULL)
		return;			/* no IPv6 on this machine */
	ask(&s->addr, "plain", false, 2000);
	ask(&s->addr, "tc", false, 2000);
	run_until_answered();
	ck_assert_int_eq(outcomes[0].status, TRANSPORT_OK);
	ck_assert_int_eq(outcomes[1].status, TRANSPORT_OK);
	ck_assert(outcomes[1].tcp);
	server_free(s);
}
END_TEST

/* Nobody listens there: ICMP says so, and nobody waits for a time-out. */
START_TEST(refused_is_quick)
{
	struct server *s = server_new(loop, "127.0.0.1", true);
	struct addr nobody = s->addr;

	nobody.ip[3] = 250;
	for (int i = 0; i < 20; i++)
		ask(&nobody, "plain", i % 2 == 1, 2000);
	run_until_answered();
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(outcomes[i].status, TRANSPORT_NETWORK);
		ck_assert_uint_lt(outcomes[i].rtt_us, 500000);	/* a millisecond, but the machine may be busy */
	}
	ask(&nobody, "plain", false, 2000);	/* again, on the same channel */
	run_until_answered();
	ck_assert_int_eq(outcomes[20].status, TRANSPORT_NETWORK);
	server_free(s);
}
END_TEST

/* A network namespace of one's own has no route to anywhere. */
START_TEST(no_route_is_no_family)
{
	static const char *const addresses[] = { "127.0.0.1:53", "[::1]:53" };
	struct addr to;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWNET) == -1)
			_exit(0);	/* not allowed here */
		for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
			if (!addr_parse(&to, addresses[i], 53))
				_exit(1);
			ask(&to, "plain", false, 2000);
			ask(&to, "plain", true, 2000);
		}
		run_until_answered();
		for (size_t i = 0; i < n_sent; i++)
			if (outcomes[i].status != TRANSPORT_NO_FAMILY)
				_exit(10 + outcomes[i].status);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "exit status %d", WEXITSTATUS(status));
}
END_TEST

/* ---- ids and ports ---- */

static int
compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* In the order of sending: the system may hand out a number again later. */
static void
check_ports(const struct server *s, unsigned most)
{
	unsigned run = 0;

	for (size_t i = 0; i < s->n_seen; i++) {
		run = i > 0 && s->seen[i].port == s->seen[i - 1].port ? run + 1 : 1;
		ck_assert_msg(run <= most, "port %u carried %u queries", s->seen[i].port, run);
	}
}

/* Pearson's chi-square of the ids' high and low bytes; 255 degrees of freedom, 400 has p < 1e-8. */
static void
check_ids_uniform(const struct server *s)
{
	for (int shift = 0; shift <= 8; shift += 8) {
		double expected = (double)s->n_seen / 256, chi = 0;
		unsigned count[256] = { 0 };

		for (size_t i = 0; i < s->n_seen; i++)
			count[s->seen[i].id >> shift & 0xff]++;
		for (int b = 0; b < 256; b++)
			chi += (count[b] - expected) * (count[b] - expected) / expected;
		ck_assert_msg(chi < 400, "chi-square %f", chi);
	}
}

static struct server *flood_server;

static void
flood_more(void)
{
	if (n_sent < 10000) {
		ask(&flood_server->addr, "plain", false, 2000);
		n_wanted = n_sent;
	}
}

START_TEST(ten_thousand)
{
	struct server *s = flood_server = server_new(loop, "127.0.0.1", true);
	unsigned in_order = 0;

	on_each = flood_more;
	for (int i = 0; i < 64; i++)
		ask(&s->addr, "plain", false, 2000);
	n_wanted = 10000;
	transport->ops->flush(transport);
	loop_run(loop);
	while (n_answered < n_sent)
		run_until_answered();
	ck_assert_uint_ge(n_answered, 10000);
	for (size_t i = 0; i < n_sent; i++)
		ck_assert_int_eq(outcomes[i].status, TRANSPORT_OK);
	check_ports(s, 100);
	check_ids_uniform(s);
	for (size_t i = 1; i < s->n_seen; i++)
		in_order += s->seen[i].id == (uint16_t)(s->seen[i - 1].id + 1);
	ck_assert_uint_lt(in_order, 10);
	server_free(s);
}
END_TEST

/* The server answers the last one first, and none before it has all; two ports and more are in use at once. */
START_TEST(no_id_twice_in_flight)
{
	struct server *s = server_new(loop, "127.0.0.1", true);
	uint32_t ids[HELD_MAX];

	s->hold_n = HELD_MAX;
	for (int i = 0; i < HELD_MAX; i++)
		ask(&s->addr, "hold", false, 2000);
	run_until_answered();
	ck_assert_uint_eq(s->n_seen, HELD_MAX);
	for (size_t i = 0; i < HELD_MAX; i++)
		ids[i] = s->seen[i].id;
	qsort(ids, HELD_MAX, sizeof(ids[0]), compare_u32);
	for (size_t i = 1; i < HELD_MAX; i++)
		ck_assert_uint_ne(ids[i], ids[i - 1]);
	for (size_t i = 0; i < HELD_MAX; i++)
		ck_assert_int_eq(outcomes[i].status, TRANSPORT_OK);
	check_ports(s, 100);
	server_free(s);
}
END_TEST

/* An answer with the right id to the wrong port is nobody's: the server swaps the ports of two queries. */
static struct server *swap_server;

static void
on_swap(void *ctx, int fd, unsigned events)
{
	struct server *s = ctx;
	struct held *a = &s->held[0], *b = &s->held[1];

	(void)events;
	for (;;) {
		struct held *h = &s->held[s->n_held];
		ssize_t n;

		h->from_len = sizeof(h->from);
		n = recvfrom(fd, h->wire, sizeof(h->wire), MSG_DONTWAIT, (struct sockaddr *)&h->from, &h->from_len);
		if (n <= 0)
			return;
		h->len = (size_t)n;
		if (++s->n_held == 2)
			break;
	}
	udp_reply(s, s->answer, answer_make(s, a->wire, a->len, 0), &b->from, b->from_len);
	udp_reply(s, s->answer, answer_make(s, b->wire, b->len, 0), &a->from, a->from_len);
}

START_TEST(wrong_port_is_ignored)
{
	static const struct transport_ares_config one_each = { 1, 10, 1000 };
	struct server *s;

	teardown();
	setup_with(&one_each);
	s = swap_server = server_new(loop, "127.0.0.1", true);
	loop_fd_free(s->udp_watch);
	s->udp_watch = loop_fd_new(loop, s->udp, on_swap, s);
	loop_fd_set(s->udp_watch, LOOP_READ);
	ask(&s->addr, "plain", false, 100);
	ask(&s->addr, "plain", false, 100);
	run_until_answered();
	ck_assert_int_eq(outcomes[0].status, TRANSPORT_TIMEOUT);
	ck_assert_int_eq(outcomes[1].status, TRANSPORT_TIMEOUT);
	server_free(s);
}
END_TEST

/* ---- many at once, and the end ---- */

/* A server that closes its TCP connections must not disturb the UDP queries in flight, nor a refused TCP port. */
START_TEST(tcp_leaves_udp_alone)
{
	struct server *s = server_new(loop, "127.0.0.1", true), *t = server_new(loop, "127.0.0.1", false);

	for (int i = 0; i < 50; i++) {
		ask(&s->addr, i % 2 ? "tc" : "silent", false, 300);
		ask(&t->addr, i % 2 ? "tc" : "silent", false, 300);
	}
	run_until_answered();
	for (size_t i = 0; i < n_sent; i++) {
		bool silent = i / 2 % 2 == 0, refused = i % 2 == 1;

		ck_assert_msg(outcomes[i].status ==
		    (silent ? TRANSPORT_TIMEOUT : refused ? TRANSPORT_TRUNCATED : TRANSPORT_OK),
		    "query %zu: %d", i, outcomes[i].status);
	}
	ck_assert_uint_eq(s->n_tcp, 25);
	server_free(s);
	server_free(t);
}
END_TEST

/* A dead server's time-outs do not hold up another's answers. */
START_TEST(dead_server_costs_others_nothing)
{
	struct server *s = server_new(loop, "127.0.0.1", true), *dead = server_new(loop, "127.0.0.1", true);

	for (int i = 0; i < 64; i++) {
		ask(&dead->addr, "silent", false, 500);
		ask(&s->addr, "plain", false, 500);
	}
	run_until_answered();
	for (size_t i = 0; i < n_sent; i++)
		if (i % 2 == 1) {
			ck_assert_int_eq(outcomes[i].status, TRANSPORT_OK);
			ck_assert_uint_lt(outcomes[i].order, 64);	/* before the first time-out */
		}
	server_free(s);
	server_free(dead);
}
END_TEST

START_TEST(free_in_flight)
{
	struct server *s = server_new(loop, "127.0.0.1", true);

	n_wanted = SIZE_MAX;
	for (int i = 0; i < 150; i++) {
		ask(&s->addr, "silent", false, 2000);
		ask(&s->addr, "tcsilent", true, 2000);
	}
	if (_i == 1)
		transport->ops->flush(transport);	/* on their way, or not yet */
	transport->ops->free(transport);
	transport = NULL;
	ck_assert_uint_eq(n_answered, 300);
	for (size_t i = 0; i < n_sent; i++)
		ck_assert_int_eq(outcomes[i].status, TRANSPORT_STOPPED);
	server_free(s);
}
END_TEST

static void
on_idle_over(void *ctx)
{
	(void)ctx;
	loop_stop(loop);
}

/* An idle channel closes, and the next query opens a new one. */
START_TEST(idle_closes)
{
	static const struct transport_ares_config quick = { 100, 10, 20 };
	struct loop_timer *t;
	struct server *s;

	teardown();
	setup_with(&quick);
	s = server_new(loop, "127.0.0.1", true);
	t = loop_timer_new(loop, on_idle_over, NULL);
	ask(&s->addr, "plain", false, 10);
	run_until_answered();
	loop_timer_set(t, 100);
	loop_run(loop);
	ask(&s->addr, "plain", false, 2000);
	run_until_answered();
	ck_assert_int_eq(outcomes[1].status, TRANSPORT_OK);
	loop_timer_free(t);
	server_free(s);
}
END_TEST

START_TEST(version_is_said)
{
	ck_assert_ptr_nonnull(strchr(transport_ares_version(), '.'));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("transport");
	TCase *tc = tcase_create("transport");
	SRunner *r;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, one_by_one, 0, ARRAY_LEN(cases));
	tcase_add_test(tc, over_ipv6);
	tcase_add_test(tc, refused_is_quick);
	tcase_add_test(tc, no_route_is_no_family);
	tcase_add_test(tc, ten_thousand);
	tcase_add_test(tc, no_id_twice_in_flight);
	tcase_add_test(tc, wrong_port_is_ignored);
	tcase_add_test(tc, tcp_leaves_udp_alone);
	tcase_add_test(tc, dead_server_costs_others_nothing);
	tcase_add_loop_test(tc, free_in_flight, 0, 2);
	tcase_add_test(tc, idle_closes);
	tcase_add_test(tc, version_is_said);
	suite_add_tcase(suite, tc);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
