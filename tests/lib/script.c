/* SPDX-License-Identifier: ISC */
#include "script.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reply_text.h"

#define DELAY_MS   10
#define IDLE_TURNS 100000	/* turns without progress: somebody wants to run for ever at one moment */

struct match {
	bool any_server, any_port, any_name, below, any_type;
	struct addr server;
	struct dns_name name;
	uint16_t type;
};
struct scripted {
	struct match match;
	char *reply;
	unsigned delay_ms, left;
	bool counted, tcp, udp;
};
struct flight {			/* a query that was taken, with its answer */
	struct heap_item due;	/* first; ms << 20 with a running number, so that equal times keep their order */
	int64_t at_ms;
	enum transport_status status;
	struct str wire;
	bool tcp;
	uint32_t rtt_us;
	void *tag;
};
struct script {
	struct transport transport;
	struct clock clock;
	struct scripted *rules;
	size_t n_rules;
	struct script_query *log;
	size_t n_log, cap_log;
	struct heap flights;
	uint32_t serial;
	unsigned idle;
	struct str text;
};

static void
die(const char *what, const char *text)
{
	fprintf(stderr, "script: %s: \"%s\"\n", what, text);
	abort();
}

/* ---- matching ---- */

static struct match
match_parse(const char *server, const char *name, const char *type)
{
	struct match m = { .any_server = strcmp(server, "*") == 0, .any_name = strcmp(name, "*") == 0 };
	struct err err;
	int number;

	if (!m.any_server && !addr_parse(&m.server, server, 0))
		die("no address", server);
	m.any_port = m.server.port == 0;
	m.below = strncmp(name, "*.", 2) == 0;
	if (!m.any_name && dns_name_parse(&m.name, m.below ? name + 2 : name, &err) == -1)
		die(err.msg, name);
	m.any_type = strcmp(type, "*") == 0;
	if (!m.any_type && !name_find(&dns_type_names, type, &number))
		die("no type", type);
	m.type = m.any_type ? 0 : (uint16_t)number;
	return m;
}

static bool
match_fits(const struct match *m, const struct script_query *q)
{
	struct addr to = q->to;

	if (m->any_port)
		to.port = 0;
	return (m->any_server || addr_equal(&m->server, &to)) && (m->any_type || m->type == q->q.type) &&
	    (m->any_name || (m->below ? dns_name_is_below(&q->q.name, &m->name) : dns_name_equal(&q->q.name, &m->name)));
}

static struct scripted *
rule_find(struct script *net, const struct script_query *q, bool tcp)
{
	for (size_t i = net->n_rules; i-- > 0;) {
		struct scripted *r = &net->rules[i];

		if ((r->counted && r->left == 0) || (r->tcp && !tcp) || (r->udp && tcp) || !match_fits(&r->match, q))
			continue;
		if (r->counted)
			r->left--;
		return r;
	}
	return NULL;
}

/* ---- the transport ---- */

static void
log_add(struct script *net, const struct transport_query *tq)
{
	struct script_query *q;
	const uint8_t *w = tq->wire;
	size_t n = 12;

	if (net->n_log == net->cap_log) {
		net->cap_log = net->cap_log > 0 ? net->cap_log * 2 : 64;
		net->log = xreallocarray(net->log, net->cap_log, sizeof(*net->log));
	}
	q = &net->log[net->n_log++];
	memset(q, 0, sizeof(*q));
	while (w[n] != 0)
		n += 1u + w[n];
	q->to = tq->to;
	q->q.name.len = (uint8_t)(n - 11);
	memcpy(q->q.name.wire, w + 12, q->q.name.len);
	q->q.type = (uint16_t)(w[n + 1] << 8 | w[n + 2]);
	dns_name_text_lower(&q->q.name, q->name);
	q->rd = w[2] & 1;
	q->cd = w[3] & 0x10;
	q->edns = w[11] > 0;
	q->dnssec_ok = q->edns && n + 13 <= tq->len && (w[n + 12] & 0x80);
	q->tcp = tq->tcp;
	q->at_ms = script_now(net);
}

static void
raw_bytes(struct str *wire, const char *hex)
{
	for (; *hex != '\0'; hex++) {
		unsigned byte;

		if (isspace((unsigned char)*hex))
			continue;
		if (sscanf(hex++, "%2x", &byte) != 1 || *hex == '\0')
			die("no bytes", hex);
		str_addc(wire, (char)byte);
	}
}

