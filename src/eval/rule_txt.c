/* SPDX-License-Identifier: ISC */
/*
 * TXT values: verification and near misses.  A value is right byte for byte or not at all; a near miss is one that becomes
 * right when quotes, blanks, look-alikes and case are taken out, and the first of these that differs names the finding.
 */
#include <string.h>

#include "judge.h"

size_t
text_values(struct judge *j, struct text **ret)
{
	struct text *list = arena_alloc(j->a, (j->an->n_values + 1) * sizeof(*list));
	struct str s = STR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < j->an->n_values; i++) {
		str_clear(&s);
		if (!rdata_txt(&j->an->values[i], &s))
			continue;
		/* one byte more: a NUL behind it, so that it may be looked at as a string up to its first NUL */
		list[n].p = arena_alloc(j->a, s.len + 1);
		memcpy((char *)(uintptr_t)list[n].p, str_c(&s), s.len);
		list[n++].n = s.len;
	}
	str_done(&s);
	*ret = list;
	return n;
}

bool
text_equal(struct text a, struct text b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

bool
text_iprefix(struct text t, const char *prefix)
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < n; i++)
		if (i >= t.n || ascii_lower(t.p[i]) != ascii_lower(prefix[i]))
			return false;
	return true;
}

int
text_ifind(struct text t, const char *needle)
{
	for (size_t i = 0; i < t.n; i++)
		if (text_iprefix((struct text){ t.p + i, t.n - i }, needle))
			return (int)i;
	return -1;
}

