/* SPDX-License-Identifier: ISC */
/*
 * guard: what a request may look like, before any route sees it.  Pure: no library, no socket, no clock; this is the part
 * of the room that is fuzzed.
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <m365dnsd/base.h>

enum {
	GUARD_PATH_MAX = 1024,		/* bytes, as sent */
	GUARD_QUERY_MAX = 1024,
	GUARD_HEADERS_MAX = 16384,	/* request line and headers together */
	GUARD_FIELDS_MAX = 100,
	GUARD_BODY_MAX = 65536,
};

struct guard_field {
	const char *name, *value;	/* NUL-terminated; the lengths say whether there is a NUL inside */
	size_t name_len, value_len;
};

/* A request as it came over the wire. */
struct guard_head {
	const char *method, *target, *version;
	const struct guard_field *fields;
	size_t n_fields;
	size_t bytes;
};

/* Who we are. */
struct guard_site {
	struct addr local;		/* of the connection; family 0 on a Unix socket */
	const char *const *hosts;
	size_t n_hosts;
};

struct guard_verdict {
	unsigned status;		/* 0 = nothing against it */
	const char *detail;		/* static */
	bool close;			/* where the next request would begin is not sure: answer and close */
	bool expects;			/* Expect: 100-continue */
	uint64_t body_len;
};

void guard_check(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *ret);
/* The value of the first field of that name, or NULL. */
const char *guard_field(const struct guard_head *head, const char *name);

/* ---- guard_host.c ---- */

struct guard_host {
	char name[256];			/* small letters; empty when it is an address */
	struct addr addr;		/* family 0 when it is a name */
	uint16_t port;			/* 0 = none given */
};
/* "localhost", "Example.NET.:80", "127.0.0.1:8365", "[::1]"; false for anything else. */
bool guard_host_parse(struct guard_host *ret, const char *text);
bool guard_host_ours(const struct guard_host *host, const struct guard_site *site);
bool guard_is_loopback(const struct addr *a);
/* An Origin header: "http://localhost:8365". */
bool guard_origin_ours(const char *origin, const struct guard_site *site);

/* ---- target.c: the request target, taken apart ---- */

struct target_arg {
	char *name, *value;
};
struct target {
	char **segments;		/* decoded, one after another */
	size_t n_segments;
	struct target_arg *args;
	size_t n_args;
	struct arena *arena;
};
/* "/a/b?c=d"; false when a part of it does not decode. */
bool target_parse(struct target *t, const char *text);
void target_done(struct target *t);
const char *target_arg(const struct target *t, const char *name);
/* Does it fit "/status/{domain}"?  ret_param is what stands for {domain}, or NULL. */
bool target_match(const struct target *t, const char *pattern, const char **ret_param);

/* ---- accept.c: Accept, Accept-Encoding, If-None-Match ---- */

/* The best of types by an Accept header; the first of equals; -1 = none. */
int accept_type(const char *accept, const char *const *types, size_t n_types);
bool accept_gzip(const char *accept_encoding);
/* Weak comparison (RFC 9110 8.8.3.2) of a bare etag with If-None-Match. */
bool accept_etag_matches(const char *if_none_match, const char *etag);

/* ---- auth.c ---- */

enum auth { AUTH_FINE, AUTH_MISSING, AUTH_BAD };
/* "Bearer TOKEN" against the token, in a time that tells nothing about it. */
enum auth auth_check(const char *authorization, const char *token);

#endif
