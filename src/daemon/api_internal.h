/* SPDX-License-Identifier: ISC */
/* What the files of the API share. */
#ifndef M365DNSD_DAEMON_API_INTERNAL_H
#define M365DNSD_DAEMON_API_INTERNAL_H

#include "api.h"

#define API_JSON "application/json"

typedef void api_handler(void *api, struct http_request *r);
api_handler api_root, api_list, api_status, api_history, api_fix, api_events, api_resolvers, api_metrics, api_put, api_delete;

/* ---- api.c ---- */

/* The domain of the path as lower-case A-labels; false: it is no name, and a problem was answered. */
bool api_name(struct http_request *r, char ret[DNS_NAME_TEXT_MAX]);
/* The same of one that is watched; NULL: a problem was answered. */
struct board_domain *api_domain(struct api *a, struct http_request *r, char ret_name[DNS_NAME_TEXT_MAX]);
/* A whole number of the query from lo to hi; the default when it is not given.  false: a problem was answered. */
bool api_number(struct http_request *r, const char *arg, int64_t lo, int64_t hi, int64_t *ret);
/* Headers of a page: all it runs, shows and asks is ours, and text never becomes markup. */
void api_page_headers(struct http_request *r);
/* {"domain":..., "revision":...} */
void api_reply_domain(struct api *a, struct http_request *r, unsigned status, const char *name);

/* ---- api_daemon.c: the daemon as the views see it ---- */

struct api_daemon {
	struct view_daemon d;
	struct view_store store;
	struct store_stats store_stats;
	struct view_http http;
	struct view_loop loop;
	struct view_process process;
	struct view_receiver *receivers;
	struct notify_stats *notify_stats;
};
void api_daemon_init(struct api_daemon *x, struct api *a);
void api_daemon_done(struct api_daemon *x);

#endif
