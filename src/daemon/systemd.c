/* SPDX-License-Identifier: ISC */
/* The environment: read once, then gone. */
#include "systemd_internal.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is meant for this process alone; the later ones come from newer versions of systemd and are not looked at. */
static const char *const ours[] = {
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID",
};

bool
systemd_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (text == NULL || *text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)*text - '0';
		if (digit > 9 || n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*ret = n;
	return true;
}

bool
systemd_unix_addr(const char *text, struct sockaddr_un *ret, socklen_t *ret_len)
{
	size_t n = strlen(text);

	/* A path needs its NUL; an abstract name is as long as it is. */
	if ((text[0] != '/' && text[0] != '@') || n < 2 || n + (text[0] == '/') > sizeof(ret->sun_path))
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	memcpy(ret->sun_path, text, n);
	if (text[0] == '@')
		ret->sun_path[0] = '\0';
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (text[0] == '/'));
	return true;
}

struct systemd *
systemd_new(const struct clock *clock)
{
	struct systemd *s = xcalloc(1, sizeof(*s));

	s->clock = clock;
	/* The sockets first: their numbers begin at 3, and a descriptor of our own might land among them. */
	systemd_sockets_init(s, getenv("LISTEN_PID"), getenv("LISTEN_FDS"), getenv("LISTEN_FDNAMES"));
	systemd_notify_init(s, getenv("NOTIFY_SOCKET"));
	systemd_watchdog_init(s, getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		unsetenv(ours[i]);
	return s;
}

void
systemd_free(struct systemd *s)
{
	if (s == NULL)
		return;
	systemd_sockets_done(s);
	if (s->notify_fd != -1)
		close(s->notify_fd);
	free(s->status);
	free(s);
}
