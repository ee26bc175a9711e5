/* SPDX-License-Identifier: ISC */
/*
 * Metrics of the daemon itself.  Closed label sets are there from the start, at 0: what is missing is hard to alert on.
 * The queries to all authorities together are one row without operator: there may be many, and they come and go.
 */
#include "metrics.h"

#define LABELS(...) ((const char *const[]){ __VA_ARGS__ })
#define NO_LABELS   ((const char *const[]){ NULL })

/* ---- build, configuration ---- */

static void
build(struct metric_out *o, const struct metric_daemon *m)
{
	metric_int(o, LABELS(m->d->version), 1);
}

static void
library(struct metric_out *o, const struct metric_daemon *m)
{
	for (size_t i = 0; i < m->d->n_libraries; i++)
		metric_int(o, &m->d->libraries[2 * i], 1);
}

static void
ready(struct metric_out *o, const struct metric_daemon *m)
{
	metric_int(o, NO_LABELS, m->d->ready);
}

static void
reload_ok(struct metric_out *o, const struct metric_daemon *m)
{
	metric_int(o, NO_LABELS, m->d->reload_ok);
}

static void
reload_time(struct metric_out *o, const struct metric_daemon *m)
{
	if (m->d->reload_ok_unix_ms != 0)
		metric_int(o, NO_LABELS, m->d->reload_ok_unix_ms / 1000);
}

static void
transitions(struct metric_out *o, const struct metric_daemon *m)
{
	for (size_t i = 0; i < event_names.n; i++)
		metric_int(o, &event_names.rows[i].name, (int64_t)m->d->transitions[event_names.rows[i].id]);
}

/* ---- queries ---- */

typedef void queries_fn(struct metric_out *o, const char *kind, const char *operator, const struct source_stats *s);

static void
each_operator(struct metric_out *o, const struct metric_daemon *m, queries_fn *f)
{
	for (size_t i = 0; i < sources_n_operators(m->d->sources); i++)
		f(o, "resolver", sources_operator_name(m->d->sources, (uint16_t)i), &m->operators[i]);
	f(o, "authority", "", m->authorities);
}

static void
queries_of(struct metric_out *o, const char *kind, const char *operator, const struct source_stats *s)
{
	metric_int(o, LABELS(kind, operator), (int64_t)s->queries);
}

static void
answers_of(struct metric_out *o, const char *kind, const char *operator, const struct source_stats *s)
{
	metric_int(o, LABELS(kind, operator), (int64_t)s->answers);
}

static void
tcp_of(struct metric_out *o, const char *kind, const char *operator, const struct source_stats *s)
{
	metric_int(o, LABELS(kind, operator), (int64_t)s->tcp);
}

/* The reasons that a query can fail for; the others are about asking no query. */
static void
failures_of(struct metric_out *o, const char *kind, const char *operator, const struct source_stats *s)
{
	for (int r = REASON_TIMEOUT; r <= REASON_BOGUS; r++)
		metric_int(o, LABELS(kind, operator, name_of(&reason_names, r)), (int64_t)s->failures[r]);
}

static void
duration_of(struct metric_out *o, const char *kind, const char *operator, const struct source_stats *s)
{
	metric_times(o, LABELS(kind, operator), source_rtt_bounds_us, s->rtt_bucket, ARRAY_LEN(source_rtt_bounds_us),
	    s->rtt_sum_us);
}

static void
queries(struct metric_out *o, const struct metric_daemon *m)
{
	each_operator(o, m, queries_of);
}

static void
answers(struct metric_out *o, const struct metric_daemon *m)
{
	each_operator(o, m, answers_of);
}

static void
tcp(struct metric_out *o, const struct metric_daemon *m)
{
	each_operator(o, m, tcp_of);
}

static void
failures(struct metric_out *o, const struct metric_daemon *m)
{
	each_operator(o, m, failures_of);
}

static void
duration(struct metric_out *o, const struct metric_daemon *m)
{
	each_operator(o, m, duration_of);
}

static void
in_flight(struct metric_out *o, const struct metric_daemon *m)
{
	metric_int(o, NO_LABELS, (int64_t)m->d->queries_in_flight);
}

static void
waiting(struct metric_out *o, const struct metric_daemon *m)
{
	metric_int(o, NO_LABELS, (int64_t)m->d->queries_waiting);
}

static void
lag(struct metric_out *o, const struct metric_daemon *m)
{
	metric_fixed(o, NO_LABELS, (double)m->d->due_lag_ms / 1e3, 3);
}

