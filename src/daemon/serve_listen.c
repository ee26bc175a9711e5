/* SPDX-License-Identifier: ISC */
/*
 * serve_listen: where the daemon listens, and whom it lets in.
 *
 * What a configuration asks for is prepared as a whole, so that a reload can be refused with nothing changed: sockets that stay
 * are taken over, new ones are opened, and the token is read.  Sockets of the service manager stand in place of `listen`.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve_internal.h"

#define STREAMS_MAX 128

int
serve_listen_token(const struct conf *c, char **ret, struct err *err)
{
	if (secret_credential("http-token", ret, err) == -1)
		return -1;
	if (*ret == NULL && c->token_file != NULL)
		return secret_read(c->token_file, ret, err);
	return 0;
}

static const struct serve_socket *
socket_find(const struct serve_listen *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->list[i].text, text) == 0)
			return &l->list[i];
	return NULL;
}

/* Can only processes of this machine reach it? */
static bool
is_local(const char *listen)
{
	static const uint8_t v6_loopback[16] = { [15] = 1 };
	struct addr a;

	return addr_parse(&a, listen, 0) &&
	    (a.family == 4 ? a.ip[0] == 127 : memcmp(a.ip, v6_loopback, sizeof(v6_loopback)) == 0);
}

/* The one that is there already, or a new one: of the service manager (handed) or our own (-1). */
static int
socket_add(const struct serve *s, struct serve_listen *l, const char *text, int handed, struct err *err)
{
	const struct serve_socket *old = socket_find(&s->listen, text);
	int fd;

	if (socket_find(l, text) != NULL)
		return 0;		/* given twice */
	if (old != NULL)
		fd = old->fd;
	else if (handed != -1)
		fd = fcntl(handed, F_DUPFD_CLOEXEC, 0);
	else if (http_listen(text, &fd, err) == -1)
		return -1;
	l->list = xreallocarray(l->list, l->n + 1, sizeof(*l->list));
	l->list[l->n++] = (struct serve_socket){ .text = xstrdup(text), .fd = fd, .is_new = old == NULL };
	return 0;
}

/* What others can reach needs a token or a plain word. */
static bool
may_listen(const struct serve_listen *l, const struct conf *c, bool local, const char *text, struct err *err)
{
	if (local || l->token != NULL || c->listen_public)
		return true;
	err_set(err, "listen: %s can be reached from outside: that needs a token, or listen_public = yes", text);
	return false;
}

int
serve_listen_prepare(const struct serve *s, const struct conf *c, char *token, struct serve_listen *ret, struct err *err)
{
	size_t n_handed;
	const int *handed = systemd_sockets(s->sd, &n_handed);

	*ret = (struct serve_listen){ .token = token };
	for (size_t i = 0; i < n_handed; i++) {
		const char *text = systemd_socket_text(s->sd, i);

		if (!may_listen(ret, c, systemd_socket_is_local(s->sd, i), text, err) ||
		    socket_add(s, ret, text, handed[i], err) == -1)
			goto fail;
	}
	for (size_t i = 0; n_handed == 0 && i < c->n_listen; i++)
		if (!may_listen(ret, c, is_local(c->listen[i]), c->listen[i], err) ||
		    socket_add(s, ret, c->listen[i], -1, err) == -1)
			goto fail;
	return 0;
fail:
	serve_listen_undo(ret);
	return -1;
}

static void
listen_free(struct serve_listen *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i].text);
	free(l->list);
	secret_free(l->token);
	*l = (struct serve_listen){ .token = NULL };
}

void
serve_listen_undo(struct serve_listen *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->list[i].is_new)
			close(l->list[i].fd);
	listen_free(l);
}

static void
tell_changes(const struct serve_listen *old, const struct serve_listen *new, bool ours)
{
	for (size_t i = 0; ours && i < new->n; i++)
		if (new->list[i].is_new)
			log_notice("listening on http://%s/", new->list[i].text);
	for (size_t i = 0; i < old->n; i++)
		if (socket_find(new, old->list[i].text) == NULL)
			log_notice("not listening on http://%s/ any more", old->list[i].text);
}

void
serve_listen_apply(struct serve *s, const struct conf *c, struct serve_listen *l)
{
	int *fds = xcalloc(l->n + 1, sizeof(*fds));
	size_t n_handed;

	systemd_sockets(s->sd, &n_handed);
	for (size_t i = 0; i < l->n; i++)
		fds[i] = l->list[i].fd;
	if (s->http != NULL) {
		http_set_access(s->http, (const char *const *)c->hosts, c->n_hosts, l->token);
		http_set_fds(s->http, fds, l->n);
	}
	tell_changes(&s->listen, l, n_handed == 0);
	for (size_t i = 0; i < s->listen.n; i++)
		if (socket_find(l, s->listen.list[i].text) == NULL)
			close(s->listen.list[i].fd);
	listen_free(&s->listen);
	for (size_t i = 0; i < l->n; i++)
		l->list[i].is_new = false;
	s->listen = *l;
	*l = (struct serve_listen){ .token = NULL };
	free(fds);
}

int
serve_listen_start(struct serve *s, struct err *err)
{
	const struct http_config cfg = { .streams = STREAMS_MAX };
	struct serve_listen l;
	char *token = NULL;

	if (serve_listen_token(s->conf, &token, err) == -1 || serve_listen_prepare(s, s->conf, token, &l, err) == -1)
		return -1;
	s->http = s->api.http = http_new(s->loop, &cfg, api_routes, &s->api, err);
	if (s->http == NULL) {
		serve_listen_undo(&l);
		return -1;
	}
	serve_listen_apply(s, s->conf, &l);
	return 0;
}

void
serve_listen_free(struct serve *s)
{
	for (size_t i = 0; i < s->listen.n; i++)
		close(s->listen.list[i].fd);
	listen_free(&s->listen);
}
