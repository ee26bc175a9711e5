/* SPDX-License-Identifier: ISC */
/*
 * webclient: raw HTTP clients and a server, on one loop.  Bytes go out as they are written in the test, and what comes back is
 * kept as it came.
 */
#ifndef TESTS_LIB_WEBCLIENT_H
#define TESTS_LIB_WEBCLIENT_H

#include <m365dnsd/http.h>

struct web {
	struct loop *loop;
	struct loop_timer *guard;	/* ends a test that hangs */
	struct http *http;
	int listen_fd;
	uint16_t port;
	unsigned handled;		/* requests that reached a route of the test */
	bool hangs;
};

struct web_client {
	struct web *web;
	struct loop_fd *watch;
	int fd;
	bool eof;
	struct str in;
};

/* A loop and, with routes, a server on a free port of 127.0.0.1; cfg may be NULL.  ctx of the routes is the web. */
void web_start(struct web *w, const struct http_config *cfg, const struct http_route *routes);
void web_stop(struct web *w);
/* Run the loop until done says so; false when 20 s were not enough. */
bool web_until(struct web *w, bool (*done)(void *ctx), void *ctx);
/* Run the loop for so long. */
void web_run_ms(struct web *w, int64_t ms);

void web_connect(struct web *w, struct web_client *c);
void web_send(struct web_client *c, const char *bytes, size_t n);
void web_say(struct web_client *c, const char *text);
void web_close(struct web_client *c);
bool web_wait_eof(struct web_client *c);
/* Until the text stands in what came. */
bool web_wait_text(struct web_client *c, const char *text);
/* Until n replies with Content-Length are complete. */
bool web_wait_replies(struct web_client *c, unsigned n);

/* Connect, send, wait for the end, close; what came is in ret. */
bool web_exchange(struct web *w, const char *bytes, size_t n, struct str *ret);
/* The status of the reply, 0 when it is none. */
unsigned web_status(const struct str *reply);
/* The value of a header in a buffer of its own, or NULL. */
const char *web_header(const struct str *reply, const char *name);
/* Where the body begins; chunks are put together. */
void web_body(const struct str *reply, struct str *ret);
unsigned web_count(const struct str *s, const char *text);

#endif