const char *
text_show(struct judge *j, struct text t)
{
	return judge_printable(j->a, t.p, t.n);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum { DROP_NON_ASCII = 1, DROP_QUOTES = 2, DROP_BLANKS = 4, FOLD_CASE = 8 };

static bool
is_dropped(char c, unsigned mask)
{
	return ((mask & DROP_NON_ASCII) != 0 && (unsigned char)c >= 0x80) || ((mask & DROP_QUOTES) != 0 && c == '"') ||
	    ((mask & DROP_BLANKS) != 0 && is_blank(c));
}

/* The text without what a mask names. */
static struct text
text_reduce(struct arena *a, struct text t, unsigned mask)
{
	char *out = arena_alloc(a, t.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < t.n; i++)
		if (!is_dropped(t.p[i], mask))
			out[n++] = (mask & FOLD_CASE) != 0 ? ascii_lower(t.p[i]) : t.p[i];
	return (struct text){ out, n };
}

/* The reductions in the order in which they explain. */
static const struct {
	unsigned mask;
	enum finding_code code;
} reductions[] = {
	{ DROP_NON_ASCII, FINDING_TXT_NON_ASCII },
	{ DROP_QUOTES, FINDING_TXT_QUOTED },
	{ DROP_BLANKS, FINDING_TXT_WHITESPACE },
	{ FOLD_CASE, FINDING_TXT_CASE },
};
#define REDUCE_ALL (DROP_NON_ASCII | DROP_QUOTES | DROP_BLANKS | FOLD_CASE)

/* The first reduction that changes value, leaving those out that change wanted as well. */
static enum finding_code
text_reduction(struct arena *a, struct text value, struct text wanted)
{
	for (size_t i = 0; i < ARRAY_LEN(reductions); i++) {
		unsigned mask = reductions[i].mask;
		struct text v = text_reduce(a, value, mask), w = text_reduce(a, wanted, mask);

		if (value.n - v.n != wanted.n - w.n || (mask == FOLD_CASE && !text_equal(v, value)))
			return reductions[i].code;
	}
	return FINDING_TXT_CASE;
}

static bool
is_separator(const char *p, const char *end)
{
	return p >= end || is_blank(*p) || *p == ';' || *p == ',' || *p == '"';
}

/* Does wanted stand in value as a part of its own, or right beside an SPF record? */
static bool
text_is_joined(struct text value, struct text wanted)
{
	const char *end = value.p + value.n;

	for (const char *p = value.p; wanted.n > 0 && p + wanted.n <= end; p++) {
		if (memcmp(p, wanted.p, wanted.n) != 0)
			continue;
		if (text_iprefix((struct text){ p + wanted.n, (size_t)(end - p) - wanted.n }, "v=spf1"))
			return true;
		if ((p == value.p || is_separator(p - 1, end) || text_iprefix(value, "v=spf1")) && is_separator(p + wanted.n, end))
			return true;
	}
	return false;
}

/* ---- slips of whoever copied a proof of ownership ---- */

#define PROOF_DIGITS_MIN 6	/* fewer could be anybody's number */

/* The digits are ours, and what stands before them was meant to be MS=ms: "MS=12345678", "MS:ms12345678.", "12345678". */
static bool
proof_is_meant(struct text value, struct text wanted)
{
	struct text digits = { wanted.p + 5, wanted.n > 5 ? wanted.n - 5 : 0 };
	size_t at = 0;

	if (digits.n < PROOF_DIGITS_MIN || !text_iprefix(wanted, "ms=ms"))
		return false;
	while (at < value.n && strchr("mMsS=:. \t\"'", value.p[at]) != NULL && value.p[at] != '\0')
		at++;
	if (value.n - at < digits.n || memcmp(value.p + at, digits.p, digits.n) != 0)
		return false;
	for (at += digits.n; at < value.n; at++)
		if (value.p[at] == '\0' || strchr(".;, \t\"'", value.p[at]) == NULL)
			return false;
	return true;
}

/* A word of a line of a zone that is no value: "@", "contoso.com.", "3600", "IN", "TXT". */
static bool
is_zone_word(struct text w)
{
	static const char *const words[] = { "@", "in", "txt", "text" };
	bool number = w.n > 0;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (w.n == strlen(words[i]) && text_iprefix(w, words[i]))
			return true;
	for (size_t i = 0; i < w.n; i++)
		number = number && w.p[i] >= '0' && w.p[i] <= '9';
	return number || (w.n > 1 && w.p[w.n - 1] == '.');
}

/* The whole line of the instructions was pasted: "@ IN TXT MS=ms12345678". */
static bool
line_is_pasted(struct text value, struct text wanted)
{
	size_t n_words = 0;

	while (value.n > wanted.n) {
		size_t n = 0;

		while (n < value.n && !is_blank(value.p[n]))
			n++;
		if (n == value.n || !is_zone_word((struct text){ value.p, n }))
			return false;
		n_words++;
		while (n < value.n && (is_blank(value.p[n]) || value.p[n] == '"'))
			n++;
		value = (struct text){ value.p + n, value.n - n };
		if (value.n == wanted.n + 1 && value.p[wanted.n] == '"')
			value.n--;
	}
	return n_words > 0 && text_equal(value, wanted);
}

enum finding_code
text_near_miss(struct arena *a, struct text value, struct text wanted)
{
	struct text v = text_reduce(a, value, REDUCE_ALL), w = text_reduce(a, wanted, REDUCE_ALL);

	if (w.n == 0 || v.n == 0)
		return FINDING_MAX;
	if (text_equal(v, w))
		return text_reduction(a, value, wanted);
	if (text_iprefix(w, "ms=") && text_equal(v, (struct text){ w.p + 3, w.n - 3 }))
		return FINDING_MS_PREFIX_MISSING;
	if (proof_is_meant(value, wanted) || line_is_pasted(value, wanted))
		return FINDING_RECORD_WRONG;
	if (text_is_joined(value, wanted))
		return FINDING_TXT_JOINED_VALUES;
	return FINDING_MAX;
}

size_t
text_version_length(struct text t, const char *version)
{
	size_t stem = strcspn(version + 2, "v1"), at = 0;

	while (at < t.n && (is_blank(t.p[at]) || t.p[at] == '"'))
		at++;
	if (at + 1 < t.n && ascii_lower(t.p[at]) == 'v' && strchr("=: ", t.p[at + 1]) != NULL && t.p[at + 1] != '\0')
		for (at += 2; at < t.n && strchr("=: ", t.p[at]) != NULL && t.p[at] != '\0';)
			at++;
	for (size_t i = 0; i < stem; i++, at++)
		if (at >= t.n || ascii_lower(t.p[at]) != ascii_lower(version[2 + i]))
			return 0;
	/* another number is another version, which is somebody else's affair */
	if (at < t.n && ascii_lower(t.p[at]) == 'v')
		at++;
	if (at + 1 < t.n && t.p[at] == ' ' && t.p[at + 1] == '1')
		at++;
	if (at < t.n && t.p[at] == '1')
		at++;
	return at == t.n || strchr(" ;:,\"", t.p[at]) != NULL ? at : 0;
}

enum finding_code
text_near_prefix(struct arena *a, struct text value, const char *prefix)
{
	struct text p = { prefix, strlen(prefix) };
	struct text v = text_reduce(a, value, REDUCE_ALL), w = text_reduce(a, p, REDUCE_ALL);
	struct text head = { value.p, 0 };
	size_t kept = 0;

	if (v.n < w.n || memcmp(v.p, w.p, w.n) != 0)
		return FINDING_MAX;
	/* only the head of the value decides: blanks and quotes further on may be meant */
	while (head.n < value.n && kept < w.n)
		kept += !is_dropped(value.p[head.n++], REDUCE_ALL);
	return text_equal(head, p) ? FINDING_MAX : text_reduction(a, head, p);
}

/* MS= values that are not ours: another tenant's, or an older attempt's.  They do no harm. */
static void
txt_note_others(struct judge *j, const struct text *values, size_t n, struct text ours)
{
	const char *others = "";

	for (size_t i = 0; i < n; i++)
		if (text_iprefix(values[i], "MS=ms") && !text_equal(values[i], ours) &&
		    text_near_miss(j->a, values[i], ours) == FINDING_MAX)
			others = judge_join(j->a, others, text_show(j, values[i]));
	if (*others != '\0')
		judge_note(j, FINDING_MS_OTHER_VALUE, others, NULL, "not of this domain: %s", others);
}

static bool
txt_find(const struct text *values, size_t n, struct text wanted)
{
	for (size_t i = 0; i < n; i++)
		if (text_equal(values[i], wanted))
			return true;
	return false;
}

static bool
txt_note_near(struct judge *j, const struct text *values, size_t n, struct text wanted)
{
	for (size_t i = 0; i < n; i++) {
		enum finding_code code = text_near_miss(j->a, values[i], wanted);

		if (code == FINDING_MAX)
			continue;
		judge_note(j, code, text_show(j, values[i]), text_show(j, wanted), NULL);
		return true;
	}
	return false;
}

static struct text
txt_wanted(struct judge *j, size_t i)
{
	struct str s = STR_INIT;
	struct text t;
	char *p;

	rdata_txt(&j->want.exact[i], &s);
	p = arena_alloc(j->a, s.len + 1);
	memcpy(p, str_c(&s), s.len);
	t = (struct text){ p, s.len };
	str_done(&s);
	return t;
}

/* Without a value in the configuration any proof of the right form will do. */
static enum verdict
txt_any_proof(const struct text *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_iprefix(values[i], "MS=ms"))
			return VERDICT_OK;
	return VERDICT_MISSING;
}

