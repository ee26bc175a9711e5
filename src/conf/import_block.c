/* SPDX-License-Identifier: ISC */
/*
 * The inside of a domain block as somebody sent it (PUT /domains/{domain}): text as in a file, or JSON with the same keys,
 * which becomes such text.  Whatever it says, it stays inside of its block: braces are counted before they are read.
 *
 *	{"tenant": "contoso", "services": ["exchange"], "spf": {"ip4": ["203.0.113.5"]}, "record": {"crm": {...}}}
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "syntax.h"

#define DEPTH_MAX 3		/* domain, record, its keys */

/* Blocks that have a title: an object of objects. */
static bool
is_titled(const char *key)
{
	return strcmp(key, "record") == 0 || strcmp(key, "view") == 0;
}

/* ---- JSON -> text ---- */

static bool
is_word(const char *key)
{
	return *key != '\0' && strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(key);
}

int
syntax_quote(const char *text, struct str *ret, struct err *err)
{
	str_addc(ret, '"');
	for (; *text != '\0'; text++) {
		if ((uint8_t)*text < ' ' || *text == 0x7f) {
			err_set(err, "a control character in a text");
			return -1;
		}
		if (*text == '"' || *text == '\\')
			str_addc(ret, '\\');
		str_addc(ret, *text);
	}
	str_addc(ret, '"');
	return 0;
}

static int
scalar(const char *key, const json_t *v, struct str *ret, struct err *err)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		return syntax_quote(json_string_value(v), ret, err);
	case JSON_INTEGER:
		str_addf(ret, "%lld", (long long)json_integer_value(v));
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		str_add(ret, json_is_true(v) ? "yes" : "no");
		return 0;
	default:
		err_set(err, "%s: a text, a number, true, false or a list of texts is wanted", key);
		return -1;
	}
}

static int
list(const char *key, const json_t *v, struct str *ret, struct err *err)
{
	size_t i;
	const json_t *item;

	str_add(ret, "{");
	json_array_foreach(v, i, item) {
		str_add(ret, i > 0 ? ", " : "");
		if (scalar(key, item, ret, err) == -1)
			return -1;
	}
	str_add(ret, "}");
	return 0;
}

static int block(json_t *object, unsigned depth, struct str *ret, struct err *err);

static int
titled(const char *key, json_t *v, unsigned depth, struct str *ret, struct err *err)
{
	const char *title;
	json_t *inside;

	json_object_foreach(v, title, inside) {
		if (!json_is_object(inside)) {
			err_set(err, "%s: an object of objects by their names is wanted", key);
			return -1;
		}
		str_addf(ret, "%s ", key);
		if (syntax_quote(title, ret, err) == -1)
			return -1;
		str_add(ret, " {\n");
		if (block(inside, depth + 1, ret, err) == -1)
			return -1;
		str_add(ret, "}\n");
	}
	return 0;
}

static int
member(const char *key, json_t *v, unsigned depth, struct str *ret, struct err *err)
{
	int rc;

	if (json_is_object(v) && is_titled(key))
		return titled(key, v, depth, ret, err);
	str_add(ret, key);
	str_add(ret, json_is_object(v) ? " {\n" : " = ");
	if (json_is_object(v))
		rc = block(v, depth + 1, ret, err);
	else
		rc = json_is_array(v) ? list(key, v, ret, err) : scalar(key, v, ret, err);
	str_add(ret, json_is_object(v) ? "}\n" : "\n");
	return rc;
}

static int
block(json_t *object, unsigned depth, struct str *ret, struct err *err)
{
	const char *key;
	json_t *v;

	if (depth > DEPTH_MAX) {
		err_set(err, "nested too deeply");
		return -1;
	}
	json_object_foreach(object, key, v) {
		if (!is_word(key)) {
			err_set(err, "a key that is none");
			return -1;
		}
		if (!json_is_null(v) && member(key, v, depth, ret, err) == -1)
			return -1;
	}
	return 0;
}

static int
from_json(const char *body, size_t len, struct str *ret, struct err *err)
{
	json_error_t e;
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &e);
	int rc = -1;

	if (root == NULL)
		err_set(err, "line %d: %s", e.line, e.text);
	else if (!json_is_object(root))
		err_set(err, "a JSON object is wanted");
	else
		rc = block(root, 1, ret, err);
	json_decref(root);
	return rc;
}

/* ---- the block ---- */

/* As it came: the lines of the messages are the sender's.  Comments go. */
static int
from_text(const char *body, size_t len, struct str *ret, struct err *err)
{
	struct str scanned = STR_INIT;
	int line = 0, rc = 0;

	if (!syntax_scan(body, len, &scanned, &line, err)) {
		err_prefix(err, "line %d", line);
		rc = -1;
	} else
		str_addn(ret, body, len);
	str_done(&scanned);
	return rc;
}

/* All that the configuration has against it, in one message. */
static void
complain(const struct conf_problems *problems, bool lines, struct err *err)
{
	struct str all = STR_INIT;

	for (size_t i = 0; i < problems->n; i++) {
		str_add(&all, i > 0 ? "; " : "");
		if (lines && problems->list[i].line > 0)
			str_addf(&all, "line %d: ", problems->list[i].line);
		str_add(&all, problems->list[i].text);
	}
	err_set(err, "%s", str_c(&all));
	str_done(&all);
}

int
conf_domain_block(const char *domain, const char *body, size_t len, bool json, struct str *ret, struct err *err)
{
	struct conf_problems problems = { NULL, 0 };
	struct str text = STR_INIT;
	struct conf *c = NULL;
	int rc;

	str_addf(&text, "domain \"%s\" {", domain);
	rc = json ? from_json(body, len, &text, err) : from_text(body, len, &text, err);
	str_add(&text, "\n}\n");
	if (rc == 0) {
		c = conf_parse("PUT", str_c(&text), &problems);
		if (c == NULL || c->n_domains != 1) {
			complain(&problems, !json, err);
			rc = -1;
		}
	}
	if (rc == 0)
		str_addn(ret, str_c(&text), text.len);
	conf_free(c);
	conf_problems_done(&problems);
	str_done(&text);
	return rc;
}
