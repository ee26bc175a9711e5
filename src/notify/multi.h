/* SPDX-License-Identifier: ISC */
/*
 * multi: libcurl's multi interface on our loop: it says which descriptors and which time it waits for, we say when they come.
 * Its callbacks only set watches; curl is never called from one.
 */
#ifndef M365DNSD_NOTIFY_MULTI_H
#define M365DNSD_NOTIFY_MULTI_H

#include <curl/curl.h>

#include <m365dnsd/loop.h>

struct multi;
/* One exchange; embedded in what it belongs to. */
struct transfer {
	struct multi *multi;
	CURL *easy;
	char problem[CURL_ERROR_SIZE];
	size_t n_header;		/* octets of header lines so far, those of interim replies too */
	void (*done)(struct transfer *t, CURLcode result);	/* may end t; never called from within transfer_start */
};

/* NULL with words when libcurl cannot be had.  idle_max: connections kept for the next time. */
struct multi *multi_new(struct loop *l, long idle_max, struct err *err);
void multi_free(struct multi *m);			/* after all its transfers have ended */

#define TRANSFER_HEADER_MAX 65536
/*
 * Get a handle to url with what holds for every exchange of ours: no other protocols than these, no redirects, no proxy of the
 * environment, TLS 1.2 or later, no signals, no waiting for a name look-up that hangs (its thread is left alone), and no more
 * than TRANSFER_HEADER_MAX octets of header lines, for libcurl keeps them all.
 */
int transfer_init(struct transfer *t, struct multi *m, const char *url, const char *protocols, struct err *err);
void transfer_limits(struct transfer *t, int64_t connect_ms, int64_t total_ms);
/* Begins with the next turn of the loop. */
void transfer_start(struct transfer *t);
/* Also in the middle; nothing for one that has no handle. */
void transfer_end(struct transfer *t);
/* It was ended because of its header. */
bool transfer_flooded(const struct transfer *t);
/* What went wrong, printable; a redirect with where it leads. */
void transfer_words(const struct transfer *t, CURLcode result, struct str *ret);

#endif
