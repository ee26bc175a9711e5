/* SPDX-License-Identifier: ISC */
/* transport: struct transport over c-ares; the only room that knows c-ares. */
#ifndef M365DNSD_TRANSPORT_H
#define M365DNSD_TRANSPORT_H

#include <m365dnsd/loop.h>
#include <m365dnsd/resolver.h>

struct transport_ares_config {
	unsigned queries_per_port;	/* channel recycled after so many: 100 */
	unsigned seconds_per_port;	/* or so long: 10 */
	unsigned idle_close_ms;		/* a channel without queries is closed after: 1000 */
};
/* NULL with words when c-ares cannot start.  cfg may be NULL: the defaults above. */
struct transport *transport_ares_new(struct loop *l, const struct transport_ares_config *cfg, struct err *err);
const char *transport_ares_version(void);

#endif