static void
resolver_up(struct metric_out *o, const struct metric_daemon *m)
{
	for (size_t i = 0; i < sources_n_resolvers(m->d->sources); i++) {
		const struct source *s = sources_resolver(m->d->sources, i);
		char address[ADDR_TEXT_MAX];

		metric_int(o, LABELS(s->operator, s->name, addr_text(&s->addr, 53, address)), !s->set_aside);
	}
}

/* What is not known yet is left out. */
static void
network_up(struct metric_out *o, const struct metric_daemon *m)
{
	static const char *const families[] = { "ipv4", "ipv6" }, *const protocols[] = { "udp", "tcp" };
	const struct own_state *own = sources_own(m->d->sources);

	for (size_t i = 0; i < ARRAY_LEN(families) * ARRAY_LEN(protocols); i++) {
		enum own_way way = i % 2 == 0 ? own->udp[i / 2] : own->tcp[i / 2];

		if (way != OWN_UNKNOWN)
			metric_int(o, LABELS(families[i / 2], protocols[i % 2]), way == OWN_WORKS);
	}
}

static void
network_offline(struct metric_out *o, const struct metric_daemon *m)
{
	metric_int(o, NO_LABELS, sources_own(m->d->sources)->offline);
}

static void
network_intercepted(struct metric_out *o, const struct metric_daemon *m)
{
	metric_int(o, NO_LABELS, sources_own(m->d->sources)->intercepted);
}

static void
authorities(struct metric_out *o, const struct metric_daemon *m)
{
	metric_int(o, NO_LABELS, (int64_t)m->n_authorities);
}

static void
authorities_set_aside(struct metric_out *o, const struct metric_daemon *m)
{
	metric_int(o, NO_LABELS, (int64_t)m->n_set_aside);
}

static void
blocked(struct metric_out *o, const struct metric_daemon *m)
{
	metric_int(o, NO_LABELS, (int64_t)m->authorities->failures[REASON_NOT_GLOBAL]);
}

static void
cells(struct metric_out *o, const struct metric_daemon *m)
{
	size_t n, bytes;

	board_memory(m->d->board, &n, &bytes);
	metric_int(o, NO_LABELS, (int64_t)n);
}

/* ---- store ---- */

static void
store_health(struct metric_out *o, const struct metric_daemon *m)
{
	const struct view_store *s = m->d->store;

	for (size_t i = 0; s != NULL && i < s->healths->n; i++)
		metric_int(o, &s->healths->rows[i].name, s->healths->rows[i].id == s->health);
}

#define STORE_VALUE(function, value)                                                                                   \
	static void function(struct metric_out *o, const struct metric_daemon *m)                                      \
	{                                                                                                              \
		if (m->d->store != NULL)                                                                               \
			metric_int(o, NO_LABELS, (int64_t)m->d->store->value);                                         \
	}
STORE_VALUE(store_up, writes)
STORE_VALUE(store_commits, commits)
STORE_VALUE(store_rows, rows)
STORE_VALUE(store_failures, failures)
STORE_VALUE(store_dropped, dropped)
STORE_VALUE(store_queued, queued)
STORE_VALUE(store_size, size_bytes)
STORE_VALUE(store_wal, wal_bytes)

static void
store_oldest(struct metric_out *o, const struct metric_daemon *m)
{
	if (m->d->store != NULL)
		metric_fixed(o, NO_LABELS, (double)m->d->store->oldest_queued_ms / 1e3, 3);
}

static void
store_commit_time(struct metric_out *o, const struct metric_daemon *m)
{
	if (m->d->store != NULL)
		metric_fixed(o, NO_LABELS, (double)m->d->store->last_commit_us / 1e6, 6);
}

/* ---- HTTP ---- */

/* Those that this program sends are there from the start. */
static void
http_requests(struct metric_out *o, const struct metric_daemon *m)
{
	static const unsigned usual[] = { 200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 408, 409, 413, 414, 421, 422, 431, 500,
		501, 503 };
	const struct view_http *h = m->d->http;
	size_t next = 0;

	for (size_t code = 100; h != NULL && code < h->n_requests; code++) {
		bool known = next < ARRAY_LEN(usual) && usual[next] == code;
		const char text[4] = { (char)('0' + code / 100), (char)('0' + code / 10 % 10), (char)('0' + code % 10), '\0' };

		next += known;
		if (known || h->requests[code] > 0)
			metric_int(o, LABELS(text), (int64_t)h->requests[code]);
	}
}

#define HTTP_VALUE(function, value)                                                                                    \
	static void function(struct metric_out *o, const struct metric_daemon *m)                                      \
	{                                                                                                              \
		if (m->d->http != NULL)                                                                                \
			metric_int(o, NO_LABELS, (int64_t)m->d->http->value);                                          \
	}
