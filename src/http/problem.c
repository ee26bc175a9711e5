/* SPDX-License-Identifier: ISC */
/* Problem documents (RFC 9457).  "instance" is the path as it was sent, which has printable ASCII or UTF-8 only. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static void
add_json_string(struct str *s, const char *text)
{
	struct str clean = STR_INIT;

	str_add_printable(&clean, text, strlen(text));
	str_addc(s, '"');
	for (const char *p = str_c(&clean); *p != '\0'; p++)
		if (*p == '"' || *p == '\\')
			str_addf(s, "\\%c", *p);
		else if (*p == '<' || *p == '>' || *p == '&')
			str_addf(s, "\\u%04x", (unsigned)*p);
		else
			str_addc(s, *p);
	str_addc(s, '"');
	str_done(&clean);
}

void
problem_text(struct str *s, unsigned status, const char *detail, const char *instance)
{
	str_add(s, "{\"type\":\"about:blank\",\"title\":");
	add_json_string(s, MHD_get_reason_phrase_for(status));
	str_addf(s, ",\"status\":%u", status);
	if (detail != NULL) {
		str_add(s, ",\"detail\":");
		add_json_string(s, detail);
	}
	if (instance != NULL) {
		str_add(s, ",\"instance\":");
		add_json_string(s, instance);
	}
	str_add(s, "}\n");
}

void
http_problem(struct http_request *r, unsigned status, const char *detail)
{
	const char *target = r->conn->target;
	size_t n = strcspn(target, "?");
	char *path = xstrndup(target, n);
	struct str s = STR_INIT;

	problem_text(&s, status, detail, n <= GUARD_PATH_MAX ? path : NULL);
	free(path);
	http_reply(r, status, "application/problem+json", &s, NULL);
}
