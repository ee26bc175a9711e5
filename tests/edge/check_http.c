/* SPDX-License-Identifier: ISC */
/* One request, one reply: the matrix of what may be asked and what is answered, over real sockets. */
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zlib.h>

#include <m365dnsd/http.h>

#include "tests/lib/webclient.h"

static struct web web;
static struct err err;

/* ---- routes of the test ---- */

static void
count(void *ctx)
{
	((struct web *)ctx)->handled++;
}

static void
text(struct http_request *r, const char *what)
{
	struct str s = STR_INIT;

	str_add(&s, what);
	http_reply(r, 200, "text/plain; charset=utf-8", &s, NULL);
}

static void
on_root(void *ctx, struct http_request *r)
{
	count(ctx);
	http_reply_header(r, "Content-Security-Policy", "default-src 'none'; script-src 'self'");
	text(r, "root\n");
}

/* "param|q=.." so that the test sees what was decoded. */
static void
on_echo(void *ctx, struct http_request *r)
{
	const char *q = http_query(r, "q"), *agent = http_header(r, "user-agent");
	struct str s = STR_INIT;

	count(ctx);
	str_addf(&s, "<%s><%s><%s>", http_param(r), q != NULL ? q : "-", agent != NULL ? agent : "-");
	http_reply(r, 200, "text/plain; charset=utf-8", &s, "412");
}

static void
on_put(void *ctx, struct http_request *r)
{
	struct str s = STR_INIT;
	size_t len;
	const char *body = http_body(r, &len);

	count(ctx);
	str_addf(&s, "%zu:", len);
	str_addn(&s, body, len < 20 ? len : 20);
	http_reply(r, http_method(r) == HTTP_DELETE ? 200 : 201, "text/plain", &s, NULL);
}

static void
on_json(void *ctx, struct http_request *r)
{
	static const char *const types[] = { "application/json", "text/plain", "text/html" };
	int type = http_accept(r, types, ARRAY_LEN(types));
	struct str s = STR_INIT;

	count(ctx);
	http_reply_header(r, "Vary", "Accept");
	if (type == -1) {
		http_problem(r, 406, NULL);
		return;
	}
	for (int i = 0; i < 400; i++)
		str_addf(&s, "{\"line\":%d}\n", i);
	http_reply(r, 200, types[type], &s, "9");
}

/* One body for all replies; "?x=" adds a header, "?etag=" gives it a name, "?status=" a status, "?new" makes it another. */
static struct http_body *shared;

static void
on_shared(void *ctx, struct http_request *r)
{
	const char *x = http_query(r, "x"), *status = http_query(r, "status");
	struct str s = STR_INIT;

	count(ctx);
	if (shared == NULL || http_query(r, "new") != NULL) {
		http_body_unref(shared);
		for (int i = 0; i < 400; i++)
			str_addf(&s, "line %d\n", i);
		shared = http_body_new(&s);
	}
	if (x != NULL)
		http_reply_header(r, "X-Of-This", x);
	http_reply_body(r, status != NULL ? (unsigned)atoi(status) : 200, "text/plain", shared, http_query(r, "etag"));
}

#define M(m) (1u << HTTP_##m)
static const struct http_route routes[] = {
	{ M(GET),	"/",			false, on_root },
	{ M(GET),	"/status",		false, on_root },
	{ M(GET),	"/status/{domain}",	false, on_echo },
	{ M(PUT) | M(DELETE), "/domains/{domain}", true, on_put },
	{ M(POST),	"/check/{domain}",	true,  on_put },
	{ M(GET),	"/check/{domain}",	false, on_echo },
	{ M(POST),	"/open",		false, on_put },
	{ M(GET),	"/json",		false, on_json },
	{ M(GET),	"/shared",		false, on_shared },
	{ 0, NULL, false, NULL },
};

static void
setup(void)
{
	static const char *const hosts[] = { "status.example.net", "192.0.2.7" };
	struct http_config cfg = { .hosts = hosts, .n_hosts = ARRAY_LEN(hosts), .token = "s3cret-token" };

	web_start(&web, &cfg, routes);
}

static void
setup_no_token(void)
{
	web_start(&web, NULL, routes);
}

static void
teardown(void)
{
	http_body_unref(shared);
	shared = NULL;
	web_stop(&web);
}

/*
 * {P} is the port of the server, {N*c} N times the character c, {N#L} N header fields of L octets each.  Nothing else is added.
 */
static void
expand(const char *in, struct str *out)
{
	for (const char *p = in; *p != '\0'; p++) {
		char *end;

		if (strncmp(p, "{P}", 3) == 0) {
			str_addf(out, "%u", web.port);
			p += 2;
		} else if (*p == '{' && p[1] >= '1' && p[1] <= '9') {
			unsigned long n = strtoul(p + 1, &end, 10), len = *end == '#' ? strtoul(end + 1, &end, 10) : 0;

			for (unsigned long i = 0; i < n; i++) {
				if (len > 0)
					str_addf(out, "X-%03lu: %0*d\r\n", i, (int)len - 9, 0);
				else
					str_addc(out, end[1]);
			}
			p = end + (len > 0 ? 0 : 2);
		} else
			str_addc(out, *p);
	}
}

static void
exchange(const char *request, struct str *reply)
{
	struct str bytes = STR_INIT;

	expand(request, &bytes);
	ck_assert_msg(web_exchange(&web, str_c(&bytes), bytes.len, reply), "no end of the reply to: %.60s", request);
	str_done(&bytes);
}

