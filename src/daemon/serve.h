/* SPDX-License-Identifier: ISC */
/* serve: the daemon, from reading its configuration to the last commit. */
#ifndef M365DNSD_DAEMON_SERVE_H
#define M365DNSD_DAEMON_SERVE_H

#include "options.h"

/* Returns the exit code.  Call it before anything else opens a descriptor: some may have been handed over. */
int serve(const struct options *o);

#endif
