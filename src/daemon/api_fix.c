/* SPDX-License-Identifier: ISC */
/* GET /fix/{domain}: what to change in the zone, as of the last answers. */
#include "api.h"

#include <stdio.h>

#include "api_internal.h"

void
api_fix(void *api, struct http_request *r)
{
	char name[DNS_NAME_TEXT_MAX], etag[32], why[160];
	const char *word = http_query(r, "format");
	const struct view_fix_format *format = view_fix_format_find(word != NULL ? word : "text");
	struct board_domain *d = api_domain(api, r, name);
	struct str out = STR_INIT;
	struct arena *arena;

	if (d == NULL)
		return;
	if (format == NULL) {
		snprintf(why, sizeof(why), "There is no such format of a fix; there are %s.", view_fix_format_names(&out));
		str_done(&out);
		http_problem(r, 404, why);	/* a fix in that form is not there: the contract says so */
		return;
	}
	arena = arena_new();
	format->render(board_fix(d, false, arena), &out);
	arena_free(arena);
	if (out.len == 0) {
		str_done(&out);
		http_reply(r, 204, NULL, NULL, NULL);	/* the form has no words for "nothing to change" */
		return;
	}
	/* the zone may change without the revision, where the change is about nothing that is judged: so by content */
	snprintf(etag, sizeof(etag), "fix-%016llx", (unsigned long long)hash_stable(str_c(&out), out.len));
	http_reply(r, 200, format->content_type, &out, etag);
}
