/* SPDX-License-Identifier: ISC */
/*
 * A request from its first call to its end.  libmicrohttpd calls request_on_call() once for the headers, once for each piece
 * of the body, once when all is there, and once more each time the connection was suspended and is resumed.
 *
 * A refused request whose body is coming is read to its end first: closing on a client that still sends makes it lose the
 * answer (the kernel resets the connection).  That patience has a limit, and a client that asks first (Expect) needs none.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { DRAIN_MAX = 1 << 20 };

struct fields {
	struct guard_field list[GUARD_FIELDS_MAX + 1];
	size_t n, bytes;
};

static enum MHD_Result
add_field(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value, size_t value_len)
{
	struct fields *f = ctx;

	(void)kind;
	f->bytes += name_len + value_len + 4;		/* ": " and the line end */
	if (f->n < ARRAY_LEN(f->list))
		f->list[f->n++] = (struct guard_field){ name, value != NULL ? value : "", name_len, value_len };
	return MHD_YES;
}

static void
judge(struct http_request *r, const char *version)
{
	struct fields fields = { .n = 0 };
	struct guard_head head = { .method = r->method_name, .target = r->conn->target, .version = version };
	struct guard_site site = { .local = r->conn->local, .hosts = r->http->cfg.hosts, .n_hosts = r->http->cfg.n_hosts };

	MHD_get_connection_values_n(r->mhd, MHD_HEADER_KIND, add_field, &fields);
	head.fields = fields.list;
	head.n_fields = fields.n;
	head.bytes = fields.bytes + strlen(head.method) + strlen(head.target) + strlen(version) + 4;
	guard_check(&head, &site, &r->verdict);
}

static struct http_request *
request_new(struct http *h, struct MHD_Connection *mhd, const char *method, const char *version)
{
	struct http_request *r = xcalloc(1, sizeof(*r));

	r->http = h;
	r->mhd = mhd;
	r->conn = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	r->method_name = method;
	r->method = route_method(method, &r->method_known);
	judge(r, version);
	return r;
}

static void
request_free(struct http_request *r)
{
	park_leave(r);
	events_leave(r);
	if (r->on_end != NULL)
		r->on_end(r->on_end_ctx);
	header_list_free(r->headers);
	reply_let_go(r);
	if (r->target.arena != NULL)
		target_done(&r->target);
	str_done(&r->body);
	free(r);
}

/* ---- suspending ---- */

static void
unlink_waiting(struct http_request *r)
{
	*r->prev = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	r->suspended = false;
}

void
request_resume(struct http_request *r)
{
	if (!r->suspended)
		return;
	unlink_waiting(r);
	MHD_resume_connection(r->mhd);
	server_kick(r->http);
}

/* libmicrohttpd does not notice that the client of a suspended connection went away: looked for every few seconds. */
static void
request_watch(struct due *d)
{
	struct http *h = (struct http *)((char *)d - offsetof(struct http, watch));
	struct http_request *next;

	for (struct http_request *r = h->waiting; r != NULL; r = next) {
		next = r->next;
		/* What waits for http_reply() is in somebody's hands and stays. */
		if ((!r->parked && r->events == NULL) || !conn_is_gone(r->conn))
			continue;
		r->gone = true;
		park_leave(r);
		request_resume(r);
	}
	if (h->waiting != NULL)
		due_set(h, &h->watch, request_watch, h->cfg.ping_ms / 3);
}

void
request_suspend(struct http_request *r)
{
	struct http *h = r->http;

	MHD_suspend_connection(r->mhd);
	r->suspended = true;
	r->next = h->waiting;
	r->prev = &h->waiting;
	if (r->next != NULL)
		r->next->prev = &r->next;
	h->waiting = r;
	if (h->watch.item.pos == 0)
		due_set(h, &h->watch, request_watch, h->cfg.ping_ms / 3);
}

/* ---- the calls ---- */

static void
log_request(const struct http_request *r)
{
	struct str s = STR_INIT;

	if (!log_wanted(LOG_LVL_DEBUG))
		return;
	str_add_printable(&s, r->method_name, strlen(r->method_name));
	str_addc(&s, ' ');
	str_add_printable(&s, r->conn->target, strlen(r->conn->target));
	log_debug("http: %s: %u", str_c(&s), r->status);
	str_done(&s);
}

static enum MHD_Result
send_response(struct http_request *r)
{
	enum MHD_Result ret;

	conn_enter(r->conn, CONN_SENDING);
	if (r->events != NULL)		/* lives as long as its client takes what is sent */
		due_clear(r->http, &r->conn->deadline);
	log_request(r);
	r->http->stats.requests[r->status]++;
	ret = MHD_queue_response(r->mhd, r->status, r->response);
	reply_let_go(r);
	return ret;
}

static bool
refuse_early(const struct http_request *r)
{
	const struct guard_verdict *v = &r->verdict;

	return v->status != 0 && (v->close || v->body_len > DRAIN_MAX || (v->body_len > 0 && v->expects));
}

static enum MHD_Result
begin(struct http_request *r)
{
	if (!refuse_early(r))
		return MHD_YES;
	r->verdict.close = true;
	r->dispatched = true;
	route_dispatch(r);
	return send_response(r);
}

enum MHD_Result
request_on_call(void *http, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_size, void **request)
{
	struct http_request *r = *request;

	(void)url;		/* decoded, and cut at %00 */
	if (r == NULL) {
		*request = r = request_new(http, mhd, method, version);
		return begin(r);
	}
	if (*upload_size != 0) {
		if (r->verdict.status == 0 && r->body.len + *upload_size <= GUARD_BODY_MAX)
			str_addn(&r->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (r->gone)
		return MHD_NO;
	if (!r->dispatched) {
		r->dispatched = true;
		conn_enter(r->conn, CONN_WAITING);
		route_dispatch(r);
	}
	if (r->response != NULL)
		return send_response(r);
	request_suspend(r);
	return MHD_YES;
}

void
request_on_completed(void *http, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode code)
{
	struct http_request *r = *request;

	(void)http;
	(void)mhd;
	(void)code;
	if (r == NULL)
		return;
	*request = NULL;
	conn_enter(r->conn, CONN_IDLE);
	if (r->suspended)
		unlink_waiting(r);
	request_free(r);
}

/* ---- what a route sees ---- */

enum http_method
http_method(const struct http_request *r)
{
	return r->method;
}

const char *
http_route_path(const struct http_request *r)
{
	return r->route->path;
}

const char *
http_param(const struct http_request *r)
{
	return r->param;
}

const char *
http_query(const struct http_request *r, const char *name)
{
	return target_arg(&r->target, name);
}

const char *
http_header(const struct http_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, name);
}

const char *
http_body(const struct http_request *r, size_t *ret_len)
{
	*ret_len = r->body.len;
	return str_c(&r->body);
}

void
http_on_end(struct http_request *r, void (*f)(void *ctx), void *ctx)
{
	r->on_end = f;
	r->on_end_ctx = ctx;
}

int
http_accept(const struct http_request *r, const char *const *types, size_t n_types)
{
	return accept_type(http_header(r, "Accept"), types, n_types);
}
