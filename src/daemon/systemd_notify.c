/* SPDX-License-Identifier: ISC */
/*
 * sd_notify(3): datagrams of "NAME=value" lines to the socket named in NOTIFY_SOCKET.
 *
 * What happens once (ready, reloading, stopping) may wait for a busy manager, but not long; what is told again and again
 * (alive, status) never waits.  The socket is not connected: the manager may restart and bind a new one of the same name.
 */
#include "systemd_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define STATUS_EACH_MS  10000
#define STATUS_MAX      512
#define PATIENCE_S      2
#define USEC_MAX        (UINT64_C(1) << 53)

void
systemd_notify_init(struct systemd *s, const char *socket_name)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };

	s->notify_fd = -1;
	if (socket_name == NULL || *socket_name == '\0')
		return;
	if (!systemd_unix_addr(socket_name, &s->notify_addr, &s->notify_len)) {
		log_warn("NOTIFY_SOCKET is not a unix socket; the service manager is told nothing");
		return;
	}
	s->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->notify_fd == -1)
		log_warn("service manager: %s", strerror(errno));
	else
		setsockopt(s->notify_fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

/* sd_watchdog_enabled(3): without WATCHDOG_PID it is meant for whoever reads it. */
void
systemd_watchdog_init(struct systemd *s, const char *usec, const char *pid)
{
	uint64_t interval, whose;

	if (usec == NULL || s->notify_fd == -1)
		return;
	if (pid != NULL && (!systemd_number(pid, INT32_MAX, &whose) || whose != (uint64_t)getpid()))
		return;
	if (!systemd_number(usec, USEC_MAX, &interval) || interval == 0) {
		log_warn("WATCHDOG_USEC is not a number of microseconds; the watchdog is not fed");
		return;
	}
	s->watchdog_ms = (int64_t)(interval / 2000);
	if (s->watchdog_ms == 0)
		s->watchdog_ms = 1;
}

static bool
send_text(struct systemd *s, const struct str *text, int flags)
{
	ssize_t n;

	do
		n = sendto(s->notify_fd, text->p, text->len, MSG_NOSIGNAL | flags, (const struct sockaddr *)&s->notify_addr,
		    s->notify_len);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		log_debug("service manager: %s", strerror(errno));
	return n != -1;
}

static bool
status_is_due(const struct systemd *s)
{
	return s->status_waits && s->clock->mono_ms(s->clock) >= s->status_next_ms;
}

/* words, and the status that waits: with what happens once always, with the rest when its time has come. */
static bool
notify(struct systemd *s, const char *words, int flags)
{
	struct str text = STR_INIT;
	bool sent, status;

	if (s->notify_fd == -1)
		return false;
	status = s->status_waits && (flags == 0 || status_is_due(s));
	str_add(&text, words);
	if (status)
		str_addf(&text, "%sSTATUS=%s\n", text.len > 0 ? "\n" : "", s->status);
	sent = send_text(s, &text, flags);
	if (sent && status) {
		s->status_waits = false;
		s->status_next_ms = s->clock->mono_ms(s->clock) + STATUS_EACH_MS;
	}
	str_done(&text);
	return sent;
}

bool
systemd_ready(struct systemd *s)
{
	return notify(s, "READY=1", 0);
}

/* CLOCK_MONOTONIC, not the clock of our intervals, which goes on during suspend: the manager compares it with its own. */
bool
systemd_reloading(struct systemd *s)
{
	struct timespec ts;
	char words[80];

	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(words, sizeof(words), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
	return notify(s, words, 0);
}

bool
systemd_stopping(struct systemd *s)
{
	return notify(s, "STOPPING=1", 0);
}

bool
systemd_extend_timeout(struct systemd *s, int64_t ms)
{
	char words[64];

	snprintf(words, sizeof(words), "EXTEND_TIMEOUT_USEC=%" PRId64, ms * 1000);
	return notify(s, words, 0);
}

int64_t
systemd_watchdog_ms(const struct systemd *s)
{
	return s->watchdog_ms;
}

bool
systemd_watchdog(struct systemd *s)
{
	return s->watchdog_ms > 0 && notify(s, "WATCHDOG=1", MSG_DONTWAIT);
}

void
systemd_status(struct systemd *s, const char *fmt, ...)
{
	struct str line = STR_INIT;
	va_list ap;
	char *text;

	if (s->notify_fd == -1)
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	/* A line break would begin a message of its own. */
	str_add_printable(&line, text, strnlen(text, STATUS_MAX));
	free(text);
	text = str_take(&line);
	if (text == NULL || (s->status != NULL && strcmp(text, s->status) == 0)) {
		free(text);
	} else {
		free(s->status);
		s->status = text;
		s->status_waits = true;
	}
	if (status_is_due(s))
		notify(s, "", MSG_DONTWAIT);
}
