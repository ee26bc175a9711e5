/* SPDX-License-Identifier: ISC */
/*
 * The table: records down, sources across.
 *
 * The addresses of one name server, and those of one resolver operator, are one column that shows the worst of them, because
 * that is how they are judged; verbose shows each address.  A table wider than the screen first gets short headers, then is
 * cut into blocks of about the same width.
 */
#include "paint.h"

#include <string.h>

#define GAP       2			/* blanks between columns */
#define HEAD_MAX  14			/* of a short header */
#define LEAD_COLS 3			/* record, type, state */

struct column {
	enum source_kind kind;
	enum view view;
	enum resolver_class class;	/* the strictest of its addresses */
	const char *group;		/* name server or operator */
	const char *source, *address;	/* verbose only, else NULL */
	const char *head[2];
	size_t width;
};

struct entry {
	enum paint paint;
	const char *text;
};

struct table {
	struct arena *a;
	struct painter *p;
	const struct status *s;
	const struct status_record **rows;
	size_t n_rows;
	struct column *columns;
	size_t n_columns;
	struct entry *entries;		/* entries[row * n_columns + column] */
	size_t lead_width[LEAD_COLS];
	bool gated;			/* some cell was not asked */
	const char *prefix;		/* HEAD_TAIL: what all addresses begin with */
};

/* How much of a column's name its header shows: TAIL leaves out what all resolvers known by address only have in common. */
enum head { HEAD_FULL, HEAD_SHORT, HEAD_TAIL };

bool
matrix_shows(const struct status_record *r, const struct view_options *o)
{
	if (o->verbose || r->need == NEED_REQUIRED || r->n_findings > 0)
		return true;
	switch (r->state) {
	case RECORD_PENDING:
	case RECORD_UNKNOWN:
	case RECORD_NOT_CONFIGURED:
		return false;
	case RECORD_PUBLISHED:
	case RECORD_VISIBLE:
		return r->need != NEED_FORBIDDEN;	/* absent, as it should be */
	case RECORD_UNPUBLISHED:
	case RECORD_REGRESSED:
		break;
	}
	return true;
}

/* ---- columns ---- */

static const char *
group_of(const struct status_cell *c)
{
	return c->kind == SOURCE_RESOLVER && c->operator != NULL ? c->operator : c->source;
}

static bool
column_holds(const struct column *col, const struct status_cell *c)
{
	if (col->kind != c->kind || col->view != c->view || strcmp(col->group, group_of(c)) != 0)
		return false;
	return col->address == NULL || (strcmp(col->address, c->address) == 0 && strcmp(col->source, c->source) == 0);
}

static void
column_add(struct table *t, const struct status_cell *c)
{
	bool verbose = t->p->o->verbose;

	for (size_t i = 0; i < t->n_columns; i++)
		if (column_holds(&t->columns[i], c)) {
			if (c->class == CLASS_REQUIRED)
				t->columns[i].class = CLASS_REQUIRED;
			return;
		}
	t->columns[t->n_columns++] = (struct column){
		.kind = c->kind, .view = c->view, .class = c->class, .group = group_of(c),
		.source = verbose ? c->source : NULL, .address = verbose ? c->address : NULL,
	};
}

/* Authorities first, each in the order they were met. */
static void
columns_collect(struct table *t)
{
	size_t max = 0;

	for (size_t i = 0; i < t->n_rows; i++)
		max += t->rows[i]->n_cells;
	t->columns = arena_alloc(t->a, (max + 1) * sizeof(*t->columns));
	for (int kind = SOURCE_AUTHORITY; kind <= SOURCE_RESOLVER; kind++)
		for (size_t i = 0; i < t->n_rows; i++)
			for (size_t k = 0; k < t->rows[i]->n_cells; k++)
				if ((int)t->rows[i]->cells[k].kind == kind)
					column_add(t, &t->rows[i]->cells[k]);
}

/* ---- headers ---- */

static const char *
safe(struct table *t, const char *text)
{
	struct str s = STR_INIT;
	const char *ret;

	escape_text(&s, text, t->p->o->unicode);
	ret = arena_strdup(t->a, str_c(&s));
	str_done(&s);
	return ret;
}

/* At most max columns of printable text. */
static const char *
cut(struct table *t, const char *text, size_t max)
{
	size_t n = 0, used = 0, len;

	if (text_columns(text) <= max)
		return text;
	while (text[n] != '\0') {
		char one[5] = "";

		len = utf8_decode((const uint8_t *)text + n, strlen(text + n), NULL);
		memcpy(one, text + n, len > 0 ? len : 1);
		if ((used += text_columns(one)) > max - 1)
			break;
		n += len > 0 ? len : 1;
	}
	return arena_printf(t->a, "%.*s~", (int)n, text);
}

/* The first label, where it tells the name server from the others. */
static const char *
first_label(struct table *t, const struct column *col)
{
	size_t n = strcspn(col->group, ".");

	for (size_t i = 0; i < t->n_columns; i++) {
		const struct column *other = &t->columns[i];

		if (other->kind == SOURCE_AUTHORITY && strcmp(other->group, col->group) != 0 &&
		    strcspn(other->group, ".") == n && strncmp(other->group, col->group, n) == 0)
			return col->group;
	}
	return n > 0 ? arena_printf(t->a, "%.*s", (int)n, col->group) : col->group;
}

static bool
column_address(const struct column *col, struct addr *ret)
{
	return col->kind == SOURCE_RESOLVER && addr_parse(ret, col->group, 53);
}

/*
 * A resolver that is known by its address only, never cut, or all of them would look alike: without the port, unless that is
 * what tells it from another one.
 */
static const char *
address_head(struct table *t, const struct column *col, const struct addr *a)
{
	char buf[ADDR_TEXT_MAX], other[ADDR_TEXT_MAX];
	struct addr b;

	addr_text(a, a->port, buf);
	for (size_t i = 0; i < t->n_columns; i++)
		if (&t->columns[i] != col && column_address(&t->columns[i], &b) && strcmp(addr_text(&b, b.port, other), buf) == 0)
			return arena_strdup(t->a, col->group);
	return arena_strdup(t->a, buf);
}

/* What the addresses in the headers begin with, up to a dot or colon; "" when it is not worth a line. */
static const char *
addresses_prefix(struct table *t)
{
	const char *prefix = NULL;
	size_t n = 0, len = 0, columns = 0;
	struct addr a;

	for (size_t i = 0; i < t->n_columns; i++) {
		const char *head;

		if (!column_address(&t->columns[i], &a))
			continue;
		head = address_head(t, &t->columns[i], &a);
		if (columns++ == 0) {
			prefix = head;
			n = strlen(head);
		}
		for (len = 0; len < n && head[len] == prefix[len]; len++)
			continue;
		n = len;
	}
	while (n > 0 && strchr(".:", prefix[n - 1]) == NULL)
		n--;
	return columns > 1 && n > 3 ? arena_printf(t->a, "%.*s", (int)n, prefix) : "";
}

static const char *
short_name(struct table *t, const struct column *col, enum head how)
{
	const char *head;
	struct addr a;
	size_t n = how == HEAD_TAIL ? strlen(t->prefix) : 0;

	if (col->kind == SOURCE_AUTHORITY)
		return cut(t, safe(t, first_label(t, col)), HEAD_MAX);
	if (!column_address(col, &a))
		return cut(t, safe(t, col->group), HEAD_MAX);
	head = address_head(t, col, &a);
	return n > 0 ? arena_printf(t->a, "%s%s", t->p->o->unicode ? "\u2026" : "~", head + n) : head;
}

/* What sets a resolver apart from those that are only counted; "" = nothing. */
static const char *
column_mark(const struct column *col)
{
	if (col->kind != SOURCE_RESOLVER)
		return "";
	if (col->view == VIEW_INTERNAL)
		return "(internal)";
	return col->class == CLASS_REQUIRED ? "(required)" : col->class == CLASS_INFO ? "(info)" : "";
}

static void
column_head(struct table *t, struct column *col, enum head how)
{
	col->head[0] = how == HEAD_FULL ? safe(t, col->group) : short_name(t, col, how);
	col->head[1] = column_mark(col);
	if (col->address != NULL)
		col->head[1] = arena_printf(t->a, "%s%s%s", safe(t, *col->address != '\0' ? col->address : "(no address)"),
		    *col->head[1] != '\0' ? " " : "", col->head[1]);
}

static size_t
larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Headers and widths; returns what the whole table takes. */
static size_t
columns_measure(struct table *t, enum head how)
{
	size_t total = 0;

	for (size_t i = 0; i < LEAD_COLS; i++)
		total += t->lead_width[i] + GAP;
	for (size_t i = 0; i < t->n_columns; i++) {
		struct column *col = &t->columns[i];

		column_head(t, col, how);
		col->width = larger(text_columns(col->head[0]), text_columns(col->head[1]));
		for (size_t r = 0; r < t->n_rows; r++)
			col->width = larger(col->width, text_columns(t->entries[r * t->n_columns + i].text));
		total += col->width + GAP + (i > 0 && t->columns[i - 1].kind != col->kind ? GAP : 0);
	}
	return total - GAP;
}

/* ---- entries: what the cells of one record in one column amount to ---- */

struct fold {
	size_t n, ok, of_verdict[VERDICT_MAX];
	unsigned confirmed;		/* least of the good ones */
	int64_t eta;			/* latest of the stale ones */
	enum reason reason;		/* of the first that failed */
	bool gated;
};

static void
fold_cell(struct fold *f, const struct status_cell *c)
{
	f->n++;
	if ((size_t)c->verdict < VERDICT_MAX)
		f->of_verdict[c->verdict]++;
	switch (c->verdict) {
	case VERDICT_OK:
		if (f->ok++ == 0 || c->confirmed < f->confirmed)
			f->confirmed = c->confirmed;
		break;
	case VERDICT_STALE:
		if (c->eta_unix_ms > f->eta)
			f->eta = c->eta_unix_ms;
		break;
	case VERDICT_UNKNOWN:
		if (c->reason == REASON_GATED || (c->reason == REASON_NONE && c->checked_unix_ms == 0))
			f->gated = true;
		else if (f->reason == REASON_NONE)
			f->reason = c->reason;
		break;
	default:
		break;
	}
}

static struct entry
entry_good(struct table *t, const struct status_record *r, const struct column *col, const struct fold *f)
{
	const char *mark = t->p->o->unicode ? "\u2713 " : "", *word = r->need == NEED_FORBIDDEN ? "absent" : "ok";
	unsigned confirm = t->s->confirm;

	if (f->ok < f->n)
		return (struct entry){ PAINT_OK, arena_printf(t->a, "%s%s %zu of %zu", mark, word, f->ok, f->n) };
	if (col->kind == SOURCE_RESOLVER && f->confirmed < confirm)
		return (struct entry){ PAINT_WAIT, arena_printf(t->a, "%s%s %u/%u", mark, word, f->confirmed, confirm) };
	return (struct entry){ PAINT_OK, arena_printf(t->a, "%s%s", mark, word) };
}

static struct entry
entry_of(struct table *t, const struct status_record *r, const struct column *col, const struct fold *f)
{
	bool unicode = t->p->o->unicode;
	const char *cross = unicode ? "\u2717 " : "";
	char buf[32];

	if (f->n == 0)
		return (struct entry){ PAINT_PLAIN, "" };
	if (f->of_verdict[VERDICT_WRONG] > 0)
		return (struct entry){ PAINT_BAD, arena_printf(t->a, "%swrong", cross) };
	if (f->of_verdict[VERDICT_MISSING] > 0 && r->state == RECORD_NOT_CONFIGURED)
		return (struct entry){ PAINT_DIM, "none" };
	if (f->of_verdict[VERDICT_MISSING] > 0)
		return (struct entry){ PAINT_BAD, arena_printf(t->a, "%sMISSING", cross) };
	if (f->of_verdict[VERDICT_STALE] > 0)
		return (struct entry){ PAINT_WAIT, arena_printf(t->a, "%sstale%s%s", unicode ? "\u25d4 " : "",
		    f->eta > 0 ? " " : "", f->eta > 0 ? time_left(t->s->now_unix_ms, f->eta, buf) : "") };
	if (f->ok > 0)
		return entry_good(t, r, col, f);
	if (f->reason != REASON_NONE)
		return (struct entry){ PAINT_UNKNOWN, arena_printf(t->a, "? %s", name_of(&reason_names, (int)f->reason)) };
	if (!f->gated)
		return (struct entry){ PAINT_UNKNOWN, "?" };
	t->gated = true;
	return (struct entry){ PAINT_DIM, unicode ? "\u00b7" : "-" };
}

