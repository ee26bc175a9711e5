/* SPDX-License-Identifier: ISC */
/*
 * DMARC, MTA-STS, TLS-RPT in a fix: one text of tags at a name.
 *
 * A text that is nearly right is tried in the ways in which people go wrong, and the first that the match rule itself calls right
 * is taken; so a proposal cannot promise what the judge would refuse.  When none is, the wanted text comes and a note keeps the
 * old one.  Of several records one remains.
 */
#include <string.h>

#include "fix.h"

#define STS_ID_MAX 32	/* RFC 8461 section 3.1 */

/* Would the match rule call this one text right? */
static bool
judged_ok(struct mend *m, struct text t)
{
	struct judgement j;
	struct rdata r;
	struct answer an = { .qtype = DNS_TYPE_TXT, .kind = ANSWER_POSITIVE, .values = &r, .n_values = 1 };

	if (!fix_txt(m->x->a, t, &r))
		return false;
	eval_judge(m->x->plan, m->i, VIEW_PUBLIC, &an, false, NULL, m->x->a, &j);
	for (size_t k = 0; k < j.n_notes; k++)
		if (j.notes[k].severity != SEVERITY_INFO)
			return false;
	return j.verdict == VERDICT_OK;
}

/* "p=reject rua=..." -> "p=reject; rua=...": a blank before a tag was meant to be a semicolon. */
static struct text
with_semicolons(struct arena *a, struct text t)
{
	struct str s = STR_INIT;
	struct text ret;

	for (size_t i = 0; i < t.n; i++) {
		size_t word = 0;

		while (t.p[i] == ' ' && i + 1 + word < t.n && strchr(" ;=", t.p[i + 1 + word]) == NULL)
			word++;
		if (word > 0 && i + 1 + word < t.n && t.p[i + 1 + word] == '=' && s.len > 0 && strchr(";=", s.p[s.len - 1]) == NULL)
			str_addc(&s, ';');
		str_addc(&s, t.p[i]);
	}
	ret = fix_literal(a, str_c(&s));
	str_done(&s);
	return ret;
}

/* "v=DMARC1: p=reject, rua=..." -> "v=DMARC1; p=reject; rua=...": what stands before a tag can only be a semicolon. */
static struct text
with_separators(struct arena *a, struct text t)
{
	char *out = arena_alloc(a, t.n + 1);

	for (size_t i = 0; i < t.n; i++) {
		size_t word = i + 1, end;

		out[i] = t.p[i];
		if (t.p[i] != ':' && t.p[i] != ',')
			continue;
		while (word < t.n && t.p[word] == ' ')
			word++;
		for (end = word; end < t.n && ascii_lower(t.p[end]) >= 'a' && ascii_lower(t.p[end]) <= 'z';)
			end++;
		if (end > word && end < t.n && t.p[end] == '=')
			out[i] = ';';
	}
	return (struct text){ out, t.n };
}

/* "DMARC; p=reject" -> "v=DMARC1; p=reject". */
static struct text
with_version(struct arena *a, struct text t, const char *version)
{
	size_t n = text_version_length(t, version);
	const char *rest = t.p + n;

	if (n == 0)
		return t;
	for (; n < t.n && strchr(";:, ", *rest) != NULL; n++)
		rest++;
	return fix_literal(a, n < t.n ? arena_printf(a, "%s; %.*s", version, (int)(t.n - n), rest) : version);
}

/* A tag more behind the version: "v=DMARC1; p=none; ...". */
static struct text
with_tag(struct arena *a, struct text t, const char *tag)
{
	size_t head = 0;

	while (head < t.n && t.p[head] != ';')
		head++;
	return fix_literal(a, arena_printf(a, "%.*s; %s%.*s", (int)head, t.p, tag, (int)(t.n - head), t.p + head));
}

/* "id=2026-11-21" -> "id=20261121". */
static struct text
with_plain_id(struct arena *a, struct text t)
{
	char *out = arena_alloc(a, t.n + 1);
	size_t n = 0, kept = 0;
	bool in_id = false;

	for (size_t i = 0; i < t.n; i++) {
		char c = ascii_lower(t.p[i]);
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (t.p[i] == ';')
			in_id = false;
		if (in_id && (!plain || kept == STS_ID_MAX))
			continue;
		kept += in_id;
		out[n++] = t.p[i];
		if (n >= 3 && strncmp(out + n - 3, "id=", 3) == 0)
			in_id = true;
	}
	return (struct text){ out, n };
}

