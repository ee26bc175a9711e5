/* SPDX-License-Identifier: ISC */
/*
 * serve: the daemon.
 *
 * One thread runs the loop: DNS, HTTP, timers and signals.  The store has its own, and is only queued to.  A turn of the
 * pipeline ends with what it found on its way to store, streams and receivers.
 *
 *   configuration --> store (load) --> pipeline (restore) --> HTTP --> READY
 *   SIGHUP, POST /-/reload: serve_reload.c         SIGTERM, SIGINT: save, commit, leave
 */
#include "serve_internal.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_info.h"
#include "output.h"
#include "setup.h"

#define SAVE_MS         2000
#define SAVE_MORE_MS    100		/* when there is more than one portion */
#define OPEN_STORE_MS   600000
#define STOP_COMMIT_MS  3000

/* ---- turns ---- */

static void
turn(void *ctx)
{
	struct serve *s = ctx;
	int64_t next;

	s->woken = false;
	next = pipeline_run(s->pipeline);
	serve_reload_turn(s);
	serve_keep_news(s);
	if (next == INT64_MAX)
		loop_timer_clear(s->due);
	else
		loop_timer_set(s->due, next - clock_system.mono_ms(&clock_system));
}

void
serve_wake(void *ctx)
{
	struct serve *s = ctx;

	if (!s->woken)
		loop_defer(s->loop, turn, s);
	s->woken = true;
}

static void
on_transition(void *ctx, const struct transition *t)
{
	struct serve *s = ctx;

	announce_note(s->announce, t);
	serve_wake(s);		/* also when it came from somebody's look at the status */
}

static void
on_changed(void *ctx, struct board_domain *b)
{
	struct serve *s = ctx;
	const char *name = plan_domain(board_plan(b));

	serve_save_later(s, name);
	/* Else it is told once it is kept. */
	if (s->http != NULL && board_is_told(b))
		http_wake(s->http, name);
}

/* A transition that is durable now. */
static void
on_told(void *ctx, uint64_t id, const struct transition *t, bool last)
{
	struct serve *s = ctx;

	journal_transition(s->journal, t);
	s->api.transitions[t->event]++;
	if (s->http != NULL)
		api_event(&s->api, id, t, last);
}

static void
on_turn(void *ctx, const struct pipeline_turn *t)
{
	struct serve *s = ctx;
	int64_t to_unix = clock_system.unix_ms(&clock_system) - clock_system.mono_ms(&clock_system);
	const struct store_prediction p = {
		.domain = t->domain,
		.record = t->record,
		.source = t->source,
		.predicted_unix_ms = t->predicted_ms + to_unix,
		.eta_unix_ms = t->eta_ms + to_unix,
		.actual_unix_ms = t->actual_ms + to_unix,
		.basis = t->basis,
	};

	if (s->store != NULL)
		store_put_prediction(s->store, &p);
}

static void
on_seen(void *ctx, const struct board_seen *seen)
{
	struct serve *s = ctx;

	if (s->store != NULL)
		store_put_seen(s->store, seen);
}

static void
on_save(void *ctx, const char *domain)
{
	serve_save_now(ctx, domain, SAVE_URGENT);
}

static void
on_settled(void *ctx, const char *receiver, uint64_t id, enum notify_outcome outcome)
{
	struct serve *s = ctx;

	(void)outcome;		/* the room has logged what was given up; the row goes in any case */
	if (s->store != NULL)
		store_outbox_done(s->store, receiver, id);
}

static void
on_store(void *ctx, int fd, unsigned events)
{
	struct serve *s = ctx;

	(void)fd, (void)events;
	store_dispatch(s->store);
}

static void
on_store_health(void *ctx, enum store_health health, const char *problem)
{
	serve_keep_health(ctx, health);
	if (health == STORE_OK)
		log_notice("store: writing again");
	else
		log_err("store: %s: %s", name_of(&store_health_names, (int)health), problem);
}

static void
on_save_timer(void *ctx)
{
	struct serve *s = ctx;

	serve_keep_news(s);
	loop_timer_set(s->save, serve_save_some(s) ? SAVE_MORE_MS : SAVE_MS);
}

/* ---- signals ---- */

/*
 * Before the loop runs a signal ends the program at once, as it would without this; but whoever looks at the log shall read why.
 * Nothing is lost: what is stored is stored in transactions.
 */
