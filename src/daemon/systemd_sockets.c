/* SPDX-License-Identifier: ISC */
/*
 * Socket activation: LISTEN_FDS descriptors from 3 on, if LISTEN_PID is this process.
 *
 * The numbers are the word of whoever started us.  What is open there is looked at before it is used: a listening stream
 * socket of IPv4, IPv6 or unix is ours, anything else (a datagram socket, Accept=yes, a FIFO) is closed with a warning.
 */
#include "systemd_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_FD    3
#define SOCKETS_MAX 64

/* "a:b:c" -> its field i, "" when there are fewer. */
static char *
name_at(const char *names, size_t i)
{
	for (; i > 0 && names != NULL; i--) {
		names = strchr(names, ':');
		names = names != NULL ? names + 1 : NULL;
	}
	return names != NULL ? xstrndup(names, strcspn(names, ":")) : xstrdup("");
}

static bool
int_option(int fd, int option, int want)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == want;
}

static bool
is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == 4 ? a->ip[0] == 127 : memcmp(a->ip, one, sizeof(one)) == 0;
}

static char *
unix_text(const struct sockaddr_storage *ss, socklen_t len)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)ss;
	size_t n = len > offsetof(struct sockaddr_un, sun_path) ? len - offsetof(struct sockaddr_un, sun_path) : 0;
	struct str text = STR_INIT;

	if (n > 1 && un->sun_path[0] == '\0') {
		str_addc(&text, '@');
		str_add_printable(&text, un->sun_path + 1, n - 1);
	} else {
		str_add_printable(&text, un->sun_path, strnlen(un->sun_path, n));
	}
	if (text.len == 0)
		str_add(&text, "a unix socket without name");
	return str_take(&text);
}

/* What fd is: NULL and *ret filled when it can be served, the reason otherwise. */
static const char *
look_at(int fd, struct systemd_socket *ret)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char text[ADDR_TEXT_MAX];
	struct addr addr;

	memset(&ss, 0, sizeof(ss));
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return errno == EBADF ? "is not open" : "is not a socket";
	if (!int_option(fd, SO_TYPE, SOCK_STREAM))
		return "is not a stream socket";
	if (!int_option(fd, SO_ACCEPTCONN, 1))
		return "does not listen (Accept=yes is not for this service)";
	if (ss.ss_family == AF_UNIX) {
		ret->text = unix_text(&ss, len);
		ret->local = true;
		return NULL;
	}
	if (!addr_from_sockaddr(&addr, &ss))
		return "is neither IPv4, IPv6 nor unix";
	ret->text = xstrdup(addr_text(&addr, 0, text));
	ret->local = is_loopback(&addr);
	return NULL;
}

static bool
set_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return fcntl(fd, F_SETFD, FD_CLOEXEC) != -1 && flags != -1 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) != -1;
}

static void
take(struct systemd *s, int fd, const char *names)
{
	struct systemd_socket *socket = &s->sockets[s->n_sockets];
	const char *why = look_at(fd, socket);

	if (why == NULL && set_flags(fd)) {
		socket->name = name_at(names, (size_t)(fd - FIRST_FD));
		s->fds[s->n_sockets++] = fd;
		return;
	}
	log_warn("socket activation: descriptor %d %s; it is not used", fd, why != NULL ? why : strerror(errno));
	free(socket->text);
	socket->text = NULL;
	close(fd);
}

void
systemd_sockets_init(struct systemd *s, const char *pid, const char *fds, const char *names)
{
	uint64_t whose, n;

	if (fds == NULL || !systemd_number(pid, INT32_MAX, &whose) || whose != (uint64_t)getpid())
		return;
	if (!systemd_number(fds, SOCKETS_MAX, &n)) {
		log_warn("socket activation: LISTEN_FDS is not a number from 0 to %d; no socket is taken over", SOCKETS_MAX);
		return;
	}
	s->fds = xcalloc(n + 1, sizeof(*s->fds));
	s->sockets = xcalloc(n + 1, sizeof(*s->sockets));
	for (int fd = FIRST_FD; fd < FIRST_FD + (int)n; fd++)
		take(s, fd, names);
}

void
systemd_sockets_done(struct systemd *s)
{
	for (size_t i = 0; i < s->n_sockets; i++) {
		close(s->fds[i]);
		free(s->sockets[i].name);
		free(s->sockets[i].text);
	}
	free(s->fds);
	free(s->sockets);
}

const int *
systemd_sockets(const struct systemd *s, size_t *ret_n)
{
	*ret_n = s->n_sockets;
	return s->fds;
}

const char *
systemd_socket_name(const struct systemd *s, size_t i)
{
	return s->sockets[i].name;
}

const char *
systemd_socket_text(const struct systemd *s, size_t i)
{
	return s->sockets[i].text;
}

bool
systemd_socket_is_local(const struct systemd *s, size_t i)
{
	return s->sockets[i].local;
}
