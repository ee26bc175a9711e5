/* SPDX-License-Identifier: ISC */
/* values: what the kinds of keys share.  Private to src/conf/values*.c. */
#ifndef M365DNSD_CONF_VALUES_H
#define M365DNSD_CONF_VALUES_H

#include "load.h"

#define MEMBER(type, obj, k) ((type *)(void *)((char *)(obj) + (k)->offset))

/* Complain about a value: 'key: "value" why'. */
void value_bad(struct loader *l, const struct conf_key *k, const struct syntax_value *v, const char *why);
bool value_blank(const char *text);
/* Printable ASCII without blanks: what a name, an address or a URL is made of. */
bool value_one_word(const char *text);
/* A whole number that is not negative. */
bool value_number(const char *text, long *ret);
void value_put(const struct conf_key *k, void *obj, const char *text);
/* Forget the default of a list; true when a value follows. */
bool value_list_start(const struct conf_key *k, void *obj, const struct syntax_value *v);
void value_list_add(const struct conf_key *k, void *obj, const char *text);

#endif