HTTP_VALUE(http_accepted, accepted)
HTTP_VALUE(http_refused, refused)
HTTP_VALUE(http_timed_out, timed_out)
HTTP_VALUE(http_connections, connections)
HTTP_VALUE(http_streams, streams)

/* ---- notifications ---- */

#define RECEIVER_VALUE(function, value)                                                                                \
	static void function(struct metric_out *o, const struct metric_daemon *m)                                      \
	{                                                                                                              \
		for (size_t i = 0; i < m->d->n_receivers; i++)                                                         \
			metric_int(o, &m->d->receivers[i].name, (int64_t)(m->d->receivers[i].value));                  \
	}
RECEIVER_VALUE(receiver_delivered, delivered)
RECEIVER_VALUE(receiver_attempts, attempts)
RECEIVER_VALUE(receiver_failures, failures)
RECEIVER_VALUE(receiver_given_up, given_up)
RECEIVER_VALUE(receiver_waiting, waiting)
RECEIVER_VALUE(receiver_up, failing == false)

/* ---- the event loop ---- */

static void
loop_turns(struct metric_out *o, const struct metric_daemon *m)
{
	const struct view_loop *l = m->d->loop;

	if (l != NULL)
		metric_times(o, NO_LABELS, l->bounds_us, l->turns, l->n_bounds, l->sum_us);
}

static void
loop_stall(struct metric_out *o, const struct metric_daemon *m)
{
	if (m->d->loop != NULL)
		metric_fixed(o, NO_LABELS, (double)m->d->loop->worst_us / 1e6, 6);
}

/* ---- the process, by the names that client libraries use ---- */

#define PROCESS_VALUE(function, value)                                                                                 \
	static void function(struct metric_out *o, const struct metric_daemon *m)                                      \
	{                                                                                                              \
		if (m->d->process != NULL && m->d->process->value >= 0)                                                \
			metric_int(o, NO_LABELS, m->d->process->value);                                                \
	}
PROCESS_VALUE(process_resident, resident_bytes)
PROCESS_VALUE(process_virtual, virtual_bytes)
PROCESS_VALUE(process_open_fds, open_fds)
PROCESS_VALUE(process_max_fds, max_fds)

static void
process_cpu(struct metric_out *o, const struct metric_daemon *m)
{
	if (m->d->process != NULL && m->d->process->cpu_seconds >= 0)
		metric_fixed(o, NO_LABELS, m->d->process->cpu_seconds, 2);
}

static void
process_start(struct metric_out *o, const struct metric_daemon *m)
{
	if (m->d->process != NULL && m->d->process->start_unix_seconds >= 0)
		metric_fixed(o, NO_LABELS, m->d->process->start_unix_seconds, 2);
}

/* ---- the table ---- */

#define GAUGE(name, help, labels, f)     { name, METRIC_GAUGE, help, labels, METRICS_DOMAINS, f, NULL }
#define COUNTER(name, help, labels, f)   { name, METRIC_COUNTER, help, labels, METRICS_DOMAINS, f, NULL }
#define HISTOGRAM(name, help, labels, f) { name, METRIC_HISTOGRAM, help, labels, METRICS_DOMAINS, f, NULL }
#define INFO(name, help, labels, f)      { name, METRIC_INFO, help, labels, METRICS_DOMAINS, f, NULL }
#define NONE     { NULL }
#define BY(...)  { __VA_ARGS__ }

