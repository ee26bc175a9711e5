/* SPDX-License-Identifier: ISC */
/*
 * The MX set.  It is judged as a whole: each host is put into a class, then the classes say what is wrong.
 *
 * With a set given by the administrator (exact_known) hosts and the order of their preferences must be the same; the numbers
 * themselves need not.  Without one, the hosts of Microsoft's families are right.
 *
 * Two hosts of Microsoft side by side are documented as the way from the classic name to mx.microsoft: old one and new one,
 * never with equal preference.  That pair alone is no finding, because a set of records does not say for how many days it has
 * been there.  Any other pair of Microsoft's (equal preferences, one family twice, more than two) works today but is not
 * supported: mx-extra as a warning.  A stranger beside Microsoft's splits the mail: mx-extra as an error.
 */
#include <string.h>

#include "judge.h"

struct mx {
	uint16_t pref;
	struct dns_name target;
	const char *host;	/* text of target */
	const char *show;	/* "10 mail.example" */
	enum mx_class class;
};
struct mx_set {
	struct mx *list;
	size_t n;
};

static bool
is_verification(const char *host)
{
	return plan_pattern_match("*.msv1.invalid", host);
}

static enum mx_class
mx_class_of(struct judge *j, const struct mx *mx)
{
	const struct wanted *w = &j->want;

	if (is_verification(mx->host))
		return MX_VERIFICATION;
	if (match_exact_target(w, &mx->target))
		return MX_GOOD;
	if (mx->target.len == 1)
		return MX_NULL;
	/* no host of Microsoft's has a byte that must be escaped: a blank, say */
	if (match_patterns(w->family, w->n_family, mx->host) && strchr(mx->host, '\\') == NULL)
		return MX_GOOD;
	if (match_patterns(w->tolerate, w->n_tolerate, mx->host))
		return MX_TOLERATED;
	return match_suffix(j->plan, mx->host) != NULL ? MX_MICROSOFT : MX_FOREIGN;
}

static void
mx_read(struct judge *j, const struct rdata *values, size_t n, struct mx_set *ret)
{
	ret->list = arena_alloc(j->a, (n + 1) * sizeof(*ret->list));
	ret->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct mx *mx = &ret->list[ret->n];

		if (!rdata_mx(&values[i], &mx->pref, &mx->target))
			continue;
		mx->host = match_name_text(j->a, &mx->target);
		mx->show = arena_printf(j->a, "%u %s", mx->pref, mx->host);
		mx->class = mx_class_of(j, mx);
		ret->n++;
	}
}

static size_t
mx_count(const struct mx_set *set, enum mx_class class)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		n += set->list[i].class == class;
	return n;
}

/* The one of the class that is preferred, NULL when there is none. */
static const struct mx *
mx_best(const struct mx_set *set, enum mx_class class)
{
	const struct mx *best = NULL;

	for (size_t i = 0; i < set->n; i++)
		if (set->list[i].class == class && (best == NULL || set->list[i].pref < best->pref))
			best = &set->list[i];
	return best;
}

/* "10 a.example, 20 b.example": those of the classes in the mask. */
static const char *
mx_list(struct judge *j, const struct mx_set *set, unsigned classes)
{
	const char *text = "";

	for (size_t i = 0; i < set->n; i++)
		if ((classes & 1u << set->list[i].class) != 0)
			text = judge_join(j->a, text, set->list[i].show);
	return text;
}

/* The verification host must lose against every mail server: .invalid takes no mail (RFC 6761 section 6.4). */
static bool
mx_verification_wins(struct judge *j, const struct mx_set *set)
{
	const struct mx *proof = mx_best(set, MX_VERIFICATION);

	if (proof == NULL)
		return false;
	for (size_t i = 0; i < set->n; i++) {
		const struct mx *mx = &set->list[i];

		if (mx->class == MX_VERIFICATION || mx->class == MX_NULL || mx->pref < proof->pref)
			continue;
		judge_note(j, FINDING_MX_VERIFICATION_WINS, proof->show, NULL, "%s is preferred over %s, or equal to it",
		    proof->show, mx->show);
		return true;
	}
	return false;
}

static bool
is_new_form(const char *host)
{
	static const char suffix[] = ".mx.microsoft";
	size_t n = strlen(host), m = sizeof(suffix) - 1;

	return n > m && str_ieq(host + n - m, suffix);
}

