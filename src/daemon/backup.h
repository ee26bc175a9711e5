/* SPDX-License-Identifier: ISC */
/* backup: --backup FILE, a copy of the daemon's database.  Asks nobody, the daemon neither: it may run or not. */
#ifndef M365DNSD_DAEMON_BACKUP_H
#define M365DNSD_DAEMON_BACKUP_H

#include "options.h"

/* The exit code. */
int backup_store(const struct options *o);

#endif