static void
flight_answer(struct script *net, struct flight *f, const struct transport_query *tq, const struct scripted *r)
{
	static const struct {
		const char *word;
		enum transport_status status;
	} words[] = {
		{ "drop", TRANSPORT_TIMEOUT },
		{ "network", TRANSPORT_NETWORK },
		{ "no-family", TRANSPORT_NO_FAMILY },
		{ "truncated", TRANSPORT_TRUNCATED },
	};
	const char *reply = r != NULL ? r->reply : "drop";

	f->at_ms = script_now(net) + (r != NULL ? r->delay_ms : 0);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(reply, words[i].word) == 0) {
			f->status = words[i].status;
			if (f->status == TRANSPORT_TIMEOUT)
				f->at_ms = script_now(net) + tq->timeout_ms;
			return;
		}
	}
	if (f->at_ms >= script_now(net) + tq->timeout_ms) {
		f->status = TRANSPORT_TIMEOUT;
		f->at_ms = script_now(net) + tq->timeout_ms;
		return;
	}
	if (strncmp(reply, "raw ", 4) == 0)
		raw_bytes(&f->wire, reply + 4);
	else
		reply_from_text(&f->wire, reply, tq->wire, tq->len);
	f->rtt_us = (uint32_t)(r->delay_ms * 1000);
}

static bool
says_tc(const struct flight *f)
{
	return f->status == TRANSPORT_OK && f->wire.len > 2 && (f->wire.p[2] & 2);
}

static void
script_send(struct transport *t, const struct transport_query *tq)
{
	struct script *net = (struct script *)t;
	struct flight *f = xcalloc(1, sizeof(*f));
	struct transport_query by_tcp = *tq;
	const struct script_query *q;

	log_add(net, tq);
	q = &net->log[net->n_log - 1];
	f->tag = tq->tag;
	f->tcp = tq->tcp;
	flight_answer(net, f, tq, rule_find(net, q, tq->tcp));
	if (says_tc(f) && !tq->tcp) {
		str_clear(&f->wire);
		f->tcp = by_tcp.tcp = true;
		flight_answer(net, f, &by_tcp, rule_find(net, q, true));
		if (f->status != TRANSPORT_OK)
			f->status = TRANSPORT_TRUNCATED;
	}
	heap_set(&net->flights, &f->due, f->at_ms << 20 | (net->serial++ & 0xfffff));
}

static void
script_flush(struct transport *t)
{
	(void)t;
}

static void
flight_land(struct script *net, struct flight *f, bool stopped)
{
	struct transport_answer a = {
		.status = stopped ? TRANSPORT_STOPPED : f->status, .tcp = f->tcp, .rtt_us = f->rtt_us, .tag = f->tag,
	};
	uint8_t *wire = NULL;

	heap_remove(&net->flights, &f->due);
	if (a.status == TRANSPORT_OK) {		/* in a block of its own, so that a sanitizer sees a read past its end */
		a.len = f->wire.len;
		a.wire = wire = xmalloc(a.len > 0 ? a.len : 1);
		memcpy(wire, str_c(&f->wire), a.len);
	}
	net->transport.on_answer(net->transport.ctx, &a);
	free(wire);
	str_done(&f->wire);
	free(f);
}

/* As the real one does it: what is there and was not delivered yet still is. */
static void
script_stop(struct transport *t)
{
	struct script *net = (struct script *)t;
	int64_t now = script_now(net);
	struct flight *f;

	while ((f = (struct flight *)heap_top(&net->flights)) != NULL)
		flight_land(net, f, f->at_ms > now);
}

/* ---- time ---- */

bool
script_step(struct script *net, int64_t (*run)(void *ctx), void *ctx, int64_t until_ms)
{
	int64_t next = run(ctx), now = script_now(net);
	struct flight *f = (struct flight *)heap_top(&net->flights);

	if (f != NULL && f->at_ms <= now) {
		flight_land(net, f, false);
		return true;
	}
	if (next <= now) {
		if (++net->idle > IDLE_TURNS)
			die("it wants to run for ever at one moment", script_log(net));
		return true;
	}
	net->idle = 0;
	if (f != NULL && f->at_ms < next)
		next = f->at_ms;
	if (next > until_ms) {
		if (next != INT64_MAX && until_ms > now)
			clock_fake_advance(&net->clock, until_ms - now);
		return false;
	}
	clock_fake_advance(&net->clock, next - now);
	return true;
}

