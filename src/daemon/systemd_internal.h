/* SPDX-License-Identifier: ISC */
/* systemd_internal: shared by the files of systemd. */
#ifndef M365DNSD_DAEMON_SYSTEMD_INTERNAL_H
#define M365DNSD_DAEMON_SYSTEMD_INTERNAL_H

#include "systemd.h"

#include <sys/socket.h>
#include <sys/un.h>

struct systemd_socket {
	char *name, *text;
	bool local;
};
struct systemd {
	const struct clock *clock;
	int notify_fd;				/* -1: nobody listens */
	struct sockaddr_un notify_addr;
	socklen_t notify_len;
	int64_t watchdog_ms;			/* half the interval, 0 = none */
	char *status;				/* the latest text; NULL before the first */
	bool status_waits;			/* it has not been sent yet */
	int64_t status_next_ms;			/* when the next one may be sent */
	int *fds;
	struct systemd_socket *sockets;
	size_t n_sockets;
};

/* The whole of text as a number; false for anything else than digits, and beyond max. */
bool systemd_number(const char *text, uint64_t max, uint64_t *ret);
/* "/path" or "@abstract" -> address; false when it is neither or too long. */
bool systemd_unix_addr(const char *text, struct sockaddr_un *ret, socklen_t *ret_len);

void systemd_notify_init(struct systemd *s, const char *socket);
void systemd_watchdog_init(struct systemd *s, const char *usec, const char *pid);
void systemd_sockets_init(struct systemd *s, const char *pid, const char *fds, const char *names);
void systemd_sockets_done(struct systemd *s);

#endif
