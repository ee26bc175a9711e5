/* SPDX-License-Identifier: ISC */
/* values_one: kinds that one key has to itself. */
#include <stdlib.h>
#include <string.h>

#include "values.h"

/* ---- SPF ---- */

static void
set_spf_ip(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	unsigned family = strcmp(k->name, "ip6") == 0 ? 6 : 4;
	struct addr addr;
	long bits = 0;

	if (!value_list_start(k, obj, v))
		return;
	const char *slash = strchr(v->text, '/');
	char *ip = xstrndup(v->text, slash != NULL ? (size_t)(slash - v->text) : strlen(v->text));
	bool ok = addr_parse(&addr, ip, 0) && addr.family == family && addr.port == 0 &&
	    strchr(ip, '[') == NULL && (slash == NULL || (value_number(slash + 1, &bits) && bits <= (family == 6 ? 128 : 32)));
	free(ip);
	if (!ok)
		value_bad(l, k, v, family == 6 ?
		    "is no IPv6 address or network (\"2001:db8::25\" or \"2001:db8::/48\")" :
		    "is no IPv4 address or network (\"203.0.113.25\" or \"203.0.113.0/28\")");
	else
		value_list_add(k, obj, v->text);
}
const struct conf_kind kind_spf_ip = { set_spf_ip };

static void
set_spf_all(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	static const char *const ends[] = { "-all", "~all", "?all" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (str_ieq(v->text, ends[i])) {
			value_put(k, obj, ends[i]);
			return;
		}
	}
	value_bad(l, k, v, "is not one of \"-all\", \"~all\" or \"?all\"");
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
	if (value_blank(v->text)) {
		value_bad(l, k, v, "is empty");
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

	if (!value_number(digits, &n) || n < 1 || n > (percent ? 100 : 1000)) {
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
		value_bad(l, k, v, "is no address (\"10.0.0.53\", \"127.0.0.1:5300\" or \"[::1]:5300\")");
		l->address_bad = true;
		return;
	}
	for (size_t i = 0; i < r->n_addrs; i++) {
		if (addr_equal(&r->addrs[i], &addr)) {
			value_bad(l, k, v, "is given twice");
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

/*
 * The number of digits is not enforced: Microsoft says nowhere what it is.  The old form "v=verifydomain MS=1234567" still stands
 * in zones.
 */
static void
set_verification(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	static const char old[] = "v=verifydomain ";
	const char *ms = strncmp(v->text, old, strlen(old)) == 0 ? v->text + strlen(old) : v->text;

	if (strncmp(ms, "MS=", 3) != 0)
		value_bad(l, k, v, "does not start with \"MS=\"");
	else if (!value_one_word(ms + 3) || strlen(v->text) > 255)
		value_bad(l, k, v, "is not of the form \"MS=ms12345678\"");
	else
		value_put(k, obj, v->text);
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
		value_bad(l, k, v, "is no tenant (\"contoso\" or \"contoso.onmicrosoft.com\")");
	else
		value_put(k, obj, buf);
}
const struct conf_kind kind_tenant = { set_tenant };

static void
set_record_type(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	static const struct name_row rows[] = {
		{ DNS_TYPE_A, "A" }, { DNS_TYPE_AAAA, "AAAA" }, { DNS_TYPE_CNAME, "CNAME" }, { DNS_TYPE_MX, "MX" },
		{ DNS_TYPE_NS, "NS" }, { DNS_TYPE_PTR, "PTR" }, { DNS_TYPE_SRV, "SRV" }, { DNS_TYPE_TXT, "TXT" },
	};
	static NAME_TABLE(types, rows);
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

	if (!http || !value_one_word(v->text) || v->text[strcspn(v->text, "/") + 2] == '\0')
		value_bad(l, k, v, "is no http:// or https:// address");
	value_put(k, obj, v->text);
}
const struct conf_kind kind_url = { set_url };

static void
set_command(struct loader *l, const struct conf_key *k, void *obj, const struct syntax_value *v)
{
	if (*v->text != '/')
		value_bad(l, k, v, "is not an absolute path");
	value_put(k, obj, v->text);
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
		value_bad(l, k, v, "is no date (\"2026-11-21\")");
	else
		value_put(k, obj, v->text);
}
const struct conf_kind kind_date = { set_date };