void
script_run(struct script *net, int64_t (*run)(void *ctx), void *ctx, int64_t until_ms)
{
	while (script_step(net, run, ctx, until_ms))
		continue;
}

int64_t
script_run_prober(void *prober)
{
	return prober_run(prober);
}

/* ---- rules ---- */

void
script_rule(struct script *net, const struct script_rule *rule)
{
	struct scripted r = {
		.match = match_parse(rule->server, rule->name, rule->type),
		.reply = xstrdup(rule->reply),
		.delay_ms = rule->delay_ms > 0 ? rule->delay_ms : DELAY_MS,
		.left = rule->times,
		.counted = rule->times > 0,
		.tcp = rule->tcp,
		.udp = rule->udp,
	};

	net->rules = xreallocarray(net->rules, net->n_rules + 1, sizeof(r));
	net->rules[net->n_rules++] = r;
}

void
script_on(struct script *net, const char *server, const char *name, const char *type, const char *reply)
{
	script_rule(net, &(struct script_rule){ .server = server, .name = name, .type = type, .reply = reply });
}

void
script_rules(struct script *net, const char *text)
{
	char *copy = xstrdup(text), *rest = copy, *line, *save;

	while ((line = strsep(&rest, "\n")) != NULL) {
		char *server, *name, *type;

		line += strspn(line, " \t");
		if (*line == '\0' || *line == '#')
			continue;
		server = strtok_r(line, " \t", &save);
		name = strtok_r(NULL, " \t", &save);
		type = strtok_r(NULL, " \t", &save);
		if (type == NULL || save == NULL || *save == '\0')
			die("a rule is SERVER NAME TYPE REPLY", line);
		save += strspn(save, " \t");
		for (char *p = save; *p != '\0'; p++) {
			if (*p == '|')
				*p = '\n';
		}
		script_on(net, server, name, type, save);
	}
	free(copy);
}

/* ---- the record ---- */

size_t
script_n_queries(const struct script *net)
{
	return net->n_log;
}

const struct script_query *
script_query(const struct script *net, size_t i)
{
	return &net->log[i];
}

size_t
script_count(const struct script *net, const char *server, const char *name, const char *type)
{
	struct match m = match_parse(server, name, type);
	size_t n = 0;

	for (size_t i = 0; i < net->n_log; i++)
		n += match_fits(&m, &net->log[i]);
	return n;
}

void
script_clear_log(struct script *net)
{
	net->n_log = 0;
}

const char *
script_log(struct script *net)
{
	char addr[ADDR_TEXT_MAX], type[16];

	str_clear(&net->text);
	for (size_t i = 0; i < net->n_log; i++) {
		const struct script_query *q = &net->log[i];

		str_addf(&net->text, "%8lld %s %s %s%s%s%s\n", (long long)(q->at_ms - 1000000),
		    addr_text(&q->to, 53, addr), q->name, dns_type_text(q->q.type, type), q->rd ? " rd" : "",
		    q->edns ? "" : " plain", q->tcp ? " tcp" : "");
	}
	return str_c(&net->text);
}

size_t
script_outstanding(const struct script *net)
{
	return net->flights.n;
}

/* ---- the network itself ---- */

static const struct transport_ops ops = { script_send, script_flush, script_stop };

struct script *
script_new(void)
{
	struct script *net = xcalloc(1, sizeof(*net));

	net->transport.ops = &ops;
	clock_fake_init(&net->clock, 1000000, INT64_C(1795262400000));
	return net;
}

void
script_free(struct script *net)
{
	if (net == NULL)
		return;
	for (size_t i = 0; i < net->n_rules; i++)
		free(net->rules[i].reply);
	free(net->rules);
	free(net->log);
	str_done(&net->text);
	heap_done(&net->flights);
	free(net);
}

struct transport *
script_transport(struct script *net)
{
	return &net->transport;
}

struct clock *
script_clock(struct script *net)
{
	return &net->clock;
}

int64_t
script_now(const struct script *net)
{
	return net->clock.mono_ms(&net->clock);
}
