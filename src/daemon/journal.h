/* SPDX-License-Identifier: ISC */
/*
 * journal: state changes as entries of the system's journal, with fields of their own, so that "journalctl
 * M365_DOMAIN=contoso.com" finds them; as lines of the log where there is no journal.
 */
#ifndef M365DNSD_DAEMON_JOURNAL_H
#define M365DNSD_DAEMON_JOURNAL_H

#include <m365dnsd/board.h>

struct journal;

/* socket_path NULL: the system's journal when stderr leads there already (see log_init), else the log. */
struct journal *journal_new(const char *socket_path);
void journal_free(struct journal *j);
/* Never waits.  What the journal does not take becomes a line of the log. */
void journal_transition(struct journal *j, const struct transition *t);
/* How many entries the journal did not take. */
uint64_t journal_refused(const struct journal *j);

/* The kinds of entries, for the documentation and its test: MESSAGE_ID and priority of an event. */
const char *journal_message_id(enum event event);
enum log_level journal_priority(const struct transition *t);

#endif
