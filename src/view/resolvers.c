/* SPDX-License-Identifier: ISC */
/* GET /resolvers: who is asked, how they do, and what has been asked of them. */
#include <stdlib.h>

#include "formats.h"

/* ---- counters ---- */

static void
stats_json(struct json_writer *j, const struct source_stats *s)
{
	jsonw_int(j, "queries", (int64_t)s->queries);
	jsonw_int(j, "answers", (int64_t)s->answers);
	jsonw_int(j, "tcp", (int64_t)s->tcp);
	jsonw_open(j, "failures", '{');
	for (int r = REASON_TIMEOUT; r < REASON_MAX; r++)
		if (s->failures[r] > 0)
			jsonw_int(j, name_of(&reason_names, r), (int64_t)s->failures[r]);
	jsonw_close(j, '}');
}

/* The mean of all replies, in milliseconds. */
static void
mean_json(struct json_writer *j, const struct source_stats *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(s->rtt_bucket); i++)
		n += s->rtt_bucket[i];
	if (n == 0)
		jsonw_null(j, "rtt_mean_ms");
	else
		jsonw_fixed(j, "rtt_mean_ms", (double)s->rtt_sum_us / (double)n / 1e3, 1);
}

/* ---- one address ---- */

/* A monotonic time as UTC; 0 = never. */
static void
mono_json(struct json_writer *j, const char *key, int64_t mono_ms, const struct clock *clock)
{
	jsonw_time(j, key, mono_ms == 0 ? 0 : mono_ms + clock->unix_ms(clock) - clock->mono_ms(clock));
}

static const char *
health_of(const struct source *s)
{
	if (s->set_aside)
		return "set-aside";
	if (s->failures_in_row > 0)
		return "failing";
	return s->last_answer_ms != 0 ? "up" : "unknown";
}

static void
resolver_json(struct json_writer *j, const struct source *s, const struct clock *clock)
{
	char address[ADDR_TEXT_MAX];

	jsonw_open(j, NULL, '{');
	jsonw_text(j, "name", s->name);
	jsonw_text(j, "operator", s->operator);
	jsonw_text(j, "address", addr_text(&s->addr, 53, address));
	jsonw_text(j, "class", name_of(&class_names, (int)s->class));
	jsonw_text(j, "view", name_of(&view_names, (int)s->view));
	jsonw_bool(j, "filters", s->filters);
	jsonw_text(j, "health", health_of(s));
	jsonw_bool(j, "by_tcp", s->by_tcp);
	jsonw_bool(j, "intercepted", s->intercepted);
	mono_json(j, "last_answer_at", s->last_answer_ms, clock);
	mono_json(j, "retry_at", s->set_aside ? s->retry_at_ms : 0, clock);
	if (s->rtt_us > 0)
		jsonw_fixed(j, "rtt_ms", s->rtt_us / 1e3, 1);
	else
		jsonw_null(j, "rtt_ms");
	mean_json(j, &s->stats);
	jsonw_int(j, "rate", s->rate);
	jsonw_int(j, "window", s->window);
	stats_json(j, &s->stats);
	jsonw_close(j, '}');
}

/* ---- sums ---- */

struct operator_sum {
	size_t addresses, up;
};

static void
operators_json(struct json_writer *j, struct sources *sources, const struct source_stats *totals)
{
	size_t n = sources_n_operators(sources);
	struct operator_sum *sums = xcalloc(n + 1, sizeof(*sums));

	for (size_t i = 0; i < sources_n_resolvers(sources); i++) {
		const struct source *s = sources_resolver(sources, i);

		sums[s->operator_id].addresses++;
		sums[s->operator_id].up += !s->set_aside;
	}
	jsonw_open(j, "operators", '[');
	for (size_t i = 0; i < n; i++) {
		if (sums[i].addresses == 0)	/* a reload took it away */
			continue;
		jsonw_open(j, NULL, '{');
		jsonw_text(j, "name", sources_operator_name(sources, (uint16_t)i));
		jsonw_int(j, "addresses", (int64_t)sums[i].addresses);
		jsonw_bool(j, "up", sums[i].up > 0);
		mean_json(j, &totals[i]);
		stats_json(j, &totals[i]);
		jsonw_close(j, '}');
	}
	jsonw_close(j, ']');
	free(sums);
}

struct authority_sum {
	size_t known, set_aside, blocked;
};

static void
count_authority(void *ctx, struct source *s)
{
	struct authority_sum *sum = ctx;

	if (s->kind != SOURCE_AUTHORITY)
		return;
	sum->known++;
	sum->set_aside += s->set_aside;
	sum->blocked += s->blocked;
}

static void
authorities_json(struct json_writer *j, struct sources *sources, const struct source_stats *totals)
{
	struct authority_sum sum = { 0, 0, 0 };

	sources_each(sources, count_authority, &sum);
	jsonw_open(j, "authorities", '{');
	jsonw_int(j, "addresses", (int64_t)sum.known);
	jsonw_int(j, "set_aside", (int64_t)sum.set_aside);
	jsonw_int(j, "blocked", (int64_t)sum.blocked);
	mean_json(j, totals);
	stats_json(j, totals);
	jsonw_close(j, '}');
}

/* What is known of this machine and its network. */
static void
network_json(struct json_writer *j, const struct own_state *o)
{
	static const char *const families[] = { "ipv4", "ipv6" };
	struct str words = STR_INIT;

	jsonw_open(j, "network", '{');
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		jsonw_open(j, families[i], '{');
		jsonw_text(j, "udp", name_of(&own_way_names, (int)o->udp[i]));
		jsonw_text(j, "tcp", name_of(&own_way_names, (int)o->tcp[i]));
		jsonw_close(j, '}');
	}
	jsonw_bool(j, "offline", o->offline);
	jsonw_bool(j, "intercepted", o->intercepted);
	if (own_words(o, &words))
		jsonw_text(j, "problem", str_c(&words));
	else
		jsonw_null(j, "problem");
	str_done(&words);
	jsonw_close(j, '}');
}

void
view_resolvers_json(const struct view_daemon *d, struct str *ret)
{
	struct source_stats authorities, *operators = xcalloc(sources_n_operators(d->sources) + 1, sizeof(*operators));
	struct json_writer j = { .out = ret };

	sources_totals(d->sources, operators, &authorities);
	jsonw_open(&j, NULL, '{');
	jsonw_open(&j, "resolvers", '[');
	for (size_t i = 0; i < sources_n_resolvers(d->sources); i++)
		resolver_json(&j, sources_resolver(d->sources, i), d->clock);
	jsonw_close(&j, ']');
	operators_json(&j, d->sources, operators);
	authorities_json(&j, d->sources, &authorities);
	network_json(&j, sources_own(d->sources));
	jsonw_int(&j, "in_flight", (int64_t)d->queries_in_flight);
	jsonw_int(&j, "waiting", (int64_t)d->queries_waiting);
	jsonw_close(&j, '}');
	str_addc(ret, '\n');
	free(operators);
}
