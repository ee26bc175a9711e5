/* SPDX-License-Identifier: ISC */
/* DMARC, MTA-STS and TLS-RPT: one TXT record of the form "v=X; tag=value; ...". */
#include <string.h>

#include "dmarc.h"
#include "tags.h"

/* One kind of record that must stand alone at its name. */
struct single {
	const char *version;
	bool (*is_record)(struct text t);	/* begins with the version, and then ends or goes on with a semicolon? */
	enum finding_code multiple, syntax;
};

/* MTA-STS and TLS-RPT allow no blanks around the equals sign; DMARC does. */
static bool
has_version(struct text t, const char *version)
{
	size_t n = strlen(version);

	if (t.n < n || memcmp(t.p, version, n) != 0)
		return false;
	t = text_trim((struct text){ t.p + n, t.n - n });
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
		if (!s->is_record(values[i]))
			continue;
		if (n_records++ == 0)
			*ret_text = values[i];
		all = judge_join_by(j->a, all, " and ", arena_printf(j->a, "\"%s\"", text_show(j, values[i])));
	}
	if (n_records == 1)
		return VERDICT_OK;
	if (n_records > 1) {
		judge_note(j, s->multiple, all, NULL, "%zu records start with %s: %s", n_records, s->version, all);
		return VERDICT_WRONG;
	}
	for (size_t i = 0; i < n; i++) {
		code = text_near_prefix(j->a, values[i], s->version);
		if (code == FINDING_MAX && (text_ifind(values[i], s->version) >= 0 || text_version_length(values[i], s->version) > 0))
			code = s->syntax;
		if (code == FINDING_MAX)
			continue;
		judge_note(j, code, text_show(j, values[i]), NULL, NULL);
		return VERDICT_WRONG;
	}
	return VERDICT_MISSING;
}

/* ---- DMARC ---- */

enum verdict
rule_dmarc(struct judge *j)
{
	static const struct single dmarc = { "v=DMARC1", dmarc_is_record, FINDING_DMARC_MULTIPLE, FINDING_DMARC_SYNTAX };
	struct dmarc_record record;
	struct text text;
	const char *show;
	enum verdict verdict = single_find(j, &dmarc, &text);

	if (verdict != VERDICT_OK)
		return verdict;
	show = text_show(j, text);
	dmarc_parse(j->a, text, &record);
	if (record.mistake != NULL) {
		judge_note(j, FINDING_DMARC_SYNTAX, show, NULL, "%s", record.mistake);
		return VERDICT_WRONG;
	}
	if (record.p == DMARC_ABSENT)
		judge_note(j, FINDING_DMARC_NO_POLICY, show, NULL, NULL);
	for (size_t i = 0; i < record.n_remarks; i++)
		judge_note_as(j, SEVERITY_WARNING, FINDING_DMARC_SYNTAX, show, NULL, "%s", record.remarks[i]);
	if (record.removed != NULL)
		judge_note(j, FINDING_DMARC_TAG_REMOVED, record.removed, NULL, "%s: %s", record.removed, show);
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

static bool
is_sts(struct text t)
{
	return has_version(t, "v=STSv1");
}

enum verdict
rule_mta_sts(struct judge *j)
{
	static const struct single sts = { "v=STSv1", is_sts, FINDING_RECORD_WRONG, FINDING_RECORD_WRONG };
	struct text text;
	struct tags tags;
	const struct text *id;
	enum verdict verdict = single_find(j, &sts, &text);

	if (verdict != VERDICT_OK)
		return verdict;
	tags_parse(text, &tags);
	id = tags_find(&tags, "id");
	if (!tags.broken && tags_double(&tags) == NULL && id != NULL && is_id(*id))
		return VERDICT_OK;
	judge_note(j, FINDING_RECORD_WRONG, text_show(j, text), NULL, "%s",
	    tags.broken ? "it is not of the form v=STSv1; id=..." : tags_double(&tags) != NULL ? "a tag stands there twice" :
	    id == NULL ? "it has no id" : "its id is not 1 to 32 letters and digits");
	return VERDICT_WRONG;
}

static bool
is_tls_rpt(struct text t)
{
	return has_version(t, "v=TLSRPTv1");
}

enum verdict
rule_tls_rpt(struct judge *j)
{
	static const struct single rpt = { "v=TLSRPTv1", is_tls_rpt, FINDING_RECORD_WRONG, FINDING_RECORD_WRONG };
	static const char *const schemes[] = { "mailto:", "https:" };
	struct text text;
	struct tags tags;
	const struct text *rua;
	enum verdict verdict = single_find(j, &rpt, &text);

	if (verdict != VERDICT_OK)
		return verdict;
	tags_parse(text, &tags);
	rua = tags_find(&tags, "rua");
	if (!tags.broken && tags_double(&tags) == NULL && rua != NULL && uris_valid(*rua, schemes, ARRAY_LEN(schemes)))
		return VERDICT_OK;
	judge_note(j, FINDING_RECORD_WRONG, text_show(j, text), NULL, "%s",
	    tags.broken ? "it is not of the form v=TLSRPTv1; rua=..." : tags_double(&tags) != NULL ? "a tag stands there twice" :
	    rua == NULL ? "it has no rua" : "its rua is no list of mailto: or https: addresses");
	return VERDICT_WRONG;
}
