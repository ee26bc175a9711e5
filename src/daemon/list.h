/* SPDX-License-Identifier: ISC */
/* list: what the program knows by itself, as tables for people. */
#ifndef M365DNSD_DAEMON_LIST_H
#define M365DNSD_DAEMON_LIST_H

#include "options.h"

int list_records(const struct options *o);
int list_resolvers(const struct options *o);
int list_findings(const struct options *o);
int list_help(const struct options *o);
int list_version(const struct options *o);

#endif
