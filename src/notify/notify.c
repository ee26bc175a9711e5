/* SPDX-License-Identifier: ISC */
/* The face: who is there, and the one turn in which all of them are looked after. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int64_t
or_default(int64_t value, int64_t deflt)
{
	return value != 0 ? value : deflt;
}

/* ---- the turn ---- */

static void
forget_idle_leavers(struct notify *n)
{
	size_t kept = n->n_receivers;

	for (size_t i = n->n_receivers; i < n->n_receivers + n->n_leaving; i++) {
		if (receiver_idle(n->receivers[i]))
			receiver_free(n->receivers[i]);
		else
			n->receivers[kept++] = n->receivers[i];
	}
	n->n_leaving = kept - n->n_receivers;
}

static void
pump(void *ctx)
{
	struct notify *n = ctx;
	int64_t now = n->cfg.clock->mono_ms(n->cfg.clock), next = INT64_MAX;

	n->pump_waits = false;
	forget_idle_leavers(n);
	for (size_t i = 0; i < n->n_receivers; i++) {
		int64_t at = receiver_pump(n->receivers[i], now);

		if (at < next)
			next = at;
	}
	if (next == INT64_MAX)
		loop_timer_clear(n->timer);
	else
		loop_timer_set(n->timer, next - now);
}

void
notify_pump_soon(struct notify *n)
{
	if (n->pump_waits)
		return;
	n->pump_waits = true;
	loop_defer(n->loop, pump, n);
}

static void
on_timer(void *ctx)
{
	notify_pump_soon(ctx);
}

/* ---- life ---- */

struct notify *
notify_new(struct loop *l, const struct notify_config *cfg)
{
	struct notify *n = xcalloc(1, sizeof(*n));
	struct notify_config *c = &n->cfg;

	n->loop = l;
	*c = *cfg;
	c->retry_first_ms = or_default(c->retry_first_ms, 5000);
	c->retry_max_ms = or_default(c->retry_max_ms, INT64_C(5) * 60 * 1000);
	c->give_up_ms = or_default(c->give_up_ms, INT64_C(24) * 3600 * 1000);
	c->connect_ms = or_default(c->connect_ms, 10000);
	c->post_ms = or_default(c->post_ms, 30000);
	c->command_ms = or_default(c->command_ms, 30000);
	if (c->in_flight == 0)
		c->in_flight = 4;
	if (c->waiting_max == 0)
		c->waiting_max = 100000;
	n->timer = loop_timer_new(l, on_timer, n);
	return n;
}

void
notify_free(struct notify *n)
{
	if (n == NULL)
		return;
	for (size_t i = 0; i < n->n_receivers + n->n_leaving; i++)
		receiver_free(n->receivers[i]);
	loop_defer_cancel(n->loop, n);
	loop_timer_free(n->timer);
	poster_free(n->poster);
	free(n->receivers);
	free(n->names);
	free(n);
}

/* ---- receivers ---- */

static struct receiver *
find(const struct notify *n, const char *name)
{
	for (size_t i = 0; i < n->n_receivers; i++)
		if (strcmp(receiver_name(n->receivers[i]), name) == 0)
			return n->receivers[i];
	return NULL;
}

static bool
listed(const struct conf_notify *list, size_t n_list, const char *name)
{
	for (size_t i = 0; i < n_list; i++)
		if (strcmp(list[i].name, name) == 0)
			return true;
	return false;
}

/* libcurl costs a TLS library's start: only for those who want it. */
static void
poster_want(struct notify *n)
{
	struct err err;

	if (n->poster == NULL)
		n->poster = poster_new(n->loop, &n->cfg, &err);
	if (n->poster == NULL)
		log_err("notify: %s", err.msg);
}

void
notify_set_receivers(struct notify *n, const struct conf_notify *list, size_t n_list)
{
	size_t n_all = n->n_receivers + n->n_leaving, filled = 0;
	struct receiver **all = xcalloc(n_list + n_all + 1, sizeof(struct receiver *)), *r;

	for (size_t i = 0; i < n_list; i++) {
		if (list[i].url != NULL)
			poster_want(n);
		if ((r = find(n, list[i].name)) != NULL)
			receiver_set(r, &list[i]);
		all[filled++] = r != NULL ? r : receiver_new(n, &list[i]);
	}
	for (size_t i = 0; i < n_all; i++) {
		r = n->receivers[i];
		if (i < n->n_receivers && listed(list, n_list, receiver_name(r)))
			continue;
		if (i < n->n_receivers)
			receiver_leave(r);
		all[filled++] = r;
	}
	free(n->receivers);
	n->receivers = all;
	n->n_receivers = n_list;
	n->n_leaving = filled - n_list;
	notify_pump_soon(n);
}

size_t
notify_wanting(struct notify *n, enum event e, const char *const **ret_names)
{
	size_t n_names = 0;

	n->names = xreallocarray(n->names, n->n_receivers + 1, sizeof(*n->names));
	for (size_t i = 0; i < n->n_receivers; i++)
		if (receiver_wants(n->receivers[i], e))
			n->names[n_names++] = receiver_name(n->receivers[i]);
	*ret_names = n->names;
	return n_names;
}

/* The age counts from the outbox, also across a restart; a clock that was set back does not make it negative. */
bool
notify_tell(struct notify *n, const char *receiver, uint64_t id, int64_t queued_unix_ms, const struct transition *t)
{
	const struct clock *clock = n->cfg.clock;
	struct receiver *r = find(n, receiver);
	int64_t age = clock->unix_ms(clock) - queued_unix_ms;
	struct message *m;

	if (r == NULL)
		return false;
	m = message_new(id, t);
	m->give_up_ms = clock->mono_ms(clock) + n->cfg.give_up_ms - (age > 0 ? age : 0);
	receiver_tell(r, m);
	return true;
}

/* ---- looking ---- */

size_t
notify_n_receivers(const struct notify *n)
{
	return n->n_receivers;
}

void
notify_get_stats(const struct notify *n, size_t i, struct notify_stats *ret)
{
	receiver_get_stats(n->receivers[i], ret);
}
