/* SPDX-License-Identifier: ISC */
/*
 * Rows -> the inside of a domain block.  The catalog says which row is which record (owner and type, and what a value at the
 * apex begins with), a table what the configuration does with it:
 *
 *	a key of its own	verification, mx, autodiscover, dkim_selector1, dkim_selector2, spf
 *	a service		Teams, Intune, DMARC ...: the catalog knows the value; another value than the catalog's becomes a
 *				record of the administrator's own, so that what Microsoft gave wins
 *
 * Each line is tried with the configuration's reader before it is taken, so a strange value costs itself only.
 */
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "syntax.h"

struct builder {
	struct import *im;
	const struct catalog *catalog;
	const struct import_row *row;	/* the one at hand */
	const char *id;			/* of the catalog */
	struct rdata data;
	const char *text;		/* of data, names lower case */
	unsigned services, clouds;
	bool proof_by_txt;
	const char *verification, *tenant, *autodiscover, *dkim[2];
	struct str mx, spf, own;	/* list of MX; inside of the spf block; record blocks */
	size_t n_spf_rows;
	struct str spf_lists[3];	/* ip4, ip6, include */
	const char *spf_all;
};

static void
note_row(struct builder *b, const char *why)
{
	char name[DNS_NAME_TEXT_MAX];

	import_note(b->im, b->row->line, "%s %s %s: %s", dns_name_text_lower(&b->row->owner, name), b->row->type_text,
	    b->row->value, why);
}

/* Would the configuration take this inside of the block?  Says why not otherwise. */
static bool
taken(struct builder *b, const char *line)
{
	struct str block = STR_INIT;
	struct err err;
	bool ok = conf_domain_block(b->im->domain_text, line, strlen(line), false, &block, &err) == 0;

	if (!ok)
		note_row(b, arena_printf(b->im->a, "%s: left out", err.msg));
	str_done(&block);
	return ok;
}

/* In quotation marks as the configuration wants it; NULL (and a note) when it cannot be written. */
static const char *
quoted(struct builder *b, const char *text)
{
	struct str s = STR_INIT;
	struct err err;
	const char *ret = NULL;

	if (syntax_quote(text, &s, &err) == 0)
		ret = arena_strdup(b->im->a, str_c(&s));
	else
		note_row(b, arena_printf(b->im->a, "%s: left out", err.msg));
	str_done(&s);
	return ret;
}

/* A value for a key; NULL when the configuration does not take it. */
static const char *
checked(struct builder *b, const char *key, const char *text)
{
	const char *q = quoted(b, text);

	return q != NULL && taken(b, arena_printf(b->im->a, "%s = %s\n", key, q)) ? q : NULL;
}

/* A single value; another one than before is said. */
static void
set_once(struct builder *b, const char **at, const char *key, const char *text)
{
	const char *q;

	if (*at != NULL && (q = quoted(b, text)) != NULL && strcmp(*at, q) == 0)
		return;
	if (*at != NULL)
		note_row(b, arena_printf(b->im->a, "%s is %s already: left out", key, *at));
	else
		*at = checked(b, key, text);
}

/* ---- clouds and tenant: read off the hosts ---- */

/* The longest suffix of Microsoft's that the name lies below; NULL = a stranger's. */
static const struct catalog_suffix *
suffix_of(const struct catalog *catalog, const struct dns_name *name)
{
	const struct catalog_suffix *best = NULL;
	struct dns_name suffix;

	for (size_t i = 0; i < catalog->n_suffixes; i++)
		if (dns_name_parse(&suffix, catalog->suffixes[i].suffix, NULL) == 0 && dns_name_is_below(name, &suffix) &&
		    (best == NULL || strlen(catalog->suffixes[i].suffix) > strlen(best->suffix)))
			best = &catalog->suffixes[i];
	return best;
}

static void
learn_cloud(struct builder *b, const struct dns_name *host)
{
	const struct catalog_suffix *s = suffix_of(b->catalog, host);

	if (s == NULL || s->clouds == 0)
		return;
	if ((b->clouds & s->clouds) == 0)
		note_row(b, "this belongs to another cloud than the records before it");
	else
		b->clouds &= s->clouds;
}

/* The label before "onmicrosoft.com", or before ".P-v1.dkim.mail.microsoft". */
static void
learn_tenant(struct builder *b, const char *target)
{
	const char *at = strstr(target, "._domainkey."), *end;

	if (at == NULL || b->tenant != NULL)
		return;
	at += strlen("._domainkey.");
	end = strchr(at, '.');
	if (end != NULL && (str_iprefix(end, ".onmicrosoft.") || strstr(end, ".dkim.mail.microsoft") != NULL ||
	    str_iprefix(end, ".partner.onmschina.cn")))
		b->tenant = checked(b, "tenant", arena_printf(b->im->a, "%.*s", (int)(end - at), at));
}

