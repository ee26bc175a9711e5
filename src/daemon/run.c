/* SPDX-License-Identifier: ISC */
/*
 * The pipeline on a real loop.  The pipeline says when it wants to run again; one timer is armed with that.  Its wake callback
 * may come from inside the transport, so the run itself is deferred to the end of the turn.
 *
 *	start ──► step ◄── timer, wake
 *	            └──► finished, or time over, or a signal ──► loop_stop ──► result ──► exit code
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/loop.h>
#include <m365dnsd/transport.h>

#include "output.h"
#include "pipeline.h"
#include "policy.h"
#include "setup.h"
#include "signals.h"
#include "wait.h"

/* How often progress is looked at: answers come in bursts, and what is between them tells nobody anything. */
#define TICK_LIVE_MS 250
#define TICK_LOG_MS  1000

struct run {
	const struct options *o;
	struct conf *conf;
	struct catalog *catalog;
	struct loop *loop;
	struct pipeline *pipeline;
	struct policies *policies;
	struct progress *progress;	/* --wait only */
	struct loop_timer *due, *deadline, *tick;
	bool woken;			/* a step is deferred already */
	bool timed_out;
	int signo;			/* 0 = none came */
};

/* ---- the loop ---- */

static bool
finished(const struct run *r)
{
	/* What is optional and wrong is to be mended too: a fix waits for all answers, not for the milestone. */
	if (r->o->mode == MODE_FIX)
		return pipeline_settled(r->pipeline);
	return pipeline_reached(r->pipeline) || (r->o->mode == MODE_ONCE && pipeline_settled(r->pipeline));
}

static void
step(void *ctx)
{
	struct run *r = ctx;
	int64_t next;

	r->woken = false;
	next = pipeline_run(r->pipeline);
	if (finished(r)) {
		loop_stop(r->loop);
		return;
	}
	if (next == INT64_MAX)
		loop_timer_clear(r->due);
	else
		loop_timer_set(r->due, next - clock_system.mono_ms(&clock_system));
}

static void
on_wake(void *ctx)
{
	struct run *r = ctx;

	if (!r->woken)
		loop_defer(r->loop, step, r);
	r->woken = true;
}

static enum reason
on_ask_policy(void *ctx, uint64_t tag, const struct dns_name *name, const struct addr *addrs, size_t n_addrs)
{
	struct run *r = ctx;

	return policies_ask(r->policies, tag, name, addrs, n_addrs);
}

static void
on_deadline(void *ctx)
{
	struct run *r = ctx;

	r->timed_out = true;
	loop_stop(r->loop);
}

static void
on_tick(void *ctx)
{
	struct run *r = ctx;

	progress_show(r->progress);
	loop_timer_set(r->tick, progress_live(r->progress) ? TICK_LIVE_MS : TICK_LOG_MS);
}

static void
on_end(void *ctx, int signo)
{
	struct run *r = ctx;

	r->signo = signo;
	loop_stop(r->loop);
}

static void
on_resize(void *ctx, int signo)
{
	struct run *r = ctx;

	(void)signo;
	progress_resized(r->progress);
}

/* ---- start and end ---- */

static int
read_configuration(struct run *r)
{
	struct conf_problems problems = { NULL, 0 };
	int code = EXIT_OK;

	r->conf = setup_conf(r->o, &problems);
	if (r->conf != NULL)
		r->catalog = catalog_load(r->conf->catalog_file, &problems);
	if (problems.n > 0)
		code = complain_problems(r->o, &problems);
	conf_problems_done(&problems);
	return code;
}

static int
start(struct run *r)
{
	const struct pipeline_config cfg = {
		.mode = r->o->mode == MODE_WAIT ? SCHED_WATCH : SCHED_ONCE,
		.until = r->o->until, .peek = r->o->peek, .fixes = r->o->mode == MODE_FIX, .wake = on_wake,
		.ask_policy = on_ask_policy, .ctx = r,
	};
	struct transport *transport = NULL;
	struct err err;

	r->loop = loop_new(&err);
	if (r->loop != NULL)
		transport = transport_ares_new(r->loop, NULL, &err);
	if (transport == NULL)
		return complain_unknown(r->o, err.msg);
	signals_watch(r->loop, on_end, on_resize, r);
	r->due = loop_timer_new(r->loop, on_wake, r);
	r->deadline = loop_timer_new(r->loop, on_deadline, r);
	r->tick = loop_timer_new(r->loop, on_tick, r);
	r->pipeline = pipeline_new(r->conf, r->catalog, NULL, 0, transport, &clock_system, &cfg, &err);
	if (r->pipeline == NULL)
		return complain_usage(r->o, err.msg);
	r->policies = policies_new(r->loop, r->conf);
	policies_tell(r->policies, r->pipeline);
	if (r->o->mode == MODE_WAIT)
		r->progress = progress_new(r->o, r->conf, r->pipeline);
	if (r->o->wait_s > 0)
		loop_timer_set(r->deadline, r->o->wait_s * 1000);
	if (r->progress != NULL)
		loop_timer_set(r->tick, TICK_LIVE_MS);
	on_wake(r);
	return EXIT_OK;
}

