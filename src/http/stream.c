/* SPDX-License-Identifier: ISC */
/*
 * Bodies made piece by piece.  libmicrohttpd asks for bytes when the socket takes some, once a turn and connection, so a turn
 * costs one fill: some pieces until there is a chunk worth sending, and one slice through gzip.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { CHUNK = 16384, PIECES_MAX = 8, BLOCK = 32768 };

struct stream {
	bool (*more)(void *ctx, struct str *out);
	void (*done)(void *ctx);
	void *ctx;
	struct gzip *gzip;		/* NULL: as it is */
	struct str raw, out;
	size_t raw_at, out_at;
	bool ended;			/* raw holds the last of it */
	bool finished;			/* out does */
};

static void
fill_raw(struct stream *s)
{
	str_clear(&s->raw);
	s->raw_at = 0;
	for (int i = 0; i < PIECES_MAX && s->raw.len < CHUNK && !s->ended; i++)
		s->ended = !s->more(s->ctx, &s->raw);
}

static void
fill(struct stream *s)
{
	size_t n;

	if (s->raw_at == s->raw.len && !s->ended)
		fill_raw(s);
	str_clear(&s->out);
	s->out_at = 0;
	n = s->raw.len - s->raw_at;
	if (n > GZIP_SLICE)
		n = GZIP_SLICE;
	s->finished = s->ended && s->raw_at + n == s->raw.len;
	if (s->gzip != NULL)
		gzip_add(s->gzip, str_c(&s->raw) + s->raw_at, n, s->finished, &s->out);
	else
		str_addn(&s->out, str_c(&s->raw) + s->raw_at, n);
	s->raw_at += n;
}

static ssize_t
on_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = cls;
	size_t n;

	(void)pos;
	while (s->out_at == s->out.len) {
		if (s->finished)
			return MHD_CONTENT_READER_END_OF_STREAM;
		fill(s);
	}
	n = s->out.len - s->out_at;
	if (n > max)
		n = max;
	memcpy(buf, s->out.p + s->out_at, n);
	s->out_at += n;
	return (ssize_t)n;
}

static void
on_free(void *cls)
{
	struct stream *s = cls;

	if (s->done != NULL)
		s->done(s->ctx);
	gzip_free(s->gzip);
	str_done(&s->raw);
	str_done(&s->out);
	free(s);
}

/* libmicrohttpd 0.9.75 sends the last chunk in answer to HEAD, too; without chunks it has to close instead. */
struct MHD_Response *
stream_for(const struct http_request *r, struct MHD_Response *response)
{
	if (response != NULL && r->method == HTTP_HEAD)
		MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	return response;
}

struct MHD_Response *
stream_response(bool gzip, struct str *body, bool (*more)(void *ctx, struct str *out), void (*done)(void *ctx), void *ctx)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->more = more;
	s->done = done;
	s->ctx = ctx;
	s->gzip = gzip ? gzip_new() : NULL;
	if (body != NULL) {
		s->raw = *body;
		*body = (struct str)STR_INIT;
		s->ended = true;
	}
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_read, s, on_free);
}
