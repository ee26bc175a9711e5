/* SPDX-License-Identifier: ISC */
/*
 * fakenet: a small Internet on virtual time, behind a struct transport.
 *
 * It has zones on authoritative servers and recursive caches in front of them that keep positive and negative answers for as
 * long as a real cache would (RFC 2308), so that a scenario only says what the zone holds, and time does the rest.  Faults are
 * set per address.  Every query is counted.
 */
#ifndef M365DNSD_TESTS_FAKENET_H
#define M365DNSD_TESTS_FAKENET_H

#include <m365dnsd/resolver.h>

struct fakenet;

struct fakenet *fakenet_new(struct clock *clock);
/* The transport; prober_free frees it.  The net itself lives until fakenet_free. */
struct transport *fakenet_transport(struct fakenet *n);
void fakenet_free(struct fakenet *n);

/* An authoritative server of the zone at addr; a zone may have many, each with records of its own. */
void fakenet_serve(struct fakenet *n, const char *zone, const char *addr);
/* "owner ttl type rdata", owner relative to the zone or "@"; at one server, or with addr NULL at all servers of the zone. */
int fakenet_add(struct fakenet *n, const char *zone, const char *addr, const char *record, struct err *err);
/* Take away all records of owner and type ("*" = any type). */
void fakenet_del(struct fakenet *n, const char *zone, const char *addr, const char *owner, const char *type);

/* A recursive cache; `caches` of them behind the one address, taken in turn. */
void fakenet_cache(struct fakenet *n, const char *addr, unsigned caches);
/* Somebody else asks the cache (all of the caches behind the address) now. */
int fakenet_prime(struct fakenet *n, const char *addr, const char *name, const char *type, struct err *err);

/*
 * "ok", "silent", "network", "no-family", "servfail", "refused", "notimp", "formerr", "lame", "garbage", "truncated", "case",
 * "foreign", "filtered", "bogus", "tcp-only", "udp-only"; false when the word is none of them.
 */
bool fakenet_fault(struct fakenet *n, const char *addr, const char *fault);
void fakenet_delay(struct fakenet *n, const char *addr, int64_t ms);
/* From now on so many queries of a hundred get lost or meet one of the faults, and all come up to jitter_ms later. */
void fakenet_weather(struct fakenet *n, unsigned percent, unsigned jitter_ms);

/* Deliver what is due at the clock's time; the next time something is due (INT64_MAX = nothing). */
int64_t fakenet_run(struct fakenet *n);
/* Queries since the start or the last fakenet_forget_queries(); NULL = any. */
void fakenet_forget_queries(struct fakenet *n);
/* The last one as text; valid until the next call. */
const char *fakenet_last_query(const struct fakenet *n);
unsigned fakenet_queries(const struct fakenet *n, const char *addr, const char *name, const char *type);

#endif
