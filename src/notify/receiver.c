/* SPDX-License-Identifier: ISC */
/*
 * A receiver: a lane per domain, so that a domain's news stays in order and one that cannot be told holds up no other.
 *
 *   waiting ──due, window open──► in flight ──2xx, exit 0──► settled
 *      ▲                              │
 *      └──── 5 s, doubling to 5 min ──┴──── older than 24 h ──► given up, settled
 *
 * Only the first message of a lane is ever in flight.  Lanes that wait are in a heap by due time.  A receiver whose last
 * delivery failed is tried with one at a time: it has enough to do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct lane {
	struct heap_item due;		/* first: the heap's item is the lane; not in the heap while in flight */
	struct receiver *receiver;
	struct message *first, *last;
	struct post *post;		/* what is in flight: one of them */
	struct command *command;
};
struct receiver {
	struct notify *notify;
	char *name, *url, *command;
	unsigned events;		/* bits 1u << enum event */
	bool leaving;
	struct map *lanes;		/* by domain */
	struct heap due;
	struct notify_stats stats;	/* receiver and by_command are filled in when asked for */
};

static int64_t
mono_ms(const struct receiver *r)
{
	return r->notify->cfg.clock->mono_ms(r->notify->cfg.clock);
}

/* ---- lanes ---- */

static struct lane *
lane_get(struct receiver *r, const char *domain)
{
	struct lane *lane = map_get(r->lanes, domain, strlen(domain));

	if (lane == NULL) {
		lane = xcalloc(1, sizeof(*lane));
		lane->receiver = r;
		map_put(r->lanes, domain, strlen(domain), lane);
	}
	return lane;
}

static bool
lane_in_flight(const struct lane *lane)
{
	return lane->post != NULL || lane->command != NULL;
}

static void
lane_free(void *value)
{
	struct lane *lane = value;
	struct message *m;

	if (lane->post != NULL)
		post_cancel(lane->post);
	if (lane->command != NULL)
		command_cancel(lane->command);
	heap_remove(&lane->receiver->due, &lane->due);
	while ((m = lane->first) != NULL) {
		lane->first = m->next;
		message_free(m);
	}
	free(lane);
}

static void
settle(struct receiver *r, struct message *m, enum notify_outcome outcome)
{
	uint64_t *const counters[] = {
		[NOTIFY_DELIVERED] = &r->stats.delivered, [NOTIFY_GIVEN_UP] = &r->stats.given_up, [NOTIFY_DROPPED] = &r->stats.dropped,
	};
	const struct notify_config *cfg = &r->notify->cfg;

	for (const struct message *rider = m->riders; rider != NULL; rider = rider->next) {
		++*counters[outcome];
		cfg->settled(cfg->ctx, r->name, rider->id, outcome);
	}
	++*counters[outcome];
	cfg->settled(cfg->ctx, r->name, m->id, outcome);
	message_free(m);
}

/* Settle the lane's first message; the next one is due at once.  The lane is gone when it was the last. */
static void
lane_settle_first(struct lane *lane, enum notify_outcome outcome)
{
	struct receiver *r = lane->receiver;
	struct message *m = lane->first;
	char *domain = xstrdup(m->t.domain);

	lane->first = m->next;
	r->stats.waiting--;
	settle(r, m, outcome);		/* may tell more: the lane is still in its place */
	if (lane->first != NULL)
		heap_set(&r->due, &lane->due, mono_ms(r));
	else {
		map_del(r->lanes, domain, strlen(domain));
		lane_free(lane);
	}
	free(domain);
}

/* ---- outcomes ---- */

static void
note_success(struct receiver *r)
{
	if (r->stats.failing)
		log_notice("notify \"%s\" works again", r->name);
	r->stats.failing = false;
	r->stats.problem[0] = '\0';
}

static void
note_failure(struct receiver *r, const char *words)
{
	if (!r->stats.failing)
		log_warn("notify \"%s\" fails: %s; it is tried again", r->name, words);
	r->stats.failures++;
	r->stats.failing = true;
	snprintf(r->stats.problem, sizeof(r->stats.problem), "%s", words);
}

