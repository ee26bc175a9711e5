/* SPDX-License-Identifier: ISC */
/*
 * notifylab: one receiver, "ops", a little HTTP server on the same loop, and what has been settled, for tests of notify.  Nothing
 * sleeps: every wait is for an event, and one timer ends a test that would hang.
 */
#ifndef M365DNSD_TESTS_NOTIFYLAB_H
#define M365DNSD_TESTS_NOTIFYLAB_H

#include <m365dnsd/notify.h>

/* Of every transition told; BODY is its JSON but for the closing brace. */
#define REVISION 412
#define AT       INT64_C(1795256430000)
#define BODY(id, domain, record, event)                                                                                \
	"{\"id\":" id ",\"revision\":412,\"at\":\"2026-11-21T10:20:30Z\",\"domain\":\"" domain "\",\"record\":" record         \
	",\"source\":null,\"from\":\"published\",\"to\":\"regressed\",\"event\":\"" event "\",\"detail\":null"

/* ---- the server ---- */

struct request {
	char text[8192];
	size_t len;
	int64_t at_ms;
};
struct connection {
	struct loop_fd *watch;		/* NULL: free */
	struct request *request;
	int fd;
};
extern struct hook_server {
	int fd;
	unsigned port;
	struct loop_fd *watch;
	struct connection connections[16];
	struct request requests[64];
	size_t n_requests, n_finished, n_open, most_open;
	const char *script;		/* what it answers, a word a request: "500 200"; the last one goes on for ever */
	const char *bad_domain;		/* gets 500 whatever the script says */
	size_t stop_at;			/* stop the loop after so many whole requests; 0 = never */
} server;
void hook_server_reply(struct connection *c, const char *word);
void hook_server_drop(struct connection *c);
const char *hook_server_body(size_t request);

/* ---- the fixture ---- */

extern struct loop *loop;
extern struct notify *notify;
extern struct str settled;		/* "ops+17 ops-18 opsx19": delivered, given up, dropped */
extern struct str logged;
extern size_t n_settled;
extern bool stop_at_log;		/* stop the loop with the next line of the log */
extern void (*when_settled)(uint64_t id);	/* called last; NULL = nothing */
extern char dir[64];			/* for files; removed afterwards */

void setup(void);
void teardown(void);
/* Retries after 20 ms, doubling to 50 ms, unless cfg says otherwise. */
void begin(struct notify_config cfg);
char *url_of(const char *path);
/* The receiver is reached by one of them from now on, and wants to hear of "complete" and "regressed". */
void receive_by(const char *url, const char *command);
struct transition transition_of(const char *domain, const char *record, enum event event);
void tell(uint64_t id, const char *domain, const char *record, enum event event);
void run_until_settled(size_t n);
void run_until_requests(size_t n);
struct notify_stats stats(void);

#endif