/* ---- the matrix ---- */

#define HOST  "Host: localhost:{P}\r\n"
#define CLOSE "Connection: close\r\n"
#define END   CLOSE "\r\n"
#define AUTH  "Authorization: Bearer s3cret-token\r\n"
#define REQUEST "GET / HTTP/1.1\r\n" HOST "\r\n"
#define INNER "GET /status/smuggled HTTP/1.1\r\n" HOST "\r\n"

static const struct matrix_row {
	const char *name, *request;
	unsigned status, handled;
} matrix[] = {
	{ "plain",		"GET / HTTP/1.1\r\n" HOST END, 200, 1 },
	{ "HTTP/1.0",		"GET / HTTP/1.0\r\n\r\n", 200, 1 },
	{ "HEAD",		"HEAD /status HTTP/1.1\r\n" HOST END, 200, 1 },
	{ "parameter",		"GET /status/a.test HTTP/1.1\r\n" HOST END, 200, 1 },
	{ "bare LF",		"GET / HTTP/1.1\nHost: localhost\nConnection: close\n\n", 200, 1 },
	/* Host */
	{ "no Host",		"GET / HTTP/1.1\r\n" END, 400, 0 },
	{ "two Hosts",		"GET / HTTP/1.1\r\n" HOST HOST END, 400, 0 },
	{ "two Hosts, one foreign", "GET / HTTP/1.1\r\n" HOST "Host: evil.example\r\n" END, 400, 0 },
	{ "foreign Host",	"GET / HTTP/1.1\r\nHost: evil.example\r\n" END, 421, 0 },
	{ "foreign with our port", "GET / HTTP/1.1\r\nHost: evil.example:{P}\r\n" END, 421, 0 },
	{ "begins like 127",	"GET / HTTP/1.1\r\nHost: 127.evil.example\r\n" END, 421, 0 },
	{ "begins like localhost", "GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n" END, 421, 0 },
	{ "other address",	"GET / HTTP/1.1\r\nHost: 198.51.100.1\r\n" END, 421, 0 },
	{ "other port",		"GET / HTTP/1.1\r\nHost: localhost:1\r\n" END, 421, 0 },
	{ "localhost",		"GET / HTTP/1.1\r\nHost: localhost\r\n" END, 200, 1 },
	{ "LOCALHOST.",		"GET / HTTP/1.1\r\nHost: LOCALHOST.\r\n" END, 200, 1 },
	{ "127.0.0.1",		"GET / HTTP/1.1\r\nHost: 127.0.0.1:{P}\r\n" END, 200, 1 },
	{ "[::1]",		"GET / HTTP/1.1\r\nHost: [::1]\r\n" END, 200, 1 },
	{ "configured",		"GET / HTTP/1.1\r\nHost: Status.Example.net:443\r\n" END, 200, 1 },
	{ "configured address",	"GET / HTTP/1.1\r\nHost: 192.0.2.7:80\r\n" END, 200, 1 },
	{ "empty Host",		"GET / HTTP/1.1\r\nHost:\r\n" END, 400, 0 },
	{ "Host with user",	"GET / HTTP/1.1\r\nHost: evil@localhost\r\n" END, 400, 0 },
	{ "Host with path",	"GET / HTTP/1.1\r\nHost: localhost/x\r\n" END, 400, 0 },
	{ "Host with bad port",	"GET / HTTP/1.1\r\nHost: localhost:99999\r\n" END, 400, 0 },
	{ "Host with zone",	"GET / HTTP/1.1\r\nHost: [::1%lo]\r\n" END, 400, 0 },
	{ "no port behind the colon", "GET / HTTP/1.1\r\nHost: localhost:\r\n" END, 400, 0 },
	{ "port 0",		"GET / HTTP/1.1\r\nHost: localhost:0\r\n" END, 400, 0 },
	{ "port of letters",	"GET / HTTP/1.1\r\nHost: localhost:http\r\n" END, 400, 0 },
	{ "port with a sign",	"GET / HTTP/1.1\r\nHost: localhost:+{P}\r\n" END, 400, 0 },
	{ "two ports",		"GET / HTTP/1.1\r\nHost: localhost:{P}:{P}\r\n" END, 400, 0 },
	{ "open bracket",	"GET / HTTP/1.1\r\nHost: [::1\r\n" END, 400, 0 },
	{ "no brackets",	"GET / HTTP/1.1\r\nHost: ::1\r\n" END, 400, 0 },
	{ "list of Hosts",	"GET / HTTP/1.1\r\nHost: localhost, evil.example\r\n" END, 400, 0 },
	{ "Host with a blank",	"GET / HTTP/1.1\r\nHost: localhost evil\r\n" END, 400, 0 },
	{ "Host not ASCII",	"GET / HTTP/1.1\r\nHost: loc\303\244lhost\r\n" END, 400, 0 },
	{ "short 127.1",	"GET / HTTP/1.1\r\nHost: 127.1\r\n" END, 421, 0 },
	{ "0",			"GET / HTTP/1.1\r\nHost: 0\r\n" END, 421, 0 },
	{ "0.0.0.0",		"GET / HTTP/1.1\r\nHost: 0.0.0.0:{P}\r\n" END, 421, 0 },
	{ "a number",		"GET / HTTP/1.1\r\nHost: 2130706433\r\n" END, 421, 0 },
	{ "in hexadecimal",	"GET / HTTP/1.1\r\nHost: 0x7f.0.0.1\r\n" END, 421, 0 },
	{ "in octal",		"GET / HTTP/1.1\r\nHost: 0177.0.0.1\r\n" END, 421, 0 },
	{ "mapped",		"GET / HTTP/1.1\r\nHost: [::ffff:198.51.100.1]\r\n" END, 421, 0 },
	{ "a Host of 4 kB",	"GET / HTTP/1.1\r\nHost: {4000*a}\r\n" END, 400, 0 },
	/* smuggling: what follows the header must never be taken for a request */
	{ "CL and TE",		"POST /open HTTP/1.1\r\n" HOST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER, 400, 0 },
	{ "TE on GET",		"GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER, 400, 0 },
	{ "TE on HEAD",		"HEAD / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER, 400, 0 },
	{ "TE on POST",		"POST /open HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" INNER, 400, 0 },
	{ "TE twice",		"POST /open HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER, 400, 0 },
	{ "unknown TE",		"POST /open HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n" INNER, 400, 0 },
	{ "TE with a blank",	"POST /open HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" INNER, 400, 0 },
	{ "two CLs",		"POST /open HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 40\r\n\r\nabc" INNER, 400, 0 },
	{ "two equal CLs",	"POST /open HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" INNER, 400, 0 },
	{ "two CLs on GET",	"GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 40\r\n\r\n" INNER, 400, 0 },
	{ "list of CLs",	"POST /open HTTP/1.1\r\n" HOST "Content-Length: 3, 3\r\n\r\nabc" INNER, 400, 0 },
	{ "CL +3",		"POST /open HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc" INNER, 400, 0 },
	{ "CL -3",		"POST /open HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\nabc" INNER, 400, 0 },
	{ "CL 0x3",		"POST /open HTTP/1.1\r\n" HOST "Content-Length: 0x3\r\n\r\nabc" INNER, 400, 0 },
	{ "body of GET",	"GET / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc" INNER, 400, 0 },
	{ "body of DELETE",	"DELETE /domains/a HTTP/1.1\r\n" HOST AUTH "Content-Length: 3\r\n\r\nabc" INNER, 400, 0 },
	{ "name with a blank",	"GET / HTTP/1.1\r\n" HOST "X Y: 1\r\n\r\n" INNER, 400, 0 },
	/* target */
	{ "absolute form",	"GET http://localhost/ HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "authority form",	"CONNECT localhost:80 HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "asterisk of GET",	"GET * HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "no slash",		"GET status HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "%00",		"GET /status/a%00b HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "%00 in the query",	"GET /status/a?q=%00 HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "control character",	"GET /status/a%0ab HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "bad escape",		"GET /status/a%zz HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "half an escape",	"GET /status/a%4 HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "not UTF-8",		"GET /status/%ff HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "fragment",		"GET /status#x HTTP/1.1\r\n" HOST END, 400, 0 },
	{ "escaped slash is none", "GET /status%2fa.test HTTP/1.1\r\n" HOST END, 404, 0 },
	{ "escaped letter",	"GET /%73tatus HTTP/1.1\r\n" HOST END, 200, 1 },
	{ "dot segments",	"GET /x/../status HTTP/1.1\r\n" HOST END, 404, 0 },
	{ "double slash",	"GET //status HTTP/1.1\r\n" HOST END, 404, 0 },
	{ "final slash",	"GET /status/ HTTP/1.1\r\n" HOST END, 404, 0 },
	{ "unknown path",	"GET /nothing HTTP/1.1\r\n" HOST END, 404, 0 },
	/* sizes */
	{ "path of 1024",	"GET /status/{1016*a} HTTP/1.1\r\n" HOST END, 200, 1 },
	{ "path of 1025",	"GET /status/{1017*a} HTTP/1.1\r\n" HOST END, 414, 0 },
	{ "URI of 9000",	"GET /{9000*a} HTTP/1.1\r\n" HOST END, 414, 0 },
	{ "long query",		"GET /status/a?q={1024*a} HTTP/1.1\r\n" HOST END, 414, 0 },
	{ "headers of 12 kB",	"GET / HTTP/1.1\r\n" HOST "X: {12000*a}\r\n" END, 200, 1 },
	{ "headers of 20 kB",	"GET / HTTP/1.1\r\n" HOST "X: {20000*a}\r\n" END, 431, 0 },
	{ "97 headers, 16 kB",	"GET / HTTP/1.1\r\n" HOST "{97#166}" END, 200, 1 },
	{ "97 headers, 16 kB, of a body", "PUT /domains/a.test HTTP/1.1\r\n" HOST AUTH "Content-Length: 65536\r\n{95#166}" END "{65536*b}", 201, 1 },
	{ "97 headers, 17 kB",	"GET / HTTP/1.1\r\n" HOST "{97#176}" END, 431, 0 },
	{ "101 headers",	"GET / HTTP/1.1\r\n" HOST "{99#12}" END, 431, 0 },
	{ "1000 headers",	"GET / HTTP/1.1\r\n" HOST "{1000#12}" END, 431, 0 },
	{ "headers of 100 kB",	"GET / HTTP/1.1\r\n" HOST "X: {100000*a}\r\n" END, 431, 0 },
	{ "body of 64 kB",	"POST /open HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n" END "{65536*b}", 201, 1 },
	{ "body of 64 kB + 1",	"POST /open HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n" END "{65537*b}", 413, 0 },
	{ "body of 900 kB",	"POST /open HTTP/1.1\r\n" HOST "Content-Length: 900000\r\n" END "{900000*b}", 413, 0 },
	{ "body of 5 GB",	"POST /open HTTP/1.1\r\n" HOST "Content-Length: 5000000000\r\n" END "b", 413, 0 },
	{ "asks before 100 kB",	"POST /open HTTP/1.1\r\n" HOST "Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n", 413, 0 },
	{ "other expectation",	"POST /open HTTP/1.1\r\n" HOST "Content-Length: 1\r\nExpect: tea\r\n\r\n", 417, 0 },
	{ "compressed body",	"POST /open HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Encoding: gzip\r\n" END "x", 415, 0 },
	{ "no body",		"POST /open HTTP/1.1\r\n" HOST END, 201, 1 },
	/* methods */
	{ "POST at a GET path",	"POST /status HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END "abc", 405, 0 },
	{ "unknown method",	"B@D /status HTTP/1.1\r\n" HOST END, 405, 0 },
	{ "lower case",		"get /status HTTP/1.1\r\n" HOST END, 405, 0 },
	{ "TRACE",		"TRACE /status HTTP/1.1\r\n" HOST END, 405, 0 },
	{ "unknown method and path", "B@D /nothing HTTP/1.1\r\n" HOST END, 501, 0 },
	{ "POST at no path",	"POST /nothing HTTP/1.1\r\n" HOST END, 404, 0 },
	{ "OPTIONS",		"OPTIONS /status HTTP/1.1\r\n" HOST END, 204, 0 },
	{ "OPTIONS *",		"OPTIONS * HTTP/1.1\r\n" HOST END, 204, 0 },
	{ "OPTIONS at no path",	"OPTIONS /nothing HTTP/1.1\r\n" HOST END, 404, 0 },
	{ "HTTP/2.0",		"GET / HTTP/2.0\r\n" HOST END, 505, 0 },
	/* token, origin */
	{ "no token",		"PUT /domains/a.test HTTP/1.1\r\n" HOST "Content-Length: 2\r\n" END "{}", 401, 0 },
	{ "token",		"PUT /domains/a.test HTTP/1.1\r\n" HOST AUTH "Content-Length: 2\r\n" END "{}", 201, 1 },
	{ "token, DELETE",	"DELETE /domains/a.test HTTP/1.1\r\n" HOST AUTH END, 200, 1 },
	{ "bearer in small letters", "POST /check/a HTTP/1.1\r\n" HOST "authorization: bearer s3cret-token\r\n" END, 201, 1 },
	{ "wrong token",	"POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer s3cret-tokeN\r\n" END, 401, 0 },
	{ "prefix of the token", "POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer s3cret\r\n" END, 401, 0 },
	{ "token and more",	"POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer s3cret-tokens3cret-token\r\n" END, 401, 0 },
	{ "empty token",	"POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer \r\n" END, 401, 0 },
	{ "other scheme",	"POST /check/a HTTP/1.1\r\n" HOST "Authorization: Basic czNjcmV0LXRva2Vu\r\n" END, 401, 0 },
	{ "octets in the token", "POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer s3cret-token\377\r\n" END, 401, 0 },
	{ "a control character in the token", "POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer s3cret-\001token\r\n" END, 401, 0 },
	{ "a tab in front",	"POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer\ts3cret-token\r\n" END, 201, 1 },
	{ "blanks around it",	"POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer  s3cret-token  \r\n" END, 401, 0 },
	{ "quoted",		"POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer \"s3cret-token\"\r\n" END, 401, 0 },
	{ "a token of 12 kB",	"POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer {12000*s}\r\n" END, 401, 0 },
	{ "token in the query",	"POST /check/a?access_token=s3cret-token HTTP/1.1\r\n" HOST END, 401, 0 },
	{ "token of another case", "POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer S3CRET-TOKEN\r\n" END, 401, 0 },
	{ "two tokens",		"POST /check/a HTTP/1.1\r\n" HOST AUTH AUTH END, 400, 0 },
	{ "GET beside the POST", "GET /check/a HTTP/1.1\r\n" HOST END, 200, 1 },
	{ "our origin",		"POST /check/a HTTP/1.1\r\n" HOST AUTH "Origin: http://localhost:{P}\r\n" END, 201, 1 },
	{ "foreign origin",	"POST /check/a HTTP/1.1\r\n" HOST AUTH "Origin: http://evil.example\r\n" END, 403, 0 },
	{ "origin that begins like ours", "POST /check/a HTTP/1.1\r\n" HOST AUTH "Origin: http://localhost:{P}.evil.example\r\n" END, 403, 0 },
	{ "origin of another port", "POST /check/a HTTP/1.1\r\n" HOST AUTH "Origin: http://localhost:1\r\n" END, 403, 0 },
	{ "origin with a path",	"POST /check/a HTTP/1.1\r\n" HOST AUTH "Origin: http://localhost:{P}/\r\n" END, 403, 0 },
	{ "empty origin",	"POST /check/a HTTP/1.1\r\n" HOST AUTH "Origin:\r\n" END, 403, 0 },
	{ "null origin",	"POST /check/a HTTP/1.1\r\n" HOST AUTH "Origin: null\r\n" END, 403, 0 },
	{ "foreign origin reads", "GET /status HTTP/1.1\r\n" HOST "Origin: http://evil.example\r\n" END, 200, 1 },
};

START_TEST(request_matrix)
{
	const struct matrix_row *row = &matrix[_i];
	struct str reply;

	exchange(row->request, &reply);
	ck_assert_msg(web_status(&reply) == row->status, "%s: status %u, not %u: %.300s", row->name, web_status(&reply), row->status,
	    str_c(&reply));
	ck_assert_msg(web.handled == row->handled, "%s: %u requests handled", row->name, web.handled);
	ck_assert_msg(web_count(&reply, "HTTP/1.") == 1, "%s: more than one reply: %s", row->name, str_c(&reply));
	str_done(&reply);
}
END_TEST

/* Several requests that come at once on one connection. */
static const struct {
	const char *name, *request;
	unsigned status, handled, replies;
} several[] = {
	{ "two at once",	"GET / HTTP/1.1\r\n" HOST "\r\nGET /status HTTP/1.1\r\n" HOST END, 200, 2, 2 },
	{ "eleven at once",	REQUEST REQUEST REQUEST REQUEST REQUEST REQUEST REQUEST REQUEST REQUEST REQUEST "GET /status HTTP/1.1\r\n" HOST END, 200, 11, 11 },
	{ "a body and the next", "POST /open HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n" HOST END, 201, 2, 2 },
	{ "empty lines between", "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n\r\nGET / HTTP/1.1\r\n" HOST END, 200, 2, 2 },
	{ "what follows a refusal", "GET /nothing HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST END, 404, 1, 2 },
	{ "what follows garbage", "GET / HTTP/1.1\r\n" HOST HOST "\r\nGET / HTTP/1.1\r\n" HOST END, 400, 0, 1 },
};

START_TEST(one_after_another)
{
	struct str reply;

	exchange(several[_i].request, &reply);
	ck_assert_msg(web_status(&reply) == several[_i].status && web.handled == several[_i].handled &&
	    web_count(&reply, "HTTP/1.") == several[_i].replies, "%s: %u handled: %s", several[_i].name, web.handled, str_c(&reply));
	str_done(&reply);
}
END_TEST

/*
 * Replies of one body share their response as long as they say the same, and never say what was said to another.  Each row is a
 * request on the same connection; header and not are parts of its reply.
 */
static const struct {
	const char *target, *headers;
	unsigned status;
	const char *header, *not;
} sharing[] = {
	{ "/shared", "", 200, "Content-Type: text/plain", "X-Of-This" },
	{ "/shared", "", 200, "Cache-Control: no-store", "X-Of-This" },
	{ "/shared?x=1", "", 200, "X-Of-This: 1\r\n", "X-Of-This: 2" },
	{ "/shared?x=2", "", 200, "X-Of-This: 2\r\n", "X-Of-This: 1" },
	{ "/shared", "", 200, "Vary: Accept-Encoding", "X-Of-This" },
	{ "/shared", "Accept-Encoding: gzip\r\n", 200, "Content-Encoding: gzip", "X-Of-This" },
	{ "/shared", "Accept-Encoding: gzip\r\n", 200, "Content-Encoding: gzip", "ETag" },
	{ "/shared", "", 200, "Vary: Accept-Encoding", "Content-Encoding" },
	{ "/shared?etag=a", "", 200, "ETag: \"a\"\r\n", "no-store" },
	{ "/shared?etag=b", "", 200, "ETag: \"b\"\r\n", "\"a\"" },
	{ "/shared?etag=b", "Accept-Encoding: gzip\r\n", 200, "ETag: W/\"b\"\r\n", "no-store" },
	{ "/shared?etag=b", "If-None-Match: \"b\"\r\n", 304, "ETag: \"b\"\r\n", "line" },
	{ "/shared?etag=b", "", 200, "ETag: \"b\"\r\n", "W/" },
	{ "/shared?status=503", "", 503, "Cache-Control: no-store", "ETag" },
	{ "/shared?new", "", 200, "Content-Type: text/plain", "ETag" },
	{ "/shared", "Connection: close\r\n", 200, "Connection: close", "ETag" },
};

START_TEST(shared_bodies)
{
	for (size_t i = 0; i < ARRAY_LEN(sharing); i++) {
		struct str bytes = STR_INIT, before = STR_INIT;
		char head[20];
		struct str reply;

		/* the row, and before it all of the others */
		for (size_t k = 0; k <= i; k++) {
			size_t which = k == i ? i : (i + 1 + k) % ARRAY_LEN(sharing);

			if (k < i && strstr(sharing[which].headers, "close") != NULL)
				continue;
			str_addf(&before, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n", sharing[which].target, sharing[which].headers,
			    k < i || strstr(sharing[which].headers, "close") != NULL ? "" : CLOSE);
		}
		expand(str_c(&before), &bytes);
		ck_assert(web_exchange(&web, bytes.p, bytes.len, &reply));
		/* the last reply */
		const char *last = str_c(&reply), *end = last + reply.len;
		for (const char *p = last; (p = memmem(p, (size_t)(end - p), "HTTP/1.1 ", 9)) != NULL; p++)
			last = p;
		snprintf(head, sizeof(head), "HTTP/1.1 %u ", sharing[i].status);
		ck_assert_msg(strncmp(last, head, strlen(head)) == 0, "row %zu: %.400s", i, last);
		ck_assert_msg(strstr(last, sharing[i].header) != NULL, "row %zu: %.400s", i, last);
		ck_assert_msg(strstr(last, sharing[i].not) == NULL, "row %zu: %.400s", i, last);
		str_done(&bytes);
		str_done(&before);
		str_done(&reply);
	}
}
END_TEST

/* Every reply of ours carries the same guards, those included that libmicrohttpd would make. */
START_TEST(headers_of_every_reply)
{
	static const char *const names[] = { "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy", "Cache-Control",
		"Cross-Origin-Resource-Policy" };

	for (size_t i = 0; i < ARRAY_LEN(matrix); i++) {
		struct str reply;

		exchange(matrix[i].request, &reply);
		for (size_t k = 0; k < ARRAY_LEN(names); k++)
			ck_assert_msg(web_header(&reply, names[k]) != NULL, "%s: no %s in %.300s", matrix[i].name, names[k], str_c(&reply));
		ck_assert_msg(web_header(&reply, "Server") == NULL, "%s: Server", matrix[i].name);
		ck_assert_msg(matrix[i].status < 400 || strstr(matrix[i].request, "HEAD") == matrix[i].request ||
		    strcmp(web_header(&reply, "Content-Type"), "application/problem+json") == 0, "%s: %.300s", matrix[i].name, str_c(&reply));
		str_done(&reply);
	}
}
END_TEST

/* ---- single replies ---- */

static const struct {
	const char *name, *request, *header, *want;
} header_rows[] = {
	{ "nosniff",	"GET / HTTP/1.1\r\n" HOST END, "X-Content-Type-Options", "nosniff" },
	{ "page's CSP",	"GET / HTTP/1.1\r\n" HOST END, "Content-Security-Policy", "default-src 'none'; script-src 'self'" },
	{ "our CSP",	"GET /status/a HTTP/1.1\r\n" HOST END, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'" },
	{ "no-store",	"GET / HTTP/1.1\r\n" HOST END, "Cache-Control", "no-store" },
	{ "no-cache",	"GET /status/a HTTP/1.1\r\n" HOST END, "Cache-Control", "no-cache" },
	{ "etag",	"GET /status/a HTTP/1.1\r\n" HOST END, "ETag", "\"412\"" },
	{ "allow of 405", "PUT /check/a HTTP/1.1\r\n" HOST END, "Allow", "GET, HEAD, POST, OPTIONS" },
	{ "allow of OPTIONS", "OPTIONS /domains/a HTTP/1.1\r\n" HOST END, "Allow", "PUT, DELETE, OPTIONS" },
	{ "challenge",	"POST /check/a HTTP/1.1\r\n" HOST END, "WWW-Authenticate", "Bearer realm=\"m365dnsd\"" },
	{ "challenge, bad token", "POST /check/a HTTP/1.1\r\n" HOST "Authorization: Bearer x\r\n" END, "WWW-Authenticate",
	    "Bearer realm=\"m365dnsd\", error=\"invalid_token\"" },
	{ "length of HEAD", "HEAD / HTTP/1.1\r\n" HOST END, "Content-Length", "5" },
	{ "vary",	"GET /json HTTP/1.1\r\n" HOST END, "Vary", "Accept, Accept-Encoding" },
	{ "gzip",	"GET /json HTTP/1.1\r\n" HOST "Accept-Encoding: br, gzip\r\n" END, "Content-Encoding", "gzip" },
	{ "gzip, weak etag", "GET /json HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n" END, "ETag", "W/\"9\"" },
	{ "no gzip asked", "GET /json HTTP/1.1\r\n" HOST END, "Content-Encoding", NULL },
	{ "gzip refused", "GET /json HTTP/1.1\r\n" HOST "Accept-Encoding: gzip;q=0, *\r\n" END, "Content-Encoding", NULL },
	{ "small body",	"GET /status/a HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n" END, "Content-Encoding", NULL },
	{ "accept",	"GET /json HTTP/1.1\r\n" HOST "Accept: text/*;q=0.5, text/html;q=0.9, application/json;q=0.1\r\n" END, "Content-Type",
	    "text/html" },
	{ "accept anything", "GET /json HTTP/1.1\r\n" HOST "Accept: */*\r\n" END, "Content-Type", "application/json" },
	{ "not modified keeps vary", "GET /json HTTP/1.1\r\n" HOST "If-None-Match: \"9\"\r\n" END, "Vary", "Accept, Accept-Encoding" },
	{ "not modified keeps etag", "GET /json HTTP/1.1\r\n" HOST "If-None-Match: \"9\"\r\n" END, "ETag", "\"9\"" },
};

START_TEST(headers)
{
	struct str reply;
	const char *got;

	exchange(header_rows[_i].request, &reply);
	got = web_header(&reply, header_rows[_i].header);
	if (header_rows[_i].want == NULL)
		ck_assert_msg(got == NULL, "%s: %s", header_rows[_i].name, got);
	else
		ck_assert_msg(got != NULL && strcmp(got, header_rows[_i].want) == 0, "%s: got %s in %.400s", header_rows[_i].name,
		    got != NULL ? got : "nothing", str_c(&reply));
	str_done(&reply);
}
END_TEST

static const struct {
	const char *name, *request, *body;
} body_rows[] = {
	{ "decoded",		"GET /status/a%2fb%20c?q=x%26y+z&q=2 HTTP/1.1\r\n" HOST END, "<a/b c><x&y z><->" },
	{ "plus in the path",	"GET /status/a+b HTTP/1.1\r\n" HOST END, "<a+b><-><->" },
	{ "U-label",		"GET /status/m%C3%BCnchen.test HTTP/1.1\r\n" HOST END, "<m\xc3\xbcnchen.test><-><->" },
	{ "U-label, raw",	"GET /status/m\xc3\xbcnchen.test HTTP/1.1\r\n" HOST END, "<m\xc3\xbcnchen.test><-><->" },
	{ "no value",		"GET /status/a?x&q&y=1 HTTP/1.1\r\n" HOST "User-Agent: t\r\n" END, "<a><><t>" },
	{ "empty arguments",	"GET /status/a?&&q=&& HTTP/1.1\r\n" HOST END, "<a><><->" },
	{ "equals in a value",	"GET /status/a?q=b=c HTTP/1.1\r\n" HOST END, "<a><b=c><->" },
	{ "second question mark", "GET /status/a?q=b?c HTTP/1.1\r\n" HOST END, "<a><b?c><->" },
	{ "body",		"POST /open HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END "hello", "5:hello" },
	{ "HEAD has none",	"HEAD /status/a HTTP/1.1\r\n" HOST END, "" },
	{ "304 has none",	"GET /status/a HTTP/1.1\r\n" HOST "If-None-Match: \"411\", W/\"412\"\r\n" END, "" },
	{ "204 has none",	"OPTIONS / HTTP/1.1\r\n" HOST END, "" },
	{ "problem",		"GET /no%22thing?x HTTP/1.1\r\n" HOST END, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
	    "\"detail\":\"There is nothing at this path.\",\"instance\":\"/no%22thing\"}\n" },
	{ "problem quotes",	"GET /a\"<b\\> HTTP/1.1\r\n" HOST END, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
	    "\"detail\":\"There is nothing at this path.\",\"instance\":\"/a\\\"\\u003cb\\\\\\\\\\u003e\"}\n" },
};

START_TEST(bodies)
{
	struct str reply, body = STR_INIT;

	exchange(body_rows[_i].request, &reply);
	web_body(&reply, &body);
	ck_assert_msg(strcmp(str_c(&body), body_rows[_i].body) == 0, "%s: %s", body_rows[_i].name, str_c(&reply));
	str_done(&reply);
	str_done(&body);
}
END_TEST

static const struct {
	const char *condition;
	unsigned status;
} etag_rows[] = {
	{ "\"412\"", 304 }, { "W/\"412\"", 304 }, { "*", 304 }, { "\"411\",\"412\"", 304 }, { " \"411\" , W/\"412\"", 304 },
	{ "\"411\"", 200 }, { "412", 200 }, { "\"412", 200 }, { "", 200 }, { "\"4\", x", 200 },
};

START_TEST(etag)
{
	struct str request = STR_INIT, reply;

	str_addf(&request, "GET /status/a HTTP/1.1\r\n" HOST "If-None-Match: %s\r\n" END, etag_rows[_i].condition);
	exchange(str_c(&request), &reply);
	ck_assert_msg(web_status(&reply) == etag_rows[_i].status, "%s: %u", etag_rows[_i].condition, web_status(&reply));
	str_done(&request);
	str_done(&reply);
}
END_TEST

START_TEST(gzip_round_trip)
{
	struct str reply, body = STR_INIT;
	static unsigned char plain[65536];
	z_stream z = { 0 };

	exchange("GET /json HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n" END, &reply);
	web_body(&reply, &body);
	ck_assert_uint_lt(body.len, 2500);
	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (unsigned char *)body.p;
	z.avail_in = (uInt)body.len;
	z.next_out = plain;
	z.avail_out = sizeof(plain) - 1;
	ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	ck_assert_uint_eq(z.avail_in, 0);
	plain[z.total_out] = '\0';
	ck_assert_int_eq(strncmp((char *)plain, "{\"line\":0}\n", 11), 0);
	ck_assert_ptr_nonnull(strstr((char *)plain, "{\"line\":399}\n"));
	inflateEnd(&z);
	str_done(&reply);
	str_done(&body);
}
END_TEST

START_TEST(no_token_configured)
{
	struct str reply;

	exchange("POST /check/a HTTP/1.1\r\n" HOST AUTH END, &reply);
	ck_assert_uint_eq(web_status(&reply), 403);
	ck_assert_uint_eq(web.handled, 0);
	str_done(&reply);
}
END_TEST

/* ---- one connection, many requests ---- */

START_TEST(keep_alive)
{
	struct str request = STR_INIT;
	struct web_client c;

	expand("GET /status/a HTTP/1.1\r\n" HOST "\r\n", &request);
	web_connect(&web, &c);
	for (unsigned i = 1; i <= 20; i++) {
		web_send(&c, str_c(&request), request.len);
		ck_assert(web_wait_replies(&c, i));
	}
	ck_assert_uint_eq(web.handled, 20);
	web_close(&c);
	str_done(&request);
}
END_TEST

START_TEST(pipelined)
{
	struct str request = STR_INIT;
	struct web_client c;

	expand("GET /status/a HTTP/1.1\r\n" HOST "\r\nPOST /open HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"
	    "GET /nothing HTTP/1.1\r\n" HOST "\r\nPUT /domains/a HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"
	    "GET /status/b HTTP/1.1\r\n" HOST "\r\n", &request);
	web_connect(&web, &c);
	web_send(&c, str_c(&request), request.len);
	ck_assert(web_wait_replies(&c, 5));
	ck_assert_ptr_nonnull(strstr(str_c(&c.in), "3:abc"));
	ck_assert_ptr_nonnull(strstr(str_c(&c.in), "HTTP/1.1 404 "));
	ck_assert_ptr_nonnull(strstr(str_c(&c.in), "HTTP/1.1 401 "));	/* its body was read, not taken for a request */
	ck_assert_ptr_nonnull(strstr(str_c(&c.in), "<b>"));
	ck_assert_uint_eq(web.handled, 3);
	web_close(&c);
	str_done(&request);
}
END_TEST

START_TEST(body_byte_by_byte)
{
	struct str request = STR_INIT;
	struct web_client c;

	expand("POST /open HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", &request);
	web_connect(&web, &c);
	for (size_t i = 0; i < request.len; i++) {
		web_send(&c, str_c(&request) + i, 1);
		web_run_ms(&web, 0);
	}
	ck_assert(web_wait_text(&c, "5:hello"));
	web_close(&c);
	str_done(&request);
}
END_TEST

/* ---- listening ---- */

static const struct {
	const char *addr;
	bool ok;
} listen_rows[] = {
	{ "127.0.0.1:0", true }, { "[::1]:0", true }, { "localhost:1", false }, { "127.0.0.1:99999", false }, { "", false },
	{ "127.0.0.1:{P}", false },	/* taken */
};

START_TEST(listening)
{
	struct str addr = STR_INIT;
	int fd = -1, rc;

	expand(listen_rows[_i].addr, &addr);
	rc = http_listen(str_c(&addr), &fd, &err);
	/* A machine without IPv6 says so in words. */
	if (rc == -1 && strchr(str_c(&addr), '[') != NULL)
		ck_assert_str_ne(err.msg, "");
	else
		ck_assert_msg((rc == 0) == listen_rows[_i].ok, "%s: %s", str_c(&addr), rc == -1 ? err.msg : "accepted");
	if (rc == 0)
		close(fd);
	str_done(&addr);
}
END_TEST

/* Another socket takes the place of the first, whose connections go on. */
START_TEST(other_sockets)
{
	struct str request = STR_INIT;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	struct web_client old, new;
	int both[2] = { web.listen_fd, -1 };

	expand("GET /status/a HTTP/1.1\r\nHost: status.example.net\r\n\r\n", &request);
	ck_assert_int_eq(http_listen("127.0.0.1:0", &both[1], &err), 0);
	http_set_fds(web.http, both, 2);
	web_connect(&web, &old);
	web_send(&old, str_c(&request), request.len);
	ck_assert(web_wait_replies(&old, 1));
	http_set_fds(web.http, &both[1], 1);
	close(web.listen_fd);
	web.listen_fd = both[1];
	ck_assert_int_eq(getsockname(both[1], (struct sockaddr *)&sin, &len), 0);
	ck_assert_uint_ne(ntohs(sin.sin_port), web.port);
	web.port = ntohs(sin.sin_port);
	web_send(&old, str_c(&request), request.len);
	ck_assert(web_wait_replies(&old, 2));
	web_connect(&web, &new);
	web_send(&new, str_c(&request), request.len);
	ck_assert(web_wait_replies(&new, 1));
	http_set_fds(web.http, NULL, 0);
	web_send(&new, str_c(&request), request.len);
	ck_assert(web_wait_replies(&new, 2));
	ck_assert_uint_eq(web.handled, 4);
	web_close(&old);
	web_close(&new);
	str_done(&request);
}
END_TEST

static const struct {
	const char *host, *token;	/* of the request, after the change */
	unsigned status;
} access_rows[] = {
	{ "status.example.net", "s3cret-token", 421 },
	{ "other.example.net", "s3cret-token", 401 },
	{ "other.example.net", "another-token", 201 },
	{ "localhost:{P}", "another-token", 201 },
};

START_TEST(other_access)
{
	static const char *const hosts[] = { "other.example.net" };
	struct str request = STR_INIT, reply;

	http_set_access(web.http, hosts, 1, "another-token");
	str_addf(&request, "POST /check/a HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n" END, access_rows[_i].host,
	    access_rows[_i].token);
	exchange(str_c(&request), &reply);
	ck_assert_msg(web_status(&reply) == access_rows[_i].status, "%s", str_c(&reply));
	str_done(&reply);
	http_set_access(web.http, NULL, 0, NULL);
	str_clear(&request);
	str_add(&request, "POST /check/a HTTP/1.1\r\n" HOST AUTH END);
	exchange(str_c(&request), &reply);
	ck_assert_uint_eq(web_status(&reply), 403);
	str_done(&reply);
	str_done(&request);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("requests"), *n = tcase_create("no token");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, request_matrix, 0, ARRAY_LEN(matrix));
	tcase_add_loop_test(t, one_after_another, 0, ARRAY_LEN(several));
	tcase_add_test(t, shared_bodies);
	tcase_add_test(t, headers_of_every_reply);
	tcase_add_loop_test(t, headers, 0, ARRAY_LEN(header_rows));
	tcase_add_loop_test(t, bodies, 0, ARRAY_LEN(body_rows));
	tcase_add_loop_test(t, etag, 0, ARRAY_LEN(etag_rows));
	tcase_add_test(t, gzip_round_trip);
	tcase_add_test(t, keep_alive);
	tcase_add_test(t, pipelined);
	tcase_add_test(t, body_byte_by_byte);
	tcase_add_loop_test(t, listening, 0, ARRAY_LEN(listen_rows));
	tcase_add_test(t, other_sockets);
	tcase_add_loop_test(t, other_access, 0, ARRAY_LEN(access_rows));
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(n, setup_no_token, teardown);
	tcase_add_test(n, no_token_configured);
	suite_add_tcase(s, n);

	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
