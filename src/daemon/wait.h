/* SPDX-License-Identifier: ISC */
/* wait: the progress of --wait, for somebody who watches. */
#ifndef M365DNSD_DAEMON_WAIT_H
#define M365DNSD_DAEMON_WAIT_H

#include <m365dnsd/conf.h>

#include "options.h"
#include "pipeline.h"

struct progress;

/* On a terminal the text is redrawn in place; elsewhere a line is written when a domain has changed.  NULL with --quiet. */
struct progress *progress_new(const struct options *o, const struct conf *conf, struct pipeline *p);
/* Is it drawn on a terminal?  Then progress_show is wanted often, for its times to be right. */
bool progress_live(const struct progress *pr);
void progress_show(struct progress *pr);
/* The terminal has another size now. */
void progress_resized(struct progress *pr);
/* Takes away what is drawn, so that the result stands alone; the terminal is as it was. */
void progress_free(struct progress *pr);

#endif
