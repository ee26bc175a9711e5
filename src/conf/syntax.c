/* SPDX-License-Identifier: ISC */
/*
 * The only file that knows libConfuse.
 *
 * Every key is declared as a string (or a list of them) with a callback, so that values are judged by our own rows with the line
 * they stand on, and a bad one does not end the reading.  Three tricks are needed:
 *
 *   where a block begins   libConfuse tells only the line of its closing brace.  Each block has a nameless option with a default
 *                          that has to be "parsed"; its callback runs when the block opens and sees the line.
 *   unknown keys           end the parse.  The key is then declared, as a list of strings or, if that does not fit, as a
 *                          block, and the text is parsed again from the start.  Events that have been told are counted and not
 *                          told twice; the order is the same in every pass.
 *   finished blocks        are freed at once: libConfuse looks through all titles when a block opens, which would be quadratic.
 *
 * libConfuse has no room for a context of ours, hence the static pointer; its lexer is static as well.
 */
#include <confuse.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "syntax.h"

#define UNKNOWN_MAX 100		/* unknown names in one file; each costs one more pass */
#define DEPTH_MAX   16
#define BEGIN_NAME  "\001"

struct unknown {
	char *path, *name;
	enum syntax_kind kind;
};
struct reader {
	const struct syntax_row *rows;
	size_t n_rows;
	const char *file;
	const struct syntax_ops *ops;
	void *ctx;
	struct conf_problems *problems;
	struct unknown unknown[UNKNOWN_MAX];
	size_t n_unknown;
	unsigned long seen, told;	/* events of this pass, of all passes */
	const char *path[DEPTH_MAX + 1];	/* of the blocks that are open; path[0] is "" */
	unsigned depth, in_unknown;	/* blocks open; how many of them are unknown */
	struct arena *arena;		/* of one pass: option tables and paths */
	char *error;
	int error_line;
};
static struct reader *current;
/* libConfuse has one scanner for the whole process, and a reload reads on a thread of its own. */
static pthread_mutex_t scanner = PTHREAD_MUTEX_INITIALIZER;

/* Is this event new?  False when an earlier pass has told it. */
static bool
is_new(struct reader *r)
{
	if (++r->seen <= r->told)
		return false;
	r->told = r->seen;
	return true;
}

/* A quoted name may have anything in it; only ours may tell levels apart. */
static const char *
path_join(struct reader *r, const char *path, const char *name)
{
	char *joined = arena_printf(r->arena, "%s%s%s", path, *path != '\0' ? "/" : "", name);

	for (char *p = joined + strlen(joined) - strlen(name); *p != '\0'; p++) {
		if (*p == '/')
			*p = '|';
	}
	return joined;
}

static const char *
path_here(const struct reader *r)
{
	return r->path[r->depth];
}

static struct unknown *
unknown_find(struct reader *r, const char *path, const char *name)
{
	for (size_t i = 0; i < r->n_unknown; i++) {
		if (strcmp(r->unknown[i].path, path) == 0 && strcmp(r->unknown[i].name, name) == 0)
			return &r->unknown[i];
	}
	return NULL;
}

static void
unknown_tell(struct reader *r, const char *what, const char *name, int line)
{
	const struct syntax_row *near;

	if (r->in_unknown > 0 || !is_new(r))
		return;
	near = syntax_near(r->rows, r->n_rows, path_here(r), name);
	if (near == NULL)
		conf_problem_add(r->problems, r->file, line, "unknown %s \"%s\"", what, name);
	else if (strcmp(near->name, name) != 0)
		conf_problem_add(r->problems, r->file, line, "unknown %s \"%s\": is it \"%s\"?", what, name, near->name);
	else if (*near->path == '\0')
		conf_problem_add(r->problems, r->file, line, "unknown %s \"%s\" here: it belongs outside of all blocks", what, name);
	else
		conf_problem_add(r->problems, r->file, line, "unknown %s \"%s\" here: it belongs into a block %s", what, name, near->path);
}

/* ---- callbacks ---- */

