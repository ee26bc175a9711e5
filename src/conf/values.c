/* SPDX-License-Identifier: ISC */
/*
 * values: the kinds of keys.  A kind reads one value of the text, complains about it with its line, or stores it.  Lists
 * come value by value; the first one replaces the default.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define MEMBER(type, obj, k) ((type *)(void *)((char *)(obj) + (k)->offset))

static void
bad(struct loader *l, const struct conf_key *k, const struct syntax_value *v, const char *why)
{
	if (v->text == NULL)
		loader_problem(l, "%s: an empty list %s", k->name, why);
	else
		loader_problem(l, "%s: \"%s\" %s", k->name, v->text, why);
}

/* A bare `{}` where one value is wanted cannot happen; a list may be emptied. */
static bool
blank(const char *text)
{
	return text == NULL || text[strspn(text, " \t")] == '\0';
}

/* Printable ASCII without blanks: what a name, an address or a URL is made of. */
static bool
one_word(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return *text != '\0';
}

/* ---- plain kinds ---- */

static bool
parse_number(const char *text, long *ret)
{
	char *end;

	if (text == NULL || *text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtol(text, &end, 10);
	return errno == 0 && *end == '\0';
}

static void
set_uint(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	long n;

	if (!parse_number(v->text, &n))
		bad(l, k, v, "is not a whole number");
	else if (n < k->min || n > k->max)
		loader_problem(l, "%s: %ld is out of range, %s", k->name, n, k->range);
	else
		*MEMBER(unsigned, obj, k) = (unsigned)n;
}
const struct conf_kind kind_uint = { set_uint };

static void
set_seconds(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	int64_t n;

	if (!duration_parse(v->text, &n))
		bad(l, k, v, "is not a time in seconds (\"90\", \"15m\" or \"2h\")");
	else if (n < k->min || n > k->max)
		loader_problem(l, "%s: %lld is out of range, %s seconds", k->name, (long long)n, k->range);
	else
		*MEMBER(unsigned, obj, k) = (unsigned)n;
}
const struct conf_kind kind_seconds = { set_seconds };

static void
set_bool(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	static const struct name_row rows[] = {
		{ 1, "yes" }, { 0, "no" }, { 1, "true" }, { 0, "false" }, { 1, "on" }, { 0, "off" },
	};
	static const NAME_TABLE(words, rows);
	int id;

	if (!name_find(&words, v->text, &id))
		bad(l, k, v, "is neither yes nor no");
	else
		*MEMBER(bool, obj, k) = id != 0;
}
const struct conf_kind kind_bool = { set_bool };

/* Enums and ints alike: gcc and clang make the former unsigned or int, of one size. */
static void
set_word(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	int id;

	if (name_find(k->words, v->text, &id)) {
		memcpy(MEMBER(char, obj, k), &id, sizeof(id));
		return;
	}
	struct str list = STR_INIT;
	loader_problem(l, "%s: \"%s\" is not one of %s", k->name, v->text, name_list(k->words, &list));
	str_done(&list);
}
const struct conf_kind kind_word = { set_word };

/* A list of words as bits; `{}` is none of them. */
static void
set_bits(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	unsigned *bits = MEMBER(unsigned, obj, k);
	struct str list = STR_INIT;
	int id;

	if (v->first)
		*bits = 0;
	if (v->text == NULL)
		return;
	if (name_find(k->words, v->text, &id))
		*bits |= 1u << id;
	else
		loader_problem(l, "%s: \"%s\" is not one of %s", k->name, v->text, name_list(k->words, &list));
	str_done(&list);
}
const struct conf_kind kind_bits = { set_bits };

static void
put_text(const struct conf_key *k, void *obj, const char *text)
{
	char **member = MEMBER(char *, obj, k);

	free(*member);
	*member = xstrdup(text);
}

static void
set_text(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	if (blank(v->text))
		bad(l, k, v, "is empty");
	else
		put_text(k, obj, v->text);
}
const struct conf_kind kind_text = { set_text };

static void
set_path(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	if (*v->text != '/' && *v->text != '\0')
		bad(l, k, v, "is not an absolute path");
	else
		put_text(k, obj, v->text);
}
const struct conf_kind kind_path = { set_path };

/* ---- lists of strings ---- */

void
text_list_add(char ***list, size_t *n, const char *text)
{
	*list = xreallocarray(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = xstrdup(text);
}

void
text_list_free(char ***list, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
	*n = 0;
}

static size_t *
list_count(void *obj, const struct conf_key *k)
{
	return (size_t *)(void *)((char *)obj + k->offset + sizeof(char **));
}

/* Forget the default; true when a value follows. */
static bool
list_start(const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	if (v->first)
		text_list_free(MEMBER(char **, obj, k), list_count(obj, k));
	return v->text != NULL;
}

static void
list_add(const struct conf_key *k, void *obj, const char *text)
{
	text_list_add(MEMBER(char **, obj, k), list_count(obj, k), text);
}

static void
set_list(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	if (!list_start(k, obj, v))
		return;
	if (blank(v->text))
		bad(l, k, v, "is empty");
	else
		list_add(k, obj, v->text);
}
const struct conf_kind kind_list = { set_list };

static void
set_listen(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	struct addr addr;

	if (!list_start(k, obj, v))
		return;
	if (!addr_parse(&addr, v->text, 0) || addr.port == 0)
		bad(l, k, v, "is not a numeric address with a port, as in \"127.0.0.1:8365\" or \"[::1]:8365\"");
	else
		list_add(k, obj, v->text);
}
const struct conf_kind kind_listen = { set_listen };

/* Lower-case A-labels without the final dot; false after a complaint. */
static bool
host_text(struct loader *l, const struct conf_key *k, const struct syntax_value *v, char buf[DNS_NAME_TEXT_MAX])
{
	struct dns_name name;
	struct addr addr;
	struct err err;

	if (addr_parse(&addr, v->text, 0)) {
		bad(l, k, v, "is an address; a host name is wanted");
		return false;
	}
	if (dns_name_from_user(&name, v->text, &err) == -1) {
		loader_problem(l, "%s: \"%s\": %s", k->name, v->text, err.msg);
		return false;
	}
	dns_name_text_lower(&name, buf);
	return true;
}

static void
set_host(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	char host[DNS_NAME_TEXT_MAX];

	if (host_text(l, k, v, host))
		put_text(k, obj, host);
}
const struct conf_kind kind_host = { set_host };

static void
set_hosts(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	char host[DNS_NAME_TEXT_MAX];

	if (list_start(k, obj, v) && host_text(l, k, v, host))
		list_add(k, obj, host);
}
const struct conf_kind kind_hosts = { set_hosts };

static void
set_mx(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	struct rdata rdata;
	struct err err;

	if (!list_start(k, obj, v))
		return;
	struct arena *a = arena_new();
	if (rdata_parse(a, DNS_TYPE_MX, v->text, &rdata, &err) == -1)
		loader_problem(l, "%s: \"%s\" is no MX value (\"10 mail.example.com\"): %s", k->name, v->text, err.msg);
	else
		list_add(k, obj, v->text);
	arena_free(a);
}
const struct conf_kind kind_mx = { set_mx };

static void
set_events(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	struct str list = STR_INIT;
	int id;

	if (!list_start(k, obj, v))
		bad(l, k, v, "tells nobody anything");
	else if (!name_find(&event_names, v->text, &id))
		loader_problem(l, "%s: \"%s\" is not one of %s", k->name, v->text, name_list(&event_names, &list));
	else
		list_add(k, obj, name_of(&event_names, id));
	str_done(&list);
}
const struct conf_kind kind_events = { set_events };

/* ---- SPF ---- */

static void
set_spf_ip(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	unsigned family = strcmp(k->name, "ip6") == 0 ? 6 : 4;
	struct addr addr;
	long bits = 0;

	if (!list_start(k, obj, v))
		return;
	const char *slash = strchr(v->text, '/');
	char *ip = xstrndup(v->text, slash != NULL ? (size_t)(slash - v->text) : strlen(v->text));
	bool ok = addr_parse(&addr, ip, 0) && addr.family == family && addr.port == 0 &&
	    strchr(ip, '[') == NULL && (slash == NULL || (parse_number(slash + 1, &bits) && bits <= (family == 6 ? 128 : 32)));
	free(ip);
	if (!ok)
		bad(l, k, v, family == 6 ? "is no IPv6 address or network" : "is no IPv4 address or network");
	else
		list_add(k, obj, v->text);
}
const struct conf_kind kind_spf_ip = { set_spf_ip };

static void
set_spf_all(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	static const char *const ends[] = { "-all", "~all", "?all" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (str_ieq(v->text, ends[i])) {
			put_text(k, obj, ends[i]);
			return;
		}
	}
	bad(l, k, v, "is not one of \"-all\", \"~all\" or \"?all\"");
}
const struct conf_kind kind_spf_all = { set_spf_all };

/* ---- one key each ---- */

static void
set_resolvers(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	(void)obj;
	l->names_given = true;
	if (v->text == NULL)
		return;
	if (blank(v->text)) {
		bad(l, k, v, "is empty");
		return;
	}
	l->names = xreallocarray(l->names, l->n_names + 1, sizeof(*l->names));
	l->names[l->n_names++] = (struct pending_name){ .name = xstrdup(v->text), .file = l->file, .line = v->line };
}
const struct conf_kind kind_resolvers = { set_resolvers };

static void
set_quorum(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	struct conf *c = obj;
	size_t len = strlen(v->text);
	bool percent = len > 0 && v->text[len - 1] == '%';
	char *digits = xstrndup(v->text, percent ? len - 1 : len);
	long n;

	if (!parse_number(digits, &n) || n < 1 || n > (percent ? 100 : 1000)) {
		loader_problem(l, "%s: \"%s\" is none, %s", k->name, v->text, k->range);
	} else {
		c->quorum = (unsigned)n;
		c->quorum_percent = percent;
	}
	free(digits);
}
const struct conf_kind kind_quorum = { set_quorum };

static void
set_address(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	struct conf_resolver *r = obj;
	struct addr addr;

	if (v->text == NULL || !addr_parse(&addr, v->text, 53) || addr.port == 0) {
		bad(l, k, v, "is no address (\"10.0.0.53\", \"127.0.0.1:5300\" or \"[::1]:5300\")");
		l->address_bad = true;
		return;
	}
	for (size_t i = 0; i < r->n_addrs; i++) {
		if (addr_equal(&r->addrs[i], &addr)) {
			bad(l, k, v, "is given twice");
			return;
		}
	}
	r->addrs = xreallocarray(r->addrs, r->n_addrs + 1, sizeof(*r->addrs));
	r->addrs[r->n_addrs++] = addr;
}
const struct conf_kind kind_address = { set_address };

static void
set_services(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	unsigned *services = MEMBER(unsigned, obj, k);
	unsigned bits;
	struct err err;

	if (v->first)
		*services = 0;
	if (v->text == NULL)
		return;
	if (conf_services_parse(v->text, &bits, &err) == -1)
		loader_problem(l, "%s: %s", k->name, err.msg);
	else
		*services |= bits;
}
const struct conf_kind kind_services = { set_services };

/* The number of digits is not enforced (M365-FACTS 10, no. 12); the old form "v=verifydomain MS=1234567" still stands in zones. */
static void
set_verification(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	static const char old[] = "v=verifydomain ";
	const char *ms = strncmp(v->text, old, strlen(old)) == 0 ? v->text + strlen(old) : v->text;

	if (strncmp(ms, "MS=", 3) != 0)
		bad(l, k, v, "does not start with \"MS=\"");
	else if (!one_word(ms + 3) || strlen(v->text) > 255)
		bad(l, k, v, "is not of the form \"MS=ms12345678\"");
	else
		put_text(k, obj, v->text);
}
const struct conf_kind kind_verification = { set_verification };

static void
set_tenant(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	static const char *const suffixes[] = {
		".onmicrosoft.com", ".onmicrosoft.us", ".onmicrosoft.de", ".partner.onmschina.cn",
	};
	char buf[64];
	size_t n = 0;

	for (const char *p = v->text; *p != '\0' && *p != '.' && n < sizeof(buf) - 1; p++)
		buf[n++] = ascii_lower(*p);
	buf[n] = '\0';
	const char *rest = v->text + n;
	bool ok = n > 0 && buf[0] != '-' && strspn(buf, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
	bool known = *rest == '\0';
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		known = known || str_ieq(rest, suffixes[i]);
	if (!ok || !known)
		bad(l, k, v, "is no tenant (\"contoso\" or \"contoso.onmicrosoft.com\")");
	else
		put_text(k, obj, buf);
}
const struct conf_kind kind_tenant = { set_tenant };

static void
set_record_type(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	static const struct name_row rows[] = {
		{ DNS_TYPE_A, "A" }, { DNS_TYPE_AAAA, "AAAA" }, { DNS_TYPE_CNAME, "CNAME" }, { DNS_TYPE_MX, "MX" },
		{ DNS_TYPE_NS, "NS" }, { DNS_TYPE_PTR, "PTR" }, { DNS_TYPE_SRV, "SRV" }, { DNS_TYPE_TXT, "TXT" },
	};
	static const NAME_TABLE(types, rows);
	struct str list = STR_INIT;
	int id;

	if (!name_find(&types, v->text, &id)) {
		loader_problem(l, "%s: \"%s\" is not one of %s", k->name, v->text, name_list(&types, &list));
		id = RECORD_TYPE_BAD;
	}
	*MEMBER(uint16_t, obj, k) = (uint16_t)id;
	str_done(&list);
}
const struct conf_kind kind_record_type = { set_record_type };

static void
set_url(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	bool http = str_iprefix(v->text, "http://") || str_iprefix(v->text, "https://");

	if (!http || !one_word(v->text) || v->text[strcspn(v->text, "/") + 2] == '\0')
		bad(l, k, v, "is no http:// or https:// address");
	put_text(k, obj, v->text);
}
const struct conf_kind kind_url = { set_url };

static void
set_command(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	if (*v->text != '/')
		bad(l, k, v, "is not an absolute path");
	put_text(k, obj, v->text);
}
const struct conf_kind kind_command = { set_command };

static void
set_date(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	static const char form[] = "dddd-dd-dd";
	bool ok = strlen(v->text) == strlen(form);

	for (size_t i = 0; ok && form[i] != '\0'; i++)
		ok = form[i] == 'd' ? v->text[i] >= '0' && v->text[i] <= '9' : v->text[i] == form[i];
	if (!ok)
		bad(l, k, v, "is no date (\"2026-11-21\")");
	else
		put_text(k, obj, v->text);
}
const struct conf_kind kind_date = { set_date };
