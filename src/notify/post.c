/* SPDX-License-Identifier: ISC */
/*
 * HTTP POST to one receiver.  Redirects are not followed (multi.c): a POST would become a GET, and a receiver would send us to
 * places that nobody configured.
 *
 * A status of 2xx is a success as soon as it is there, however the body goes on: telling again what was taken is worse.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "multi.h"

#define BODY_MAX 65536	/* of a reply: read and dropped; more ends the exchange */
#define IDLE_MAX 8	/* connections kept for the next time */

struct poster {
	struct multi *multi;
	int64_t connect_ms, post_ms;
};
struct post {
	struct transfer transfer;	/* first: on_done gets it back */
	struct curl_slist *headers;
	struct str body;
	size_t got;
	delivery_done *done;
	void *ctx;
};

/* ---- poster ---- */

struct poster *
poster_new(struct loop *l, const struct notify_config *cfg, struct err *err)
{
	struct multi *multi = multi_new(l, IDLE_MAX, err);
	struct poster *p;

	if (multi == NULL)
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->multi = multi;
	p->connect_ms = cfg->connect_ms;
	p->post_ms = cfg->post_ms;
	return p;
}

void
poster_free(struct poster *p)
{
	if (p == NULL)
		return;
	multi_free(p->multi);
	free(p);
}

/* ---- one post ---- */

static void
post_free(struct post *post)
{
	transfer_end(&post->transfer);
	curl_slist_free_all(post->headers);
	str_done(&post->body);
	free(post);
}

static void
on_done(struct transfer *t, CURLcode result)
{
	struct post *post = (struct post *)t;
	delivery_done *done = post->done;
	void *ctx = post->ctx;
	struct str words = STR_INIT;
	curl_off_t wait_s = 0;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &wait_s);
	if (status < 200 || status > 299)
		transfer_words(t, result, &words);
	post_free(post);
	done(ctx, words.len > 0 ? str_c(&words) : NULL, (int64_t)(wait_s < INT32_MAX ? wait_s : INT32_MAX) * 1000);
	str_done(&words);
}

static size_t
drop_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct post *post = ctx;

	(void)bytes;
	(void)size;		/* always 1 */
	post->got += n;
	return post->got <= BODY_MAX ? n : CURL_WRITEFUNC_ERROR;
}

static void
header(struct post *post, const char *line)
{
	struct curl_slist *longer = curl_slist_append(post->headers, line);

	if (longer != NULL)
		post->headers = longer;
}

static void
set_message(struct post *post, const struct message *m)
{
	CURL *e = post->transfer.easy;
	char id[64];

	snprintf(id, sizeof(id), "Idempotency-Key: %llu", (unsigned long long)m->id);
	header(post, "Content-Type: application/json");
	header(post, "Expect:");		/* no round trip for 100-continue */
	header(post, id);
	message_json(m, &post->body);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, post->headers);
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, str_c(&post->body));
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)post->body.len);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, drop_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, post);
}

struct post *
post_start(struct poster *p, const char *url, const struct message *m, delivery_done *f, void *ctx, struct err *err)
{
	struct post *post = xcalloc(1, sizeof(*post));

	post->done = f;
	post->ctx = ctx;
	post->transfer.done = on_done;
	if (transfer_init(&post->transfer, p->multi, url, "http,https", err) == -1) {
		post_free(post);
		return NULL;
	}
	set_message(post, m);
	transfer_limits(&post->transfer, p->connect_ms, p->post_ms);
	transfer_start(&post->transfer);
	return post;
}

void
post_cancel(struct post *post)
{
	post_free(post);
}

const char *
notify_library_version(void)
{
	return curl_version_info(CURLVERSION_NOW)->version;
}
