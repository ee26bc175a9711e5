/* SPDX-License-Identifier: ISC */
/*
 * notify: transitions to the receivers of the `notify` blocks, by HTTP POST or by a command.  The only room that knows libcurl.
 *
 * The caller tells what is committed and hears when a transition is settled at a receiver; then its row may leave the outbox.
 * What is not settled when the program ends is told again after the next start: at least once, with an id that lets receivers
 * drop doubles.  Order is kept per receiver and domain: the next transition of a domain waits until the one before is settled.
 *
 * Folding: one look at a domain often turns many records and the domain itself.  When a transition of the domain and some of
 * its records have the same revision and time and point the same way (better: published, visible, complete, recovered; worse:
 * regressed, unknown; neither: changed), they have one cause and are one message: the domain's, with the records in a member
 * "records":[{"id","record","from","to","event"}].  Such a message has the domain's id and settles all of them.  Transitions
 * are folded only while they wait for their first delivery and only with what the same receiver wants to hear.
 *
 * The caller ignores SIGPIPE, and does not reap children that are not its own.
 */
#ifndef M365DNSD_NOTIFY_H
#define M365DNSD_NOTIFY_H

#include <m365dnsd/base.h>
#include <m365dnsd/board.h>
#include <m365dnsd/conf.h>
#include <m365dnsd/dns.h>
#include <m365dnsd/loop.h>

struct notify;

enum notify_outcome {
	NOTIFY_DELIVERED,		/* the receiver said 2xx, or exit 0 */
	NOTIFY_GIVEN_UP,		/* too old, or too many wait */
	NOTIFY_DROPPED,			/* the receiver left the configuration */
};
/*
 * The row of id may leave the receiver's outbox.  Called from the loop, from notify_set_receivers() and from notify_tell(); may
 * call notify_tell(), nothing else of this face.
 */
typedef void notify_settled(void *ctx, const char *receiver, uint64_t id, enum notify_outcome outcome);

/* A number that is 0 means the default, in brackets. */
struct notify_config {
	const struct clock *clock;
	notify_settled *settled;
	void *ctx;
	int64_t retry_first_ms, retry_max_ms;	/* [5 s], doubling to [5 min] */
	int64_t give_up_ms;			/* [24 h] since it was queued; every one is tried once */
	int64_t connect_ms, post_ms;		/* [10 s], [30 s] */
	int64_t command_ms;			/* [30 s]; then the command and its process group are killed */
	unsigned in_flight;			/* [4] per receiver; one while the receiver fails */
	size_t waiting_max;			/* [100,000] per receiver; then the oldest domain's first one is given up */
};

struct notify *notify_new(struct loop *l, const struct notify_config *cfg);
/* Kills what runs; nothing is settled by it. */
void notify_free(struct notify *n);

/*
 * The receivers from now on (copied).  One of the same name keeps what waits; when its address has changed, that is tried at
 * once.  What waits for one that is gone is dropped.
 */
void notify_set_receivers(struct notify *n, const struct conf_notify *list, size_t n_list);
/* The names of those who want to hear of e: for the outbox.  Valid until the next call here or of notify_set_receivers(). */
size_t notify_wanting(struct notify *n, enum event e, const char *const **ret_names);
/*
 * Deliver a committed transition (copied); queued_unix_ms is when it went into the outbox.  Nothing leaves before the loop's
 * next turn.  False when there is no such receiver.
 */
bool notify_tell(struct notify *n, const char *receiver, uint64_t id, int64_t queued_unix_ms, const struct transition *t);

/* ---- for metrics and /status ---- */

struct notify_stats {
	const char *receiver;
	bool by_command;
	uint64_t delivered, given_up, dropped;	/* transitions */
	uint64_t folded;		/* transitions that rode along in another one's message */
	uint64_t attempts, failures;	/* messages */
	size_t waiting, in_flight;	/* messages; in flight ones do not count as waiting */
	bool failing;			/* the last attempt failed */
	char problem[160];		/* how; printable; "" = none so far, or it works again */
};
size_t notify_n_receivers(const struct notify *n);
void notify_get_stats(const struct notify *n, size_t i, struct notify_stats *ret);

/* ---- fetch: one document by HTTPS (the policy of MTA-STS) ---- */

struct fetcher;
struct fetch_config {
	uint16_t port;			/* 443, but in laboratories */
	bool private_allowed;		/* laboratories: also loopback and private networks; else global addresses only */
	size_t bytes_max;
	const char *ca_file;		/* who may sign the certificate; NULL or "": who the system trusts (copied) */
};
/*
 * The end of one, exactly once and never from within fetch_start(): n bytes of text when reason is NONE; else why not, in words
 * too (printable).  REFUSED: another status than 200 (redirects are not followed); BOGUS: not the certificate of the host;
 * TRUNCATED: more than bytes_max; TIMEOUT and NETWORK.
 */
typedef void fetch_done(void *ctx, uint64_t tag, enum reason reason, const char *text, size_t n, const char *words);

/* NULL with words when libcurl cannot be had. */
struct fetcher *fetcher_new(struct loop *l, const struct fetch_config *cfg, fetch_done *done, void *ctx, struct err *err);
void fetcher_configure(struct fetcher *f, const struct fetch_config *cfg);
/*
 * Fetch https://HOST/PATH from one of these addresses: the certificate must be HOST's, nothing is looked up, and no other address
 * is contacted.  False when none of them may be contacted.
 */
bool fetch_start(struct fetcher *f, uint64_t tag, const char *host, const char *path, const struct addr *addrs, size_t n_addrs);
/* Nothing is told of what is on its way. */
void fetcher_free(struct fetcher *f);

/* Of libcurl, at run time. */
const char *notify_library_version(void);

#endif