static int64_t
backoff_ms(const struct notify_config *cfg, unsigned failures)
{
	int64_t ms = cfg->retry_first_ms;

	while (failures-- > 1 && ms < cfg->retry_max_ms)
		ms *= 2;
	return ms < cfg->retry_max_ms ? ms : cfg->retry_max_ms;
}

/* A last try when the time is up; after that it is given up. */
static void
lane_failed(struct lane *lane, int64_t wait_ms)
{
	struct receiver *r = lane->receiver;
	const struct notify_config *cfg = &r->notify->cfg;
	struct message *m = lane->first;
	int64_t now = mono_ms(r), wait = backoff_ms(cfg, ++m->failures);

	if (now >= m->give_up_ms) {
		log_err("notify \"%s\": gave up telling of %s (\"%s\", id %llu): %s", r->name, m->t.domain,
		    name_of(&event_names, (int)m->t.event), (unsigned long long)m->id, r->stats.problem);
		lane_settle_first(lane, NOTIFY_GIVEN_UP);
		return;
	}
	if (wait_ms > wait)
		wait = wait_ms < cfg->retry_max_ms ? wait_ms : cfg->retry_max_ms;
	heap_set(&r->due, &lane->due, now + wait < m->give_up_ms ? now + wait : m->give_up_ms);
}

static void
attempt_ended(struct lane *lane, const char *words, int64_t wait_ms)
{
	struct receiver *r = lane->receiver;

	lane->post = NULL;
	lane->command = NULL;
	r->stats.in_flight--;
	r->stats.waiting++;
	if (words == NULL) {
		note_success(r);
		lane_settle_first(lane, NOTIFY_DELIVERED);
	} else {
		note_failure(r, words);
		if (r->leaving)
			lane_settle_first(lane, NOTIFY_DROPPED);
		else
			lane_failed(lane, wait_ms);
	}
}

static void
on_delivery_done(void *ctx, const char *words, int64_t wait_ms)
{
	struct lane *lane = ctx;
	struct notify *n = lane->receiver->notify;

	attempt_ended(lane, words, wait_ms);
	notify_pump_soon(n);
}

/* ---- starting ---- */

static void
lane_start(struct lane *lane)
{
	struct receiver *r = lane->receiver;
	struct notify *n = r->notify;
	struct err err = { "libcurl cannot be had" };

	heap_remove(&r->due, &lane->due);
	r->stats.waiting--;
	r->stats.in_flight++;
	r->stats.attempts++;
	if (r->command != NULL)
		lane->command = command_start(n->loop, r->command, lane->first, n->cfg.command_ms, on_delivery_done, lane, &err);
	else if (n->poster != NULL)
		lane->post = post_start(n->poster, r->url, lane->first, on_delivery_done, lane, &err);
	if (!lane_in_flight(lane))
		attempt_ended(lane, err.msg, 0);
}

int64_t
receiver_pump(struct receiver *r, int64_t now)
{
	for (;;) {
		struct lane *lane = (struct lane *)heap_top(&r->due);

		if (lane == NULL || r->stats.in_flight >= (r->stats.failing ? 1 : r->notify->cfg.in_flight))
			return INT64_MAX;
		if (lane->due.key > now)
			return lane->due.key;
		lane_start(lane);
	}
}

/* ---- telling ---- */

/* Fold m with what waits at the end of the lane; true when m has become part of another message. */
static bool
lane_fold(struct lane *lane, struct message *m)
{
	struct message **at = &lane->first, *last = NULL, *w;

	if (lane_in_flight(lane))
		at = &lane->first->next;
	while ((w = *at) != NULL) {
		if (w->failures == 0 && message_fits(w, m)) {
			message_fold(w, m);
			return true;
		}
		if (w->failures == 0 && message_fits(m, w)) {
			*at = w->next;
			message_fold(m, w);
			lane->receiver->stats.waiting--;
			lane->receiver->stats.folded++;
			continue;
		}
		at = &w->next;
		last = w;
	}
	lane->last = last != NULL || !lane_in_flight(lane) ? last : lane->first;
	return false;
}

