/* SPDX-License-Identifier: ISC */
/* notify, inside: messages, and the two ways to deliver one. */
#ifndef M365DNSD_NOTIFY_INTERNAL_H
#define M365DNSD_NOTIFY_INTERNAL_H

#include <m365dnsd/notify.h>

/* ---- message.c: what is told to one receiver at once ---- */

struct message {
	uint64_t id;
	struct transition t;		/* its strings are in text */
	char *text;
	struct message *riders;		/* records' transitions that ride along with their domain's, in order of telling */
	int64_t give_up_ms;		/* monotonic */
	unsigned failures;
	struct message *next;		/* in the queue, or of the riders */
};

struct message *message_new(uint64_t id, const struct transition *t);
void message_free(struct message *m);
/* May record's transition ride along with domain's?  And the deed: record belongs to domain then. */
bool message_fits(const struct message *domain, const struct message *record);
void message_fold(struct message *domain, struct message *record);
/* One JSON document without a newline. */
void message_json(const struct message *m, struct str *ret);

/* ---- deliveries: begun once, ended once ---- */

/*
 * The end of one: words NULL = delivered, otherwise why not (bytes of strangers in it are printable); no sooner than wait_ms
 * again.  Never called from within *_start, and not after *_cancel.
 */
typedef void delivery_done(void *ctx, const char *words, int64_t wait_ms);

/* post.c: HTTP through libcurl (multi.c) */
struct poster;
struct post;
/* NULL with words when libcurl cannot be had. */
struct poster *poster_new(struct loop *l, const struct notify_config *cfg, struct err *err);
void poster_free(struct poster *p);		/* after all its posts are over or cancelled */
struct post *post_start(struct poster *p, const char *url, const struct message *m, delivery_done *f, void *ctx,
    struct err *err);
void post_cancel(struct post *post);

/* command.c: a program of the administrator's */
struct command;
struct command *command_start(struct loop *l, const char *path, const struct message *m, int64_t timeout_ms, delivery_done *f,
    void *ctx, struct err *err);
/* Kills it, and waits for its end for a moment. */
void command_cancel(struct command *c);

/* ---- receiver.c: one `notify` block, what waits for it, and when it is tried ---- */

struct receiver;
struct notify {
	struct loop *loop;
	struct notify_config cfg;	/* without zeros */
	struct receiver **receivers;	/* those of the configuration, then those that leave */
	size_t n_receivers, n_leaving;
	struct poster *poster;		/* NULL until a url wants it, or when libcurl cannot be had */
	struct loop_timer *timer;
	bool pump_waits;
	const char **names;		/* what notify_wanting() returned */
};
/* Look, after the current callbacks, who can be told something. */
void notify_pump_soon(struct notify *n);

struct receiver *receiver_new(struct notify *n, const struct conf_notify *conf);
/* The block has been read again. */
void receiver_set(struct receiver *r, const struct conf_notify *conf);
const char *receiver_name(const struct receiver *r);
bool receiver_wants(const struct receiver *r, enum event e);
void receiver_tell(struct receiver *r, struct message *m);
/* Start what is due and may; returns when to look again, monotonic ms (INT64_MAX: when something has happened). */
int64_t receiver_pump(struct receiver *r, int64_t now);
/* It has left the configuration: drop what waits; what is on its way may end. */
void receiver_leave(struct receiver *r);
bool receiver_idle(const struct receiver *r);
void receiver_get_stats(const struct receiver *r, struct notify_stats *ret);
void receiver_free(struct receiver *r);

#endif
