/* SPDX-License-Identifier: ISC */
/*
 * spfzone: a small DNS written as text, for the tests of SPF.  A line is "owner TYPE value"; the value is as rdata_parse() reads
 * it, in TXT \xNN is a byte.  Instead of a value TIMEOUT or SERVFAIL: the type (any with "*") cannot be asked.  CNAMEs are
 * followed, names in between exist.
 */
#ifndef TESTS_LIB_SPFZONE_H
#define TESTS_LIB_SPFZONE_H

#include <m365dnsd/eval.h>

struct spfzone;
struct spfzone *spfzone_new(void);
/* Aborts with words on a bad line. */
void spfzone_add(struct spfzone *z, const char *line);
/* The answer, in a; NULL and why when it cannot be asked. */
const struct answer *spfzone_ask(const struct spfzone *z, const struct question *q, struct arena *a, enum reason *ret);
void spfzone_free(struct spfzone *z);

#endif
