/* SPDX-License-Identifier: ISC */
#include "escape.h"

#include <assert.h>
#include <string.h>

#define PIECE   256
#define KEY_MAX 64

/* The comma and the key go into buf, so that they and a short value are written as one piece; a document has thousands. */
static size_t
head(struct json_writer *j, const char *key, char buf[PIECE])
{
	size_t at = 0, n;

	if (j->comma)
		buf[at++] = ',';
	j->comma = true;
	if (key == NULL)
		return at;
	n = strlen(key);
	assert(n < KEY_MAX);		/* ours, and nothing in it to escape */
	buf[at++] = '"';
	memcpy(buf + at, key, n);
	memcpy(buf + at + n, "\":", 2);
	return at + n + 2;
}

static void
begin(struct json_writer *j, const char *key)
{
	char buf[PIECE];
	size_t n = head(j, key, buf);

	str_addn(j->out, buf, n);
}

void
jsonw_open(struct json_writer *j, const char *key, char bracket)
{
	begin(j, key);
	str_addc(j->out, bracket);
	j->comma = false;
}

void
jsonw_close(struct json_writer *j, char bracket)
{
	str_addc(j->out, bracket);
	j->comma = true;
}

void
jsonw_null(struct json_writer *j, const char *key)
{
	begin(j, key);
	str_add(j->out, "null");
}

bool
jsonw_text(struct json_writer *j, const char *key, const char *text)
{
	char buf[PIECE];
	size_t n;
	bool valid;

	if (text == NULL) {
		jsonw_null(j, key);
		return true;
	}
	n = head(j, key, buf);
	buf[n++] = '"';
	while (n < PIECE - 1 && json_plain(*text))
		buf[n++] = *text++;
	if (*text == '\0') {
		buf[n++] = '"';
		str_addn(j->out, buf, n);
		return true;
	}
	str_addn(j->out, buf, n);
	valid = escape_json(j->out, text);
	str_addc(j->out, '"');
	return valid;
}

void
jsonw_texts(struct json_writer *j, const char *key, const char *const *list, size_t n)
{
	jsonw_open(j, key, '[');
	for (size_t i = 0; i < n; i++)
		jsonw_text(j, NULL, list[i]);
	jsonw_close(j, ']');
}

void
jsonw_int(struct json_writer *j, const char *key, int64_t value)
{
	begin(j, key);
	number_int(j->out, value);
}

void
jsonw_bool(struct json_writer *j, const char *key, bool value)
{
	begin(j, key);
	str_add(j->out, value ? "true" : "false");
}

void
jsonw_fixed(struct json_writer *j, const char *key, double value, unsigned digits)
{
	begin(j, key);
	number_fixed(j->out, value, digits);
}

void
jsonw_time(struct json_writer *j, const char *key, int64_t unix_ms)
{
	char buf[32];

	jsonw_text(j, key, unix_ms == 0 ? NULL : time_rfc3339(unix_ms, buf));
}
