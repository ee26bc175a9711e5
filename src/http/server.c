/* SPDX-License-Identifier: ISC */
/*
 * The daemon of libmicrohttpd on our loop: its epoll descriptor is readable when a connection is, and it says when it wants
 * to run besides.  No thread of its own, so whatever a handler reads is not changing meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum {
	/*
	 * Of each connection: room for the headers that the guard refuses in its own words, and for the chunks of a reply.  It is
	 * wiped after each request, so it costs time as well.
	 */
	POOL = 28672,
	STOP_RUNS = 64,
};

/* ---- running ---- */

static void
run(struct http *h)
{
	unsigned long long ms;

	h->kicked = false;
	MHD_run(h->mhd);
	if (h->kicked)
		loop_timer_set(h->run_timer, 0);
	else if (MHD_get_timeout(h->mhd, &ms) == MHD_YES)
		loop_timer_set(h->run_timer, (int64_t)ms);
	else
		loop_timer_clear(h->run_timer);
}

static void
on_timer(void *ctx)
{
	run(ctx);
}

static void
on_epoll(void *ctx, int fd, unsigned events)
{
	(void)fd;
	(void)events;
	run(ctx);
}

void
server_kick(struct http *h)
{
	h->kicked = true;
	loop_timer_set(h->run_timer, 0);
}

/* It tells of each client that goes away. */
PRINTF_LIKE(2, 0)
static void
on_log(void *ctx, const char *fmt, va_list ap)
{
	char line[256];
	int n;

	raw_on_complaint(ctx, fmt, ap);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	while (n > 0 && (size_t)n < sizeof(line) && line[n - 1] == '\n')
		line[--n] = '\0';
	log_debug("http: %s", line);
}

/* ---- making and ending ---- */

static unsigned
or_default(unsigned n, unsigned otherwise)
{
	return n != 0 ? n : otherwise;
}

static void
access_free(struct http *h)
{
	for (size_t i = 0; i < h->cfg.n_hosts; i++)
		free(h->hosts[i]);
	free(h->hosts);
	if (h->token != NULL)
		explicit_bzero(h->token, strlen(h->token));
	free(h->token);
}

void
http_set_access(struct http *h, const char *const *hosts, size_t n_hosts, const char *token)
{
	access_free(h);
	h->hosts = xcalloc(n_hosts + 1, sizeof(*h->hosts));
	for (size_t i = 0; i < n_hosts; i++)
		h->hosts[i] = xstrdup(hosts[i]);
	h->cfg.hosts = (const char *const *)h->hosts;
	h->cfg.n_hosts = n_hosts;
	h->token = token != NULL ? xstrdup(token) : NULL;
	h->cfg.token = h->token;
}

static void
take_config(struct http *h, const struct http_config *cfg)
{
	h->cfg = *cfg;
	h->cfg.fds = NULL;
	h->cfg.n_hosts = 0;
	http_set_access(h, cfg->hosts, cfg->n_hosts, cfg->token);
	h->cfg.connections = or_default(cfg->connections, 256);
	h->cfg.streams = or_default(cfg->streams, 128);
	h->cfg.header_deadline_ms = or_default(cfg->header_deadline_ms, 5000);
	h->cfg.idle_ms = or_default(cfg->idle_ms, 15000);
	h->cfg.stuck_s = or_default(cfg->stuck_s, 30);
	h->cfg.ping_ms = or_default(cfg->ping_ms, 15000);
}

static int
start(struct http *h, struct err *err)
{
	const union MHD_DaemonInfo *info;

	h->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
	    NULL, NULL, request_on_call, h,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, h,
	    MHD_OPTION_NOTIFY_CONNECTION, conn_notify, h,
	    MHD_OPTION_URI_LOG_CALLBACK, conn_on_target, h,
	    MHD_OPTION_NOTIFY_COMPLETED, request_on_completed, h,
	    MHD_OPTION_CONNECTION_LIMIT, h->cfg.connections * 2,	/* ours comes first; this one counts what is closing */
	    MHD_OPTION_CONNECTION_TIMEOUT, h->cfg.stuck_s,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_END);
	info = h->mhd != NULL ? MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (info == NULL) {
		err_set(err, "cannot start the HTTP server: %s", strerror(errno));
		return -1;
	}
	h->epoll = loop_fd_new(h->loop, info->epoll_fd, on_epoll, h);
	loop_fd_set(h->epoll, LOOP_READ);
	return 0;
}

struct http *
http_new(struct loop *l, const struct http_config *cfg, const struct http_route *routes, void *ctx, struct err *err)
{
	struct http *h = xcalloc(1, sizeof(*h));

	h->loop = l;
	h->routes = routes;
	h->ctx = ctx;
	h->run_timer = loop_timer_new(l, on_timer, h);
	h->due_timer = loop_timer_new(l, due_run, h);
	take_config(h, cfg);
	if (listeners_check(cfg->fds, cfg->n_fds, err) == -1 || start(h, err) == -1) {
		http_free(h);
		return NULL;
	}
	listeners_set(h, cfg->fds, cfg->n_fds);
	return h;
}

/* To stop with a suspended connection is a mistake in the eyes of libmicrohttpd, so all are answered and resumed first. */
static void
stop(struct http *h)
{
	h->stopping = true;
	events_close_all(h);
	while (h->waiting != NULL) {
		park_leave(h->waiting);
		http_problem(h->waiting, 503, "The server stops.");
	}
	for (int i = 0; i < STOP_RUNS; i++)
		MHD_run(h->mhd);
	MHD_stop_daemon(h->mhd);
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	listeners_set(h, NULL, 0);
	if (h->mhd != NULL)
		stop(h);
	loop_fd_free(h->epoll);
	loop_timer_free(h->run_timer);
	loop_timer_free(h->due_timer);
	loop_defer_cancel(h->loop, h);
	heap_done(&h->dues);
	access_free(h);
	free(h);
}

const struct http_stats *
http_get_stats(const struct http *h)
{
	return &h->stats;
}

const char *
http_library_version(void)
{
	return MHD_get_version();
}
