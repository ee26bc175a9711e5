/* SPDX-License-Identifier: ISC */
/*
 * serve_internal: the daemon's parts and who owns what.
 *
 *   serve.c        start, the loop's turns, stop
 *   serve_alive.c  health and watchdog
 *   serve_conf.c   the domains: those of the files, and those added by HTTP
 *   serve_reload.c another configuration, read on a thread of its own
 *   serve_listen.c where it listens, and whom it lets in
 *   serve_save.c   snapshots to the store, and back at the start
 *   serve_keep.c   what waits until it is kept
 *   serve_api.c    what the routes of api.c ask for
 *   announce.c     transitions to store, log, streams and receivers
 */
#ifndef M365DNSD_DAEMON_SERVE_INTERNAL_H
#define M365DNSD_DAEMON_SERVE_INTERNAL_H

#include <m365dnsd/http.h>
#include <m365dnsd/loop.h>
#include <m365dnsd/notify.h>
#include <m365dnsd/store.h>
#include <m365dnsd/transport.h>

#include "announce.h"
#include "api.h"
#include "journal.h"
#include "pipeline.h"
#include "policy.h"
#include "serve.h"
#include "systemd.h"

/* A domain added by PUT: its text is in the store, its configuration is its own. */
struct put_domain {
	char *name, *text;
	struct conf *conf;		/* holds this one domain */
};

/* Where it listens and whom it lets in.  A socket belongs to this list; of systemd's there is a copy. */
struct serve_listen {
	struct serve_socket {
		char *text;		/* as configured */
		int fd;
		bool is_new;		/* was not there before */
	} *list;
	size_t n;
	char *token;			/* NULL: none */
};

typedef void reload_done(void *ctx, bool ok, const char *words);

struct reload;
struct keeping;

struct serve {
	const struct options *o;
	struct systemd *sd;
	struct conf *conf;
	const struct conf_domain **conf_names;	/* its domains by name */
	struct catalog *catalog;
	struct put_domain *puts;
	size_t n_puts;

	struct loop *loop;
	struct store *store;		/* NULL: none is configured */
	struct loop_fd *store_fd;
	struct keeping *keeping;
	struct notify *notify;
	struct announce *announce;
	struct pipeline *pipeline;
	struct policies *policies;
	struct http *http;
	struct api api;
	struct journal *journal;
	struct serve_listen listen;

	struct loop_timer *due, *save, *pulse;
	bool woken;
	struct map *unsaved;		/* names of domains whose cells have changed */
	struct reload *reload;		/* one on its way */
	uint64_t heartbeat;		/* of the store, when last looked at */
	int64_t heartbeat_ms;
};

/* serve.c */
void serve_wake(void *ctx);		/* run the pipeline soon */

/* serve_alive.c */
/* The other threads make progress, and what is found can be kept; false with words. */
bool serve_healthy(struct serve *s, struct err *why);
void serve_pulse(void *ctx);		/* by a timer: status line and watchdog of systemd */

/* serve_api.c */
void serve_api_init(struct serve *s);
void serve_api_reloaded(struct serve *s, bool ok, const char *words);

/* serve_reload.c */
/* Read everything anew; done is called later, once, when the new configuration holds for every domain or has failed. */
void serve_reload(struct serve *s, reload_done *done, void *ctx);
/* A turn of the loop: a portion of the work. */
void serve_reload_turn(struct serve *s);
/* Domains cannot come or go while they follow another configuration: done is called when they can, perhaps at once. */
void serve_when_settled(struct serve *s, reload_done *done, void *ctx);
/* At the end: wait for the thread; and when the pipeline is gone, forget the configurations. */
void serve_reload_stop(struct serve *s);
void serve_reload_free(struct serve *s);

/* serve_listen.c */
int serve_listen_start(struct serve *s, struct err *err);
/* NULL in *ret: there is none.  May be called on any thread. */
int serve_listen_token(const struct conf *c, char **ret, struct err *err);
/* All that c asks for, with this token (taken over, also by a failure); -1 with words and nothing changed. */
int serve_listen_prepare(const struct serve *s, const struct conf *c, char *token, struct serve_listen *ret, struct err *err);
/* One of these two: from now on, or never mind. */
void serve_listen_apply(struct serve *s, const struct conf *c, struct serve_listen *l);
void serve_listen_undo(struct serve_listen *l);
void serve_listen_free(struct serve *s);

/* serve_conf.c */
/* The domains of a configuration by name, for the next. */
const struct conf_domain **serve_conf_names(const struct conf *c);
/* Every domain of the configuration and every one added by HTTP that no file has. */
struct pipeline_spec *serve_specs(const struct serve *s, const struct conf *c, const struct conf_domain **names, size_t *ret_n);
/* block: domain "name" { ... } */
enum api_outcome serve_put_domain(struct serve *s, const char *name, const char *block, struct err *err);
enum api_outcome serve_del_domain(struct serve *s, const char *name, struct err *err);
/* At the start: a domain that the store knows as put. */
void serve_put_loaded(struct serve *s, const char *name, const char *text);
void serve_puts_free(struct serve *s);
/* All problems on one line: for the log and for a problem document. */
void serve_problems_line(const struct conf_problems *problems, struct str *ret);

/* serve_keep.c */
void serve_keep_init(struct serve *s);
/* After a turn: what it has found goes to the store, and is told when it is kept. */
void serve_keep_news(struct serve *s);
/* The mark that what is being put now will have. */
uint64_t serve_keep_mark(const struct serve *s);
void serve_keep_health(struct serve *s, enum store_health health);
/* Now and then: a disk that hangs tells nothing. */
void serve_keep_look(struct serve *s);
/* done is called later, once: when all that was put into the store is durable, or with false when that takes too long. */
void serve_when_kept(struct serve *s, void (*done)(void *ctx, bool kept), void *ctx);
/* Whoever waits hears false. */
void serve_keep_free(struct serve *s);

/* serve_save.c */
int serve_load(struct serve *s, struct err *err);
/* The domain's cells have changed: write it within a few seconds. */
void serve_save_later(struct serve *s, const char *domain);
enum save { SAVE_COMMON, SAVE_URGENT, SAVE_EXACT };	/* SAVE_EXACT: the program ends */
void serve_save_now(struct serve *s, const char *domain, enum save how);
bool serve_save_some(struct serve *s);		/* true: there are more */
/* At the end: everything, as it is. */
void serve_save_all(struct serve *s);

#endif
