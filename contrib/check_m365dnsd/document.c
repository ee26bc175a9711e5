/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugin.h"

static const struct {
	const char *word;
	enum status status;
} states[] = {
	{ "complete", OK }, { "published", WARNING }, { "unpublished", CRITICAL }, { "regressed", CRITICAL },
	{ "unknown", UNKNOWN }, { "pending", UNKNOWN },
};

const char *
text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text != NULL ? text : "";
}

static int64_t
time_of(const json_t *o, const char *key)
{
	struct tm tm = { 0 };
	int end = 0;

	if (sscanf(text_of(o, key), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
	    &tm.tm_sec, &end) != 6 || end != 20)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return timegm(&tm);
}

static long long
count_of(const json_t *list, const char *key, const char *word)
{
	long long n = 0;
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
		n += strcmp(text_of(item, key), word) == 0;
	return n;
}

/* True when everything is there that something is said about. */
bool
read_facts(const json_t *doc, struct facts *f)
{
	const json_t *required = json_object_get(doc, "required"), *ratio = json_object_get(json_object_get(doc, "progress"), "visible");
	bool known = false;

	f->domain = text_of(doc, "domain");
	f->state = text_of(doc, "state");
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (strcmp(states[i].word, f->state) == 0) {
			f->of_state = states[i].status;
			known = true;
		}
	}
	f->required = json_integer_value(json_object_get(required, "records"));
	f->published = json_integer_value(json_object_get(required, "published"));
	f->visible = json_integer_value(json_object_get(required, "visible"));
	f->ratio = json_number_value(ratio);
	f->published_at = time_of(json_object_get(doc, "milestones"), "published");
	f->eta = time_of(doc, "eta");
	f->checked = time_of(doc, "checked_at");
	f->next = time_of(doc, "next_check");
	f->findings = json_object_get(doc, "findings");
	f->records = json_object_get(doc, "records");
	f->errors = count_of(f->findings, "severity", "error");
	f->warnings = count_of(f->findings, "severity", "warning");
	f->unknowns = count_of(f->records, "state", "unknown");
	return known && *f->domain != '\0' && json_is_object(required) && json_is_number(ratio) && f->ratio >= 0 && f->ratio <= 1 &&
	    json_is_array(f->findings) && json_is_array(f->records);
}
