/* SPDX-License-Identifier: ISC */
/* DMARC, MTA-STS and TLS-RPT: one TXT record of the form "v=X; tag=value; ...". */
#include <string.h>

#include "judge.h"

#define TAGS_MAX 32

struct tag {
	struct text name, value;
};
struct tags {
	struct tag list[TAGS_MAX];
	size_t n;
	bool broken;		/* something that is no tag=value */
	struct text at;		/* what */
};

static struct text
trim(struct text t)
{
	while (t.n > 0 && (t.p[0] == ' ' || t.p[0] == '\t')) {
		t.p++;
		t.n--;
	}
	while (t.n > 0 && (t.p[t.n - 1] == ' ' || t.p[t.n - 1] == '\t'))
		t.n--;
	return t;
}

/* Cut at semicolons, then at the first "="; an empty piece (the final semicolon) is none. */
static void
tags_parse(struct text t, struct tags *ret)
{
	ret->n = 0;
	ret->broken = false;
	for (size_t i = 0; i <= t.n; i++) {
		size_t start = i;
		const char *eq;
		struct text piece;

		while (i < t.n && t.p[i] != ';')
			i++;
		piece = trim((struct text){ t.p + start, i - start });
		if (piece.n == 0)
			continue;
		eq = memchr(piece.p, '=', piece.n);
		if (eq == NULL || eq == piece.p || ret->n == TAGS_MAX) {
			ret->at = ret->broken ? ret->at : piece;
			ret->broken = true;
			continue;
		}
		ret->list[ret->n].name = trim((struct text){ piece.p, (size_t)(eq - piece.p) });
		ret->list[ret->n++].value = trim((struct text){ eq + 1, piece.n - (size_t)(eq - piece.p) - 1 });
	}
}

static bool
text_is(struct text t, const char *word)
{
	return t.n == strlen(word) && text_iprefix(t, word);
}

static const struct text *
tags_find(const struct tags *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (text_is(t->list[i].name, name))
			return &t->list[i].value;
	return NULL;
}

/* One kind of record that must stand alone at its name. */
struct single {
	const char *version;
	bool blanks;		/* allowed around the equals sign (DMARC's grammar only) */
	enum finding_code multiple, syntax;
};

/* Does the value begin with the version, and then end or go on with a semicolon? */
static bool
has_version(struct text t, const struct single *s)
{
	size_t n = strlen(s->version);

	if (s->blanks && t.n > 0 && ascii_lower(t.p[0]) == 'v') {
		struct tags tags;

		tags_parse((struct text){ t.p, strcspn(t.p, ";") }, &tags);
		return tags.n == 1 && text_is(tags.list[0].name, "v") && tags.list[0].value.n == n - 2 &&
		    memcmp(tags.list[0].value.p, s->version + 2, n - 2) == 0;
	}
	if (t.n < n || memcmp(t.p, s->version, n) != 0)
		return false;
	t = trim((struct text){ t.p + n, t.n - n });
	return t.n == 0 || t.p[0] == ';';
}

/*
 * The one record among the values.  OK: it is in *ret_text; else the notes are made.  Several of them count as none (RFC
 * 8461 §3.1, RFC 8460 §3, RFC 9989).
 */
static enum verdict
single_find(struct judge *j, const struct single *s, struct text *ret_text)
{
	struct text *values;
	size_t n = text_values(j, &values), n_records = 0;
	const char *all = "";
	enum finding_code code;

	for (size_t i = 0; i < n; i++) {
		if (!has_version(values[i], s))
			continue;
		if (n_records++ == 0)
			*ret_text = values[i];
		all = arena_printf(j->a, "%s%s\"%s\"", all, *all != '\0' ? " and " : "", text_show(j, values[i]));
	}
	if (n_records == 1)
		return VERDICT_OK;
	if (n_records > 1) {
		judge_note(j, s->multiple, all, NULL, "%zu records start with %s: %s", n_records, s->version, all);
		return VERDICT_WRONG;
	}
	for (size_t i = 0; i < n; i++) {
		code = text_near_prefix(j->a, values[i], s->version);
		if (code == FINDING_MAX && text_ifind(values[i], s->version) >= 0)
			code = s->syntax;
		if (code == FINDING_MAX)
			continue;
		judge_note(j, code, text_show(j, values[i]), NULL, NULL);
		return VERDICT_WRONG;
	}
	return VERDICT_MISSING;
}

/* ---- DMARC ---- */

static const char *const policies[] = { "none", "quarantine", "reject" };

static bool
is_policy(struct text t)
{
	for (size_t i = 0; i < ARRAY_LEN(policies); i++)
		if (text_is(t, policies[i]))
			return true;
	return false;
}

