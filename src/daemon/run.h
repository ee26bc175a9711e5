/* SPDX-License-Identifier: ISC */
/* run: --once and --wait, from the command line to the exit code. */
#ifndef M365DNSD_DAEMON_RUN_H
#define M365DNSD_DAEMON_RUN_H

#include "options.h"

int run_domains(const struct options *o);
/* --check-config */
int run_check_config(const struct options *o);

#endif
