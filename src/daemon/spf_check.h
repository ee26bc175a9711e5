/* SPDX-License-Identifier: ISC */
/* spf_check: --spf-check, check_host() put to the resolvers of the configuration. */
#ifndef M365DNSD_DAEMON_SPF_CHECK_H
#define M365DNSD_DAEMON_SPF_CHECK_H

#include "options.h"

int spf_check(const struct options *o);

#endif