/* rua=mailto:a@x,mailto:b@x: without the scheme no report is sent (a common mistake; it breaks nothing else). */
static bool
uris_valid(struct text t, const char *const *schemes, size_t n_schemes)
{
	while (t.n > 0) {
		const char *comma = memchr(t.p, ',', t.n);
		size_t n = comma != NULL ? (size_t)(comma - t.p) : t.n;
		struct text one = trim((struct text){ t.p, n });
		bool known = false;

		for (size_t i = 0; i < n_schemes; i++)
			known = known || (text_iprefix(one, schemes[i]) && one.n > strlen(schemes[i]));
		if (!known)
			return false;
		n += comma != NULL;
		t.p += n;
		t.n -= n;
	}
	return true;
}

static void
dmarc_note_reports(struct judge *j, const struct tags *tags, const char *show)
{
	static const char *const schemes[] = { "mailto:", "https:", "http:" };
	static const char *const names[] = { "rua", "ruf" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct text *uri = tags_find(tags, names[i]);

		if (uri != NULL && (uri->n == 0 || !uris_valid(*uri, schemes, ARRAY_LEN(schemes))))
			judge_note_as(j, SEVERITY_WARNING, FINDING_DMARC_SYNTAX, show, NULL,
			    "%s must list addresses as mailto:name@example.com", names[i]);
	}
}

static enum verdict
dmarc_wrong(struct judge *j, const char *show, const char *why)
{
	judge_note(j, FINDING_DMARC_SYNTAX, show, NULL, "%s", why);
	return VERDICT_WRONG;
}

enum verdict
rule_dmarc(struct judge *j)
{
	static const struct single dmarc = { "v=DMARC1", true, FINDING_DMARC_MULTIPLE, FINDING_DMARC_SYNTAX };
	struct text text;
	struct tags tags;
	const struct text *p, *sp;
	const char *show;
	enum verdict verdict = single_find(j, &dmarc, &text);

	if (verdict != VERDICT_OK)
		return verdict;
	show = text_show(j, text);
	tags_parse(text, &tags);
	if (tags.broken)
		return dmarc_wrong(j, show, arena_printf(j->a, "\"%s\" is not of the form tag=value", text_show(j, tags.at)));
	p = tags_find(&tags, "p");
	sp = tags_find(&tags, "sp");
	if (p == NULL)
		judge_note(j, FINDING_DMARC_NO_POLICY, show, NULL, NULL);
	else if (!is_policy(*p))
		return dmarc_wrong(j, show, arena_printf(j->a, "\"p=%s\" is not none, quarantine or reject%s", text_show(j, *p),
		    memchr(p->p, '=', p->n) != NULL ? " (a semicolon is missing)" : ""));
	if (sp != NULL && !is_policy(*sp))
		return dmarc_wrong(j, show, arena_printf(j->a, "\"sp=%s\" is not none, quarantine or reject", text_show(j, *sp)));
	dmarc_note_reports(j, &tags, show);
	return VERDICT_OK;
}

/* ---- MTA-STS and TLS-RPT ---- */

static bool
is_id(struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		char c = ascii_lower(t.p[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			return false;
	}
	return t.n >= 1 && t.n <= 32;
}

enum verdict
rule_mta_sts(struct judge *j)
{
	static const struct single sts = { "v=STSv1", false, FINDING_RECORD_WRONG, FINDING_RECORD_WRONG };
	struct text text;
	struct tags tags;
	const struct text *id;
	enum verdict verdict = single_find(j, &sts, &text);

	if (verdict != VERDICT_OK)
		return verdict;
	tags_parse(text, &tags);
	id = tags_find(&tags, "id");
	if (!tags.broken && id != NULL && is_id(*id))
		return VERDICT_OK;
	judge_note(j, FINDING_RECORD_WRONG, text_show(j, text), NULL, "%s",
	    tags.broken ? "it is not of the form v=STSv1; id=..." :
	    id == NULL ? "it has no id" : "its id is not 1 to 32 letters and digits");
	return VERDICT_WRONG;
}

enum verdict
rule_tls_rpt(struct judge *j)
{
	static const struct single rpt = { "v=TLSRPTv1", false, FINDING_RECORD_WRONG, FINDING_RECORD_WRONG };
	static const char *const schemes[] = { "mailto:", "https:" };
	struct text text;
	struct tags tags;
	const struct text *rua;
	enum verdict verdict = single_find(j, &rpt, &text);

	if (verdict != VERDICT_OK)
		return verdict;
	tags_parse(text, &tags);
	rua = tags_find(&tags, "rua");
	if (!tags.broken && rua != NULL && rua->n > 0 && uris_valid(*rua, schemes, ARRAY_LEN(schemes)))
		return VERDICT_OK;
	judge_note(j, FINDING_RECORD_WRONG, text_show(j, text), NULL,
	    "%s", rua == NULL ? "it has no rua" : "its rua is no list of mailto: or https: addresses");
	return VERDICT_WRONG;
}