static enum verdict
txt_judge_value(struct judge *j, const struct text *values, size_t n)
{
	for (size_t i = 0; i < j->want.n_exact; i++)
		if (txt_find(values, n, txt_wanted(j, i))) {
			txt_note_others(j, values, n, txt_wanted(j, i));
			return VERDICT_OK;
		}
	for (size_t i = 0; i < j->want.n_exact; i++)
		if (txt_note_near(j, values, n, txt_wanted(j, i)))
			return VERDICT_WRONG;
	txt_note_others(j, values, n, txt_wanted(j, 0));
	return VERDICT_MISSING;
}

enum verdict
rule_txt_value(struct judge *j)
{
	struct text *values;
	size_t n = text_values(j, &values);
	enum verdict verdict;

	if (j->want.n_exact == 0)
		return txt_any_proof(values, n);
	verdict = txt_judge_value(j, values, n);
	if (verdict != VERDICT_OK && j->verification_by_mx && strcmp(j->e->id, "verification") == 0) {
		j->n_notes = 0;
		judge_note(j, FINDING_VERIFICATION_BY_MX, "the MX below msv1.invalid", NULL,
		    "%s has no TXT record %s, but the MX that proves the same", plan_domain(j->plan), judge_wanted_text(j));
		return VERDICT_OK;
	}
	return verdict;
}

enum verdict
rule_contains(struct judge *j)
{
	struct text *values;
	size_t n = text_values(j, &values);
	bool all = true, near = false;

	for (size_t i = 0; i < j->want.n_exact; i++) {
		struct text wanted = txt_wanted(j, i);

		if (txt_find(values, n, wanted))
			continue;
		all = false;
		near = txt_note_near(j, values, n, wanted) || near;
	}
	if (all && j->want.n_exact > 0)
		return VERDICT_OK;
	return near ? VERDICT_WRONG : VERDICT_MISSING;
}