/* Old name and new name with different preferences: the documented way from one to the other. */
static bool
mx_is_migration(const struct mx_set *set)
{
	const struct mx *pair[2];
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		if (set->list[i].class != MX_GOOD && set->list[i].class != MX_TOLERATED)
			continue;
		if (n == 2)
			return false;
		pair[n++] = &set->list[i];
	}
	return n == 2 && pair[0]->pref != pair[1]->pref && is_new_form(pair[0]->host) != is_new_form(pair[1]->host);
}

/* The first, in the order of the set, that was meant to be a wanted one and is told as such; NULL: none. */
static const struct mx *
mx_explain(struct judge *j, const struct mx_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct mx *mx = &set->list[i];

		if (mx->class != MX_VERIFICATION && mx->class != MX_NULL && match_explain_target(j, &mx->target, mx->show))
			return mx;
	}
	return NULL;
}

/* Is it another one that only has to be typed anew?  That is told when it is its turn. */
static bool
mx_is_slip(struct judge *j, const struct mx *mx)
{
	size_t n = j->n_notes;
	bool slip = match_explain_target(j, &mx->target, mx->show);

	j->n_notes = n;
	return slip;
}

/* One is to be typed anew; what stands beside it stays a stranger when it is right. */
static void
mx_note_beside(struct judge *j, const struct mx_set *set, const struct mx *meant)
{
	const char *wanted = j->notes[j->n_notes - 1].wanted, *extra = "";

	for (size_t i = 0; i < set->n; i++) {
		const struct mx *mx = &set->list[i];

		if (mx != meant && mx->class != MX_VERIFICATION && mx->class != MX_NULL &&
		    !(j->want.n_exact > 1 && mx_is_slip(j, mx)))
			extra = judge_join(j->a, extra, mx->show);
	}
	if (*extra != '\0')
		judge_note(j, FINDING_MX_EXTRA, extra, wanted, "beside %s stands %s", meant->show, extra);
}

/* No host of those wanted: does one of them tell why? */
static enum verdict
mx_judge_none(struct judge *j, const struct mx_set *set)
{
	const struct mx *meant;

	if (mx_count(set, MX_VERIFICATION) == set->n)
		return VERDICT_MISSING;
	meant = mx_explain(j, set);
	if (meant != NULL && !j->want.foreign_ok)
		mx_note_beside(j, set, meant);
	return VERDICT_WRONG;
}

/* ---- a set given by the administrator ---- */

static const struct mx *
mx_find(const struct mx_set *set, const struct dns_name *target)
{
	for (size_t i = 0; i < set->n; i++)
		if (dns_name_equal(&set->list[i].target, target))
			return &set->list[i];
	return NULL;
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

/* Any two hosts must stand in the same order as wanted: which is tried first, and which share the load. */
static bool
mx_order_differs(const struct mx_set *found, const struct mx_set *wanted)
{
	for (size_t i = 0; i < wanted->n; i++)
		for (size_t k = i + 1; k < wanted->n; k++) {
			const struct mx *a = mx_find(found, &wanted->list[i].target);
			const struct mx *b = mx_find(found, &wanted->list[k].target);

			if (a != NULL && b != NULL &&
			    sign(a->pref - b->pref) != sign(wanted->list[i].pref - wanted->list[k].pref))
				return true;
		}
	return false;
}

/* Hosts that are not of the wanted set: strangers, and kin, Microsoft's own (the other name during a migration). */
static void
mx_list_extra(struct judge *j, const struct mx_set *found, const struct mx_set *wanted, const char **strange, const char **kin)
{
	*strange = *kin = "";
	for (size_t i = 0; i < found->n; i++) {
		const struct mx *mx = &found->list[i];
		const char **list = mx->class == MX_GOOD || mx->class == MX_TOLERATED ? kin : strange;

		if (mx->class != MX_VERIFICATION && mx_find(wanted, &mx->target) == NULL)
			*list = judge_join(j->a, *list, mx->show);
	}
}

static bool
mx_note_extra(struct judge *j, const struct mx_set *found, const struct mx_set *wanted)
{
	const char *strange, *kin;

	mx_list_extra(j, found, wanted, &strange, &kin);
	if (*kin != '\0' && !mx_is_migration(found))
		judge_note_as(j, SEVERITY_WARNING, FINDING_MX_EXTRA, kin, NULL, "not wanted: %s", kin);
	if (*strange != '\0')
		judge_note(j, FINDING_MX_EXTRA, strange, NULL, "not wanted: %s", strange);
	return *strange != '\0';
}

/* Some of the wanted hosts are not there.  What stands there instead is the same cause, and the whole set is what to enter. */
static enum verdict
mx_note_lacking(struct judge *j, const struct mx_set *found, const struct mx_set *wanted, const char *lacking)
{
	const char *strange, *kin, *extra;

	mx_list_extra(j, found, wanted, &strange, &kin);
	extra = *kin != '\0' ? judge_join(j->a, strange, kin) : strange;
	judge_note(j, FINDING_RECORD_WRONG, judge_found_text(j), NULL, *extra != '\0' ? "not there: %s; there instead: %s" :
	    "not there: %s", lacking, extra);
	return VERDICT_WRONG;
}

static enum verdict
mx_judge_exact(struct judge *j, const struct mx_set *found)
{
	struct mx_set wanted;
	const char *lacking = "";
	bool wrong = mx_verification_wins(j, found);
	size_t here = 0;

	mx_read(j, j->want.exact, j->want.n_exact, &wanted);
	for (size_t i = 0; i < wanted.n; i++) {
		if (mx_find(found, &wanted.list[i].target) != NULL)
			here++;
		else
			lacking = judge_join(j->a, lacking, wanted.list[i].show);
	}
	if (here == 0)
		return mx_judge_none(j, found);
	if (*lacking != '\0')
		return mx_note_lacking(j, found, &wanted, lacking);
	wrong = mx_note_extra(j, found, &wanted) || wrong;
	if (mx_order_differs(found, &wanted)) {
		judge_note(j, FINDING_MX_PREFERENCE, judge_found_text(j), NULL, "not in the order wanted: %s",
		    judge_found_text(j));
		wrong = true;
	}
	return wrong ? VERDICT_WRONG : VERDICT_OK;
}

/* ---- Microsoft's families ---- */

/* The first label of a host of a family says which domain (or tenant) it was made for. */
static bool
mx_key_is_ours(struct judge *j, const struct mx *mx)
{
	struct dns_name name;
	size_t n = strcspn(mx->host, ".");
	const char *key = plan_key(j->plan);

	if (key != NULL && strlen(key) == n && str_iprefix(mx->host, key))
		return true;
	for (size_t i = 0; i < j->want.n_exact; i++) {
		const char *text;

		if (!rdata_name(&j->want.exact[i], &name))
			continue;
		text = match_name_text(j->a, &name);
		if (strcspn(text, ".") == n && strncmp(text, mx->host, n) == 0)
			return true;
	}
	return false;
}

static void
mx_note_keys(struct judge *j, const struct mx_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->list[i].class == MX_GOOD && !match_exact_target(&j->want, &set->list[i].target) &&
		    !mx_key_is_ours(j, &set->list[i]))
			judge_note(j, FINDING_MX_WRONG_KEY, set->list[i].show, NULL,
			    "%s was made for another domain; %s would start with %s", set->list[i].host,
			    plan_domain(j->plan), plan_key(j->plan));
}

static void
mx_note_companions(struct judge *j, const struct mx_set *set)
{
	const struct mx *best = mx_best(set, MX_GOOD), *old = mx_best(set, MX_TOLERATED);
	const char *all = mx_list(j, set, 1u << MX_GOOD | 1u << MX_TOLERATED);

	if (mx_count(set, MX_GOOD) + mx_count(set, MX_TOLERATED) > 1) {
		if (!mx_is_migration(set))
			judge_note_as(j, SEVERITY_WARNING, FINDING_MX_EXTRA, all, best != NULL ? best->show : NULL,
			    "more than one MX of Microsoft's is not supported: %s", all);
	} else if (best == NULL && old != NULL) {
		judge_note_as(j, SEVERITY_WARNING, FINDING_RECORD_WRONG, old->show, NULL, "%s still works, but is old",
		    old->host);
	}
}

/* A stranger beside Microsoft's: the mail is split, and with equal or worse preference most of it goes astray. */
static bool
mx_note_strangers(struct judge *j, const struct mx_set *set)
{
	const struct mx *good = mx_best(set, MX_GOOD), *other = mx_best(set, MX_FOREIGN);
	const struct mx *ours = mx_best(set, MX_MICROSOFT);
	const char *extra = mx_list(j, set, 1u << MX_FOREIGN | 1u << MX_MICROSOFT);

	if (*extra == '\0')
		return false;
	if (good == NULL)
		good = mx_best(set, MX_TOLERATED);
	if (other == NULL || (ours != NULL && ours->pref < other->pref))
		other = ours;
	/* its preference goes with it, so that is no mistake of its own */
	judge_note(j, FINDING_MX_EXTRA, extra, good->show, good->pref < other->pref ? "beside %s stands %s" :
	    "beside %s stands %s, and %s is %s it", good->show, extra, strcmp(extra, other->show) == 0 ? "that" : other->show,
	    good->pref == other->pref ? "as good as" : "preferred over");
	return true;
}

