/* SPDX-License-Identifier: ISC */
/*
 * Bytes -> what a hostile zone answers -> judgement, findings and the proposal, in every output format.  The first octet of a
 * value says which question it answers; a line is a value: TXT as it stands, else zone text that rdata_parse takes or not.
 */
#include <stdlib.h>
#include <string.h>

#include <m365dnsd/view.h>
#include <tests/lib/matrix.h>

#define CONF "domain \"contoso.test\" { verification = \"MS=ms12345678\" tenant = \"contoso\" services = {\"exchange\", \"teams\", " \
	"\"dkim\", \"dmarc\", \"mta-sts\", \"tls-rpt\"} spf { ip4 = {\"11.0.0.5\"} include = {\"_spf.example.net\"} } }"
#define VALUES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct plan *plan;

static bool
take_value(struct arena *a, uint16_t type, const uint8_t *p, size_t n, struct rdata *ret)
{
	struct str s = STR_INIT;
	char *text;

	if (type != DNS_TYPE_TXT) {
		text = arena_alloc(a, n + 1);
		memcpy(text, p, n);
		return strlen(text) == n && rdata_parse(a, type, text, ret, NULL) == 0;
	}
	for (size_t at = 0; at == 0 || at < n; at += 255) {
		size_t part = n - at < 255 ? n - at : 255;

		str_addc(&s, (char)(uint8_t)part);
		str_addn(&s, p + at, part);
	}
	*ret = (struct rdata){ DNS_TYPE_TXT, (uint16_t)s.len, arena_dup(a, s.p, s.len) };
	str_done(&s);
	return true;
}

/* What the variant of a row says from now on. */
static void
put_answer(struct matrix *m, size_t row, struct rdata *values, size_t n, struct arena *a)
{
	struct eval_variant *v = &m->variants[MATRIX_CELL(m, row, 0)->variant];
	struct answer *an = arena_alloc(a, sizeof(*an));

	*an = (struct answer){ .kind = n > 0 ? ANSWER_POSITIVE : ANSWER_NODATA, .qtype = m->rows[row].type, .aa = true, .ttl = 300,
		.values = values, .n_values = n };
	v->answer = an;
	memset(v->verdict, VERDICT_UNJUDGED, sizeof(v->verdict));
	memset(v->plain, 0, sizeof(v->plain));
}

static void
take_answers(struct matrix *m, struct arena *a, const uint8_t *p, size_t left)
{
	struct rdata *values[8];
	size_t n[8] = { 0 }, rows = m->n_rows < 8 ? m->n_rows : 8;

	for (size_t i = 0; i < rows; i++)
		values[i] = arena_alloc(a, VALUES_MAX * sizeof(**values));
	while (left > 1) {
		const uint8_t *end = memchr(p, '\n', left);
		size_t len = end != NULL ? (size_t)(end - p) : left, row = p[0] % rows;

		if (len > 1 && n[row] < VALUES_MAX)
			n[row] += take_value(a, m->rows[row].type, p + 1, len - 1, &values[row][n[row]]);
		len += end != NULL;
		p += len;
		left -= len;
	}
	for (size_t i = 0; i < rows; i++)
		if (MATRIX_CELL(m, i, 0)->variant != 0)
			put_answer(m, i, values[i], n[i], a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct record_prior *records = arena_alloc(a, PLAN_EXPECTATIONS_MAX * sizeof(*records));
	struct domain_prior prior = { 0, false, records };
	struct domain_result r;
	struct matrix *m;
	struct fix fix;

	if (plan == NULL)
		plan = plan_of(CONF);
	m = matrix_of(a, plan, "found", "ns1@192.0.2.1", "* = ok");
	take_answers(m, a, data, size < 8192 ? size : 8192);
	eval_domain(m, &prior, a, &r);
	eval_fix(m, &r, false, a, &fix);
	for (size_t i = 0; i < view_n_fix_formats; i++) {
		struct str out = STR_INIT;

		view_fix_formats[i].render(&fix, &out);
		for (size_t k = 0; k < out.len; k++)
			if (out.p[k] != '\n' && (out.p[k] < 0x20 || out.p[k] == 0x7f))
				abort();
		str_done(&out);
	}
	arena_free(a);
	return 0;
}
