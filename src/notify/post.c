/* SPDX-License-Identifier: ISC */
/*
 * HTTP POST through libcurl's multi interface on our loop: it says which descriptors and which time it waits for, we say when
 * they come.  Its callbacks only set watches; curl is never called from one.
 *
 * What curl is kept from: other protocols than HTTP; following redirects (a POST would become a GET, and a receiver would send
 * us to places that nobody configured); proxies of the environment (what the file says is what happens); signals; waiting for
 * a name look-up that hangs (QUICK_EXIT: its thread is left alone).
 *
 * A status of 2xx is a success as soon as it is there, however the body goes on: telling again what was taken is worse.
 */
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "build_info.h"
#include "internal.h"

#define BODY_MAX        65536	/* of a reply: read and dropped; more ends the exchange */
#define IDLE_MAX        8	/* connections kept for the next time */
#define REDIRECT_SHOWN  80

struct watch {
	struct poster *poster;
	struct loop_fd *fd;
	struct watch *prev, *next;
};
struct poster {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct watch *watches;
	long connect_ms, post_ms;
};
struct post {
	struct poster *poster;
	CURL *easy;
	struct curl_slist *headers;
	struct str body;
	size_t got;
	char problem[CURL_ERROR_SIZE];
	delivery_done *done;
	void *ctx;
};

static void post_free(struct post *post);

/* ---- the end of a post ---- */

static void
words_of(const struct post *post, CURLcode result, long status, struct str *words)
{
	const char *to = NULL;

	if (status == 0 || (result != CURLE_OK && result != CURLE_WRITE_ERROR)) {
		str_add_printable(words, post->problem, strlen(post->problem));
		if (words->len == 0)
			str_add(words, curl_easy_strerror(result));
		return;
	}
	str_addf(words, "HTTP %ld", status);
	curl_easy_getinfo(post->easy, CURLINFO_REDIRECT_URL, &to);
	if (to != NULL) {
		str_add(words, ", a redirect (not followed) to ");
		str_add_printable(words, to, strnlen(to, REDIRECT_SHOWN));
	}
}

static void
finish(struct post *post, CURLcode result)
{
	delivery_done *done = post->done;
	void *ctx = post->ctx;
	struct str words = STR_INIT;
	curl_off_t wait_s = 0;
	long status = 0;

	curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(post->easy, CURLINFO_RETRY_AFTER, &wait_s);
	if (status < 200 || status > 299)
		words_of(post, result, status, &words);
	post_free(post);
	done(ctx, words.len > 0 ? str_c(&words) : NULL, (int64_t)(wait_s < INT32_MAX ? wait_s : INT32_MAX) * 1000);
	str_done(&words);
}

static void
finish_all(struct poster *p)
{
	struct CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(p->multi, &left)) != NULL) {
		CURLcode result = msg->data.result;
		char *post = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &post);
		finish((struct post *)(void *)post, result);
	}
}

/* ---- descriptors and the timer ---- */

static void
on_fd(void *ctx, int fd, unsigned events)
{
	struct watch *w = ctx;
	struct poster *p = w->poster;
	int running;

	curl_multi_socket_action(p->multi, fd,
	    (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0), &running);
	finish_all(p);
}

static void
on_timer(void *ctx)
{
	struct poster *p = ctx;
	int running;

	curl_multi_socket_action(p->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish_all(p);
}

static struct watch *
watch_new(struct poster *p, int fd)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->poster = p;
	w->fd = loop_fd_new(p->loop, fd, on_fd, w);
	w->next = p->watches;
	if (w->next != NULL)
		w->next->prev = w;
	p->watches = w;
	return w;
}

static void
watch_free(struct watch *w)
{
	if (w->next != NULL)
		w->next->prev = w->prev;
	if (w->prev != NULL)
		w->prev->next = w->next;
	else
		w->poster->watches = w->next;
	loop_fd_free(w->fd);
	free(w);
}

static int
curl_wants_fd(CURL *easy, curl_socket_t fd, int what, void *ctx, void *of_fd)
{
	struct poster *p = ctx;
	struct watch *w = of_fd;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			watch_free(w);
		return 0;
	}
	if (w == NULL) {
		w = watch_new(p, fd);
		curl_multi_assign(p->multi, fd, w);
	}
	loop_fd_set(w->fd, (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0));
	return 0;
}

static int
curl_wants_time(CURLM *multi, long ms, void *ctx)
{
	struct poster *p = ctx;

	(void)multi;
	if (ms < 0)
		loop_timer_clear(p->timer);
	else
		loop_timer_set(p->timer, ms);
	return 0;
}

/* ---- poster ---- */

struct poster *
poster_new(struct loop *l, const struct notify_config *cfg, struct err *err)
{
	struct poster *p = xcalloc(1, sizeof(*p));

	p->loop = l;
	p->connect_ms = (long)cfg->connect_ms;
	p->post_ms = (long)cfg->post_ms;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		p->multi = curl_multi_init();
	if (p->multi == NULL) {
		err_set(err, "libcurl cannot be started");
		free(p);
		return NULL;
	}
	p->timer = loop_timer_new(l, on_timer, p);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, curl_wants_fd);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, curl_wants_time);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_MAX);
	return p;
}

void
poster_free(struct poster *p)
{
	if (p == NULL)
		return;
	curl_multi_cleanup(p->multi);		/* may still want to set the timer */
	while (p->watches != NULL)
		watch_free(p->watches);
	loop_timer_free(p->timer);
	free(p);
	curl_global_cleanup();
}

/* ---- one post ---- */

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
	char id[64];

	snprintf(id, sizeof(id), "Idempotency-Key: %llu", (unsigned long long)m->id);
	header(post, "Content-Type: application/json");
	header(post, "Expect:");		/* no round trip for 100-continue */
	header(post, id);
	message_json(m, &post->body);
	curl_easy_setopt(post->easy, CURLOPT_HTTPHEADER, post->headers);
	curl_easy_setopt(post->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(post->easy, CURLOPT_POSTFIELDS, str_c(&post->body));
	curl_easy_setopt(post->easy, CURLOPT_POSTFIELDSIZE, (long)post->body.len);
}

static void
set_limits(struct post *post)
{
	CURL *e = post->easy;

	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, post->poster->connect_ms);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, post->poster->post_ms);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, drop_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, post);
}

struct post *
post_start(struct poster *p, const char *url, const struct message *m, delivery_done *f, void *ctx, struct err *err)
{
	struct post *post = xcalloc(1, sizeof(*post));

	post->poster = p;
	post->done = f;
	post->ctx = ctx;
	post->easy = curl_easy_init();
	if (post->easy == NULL || curl_easy_setopt(post->easy, CURLOPT_URL, url) != CURLE_OK) {
		err_set(err, "libcurl has no memory");
		post_free(post);
		return NULL;
	}
	curl_easy_setopt(post->easy, CURLOPT_PRIVATE, post);
	curl_easy_setopt(post->easy, CURLOPT_ERRORBUFFER, post->problem);
	curl_easy_setopt(post->easy, CURLOPT_USERAGENT, "m365dnsd/" M365DNSD_VERSION);
	set_message(post, m);
	set_limits(post);
	curl_multi_add_handle(p->multi, post->easy);	/* begins with the timer that curl sets now */
	return post;
}

static void
post_free(struct post *post)
{
	if (post->easy != NULL) {
		curl_multi_remove_handle(post->poster->multi, post->easy);
		curl_easy_cleanup(post->easy);
	}
	curl_slist_free_all(post->headers);
	str_done(&post->body);
	free(post);
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