static void
on_early_end(int signo)
{
	static const char term[] = "m365dnsd: ended by SIGTERM before it was ready\n";
	static const char interrupt[] = "m365dnsd: ended by SIGINT before it was ready\n";
	static const char hup[] = "m365dnsd: ended by SIGHUP before it was ready\n";
	const char *words = signo == SIGTERM ? term : signo == SIGINT ? interrupt : hup;
	ssize_t n = write(STDERR_FILENO, words, strlen(words));

	(void)n;		/* nobody left to tell */
	raise(signo);		/* not caught again, and held back until this returns */
}

static void
signals_early(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction sa = { .sa_handler = on_early_end, .sa_flags = SA_RESETHAND }, old;

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(signals[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);		/* a log that nobody reads any more, too */
}

static void
on_end(void *ctx, int signo)
{
	struct serve *s = ctx;

	log_notice("ending by %s", signo == SIGTERM ? "SIGTERM" : "SIGINT");
	loop_stop(s->loop);
}

static void
on_hup(void *ctx, int signo)
{
	(void)signo;
	serve_reload(ctx, NULL, NULL);
}

/* ---- start ---- */

static int
start_conf(struct serve *s)
{
	struct conf_problems problems = { NULL, 0 };
	int code = EXIT_OK;

	s->conf = setup_conf(s->o, &problems);
	if (s->conf != NULL) {
		s->conf_names = serve_conf_names(s->conf);
		s->catalog = catalog_load(s->conf->catalog_file, &problems);
	}
	if (problems.n > 0)
		code = complain_problems(s->o, &problems);
	conf_problems_done(&problems);
	return code;
}

static int
start_store(struct serve *s, struct err *err)
{
	struct store_config cfg = { .path = s->conf->database, .history_days = s->conf->history_days, .queue_max = 100000 };
	char *dir = systemd_directory(SYSTEMD_STATE), *path = NULL;
	int rc = 0;

	if (cfg.path == NULL || *cfg.path == '\0') {
		free(dir);
		return 0;
	}
	/* A big store of an older version, or one to be checked, takes its time. */
	systemd_extend_timeout(s->sd, OPEN_STORE_MS);
	if (dir != NULL && strcmp(cfg.path, M365DNSD_STATE_DIR "/m365dnsd.db") == 0)
		cfg.path = path = xasprintf("%s/m365dnsd.db", dir);
	s->store = store_open(&cfg, err);
	if (s->store == NULL) {
		rc = -1;
	} else {
		store_on_health(s->store, on_store_health, s);
		s->store_fd = loop_fd_new(s->loop, store_fd(s->store), on_store, s);
		loop_fd_set(s->store_fd, LOOP_READ);
	}
	free(path);
	free(dir);
	return rc;
}

static bool
store_was_lost(const struct serve *s)
{
	struct store_stats st;

	if (s->store == NULL)
		return false;
	store_get_stats(s->store, &st);
	return st.health == STORE_QUARANTINED;
}

static void
start_announce(struct serve *s)
{
	const struct notify_config notify = { .clock = &clock_system, .settled = on_settled, .ctx = s };
	const struct announce_config announce = {
		.clock = &clock_system,
		.store = s->store,
		.tell = on_told,
		.save = on_save,
		.ctx = s,
		.baseline = store_was_lost(s),
	};
	struct announce_config cfg = announce;

	s->notify = notify_new(s->loop, &notify);
	notify_set_receivers(s->notify, s->conf->notify, s->conf->n_notify);
	cfg.notify = s->notify;
	s->announce = announce_new(&cfg);
}

static enum reason
on_ask_policy(void *ctx, uint64_t tag, const struct dns_name *name, const struct addr *addrs, size_t n_addrs)
{
	struct serve *s = ctx;

	return policies_ask(s->policies, tag, name, addrs, n_addrs);
}

static int
start_pipeline(struct serve *s, struct err *err)
{
	const struct pipeline_config cfg = {
		.mode = SCHED_WATCH,
		.until = UNTIL_COMPLETE,
		.on_transition = on_transition,
		.on_changed = on_changed,
		.on_turn = on_turn,
		.on_seen = on_seen,
		.wake = serve_wake,
		.ask_policy = on_ask_policy,
		.ctx = s,
	};
	struct transport *transport;
	struct pipeline_spec *specs;
	size_t n;
	int rc;

	transport = transport_ares_new(s->loop, NULL, err);
	if (transport == NULL)
		return -1;
	specs = serve_specs(s, s->conf, s->conf_names, &n);
	s->pipeline = pipeline_new(s->conf, s->catalog, specs, n, transport, &clock_system, &cfg, err);
	s->api.pipeline = s->pipeline;
	rc = s->pipeline == NULL ? -1 : 0;
	free(specs);
	s->policies = policies_new(s->loop, s->conf);
	policies_tell(s->policies, s->pipeline);
	if (rc == 0)
		rc = serve_load(s, err);
	if (rc == 0)
		board_next(pipeline_board(s->pipeline), NULL);	/* puts them in order: now, and not when somebody asks */
#ifdef __GLIBC__
	malloc_trim(0);		/* what reading 100,000 domains has left behind */
#endif
	return rc;
}

static int
start(struct serve *s, struct err *err)
{
	s->loop = loop_new(err);
	if (s->loop == NULL || start_store(s, err) == -1)
		return -1;
	s->journal = journal_new(NULL);
	s->unsaved = map_new();
	s->due = loop_timer_new(s->loop, serve_wake, s);	/* and not turn: one may wait already */
	s->save = loop_timer_new(s->loop, on_save_timer, s);
	s->pulse = loop_timer_new(s->loop, serve_pulse, s);
	serve_keep_init(s);
	start_announce(s);
	serve_api_init(s);
	if (start_pipeline(s, err) == -1)
		return -1;
	serve_keep_health(s, STORE_OK);
	if (serve_listen_start(s, err) == -1 || announce_resume(s->announce, err) == -1)
		return -1;
	loop_on_signal(s->loop, SIGTERM, on_end, s);
	loop_on_signal(s->loop, SIGINT, on_end, s);
	loop_on_signal(s->loop, SIGHUP, on_hup, s);
	s->api.ready = true;
	s->api.started_unix_ms = clock_system.unix_ms(&clock_system);
	serve_api_reloaded(s, true, "");
	s->heartbeat_ms = clock_system.mono_ms(&clock_system);
	loop_timer_set(s->save, SAVE_MS);
	loop_timer_set(s->pulse, 0);
	serve_wake(s);
	return 0;
}

/* ---- stop ---- */

static void
stop(struct serve *s)
{
	systemd_stopping(s->sd);
	serve_reload_stop(s);
	http_free(s->http);
	s->http = NULL;
	if (s->announce != NULL && s->pipeline != NULL) {
		serve_keep_news(s);
		serve_save_all(s);
	}
	if (s->store_fd != NULL) {
		loop_fd_set(s->store_fd, 0);
		loop_fd_free(s->store_fd);
	}
	if (s->store != NULL)
		store_close(s->store, STOP_COMMIT_MS);	/* tells of the last commits, so the rest goes after it */
	serve_keep_free(s);
	announce_free(s->announce);
	notify_free(s->notify);
	policies_free(s->policies);
	pipeline_free(s->pipeline);
	serve_reload_free(s);
}

static void
serve_done(struct serve *s)
{
	stop(s);
	serve_listen_free(s);
	loop_timer_free(s->due);
	loop_timer_free(s->save);
	loop_timer_free(s->pulse);
	loop_free(s->loop);
	map_free(s->unsaved, free);
	serve_puts_free(s);
	catalog_free(s->catalog);
	api_done(&s->api);
	free(s->conf_names);
	conf_free(s->conf);
	journal_free(s->journal);
	systemd_free(s->sd);
}

int
serve(const struct options *o)
{
	struct serve s = { .o = o, .sd = systemd_new(&clock_system) };
	struct err err = { "" };
	int code;

	log_init(o->verbose ? LOG_LVL_DEBUG : o->quiet ? LOG_LVL_WARNING : LOG_LVL_INFO);
	signals_early();
	code = start_conf(&s);
	if (code == EXIT_OK && start(&s, &err) == -1) {
		log_err("cannot start: %s", err.msg);
		code = EXIT_FAILURE;
	}
	if (code == EXIT_OK) {
		size_t n = board_count(pipeline_board(s.pipeline));

		log_notice("watching %zu domain%s", n, n == 1 ? "" : "s");
		systemd_ready(s.sd);
		loop_run(s.loop);
	}
	serve_done(&s);
	return code;
}