/* Too many wait: the first one of the lane that is due first goes. */
static void
make_room(struct receiver *r)
{
	struct lane *lane = (struct lane *)heap_top(&r->due);

	if (r->stats.waiting < r->notify->cfg.waiting_max || lane == NULL)
		return;
	log_err("notify \"%s\": %zu wait, gave up telling of %s (id %llu)", r->name, r->stats.waiting, lane->first->t.domain,
	    (unsigned long long)lane->first->id);
	lane_settle_first(lane, NOTIFY_GIVEN_UP);
}

void
receiver_tell(struct receiver *r, struct message *m)
{
	struct lane *lane;

	make_room(r);
	lane = lane_get(r, m->t.domain);
	if (lane->first != NULL && lane_fold(lane, m)) {
		r->stats.folded++;
		return;
	}
	m->next = NULL;
	if (lane->first == NULL)
		lane->first = m;
	else
		lane->last->next = m;
	lane->last = m;
	r->stats.waiting++;
	if (lane->first == m)
		heap_set(&r->due, &lane->due, mono_ms(r));
	notify_pump_soon(r->notify);
}

/* ---- the receiver ---- */

struct receiver *
receiver_new(struct notify *n, const struct conf_notify *conf)
{
	struct receiver *r = xcalloc(1, sizeof(*r));

	r->notify = n;
	r->name = xstrdup(conf->name);
	r->lanes = map_new();
	receiver_set(r, conf);
	return r;
}

static void
lane_retry_now(void *ctx, void *value)
{
	struct lane *lane = value;

	lane->first->failures = 0;
	if (!lane_in_flight(lane))
		heap_set(&lane->receiver->due, &lane->due, *(const int64_t *)ctx);
}

static bool
replace(char **text, const char *by)
{
	if (*text == by || (*text != NULL && by != NULL && strcmp(*text, by) == 0))
		return false;
	free(*text);
	*text = by != NULL ? xstrdup(by) : NULL;
	return true;
}

void
receiver_set(struct receiver *r, const struct conf_notify *conf)
{
	bool url_changed = replace(&r->url, conf->url), command_changed = replace(&r->command, conf->command);
	int64_t now = mono_ms(r);
	int e;

	r->events = 0;
	for (size_t i = 0; i < conf->n_events; i++)
		if (name_find(&event_names, conf->events[i], &e))
			r->events |= 1u << e;
	if (url_changed || command_changed)
		map_each(r->lanes, lane_retry_now, &now);
}

const char *
receiver_name(const struct receiver *r)
{
	return r->name;
}

bool
receiver_wants(const struct receiver *r, enum event e)
{
	return (r->events & 1u << e) != 0;
}

/* What waits behind a message in flight. */
static void
lane_drop_rest(void *ctx, void *value)
{
	struct lane *lane = value;
	struct message *m;

	(void)ctx;
	while ((m = lane->first->next) != NULL) {
		lane->first->next = m->next;
		lane->receiver->stats.waiting--;
		settle(lane->receiver, m, NOTIFY_DROPPED);
	}
	lane->last = lane->first;
}

void
receiver_leave(struct receiver *r)
{
	struct lane *lane;

	r->leaving = true;
	while ((lane = (struct lane *)heap_top(&r->due)) != NULL)
		lane_settle_first(lane, NOTIFY_DROPPED);
	map_each(r->lanes, lane_drop_rest, NULL);
}

bool
receiver_idle(const struct receiver *r)
{
	return map_count(r->lanes) == 0;
}

void
receiver_get_stats(const struct receiver *r, struct notify_stats *ret)
{
	*ret = r->stats;
	ret->receiver = r->name;
	ret->by_command = r->command != NULL;
}

void
receiver_free(struct receiver *r)
{
	if (r == NULL)
		return;
	map_free(r->lanes, lane_free);
	heap_done(&r->due);
	free(r->name);
	free(r->url);
	free(r->command);
	free(r);
}
