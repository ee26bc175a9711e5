/* SPDX-License-Identifier: ISC */
/* The daemon as the views see it, gathered anew for each request; and the two documents that need nothing else. */
#include "api.h"

#include <stdlib.h>

#include <m365dnsd/loop.h>
#include <m365dnsd/transport.h>

#include "api_internal.h"
#include "build_info.h"

#define N_LIBRARIES 7

/* ---- gathering ---- */

static const char *const *
libraries(void)
{
	static const char *list[2 * N_LIBRARIES];
	size_t n = 0;

	if (list[0] != NULL)
		return list;
	list[n++] = "c-ares";
	list[n++] = transport_ares_version();
	list[n++] = "libevent";
	list[n++] = loop_library_version();
	list[n++] = "libidn2";
	list[n++] = dns_idna_version();
	list[n++] = "libconfuse";
	list[n++] = conf_library_version();
	list[n++] = "libmicrohttpd";
	list[n++] = http_library_version();
	list[n++] = "zlib";
	list[n++] = http_gzip_version();
	list[n++] = "libcurl";
	list[n++] = notify_library_version();
	return list;
}

static void
take_store(struct api_daemon *x, struct store *s)
{
	struct store_stats *st = &x->store_stats;

	if (s == NULL)
		return;
	store_get_stats(s, st);
	x->store = (struct view_store){
		.healths = &store_health_names, .health = (int)st->health, .writes = st->health != STORE_STUCK,
		.problem = st->problem, .commits = st->commits, .rows = st->rows, .failures = st->failures,
		.dropped = st->dropped, .queued = st->queued, .size_bytes = st->db_bytes, .wal_bytes = st->wal_bytes,
		.oldest_queued_ms = st->oldest_queued_ms, .last_commit_us = st->last_commit_us,
	};
	x->d.store = &x->store;
}

static void
take_http(struct api_daemon *x, const struct http *h)
{
	const struct http_stats *st = http_get_stats(h);

	x->http = (struct view_http){
		.requests = st->requests, .n_requests = ARRAY_LEN(st->requests), .accepted = st->accepted, .refused = st->refused,
		.timed_out = st->timed_out, .connections = st->connections, .streams = st->streams,
	};
	x->d.http = &x->http;
}

static void
take_loop(struct api_daemon *x, const struct loop *l)
{
	const struct loop_stats *st;

	if (l == NULL)
		return;
	st = loop_get_stats(l);
	x->loop = (struct view_loop){
		.bounds_us = loop_turn_bounds_us, .n_bounds = LOOP_TURN_BOUNDS, .turns = st->turns, .sum_us = st->sum_us,
		.worst_us = st->worst_us,
	};
	x->d.loop = &x->loop;
}

static void
take_receivers(struct api_daemon *x, const struct notify *n)
{
	size_t count = n != NULL ? notify_n_receivers(n) : 0;

	x->notify_stats = xcalloc(count + 1, sizeof(*x->notify_stats));
	x->receivers = xcalloc(count + 1, sizeof(*x->receivers));
	for (size_t i = 0; i < count; i++) {
		struct notify_stats *st = &x->notify_stats[i];

		notify_get_stats(n, i, st);
		x->receivers[i] = (struct view_receiver){
			.name = st->receiver, .delivered = st->delivered, .given_up = st->given_up, .dropped = st->dropped,
			.attempts = st->attempts, .failures = st->failures, .waiting = st->waiting, .in_flight = st->in_flight,
			.failing = st->failing, .problem = st->problem,
		};
	}
	x->d.receivers = x->receivers;
	x->d.n_receivers = count;
}

struct backlog {
	struct prober *prober;
	size_t sum;
};

static void
add_backlog(void *ctx, struct source *s)
{
	struct backlog *b = ctx;

	b->sum += prober_backlog(b->prober, s);
}

static void
take_queries(struct api_daemon *x, struct pipeline *p)
{
	struct backlog b = { pipeline_prober(p), 0 };

	sources_each(pipeline_sources(p), add_backlog, &b);
	x->d.queries_in_flight = prober_in_flight(b.prober);
	x->d.queries_waiting = b.sum > x->d.queries_in_flight ? b.sum - x->d.queries_in_flight : 0;
	x->d.due_lag_ms = pipeline_lag_ms(p);
}

void
api_daemon_init(struct api_daemon *x, struct api *a)
{
	*x = (struct api_daemon){ .d = {
		.version = M365DNSD_VERSION, .libraries = libraries(), .n_libraries = N_LIBRARIES, .clock = a->clock,
		.started_unix_ms = a->started_unix_ms, .ready = a->ready, .reload_ok = a->reload_ok,
		.reload_problem = a->reload_problem, .reload_ok_unix_ms = a->reload_ok_unix_ms,
		.sources = pipeline_sources(a->pipeline), .board = pipeline_board(a->pipeline),
	} };
	for (size_t i = 0; i < ARRAY_LEN(a->transitions); i++)
		x->d.transitions[i] = a->transitions[i];
	take_store(x, a->store);
	take_http(x, a->http);
	take_loop(x, a->loop);
	take_receivers(x, a->notify);
	take_queries(x, a->pipeline);
	api_process(&x->process);
	x->d.process = &x->process;
}

void
api_daemon_done(struct api_daemon *x)
{
	free(x->receivers);
	free(x->notify_stats);
}

/* ---- documents ---- */

void
api_resolvers(void *api, struct http_request *r)
{
	struct api_daemon daemon;
	struct str out = STR_INIT;

	api_daemon_init(&daemon, api);
	view_resolvers_json(&daemon.d, &out);
	api_daemon_done(&daemon);
	http_reply(r, 200, API_JSON, &out, NULL);
}

static bool
more(void *ctx, struct str *out)
{
	return metrics_more(ctx, out);
}

static void
done(void *ctx)
{
	metrics_free(ctx);
}

/* Whatever a scraper says it takes, it gets the plain text unless it likes OpenMetrics better. */
void
api_metrics(void *api, struct http_request *r)
{
	struct api *a = api;
	struct api_daemon daemon;
	struct metrics *m;
	enum metrics_syntax syntax = METRICS_TEXT;

	if (http_accept(r, metrics_media_types, ARRAY_LEN(metrics_media_types)) == METRICS_OPENMETRICS)
		syntax = METRICS_OPENMETRICS;
	http_reply_header(r, "Vary", "Accept");
	api_daemon_init(&daemon, a);
	m = metrics_new(&daemon.d, (enum metrics_detail)a->conf->metrics, syntax);
	api_daemon_done(&daemon);
	http_stream(r, metrics_content_types[syntax], more, done, m);
}
