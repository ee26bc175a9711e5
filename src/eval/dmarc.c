/* SPDX-License-Identifier: ISC */
/* dmarc: see dmarc.h. */
#include <string.h>

#include "dmarc.h"
#include "tags.h"

#define VERSION "DMARC1"

static const struct name_row policy_rows[] = {
	{ DMARC_NONE, "none" },
	{ DMARC_QUARANTINE, "quarantine" },
	{ DMARC_REJECT, "reject" },
};
NAME_TABLE(dmarc_policy_names, policy_rows);

bool
dmarc_is_record(struct text t)
{
	struct text first;
	struct tags tags;

	/* blanks may stand around the equals sign, but nothing before the v; the version's case counts */
	if (t.n == 0 || ascii_lower(t.p[0]) != 'v' || !text_next(&t, ';', &first))
		return false;
	tags_parse(first, &tags);
	return tags.n == 1 && text_is(tags.list[0].name, "v") && tags.list[0].value.n == strlen(VERSION) &&
	    memcmp(tags.list[0].value.p, VERSION, strlen(VERSION)) == 0;
}

/* ---- URIs ---- */

/* a@b, nothing that a URI must not have, and something with a dot behind the @. */
static bool
is_mail_address(struct text t)
{
	const char *at = t.n > 0 ? memchr(t.p, '@', t.n) : NULL;
	size_t host;

	if (at == NULL || at == t.p)
		return false;
	for (size_t i = 0; i < t.n; i++)
		if ((unsigned char)t.p[i] <= ' ' || (unsigned char)t.p[i] >= 0x7f || t.p[i] == '<' || t.p[i] == '>')
			return false;
	host = t.n - (size_t)(at - t.p) - 1;
	return host > 2 && memchr(at + 2, '.', host - 1) != NULL && memchr(at + 1, '@', host) == NULL;
}

/* RFC 7489 had "!10m" behind an address: the largest report wanted.  Ignored today. */
static struct text
without_size(struct text t)
{
	const char *mark = t.n > 0 ? memchr(t.p, '!', t.n) : NULL;

	return mark != NULL ? (struct text){ t.p, (size_t)(mark - t.p) } : t;
}

static bool
uri_valid(struct text t, const char *const *schemes, size_t n_schemes)
{
	for (size_t i = 0; i < n_schemes; i++) {
		size_t n = strlen(schemes[i]);

		if (!text_iprefix(t, schemes[i]))
			continue;
		t = without_size((struct text){ t.p + n, t.n - n });
		return strcmp(schemes[i], "mailto:") == 0 ? is_mail_address(t) : t.n > 2 && t.p[0] == '/' && t.p[1] == '/';
	}
	return false;
}

bool
uris_valid(struct text list, const char *const *schemes, size_t n_schemes)
{
	struct text one;

	if (list.n == 0)
		return false;
	while (text_next(&list, ',', &one))
		if (!uri_valid(one, schemes, n_schemes))
			return false;
	return true;
}

bool
dmarc_next_host(struct text *list, struct text *ret)
{
	static const char *const mailto[] = { "mailto:" };
	struct text one;
	const char *at;

	if (!text_next(list, ',', &one))
		return false;
	*ret = (struct text){ "", 0 };
	if (!uri_valid(one, mailto, 1))
		return true;
	one = without_size(one);
	at = memchr(one.p, '@', one.n);
	*ret = (struct text){ at + 1, one.n - (size_t)(at - one.p) - 1 };
	/* parameters of the URI ("?subject=") are no part of the host */
	at = memchr(ret->p, '?', ret->n);
	if (at != NULL)
		ret->n = (size_t)(at - ret->p);
	return true;
}

/* ---- the tags ---- */

struct dmarc_parser {
	struct arena *a;
	struct dmarc_record *record;
	const struct tag *tag;
};
typedef void dmarc_tag(struct dmarc_parser *p);

static const char *
show(struct dmarc_parser *p, struct text t)
{
	return judge_printable(p->a, t.p, t.n);
}

static void
remark(struct dmarc_parser *p, const char *text)
{
	if (p->record->n_remarks < DMARC_REMARKS_MAX)
		p->record->remarks[p->record->n_remarks++] = text;
}

static enum dmarc_policy
policy_of(struct dmarc_parser *p)
{
	const struct text *value = &p->tag->value;

	for (size_t i = 0; i < ARRAY_LEN(policy_rows); i++)
		if (text_is(*value, policy_rows[i].name))
			return (enum dmarc_policy)policy_rows[i].id;
	if (p->record->mistake == NULL)
		p->record->mistake = arena_printf(p->a, "\"%s=%s\" is not none, quarantine or reject%s",
		    show(p, p->tag->name), show(p, *value),
		    value->n > 0 && memchr(value->p, '=', value->n) != NULL ? " (a semicolon is missing)" : "");
	return DMARC_ABSENT;
}

