/* SPDX-License-Identifier: ISC */
/*
 * announce: a transition on its way from the board to those who want to hear of it.
 *
 *   board --> noted --> store (with the snapshot that knows of it, in one transaction) --> committed --> told
 *
 * Told are the log, event streams and long polls (by the `tell` callback) and the receivers of notify blocks.  Nothing is told
 * before it is durable, so that nothing is told twice after a crash; without a store it is told at once.
 */
#ifndef M365DNSD_DAEMON_ANNOUNCE_H
#define M365DNSD_DAEMON_ANNOUNCE_H

#include <m365dnsd/board.h>
#include <m365dnsd/notify.h>
#include <m365dnsd/store.h>

struct announce;

struct announce_config {
	const struct clock *clock;
	struct store *store;		/* NULL: nothing is kept */
	struct notify *notify;
	/* A committed transition, in order.  last: of those with its revision. */
	void (*tell)(void *ctx, uint64_t id, const struct transition *t, bool last);
	/* Write the domain's snapshot now, inside the transaction. */
	void (*save)(void *ctx, const char *domain);
	void *ctx;
	bool baseline;			/* the store was lost: first answers are no news to receivers */
};

struct announce *announce_new(const struct announce_config *cfg);
/* From the board's callback: t is copied. */
void announce_note(struct announce *a, const struct transition *t);
/* Hand over what was noted; after every turn of the pipeline. */
void announce_flush(struct announce *a);
/* What an earlier run could not deliver: told to the receivers again. */
int announce_resume(struct announce *a, struct err *err);
void announce_free(struct announce *a);

#endif
