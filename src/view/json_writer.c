/* SPDX-License-Identifier: ISC */
#include "escape.h"

#include <string.h>

/* The comma, and ,"key": as one piece where it is short; a document has thousands.  Keys are ours: nothing to escape. */
static void
begin(struct json_writer *j, const char *key)
{
	char buf[48];
	size_t n = key != NULL ? strlen(key) : 0;

	buf[0] = ',';
	if (key == NULL || n + 4 > sizeof(buf)) {
		str_addn(j->out, buf, j->comma);
		if (key != NULL)
			str_addf(j->out, "\"%s\":", key);
	} else {
		buf[1] = '"';
		memcpy(buf + 2, key, n);
		memcpy(buf + 2 + n, "\":", 2);
		str_addn(j->out, buf + !j->comma, n + 3 + j->comma);
	}
	j->comma = true;
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
	bool valid;

	if (text == NULL) {
		jsonw_null(j, key);
		return true;
	}
	begin(j, key);
	str_addc(j->out, '"');
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
