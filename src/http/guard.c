/* SPDX-License-Identifier: ISC */
/*
 * What libmicrohttpd lets through and we do not (RFC 9112 section 11.2, request smuggling; DNS rebinding; sizes).
 *
 * It accepts two Host or two Content-Length headers, Content-Length beside Transfer-Encoding (and then takes the body for
 * a second request), any method token, absolute targets and blanks in field names.  Somebody in front of us may read such a
 * request otherwise than we do, so it is refused and the connection closed: nobody knows where the next one begins.
 *
 * The checks are a table; the first that objects decides.
 */
#include <string.h>

#include "guard.h"

enum { BODYLESS, WITH_BODY };
static const struct name_row body_rows[] = {
	{ BODYLESS, "GET" }, { BODYLESS, "HEAD" }, { BODYLESS, "DELETE" }, { BODYLESS, "OPTIONS" },
	{ WITH_BODY, "POST" }, { WITH_BODY, "PUT" },
};

static bool
is_method(const struct guard_head *head, const char *method)
{
	return strcmp(head->method, method) == 0;
}

/* Methods are case-sensitive (RFC 9110 9.1).  One we do not know may have a body: it is answered 405 or 501 all the same. */
static bool
may_have_body(const struct guard_head *head)
{
	for (size_t i = 0; i < ARRAY_LEN(body_rows); i++)
		if (is_method(head, body_rows[i].name))
			return body_rows[i].id == WITH_BODY;
	return true;
}

static size_t
field_count(const struct guard_head *head, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < head->n_fields; i++)
		n += str_ieq(head->fields[i].name, name);
	return n;
}

const char *
guard_field(const struct guard_head *head, const char *name)
{
	for (size_t i = 0; i < head->n_fields; i++)
		if (str_ieq(head->fields[i].name, name))
			return head->fields[i].value;
	return NULL;
}

/* ---- the checks: false = refuse ---- */

typedef bool check_fn(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v);

static bool
is_token(const char *s, size_t n)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < n; i++) {
		char c = ascii_lower(s[i]);

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c != '\0' && strchr(others, c) != NULL)))
			return false;
	}
	return n > 0;
}

static bool
method_token(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	(void)site;
	(void)v;
	/* Refused as 405 or 501 where routes are known: only what could not stand in a request line is refused here. */
	for (const char *p = head->method; *p != '\0'; p++)
		if (*p <= ' ' || *p == 127)
			return false;
	return head->method[0] != '\0' && strlen(head->method) <= 32;
}

static bool
headers_small(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	(void)site;
	(void)v;
	return head->bytes <= GUARD_HEADERS_MAX && head->n_fields <= GUARD_FIELDS_MAX;
}

static bool
fields_clean(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	(void)site;
	(void)v;
	for (size_t i = 0; i < head->n_fields; i++) {
		const struct guard_field *f = &head->fields[i];

		if (!is_token(f->name, f->name_len) || strlen(f->value) != f->value_len || strpbrk(f->value, "\r\n") != NULL)
			return false;
	}
	return true;
}

static bool
no_transfer_encoding(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	(void)site;
	(void)v;
	return field_count(head, "Transfer-Encoding") == 0;
}

/* Digits only: "5, 5", "+5" and "0x5" are read in as many ways as there are servers. */
static bool
length_clear(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	const char *s = guard_field(head, "Content-Length");
	uint64_t n = 0;

	(void)site;
	if (s == NULL)
		return true;
	if (field_count(head, "Content-Length") != 1 || *s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || n > UINT64_MAX / 10 - 1)
			return false;
		n = n * 10 + (uint64_t)(*s - '0');
	}
	v->body_len = n;
	return true;
}

static bool
one_host(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	(void)site;
	(void)v;
	/* HTTP/1.0 knows no Host; no browser speaks it, so rebinding is no matter there. */
	return field_count(head, "Host") == 1 || (field_count(head, "Host") == 0 && strcmp(head->version, "HTTP/1.0") == 0);
}

