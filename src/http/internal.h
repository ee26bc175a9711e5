/* SPDX-License-Identifier: ISC */
/*
 * Inside of the room.  One connection has at most one request; a request that waits (long poll, event stream, reply made
 * later) is suspended: libmicrohttpd then neither reads nor times it out, and we look after it.
 *
 *	 on_request ──► guard ──► route ──► handle ──┬─► reply ──► sent ──► freed (on_completed)
 *	                  │ refused                   ├─► park ──(wake, deadline)──► again ──► reply
 *	                  └──────► problem            └─► nothing yet: suspended until http_reply()
 */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include <m365dnsd/http.h>

#include <microhttpd.h>

#include "guard.h"

/* ---- due.c: all deadlines of the room behind one timer ---- */

struct due {
	struct heap_item item;		/* first: due.c casts */
	void (*fn)(struct due *d);
};
void due_set(struct http *h, struct due *d, void (*fn)(struct due *d), int64_t ms_from_now);
void due_clear(struct http *h, struct due *d);
void due_run(void *http);

/* ---- a connection ---- */

enum conn_phase {
	CONN_FRESH,		/* accepted, first request not complete */
	CONN_IDLE,		/* between requests */
	CONN_READING,		/* the request line is there */
	CONN_WAITING,		/* the request is complete, its answer is not */
	CONN_SENDING,
	CONN_CLOSING,		/* shut down, libmicrohttpd has not noticed yet */
};

struct conn {
	struct http *http;
	struct conn *next, **prev;
	int fd;
	struct addr client, local;	/* family 0: a Unix socket */
	enum conn_phase phase;
	struct due deadline;
	int64_t idle_since_ms;		/* give or take what all wait: the order counts */
	bool looked;			/* while idle: the client has not closed its half */
	char *target;			/* of the request that is read, as sent */
};

void conn_notify(void *http, struct MHD_Connection *mhd, void **socket_context, enum MHD_ConnectionNotificationCode code);
void *conn_on_target(void *http, const char *target, struct MHD_Connection *mhd);
void conn_enter(struct conn *c, enum conn_phase phase);
/* Shut it down: what was sent goes out, no more is read. */
void conn_cut(struct conn *c);
/* Is there room for one more?  The connection that has been idle longest gives way. */
bool conn_make_room(struct http *h);
/* Has the other side closed? */
bool conn_is_gone(const struct conn *c);

/* ---- a request ---- */

struct header {
	char *name, *value;
	struct header *next;
};

struct http_request {
	struct http *http;
	struct conn *conn;
	struct MHD_Connection *mhd;
	const char *method_name;	/* libmicrohttpd's, valid as long as the request */
	enum http_method method;
	bool method_known;
	struct guard_verdict verdict;
	struct target target;
	const struct http_route *route;
	const char *param;
	struct str body;
	bool dispatched, gone;

	struct header *headers;		/* of the reply, from http_reply_header */
	bool vary_encoding;
	struct MHD_Response *response;	/* made and not queued */
	struct http_body *shared;	/* whose the response is; NULL: ours */
	unsigned status;

	bool suspended;			/* and in http.waiting */
	struct http_request *next, **prev;

	bool parked, woken;		/* park.c */
	char *key;
	struct due due;
	void (*again)(void *ctx, struct http_request *r, bool timed_out);
	void *again_ctx;

	struct events *events;		/* events.c */

	void (*on_end)(void *ctx);	/* NULL: nobody wants to know */
	void *on_end_ctx;
};

enum MHD_Result request_on_call(void *http, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *upload, size_t *upload_size, void **request);
void request_on_completed(void *http, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode code);
/* Only from callbacks of libmicrohttpd. */
void request_suspend(struct http_request *r);
void request_resume(struct http_request *r);

/* ---- route.c, reply.c, problem.c, park.c, events.c, stream.c ---- */

void route_dispatch(struct http_request *r);
enum http_method route_method(const char *name, bool *ret_known);

/* Add the headers of every reply, remember it and let the connection go on.  Takes the response over. */
void reply_with(struct http_request *r, unsigned status, struct MHD_Response *response, const char *content_type);
void reply_empty(struct http_request *r, unsigned status);
/* It was queued, or never will be. */
void reply_let_go(struct http_request *r);
void header_list_free(struct header *list);
/* The headers that all replies have, as text. */
void reply_always_text(struct str *s);
/* instance may be NULL. */
void problem_text(struct str *s, unsigned status, const char *detail, const char *instance);

void park_leave(struct http_request *r);

void events_leave(struct http_request *r);
void events_close_all(struct http *h);

/* A response whose body is made piece by piece, or (more NULL) cut from body, which is taken over. */
struct MHD_Response *stream_response(bool gzip, struct str *body, bool (*more)(void *ctx, struct str *out),
    void (*done)(void *ctx), void *ctx);

/* Every response made by a callback has to pass here. */
struct MHD_Response *stream_for(const struct http_request *r, struct MHD_Response *response);

/* ---- gzip.c ---- */

struct gzip;
enum { GZIP_MIN = 1024, GZIP_AT_ONCE = 65536, GZIP_SLICE = 32768 };
struct gzip *gzip_new(void);
/* Appends to out all that the input gave; last also ends the file. */
void gzip_add(struct gzip *g, const char *p, size_t n, bool last, struct str *out);
void gzip_free(struct gzip *g);

/* ---- raw.c ---- */

/* A problem document past libmicrohttpd, on a connection where it has nothing to say. */
void raw_reply(struct http *h, int fd, unsigned status, const char *detail);
/* libmicrohttpd logs. */
void raw_on_complaint(struct http *h, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/* ---- listen.c ---- */

struct listener {
	struct listener *next;
	struct http *http;
	int sock;
	struct loop_fd *fd;
	struct due pause;		/* out of descriptors: wait a little */
};
void listeners_set(struct http *h, const int *fds, size_t n);
/* -1 with words when one of them is no descriptor. */
int listeners_check(const int *fds, size_t n, struct err *err);

/* ---- server.c ---- */

struct http {
	struct loop *loop;
	struct http_config cfg;		/* defaults filled in; strings and arrays are copies */
	char **hosts;
	char *token;
	const struct http_route *routes;
	void *ctx;

	struct MHD_Daemon *mhd;
	struct loop_fd *epoll;
	struct loop_timer *run_timer, *due_timer;
	struct heap dues;
	bool kicked, stopping;

	struct listener *listeners;
	struct conn *conns;
	struct http_request *waiting;
	struct due watch;
	struct events *streams;
	bool park_scheduled;
	struct http_stats stats;
};
/* libmicrohttpd has something to do. */
void server_kick(struct http *h);

#endif
