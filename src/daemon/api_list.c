/* SPDX-License-Identifier: ISC */
/*
 * GET /status: the domains by name, page by page.  The cursor is the last name of the page before, so a page begins where it
 * has to whatever came and went meanwhile.
 */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "api_internal.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000

struct filter {
	const char *state_word, *q_word;	/* as given; NULL = all */
	int state;				/* -1 = all */
	char q[DNS_NAME_TEXT_MAX];		/* lower case; "" = all */
	const char *cursor;			/* NULL = from the start */
	int64_t limit;
};

static bool
parse_filter(struct http_request *r, struct filter *f)
{
	*f = (struct filter){ .state = -1, .limit = PAGE_DEFAULT };
	f->state_word = http_query(r, "state");
	f->q_word = http_query(r, "q");
	f->cursor = http_query(r, "cursor");
	if (f->state_word != NULL && *f->state_word == '\0')
		f->state_word = NULL;
	if (f->state_word != NULL && !name_find(&domain_state_names, f->state_word, &f->state)) {
		http_problem(r, 400, "state: pending, unknown, unpublished, published, complete or regressed is wanted.");
		return false;
	}
	for (size_t i = 0; f->q_word != NULL && f->q_word[i] != '\0' && i < sizeof(f->q) - 1; i++)
		f->q[i] = ascii_lower(f->q_word[i]);
	return api_number(r, "limit", 1, PAGE_MAX, &f->limit);
}

/* What was typed may be in either form of the name. */
static bool
name_matches(const char *name, const char *q)
{
	struct dns_name n;
	struct str unicode = STR_INIT;
	bool ret = strstr(name, q) != NULL;

	if (!ret && strstr(name, "xn--") != NULL && dns_name_parse(&n, name, NULL) == 0 && dns_name_to_unicode(&n, &unicode))
		ret = strstr(str_c(&unicode), q) != NULL;
	str_done(&unicode);
	return ret;
}

static bool
matches(const struct filter *f, const struct board_domain *d)
{
	if (f->state != -1 && (int)board_told_state(d) != f->state)
		return false;
	return f->q[0] == '\0' || name_matches(plan_domain(board_plan(d)), f->q);
}

/* One walk over all of them: the total is asked for as well. */
static void
collect(struct board *b, const struct filter *f, struct board_summary *page, struct view_list *ret)
{
	const char *name = NULL;
	bool all = f->state == -1 && f->q[0] == '\0';
	struct board_domain *d;

	*ret = (struct view_list){ .domains = page, .state = f->state_word, .q = f->q_word };
	if (all) {			/* nothing to count: start at the page */
		ret->total = board_count(b);
		name = f->cursor;
	}
	for (; (d = board_next(b, name)) != NULL; name = plan_domain(board_plan(d))) {
		if (!all && !matches(f, d))
			continue;
		ret->total += !all;
		if (f->cursor != NULL && strcmp(plan_domain(board_plan(d)), f->cursor) <= 0)
			continue;
		if ((int64_t)ret->n_domains < f->limit)
			board_summary(d, &page[ret->n_domains++]);
		else {
			ret->next = page[ret->n_domains - 1].domain;
			if (all)
				break;
		}
	}
}

static void
answer(struct api *a, struct http_request *r, bool html)
{
	struct filter f;
	struct view_list l;
	struct api_daemon daemon;
	struct board_summary *page;
	struct str out = STR_INIT;

	if (!parse_filter(r, &f))
		return;
	page = xcalloc((size_t)f.limit, sizeof(*page));
	collect(pipeline_board(a->pipeline), &f, page, &l);
	api_daemon_init(&daemon, a);
	l.daemon = &daemon.d;
	if (html) {
		api_page_headers(r);
		view_list_html(&l, &out);
	} else
		view_list_json(&l, &out);
	http_reply(r, 200, html ? view_page_format.content_type : API_JSON, &out, NULL);
	api_daemon_done(&daemon);
	free(page);
}

void
api_root(void *api, struct http_request *r)
{
	answer(api, r, true);
}

void
api_list(void *api, struct http_request *r)
{
	static const char *const types[] = { "application/json", "text/html" };
	const char *format = http_query(r, "format");
	int type;

	if (format == NULL) {
		http_reply_header(r, "Vary", "Accept");
		type = http_accept(r, types, ARRAY_LEN(types));
	} else
		type = strcmp(format, "json") == 0 ? 0 : strcmp(format, "html") == 0 ? 1 : -1;
	if (type == -1)
		http_problem(r, format == NULL ? 406 : 400, "The list comes as json or html.");
	else
		answer(api, r, type == 1);
}
