/* SPDX-License-Identifier: ISC */
/*
 * values: the kinds of keys.  A kind reads one value of the text, complains about it with its line, or stores it.  Lists
 * come value by value; the first one replaces the default.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

void
value_bad(struct loader *l, const struct conf_key *k, const struct syntax_value *v, const char *why)
{
	if (v->text == NULL)
		loader_problem(l, "%s: an empty list %s", k->name, why);
	else
		loader_problem(l, "%s: \"%s\" %s", k->name, v->text, why);
}

bool
value_blank(const char *text)
{
	return text == NULL || text[strspn(text, " \t")] == '\0';
}

bool
value_one_word(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return *text != '\0';
}

/* ---- plain kinds ---- */

bool
value_number(const char *text, long *ret)
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
	char why[96];
	long n;

	snprintf(why, sizeof(why), "is not a whole number, %s", k->range);
	if (!value_number(v->text, &n))
		value_bad(l, k, v, why);
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
		value_bad(l, k, v, "is not a time in seconds (\"90\", \"15m\" or \"2h\")");
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
	static NAME_TABLE(words, rows);
	int id;

	if (!name_find(&words, v->text, &id))
		value_bad(l, k, v, "is neither yes nor no");
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

void
value_put(const struct conf_key *k, void *obj, const char *text)
{
	char **member = MEMBER(char *, obj, k);

	free(*member);
	*member = xstrdup(text);
}

static void
set_text(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	if (value_blank(v->text))
		value_bad(l, k, v, "is empty");
	else
		value_put(k, obj, v->text);
}
const struct conf_kind kind_text = { set_text };

static void
set_path(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	if (*v->text != '/' && *v->text != '\0')
		value_bad(l, k, v, "is not an absolute path");
	else
		value_put(k, obj, v->text);
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

bool
value_list_start(const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	if (v->first)
		text_list_free(MEMBER(char **, obj, k), list_count(obj, k));
	return v->text != NULL;
}

void
value_list_add(const struct conf_key *k, void *obj, const char *text)
{
	text_list_add(MEMBER(char **, obj, k), list_count(obj, k), text);
}

static void
set_list(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	if (!value_list_start(k, obj, v))
		return;
	if (value_blank(v->text))
		value_bad(l, k, v, "is empty");
	else
		value_list_add(k, obj, v->text);
}
const struct conf_kind kind_list = { set_list };

static void
set_listen(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	struct addr addr;

	if (!value_list_start(k, obj, v))
		return;
	if (!addr_parse(&addr, v->text, 0) || addr.port == 0)
		value_bad(l, k, v, "is not a numeric address with a port, as in \"127.0.0.1:8365\" or \"[::1]:8365\"");
	else
		value_list_add(k, obj, v->text);
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
		value_bad(l, k, v, "is an address; a host name is wanted");
		return false;
	}
	if (dns_name_from_user(&name, v->text, &err) == -1) {
		loader_problem(l, "%s: \"%s\": %s", k->name, v->text, conf_name_reason(&err));
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
		value_put(k, obj, host);
}
const struct conf_kind kind_host = { set_host };

static void
set_hosts(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	char host[DNS_NAME_TEXT_MAX];

	if (value_list_start(k, obj, v) && host_text(l, k, v, host))
		value_list_add(k, obj, host);
}
const struct conf_kind kind_hosts = { set_hosts };

static void
set_mx(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	struct rdata rdata;
	struct err err;

	if (!value_list_start(k, obj, v))
		return;
	struct arena *a = arena_new();
	if (rdata_parse(a, DNS_TYPE_MX, v->text, &rdata, &err) == -1)
		loader_problem(l, "%s: \"%s\" is no MX value (\"10 mail.example.com\"): %s", k->name, v->text, err.msg);
	else
		value_list_add(k, obj, v->text);
	arena_free(a);
}
const struct conf_kind kind_mx = { set_mx };

static void
set_events(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	struct str list = STR_INIT;
	int id;

	if (!value_list_start(k, obj, v))
		value_bad(l, k, v, "tells nobody anything");
	else if (!name_find(&event_names, v->text, &id))
		loader_problem(l, "%s: \"%s\" is not one of %s", k->name, v->text, name_list(&event_names, &list));
	else
		value_list_add(k, obj, name_of(&event_names, id));
	str_done(&list);
}
const struct conf_kind kind_events = { set_events };
