/* SPDX-License-Identifier: ISC */
/* list_table: the lists of list.c for other programs, as --format says (json, csv). */
#ifndef M365DNSD_DAEMON_LIST_TABLE_H
#define M365DNSD_DAEMON_LIST_TABLE_H

#include <m365dnsd/conf.h>

#include "options.h"

void list_table_records(const struct options *o, const struct catalog *c, bool (*shown)(const struct catalog_row *row, const void *ctx),
    const void *ctx);
void list_table_resolvers(const struct options *o, const struct conf_resolver *list, size_t n);
void list_table_findings(const struct options *o);

#endif
