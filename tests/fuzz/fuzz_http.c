/* SPDX-License-Identifier: ISC */
/*
 * A request as it might come: "METHOD TARGET VERSION" and header lines.  What the guard lets through has one reading only: one
 * Host that is ours, a plain path, one length or none.
 */
#include <stdlib.h>
#include <string.h>

#include "src/http/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* The next line without its end; NULL at the end of the text. */
static char *
next_line(char **pos)
{
	char *line = *pos, *end;

	if (line == NULL)
		return NULL;
	end = strchr(line, '\n');
	*pos = end != NULL ? end + 1 : NULL;
	if (end != NULL)
		*(end > line && end[-1] == '\r' ? end - 1 : end) = '\0';
	return line;
}

/* Word by word, as libmicrohttpd does: the target may hold blanks. */
static void
split_first(char *line, struct guard_head *head)
{
	char *sp = strchr(line, ' '), *last = strrchr(line, ' ');

	head->method = line;
	head->target = head->version = "";
	if (sp == NULL)
		return;
	*sp = '\0';
	head->target = sp + 1;
	if (last > sp) {
		*last = '\0';
		head->version = last + 1;
	}
}

static void
check_target(const char *text)
{
	struct target t;
	const char *param = NULL;

	if (!target_parse(&t, text))
		return;
	must(t.n_segments > 0);
	for (size_t i = 0; i < t.n_segments; i++)
		for (const char *p = t.segments[i]; *p != '\0'; p++)
			must((unsigned char)*p >= ' ' && *p != 127);
	for (size_t i = 0; i < t.n_args; i++)
		must(target_arg(&t, t.args[i].name) != NULL);
	if (target_match(&t, "/status/{domain}", &param))
		must(t.n_segments == 2 && param == t.segments[1] && *param != '\0');
	target_match(&t, "/", &param);
	target_done(&t);
}

static void
check_words(const char *value)
{
	static const char *const types[] = { "application/json", "text/plain", "text/html" };
	int best = accept_type(value, types, ARRAY_LEN(types));
	struct guard_host h;

	must(best >= -1 && best < (int)ARRAY_LEN(types));
	accept_gzip(value);
	accept_etag_matches(value, "412");
	must(auth_check(value, "secret") != AUTH_FINE || strlen(value) >= 13);
	if (guard_host_parse(&h, value))
		must((h.name[0] == '\0') == (h.addr.family != 0) && strlen(h.name) < sizeof(h.name));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = { "status.example.net" };
	struct guard_site site = { .hosts = hosts, .n_hosts = 1 };
	struct guard_head head = { .bytes = size };
	struct guard_field fields[GUARD_FIELDS_MAX + 1];
	struct guard_verdict v;
	char *text = xstrndup((const char *)data, size), *pos = text, *line;
	size_t hosts_seen = 0, lengths = 0;

	must(addr_parse(&site.local, "127.0.0.1:8365", 0));
	split_first(next_line(&pos), &head);
	head.fields = fields;
	while ((line = next_line(&pos)) != NULL && *line != '\0' && head.n_fields < ARRAY_LEN(fields)) {
		size_t n = strcspn(line, ":");
		char *value = line[n] == ':' ? line + n + 1 + strspn(line + n + 1, " \t") : line + n;

		line[n] = '\0';
		fields[head.n_fields++] = (struct guard_field){ line, value, n, strlen(value) };
		hosts_seen += str_ieq(line, "Host");
		lengths += str_ieq(line, "Content-Length");
		check_words(value);
	}
	guard_check(&head, &site, &v);
	must((v.status == 0) == (v.detail == NULL) && v.status < 600);
	if (v.status == 0) {
		must(hosts_seen <= 1 && lengths <= 1 && guard_field(&head, "Transfer-Encoding") == NULL);
		must(v.body_len <= GUARD_BODY_MAX && head.n_fields <= GUARD_FIELDS_MAX);
		must(head.target[0] == '/' || strcmp(head.target, "*") == 0);
	}
	check_target(head.target);
	free(text);
	return 0;
}
