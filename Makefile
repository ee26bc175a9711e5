# SPDX-License-Identifier: ISC
# The front door of m365dnsd.  GNU make; `make help` lists the targets.

BUILD ?= build
CC ?= cc
CSTD = -std=c11 -D_GNU_SOURCE
WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wformat=2 -Wundef -Wvla -Werror=implicit-function-declaration
OPT ?= -O2 -g
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fstack-clash-protection
CORE_PKGS = libconfuse jansson libidn2
EDGE_PKGS = libcares libevent_core
TEST_PKGS = check

CORE_ROOMS = base dns conf plan resolver eval board sched view
EDGE_ROOMS = loop transport
CORE_EXTRA = src/daemon/pipeline.c src/daemon/pipeline_domain.c

CORE_SRC := $(filter-out %_main.c,$(foreach r,$(CORE_ROOMS),$(wildcard src/$(r)/*.c))) $(wildcard $(CORE_EXTRA))
EDGE_SRC := $(foreach r,$(EDGE_ROOMS),$(wildcard src/$(r)/*.c))
MAIN_SRC := $(filter-out $(CORE_EXTRA),$(wildcard src/daemon/*.c))
LIB_SRC  := $(wildcard tests/lib/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

CPPFLAGS_ALL = -Iinclude -I$(BUILD)/gen -I. $(CPPFLAGS)
CFLAGS_ALL = $(CSTD) $(OPT) $(WARN) $(HARDEN) $(CFLAGS)
PKG_CFLAGS := $(shell pkg-config --cflags $(CORE_PKGS) $(EDGE_PKGS) 2>/dev/null)
CORE_LIBS := $(shell pkg-config --libs $(CORE_PKGS) 2>/dev/null)
EDGE_LIBS := $(shell pkg-config --libs $(EDGE_PKGS) 2>/dev/null) -pthread
TEST_LIBS := $(shell pkg-config --libs $(TEST_PKGS) 2>/dev/null)

UNIT := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/check_*.c))
EDGE := $(patsubst tests/edge/%.c,$(BUILD)/tests/%,$(wildcard tests/edge/check_*.c))

all: $(BUILD)/m365dnsd

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(PKG_CFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/gen/catalog_conf.c: etc/catalog.conf
	@mkdir -p $(@D)
	{ echo '#include "catalog_conf.h"'; echo 'const char catalog_conf[] ='; \
	  sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $<; echo ';'; } > $@
$(BUILD)/gen/catalog_conf.h:
	@mkdir -p $(@D)
	echo 'extern const char catalog_conf[];' > $@
$(BUILD)/obj/catalog_conf.o: $(BUILD)/gen/catalog_conf.c $(BUILD)/gen/catalog_conf.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -Woverlength-strings -c -o $@ $<
$(call obj,$(CORE_SRC)): $(BUILD)/gen/catalog_conf.h

$(BUILD)/libcore.a: $(call obj,$(CORE_SRC)) $(if $(wildcard etc/catalog.conf),$(BUILD)/obj/catalog_conf.o)
	rm -f $@ && $(AR) cr $@ $^
$(BUILD)/libedge.a: $(call obj,$(EDGE_SRC))
	rm -f $@ && $(AR) cr $@ $^
$(BUILD)/m365dnsd: $(call obj,$(MAIN_SRC)) $(BUILD)/libedge.a $(BUILD)/libcore.a
	$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(EDGE_LIBS) $(CORE_LIBS)

$(BUILD)/tests/check_%: $(BUILD)/obj/tests/unit/check_%.o $(call obj,$(LIB_SRC)) $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(CORE_LIBS) $(TEST_LIBS)
$(EDGE): $(BUILD)/tests/%: $(BUILD)/obj/tests/edge/%.o $(call obj,$(LIB_SRC)) $(BUILD)/libedge.a $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(EDGE_LIBS) $(CORE_LIBS) $(TEST_LIBS)

# One room's unit tests: make unit-dns
unit-%: $(BUILD)/tests/check_%
	$<
check-unit: $(UNIT) $(EDGE)
	@for t in $^; do $$t || exit 1; done

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all clean check-unit
.SECONDARY:
