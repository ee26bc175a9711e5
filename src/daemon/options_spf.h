/* SPDX-License-Identifier: ISC */
/* options_spf: the arguments of --spf-check; handlers of option rows. */
#ifndef M365DNSD_DAEMON_OPTIONS_SPF_H
#define M365DNSD_DAEMON_OPTIONS_SPF_H

#include "options.h"

int options_spf_ip(struct options *o, const struct option_row *row, const char *arg, struct err *err);
int options_spf_sender(struct options *o, const struct option_row *row, const char *arg, struct err *err);
int options_spf_helo(struct options *o, const struct option_row *row, const char *arg, struct err *err);
/* What only shows when all is read. */
int options_spf_check(const struct options *o, struct err *err);

#endif