static void
tag_p(struct dmarc_parser *p)
{
	p->record->p = policy_of(p);
}

static void
tag_sp(struct dmarc_parser *p)
{
	p->record->sp = policy_of(p);
}

static void
tag_np(struct dmarc_parser *p)
{
	p->record->np = policy_of(p);
}

/* One letter of a few, in any case; '\0' and a remark when it is none of them. */
static char
letter_of(struct dmarc_parser *p, const char *letters)
{
	struct text v = p->tag->value;

	if (v.n == 1 && v.p[0] != '\0' && strchr(letters, ascii_lower(v.p[0])) != NULL)
		return ascii_lower(v.p[0]);
	remark(p, arena_printf(p->a, "\"%s=%s\" is ignored: its value is one of the letters %s", show(p, p->tag->name), show(p, v),
	    letters));
	return '\0';
}

static void
tag_psd(struct dmarc_parser *p)
{
	char letter = letter_of(p, "ynu");

	p->record->psd = letter != '\0' ? letter : 'u';
	if (letter == 'y')
		remark(p, "psd=y is for registries: every name below counts as an organisation of its own");
}

static void
tag_t(struct dmarc_parser *p)
{
	p->record->testing = letter_of(p, "yn") == 'y';
}

static void
tag_alignment(struct dmarc_parser *p)
{
	letter_of(p, "rs");
}

/* fo=1:d:s */
static void
tag_fo(struct dmarc_parser *p)
{
	struct text list = p->tag->value, one;

	while (text_next(&list, ':', &one))
		if (one.n != 1 || one.p[0] == '\0' || strchr("01ds", ascii_lower(one.p[0])) == NULL) {
			remark(p, arena_printf(p->a, "\"fo=%s\" is ignored: it lists 0, 1, d and s with colons between",
			    show(p, p->tag->value)));
			return;
		}
}

static void
tag_reports(struct dmarc_parser *p)
{
	static const char *const schemes[] = { "mailto:", "https:", "http:" };

	if (text_is(p->tag->name, "rua"))
		p->record->rua = p->tag->value;
	else
		p->record->ruf = p->tag->value;
	/* nothing breaks but the reports */
	if (!uris_valid(p->tag->value, schemes, ARRAY_LEN(schemes)))
		remark(p, arena_printf(p->a, "%s must list addresses as mailto:name@example.com", show(p, p->tag->name)));
}

static void
tag_removed(struct dmarc_parser *p)
{
	p->record->removed = judge_join(p->a, p->record->removed, show(p, p->tag->name));
}

static void
tag_nothing(struct dmarc_parser *p)
{
	(void)p;
}

static const struct {
	const char *name;
	dmarc_tag *f;
} known[] = {
	{ "v", tag_nothing },
	{ "p", tag_p }, { "sp", tag_sp }, { "np", tag_np },
	{ "psd", tag_psd }, { "t", tag_t },
	{ "adkim", tag_alignment }, { "aspf", tag_alignment },
	{ "fo", tag_fo }, { "rua", tag_reports }, { "ruf", tag_reports },
	{ "pct", tag_removed }, { "rf", tag_removed }, { "ri", tag_removed },
};

static void
dmarc_tag_read(struct dmarc_parser *p)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (text_is(p->tag->name, known[i].name)) {
			known[i].f(p);
			return;
		}
	remark(p, arena_printf(p->a, "\"%s\" is no tag of DMARC and is ignored", show(p, p->tag->name)));
}

void
dmarc_parse(struct arena *a, struct text t, struct dmarc_record *ret)
{
	struct dmarc_parser p = { .a = a, .record = ret };
	const struct text *twice;
	struct tags tags;

	memset(ret, 0, sizeof(*ret));
	ret->psd = 'u';
	tags_parse(t, &tags);
	twice = tags_double(&tags);
	if (tags.broken)
		ret->mistake = arena_printf(a, "\"%s\" is not of the form tag=value", show(&p, tags.at));
	else if (twice != NULL)
		ret->mistake = arena_printf(a, "the tag \"%s\" stands there twice", show(&p, *twice));
	for (size_t i = 0; i < tags.n; i++) {
		p.tag = &tags.list[i];
		dmarc_tag_read(&p);
	}
}
