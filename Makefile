# SPDX-License-Identifier: ISC
# The front door of m365dnsd.  GNU make; `make help` lists the targets.
#
# config.mk holds what configure found and is made on first use.  Everything built goes below BUILD, so that variants
# (make BUILD=build-x CC=clang ...) live side by side.  Adding a source file or a test needs no line here.

BUILD ?= build
CONFIG ?= config.mk

# Goals that must work on a machine without compiler and libraries: they never read (and so never make) config.mk.
FRONT = help deps check check-asan check-valgrind check-browser screenshots check-systemd deb fuzz bench lint coverage \
	demo clean distclean
ifneq ($(filter-out $(FRONT),$(or $(MAKECMDGOALS),all)),)
include $(CONFIG)
endif

CSTD = -std=c11 -D_GNU_SOURCE
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wformat=2 -Wundef -Wvla -Werror=implicit-function-declaration $(WERROR)
OPT ?= -O2 -g
# _FORTIFY_SOURCE needs an optimizing compiler and hides bugs from the sanitizers.
FORTIFY = $(if $(SAN)$(filter -O0,$(OPT) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)

# ---- rooms: libcore.a knows no network, libedge.a does; a room is a directory ----

CORE_ROOMS = base dns conf plan resolver eval board sched view
EDGE_ROOMS = loop transport store notify http
# The pipeline and the options belong to core: the scenario tests run the former on virtual time, a unit test the latter.
CORE_EXTRA = $(wildcard src/daemon/pipeline*.c src/daemon/options*.c)
# What talks to systemd, and the API, belong to edge: tests play the service manager and the client.
EDGE_EXTRA = $(wildcard src/daemon/systemd*.c src/daemon/journal*.c src/daemon/api*.c)

CORE_SRC := $(foreach r,$(CORE_ROOMS),$(wildcard src/$(r)/*.c)) $(CORE_EXTRA)
EDGE_SRC := $(foreach r,$(EDGE_ROOMS),$(wildcard src/$(r)/*.c)) $(EDGE_EXTRA)
MAIN_SRC := $(filter-out $(CORE_EXTRA) $(EDGE_EXTRA),$(wildcard src/daemon/*.c))
TLIB_SRC := $(wildcard tests/lib/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
tests_in = $(patsubst tests/$(1)/%.c,$(BUILD)/tests/%,$(wildcard tests/$(1)/check_*.c))

PROGRAM := $(if $(wildcard src/daemon/main.c),$(BUILD)/m365dnsd)
PLUGIN := $(BUILD)/check_m365dnsd
UNIT := $(call tests_in,unit)
EDGE := $(call tests_in,edge)
SCENARIO := $(call tests_in,scenario)
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAY := $(FUZZ_NAMES:%=$(BUILD)/tests/replay_%)
BENCH := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/bench_*.c))
BED := $(wildcard tests/integration/run.sh)
CLI := $(wildcard tests/integration/cli.sh tests/integration/completion.sh tests/integration/plugin.py tests/integration/service.py)

# ---- compiling ----

CPPFLAGS_ALL = -Iinclude -I$(BUILD)/gen -I. $(CORE_CFLAGS) $(EDGE_CFLAGS) $(CPPFLAGS)
CFLAGS_ALL = $(CSTD) $(OPT) $(WARN) $(HARDEN_CFLAGS) $(FORTIFY) $(SAN) $(CFLAGS) $(if $(LTO),-flto=auto -ffat-lto-objects)
# LTO=1 optimizes the program and the yardsticks across their files.  Not the tests, which would take longer to link than to run.
LINK_AS = $(CC) $(OPT) $(HARDEN_CFLAGS) $(SAN) $(CFLAGS) $(HARDEN_LDFLAGS) $(LDFLAGS)
LINK = $(LINK_AS) $(if $(LTO),-fno-lto)
LINK_WHOLE = $(LINK_AS) $(if $(LTO),-flto=auto)

# One short line a file; V=1 shows the commands.
say = $(if $(V),,@echo '  $(1)' '$(patsubst $(BUILD)/%,%,$(2))';)

# A page of the manual is the table of findings, in words.
MAN7 := $(BUILD)/man/m365dnsd-findings.7

# Completions of shells are templates and the table of options.
COMPLETIONS := $(patsubst contrib/completions/%.in,$(BUILD)/completions/%,$(wildcard contrib/completions/*.in))

all: $(BUILD)/libcore.a $(BUILD)/libedge.a $(PROGRAM) $(PLUGIN) $(MAN7) $(COMPLETIONS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC  ,$<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<
$(BUILD)/obj/tests/%.o: CFLAGS_ALL += $(TEST_CFLAGS)

$(MAN7): include/m365dnsd/findings.def tools/findings-man.awk man/m365dnsd.8
	@mkdir -p $(@D)
	$(call say,MAN ,$@)awk -v date="$$(sed -n 's/^\.Dd //p' man/m365dnsd.8)" -f tools/findings-man.awk $< >$@

$(BUILD)/completions/%: contrib/completions/%.in $(BUILD)/tools/completions
	@mkdir -p $(@D)
	$(call say,GEN ,$@)$(BUILD)/tools/completions '$(confdir)' <$< >$@

# Files compiled in, each as one C string: etc/catalog.conf is catalog_conf[] of "catalog_conf.h".
EMBED := $(wildcard etc/catalog.conf etc/openapi.json web/*.css web/*.js web/*.svg)
EMBED_NAMES := $(subst .,_,$(notdir $(EMBED)))
define embed
$(BUILD)/gen/$(subst .,_,$(notdir $(1))).c: $(1) Makefile
	@mkdir -p $$(@D)
	@{ echo '#include "$$(@F:.c=.h)"'; echo 'const char $$(basename $$(@F))[] ='; \
	  sed 's/\\/\\\\/g; s/"/\\"/g; s/??/?\\?/g; s/^/"/; s/$$$$/\\n"/' $$<; echo ';'; } > $$@
endef
$(foreach f,$(EMBED),$(eval $(call embed,$(f))))
EMBED_H := $(EMBED_NAMES:%=$(BUILD)/gen/%.h)
$(EMBED_H):
	@mkdir -p $(@D)
	@echo 'extern const char $(basename $(@F))[];' > $@
$(EMBED_NAMES:%=$(BUILD)/obj/%.o): $(BUILD)/obj/%.o: $(BUILD)/gen/%.c $(BUILD)/gen/%.h
	@mkdir -p $(@D)
	$(call say,CC  ,$<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

# Version and places, for #include "build_info.h"; rewritten only when something in it changes.
$(BUILD)/gen/build_info.h: FORCE
	@mkdir -p $(@D)
	@printf '#define M365DNSD_%s "%s"\n' VERSION '$(VERSION)' CONF_FILE '$(confdir)/m365dnsd.conf' \
	    CONF_D '$(confdir)/conf.d' STATE_DIR '$(localstatedir)/lib/m365dnsd' > $@.new
	@cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@

$(call obj,$(CORE_SRC) $(EDGE_SRC) $(MAIN_SRC)): | $(EMBED_H) $(BUILD)/gen/build_info.h

$(BUILD)/libcore.a: $(call obj,$(CORE_SRC)) $(EMBED_NAMES:%=$(BUILD)/obj/%.o)
	@rm -f $@
	$(call say,AR  ,$@)$(AR) cr $@ $^
$(BUILD)/libedge.a: $(call obj,$(EDGE_SRC))
	@rm -f $@
	$(call say,AR  ,$@)$(AR) cr $@ $^
# The monitoring plugin stands on base only; linked with those libraries that it names.
PLUGIN_OBJ := $(call obj,$(wildcard contrib/check_m365dnsd/*.c))
$(PLUGIN_OBJ): | $(BUILD)/gen/build_info.h
$(PLUGIN): $(PLUGIN_OBJ) $(BUILD)/libcore.a
	$(call say,LINK,$@)$(LINK) -o $@ $^ -Wl,--as-needed $(EDGE_LIBS) $(CORE_LIBS)
$(BUILD)/m365dnsd: $(call obj,$(MAIN_SRC)) $(BUILD)/libedge.a $(BUILD)/libcore.a
	$(call say,LINK,$@)$(LINK_WHOLE) -o $@ $^ $(EDGE_LIBS) $(CORE_LIBS) -pthread

# ---- test programs: unit and scenario see libcore.a only, so an upward call fails at link ----
# The fuzz targets see libedge.a too, but none of its libraries: its pure parts.  The exceptions:
FUZZ_WITH_LIBS = store

TLIB = $(BUILD)/libtest.a
$(TLIB): $(call obj,$(TLIB_SRC))
	@rm -f $@
	$(call say,AR  ,$@)$(AR) cr $@ $^

$(UNIT): $(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(TLIB) $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(CORE_LIBS) $(TEST_LIBS) -pthread
$(SCENARIO): $(BUILD)/tests/%: $(BUILD)/obj/tests/scenario/%.o $(TLIB) $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(CORE_LIBS) $(TEST_LIBS) -pthread
$(EDGE): $(BUILD)/tests/%: $(BUILD)/obj/tests/edge/%.o $(TLIB) $(BUILD)/libedge.a $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(EDGE_LIBS) $(CORE_LIBS) $(TEST_LIBS) -pthread
$(REPLAY): $(BUILD)/tests/replay_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay_main.o $(TLIB) \
    $(BUILD)/libedge.a $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(FUZZ_LIBS) $(CORE_LIBS) -pthread
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(TLIB) $(BUILD)/libedge.a $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -fsanitize=fuzzer -o $@ $^ $(FUZZ_LIBS) $(CORE_LIBS) -pthread
$(FUZZ_WITH_LIBS:%=$(BUILD)/tests/replay_%) $(FUZZ_WITH_LIBS:%=$(BUILD)/fuzz/%): FUZZ_LIBS = $(EDGE_LIBS)
$(BUILD)/tools/%: $(BUILD)/obj/tools/%.o $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -o $@ $^ $(CORE_LIBS)

# The yardsticks of make bench see everything, and libevent and c-ares directly.
$(BENCH): $(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(BUILD)/libedge.a $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK_WHOLE) -o $@ $^ $(EDGE_LIBS) $(CORE_LIBS) -pthread

programs: all $(UNIT) $(EDGE) $(SCENARIO) $(REPLAY) lint-programs bench-programs
lint-programs: all $(BUILD)/libcore.a $(MAN7) $(COMPLETIONS) $(if $(wildcard src/conf/keys.c),$(BUILD)/tools/conf-keys)
bench-programs: $(BENCH)
fuzz-programs: $(FUZZ_NAMES:%=$(BUILD)/fuzz/%)

# ---- running them: tools/run-tests.sh counts and sums up ----

SETUP = tools/setup.sh
# Sub-makes of the front goals use all processors unless -j was given.
PARALLEL = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))
SUB = +@$(MAKE) --no-print-directory $(PARALLEL)
RUN = tools/run-tests.sh $(BUILD)
RUN_UNIT = unit: $(UNIT) $(EDGE)
RUN_SCENARIO = scenario: $(SCENARIO)
RUN_CORPUS = corpus: $(foreach x,$(FUZZ_NAMES),'$(BUILD)/tests/replay_$(x) tests/fuzz/corpus/$(x)')
RUN_INTEGRATION = integration: $(CLI:%='% $(BUILD)') $(BED:%='% $(BUILD)')

check:
	@$(SETUP) --need build --need test --want bed --want watch --want browser
	-$(SUB) playwright
	$(SUB) check-all
# Without the set-up; what does not compile is counted as a failure and the rest is run all the same.
BUILD_AND_RUN = +@$(MAKE) --no-print-directory -k programs; BUILD_FAILED=$$? $(RUN)
check-all:
	$(BUILD_AND_RUN) lint: 'tools/lint.sh $(BUILD)' $(RUN_UNIT) $(RUN_SCENARIO) $(RUN_CORPUS) $(RUN_INTEGRATION)
check-suites:
	$(BUILD_AND_RUN) $(RUN_UNIT) $(RUN_SCENARIO) $(RUN_CORPUS) $(RUN_INTEGRATION)
check-programs:
	$(BUILD_AND_RUN) $(RUN_UNIT) $(RUN_SCENARIO) $(RUN_CORPUS)
check-unit: $(UNIT) $(EDGE)
	@$(RUN) $(RUN_UNIT)
check-scenario: $(SCENARIO)
	@$(RUN) $(RUN_SCENARIO)
check-corpus: $(REPLAY)
	@$(RUN) $(RUN_CORPUS)
check-integration: all
	@$(RUN) $(RUN_INTEGRATION)

# What drives the browser, of the version and with the hash in the lock; it brings no browser and runs nothing of its own.
PLAYWRIGHT = $(BUILD)/browser/node_modules/.package-lock.json
$(PLAYWRIGHT): tests/browser/package.json tests/browser/package-lock.json
	@mkdir -p $(BUILD)/browser && cp $^ $(BUILD)/browser
	$(call say,NPM ,playwright-core)cd $(BUILD)/browser && { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --ignore-scripts \
	    --prefer-offline --fetch-retries=1 --no-audit --no-fund >npm.log 2>&1 || { head -n 8 npm.log; exit 1; }; }
	@touch $@
playwright: $(PLAYWRIGHT)
	@:

# The page alone.
check-browser:
	@$(SETUP) --need build --need bed --need browser
	$(SUB) all playwright
	@$(RUN) browser: 'tests/integration/run.sh $(BUILD) page: '
# The pictures of the README, of a running demo.
screenshots:
	@$(SETUP) --need build --need bed --need browser
	$(SUB) all playwright
	@python3 -B tests/integration/screenshots.py $(BUILD) docs/pictures

# The installed service under a real systemd, booted in a container; and the Debian packages, where they can be made.
check-systemd:
	@$(SETUP) --need build --want systemd --want deb
	$(SUB) all
	+@! command -v dh >/dev/null || DEB_BUILD_OPTIONS="nocheck $$DEB_BUILD_OPTIONS" $(MAKE) --no-print-directory deb-of-dist
	@$(RUN) systemd: 'tests/systemd/run.sh $(BUILD)' 'tests/systemd/package.sh $(BUILD)'

# One room's unit tests: make unit-dns
unit-%: $(BUILD)/tests/check_%
	$<

check-asan:
	@$(SETUP) --need build --need test --want bed --want browser
	-$(SUB) BUILD=$(BUILD)-asan playwright
	$(SUB) BUILD=$(BUILD)-asan OPT='-O1 -g -fno-omit-frame-pointer' \
	    SAN='-fsanitize=address,undefined -fno-sanitize-recover=all' SLOW=4 check-suites
check-valgrind:
	@$(SETUP) --need build --need test --need valgrind
	$(SUB) BUILD=$(BUILD)-valgrind OPT='-O1 -g' SLOW=20 \
	    WRAP='valgrind -q --fair-sched=yes --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' \
	    check-programs
SLOW ?= 1
export SLOW WRAP

FUZZ_SECONDS ?= 60
fuzz:
	@$(SETUP) --need build --need fuzz
	$(SUB) BUILD=$(BUILD)-fuzz CC=clang OPT='-O1 -g -fno-omit-frame-pointer' HARDEN_CFLAGS= HARDEN_LDFLAGS= \
	    SAN='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' fuzz-programs
	@tools/fuzz.sh $(BUILD)-fuzz $(FUZZ_SECONDS) $(FUZZ_NAMES)

coverage:
	@$(SETUP) --need build --need test
	@rm -rf $(BUILD)-cov
	$(SUB) BUILD=$(BUILD)-cov CC=gcc OPT='-O0 -g' SAN=--coverage check-programs
	@tools/coverage.sh $(BUILD)-cov

bench:
	@test -x tests/bench/run.sh || { echo 'bench: this tree has no tests/bench/run.sh' >&2; exit 1; }
	@$(SETUP) --need build --need bed --need bench --want web
	$(SUB) all bench-programs
	@tests/bench/run.sh $(BUILD)

lint:
	@$(SETUP) --need build --want lint
	$(SUB) lint-programs
	@$(RUN) lint: 'tools/lint.sh $(BUILD)'

demo:
	@test -x tests/bed/demo.sh || { echo 'demo: this tree has no tests/bed/demo.sh' >&2; exit 1; }
	@$(SETUP) --need build --need bed $(if $(WATCH),--need watch)
	$(SUB) all
	@tests/bed/demo.sh $(BUILD) $(if $(WATCH),--watch)

# The golden files are rewritten by the tests that compare them; look at the diff before committing it.
update-golden: $(UNIT) $(SCENARIO) | $(PROGRAM)
	@for t in $^; do UPDATE_GOLDEN=1 CK_VERBOSITY=minimal $$t >/dev/null || :; done
	@UPDATE_GOLDEN=1 python3 -B tests/integration/main.py $(BUILD) "the corpus" >/dev/null || :
	@git --no-pager diff --stat -- tests 2>/dev/null || :

# ---- set-up, configure ----

deps:
	@$(SETUP) --list --need build --need test --need bed

configure: configure.ac
	@command -v autoconf >/dev/null || { echo 'autoconf is missing; "make deps" names and installs what is needed' >&2; exit 1; }
	autoconf
	@rm -rf autom4te.cache; touch $@
$(CONFIG): configure config.mk.in tools/outside.mk.in
	@if [ -x $(@D)/config.status ]; then cd $(@D) && ./config.status --recheck && ./config.status; else ./configure; fi
	@touch $@

# ---- installing; DESTDIR and the usual directory variables are honoured ----

confdir = $(sysconfdir)/m365dnsd
INSTALL = install
INSTALL_DATA = $(INSTALL) -m 644
MAN8 = $(wildcard man/*.8)
MAN5 = $(wildcard man/*.5)
CATALOG := $(wildcard etc/catalog.conf)
# Where Debian has the monitoring plugins; Fedora: make install plugindir=/usr/lib64/nagios/plugins
plugindir = $(prefix)/lib/nagios/plugins
MONITORING := $(wildcard contrib/nagios/*.cfg contrib/icinga2/*.conf contrib/prometheus/*.yml contrib/grafana/*.json)
# Where both shells look when it is their prefix; Debian's zsh has a place for packages: zshcompdir=/usr/share/zsh/vendor-completions
bashcompdir = $(datadir)/bash-completion/completions
zshcompdir = $(datadir)/zsh/site-functions
# None without systemd.  Only the place of the program differs from machine to machine.
UNITS := $(if $(systemdsystemunitdir),$(wildcard systemd/*.service systemd/*.socket))
unitdir = $(DESTDIR)$(systemdsystemunitdir)

install: all
	$(INSTALL) -d $(DESTDIR)$(sbindir) $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man7 $(DESTDIR)$(mandir)/man8 \
	    $(DESTDIR)$(confdir)/conf.d $(DESTDIR)$(datadir)/m365dnsd $(DESTDIR)$(docdir)
	$(if $(PROGRAM),$(INSTALL) -m 755 $(PROGRAM) $(DESTDIR)$(sbindir)/m365dnsd)
	$(INSTALL_DATA) $(MAN8) $(DESTDIR)$(mandir)/man8
	$(INSTALL_DATA) $(MAN5) $(DESTDIR)$(mandir)/man5
	$(INSTALL_DATA) $(MAN7) $(DESTDIR)$(mandir)/man7
	$(if $(CATALOG),$(INSTALL_DATA) $(CATALOG) $(DESTDIR)$(datadir)/m365dnsd)
	$(INSTALL) -d $(DESTDIR)$(plugindir) $(addprefix $(DESTDIR)$(datadir)/m365dnsd/,nagios icinga2 prometheus grafana)
	$(INSTALL) -m 755 $(PLUGIN) $(DESTDIR)$(plugindir)/check_m365dnsd
	$(foreach f,$(MONITORING),$(INSTALL_DATA) $(f) $(DESTDIR)$(datadir)/m365dnsd/$(f:contrib/%=%) &&) :
	$(INSTALL) -d $(DESTDIR)$(bashcompdir) $(DESTDIR)$(zshcompdir)
	$(INSTALL_DATA) $(BUILD)/completions/m365dnsd.bash $(DESTDIR)$(bashcompdir)/m365dnsd
	$(INSTALL_DATA) $(BUILD)/completions/m365dnsd.zsh $(DESTDIR)$(zshcompdir)/_m365dnsd
	$(if $(UNITS),$(INSTALL) -d $(unitdir))
	$(foreach u,$(UNITS),sed 's|/usr/sbin/|$(sbindir)/|' $(u) >$(unitdir)/$(notdir $(u)) && \
	    chmod 644 $(unitdir)/$(notdir $(u)) &&) :
	$(INSTALL_DATA) README.md PERFORMANCE.md NEWS LICENSE etc/m365dnsd.conf.example $(DESTDIR)$(docdir)
	$(INSTALL) -d $(DESTDIR)$(docdir)/docs/pictures
	$(INSTALL_DATA) $(wildcard docs/*.*) $(DESTDIR)$(docdir)/docs
	$(INSTALL_DATA) $(wildcard docs/pictures/*) $(DESTDIR)$(docdir)/docs/pictures
	test -e $(DESTDIR)$(confdir)/m365dnsd.conf || \
	    $(INSTALL_DATA) etc/m365dnsd.conf.example $(DESTDIR)$(confdir)/m365dnsd.conf
# The configuration stays: it is the administrator's.
uninstall:
	rm -f $(DESTDIR)$(sbindir)/m365dnsd $(DESTDIR)$(plugindir)/check_m365dnsd
	rm -f $(MAN8:man/%=$(DESTDIR)$(mandir)/man8/%) $(MAN5:man/%=$(DESTDIR)$(mandir)/man5/%) \
	    $(DESTDIR)$(mandir)/man7/$(notdir $(MAN7))
	rm -f $(DESTDIR)$(bashcompdir)/m365dnsd $(DESTDIR)$(zshcompdir)/_m365dnsd
	$(if $(UNITS),rm -f $(UNITS:systemd/%=$(unitdir)/%))
	rm -rf $(DESTDIR)$(datadir)/m365dnsd $(DESTDIR)$(docdir)

# ---- releasing: an archive that builds without autoconf ----

DIST = m365dnsd-$(VERSION)
dist: configure
	@tools/dist.sh $(BUILD) $(DIST)
distcheck: dist
	@tools/distcheck.sh $(BUILD) $(DIST)
# The Debian packages, in BUILD/deb.  DEB_BUILD_OPTIONS=nocheck leaves out their tests.
deb:
	@$(SETUP) --need build --need test --need deb
	+@$(MAKE) --no-print-directory deb-of-dist
deb-of-dist: dist
	@tools/deb.sh $(BUILD) $(DIST)

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-valgrind $(BUILD)-fuzz $(BUILD)-cov
distclean: clean
	rm -rf config.mk config.log config.status configure~ autom4te.cache
	@test ! -d .git && test ! -f .git || rm -f configure

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile
#: make                  build build/m365dnsd (configures by itself in a fresh clone)
#: make demo             watch records of a test domain spread through real servers on loopback
#: make demo WATCH=yes   the same before a real Prometheus, for Grafana to look at; stays until Ctrl-C
#: make check            install what is missing, lint, run every test, print one summary
#: make deps             every Debian package by purpose, and install what is missing
#: make install          honours DESTDIR and prefix; uninstall leaves the configuration
#:
#: make check-unit  check-scenario  check-corpus  check-integration  unit-ROOM
#: make check-asan  check-valgrind  coverage  lint
#: make check-browser               of the tests those of the page, in a real Chromium
#: make screenshots                 the pictures of the README
#: make check-systemd               the installed service and the package under a real systemd in a container (root)
#: make fuzz FUZZ_SECONDS=60        each fuzz target for so long (clang)
#: make bench                       measure
#: make update-golden               rewrite the golden files of the tests
#: make dist  distcheck             the release archive, and build and test it
#: make deb                         the Debian packages of it, seen by lintian
#: make clean  distclean
#:
#: BUILD=DIR builds elsewhere, V=1 shows the commands, CC=clang CFLAGS=... as usual; ./configure --help for the rest.
#: LTO=1 takes longer and makes a program that executes a tenth less (gcc).

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
.PHONY: all programs lint-programs fuzz-programs check check-all check-unit check-scenario check-corpus check-integration \
	check-suites check-programs check-asan check-valgrind check-browser playwright screenshots check-systemd fuzz coverage bench \
	lint demo update-golden deps install uninstall dist distcheck deb deb-of-dist clean distclean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:
