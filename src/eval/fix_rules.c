/* SPDX-License-Identifier: ISC */
/*
 * What each match rule's record shall be instead.  A mender changes the set it is given and leaves alone what it does not
 * understand; where the right value is not known (a DKIM target of Get-DkimSigningConfig, the host of one's own filter) it does
 * nothing, and the finding's advice says where to find it.
 */
#include <string.h>

#include "fix.h"
#include "spf.h"

#define PROOF_PREFERENCE 32767	/* of the verification MX: behind every mail server (M365-FACTS 1.2) */
#define STS_ID_MAX       32	/* RFC 8461 section 3.1 */

/* ---- texts ---- */

struct text
fix_literal(struct arena *a, const char *text)
{
	return (struct text){ arena_strdup(a, text), strlen(text) };
}

struct text
fix_text_of(struct arena *a, const struct rdata *r)
{
	struct str s = STR_INIT;
	struct text t;
	char *p;

	rdata_txt(r, &s);
	p = arena_alloc(a, s.len + 1);
	memcpy(p, str_c(&s), s.len);
	t = (struct text){ p, s.len };
	str_done(&s);
	return t;
}

bool
fix_txt(struct arena *a, struct text t, struct rdata *ret)
{
	size_t strings = t.n == 0 ? 1 : (t.n + 254) / 255, at = 0;
	uint8_t *p;

	if (t.n + strings > UINT16_MAX)
		return false;
	p = arena_alloc(a, t.n + strings);
	for (size_t i = 0; i < strings; i++) {
		size_t n = t.n - i * 255 < 255 ? t.n - i * 255 : 255;

		p[at++] = (uint8_t)n;
		memcpy(p + at, t.p + i * 255, n);
		at += n;
	}
	*ret = (struct rdata){ DNS_TYPE_TXT, (uint16_t)at, p };
	return true;
}

struct text
fix_clean(struct arena *a, struct text t)
{
	char *out = arena_alloc(a, t.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < t.n; i++) {
		uint8_t c = (uint8_t)t.p[i];
		bool blank = c <= ' ' || (c == 0xa0 && i > 0 && (uint8_t)t.p[i - 1] == 0xc2);	/* U+00A0 too */

		if (blank && n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
		else if (!blank && c < 0x7f && c != '"')
			out[n++] = (char)c;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	return (struct text){ out, n };
}

static void
add_text(struct mend *m, struct text t)
{
	struct rdata r;

	if (fix_txt(m->x->a, t, &r))
		fix_set_add(m, m->set, &r);
}

static bool
is_separator(char c)
{
	return c == ' ' || c == '\t' || c == ';' || c == ',' || c == '"';
}

static struct text
trim_separators(struct text t)
{
	while (t.n > 0 && is_separator(t.p[0])) {
		t.p++;
		t.n--;
	}
	while (t.n > 0 && is_separator(t.p[t.n - 1]))
		t.n--;
	return t;
}

/* What is left of a value when the wanted one is cut out of it, as often as it is there; each part stays a value of its own. */
static void
add_rest(struct mend *m, struct text value, struct text wanted)
{
	const char *at;

	do {
		size_t n = (at = memmem(value.p, value.n, wanted.p, wanted.n)) != NULL ? (size_t)(at - value.p) : value.n;
		struct text part = trim_separators((struct text){ value.p, n });

		if (part.n > 0)
			add_text(m, part);
		if (at != NULL)
			value = (struct text){ at + wanted.n, value.n - n - wanted.n };
	} while (at != NULL);
}

/* Slips of the pen go, the value itself comes; everything else is somebody else's. */
static void
put_text(struct mend *m, const struct rdata *want)
{
	struct text wanted = fix_text_of(m->x->a, want);

	if (fix_set_has(m->set, want))
		return;
	for (size_t k = 0; k < m->set->n_now;) {
		struct text value = fix_text_of(m->x->a, &m->set->now[k]);
		enum finding_code code = text_near_miss(m->x->a, value, wanted);

		if (code == FINDING_MAX) {
			k++;
			continue;
		}
		fix_set_remove(m->set, k);
		if (code == FINDING_TXT_JOINED_VALUES && memmem(value.p, value.n, wanted.p, wanted.n) != NULL)
			add_rest(m, value, wanted);
	}
	fix_set_add(m, m->set, want);
}

static void
mend_txt_value(struct mend *m)
{
	if (m->j.want.n_exact > 0 && m->verdict != VERDICT_OK)
		put_text(m, &m->j.want.exact[0]);
}

static void
mend_contains(struct mend *m)
{
	for (size_t k = 0; k < m->j.want.n_exact; k++)
		put_text(m, &m->j.want.exact[k]);
}

static void
mend_exact(struct mend *m)
{
	fix_set_clear(m->set);
	for (size_t k = 0; k < m->j.want.n_exact; k++)
		fix_set_add(m, m->set, &m->j.want.exact[k]);
}

/* ---- names ---- */

static bool
name_value(struct mend *m, const char *text, struct rdata *ret)
{
	return rdata_parse(m->x->a, m->j.e->row->type, text, ret, NULL) == 0;
}

/* The zone's name was appended to a target that is right without it: then that one was meant, also where it is not known. */
static bool
without_zone(struct mend *m, struct rdata *ret)
{
	for (size_t k = 0; k < m->judged->n_notes; k++)
		if (m->judged->notes[k].code == FINDING_TARGET_ZONE_APPENDED && m->judged->notes[k].wanted != NULL)
			return name_value(m, m->j.e->row->type == DNS_TYPE_MX ?
			    arena_printf(m->x->a, "0 %s", m->judged->notes[k].wanted) : m->judged->notes[k].wanted, ret);
	return false;
}

/* Worked out by Microsoft's rules is not the same as given by Microsoft. */
static void
note_derived(struct mend *m, const char *where)
{
	fix_set_note(m, m->set, "%s was worked out, not given by Microsoft: compare it with %s", m->j.e->id, where);
}

static void
put_single(struct mend *m, const struct rdata *r)
{
	fix_set_clear(m->set);
	fix_set_add(m, m->set, r);
}

/* Nobody needs a record of Skype for Business any more, and one that points elsewhere blocks Teams: away with it. */
static bool
drop_legacy(struct mend *m)
{
	if (m->j.e->need != NEED_LEGACY || m->verdict != VERDICT_WRONG)
		return false;
	fix_set_clear(m->set);
	fix_set_note(m, m->set, "if Skype for Business is still in use, change it to %s instead", judge_wanted_text(&m->j));
	return true;
}

static void
mend_cname(struct mend *m)
{
	struct rdata r;

	if (drop_legacy(m))
		return;
	if (without_zone(m, &r))
		put_single(m, &r);
	else if (m->j.want.n_exact > 0)
		put_single(m, &m->j.want.exact[0]);
}

static void
mend_srv(struct mend *m)
{
	if (drop_legacy(m))
		return;
	if (m->j.want.n_exact > 0)
		put_single(m, &m->j.want.exact[0]);
}

/* What stands at the name of a host: an alias, or addresses.  Takes it away. */
static void
drop_host(struct mend *m)
{
	const struct answer *an = m->j.an, *six;

	if (an->n_chain > 0) {
		fix_alias_gone(m);
		return;
	}
	if (an->n_values > 0)
		fix_set_clear(fix_set_of(m, an->qtype, an->values, an->n_values));
	six = fix_aside(m, DNS_TYPE_AAAA);
	if (six != NULL && six->n_chain == 0 && six->n_values > 0)
		fix_set_gone(m, DNS_TYPE_AAAA, six);
}

/* The set that the host's name has now, when it was made before what stands there was known. */
static void
forget_empty_set(struct mend *m)
{
	if (m->set->n_old == 0 && m->set->n_now == 0 && m->set == &m->x->sets[m->x->n_sets - 1])
		m->x->n_sets--;
}

static void
mend_absent(struct mend *m)
{
	uint16_t type = m->j.e->row->type;

	forget_empty_set(m);
	drop_host(m);
	m->set = fix_set_of(m, type, NULL, 0);
}

static void
mend_host(struct mend *m)
{
	if (m->j.want.n_exact == 0)
		return;
	forget_empty_set(m);
	if (m->verdict == VERDICT_WRONG)
		drop_host(m);
	m->set = fix_set_of(m, m->j.want.exact[0].type, NULL, 0);
	put_single(m, &m->j.want.exact[0]);
}

/* ---- DKIM ---- */

/* "selector1-..." out of the other selector's right target, which is of the same form, tenant and letter. */
static bool
from_other_selector(struct mend *m, struct rdata *ret)
{
	bool first = strcmp(m->j.e->id, "dkim-selector1") == 0;
	int other = plan_find(m->x->plan, first ? "dkim-selector2" : "dkim-selector1");
	const char *target;

	for (size_t col = 0; other >= 0 && col < m->x->m->n_columns; col++) {
		const struct answer *an = matrix_answer(m->x->m, plan_expectation(m->x->plan, (size_t)other)->question, col);
		struct dns_name name;

		if (!column_decides(m->x->m, &m->x->m->columns[col]) || an == NULL || an->n_values != 1 ||
		    cell_says(m->x->m, (size_t)other, col).say != SAY_OK || !rdata_name(&an->values[0], &name))
			continue;
		target = match_name_text(m->x->a, &name);
		if (!str_iprefix(target, first ? "selector2-" : "selector1-"))
			continue;
		return name_value(m, arena_printf(m->x->a, "selector%c%s", first ? '1' : '2', target + strlen("selectorN")), ret);
	}
	return false;
}

/* The first form that has nothing unknown in it: with the tenant given, that is the one of domains added before May 2025. */
static bool
from_family(struct mend *m, struct rdata *ret)
{
	const struct wanted *w = &m->j.want;

	for (size_t k = 0; k < w->n_family; k++)
		if (strpbrk(w->family[k], "*?") == NULL)
			return name_value(m, w->family[k], ret);
	return false;
}

static void
mend_dkim(struct mend *m)
{
	struct rdata r;

	if (m->j.want.exact_known) {
		put_single(m, &m->j.want.exact[0]);
		return;
	}
	/* right by itself, but not beside the other one: that one is taken for the model */
	if (m->verdict == VERDICT_OK && !from_other_selector(m, &r))
		return;
	if (without_zone(m, &r)) {
		put_single(m, &r);
	} else if (from_other_selector(m, &r) || from_family(m, &r)) {
		put_single(m, &r);
		note_derived(m, "Get-DkimSigningConfig");
	}
}

/* ---- MX ---- */

static bool
mx_parts(const struct rdata *r, uint16_t *pref, struct dns_name *target)
{
	return rdata_mx(r, pref, target);
}

static struct rdata
mx_with(struct mend *m, uint16_t pref, const struct dns_name *target)
{
	uint8_t *p = arena_alloc(m->x->a, 2u + target->len);

	p[0] = (uint8_t)(pref >> 8);
	p[1] = (uint8_t)pref;
	memcpy(p + 2, target->wire, target->len);
	return (struct rdata){ DNS_TYPE_MX, (uint16_t)(2u + target->len), p };
}

/* The proof must lose against every mail server, whatever their numbers. */
static void
mx_lower_proofs(struct mend *m)
{
	uint16_t pref, worst = 0;
	struct dns_name target;

	for (size_t k = 0; k < m->set->n_now; k++)
		if (mx_class_of_value(&m->j, &m->set->now[k]) != MX_VERIFICATION && mx_parts(&m->set->now[k], &pref, &target) &&
		    pref > worst)
			worst = pref;
	for (size_t k = 0; k < m->set->n_now; k++)
		if (mx_class_of_value(&m->j, &m->set->now[k]) == MX_VERIFICATION && mx_parts(&m->set->now[k], &pref, &target) &&
		    pref <= worst)
			m->set->now[k] = mx_with(m, worst < PROOF_PREFERENCE ? PROOF_PREFERENCE : UINT16_MAX, &target);
}

static void
mx_drop(struct mend *m, unsigned classes)
{
	for (size_t k = 0; k < m->set->n_now;) {
		if ((classes & 1u << mx_class_of_value(&m->j, &m->set->now[k])) != 0)
			fix_set_remove(m->set, k);
		else
			k++;
	}
}

static size_t
mx_count(struct mend *m, enum mx_class class)
{
	size_t n = 0;

	for (size_t k = 0; k < m->set->n_now; k++)
		n += mx_class_of_value(&m->j, &m->set->now[k]) == class;
	return n;
}

/* Which of several hosts of Microsoft's is to stay: the one wanted by name, else the preferred one. */
static void
mx_keep_one(struct mend *m)
{
	size_t best = SIZE_MAX;
	uint32_t best_rank = UINT32_MAX;

	for (size_t k = 0; k < m->set->n_now; k++) {
		struct dns_name target;
		uint16_t pref;

		if (mx_class_of_value(&m->j, &m->set->now[k]) != MX_GOOD || !mx_parts(&m->set->now[k], &pref, &target))
			continue;
		if ((match_exact_target(&m->j.want, &target) ? pref : UINT32_C(65536) + pref) < best_rank) {
			best_rank = match_exact_target(&m->j.want, &target) ? pref : UINT32_C(65536) + pref;
			best = k;
		}
	}
	for (size_t k = m->set->n_now; k-- > 0;)
		if (k != best && mx_class_of_value(&m->j, &m->set->now[k]) == MX_GOOD)
			fix_set_remove(m->set, k);
}

/* The administrator's set, and the proof of ownership if it is there. */
static void
mx_put_exact(struct mend *m)
{
	mx_drop(m, ~(1u << MX_VERIFICATION));
	for (size_t k = 0; k < m->j.want.n_exact; k++)
		fix_set_add(m, m->set, &m->j.want.exact[k]);
}

static void
mx_put_families(struct mend *m)
{
	struct rdata r;

	if (mx_count(m, MX_GOOD) > 0) {
		mx_drop(m, 1u << MX_FOREIGN | 1u << MX_MICROSOFT | 1u << MX_NULL);
		if (mx_values_migrate(&m->j, m->set->now, m->set->n_now))
			return;
		mx_drop(m, 1u << MX_TOLERATED);
		mx_keep_one(m);
		return;
	}
	if (without_zone(m, &r)) {
		mx_drop(m, ~(1u << MX_VERIFICATION));
		fix_set_add(m, m->set, &r);
	} else if (m->j.want.n_exact > 0) {
		mx_drop(m, ~(1u << MX_VERIFICATION));
		fix_set_add(m, m->set, &m->j.want.exact[0]);
		note_derived(m, "the admin center");
	}
}

static void
mend_mx(struct mend *m)
{
	if (m->j.want.exact_known)
		mx_put_exact(m);
	else if (!m->j.want.foreign_ok)
		mx_put_families(m);
	else if (mx_count(m, MX_FOREIGN) > 0)
		mx_drop(m, 1u << MX_GOOD | 1u << MX_TOLERATED | 1u << MX_MICROSOFT | 1u << MX_NULL);
	mx_lower_proofs(m);
}

static void
mend_nothing(struct mend *m)
{
	(void)m;
}

/* ---- DMARC, MTA-STS, TLS-RPT: one text of tags, the first candidate that the match rule takes ---- */

bool
fix_judged_ok(struct mend *m, struct text t)
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
	struct text clean = fix_clean(a, t), spaced = with_semicolons(a, clean);
	const struct text tries[] = { t, clean, spaced, with_mailto(a, spaced), with_plain_id(a, spaced),
		s->tag != NULL ? with_tag(a, spaced, s->tag) : spaced };

	for (size_t k = 0; k < ARRAY_LEN(tries); k++)
		if (fix_judged_ok(m, tries[k]))
			return tries[k];
	return (struct text){ "", 0 };
}

/* Meant to be one of these: by its beginning, right or nearly right, or by the version somewhere inside. */
static bool
is_meant(struct mend *m, const struct single *s, struct text t)
{
	return text_iprefix(t, s->version) || text_near_prefix(m->x->a, t, s->version) != FINDING_MAX ||
	    text_ifind(t, s->version) >= 0;
}

/* Of several the strictest stays: a policy is never weakened. */
static int
strictness(struct text t)
{
	static const char *const words[] = { "p=none", "p=quarantine", "p=reject" };
	int rank = 0;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (text_ifind(t, words[i]) >= 0)
			rank = (int)i + 1;
	return rank;
}

static void
mend_single(struct mend *m)
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
		best = fix_literal(m->x->a, m->j.want.text[0]);
		if (old.n > 0)
			fix_set_note(m, m->set, "the old text could not be mended: %s", text_show(&m->j, old));
	}
	if (best.n > 0)
		add_text(m, best);
}