static int
on_begin(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct reader *r = current;
	const char *name = cfg_name(cfg);

	*(const char **)result = value;
	if (opt->def.number++ > 0) {	/* the default comes once; this is somebody who did spell it */
		unknown_tell(r, "key", BEGIN_NAME, cfg->line);
		return 0;
	}
	bool unknown = unknown_find(r, path_here(r), name) != NULL;
	if (unknown)
		unknown_tell(r, "block", name, cfg->line);
	r->path[r->depth + 1] = path_join(r, path_here(r), name);
	r->depth++;
	if (unknown || r->in_unknown > 0)
		r->in_unknown++;
	else if (is_new(r))
		r->ops->begin(r->ctx, path_here(r), cfg_title(cfg), cfg->line);
	return 0;
}

/*
 * The first value of an assignment finds one slot in the option; a list's further ones more.  def.number, which strings do not
 * use, remembers the line of the assignment: the option is the block's own copy.
 */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct reader *r = current;
	const char *name = cfg_opt_name(opt);
	bool first = opt->nvalues == 1;

	*(const char **)result = value;
	if (r->in_unknown > 0)
		return 0;
	if (unknown_find(r, path_here(r), name) != NULL) {
		if (first)
			unknown_tell(r, "key", name, cfg->line);
		return 0;
	}
	if (first && opt->def.number != 0 && is_new(r))
		conf_problem_add(r->problems, r->file, cfg->line, "\"%s\" is given twice, first in line %ld", name,
		    opt->def.number);
	if (first)
		opt->def.number = cfg->line;
	struct syntax_value v = { .text = strcmp(value, SYNTAX_EMPTY) != 0 ? value : NULL, .line = cfg->line, .first = first };
	if (is_new(r))
		r->ops->value(r->ctx, path_here(r), name, &v);
	return 0;
}

static int
on_end(cfg_t *cfg, cfg_opt_t *opt)
{
	struct reader *r = current;

	(void)cfg;
	if (r->in_unknown > 0)
		r->in_unknown--;
	else if (is_new(r))
		r->ops->end(r->ctx, path_here(r));
	r->depth--;
	cfg_free_value(opt);
	return 0;
}

static void on_error(cfg_t *cfg, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct reader *r = current;

	free(r->error);
	r->error = xvasprintf(fmt, ap);
	r->error_line = cfg->line;
}

/* ---- option tables of one pass ---- */

static cfg_opt_t *options(struct reader *r, const char *path, unsigned depth);

static cfg_opt_t
option(struct reader *r, const char *path, const char *name, enum syntax_kind kind, unsigned depth)
{
	cfg_opt_t opt = { .name = name, .type = CFGT_STR, .flags = CFGF_NODEFAULT, .parsecb = on_value };

	if (kind == SYNTAX_LIST)
		opt.flags |= CFGF_LIST;
	if (kind == SYNTAX_BLOCK || kind == SYNTAX_TITLED) {
		opt.type = CFGT_SEC;
		opt.flags = CFGF_MULTI | (kind == SYNTAX_TITLED ? CFGF_TITLE : 0);
		opt.subopts = options(r, path_join(r, path, name), depth + 1);
		opt.parsecb = NULL;
		opt.validcb = on_end;
	}
	return opt;
}

static cfg_opt_t *
options(struct reader *r, const char *path, unsigned depth)
{
	static char parsed[] = "begin";
	cfg_opt_t *list = arena_alloc(r->arena, (r->n_rows + r->n_unknown + 2) * sizeof(*list));
	size_t n = 0;

	if (depth > 0)
		list[n++] = (cfg_opt_t){
			.name = BEGIN_NAME, .type = CFGT_STR, .def = { .parsed = parsed }, .parsecb = on_begin,
		};
	for (size_t i = 0; i < r->n_rows && depth < DEPTH_MAX; i++) {
		if (strcmp(r->rows[i].path, path) == 0)
			list[n++] = option(r, path, r->rows[i].name, r->rows[i].kind, depth);
	}
	for (size_t i = 0; i < r->n_unknown && depth < DEPTH_MAX; i++) {
		if (strcmp(r->unknown[i].path, path) == 0)
			list[n++] = option(r, path, r->unknown[i].name, r->unknown[i].kind, depth);
	}
	return list;	/* the arena's zeros end it */
}

/* ---- passes ---- */

/* "no such option 'x'" -> a copy of x; NULL when the error starts otherwise. */
static char *
quoted_name(const char *error, const char *start)
{
	size_t n = strlen(start), len = strlen(error);

	if (len <= n || strncmp(error, start, n) != 0 || error[len - 1] != '\'')
		return NULL;
	return xstrndup(error + n, len - n - 1);
}

static void
error_replace(struct reader *r, char *text)
{
	free(r->error);
	r->error = text;
}

/* Declare what is not known; false when there are too many of them. */
static bool
unknown_add(struct reader *r, const char *name)
{
	if (r->n_unknown == UNKNOWN_MAX || unknown_find(r, path_here(r), name) != NULL) {
		error_replace(r, xasprintf("unknown key \"%s\", and too many others", name));
		return false;
	}
	r->unknown[r->n_unknown++] = (struct unknown){
		.path = xstrdup(path_here(r)), .name = xstrdup(name), .kind = SYNTAX_LIST,
	};
	return true;
}

/* An unknown name is first taken for a key, then for a block with a title, then for one without. */
static bool
unknown_widen(struct reader *r, struct unknown *u, enum syntax_kind from)
{
	if (u->kind != from || from == SYNTAX_BLOCK) {
		error_replace(r, xasprintf("unknown key \"%s\"", u->name));
		return false;
	}
	u->kind = from == SYNTAX_LIST ? SYNTAX_TITLED : SYNTAX_BLOCK;
	return true;
}

/* After an error: was it an unknown name, so that another pass gets further? */
static bool
widen(struct reader *r)
{
	static const struct {
		const char *error;
		enum syntax_kind kind;
	} errors[] = {
		{ "missing equal sign after option '",    SYNTAX_LIST },
		{ "missing title for section '",          SYNTAX_TITLED },
		{ "missing opening brace for section '",  SYNTAX_BLOCK },
	};
	char *name = quoted_name(r->error, "no such option '");
	bool again = name != NULL && unknown_add(r, name);

	for (size_t i = 0; i < ARRAY_LEN(errors) && name == NULL; i++) {
		name = quoted_name(r->error, errors[i].error);
		struct unknown *u = name != NULL ? unknown_find(r, path_here(r), name) : NULL;
		again = u != NULL && unknown_widen(r, u, errors[i].kind);
	}
	free(name);
	return again;
}

/* True when the text has to be parsed once more. */
static bool
pass(struct reader *r, const char *text)
{
	free(r->error);
	r->error = NULL;
	r->seen = 0;
	r->depth = r->in_unknown = 0;
	r->path[0] = "";
	r->arena = arena_new();

	cfg_t *cfg = cfg_init(options(r, "", 0), CFGF_NONE);
	cfg_set_error_function(cfg, on_error);
	int rc = cfg_parse_buf(cfg, text);
	bool again = rc != CFG_SUCCESS && r->error != NULL && widen(r);
	if (rc != CFG_SUCCESS && r->error == NULL)
		r->error = xstrdup("syntax error");
	cfg_free(cfg);
	arena_free(r->arena);
	return again;
}

/* whole: the text was not cut short before a mistake that has been told. */
static void
parse(struct reader *r, const char *text, bool whole)
{
	/* widen() knows the messages in English only */
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	locale_t before = uselocale(c_locale);

	pthread_mutex_lock(&scanner);
	current = r;
	while (pass(r, text))
		continue;
	current = NULL;
	pthread_mutex_unlock(&scanner);
	if (r->error != NULL && whole)
		conf_problem_add(r->problems, r->file, r->error_line, "%s", r->error);
	uselocale(before);
	freelocale(c_locale);
}

void
syntax_read(const struct syntax_row *rows, size_t n_rows, const char *file, const char *text, size_t len,
    const struct syntax_ops *ops, void *ctx, struct conf_problems *problems)
{
	struct reader r = {
		.rows = rows, .n_rows = n_rows, .file = file, .ops = ops, .ctx = ctx, .problems = problems,
	};
	struct str clean = STR_INIT;
	struct err err;
	int line;

	bool whole = syntax_scan(text, len, &clean, &line, &err);
	parse(&r, str_c(&clean), whole);
	if (!whole)
		conf_problem_add(problems, file, line, "%s", err.msg);
	for (size_t i = 0; i < r.n_unknown; i++) {
		free(r.unknown[i].path);
		free(r.unknown[i].name);
	}
	free(r.error);
	str_done(&clean);
}

const char *
conf_library_version(void)
{
	return confuse_version;
}