const struct metric_family metric_daemon_families[] = {
	INFO("build", "The version of the program.", BY("version"), build),
	INFO("library", "Versions of the libraries in use.", BY("library", "version"), library),
	GAUGE("ready", "1 once configuration and store are loaded.", NONE, ready),
	GAUGE("config_last_reload_successful", "1 when the last reading of the configuration found no mistake.", NONE, reload_ok),
	GAUGE("config_last_reload_success_timestamp_seconds", "When the configuration was last read without a mistake.", NONE,
	    reload_time),
	COUNTER("transitions", "Changes of state of domains and records, by event.", BY("event"), transitions),
	GAUGE("cells", "Cells that are watched: a question at an address.", NONE, cells),

	COUNTER("queries", "DNS queries sent.", BY("kind", "operator"), queries),
	COUNTER("query_answers", "DNS replies received, whatever they said.", BY("kind", "operator"), answers),
	COUNTER("query_tcp_answers", "DNS replies received by TCP.", BY("kind", "operator"), tcp),
	COUNTER("query_failures", "Queries without a usable answer, by reason.", BY("kind", "operator", "reason"), failures),
	HISTOGRAM("query_duration_seconds", "Time from query to reply.", BY("kind", "operator"), duration),
	GAUGE("queries_in_flight", "Queries that are waiting for their reply.", NONE, in_flight),
	GAUGE("queries_waiting", "Questions that wait for a rate or a window.", NONE, waiting),
	GAUGE("schedule_lag_seconds", "How late the question is that should have been asked first.", NONE, lag),
	GAUGE("resolver_up", "0 while the address is set aside because it does not answer.", BY("operator", "resolver", "address"),
	    resolver_up),
	GAUGE("authorities", "Addresses of authoritative servers that are known.", NONE, authorities),
	GAUGE("authorities_set_aside", "Addresses of authoritative servers that do not answer.", NONE, authorities_set_aside),
	GAUGE("network_up", "Whether DNS gets through from this machine by family and protocol; what is not known is left out.",
	    BY("family", "protocol"), network_up),
	GAUGE("network_offline", "1 while nobody answers at all.", NONE, network_offline),
	GAUGE("network_intercepted", "1 while somebody on the way answers in place of the servers asked.", NONE,
	    network_intercepted),
	COUNTER("blocked_targets", "Questions not asked because the zone names an address that is not global.", NONE, blocked),

	GAUGE("store_health", "1 for the state the store is in, 0 for the others.", BY("health"), store_health),
	GAUGE("store_up", "1 while the store takes what it is given.", NONE, store_up),
	COUNTER("store_commits", "Transactions committed.", NONE, store_commits),
	COUNTER("store_rows", "Rows written.", NONE, store_rows),
	COUNTER("store_write_failures", "Transactions that failed.", NONE, store_failures),
	COUNTER("store_dropped_rows", "Rows lost because the queue was full or the store refused them.", NONE, store_dropped),
	GAUGE("store_queued_rows", "Rows that wait for the next transaction.", NONE, store_queued),
	GAUGE("store_queue_age_seconds", "Age of the oldest row that waits.", NONE, store_oldest),
	GAUGE("store_size_bytes", "Size of the database file.", NONE, store_size),
	GAUGE("store_wal_bytes", "Size of the write-ahead log.", NONE, store_wal),
	GAUGE("store_last_commit_seconds", "Time that the last commit took.", NONE, store_commit_time),

	COUNTER("http_requests", "HTTP requests answered, by status code.", BY("code"), http_requests),
	COUNTER("http_connections", "HTTP connections accepted.", NONE, http_accepted),
	COUNTER("http_refused_connections", "HTTP connections over a limit.", NONE, http_refused),
	COUNTER("http_timed_out_connections", "HTTP connections cut at a deadline.", NONE, http_timed_out),
	GAUGE("http_open_connections", "HTTP connections that are open.", NONE, http_connections),
	GAUGE("http_waiting_requests", "Long polls and event streams that are open.", NONE, http_streams),

	COUNTER("notifications", "Transitions that a receiver has taken.", BY("receiver"), receiver_delivered),
	COUNTER("notification_attempts", "Messages sent to a receiver, again and again included.", BY("receiver"), receiver_attempts),
	COUNTER("notification_failures", "Messages that a receiver did not take.", BY("receiver"), receiver_failures),
	COUNTER("notifications_given_up", "Transitions that a receiver never took.", BY("receiver"), receiver_given_up),
	GAUGE("notifications_waiting", "Messages that wait for a receiver.", BY("receiver"), receiver_waiting),
	GAUGE("notification_receiver_up", "0 while the last message to the receiver failed.", BY("receiver"), receiver_up),

	HISTOGRAM("loop_turn_seconds", "Time that turns of the event loop took: so long everybody else waits.", NONE, loop_turns),
	GAUGE("loop_stall_seconds", "The longest turn of the event loop since the start.", NONE, loop_stall),

	COUNTER("process_cpu_seconds", "Processor time spent.", NONE, process_cpu),
	GAUGE("process_resident_memory_bytes", "Resident memory.", NONE, process_resident),
	GAUGE("process_virtual_memory_bytes", "Virtual memory.", NONE, process_virtual),
	GAUGE("process_open_fds", "Open file descriptors.", NONE, process_open_fds),
	GAUGE("process_max_fds", "Most file descriptors that may be open.", NONE, process_max_fds),
	GAUGE("process_start_time_seconds", "When the process started.", NONE, process_start),
};
const size_t metric_n_daemon_families = ARRAY_LEN(metric_daemon_families);
