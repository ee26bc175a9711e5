/* SPDX-License-Identifier: ISC */
/*
 * script: a network on virtual time, for tests.  It is a transport, a clock and a list of rules that say who answers what.
 *
 *	struct script *net = script_new();
 *	struct prober *p = prober_new(script_transport(net), script_clock(net), &cfg);
 *
 *	script_on(net, "192.0.2.1", "contoso.test", "MX", "aa\nan @ 300 MX 0 mail.contoso.test");
 *	script_on(net, "192.0.2.2", "*", "*", "drop");
 *	...
 *	script_run(net, run_my_thing, my_thing, script_now(net) + 10000);
 *	ck_assert_uint_eq(script_count(net, "192.0.2.1", "contoso.test", "MX"), 1);
 *
 * Rules: the newest one that fits answers, so the world is changed by adding rules; a rule with `times` is used up after so
 * many queries and the older ones are in force again.  No rule fits: the query is dropped (a timeout).
 *
 * A reply is a text of reply_text.h or one of these words:
 *	drop		nothing comes: TRANSPORT_TIMEOUT when the query's time is over
 *	network		TRANSPORT_NETWORK
 *	no-family	TRANSPORT_NO_FAMILY
 *	truncated	TRANSPORT_TRUNCATED
 *	raw HEX		these bytes (spaces allowed)
 * A reply with the flag tc to a query by UDP makes the transport ask again by TCP, as the real one does: the rules are looked
 * through once more.
 */
#ifndef TESTS_SCRIPT_H
#define TESTS_SCRIPT_H

#include <m365dnsd/resolver.h>

struct script;

struct script_rule {
	const char *server;	/* "192.0.2.1" (any port), "127.0.0.1:5300", "[::1]:53", or "*" */
	const char *name;	/* "contoso.test"; "*.contoso.test": that and all below; "*": any */
	const char *type;	/* "NS", or "*" */
	const char *reply;
	unsigned delay_ms;	/* 0: 10 ms */
	unsigned times;		/* 0: for ever */
	bool tcp, udp;		/* only queries by that */
};
struct script_query {		/* one that was sent, in the order of sending */
	struct addr to;
	struct question q;	/* in the case in which it was sent */
	char name[DNS_NAME_TEXT_MAX];	/* lower case */
	bool rd, cd, dnssec_ok, edns, tcp;
	int64_t at_ms;
};

/* The clock starts at 1,000,000 ms (monotonic) and 2026-11-21T12:00:00Z. */
struct script *script_new(void);
/* After whoever owns the transport has freed that. */
void script_free(struct script *net);
struct transport *script_transport(struct script *net);
struct clock *script_clock(struct script *net);
int64_t script_now(const struct script *net);

void script_rule(struct script *net, const struct script_rule *rule);
/* The same without the extras. */
void script_on(struct script *net, const char *server, const char *name, const char *type, const char *reply);
/*
 * Rules in one text, a line each: SERVER NAME TYPE REPLY, where "|" stands for the line ends of the reply:
 *	192.0.2.1 contoso.test MX aa | an @ 300 MX 0 mail.contoso.test
 * Empty lines and lines that begin with # do not count.
 */
void script_rules(struct script *net, const char *text);

/*
 * Let time go by: call run, deliver what is due, let the clock jump to whatever comes next, until until_ms, or until nothing
 * can happen any more.  run returns when it wants to be called again, like prober_run() and pipeline_run().
 */
void script_run(struct script *net, int64_t (*run)(void *ctx), void *ctx, int64_t until_ms);
/* One step of it; false when nothing is left to happen before until_ms (the clock is then at until_ms, if anything was). */
bool script_step(struct script *net, int64_t (*run)(void *ctx), void *ctx, int64_t until_ms);
/* For script_run, with a struct prober as ctx. */
int64_t script_run_prober(void *prober);

/* ---- what was asked ---- */

size_t script_n_queries(const struct script *net);
const struct script_query *script_query(const struct script *net, size_t i);
/* How many queries fit; the words are those of a rule. */
size_t script_count(const struct script *net, const char *server, const char *name, const char *type);
/* Forget the record. */
void script_clear_log(struct script *net);
/* All of them, one a line, for failure messages; valid until the next call. */
const char *script_log(struct script *net);
/* Queries taken and not answered yet. */
size_t script_outstanding(const struct script *net);

#endif
