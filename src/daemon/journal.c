/* SPDX-License-Identifier: ISC */
/*
 * The journal's native protocol: one datagram an entry, a field a line.
 *
 * "NAME=value\n", or where the value has bytes that would end the line or deceive a terminal, "NAME\n", its length as 64 bits
 * little endian, the value, "\n".  Values come from DNS and from people, so a forged field is what must not happen.  Each
 * is capped: an entry stays far below what a datagram may hold, and passing a memfd instead is never needed.
 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_PATH "/run/systemd/journal/socket"
#define VALUE_MAX   4096
#define FACILITY    "3"			/* daemon, syslog(3) */

/* MESSAGE_ID names a kind of entry for good: journalctl MESSAGE_ID=...  Never reuse one. */
static const struct {
	const char *message_id;
	enum log_level priority;
} kinds[] = {
	[EVENT_PUBLISHED] = { "c7376ec86f7b44d0899c4a764ce8d948", LOG_LVL_NOTICE },
	[EVENT_VISIBLE] = { "b0612e254c994318b7a47d8399dd7ea7", LOG_LVL_NOTICE },
	[EVENT_COMPLETE] = { "44fdc457dcf84bc2905bbd33efa02e04", LOG_LVL_NOTICE },
	[EVENT_REGRESSED] = { "14abf77baf63417d9a19e153bec865a8", LOG_LVL_WARNING },
	[EVENT_UNKNOWN] = { "2a0dcc44e6664a04baa7db7d4423d84b", LOG_LVL_WARNING },
	[EVENT_RECOVERED] = { "894ece9f340e43e18e710b46866cce87", LOG_LVL_NOTICE },
	[EVENT_CHANGED] = { "46cc23a645574a158b5874a4497f8883", LOG_LVL_NOTICE },
};

struct journal {
	int fd;				/* -1: everything goes to the log */
	struct sockaddr_un addr;
	uint64_t refused;
};

static int
open_socket(struct journal *j, const char *path)
{
	j->addr.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(j->addr.sun_path))
		return -1;
	memcpy(j->addr.sun_path, path, strlen(path) + 1);
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

struct journal *
journal_new(const char *socket_path)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	if (socket_path == NULL && log_is_journal())
		socket_path = SOCKET_PATH;
	j->fd = socket_path != NULL ? open_socket(j, socket_path) : -1;
	return j;
}

void
journal_free(struct journal *j)
{
	if (j != NULL && j->fd != -1)
		close(j->fd);
	free(j);
}

uint64_t
journal_refused(const struct journal *j)
{
	return j->refused;
}

const char *
journal_message_id(enum event event)
{
	return kinds[event].message_id;
}

/*
 * A record is a part of the story of its domain, and a source of that of its record; bad news is always told.  But what the first
 * look finds out about a record is no news: the domain says once how it stands.
 */
enum log_level
journal_priority(const struct transition *t)
{
	enum log_level of_domain = kinds[t->event].priority;

	if (t->record != NULL && t->from != NULL && strcmp(t->from, name_of(&record_state_names, RECORD_PENDING)) == 0)
		return LOG_LVL_DEBUG;
	if (of_domain == LOG_LVL_WARNING)
		return t->source == NULL ? LOG_LVL_WARNING : LOG_LVL_INFO;
	return t->record == NULL && t->source == NULL ? of_domain : LOG_LVL_INFO;
}

static bool
needs_length(const char *value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)value[i] < 0x20)
			return true;
	return false;
}

/* NULL: no such field in this entry. */
static void
add_field(struct str *entry, const char *name, const char *value)
{
	uint8_t length[8];
	size_t n;

	if (value == NULL)
		return;
	n = strnlen(value, VALUE_MAX);
	str_add(entry, name);
	if (needs_length(value, n)) {
		for (unsigned i = 0; i < sizeof(length); i++)
			length[i] = (uint8_t)((uint64_t)n >> 8 * i);
		str_addc(entry, '\n');
		str_addn(entry, length, sizeof(length));
	} else {
		str_addc(entry, '=');
	}
	str_addn(entry, value, n);
	str_addc(entry, '\n');
}

static void
add_words(struct str *s, const char *before, const char *words)
{
	if (words == NULL)
		return;
	str_add(s, before);
	str_add_printable(s, words, strnlen(words, VALUE_MAX));
}

/* "contoso.com mx at google: unpublished -> published (detail)" */
static char *
sentence(const struct transition *t)
{
	struct str s = STR_INIT;

	add_words(&s, "", t->domain);
	add_words(&s, " ", t->record);
	add_words(&s, " at ", t->source);
	add_words(&s, ": ", t->from);
	add_words(&s, t->from != NULL ? " -> " : ": ", t->to);
	if (t->detail != NULL) {
		add_words(&s, " (", t->detail);
		str_addc(&s, ')');
	}
	return str_take(&s);
}

static bool
send_entry(const struct journal *j, const struct str *entry)
{
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(j->addr.sun_path) + 1);
	ssize_t n;

	do
		n = sendto(j->fd, entry->p, entry->len, MSG_NOSIGNAL, (const struct sockaddr *)&j->addr, len);
	while (n == -1 && errno == EINTR);
	return n != -1;
}

static bool
tell_journal(const struct journal *j, const struct transition *t, const char *message)
{
	struct str entry = STR_INIT;
	char priority[16], revision[24];
	bool sent;

	snprintf(priority, sizeof(priority), "%d", (int)journal_priority(t));
	snprintf(revision, sizeof(revision), "%" PRIu64, t->revision);
	add_field(&entry, "MESSAGE", message);
	add_field(&entry, "MESSAGE_ID", kinds[t->event].message_id);
	add_field(&entry, "PRIORITY", priority);
	add_field(&entry, "SYSLOG_FACILITY", FACILITY);
	add_field(&entry, "SYSLOG_IDENTIFIER", "m365dnsd");
	add_field(&entry, "M365_DOMAIN", t->domain);
	add_field(&entry, "M365_RECORD", t->record);
	add_field(&entry, "M365_SOURCE", t->source);
	add_field(&entry, "M365_EVENT", name_of(&event_names, t->event));
	add_field(&entry, "M365_PREVIOUS", t->from);
	add_field(&entry, "M365_STATE", t->to);
	add_field(&entry, "M365_DETAIL", t->detail);
	add_field(&entry, "M365_REVISION", revision);
	sent = send_entry(j, &entry);
	str_done(&entry);
	return sent;
}

void
journal_transition(struct journal *j, const struct transition *t)
{
	enum log_level level = journal_priority(t);
	char *message;

	if (!log_wanted(level))
		return;
	message = sentence(t);
	if (j->fd == -1 || !tell_journal(j, t, message)) {
		j->refused += j->fd != -1;
		log_at(level, "%s", message);
	}
	free(message);
}