static void
entries_fill(struct table *t)
{
	t->entries = arena_alloc(t->a, (t->n_rows * t->n_columns + 1) * sizeof(*t->entries));
	for (size_t r = 0; r < t->n_rows; r++)
		for (size_t i = 0; i < t->n_columns; i++) {
			const struct status_record *rec = t->rows[r];
			struct fold f = { .n = 0 };

			for (size_t k = 0; k < rec->n_cells; k++)
				if (column_holds(&t->columns[i], &rec->cells[k]))
					fold_cell(&f, &rec->cells[k]);
			t->entries[r * t->n_columns + i] = entry_of(t, rec, &t->columns[i], &f);
		}
}

/* ---- rows ---- */

static void
rows_collect(struct table *t)
{
	t->rows = arena_alloc(t->a, (t->s->n_records + 1) * sizeof(*t->rows));
	for (int required = 1; required >= 0; required--)
		for (size_t i = 0; i < t->s->n_records; i++) {
			const struct status_record *r = &t->s->records[i];

			if ((r->need == NEED_REQUIRED) == (required == 1) && matrix_shows(r, t->p->o))
				t->rows[t->n_rows++] = r;
		}
}

static enum paint
state_paint(enum record_state state)
{
	static const enum paint of_state[] = {
		[RECORD_PENDING] = PAINT_DIM, [RECORD_UNKNOWN] = PAINT_UNKNOWN, [RECORD_UNPUBLISHED] = PAINT_BAD,
		[RECORD_PUBLISHED] = PAINT_WAIT, [RECORD_VISIBLE] = PAINT_OK, [RECORD_REGRESSED] = PAINT_BAD,
		[RECORD_NOT_CONFIGURED] = PAINT_DIM,
	};

	return (size_t)state < ARRAY_LEN(of_state) ? of_state[state] : PAINT_PLAIN;
}

static void
lead_texts(struct table *t, const struct status_record *r, struct entry ret[LEAD_COLS])
{
	size_t max = larger(t->p->width / 3, 16);

	ret[0] = (struct entry){ PAINT_PLAIN, cut(t, safe(t, r->id), max) };
	ret[1] = (struct entry){ PAINT_PLAIN, cut(t, safe(t, r->type), HEAD_MAX) };
	ret[2] = (struct entry){ state_paint(r->state), name_of(&record_state_names, (int)r->state) };
}

static const struct entry lead_head[LEAD_COLS] = {
	{ PAINT_DIM, "RECORD" }, { PAINT_DIM, "TYPE" }, { PAINT_DIM, "STATE" },
};

static void
lead_measure(struct table *t)
{
	struct entry texts[LEAD_COLS];

	for (size_t i = 0; i < LEAD_COLS; i++)
		t->lead_width[i] = text_columns(lead_head[i].text);
	for (size_t r = 0; r < t->n_rows; r++) {
		lead_texts(t, t->rows[r], texts);
		for (size_t i = 0; i < LEAD_COLS; i++)
			t->lead_width[i] = larger(t->lead_width[i], text_columns(texts[i].text));
	}
}

/* ---- painting ---- */

static void
lead_paint(struct table *t, const struct entry texts[LEAD_COLS])
{
	for (size_t i = 0; i < LEAD_COLS; i++)
		paint_padded(t->p, texts[i].paint, texts[i].text, t->lead_width[i] + GAP);
}

