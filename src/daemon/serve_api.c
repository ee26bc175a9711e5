/* SPDX-License-Identifier: ISC */
/* serve_api: what the routes may see of the daemon and ask of it. */
#include <stdio.h>
#include <stdlib.h>

#include "serve_internal.h"

static bool
api_healthy(void *ctx, struct err *why)
{
	return serve_healthy(ctx, why);
}

static void
api_reload(void *ctx, void (*done)(void *done_ctx, bool ok, const char *words), void *done_ctx)
{
	serve_reload(ctx, done, done_ctx);
}

static void
api_when_settled(void *ctx, void (*done)(void *done_ctx, bool ok, const char *words), void *done_ctx)
{
	serve_when_settled(ctx, done, done_ctx);
}

static enum api_outcome
api_put_domain(void *ctx, const char *name, const char *block, struct err *err)
{
	return serve_put_domain(ctx, name, block, err);
}

static enum api_outcome
api_del_domain(void *ctx, const char *name, struct err *err)
{
	return serve_del_domain(ctx, name, err);
}

static void
api_when_kept(void *ctx, void (*done)(void *done_ctx, bool kept), void *done_ctx)
{
	serve_when_kept(ctx, done, done_ctx);
}

void
serve_api_init(struct serve *s)
{
	s->api = (struct api){
		.clock = &clock_system,
		.loop = s->loop,
		.store = s->store,
		.notify = s->notify,
		.conf = s->conf,
		.ctx = s,
		.healthy = api_healthy,
		.reload = api_reload,
		.when_settled = api_when_settled,
		.put_domain = api_put_domain,
		.del_domain = api_del_domain,
		.when_kept = api_when_kept,
	};
}

void
serve_api_reloaded(struct serve *s, bool ok, const char *words)
{
	s->api.conf = s->conf;
	s->api.reload_ok = ok;
	if (ok)
		s->api.reload_ok_unix_ms = clock_system.unix_ms(&clock_system);
	snprintf(s->api.reload_problem, sizeof(s->api.reload_problem), "%s", ok ? "" : words);
}