static void
run_done(struct run *r)
{
	progress_free(r->progress);
	policies_free(r->policies);
	pipeline_free(r->pipeline);	/* and its transport, which stands on the loop */
	loop_timer_free(r->due);
	loop_timer_free(r->deadline);
	loop_timer_free(r->tick);
	loop_free(r->loop);
	catalog_free(r->catalog);
	conf_free(r->conf);
}

/* ---- the result ---- */

/*
 * All domains at once, or one by one where the format lets them be joined: a document is large and there may be many.  Returns
 * the worst exit code.
 */
static int
render(struct run *r, const struct view_options *vo)
{
	size_t n = pipeline_n_domains(r->pipeline), batch = r->o->format->joins ? 1 : n;
	const struct status **list = xcalloc(n + 1, sizeof(*list));
	struct arena *a = arena_new();
	struct str out = STR_INIT;
	int code = EXIT_OK;

	for (size_t first = 0; first < n; first += batch) {
		for (size_t i = 0; i < batch; i++) {
			list[i] = pipeline_status(r->pipeline, first + i, a);
			code = view_exit_worse(code, view_exit_code(list[i], r->o->until));
		}
		str_clear(&out);
		r->o->format->render(list, batch, vo, &out);
		output_write(&out);
		arena_reset(a);
	}
	str_done(&out);
	arena_free(a);
	free(list);
	return code;
}

/* Only what is to be changed; what a format has no room for goes to standard error. */
static void
render_fixes(struct run *r)
{
	struct arena *a = arena_new();
	struct str out = STR_INIT;

	for (size_t i = 0; i < pipeline_n_domains(r->pipeline); i++) {
		const struct fix *f = pipeline_fix(r->pipeline, i, a);

		str_clear(&out);
		if (i > 0 && !r->o->fix->line)
			str_addc(&out, '\n');
		r->o->fix->render(f, &out);
		if (out.len > 0)
			output_write(&out);
		else if (r->o->fix->why_none != NULL && !r->o->quiet) {
			r->o->fix->why_none(f, &out);
			complain("%s", str_c(&out));
		}
		for (size_t k = 0; k < f->n_notes && !r->o->fix->notes && !r->o->quiet; k++)
			complain("%s: %s", f->domain, f->notes[k]);
		arena_reset(a);
	}
	str_done(&out);
	arena_free(a);
}

/* The network's share in the result, for people; each domain's findings say what it meant there. */
static void
say_network(const struct run *r)
{
	struct str line = STR_INIT;

	if (own_words(sources_own(pipeline_sources(r->pipeline)), &line))
		complain("network: %s", str_c(&line));
	str_done(&line);
}

static int
result(struct run *r)
{
	struct view_options vo = { .verbose = r->o->verbose, .quiet = r->o->quiet, .color = output_color(r->o),
		.until = r->o->until, .timed_out = r->timed_out, .unicode = output_unicode() };
	bool text = strcmp(r->o->format->name, "text") == 0, nagios = strcmp(r->o->format->name, "nagios") == 0;
	bool no_network = pipeline_no_network(r->pipeline);
	unsigned rows;
	int code = EXIT_UNKNOWN;

	progress_free(r->progress);
	r->progress = NULL;
	output_size(&vo.width, &rows);
	if (r->signo != 0)
		complain("ended by %s; this is what is known so far", signals_name(r->signo));
	/* A table of nothing but failures would say less than one line. */
	if (no_network)
		complain("no network: no DNS server could be reached, so nothing can be told (--resolver names another)");
	if (r->o->mode == MODE_FIX) {
		if (!no_network)
			render_fixes(r);
		return no_network ? EXIT_UNKNOWN : EXIT_OK;
	}
	if (!no_network || !text)
		code = render(r, &vo);
	if (!no_network && text && !r->o->quiet)
		say_network(r);
	if (no_network)
		code = EXIT_UNKNOWN;
	return r->timed_out && !nagios ? EXIT_TIMED_OUT : code;
}

int
run_domains(const struct options *o)
{
	struct run r = { .o = o };
	int code = read_configuration(&r);

	if (code == EXIT_OK)
		code = start(&r);
	if (code == EXIT_OK) {
		loop_run(r.loop);
		code = result(&r);
	}
	run_done(&r);
	return code;
}

/* ---- --check-config ---- */

/* Everything that starting would find out, short of asking anybody. */
int
run_check_config(const struct options *o)
{
	struct conf_problems problems = { NULL, 0 };
	struct conf *c = setup_conf(o, &problems);
	struct catalog *catalog = c != NULL ? catalog_load(c->catalog_file, &problems) : NULL;
	char *path = setup_config_path(o);
	struct str line = STR_INIT;
	int code = EXIT_OK;

	for (size_t i = 0; catalog != NULL && i < c->n_domains; i++) {
		struct err err;
		struct plan *plan = plan_build(catalog, c, i, &err);

		if (plan == NULL)
			conf_problem_add(&problems, NULL, 0, "%s", err.msg);
		plan_unref(plan);
	}
	if (problems.n > 0)
		code = complain_problems(o, &problems);
	else if (!o->quiet) {
		str_add_printable(&line, path, strlen(path));
		str_add(&line, ": ok\n");
		output_write(&line);
	}
	str_done(&line);
	conf_problems_done(&problems);
	catalog_free(catalog);
	conf_free(c);
	free(path);
	return code;
}
