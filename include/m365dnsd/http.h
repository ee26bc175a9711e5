/* SPDX-License-Identifier: ISC */
/*
 * http: routes, long poll, events, auth.  The only room that knows libmicrohttpd, whose epoll descriptor joins the loop.
 *
 * This room knows requests and replies, not domains: the daemon brings a table of routes.  A request that nobody may make
 * (wrong Host, request smuggling, too big, too slow, no token) is refused before any route sees it.
 */
#ifndef M365DNSD_HTTP_H
#define M365DNSD_HTTP_H

#include <m365dnsd/base.h>
#include <m365dnsd/loop.h>

struct http;

/* A number that is 0 means the default, in brackets. */
struct http_config {
	const int *fds;			/* listening sockets, from systemd or http_listen(); they stay the caller's */
	size_t n_fds;
	const char *const *hosts;	/* more names for the Host check, with any port */
	size_t n_hosts;
	const char *token;		/* NULL: what needs one answers 403 */
	unsigned connections;		/* [256]; above, idle ones make room or new ones get 503 */
	unsigned connections_per_ip;	/* [64, but for loopback: behind a proxy everybody comes from there] */
	unsigned streams;		/* long polls and event streams at once [128] */
	unsigned header_deadline_ms;	/* [5000] from accept to the whole request, whatever the client drips */
	unsigned idle_ms;		/* [15000] from one reply to the whole next request of the connection */
	unsigned stuck_s;		/* [30] without taking a byte of the reply */
	unsigned ping_ms;		/* [15000] between the comments of an event stream; a third of it: who is gone? */
};

/* ---- requests as a route sees them ---- */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE };
struct http_request;
enum http_method http_method(const struct http_request *r);
/* The path of the row of the table that answers. */
const char *http_route_path(const struct http_request *r);
/* The {domain} of the path, decoded: UTF-8 without control characters; NULL when the route has none. */
const char *http_param(const struct http_request *r);
/* A query argument, decoded likewise; the first of that name, NULL when it is not there. */
const char *http_query(const struct http_request *r, const char *name);
const char *http_header(const struct http_request *r, const char *name);
/* PUT, POST: the body, at most 64 kB. */
const char *http_body(const struct http_request *r, size_t *ret_len);
/*
 * Which of the media types ("application/json", no parameters) the Accept header likes best, the first of equals; 0 without
 * such a header, -1 when it takes none of them.
 */
int http_accept(const struct http_request *r, const char *const *types, size_t n_types);

/* ---- answering: exactly once, at once or later; r is gone after that.  http_free() answers what is left ---- */

/*
 * A header for the reply that comes next.  It takes the place of what the room would say under that name
 * (Content-Security-Policy, Cache-Control); Vary is added to.
 */
void http_reply_header(struct http_request *r, const char *name, const char *value);
/*
 * body is taken over and left empty; NULL = none.  etag (bare, without quotes) NULL = none, and then nobody may store the reply;
 * If-None-Match is answered by the room, and so is Accept-Encoding: gzip.
 */
void http_reply(struct http_request *r, unsigned status, const char *content_type, struct str *body, const char *etag);
/* A body that many replies share, compressed at most once; counted. */
struct http_body;
struct http_body *http_body_new(struct str *bytes);	/* taken over and left empty */
void http_body_unref(struct http_body *b);
/* As http_reply(); the reply holds on to the body as long as it needs it. */
void http_reply_body(struct http_request *r, unsigned status, const char *content_type, struct http_body *body, const char *etag);
/*
 * Called once when the request is over, however it ends: answered, its client gone, or the server.  Until then it may be
 * answered; a reply to a client that is gone is dropped.  For what belongs to a reply that is made later.
 */
void http_on_end(struct http_request *r, void (*f)(void *ctx), void *ctx);
/* RFC 9457 problem document. */
void http_problem(struct http_request *r, unsigned status, const char *detail);
/*
 * A body made piece by piece so that no turn of the loop holds long: more() appends at least one byte or returns false when
 * done; done() is called when the stream is over, however it ends.  done may be NULL.
 */
void http_stream(struct http_request *r, const char *content_type, bool (*more)(void *ctx, struct str *out),
    void (*done)(void *ctx), void *ctx);
/*
 * Wait (long poll): the request is parked under key (NULL = any) until http_wake() or the deadline; then again() answers it
 * or parks it again.  timed_out says which.  A client that went away is dropped without a word.  When too many wait already
 * the answer is 503.
 */
void http_park(struct http_request *r, const char *key, int64_t wait_ms,
    void (*again)(void *ctx, struct http_request *r, bool timed_out), void *ctx);
/* again() runs from the loop, not from here; key NULL wakes all. */
void http_wake(struct http *h, const char *key);
/* Server-sent events: the request becomes a stream for key (NULL = all); a comment every 15 s keeps it alive. */
void http_events(struct http_request *r, const char *key);
/* To this stream only, before the turn of http_events() ends: what was missed since Last-Event-ID. */
void http_event_to(struct http_request *r, const char *id, const char *event, const char *data);
/* End this stream when what was said to it is sent: its client comes again, with the last id it has seen. */
void http_events_end(struct http_request *r);
/* To all streams of key; key NULL: to those of everything.  id and event may be NULL. */
void http_event(struct http *h, const char *key, const char *id, const char *event, const char *data);

/* ---- routes: the table is the daemon's ---- */

struct http_route {
	unsigned methods;		/* bits 1u << enum http_method; GET brings HEAD */
	const char *path;		/* "/status", "/status/{domain}" */
	bool token;			/* needs the bearer token */
	void (*handle)(void *ctx, struct http_request *r);
};

/* Listen on "127.0.0.1:8365", "[::1]:8365"; -1 with words.  Not loopback: only with a token or listen_public (the caller's check). */
int http_listen(const char *addr, int *ret_fd, struct err *err);
/* routes ends with path NULL and outlives http.  The caller ignores SIGPIPE. */
struct http *http_new(struct loop *l, const struct http_config *cfg, const struct http_route *routes, void *ctx, struct err *err);
/* Other names for the Host check and another token (NULL: none), from the next request on. */
void http_set_access(struct http *h, const char *const *hosts, size_t n_hosts, const char *token);
/* Listen on these sockets and no others; connections of those that are not among them go on.  They stay the caller's. */
void http_set_fds(struct http *h, const int *fds, size_t n);
struct http_stats {
	uint64_t requests[600];		/* by status code */
	uint64_t accepted;		/* connections */
	uint64_t refused, timed_out;	/* connections over a limit; cut at a deadline */
	unsigned connections, streams;	/* now */
};
const struct http_stats *http_get_stats(const struct http *h);
/* Answers what waits with 503, ends streams, closes. */
void http_free(struct http *h);

/* Of libmicrohttpd and zlib, at run time. */
const char *http_library_version(void);
const char *http_gzip_version(void);

#endif
