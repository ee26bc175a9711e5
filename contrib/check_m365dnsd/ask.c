/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "build_info.h"
#include "plugin.h"

#define DOCUMENT_MAX (16 << 20)
#define TOKEN_MAX    4096

/* Is host "::1", an address without brackets?  Then its colons are no port's. */
static void
add_base(struct str *url, const struct options *o)
{
	const char *host = o->host, *colon = strchr(host, ':'), *bracket = strchr(host, ']');

	if (strstr(host, "://") != NULL) {
		str_addn(url, host, strlen(host) - (host[strlen(host) - 1] == '/'));
		return;
	}
	str_add(url, "http://");
	if (*host == '/')
		str_add(url, "localhost");		/* a socket */
	else if (colon != NULL && bracket == NULL && strchr(colon + 1, ':') != NULL)
		str_addf(url, "[%s]:%s", host, o->port);
	else if (bracket != NULL ? bracket[1] == ':' : colon != NULL)
		str_add(url, host);
	else
		str_addf(url, "%s:%s", host, o->port);
}

static char *
token_read(const char *file)
{
	char line[TOKEN_MAX];
	FILE *f = fopen(file, "re");

	if (f == NULL || fgets(line, sizeof(line), f) == NULL)
		unknown("%s: %s", file, errno != 0 ? strerror(errno) : "is empty");
	fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	return xasprintf("Authorization: Bearer %s", line);
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct str *body = ctx;

	(void)size;		/* always 1 */
	if (body->len + n > DOCUMENT_MAX)
		return CURL_WRITEFUNC_ERROR;
	str_addn(body, bytes, n);
	return n;
}

/* What the daemon says why not: the detail of an RFC 9457 document. */
static void NORETURN
refused(long status, const struct str *body)
{
	json_t *problem = json_loadb(str_c(body), body->len, 0, NULL);
	const char *detail = json_string_value(json_object_get(problem, "detail"));

	unknown("the daemon says HTTP %ld%s%s", status, detail != NULL ? ": " : "", detail != NULL ? detail : "");
}

static void
set_request(CURL *e, const struct options *o, struct str *url, struct str *body, char *problem)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	char *domain = curl_easy_escape(e, o->domain, 0);

	add_base(url, o);
	str_addf(url, "/status/%s?format=json", domain);
	curl_free(domain);
	if (o->token_file != NULL)
		headers = curl_slist_append(headers, token_read(o->token_file));
	if (*o->host == '/')
		curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, o->host);
	curl_easy_setopt(e, CURLOPT_URL, str_c(url));
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "check_m365dnsd/" M365DNSD_VERSION);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(o->timeout_s * 1000 - 100));
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, problem);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, body);
}

void
ask(const struct options *o, struct reply *ret)
{
	CURL *e = curl_easy_init();
	char problem[CURL_ERROR_SIZE] = "";
	struct str body = STR_INIT;
	struct curl_header *date;
	CURLcode rc;
	long status = 0;

	if (e == NULL)
		unknown("libcurl cannot be started");
	set_request(e, o, &ret->url, &body, problem);
	rc = curl_easy_perform(e);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		unknown("no answer from %s within %lld s", o->host, (long long)o->timeout_s);
	if (rc != CURLE_OK)
		unknown("%s", problem[0] != '\0' ? problem : curl_easy_strerror(rc));
	curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(e, CURLINFO_TOTAL_TIME, &ret->took_s);
	if (status != 200)
		refused(status, &body);
	ret->now = time(NULL);
	if (curl_easy_header(e, "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK && curl_getdate(date->value, NULL) > 0)
		ret->now = curl_getdate(date->value, NULL);
	ret->doc = json_loadb(str_c(&body), body.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(ret->doc))
		unknown("what %s answers is no status document", o->host);
	curl_easy_cleanup(e);
	str_done(&body);
}
