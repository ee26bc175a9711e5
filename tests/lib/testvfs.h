/* SPDX-License-Identifier: ISC */
/*
 * A file system for SQLite that fails when it is told to: a shim over the system's, made the default one, so that the code under
 * test knows nothing of it.
 *
 * Power loss is SQLite's own method: writes since the last sync of a file are kept back; at the chosen moment a random part of
 * them reaches the disk, one of them torn at a sector, and the process ends.
 */
#ifndef TESTVFS_H
#define TESTVFS_H

#include <stdbool.h>
#include <stdint.h>

enum testvfs_op {
	TESTVFS_OPEN = 1, TESTVFS_READ = 2, TESTVFS_WRITE = 4, TESTVFS_SYNC = 8, TESTVFS_LOCK = 16, TESTVFS_ALL = 31
};

void testvfs_install(void);
/* All calls of these kinds from the nth on (1 = the next) return code, so many times (0 = until told otherwise). */
void testvfs_fail(unsigned ops, unsigned nth, unsigned times, int code);
void testvfs_mend(void);
/* How many calls of the kinds given to testvfs_fail there were, and how many of them failed. */
unsigned testvfs_calls(void);
unsigned testvfs_failures(void);
/* Files may not grow beyond this: SQLITE_FULL; 0 = no limit. */
void testvfs_quota(int64_t bytes);
/* Each sync takes so long. */
void testvfs_sync_takes(unsigned ms);
/* Keep back what is not synced; at the nth write or sync the power fails: _exit(TESTVFS_EXIT).  0 = never. */
#define TESTVFS_EXIT 77
void testvfs_power_loss(unsigned nth, unsigned seed);

#endif
