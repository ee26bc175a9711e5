/* SPDX-License-Identifier: ISC */
/*
 * Replies written straight to a socket, for connections on which libmicrohttpd has no request that it could answer: at a
 * deadline, over a limit, and in place of its own refusals.
 *
 * Those are plain pages without our headers, and worse: 0.9.75 sends the header of a refusal of Content-Length twice, which
 * looks as if two requests had been answered.  It logs before it sends, but does not say for which connection.  When only
 * one connection can be meant we answer there ourselves and shut it down, so that what it sends comes to nothing; otherwise
 * its own words go out.
 */
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

void
raw_reply(struct http *h, int fd, unsigned status, const char *detail)
{
	struct str head = STR_INIT, body = STR_INIT;

	problem_text(&body, status, detail, NULL);
	str_addf(&head, "HTTP/1.1 %u %s\r\nConnection: close\r\n", status, MHD_get_reason_phrase_for(status));
	reply_always_text(&head);
	if (status == 503)
		str_add(&head, "Retry-After: 5\r\n");
	str_addf(&head, "Content-Type: application/problem+json\r\nContent-Length: %zu\r\n\r\n%s", body.len, str_c(&body));
	/* A new connection has room for it; one that has not will do without. */
	if (send(fd, str_c(&head), head.len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)head.len)
		h->stats.requests[status]++;
	str_done(&head);
	str_done(&body);
}

static const struct name_row details[] = {
	{ 400, "The request is malformed." },
	{ 413, "The body is longer than 64 kB." },
	{ 414, "The path or the query is longer than 1024 bytes." },
	{ 431, "The headers are longer than 16 kB or more than 100." },
	{ 505, "Versions 1.1 and 1.0 are spoken here." },
};
static NAME_TABLE(detail_table, details);

/* The one connection whose request is still being read; NULL when there are more. */
static struct conn *
only_reading(struct http *h)
{
	struct conn *found = NULL;

	for (struct conn *c = h->conns; c != NULL; c = c->next) {
		if (c->phase == CONN_WAITING || c->phase == CONN_SENDING || c->phase == CONN_CLOSING)
			continue;
		if (found != NULL)
			return NULL;
		found = c;
	}
	return found;
}

void
raw_on_complaint(struct http *h, const char *fmt, va_list ap)
{
	static const char prefix[] = "Error processing request (HTTP response code is %u";
	struct conn *c;
	unsigned status;
	va_list args;

	if (strncmp(fmt, prefix, sizeof(prefix) - 1) != 0 || (c = only_reading(h)) == NULL)
		return;
	va_copy(args, ap);
	status = va_arg(args, unsigned);
	va_end(args);
	if (status < 400 || status >= ARRAY_LEN(h->stats.requests))
		return;
	raw_reply(h, c->fd, status, name_of(&detail_table, (int)status));
	conn_cut(c);
}
