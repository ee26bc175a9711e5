/* SPDX-License-Identifier: ISC */
/* import: --import FILE --domain D. */
#ifndef M365DNSD_DAEMON_IMPORT_H
#define M365DNSD_DAEMON_IMPORT_H

#include "options.h"

int import_domain(const struct options *o);

#endif