/* ---- SPF ---- */

static void
list_add(struct str *list, const char *q)
{
	if (strstr(str_c(list), q) != NULL)
		return;
	str_addf(list, "%s%s", list->len > 0 ? ", " : "", q);
}

static void
spf_term(struct builder *b, const char *term)
{
	static const char *const kinds[] = { "ip4", "ip6", "include" };
	struct dns_name host;
	const char *q;

	if (term[0] != '\0' && str_ieq(term + (strchr("+-~?", *term) != NULL), "all")) {
		b->spf_all = *term == '+' || *term == 'a' || *term == 'A' ? NULL : arena_strdup(b->im->a, term);
		return;
	}
	term += *term == '+';
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = strlen(kinds[i]);

		if (!str_iprefix(term, kinds[i]) || term[n] != ':')
			continue;
		term += n + 1;
		if (i == 2 && dns_name_parse(&host, term, NULL) == 0) {
			const struct catalog_suffix *s = suffix_of(b->catalog, &host);

			learn_cloud(b, &host);
			if (s != NULL && strcmp(s->what, "spf") == 0)
				return;		/* the catalog knows it */
		}
		q = quoted(b, term);
		if (q != NULL && taken(b, arena_printf(b->im->a, "spf { %s = {%s} }\n", kinds[i], q)))
			list_add(&b->spf_lists[i], q);
		return;
	}
	import_note(b->im, b->row->line, "\"%s\" of the SPF record has no key in the configuration: left out", term);
}

/* The documentation's own sample has a blank behind "include:": it is no term, and is mended here. */
static void
take_spf(struct builder *b)
{
	char *copy = arena_strdup(b->im->a, b->row->value + strlen("v=spf1")), *save;

	b->services |= 1u << SERVICE_EXCHANGE;
	if (b->n_spf_rows++ > 0)
		note_row(b, "there is more than one SPF record; they are taken together");
	for (char *term = strtok_r(copy, " ", &save); term != NULL; term = strtok_r(NULL, " ", &save)) {
		size_t n = strlen(term);
		const char *whole = term;

		if (term[n - 1] == ':') {
			char *rest = strtok_r(NULL, " ", &save);

			import_note(b->im, b->row->line, "the SPF record has a blank behind \"%s\", which does not belong there", term);
			whole = arena_printf(b->im->a, "%s%s", term, rest != NULL ? rest : "");
		}
		spf_term(b, whole);
	}
}

/* ---- what has a key ---- */

static void
take_verification(struct builder *b)
{
	if (!b->proof_by_txt)
		b->verification = NULL;
	b->proof_by_txt = true;
	set_once(b, &b->verification, "verification", b->row->value);
}

/* "32767 ms12345678.msv1.invalid" proves the same as the TXT, which goes before it. */
static void
take_verification_mx(struct builder *b)
{
	struct dns_name host;
	char name[DNS_NAME_TEXT_MAX];

	if (b->proof_by_txt || b->verification != NULL || !rdata_name(&b->data, &host))
		return;
	dns_name_text_lower(&host, name);
	name[strcspn(name, ".")] = '\0';
	set_once(b, &b->verification, "verification", arena_printf(b->im->a, "MS=%s", name));
}

static void
take_mx(struct builder *b)
{
	const char *q = checked(b, "mx", b->text);
	struct dns_name host;

	if (q == NULL)
		return;
	b->services |= 1u << SERVICE_EXCHANGE;
	if (rdata_name(&b->data, &host))
		learn_cloud(b, &host);
	list_add(&b->mx, q);
}

static void
take_autodiscover(struct builder *b)
{
	struct dns_name host;

	b->services |= 1u << SERVICE_EXCHANGE;
	if (rdata_name(&b->data, &host))
		learn_cloud(b, &host);
	set_once(b, &b->autodiscover, "autodiscover", b->text);
}

static void
take_dkim(struct builder *b)
{
	bool second = strcmp(b->id, "dkim-selector2") == 0;

	b->services |= 1u << SERVICE_DKIM;
	learn_tenant(b, b->text);
	set_once(b, &b->dkim[second], second ? "dkim_selector2" : "dkim_selector1", b->text);
}

/* ---- what a service stands for ---- */

