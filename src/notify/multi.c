/* SPDX-License-Identifier: ISC */
/* multi: see multi.h. */
#include <stdlib.h>
#include <string.h>

#include "build_info.h"
#include "multi.h"

#define REDIRECT_SHOWN 80

struct watch {
	struct multi *multi;
	struct loop_fd *fd;
	struct watch *prev, *next;
};
struct multi {
	struct loop *loop;
	CURLM *curl;
	struct loop_timer *timer;
	struct watch *watches;
};

/* ---- descriptors and the timer ---- */

static void
finish_all(struct multi *m)
{
	struct CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(m->curl, &left)) != NULL) {
		CURLcode result = msg->data.result;
		char *private = NULL;
		struct transfer *t;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &private);
		t = (struct transfer *)(void *)private;
		t->done(t, result);
	}
}

static void
on_fd(void *ctx, int fd, unsigned events)
{
	struct watch *w = ctx;
	struct multi *m = w->multi;
	int running;

	curl_multi_socket_action(m->curl, fd,
	    (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0), &running);
	finish_all(m);
}

static void
on_timer(void *ctx)
{
	struct multi *m = ctx;
	int running;

	curl_multi_socket_action(m->curl, CURL_SOCKET_TIMEOUT, 0, &running);
	finish_all(m);
}

static struct watch *
watch_new(struct multi *m, int fd)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->multi = m;
	w->fd = loop_fd_new(m->loop, fd, on_fd, w);
	w->next = m->watches;
	if (w->next != NULL)
		w->next->prev = w;
	m->watches = w;
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
		w->multi->watches = w->next;
	loop_fd_free(w->fd);
	free(w);
}

static int
curl_wants_fd(CURL *easy, curl_socket_t fd, int what, void *ctx, void *of_fd)
{
	struct multi *m = ctx;
	struct watch *w = of_fd;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL)
			watch_free(w);
		return 0;
	}
	if (w == NULL) {
		w = watch_new(m, fd);
		curl_multi_assign(m->curl, fd, w);
	}
	loop_fd_set(w->fd, (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0));
	return 0;
}

static int
curl_wants_time(CURLM *curl, long ms, void *ctx)
{
	struct multi *m = ctx;

	(void)curl;
	if (ms < 0)
		loop_timer_clear(m->timer);
	else
		loop_timer_set(m->timer, ms);
	return 0;
}

/* ---- multi ---- */

struct multi *
multi_new(struct loop *l, long idle_max, struct err *err)
{
	struct multi *m = xcalloc(1, sizeof(*m));

	m->loop = l;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		m->curl = curl_multi_init();
	if (m->curl == NULL) {
		err_set(err, "libcurl cannot be started");
		free(m);
		return NULL;
	}
	m->timer = loop_timer_new(l, on_timer, m);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, curl_wants_fd);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, curl_wants_time);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, idle_max);
	return m;
}

void
multi_free(struct multi *m)
{
	if (m == NULL)
		return;
	curl_multi_cleanup(m->curl);		/* may still want to set the timer */
	while (m->watches != NULL)
		watch_free(m->watches);
	loop_timer_free(m->timer);
	free(m);
	curl_global_cleanup();
}

/* ---- one transfer ---- */

/* A host that sends header lines, or interim replies, without end: libcurl before 8.3 has no limit (CVE-2023-38039). */
static size_t
take_header(char *bytes, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	(void)bytes;
	(void)size;		/* always 1 */
	t->n_header += n;
	return transfer_flooded(t) ? 0 : n;
}

bool
transfer_flooded(const struct transfer *t)
{
	return t->n_header > TRANSFER_HEADER_MAX;
}

int
transfer_init(struct transfer *t, struct multi *m, const char *url, const char *protocols, struct err *err)
{
	t->multi = m;
	t->n_header = 0;
	t->easy = curl_easy_init();
	if (t->easy == NULL || curl_easy_setopt(t->easy, CURLOPT_URL, url) != CURLE_OK) {
		err_set(err, "libcurl has no memory");
		return -1;
	}
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->problem);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "m365dnsd/" M365DNSD_VERSION);
	curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, protocols);
	curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L);
	return 0;
}

void
transfer_limits(struct transfer *t, int64_t connect_ms, int64_t total_ms)
{
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)total_ms);
}

void
transfer_start(struct transfer *t)
{
	curl_multi_add_handle(t->multi->curl, t->easy);		/* begins with the timer that curl sets now */
}

void
transfer_end(struct transfer *t)
{
	if (t->easy == NULL)
		return;
	curl_multi_remove_handle(t->multi->curl, t->easy);
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
}

void
transfer_words(const struct transfer *t, CURLcode result, struct str *ret)
{
	const char *to = NULL;
	long status = 0;

	if (transfer_flooded(t)) {
		str_addf(ret, "more than %d bytes of headers", TRANSFER_HEADER_MAX);
		return;
	}
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 0 || (result != CURLE_OK && result != CURLE_WRITE_ERROR)) {
		str_add_printable(ret, t->problem, strlen(t->problem));
		if (ret->len == 0)
			str_add(ret, curl_easy_strerror(result));
		return;
	}
	str_addf(ret, "HTTP %ld", status);
	curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to);
	if (to != NULL) {
		str_add(ret, ", a redirect (not followed) to ");
		str_add_printable(ret, to, strnlen(to, REDIRECT_SHOWN));
	}
}