static void
cell_paint(struct table *t, size_t first, size_t i, const struct entry *e)
{
	if (i > first && t->columns[i - 1].kind != t->columns[i].kind)
		paint_padded(t->p, PAINT_DIM, t->p->o->unicode ? "\u2502" : "|", GAP);
	paint_padded(t->p, e->paint, e->text, t->columns[i].width + GAP);
}

static void
head_paint(struct table *t, size_t first, size_t end, size_t line)
{
	static const struct entry none[LEAD_COLS] = { { PAINT_PLAIN, "" }, { PAINT_PLAIN, "" }, { PAINT_PLAIN, "" } };
	bool any = line == 0;

	for (size_t i = first; i < end; i++)
		any |= *t->columns[i].head[line] != '\0';
	if (!any)
		return;
	lead_paint(t, line == 0 ? lead_head : none);
	for (size_t i = first; i < end; i++)
		cell_paint(t, first, i, &(struct entry){ line == 0 ? PAINT_BOLD : PAINT_DIM, t->columns[i].head[line] });
	paint_newline(t->p);
}

static void
block_paint(struct table *t, size_t first, size_t end)
{
	struct entry texts[LEAD_COLS];

	head_paint(t, first, end, 0);
	head_paint(t, first, end, 1);
	for (size_t r = 0; r < t->n_rows; r++) {
		lead_texts(t, t->rows[r], texts);
		lead_paint(t, texts);
		for (size_t i = first; i < end; i++)
			cell_paint(t, first, i, &t->entries[r * t->n_columns + i]);
		paint_newline(t->p);
	}
}

/* The first column behind those that fit beside each other. */
static size_t
block_end(const struct table *t, size_t first, size_t width)
{
	size_t used = 0, i;

	for (i = 0; i < LEAD_COLS; i++)
		used += t->lead_width[i] + GAP;
	for (i = first; i < t->n_columns; i++) {
		size_t more = i > first ? GAP : 0;

		if (i > first && t->columns[i - 1].kind != t->columns[i].kind)
			more += GAP;
		used += more + t->columns[i].width;
		if (used > width && i > first)
			break;
	}
	return i;
}

static size_t
blocks(const struct table *t, size_t width)
{
	size_t n = 0;

	for (size_t first = 0; first < t->n_columns; first = block_end(t, first, width))
		n++;
	return n;
}

/* As narrow as can be without another block: else the last would often be one column, and the others full. */
static size_t
block_width(const struct table *t)
{
	size_t enough = t->p->width, too_little = 0, n = blocks(t, enough);

	if (n < 2)
		return enough;
	while (enough - too_little > 1) {
		size_t width = too_little + (enough - too_little) / 2;

		if (blocks(t, width) > n)
			too_little = width;
		else
			enough = width;
	}
	return enough;
}

static void
blocks_paint(struct table *t)
{
	size_t width = block_width(t), first = 0;

	do {
		size_t end = block_end(t, first, width);

		paint_newline(t->p);
		block_paint(t, first, end);
		first = end;
	} while (first < t->n_columns);
}

void
paint_matrix(struct painter *p, const struct status *s)
{
	struct table t = { .a = arena_new(), .p = p, .s = s };

	rows_collect(&t);
	if (t.n_rows > 0) {
		columns_collect(&t);
		entries_fill(&t);
		lead_measure(&t);
		if (columns_measure(&t, HEAD_FULL) > p->width && columns_measure(&t, HEAD_SHORT) > p->width) {
			t.prefix = addresses_prefix(&t);
			columns_measure(&t, HEAD_TAIL);
		}
		blocks_paint(&t);
		if (t.prefix != NULL && *t.prefix != '\0') {
			paint(p, PAINT_DIM, p->o->unicode ? "\u2026" : "~");
			paint(p, PAINT_DIM, " stands for ");
			paint(p, PAINT_DIM, t.prefix);
			paint_newline(p);
		}
		if (t.gated) {
			paint(p, PAINT_DIM, p->o->unicode ? "\u00b7" : "-");
			paint(p, PAINT_DIM, " not asked yet: a resolver is asked once the authoritative servers are right");
			paint_newline(p);
		}
	}
	arena_free(t.a);
}
