/* SPDX-License-Identifier: ISC */
/* prober: what the rest of the room may have of it besides its face. */
#ifndef RESOLVER_PROBER_H
#define RESOLVER_PROBER_H

#include <m365dnsd/resolver.h>

#include <sys/queue.h>

/*
 * "Later": f is called from the next prober_run(), once for every time it was asked for.  The node is the caller's and must
 * outlive the call; prober_uncall takes it back.
 */
struct prober_call {
	TAILQ_ENTRY(prober_call) link;
	void (*f)(void *ctx);
	void *ctx;
	bool queued;
};
void prober_call(struct prober *p, struct prober_call *c);
void prober_uncall(struct prober *p, struct prober_call *c);

#endif