static bool
singletons(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	static const char *const names[] = { "Authorization", "Content-Type", "Origin", "Expect" };

	(void)site;
	(void)v;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (field_count(head, names[i]) > 1)
			return false;
	return true;
}

static bool
body_allowed(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	(void)site;
	return v->body_len == 0 || may_have_body(head);
}

static bool
body_small(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	(void)head;
	(void)site;
	return v->body_len <= GUARD_BODY_MAX;
}

static bool
body_plain(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	const char *coding = guard_field(head, "Content-Encoding");

	(void)site;
	(void)v;
	return coding == NULL || str_ieq(coding, "identity");
}

static bool
expectation(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	const char *expect = guard_field(head, "Expect");

	(void)site;
	v->expects = expect != NULL;
	return expect == NULL || str_ieq(expect, "100-continue");
}

/* "/..." (origin-form), or "*" of OPTIONS; not "http://host/..." nor "host:port". */
static bool
origin_form(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	(void)site;
	(void)v;
	return head->target[0] == '/' || (strcmp(head->target, "*") == 0 && is_method(head, "OPTIONS"));
}

static bool
target_small(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	size_t path = strcspn(head->target, "?"), all = strlen(head->target);

	(void)site;
	(void)v;
	return path <= GUARD_PATH_MAX && all - path <= GUARD_QUERY_MAX;
}

/* A raw NUL only shortens the target before we see it, and routes match exactly: harmless. */
static bool
target_clean(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	(void)site;
	(void)v;
	for (const char *p = head->target; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 127 || *p == '#')
			return false;
	return strstr(head->target, "%00") == NULL;
}

static bool
host_readable(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	const char *host = guard_field(head, "Host");
	struct guard_host h;

	(void)site;
	(void)v;
	return host == NULL || guard_host_parse(&h, host);
}

static bool
host_ours(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	const char *host = guard_field(head, "Host");
	struct guard_host h;

	(void)v;
	return host == NULL || (guard_host_parse(&h, host) && guard_host_ours(&h, site));
}

/* What changes something may be sent by a page of ours only; tools send no Origin. */
static bool
origin_ours(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *v)
{
	const char *origin = guard_field(head, "Origin");

	(void)v;
	if (origin == NULL || is_method(head, "GET") || is_method(head, "HEAD") || is_method(head, "OPTIONS"))
		return true;
	return guard_origin_ours(origin, site);
}

static const struct {
	check_fn *fine;
	unsigned status;
	bool close;
	const char *detail;
} checks[] = {
	{ method_token,		400, true,  "The method is none." },
	{ headers_small,	431, true,  "The headers are longer than 16 kB or more than 100." },
	{ fields_clean,		400, true,  "A header field is malformed." },
	{ no_transfer_encoding,	400, true,  "Transfer-Encoding is not accepted; give Content-Length." },
	{ length_clear,		400, true,  "Content-Length is given twice or is no number." },
	{ one_host,		400, true,  "Exactly one Host header is needed." },
	{ singletons,		400, true,  "A header field that may stand once is given twice." },
	{ target_small,		414, true,  "The path or the query is longer than 1024 bytes." },
	{ origin_form,		400, true,  "The request target has to be a path." },
	{ target_clean,		400, true,  "The request target holds a character that may not stand there." },
	{ host_readable,	400, true,  "The Host header is malformed." },
	{ body_allowed,		400, true,  "This method takes no body." },
	{ expectation,		417, true,  "Expect: 100-continue is the only expectation met here." },
	{ host_ours,		421, false, "The Host header names another server; the configuration key \"hosts\" adds names." },
	{ origin_ours,		403, false, "The Origin header names another site." },
	{ body_small,		413, false, "The body is longer than 64 kB." },
	{ body_plain,		415, false, "The body may not have a Content-Encoding." },
};

void
guard_check(const struct guard_head *head, const struct guard_site *site, struct guard_verdict *ret)
{
	*ret = (struct guard_verdict){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(checks) && ret->status == 0; i++)
		if (!checks[i].fine(head, site, ret)) {
			ret->status = checks[i].status;
			ret->close = checks[i].close;
			ret->detail = checks[i].detail;
		}
}
