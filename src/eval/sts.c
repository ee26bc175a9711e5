/* SPDX-License-Identifier: ISC */
/* sts: see sts.h. */
#include <string.h>

#include "judge.h"
#include "sts.h"
#include "tags.h"

static const struct name_row mode_rows[] = {
	{ STS_NONE, "none" },
	{ STS_TESTING, "testing" },
	{ STS_ENFORCE, "enforce" },
};
NAME_TABLE(sts_mode_names, mode_rows);

struct sts_parser {
	struct arena *a;
	struct sts_policy *policy;
	const char **mx;
	bool version, mode, max_age;	/* seen: of a key that stands there twice only the first counts */
};

static int
mode_set(struct sts_parser *p, struct text value, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(mode_rows); i++)
		if (value.n == strlen(mode_rows[i].name) && memcmp(value.p, mode_rows[i].name, value.n) == 0) {
			p->policy->mode = (enum sts_mode)mode_rows[i].id;
			return 0;
		}
	err_set(err, "its mode \"%s\" is not none, testing or enforce", judge_printable(p->a, value.p, value.n));
	return -1;
}

static int
max_age_set(struct sts_parser *p, struct text value, struct err *err)
{
	uint64_t s = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9' || i >= 10)
			s = UINT64_MAX / 16;
		else
			s = s * 10 + (uint64_t)(value.p[i] - '0');
	}
	if (value.n == 0 || s > STS_MAX_AGE_MAX) {
		err_set(err, "its max_age \"%s\" is no number of seconds up to %d", judge_printable(p->a, value.p, value.n),
		    STS_MAX_AGE_MAX);
		return -1;
	}
	p->policy->max_age_s = (uint32_t)s;
	return 0;
}

/* A host name, perhaps with "*." in front of it. */
static bool
is_mx_pattern(struct text t)
{
	struct text label;

	if (t.n > 2 && t.p[0] == '*' && t.p[1] == '.')
		t = (struct text){ t.p + 2, t.n - 2 };
	if (t.n == 0 || t.n > 253 || t.p[t.n - 1] == '.')
		return false;
	while (text_next(&t, '.', &label)) {
		if (label.n == 0 || label.n > 63)
			return false;
		for (size_t i = 0; i < label.n; i++) {
			char c = ascii_lower(label.p[i]);

			if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_')
				return false;
		}
	}
	return true;
}

static int
mx_add(struct sts_parser *p, struct text value, struct err *err)
{
	if (!is_mx_pattern(value) || p->policy->n_mx == STS_MX_MAX) {
		err_set(err, "its line \"mx: %s\" names no host", judge_printable(p->a, value.p, value.n));
		return -1;
	}
	p->mx[p->policy->n_mx++] = arena_printf(p->a, "%.*s", (int)value.n, value.p);
	return 0;
}

static bool
seen_before(bool *seen)
{
	bool before = *seen;

	*seen = true;
	return before;
}

static int
line_read(struct sts_parser *p, struct text line, struct err *err)
{
	const char *colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
	struct text key, value;

	if (line.n == 0)
		return 0;
	if (colon == NULL) {
		err_set(err, "its line \"%s\" is not of the form key: value", judge_printable(p->a, line.p, line.n));
		return -1;
	}
	key = text_trim((struct text){ line.p, (size_t)(colon - line.p) });
	value = text_trim((struct text){ colon + 1, line.n - (size_t)(colon - line.p) - 1 });
	if (text_is(key, "mx"))
		return mx_add(p, value, err);
	if (text_is(key, "mode"))
		return seen_before(&p->mode) ? 0 : mode_set(p, value, err);
	if (text_is(key, "max_age"))
		return seen_before(&p->max_age) ? 0 : max_age_set(p, value, err);
	if (!text_is(key, "version") || seen_before(&p->version))
		return 0;
	if (value.n == 5 && memcmp(value.p, "STSv1", 5) == 0)
		return 0;
	err_set(err, "its version is \"%s\", not STSv1", judge_printable(p->a, value.p, value.n));
	return -1;
}

int
sts_policy_parse(struct arena *a, const char *text, size_t n, struct sts_policy *ret, struct err *err)
{
	struct sts_parser p = { .a = a, .policy = ret };
	struct text all = { text, n }, line;

	memset(ret, 0, sizeof(*ret));
	ret->mx = p.mx = arena_alloc(a, STS_MX_MAX * sizeof(*p.mx));
	while (text_next(&all, '\n', &line)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line = text_trim((struct text){ line.p, line.n - 1 });
		if (line_read(&p, line, err) == -1)
			return -1;
	}
	if (p.version && p.mode && p.max_age && (ret->n_mx > 0 || ret->mode == STS_NONE))
		return 0;
	err_set(err, "it has no line \"%s\"", !p.version ? "version: STSv1" : !p.mode ? "mode:" : !p.max_age ? "max_age:" : "mx:");
	return -1;
}

bool
sts_policy_covers(const struct sts_policy *p, const char *host)
{
	const char *dot = strchr(host, '.');

	for (size_t i = 0; i < p->n_mx; i++) {
		if (str_ieq(p->mx[i], host))
			return true;
		if (strncmp(p->mx[i], "*.", 2) == 0 && dot != NULL && dot > host && str_ieq(p->mx[i] + 1, dot))
			return true;
	}
	return false;
}
