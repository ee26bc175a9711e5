/* SPDX-License-Identifier: ISC */
/*
 * JSON of Microsoft Graph, and of PowerShell's ConvertTo-Json of the same or of Get-DkimSigningConfig.
 *
 * The wrapping differs (value, a bare array, a single object, both answers side by side, one document behind the other), so
 * the tree is walked, and every object that has the keys of a record is one.  Keys are looked up in any case, and in
 * AdditionalProperties too, where the Graph module of PowerShell puts what belongs to a type.
 */
#include <jansson.h>
#include <string.h>

#include "import.h"

#define DEPTH_MAX 8

static const json_t *
get(const json_t *object, const char *key)
{
	const char *k;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)object, k, v) {
		if (str_ieq(k, key) && !json_is_null(v))
			return v;
	}
	if (str_ieq(key, "AdditionalProperties"))
		return NULL;
	object = get(object, "AdditionalProperties");
	return json_is_object(object) ? get(object, key) : NULL;
}

/* A text; numbers too, written out.  NULL when there is none. */
static const char *
text_of(struct import *im, const json_t *object, const char *key)
{
	const json_t *v = get(object, key);

	if (json_is_string(v))
		return arena_strdup(im->a, json_string_value(v));
	if (json_is_integer(v))
		return arena_printf(im->a, "%lld", (long long)json_integer_value(v));
	return NULL;
}

static const char *
text_or(struct import *im, const json_t *object, const char *key, const char *deflt)
{
	const char *text = text_of(im, object, key);

	return text != NULL ? text : deflt;
}

/* ---- one record ---- */

static const char *
mx_value(struct import *im, const json_t *o, const char *target)
{
	return arena_printf(im->a, "%s %s", text_or(im, o, "preference", "0"), target);
}

static const char *
srv_value(struct import *im, const json_t *o, const char *target)
{
	return arena_printf(im->a, "%s %s %s %s", text_or(im, o, "priority", "0"), text_or(im, o, "weight", "0"),
	    text_or(im, o, "port", "0"), target);
}

/* Which member holds the value: it also tells the type where the record does not. */
static const struct form {
	uint16_t type;
	const char *member;
	const char *(*value)(struct import *im, const json_t *o, const char *target);	/* NULL: the member itself */
} forms[] = {
	{ DNS_TYPE_TXT, "text", NULL },
	{ DNS_TYPE_CNAME, "canonicalName", NULL },
	{ DNS_TYPE_MX, "mailExchange", mx_value },
	{ DNS_TYPE_SRV, "nameTarget", srv_value },
};

static const struct form *
form_of(struct import *im, const json_t *o)
{
	uint16_t type = import_type(text_or(im, o, "recordType", ""));

	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (type == forms[i].type || (type == 0 && text_of(im, o, forms[i].member) != NULL))
			return &forms[i];
	return NULL;
}

/* "_sip._tls.D"; where the label is only the domain, service and protocol say the rest. */
static const char *
srv_owner(struct import *im, const json_t *o, const char *label)
{
	const char *service = text_of(im, o, "service"), *protocol = text_of(im, o, "protocol");

	if (*label == '_' || service == NULL || protocol == NULL)
		return label;
	return arena_printf(im->a, "%s.%s%s%s", import_underscored(im, service), import_underscored(im, protocol),
	    *label != '\0' && strcmp(label, "@") != 0 ? "." : "", strcmp(label, "@") != 0 ? label : "");
}

static bool
is_unavailable(struct import *im, const json_t *o)
{
	const char *type = text_or(im, o, "@odata.type", "");

	return strstr(type, "domainDnsUnavailableRecord") != NULL;
}

static void
record(struct import *im, const json_t *o)
{
	const char *label = text_or(im, o, "label", ""), *target = NULL;
	const struct form *form = form_of(im, o);
	struct import_row row = { .optional = json_is_true(get(o, "isOptional")) };
	struct err err;

	row.type_text = text_or(im, o, "recordType", "record");
	if (is_unavailable(im, o)) {
		import_note(im, 0, "Microsoft could not make a record: %s", text_or(im, o, "description", "no reason given"));
		return;
	}
	if (form != NULL) {
		target = text_of(im, o, form->member);
		row.type = form->type;
		row.type_text = name_of(&dns_type_names, form->type);
	}
	if (form == NULL || target == NULL) {
		import_note(im, 0, "%s %s has no value that is known here: left out", label, row.type_text);
		return;
	}
	if (row.type == DNS_TYPE_SRV)
		label = srv_owner(im, o, label);
	if (import_owner(im, label, &row.owner, &err) == -1) {
		import_note(im, 0, "%s %s: %s: left out", label, row.type_text, err.msg);
		return;
	}
	row.value = form->value != NULL ? form->value(im, o, target) : target;
	import_add(im, &row);
}

/* Get-DkimSigningConfig | ConvertTo-Json, and the answer of Enable-DnssecForVerifiedDomain. */
static bool
given(struct import *im, const json_t *o)
{
	static const char *const keys[] = { "Selector1CNAME", "Selector2CNAME", "DnssecMxValue" };
	const char *domain = text_or(im, o, "Domain", text_or(im, o, "Name", im->domain_text));
	struct dns_name name;
	bool any = false, ours;

	ours = dns_name_parse(&name, domain, NULL) == 0 && dns_name_equal(&name, &im->domain);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *value = text_of(im, o, keys[i]);

		if (value == NULL || *value == '\0')
			continue;
		if (!ours && !any)
			import_note(im, 0, "%s is about %s: left out", keys[i], domain);
		any = true;
		if (!ours)
			continue;
		if (i < 2)
			import_add_given(im, 0, i == 0 ? "selector1._domainkey" : "selector2._domainkey", DNS_TYPE_CNAME, value);
		else
			import_add_given(im, 0, "@", DNS_TYPE_MX, arena_printf(im->a, "0 %s", value));
	}
	return any;
}

static bool
is_record(struct import *im, const json_t *o)
{
	return is_unavailable(im, o) || text_of(im, o, "recordType") != NULL ||
	    (text_of(im, o, "label") != NULL && form_of(im, o) != NULL);
}

static void
walk(struct import *im, const json_t *v, unsigned depth)
{
	const char *key;
	const json_t *item;
	json_t *member;
	size_t i;

	if (depth > DEPTH_MAX) {
		import_note(im, 0, "something is nested too deeply: left out");
		return;
	}
	if (json_is_array(v)) {
		json_array_foreach(v, i, item)
			walk(im, item, depth + 1);
		return;
	}
	if (!json_is_object(v))
		return;
	if (given(im, v))
		return;
	if (is_record(im, v)) {
		record(im, v);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)v, key, member) {
		if (json_is_object(member) || json_is_array(member))
			walk(im, member, depth + 1);
	}
}

/* One document, or several behind each other: two answers put into one file. */
int
import_json(struct import *im, const char *text, size_t n, struct err *err)
{
	json_error_t e;
	size_t at = 0;
	int line = 0;

	while (at < n) {
		json_t *root = json_loadb(text + at, n - at, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &e);

		if (root == NULL) {
			err_set(err, "line %d: %s", line + e.line, e.text);
			return -1;
		}
		walk(im, root, 0);
		json_decref(root);
		for (size_t i = at; i < at + (size_t)e.position; i++)
			line += text[i] == '\n';
		at += (size_t)e.position;
		for (; at < n && strchr(" \t\r\n,", text[at]) != NULL; at++)
			line += text[at] == '\n';
	}
	return 0;
}
