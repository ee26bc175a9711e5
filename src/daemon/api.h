/* SPDX-License-Identifier: ISC */
/*
 * api: what HTTP gives (etc/openapi.json), on top of the room http.  The daemon fills in a struct api and keeps it up to
 * date; the routes are a table.  Nothing here waits: what the store reads comes later, what is long comes in pieces.
 *
 *	http_new(loop, &cfg, api_routes, &api, &err)
 *
 * The daemon tells news itself: http_wake(http, domain), and api_event() for transitions.
 */
#ifndef M365DNSD_DAEMON_API_H
#define M365DNSD_DAEMON_API_H

#include <m365dnsd/http.h>
#include <m365dnsd/notify.h>
#include <m365dnsd/store.h>
#include <m365dnsd/view.h>

#include "pipeline.h"

enum api_outcome {
	API_DONE,		/* changed, or removed */
	API_CREATED,
	API_UNKNOWN,		/* there is no such domain */
	API_INVALID,		/* what was asked for makes no sense; err says why */
	API_CONFLICT,		/* it stands in a file, where it has to be changed; err says where */
	API_FAILED		/* it cannot be kept now; err says why */
};

/* A document rendered a moment ago: many who look at the same domain cost one rendering a second. */
struct api_document {
	struct api_document_key {
		const char *domain;
		const struct view_format *format;
		int until;
		bool verbose;
		uint64_t revision;
		int64_t checked_unix_ms, second;
	} key;
	char *domain;			/* of the key; NULL = free */
	char *etag;
	struct http_body *body;
	bool reached;
};
#define API_DOCUMENTS 8

struct api_replay;

struct api {
	const struct clock *clock;
	struct loop *loop;			/* NULL: its times are not told */
	struct http *http;
	struct pipeline *pipeline;
	struct store *store;			/* NULL: none */
	struct notify *notify;			/* NULL: none */
	const struct conf *conf;		/* the running one */
	int64_t started_unix_ms;
	bool ready;
	bool reload_ok;				/* of the last reading of the configuration */
	char reload_problem[512];		/* "" = none */
	int64_t reload_ok_unix_ms;
	uint64_t transitions[EVENT_CHANGED + 1];	/* counted by the daemon */
	struct api_document documents[API_DOCUMENTS];
	size_t next_document;
	struct api_replay *replays;		/* streams that are told first what they have missed */
	/* what only the daemon can do */
	void *ctx;
	/* Does everything that may hang make progress, and can what is found be kept?  false with words. */
	bool (*healthy)(void *ctx, struct err *why);
	/* Read the configuration again; done is called later, once: words say what is running now, or why the old one stays. */
	void (*reload)(void *ctx, void (*done)(void *done_ctx, bool ok, const char *words), void *done_ctx);
	/* done is called when domains can come and go, perhaps at once: not while they follow another configuration. */
	void (*when_settled)(void *ctx, void (*done)(void *done_ctx, bool ok, const char *words), void *done_ctx);
	/* Then.  name: lower-case A-labels; block: `domain "name" { ... }`, checked, for conf_parse() and the store. */
	enum api_outcome (*put_domain)(void *ctx, const char *name, const char *block, struct err *err);
	enum api_outcome (*del_domain)(void *ctx, const char *name, struct err *err);
	/* done is called later, once: these changes are durable, or (kept false) the disk has not taken them so far. */
	void (*when_kept)(void *ctx, void (*done)(void *done_ctx, bool kept), void *done_ctx);
};

/* For http_new(), with the struct api as ctx. */
extern const struct http_route api_routes[];
/* Forget the documents. */
void api_done(struct api *a);
/* Tell a committed transition to the event streams, and wake who waits for the domain.  last: of those with its revision. */
void api_event(struct api *a, uint64_t id, const struct transition *t, bool last);
/* The numbers of this process, from /proc. */
void api_process(struct view_process *ret);

#endif
