/* SPDX-License-Identifier: ISC */
/*
 * One document by HTTPS from addresses that the caller has looked up: libcurl resolves nothing, so that nothing waits for a name,
 * and nobody is contacted who was not judged.  The addresses come from a stranger's zone: they are checked here once more when
 * a socket is opened, whatever libcurl makes of them.
 *
 * One address after the other, until one says something: only where the connection itself fails is the next one tried.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "internal.h"
#include "multi.h"

#define CONNECT_MS    5000
#define TOTAL_MS      20000	/* of one address */
#define ADDRESSES_MAX 4
#define IDLE_MAX      1

struct fetch {
	struct transfer transfer;	/* first: on_done gets it back */
	struct fetcher *fetcher;
	struct fetch *prev, *next;
	uint64_t tag;
	char *host, *url;
	uint16_t port;
	struct addr addrs[ADDRESSES_MAX];
	size_t n_addrs, at;
	struct curl_slist *connect_to;
	struct str body;
	bool too_long;
};
struct fetcher {
	struct multi *multi;
	struct fetch_config cfg;
	char *ca_file;
	fetch_done *done;
	void *ctx;
	struct fetch *list;
};

static bool fetch_next(struct fetch *f);

/* ---- whom we may contact ---- */

/* Networks that a laboratory may be built in; those for examples in texts (RFC 5737, 3849) are nobody's. */
static bool
is_inside(const struct addr *a)
{
	if (a->family == 4)
		return a->ip[0] == 127 || a->ip[0] == 10 || (a->ip[0] == 172 && (a->ip[1] & 0xf0) == 16) ||
		    (a->ip[0] == 192 && a->ip[1] == 168);
	return a->family == 6 && ((a->ip[0] & 0xfe) == 0xfc || memcmp(a->ip, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16) == 0);
}

static bool
may_contact(const struct fetcher *f, const struct addr *a)
{
	return addr_is_global(a) || (f->cfg.private_allowed && is_inside(a));
}

static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	const struct fetch *f = ctx;
	struct sockaddr_storage ss;
	struct addr addr;

	(void)purpose;
	memset(&ss, 0, sizeof(ss));
	if (to->addrlen > sizeof(ss))
		return CURL_SOCKET_BAD;
	memcpy(&ss, &to->addr, to->addrlen);
	if (!addr_from_sockaddr(&addr, &ss) || !may_contact(f->fetcher, &addr))
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* ---- the end of a fetch ---- */

static void
fetch_free(struct fetch *f)
{
	if (f->next != NULL)
		f->next->prev = f->prev;
	if (f->prev != NULL)
		f->prev->next = f->next;
	else
		f->fetcher->list = f->next;
	transfer_end(&f->transfer);
	curl_slist_free_all(f->connect_to);
	str_done(&f->body);
	free(f->host);
	free(f->url);
	free(f);
}

static void
finish(struct fetch *f, enum reason reason, const char *words)
{
	struct fetcher *of = f->fetcher;
	struct str body = f->body;
	uint64_t tag = f->tag;

	f->body = (struct str)STR_INIT;
	fetch_free(f);
	of->done(of->ctx, tag, reason, reason == REASON_NONE ? str_c(&body) : NULL, body.len, words);
	str_done(&body);
}

/* What libcurl's code means: who showed another's certificate is certain; the rest may be the network between. */
static enum reason
reason_of(CURLcode result)
{
	switch (result) {
	case CURLE_OK:
		return REASON_NONE;
	case CURLE_OPERATION_TIMEDOUT:
		return REASON_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return REASON_BOGUS;
	default:
		return REASON_NETWORK;
	}
}

static void
on_done(struct transfer *t, CURLcode result)
{
	struct fetch *f = (struct fetch *)t;
	enum reason reason = reason_of(result);
	struct str words = STR_INIT;
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (transfer_flooded(t))
		reason = REASON_TRUNCATED;
	else if (status != 0 && status != 200)
		reason = REASON_REFUSED;
	else if (f->too_long)
		reason = REASON_TRUNCATED;
	if (status == 0 && reason != REASON_BOGUS && reason != REASON_TRUNCATED && f->at < f->n_addrs) {
		transfer_end(t);
		if (!fetch_next(f))
			finish(f, REASON_STOPPED, "");
		return;
	}
	if (reason == REASON_TRUNCATED && !transfer_flooded(t))
		str_addf(&words, "longer than %zu bytes", f->fetcher->cfg.bytes_max);
	else if (reason != REASON_NONE)
		transfer_words(t, reason == REASON_REFUSED ? CURLE_OK : result, &words);
	finish(f, reason, str_c(&words));
	str_done(&words);
}

