/* SPDX-License-Identifier: ISC */
/*
 * fix: what the formats of a fix share.  The bytes of a TXT record, and of names, are a stranger's: each format has one function
 * that writes a value, and everything else it writes is ASCII of our own.
 */
#ifndef M365DNSD_VIEW_FIX_H
#define M365DNSD_VIEW_FIX_H

#include "escape.h"

typedef void fix_render(const struct fix *f, struct str *ret);
fix_render fix_text, fix_zone, fix_cloudflare, fix_nsupdate, fix_route53, fix_terraform, fix_azure, fix_json;
fix_render fix_route53_none;

/* ---- words ---- */

size_t fix_count(const struct fix *f, enum fix_action action);
/* "contoso.com: 1 set of records to add, 2 to change", or "nothing to change", which is never said of what nobody has answered. */
void fix_summary(const struct fix *f, struct str *ret);
/* Printable ASCII, whatever the text holds. */
void fix_ascii(struct str *ret, const char *text);
/* A line "prefix text", ASCII as well. */
void fix_comment(struct str *ret, const char *prefix, const char *text);
/* The head of a change as comment: "change (spf-include-missing): spf", and its notes. */
void fix_comment_change(struct str *ret, const char *prefix, const struct fix_change *c);
void fix_comment_notes(struct str *ret, const char *prefix, const struct fix *f);
/* The owner relative to the zone, "@" for the apex; complete when it lies outside. */
void fix_relative(const struct fix *f, const struct dns_name *owner, struct str *ret);

/* ---- values ---- */

/* How bytes that are not plain are written: RFC 1035 has decimal, Route 53 octal. */
enum fix_escape { FIX_DECIMAL, FIX_OCTAL };
/* With the final dot. */
void fix_name(const struct dns_name *n, enum fix_escape e, struct str *ret);
/* One string of a TXT record without the quotation marks around it. */
void fix_string(const uint8_t *p, size_t n, enum fix_escape e, struct str *ret);
/* A TXT record as it is typed into a form: no quotation marks, and what cannot be typed as \DDD.  Returns its length in bytes. */
size_t fix_typed(const struct rdata *r, struct str *ret);
/* The data as in a zone file: names with their final dot, texts quoted. */
void fix_value(const struct rdata *r, enum fix_escape e, struct str *ret);
/* Only letters, digits, "-", "_", "*" and dots: a name that no syntax has a meaning for. */
bool fix_name_is_plain(const struct dns_name *n);

#endif