/* ---- the table ---- */

fix_mender *const fix_menders[RULE_MAX] = {
	[RULE_TXT_VALUE] = mend_txt_value,
	[RULE_MX_VERIFICATION] = mend_nothing,	/* the TXT is asked for */
	[RULE_MX_SET] = mend_mx,
	[RULE_CNAME] = mend_cname,
	[RULE_HOST] = mend_host,
	[RULE_SRV] = mend_srv,
	[RULE_SPF] = fix_spf,
	[RULE_DKIM] = mend_dkim,
	[RULE_DMARC] = mend_single,
	[RULE_MTA_STS] = mend_single,
	[RULE_TLS_RPT] = mend_single,
	[RULE_ABSENT] = mend_absent,
	[RULE_EXACT] = mend_exact,
	[RULE_CONTAINS] = mend_contains,
};

const char *
fix_record_text(struct matrix *m, size_t i, const struct answer *an, struct arena *a, const char **ret_note)
{
	struct fix_set sets[1];
	struct fixer x = { .m = m, .plan = m->plan, .a = a, .sets = sets };
	struct mend mend = { .x = &x, .i = i, .j = { .plan = m->plan, .e = plan_expectation(m->plan, i), .view = VIEW_PUBLIC,
		.an = an, .a = a } };

	plan_wanted(m->plan, i, VIEW_PUBLIC, a, &mend.j.want);
	plan_owner(m->plan, i, &mend.j.owner);
	mend.set = fix_set_of(&mend, DNS_TYPE_TXT, an->values, an->n_values);
	fix_menders[mend.j.e->rule](&mend);
	*ret_note = mend.set->n_notes > 0 ? mend.set->notes[0] : NULL;
	for (size_t k = 0; k < mend.set->n_now; k++) {
		struct text v = fix_text_of(a, &mend.set->now[k]);
		bool old = false;

		for (size_t n = 0; n < an->n_values; n++)
			old = old || match_rdata_equal(&an->values[n], &mend.set->now[k]);
		if (!old && (mend.j.e->rule != RULE_SPF || spf_is_record(v.p, v.n)))
			return judge_printable(a, v.p, v.n);
	}
	return NULL;
}