/* ---- one fetch ---- */

static size_t
take_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct fetch *f = ctx;

	(void)size;		/* always 1 */
	f->too_long = f->body.len + n > f->fetcher->cfg.bytes_max;
	if (f->too_long)
		return CURL_WRITEFUNC_ERROR;
	str_addn(&f->body, bytes, n);
	return n;
}

/* HOST:PORT is where it would go; ADDRESS:PORT where it goes. */
static void
set_address(struct fetch *f, const struct addr *a)
{
	struct addr to = *a;
	char text[ADDR_TEXT_MAX], *line;

	to.port = 0;
	addr_text(&to, 0, text);
	line = a->family == 6 ? xasprintf("%s:%u:[%s]:%u", f->host, f->port, text, f->port) :
	    xasprintf("%s:%u:%s:%u", f->host, f->port, text, f->port);
	curl_slist_free_all(f->connect_to);
	f->connect_to = curl_slist_append(NULL, line);
	free(line);
	curl_easy_setopt(f->transfer.easy, CURLOPT_CONNECT_TO, f->connect_to);
}

/* Try the next address; there is one. */
static bool
fetch_next(struct fetch *f)
{
	CURL *e;

	if (transfer_init(&f->transfer, f->fetcher->multi, f->url, "https", NULL) == -1)
		return false;
	e = f->transfer.easy;
	set_address(f, &f->addrs[f->at++]);
	str_clear(&f->body);
	transfer_limits(&f->transfer, CONNECT_MS, TOTAL_MS);
	if (f->fetcher->ca_file != NULL)
		curl_easy_setopt(e, CURLOPT_CAINFO, f->fetcher->ca_file);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, f);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	transfer_start(&f->transfer);
	return true;
}

bool
fetch_start(struct fetcher *of, uint64_t tag, const char *host, const char *path, const struct addr *addrs, size_t n_addrs)
{
	struct fetch *f = xcalloc(1, sizeof(*f));

	f->fetcher = of;
	f->next = of->list;
	if (f->next != NULL)
		f->next->prev = f;
	of->list = f;
	f->tag = tag;
	f->transfer.done = on_done;
	f->port = of->cfg.port;
	for (size_t i = 0; i < n_addrs && f->n_addrs < ADDRESSES_MAX; i++)
		if (may_contact(of, &addrs[i]))
			f->addrs[f->n_addrs++] = addrs[i];
	f->host = xstrdup(host);
	f->url = f->port == 443 ? xasprintf("https://%s%s", host, path) : xasprintf("https://%s:%u%s", host, f->port, path);
	if (f->n_addrs > 0 && fetch_next(f))
		return true;
	fetch_free(f);
	return false;
}

/* ---- fetcher ---- */

struct fetcher *
fetcher_new(struct loop *l, const struct fetch_config *cfg, fetch_done *done, void *ctx, struct err *err)
{
	struct multi *multi = multi_new(l, IDLE_MAX, err);
	struct fetcher *f;

	if (multi == NULL)
		return NULL;
	f = xcalloc(1, sizeof(*f));
	f->multi = multi;
	f->done = done;
	f->ctx = ctx;
	fetcher_configure(f, cfg);
	return f;
}

void
fetcher_configure(struct fetcher *f, const struct fetch_config *cfg)
{
	free(f->ca_file);
	f->cfg = *cfg;
	f->ca_file = cfg->ca_file != NULL && *cfg->ca_file != '\0' ? xstrdup(cfg->ca_file) : NULL;
}

void
fetcher_free(struct fetcher *f)
{
	if (f == NULL)
		return;
	while (f->list != NULL)
		fetch_free(f->list);
	multi_free(f->multi);
	free(f->ca_file);
	free(f);
}
