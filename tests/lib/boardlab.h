/* SPDX-License-Identifier: ISC */
/* A board without a network: a configuration given as text, the shipped catalog, a clock that stands still. */
#ifndef BOARDLAB_H
#define BOARDLAB_H

#include <m365dnsd/board.h>

#define BOARDLAB_UNIX_MS INT64_C(1795600000000)	/* 5 s by the monotonic clock */

struct boardlab {
	struct clock clock;
	struct conf *conf;
	struct catalog *catalog;
	struct sources *sources;
	struct board *board;
};

/* No authority is asked, everybody has to agree, twice.  Fails the test when the configuration has a mistake. */
void boardlab_up(struct boardlab *l, const char *config, int64_t unix_ms, board_on_transition *f, void *ctx);
void boardlab_down(struct boardlab *l);
/* The i'th domain of the configuration, with the columns of the resolvers. */
struct board_domain *boardlab_add(struct boardlab *l, size_t i);

#endif