static struct text
with_mailto(struct arena *a, struct text t)
{
	const char *at = memmem(t.p, t.n, "rua=", 4);
	size_t head;

	if (at == NULL || memchr(at, '@', t.n - (size_t)(at - t.p)) == NULL)
		return t;
	head = (size_t)(at - t.p) + 4;
	return fix_literal(a, arena_printf(a, "%.*smailto:%.*s", (int)head, t.p, (int)(t.n - head), t.p + head));
}

struct single {
	enum rule rule;
	const char *version;
	const char *tag;		/* what it lacks most often */
};
static const struct single singles[] = {
	{ RULE_DMARC, "v=DMARC1", "p=none" }, { RULE_MTA_STS, "v=STSv1", "id=1" }, { RULE_TLS_RPT, "v=TLSRPTv1", NULL },
};

/* The text mended in the ways that people need most; n = 0 when none of them helps. */
static struct text
mended_text(struct mend *m, const struct single *s, struct text t)
{
	struct arena *a = m->x->a;
	struct text clean = fix_clean(a, t);
	struct text spaced = with_semicolons(a, with_version(a, with_separators(a, clean), s->version));
	const struct text tries[] = { t, clean, spaced, with_mailto(a, spaced), with_plain_id(a, spaced),
		s->tag != NULL ? with_tag(a, spaced, s->tag) : spaced };

	for (size_t k = 0; k < ARRAY_LEN(tries); k++)
		if (judged_ok(m, tries[k]))
			return tries[k];
	return (struct text){ "", 0 };
}

/* Meant to be one of these: by its beginning, right or nearly right, or by the version somewhere inside. */
static bool
is_meant(struct mend *m, const struct single *s, struct text t)
{
	return text_iprefix(t, s->version) || text_near_prefix(m->x->a, t, s->version) != FINDING_MAX ||
	    text_ifind(t, s->version) >= 0 || text_version_length(t, s->version) > 0;
}

/* Of several the strictest stays: a policy is never weakened.  The index of policies; sp= and np= are about others. */
static const char *const policies[] = { "", "p=none", "p=quarantine", "p=reject" };

static int
strictness(struct text t)
{
	for (size_t at = 0; at < t.n; at++) {
		char before = at > 0 ? ascii_lower(t.p[at - 1]) : ' ';

		for (size_t i = 1; (before < 'a' || before > 'z') && i < ARRAY_LEN(policies); i++)
			if (text_iprefix((struct text){ t.p + at, t.n - at }, policies[i]))
				return (int)i;
	}
	return 0;
}

/* What is wanted, and not less than what was meant. */
static struct text
wanted_text(struct mend *m, struct text old)
{
	struct text wanted = fix_literal(m->x->a, m->j.want.text[0]);
	int rank = strictness(old);

	if (m->j.e->rule != RULE_DMARC || rank <= strictness(wanted))
		return wanted;
	return fix_literal(m->x->a, arena_printf(m->x->a, "v=DMARC1; %s", policies[rank]));
}

void
fix_tags(struct mend *m)
{
	const struct single *s = NULL;
	struct text best = { "", 0 }, old = { "", 0 };

	for (size_t k = 0; k < ARRAY_LEN(singles); k++)
		if (singles[k].rule == m->j.e->rule)
			s = &singles[k];
	for (size_t k = 0; s != NULL && k < m->set->n_now;) {
		struct text value = fix_text_of(m->x->a, &m->set->now[k]), mended;

		if (!is_meant(m, s, value)) {
			k++;
			continue;
		}
		old = value;
		mended = mended_text(m, s, value);
		if (mended.n > 0 && (best.n == 0 || strictness(mended) > strictness(best)))
			best = mended;
		fix_set_remove(m->set, k);
	}
	if (best.n == 0 && m->j.want.n_text > 0) {
		best = wanted_text(m, old);
		if (old.n > 0)
			fix_set_note(m, m->set, "the old text could not be mended, so another takes its place");
	}
	if (best.n > 0)
		fix_add_text(m, best);
}
