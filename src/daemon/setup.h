/* SPDX-License-Identifier: ISC */
/* setup: options -> the configuration of this run. */
#ifndef M365DNSD_DAEMON_SETUP_H
#define M365DNSD_DAEMON_SETUP_H

#include <m365dnsd/conf.h>

#include "options.h"

/*
 * The file (of -c, or the default one when it exists and no domain is named) with what the command line adds, narrowed to the
 * domains named there.  NULL when there is any problem.
 */
struct conf *setup_conf(const struct options *o, struct conf_problems *problems);
/* What --tenant, --cloud and their like say of a domain. */
void setup_domain_keys(struct conf_domain *d, const struct options *o, struct conf_problems *problems);
/* The file that is read; NULL = none.  The caller frees it. */
char *setup_config_path(const struct options *o);

#endif