static bool
same_rdata(const struct rdata *a, const struct rdata *b)
{
	return a->type == b->type && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* The clouds whose catalog has this value for the record. */
static unsigned
clouds_with(struct builder *b)
{
	struct rdata r;
	unsigned clouds = 0;

	for (size_t i = 0; i < b->catalog->n_rows; i++) {
		const struct catalog_row *row = &b->catalog->rows[i];

		for (size_t k = 0; strcmp(row->id, b->id) == 0 && k < row->n_want; k++)
			if (strchr(row->want[k], '{') == NULL && rdata_parse(b->im->a, row->type, row->want[k], &r, NULL) == 0 &&
			    same_rdata(&r, &b->data))
				clouds |= row->clouds;
	}
	return clouds;
}

/* What Microsoft gave is not what the catalog has: it becomes the expectation, and the catalog's row stays optional. */
static void
take_own(struct builder *b, const struct catalog_row *row)
{
	const char *q = quoted(b, b->text), *block;

	if (q == NULL)
		return;
	block = arena_printf(b->im->a, "record \"given-%s\" {\n\tname = \"%s\"\n\ttype = %s\n\tvalue = %s\n}\n", b->id, row->owner,
	    b->row->type_text, q);
	if (strstr(str_c(&b->own), block) != NULL || !taken(b, block))
		return;
	note_row(b, "the catalog has another value; written as a record of its own");
	str_add(&b->own, block);
}

static void
take_service(struct builder *b, const struct catalog_row *row)
{
	bool looked_into = row->type == DNS_TYPE_TXT || row->n_want == 0;
	unsigned clouds = looked_into ? 0 : clouds_with(b);
	bool legacy = row->need == NEED_LEGACY && b->row->optional;

	if (row->services == 0) {
		note_row(b, "nobody needs it; it is judged where it exists, without a line in the configuration");
		return;
	}
	if (!looked_into && clouds == 0) {
		take_own(b, row);
		return;
	}
	if (clouds != 0 && (b->clouds & clouds) != 0)
		b->clouds &= clouds;
	if (!legacy)
		b->services |= row->services == (1u << SERVICE_TEAMS | 1u << SERVICE_SKYPE) ? 1u << SERVICE_TEAMS : row->services;
}

static void
take_msoid(struct builder *b)
{
	struct dns_name host;

	if (rdata_name(&b->data, &host))
		learn_cloud(b, &host);
	if ((b->clouds & 1u << CLOUD_21VIANET) == 0)
		note_row(b, "msoid must not exist outside of 21Vianet: left out");
}

static const struct taker {
	const char *id;
	void (*take)(struct builder *b);
} takers[] = {
	{ "verification", take_verification }, { "verification-mx", take_verification_mx }, { "mx", take_mx }, { "spf", take_spf },
	{ "autodiscover", take_autodiscover }, { "dkim-selector1", take_dkim }, { "dkim-selector2", take_dkim },
	{ "msoid", take_msoid },
};

/* ---- which record is it? ---- */

/* The apex has several records of one type: the value tells. */
static const char *
apex_id(const struct builder *b)
{
	const char *value = b->row->value;
	struct dns_name host, proofs;

	if (b->row->type == DNS_TYPE_MX)
		return dns_name_parse(&proofs, "msv1.invalid", NULL) == 0 && rdata_name(&b->data, &host) &&
		    dns_name_is_below(&host, &proofs) ? "verification-mx" : "mx";
	if (b->row->type != DNS_TYPE_TXT)
		return NULL;
	if (str_iprefix(value, "v=spf1") && (value[6] == ' ' || value[6] == '\0'))
		return "spf";
	return strncmp(value, "MS=", 3) == 0 || strncmp(value, "v=verifydomain ", 15) == 0 ? "verification" : NULL;
}

static const struct catalog_row *
row_find(const struct builder *b, const char *id)
{
	for (size_t i = 0; i < b->catalog->n_rows; i++) {
		const struct catalog_row *row = &b->catalog->rows[i];
		struct dns_name owner;

		if (id != NULL ? strcmp(row->id, id) == 0 : row->type == b->row->type &&
		    dns_name_relative(&owner, row->owner, &b->im->domain) && dns_name_equal(&owner, &b->row->owner))
			return row;
	}
	return NULL;
}

static void
take(struct builder *b)
{
	bool apex = dns_name_equal(&b->row->owner, &b->im->domain);
	const char *id = apex ? apex_id(b) : NULL;
	const struct catalog_row *row = apex && id == NULL ? NULL : row_find(b, id);

	if (row == NULL) {
		note_row(b, dns_name_is_below(&b->row->owner, &b->im->domain) ?
		    "not a record that Microsoft 365 is known to ask for: left out" : "not of this domain: left out");
		return;
	}
	b->id = row->id;
	for (size_t i = 0; i < ARRAY_LEN(takers); i++)
		if (strcmp(takers[i].id, b->id) == 0) {
			takers[i].take(b);
			return;
		}
	take_service(b, row);
}

static void
read_row(struct builder *b)
{
	struct str s = STR_INIT;
	struct err err;

	if (b->row->type == 0) {
		note_row(b, "not a record that Microsoft 365 is known to ask for: left out");
	} else if (rdata_parse(b->im->a, b->row->type, b->row->value, &b->data, &err) == -1) {
		note_row(b, arena_printf(b->im->a, "%s: left out", err.msg));
	} else {
		rdata_text(&b->data, &s);
		b->text = arena_strdup(b->im->a, str_c(&s));
		take(b);
	}
	str_done(&s);
}

/* ---- writing ---- */

static void
write_services(const struct builder *b, struct str *ret)
{
	unsigned mail = 1u << SERVICE_DKIM | 1u << SERVICE_DMARC | 1u << SERVICE_MTA_STS | 1u << SERVICE_TLS_RPT;
	unsigned services = b->services;
	bool first = true;

	if (services == 0)
		return;			/* only the proof: the default stays */
	if ((services & ~mail) == 0)
		services |= 1u << SERVICE_EXCHANGE;
	str_add(ret, "\tservices = {");
	for (size_t i = 0; i < service_names.n; i++)
		if (services >> service_names.rows[i].id & 1) {
			str_addf(ret, "%s\"%s\"", first ? "" : ", ", service_names.rows[i].name);
			first = false;
		}
	str_add(ret, "}\n");
}

/* The most common one of those that are left: GCC has the values of worldwide, DoD has its own autodiscover. */
static void
write_cloud(const struct builder *b, struct str *ret)
{
	for (int c = 0; c < CLOUD_MAX; c++)
		if (b->clouds >> c & 1) {
			if (c != CLOUD_WORLDWIDE)
				str_addf(ret, "\tcloud = %s\n", name_of(&cloud_names, c));
			if (b->clouds == (1u << CLOUD_GCC_HIGH | 1u << CLOUD_DOD))
				import_note(b->im, 0, "the records are those of gcc-high and of dod; gcc-high is written");
			return;
		}
}

static void
write_spf(const struct builder *b, struct str *ret)
{
	static const char *const keys[] = { "ip4", "ip6", "include" };
	bool any = b->spf_all != NULL && !str_ieq(b->spf_all, "-all");

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		any = any || b->spf_lists[i].len > 0;
	if (!any)
		return;
	str_add(ret, "\tspf {\n");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (b->spf_lists[i].len > 0)
			str_addf(ret, "\t\t%s = {%s}\n", keys[i], str_c(&b->spf_lists[i]));
	if (b->spf_all != NULL)
		str_addf(ret, "\t\tall = \"%s\"\n", b->spf_all);
	str_add(ret, "\t}\n");
}

static void
write_line(struct str *ret, const char *key, const char *value)
{
	if (value != NULL)
		str_addf(ret, "\t%s = %s\n", key, value);
}

static void
write_indented(const char *text, struct str *ret)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n") + 1;

		str_addc(ret, '\t');
		str_addn(ret, text, n);
		text += n;
	}
}

static void
write_body(const struct builder *b, struct str *ret)
{
	write_line(ret, "verification", b->verification);
	write_line(ret, "tenant", b->tenant);
	write_services(b, ret);
	write_cloud(b, ret);
	if (b->mx.len > 0)
		str_addf(ret, "\tmx = {%s}\n", str_c(&b->mx));
	write_line(ret, "autodiscover", b->autodiscover);
	write_line(ret, "dkim_selector1", b->dkim[0]);
	write_line(ret, "dkim_selector2", b->dkim[1]);
	write_spf(b, ret);
	write_indented(str_c(&b->own), ret);
}

void
import_body(struct import *im, const struct catalog *catalog, struct str *ret)
{
	struct builder b = { .im = im, .catalog = catalog, .clouds = (1u << CLOUD_MAX) - 1 };

	for (size_t i = 0; i < im->n_rows; i++) {
		b.row = &im->rows[i];
		read_row(&b);
	}
	write_body(&b, ret);
	str_done(&b.mx);
	str_done(&b.spf);
	str_done(&b.own);
	for (size_t i = 0; i < ARRAY_LEN(b.spf_lists); i++)
		str_done(&b.spf_lists[i]);
}
