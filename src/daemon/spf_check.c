/* SPDX-License-Identifier: ISC */
/*
 * One walk of SPF on a loop: the walk says what it wants to know, the look-ups ask the resolvers, and after each answer the walk
 * goes on.  Bounded by the walk's own limits and by SPF_TIME_MAX_S, after which the result is a temperror (RFC 7208 section
 * 4.6.4).
 */
#include "spf_check.h"

#include <stdlib.h>
#include <string.h>

#include <m365dnsd/loop.h>
#include <m365dnsd/transport.h>

#include "output.h"
#include "setup.h"
#include "signals.h"

struct check {
	const struct options *o;
	struct conf *conf;
	struct loop *loop;
	struct loop_timer *due, *deadline;
	struct sources *sources;
	struct prober *prober;
	struct lookup *lookup;
	struct spf_walk *walk;
	char *sender, *helo;		/* names as A-labels */
	const char *checked;		/* whose record */
	bool woken;			/* a step is deferred already */
	int signo;			/* 0 = none came */
};

/* ---- the loop ---- */

static void
on_answer(void *ctx, uint64_t id, enum reason reason, const struct answer *answer, const struct dns_message *m)
{
	struct check *c = ctx;

	(void)m;
	spf_walk_answer(c->walk, (unsigned)id, reason, answer);
}

/* Ask what the walk wants; false when it wants nothing now. */
static bool
ask(struct check *c)
{
	struct side_want want;
	bool asked = false;

	while (spf_walk_next(c->walk, &want)) {
		lookup_ask(c->lookup, &want.q, on_answer, c, want.id);
		asked = true;
	}
	return asked;
}

static void
step(void *ctx)
{
	struct check *c = ctx;
	int64_t next;

	c->woken = false;
	do
		next = prober_run(c->prober);
	while (ask(c));
	if (spf_walk_check(c->walk) != NULL)
		loop_stop(c->loop);
	else if (next == INT64_MAX)
		loop_timer_clear(c->due);
	else
		loop_timer_set(c->due, next - clock_system.mono_ms(&clock_system));
}

static void
on_wake(void *ctx)
{
	struct check *c = ctx;

	if (!c->woken)
		loop_defer(c->loop, step, c);
	c->woken = true;
}

static void
on_deadline(void *ctx)
{
	struct check *c = ctx;

	spf_walk_stop(c->walk);
	loop_stop(c->loop);
}

static void
on_end(void *ctx, int signo)
{
	struct check *c = ctx;

	c->signo = signo;
	on_deadline(c);
}

static void
on_resize(void *ctx, int signo)
{
	(void)ctx;
	(void)signo;
}

/* ---- start and end ---- */

/* The name behind the last "@" (or all of it) as A-labels; what is no name stays. */
static char *
with_a_labels(const char *text)
{
	const char *at = strrchr(text, '@'), *domain = at != NULL ? at + 1 : text;
	char buf[DNS_NAME_TEXT_MAX];
	struct dns_name name;

	if (dns_name_from_user(&name, domain, NULL) == -1)
		return xstrdup(text);
	return xasprintf("%.*s%s", (int)(domain - text), text, dns_name_text(&name, buf));
}

/* Mail without a sender is that of the server's own name (RFC 7208 section 2.4). */
static bool
has_no_sender(const struct check *c)
{
	return c->o->spf_sender != NULL && *c->o->spf_sender == '\0';
}

static void
identities(struct check *c)
{
	const char *text = c->conf->domains[0].text;

	c->helo = with_a_labels(c->o->spf_helo != NULL ? c->o->spf_helo : text);
	c->checked = has_no_sender(c) ? c->helo : text;
	c->sender = c->o->spf_sender != NULL && !has_no_sender(c) ? with_a_labels(c->o->spf_sender) :
	    xasprintf("postmaster@%s", c->checked);
}

static struct spf_walk *
walk_new(struct check *c, const struct dns_name *domain)
{
	struct spf_client client = { .ip = c->o->spf_ip, .unix_s = clock_system.unix_ms(&clock_system) / 1000 };

	client.sender = c->sender;
	client.helo = c->helo;
	return spf_walk_new(domain, &client, NULL, 0);
}

static int
start(struct check *c)
{
	const struct prober_config limits = { .timeout_ms = 2000, .set_aside_tries = 3,
		.authority_private = c->conf->authority_private, .wake = on_wake, .ctx = c };
	struct transport *transport = NULL;
	struct dns_name domain;
	struct err err;

	identities(c);
	if (dns_name_parse(&domain, c->checked, &err) == -1)
		return complain_usage(c->o, err.msg);
	c->loop = loop_new(&err);
	if (c->loop != NULL)
		transport = transport_ares_new(c->loop, NULL, &err);
	if (transport == NULL)
		return complain_unknown(c->o, err.msg);
	signals_watch(c->loop, on_end, on_resize, c);
	c->due = loop_timer_new(c->loop, on_wake, c);
	c->deadline = loop_timer_new(c->loop, on_deadline, c);
	c->sources = sources_new(c->conf);
	c->prober = prober_new(transport, &clock_system, &limits);
	c->lookup = lookup_new(c->prober, c->sources, &clock_system);
	c->walk = walk_new(c, &domain);
	loop_timer_set(c->deadline, SPF_TIME_MAX_S * 1000);
	on_wake(c);
	return EXIT_OK;
}

static void
check_done(struct check *c)
{
	lookup_free(c->lookup);
	prober_free(c->prober);		/* and its transport, which stands on the loop */
	sources_free(c->sources);
	spf_walk_free(c->walk);
	loop_timer_free(c->due);
	loop_timer_free(c->deadline);
	loop_free(c->loop);
	conf_free(c->conf);
	free(c->sender);
	free(c->helo);
}

static int
result(const struct check *c)
{
	const struct view_options vo = { .verbose = c->o->verbose, .quiet = c->o->quiet, .unicode = output_unicode() };
	char ip[ADDR_TEXT_MAX];
	const struct view_spf v = { .domain = c->checked, .ip = addr_text(&c->o->spf_ip, 0, ip), .sender = c->sender,
		.helo = c->helo, .check = spf_walk_check(c->walk) };
	struct str out = STR_INIT;

	if (c->signo != 0)
		complain("ended by %s before it was known", signals_name(c->signo));
	if (strcmp(c->o->format->name, "json") == 0)
		view_spf_json(&v, &out);
	else
		view_spf_text(&v, &vo, &out);
	output_write(&out);
	str_done(&out);
	return view_spf_exit_code(v.check->result);
}

int
spf_check(const struct options *o)
{
	struct conf_problems problems = { NULL, 0 };
	struct check c = { .o = o };
	int code = EXIT_OK;

	c.conf = setup_conf(o, &problems);
	if (c.conf == NULL)
		code = complain_problems(o, &problems);
	else
		code = start(&c);
	conf_problems_done(&problems);
	if (code == EXIT_OK) {
		loop_run(c.loop);
		code = result(&c);
	}
	check_done(&c);
	return code;
}