/* The profile puts somebody else's server in front: any, when the configuration does not say which. */
static enum verdict
mx_judge_foreign(struct judge *j, const struct mx_set *set)
{
	const char *ms = mx_list(j, set, 1u << MX_GOOD | 1u << MX_TOLERATED | 1u << MX_MICROSOFT);
	const char *foreign = mx_list(j, set, 1u << MX_FOREIGN);

	/* a profile that asks for nothing but the proof of ownership: anybody's server will do */
	if (j->want.n_family > 0 && mx_count(set, MX_VERIFICATION) < set->n)
		return VERDICT_OK;
	if (mx_count(set, MX_FOREIGN) == 0)
		return mx_judge_none(j, set);
	for (size_t i = 0; i < set->n; i++)
		if (set->list[i].class == MX_FOREIGN && match_explain_target(j, &set->list[i].target, set->list[i].show)) {
			if (*ms != '\0')
				judge_note(j, FINDING_MX_EXTRA, ms, NULL, "%s goes around the servers in front", ms);
			return VERDICT_WRONG;
		}
	if (*ms != '\0') {
		judge_note(j, FINDING_MX_EXTRA, ms, foreign, "%s goes around the servers in front: %s", ms, foreign);
		return VERDICT_WRONG;
	}
	judge_note(j, FINDING_TARGET_ACCEPTED, foreign, NULL, NULL);
	return VERDICT_OK;
}

static bool
mx_null_is_wanted(const struct judge *j)
{
	struct dns_name root;

	return dns_name_parse(&root, ".", NULL) == 0 && match_exact_target(&j->want, &root);
}

enum verdict
rule_mx_set(struct judge *j)
{
	struct mx_set set;
	bool wrong;

	mx_read(j, j->an->values, j->an->n_values, &set);
	if (set.n == 0)
		return VERDICT_MISSING;
	if (mx_count(&set, MX_NULL) > 0 && !mx_null_is_wanted(j)) {
		judge_note(j, FINDING_MX_NULL, mx_list(j, &set, 1u << MX_NULL), NULL, NULL);
		return VERDICT_WRONG;
	}
	if (j->want.exact_known)
		return mx_judge_exact(j, &set);
	wrong = mx_verification_wins(j, &set);
	if (j->want.foreign_ok) {
		enum verdict verdict = mx_judge_foreign(j, &set);

		return wrong && verdict == VERDICT_OK ? VERDICT_WRONG : verdict;
	}
	if (mx_count(&set, MX_GOOD) + mx_count(&set, MX_TOLERATED) == 0)
		return mx_judge_none(j, &set);
	wrong = mx_note_strangers(j, &set) || wrong;
	mx_note_companions(j, &set);
	mx_note_keys(j, &set);
	return wrong ? VERDICT_WRONG : VERDICT_OK;
}

enum verdict
rule_mx_verification(struct judge *j)
{
	struct mx_set set;
	enum verdict verdict = VERDICT_MISSING;

	mx_read(j, j->an->values, j->an->n_values, &set);
	for (size_t i = 0; i < set.n; i++) {
		if (set.list[i].class != MX_VERIFICATION)
			continue;
		if (j->want.n_exact == 0 || match_exact_target(&j->want, &set.list[i].target))
			verdict = VERDICT_OK;
		else
			judge_note(j, FINDING_MS_OTHER_VALUE, set.list[i].show, NULL, "%s is not the value of this domain",
			    set.list[i].host);
	}
	return verdict;
}

/* ---- for the fix ---- */

enum mx_class
mx_class_of_value(struct judge *j, const struct rdata *r)
{
	struct mx_set set;

	mx_read(j, r, 1, &set);
	return set.n == 1 ? set.list[0].class : MX_FOREIGN;
}

bool
mx_values_migrate(struct judge *j, const struct rdata *values, size_t n)
{
	struct mx_set set;

	mx_read(j, values, n, &set);
	return mx_is_migration(&set);
}
