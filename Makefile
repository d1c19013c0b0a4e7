# SPDX-License-Identifier: ISC
# GNU make 4 or later.  README.md, "Building and testing", says what is here.

PROGS = vmta-conf-check vmta-queue vmta-throttle vmta-send vmta-acct vmta-sink
GROUPS = base conf record reply dns mail spool throttle smtp acct deliver

# What each program links, most dependent first: read this to know a program.
# test/lint/layers holds the order of the groups and is checked against it.
LIBS_vmta-conf-check = deliver acct throttle spool reply dns mail record conf base
LIBS_vmta-queue = deliver throttle spool reply mail record conf base
LIBS_vmta-throttle = throttle spool record conf base
LIBS_vmta-send = deliver throttle smtp spool reply dns mail record conf base
LIBS_vmta-acct = acct spool reply mail record conf base
LIBS_vmta-sink = smtp base

# Libraries by their pkg-config names; a program links only what it uses.
PKGS = libssl libcrypto libevent libunbound jansson libpcre2-8
PKGS_OPT = libbsd-overlay

PREFIX ?= /usr/local
DESTDIR ?=
# CC=clang and DEV=1 build in folders of their own.
B ?= build$(if $(findstring clang,$(CC)),/clang)$(if $(DEV),/dev)
CFLAGS ?= -O2 -g
HARDEN ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
HARDEN_LD ?= -pie -Wl,-z,relro,-z,now
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wformat=2 -Wundef \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings
ifdef DEV
WARN += -Wswitch-enum -Werror
endif

PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null) \
	$(shell pkg-config --cflags $(PKGS_OPT) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) \
	$(shell pkg-config --libs $(PKGS_OPT) 2>/dev/null)

CF = -std=c17 -D_GNU_SOURCE -Ilib $(WARN) $(HARDEN) $(PKG_CFLAGS) -pthread \
	$(CFLAGS) $(CPPFLAGS)
LF = $(CFLAGS) $(HARDEN_LD) -pthread -Wl,--as-needed $(LDFLAGS)

.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:

# V=1 shows whole commands, -s nothing.
say = $(if $(V)$(findstring s,$(filter-out -%,$(firstword x$(MAKEFLAGS)))),,@echo '$1';)
srcs = $(wildcard $1/*.c)
objs = $(patsubst %.c,$(B)/%.o,$(call srcs,$1))
archives = $(patsubst %,$(B)/lib/%.a,$1)
# A program without sources is left out.
BUILT = $(foreach p,$(PROGS),$(if $(call srcs,cmd/$p),$(B)/bin/$p))
UNIT = $(patsubst test/unit/%.c,$(B)/test/%,$(wildcard test/unit/*/test_*.c))
SRCS = $(wildcard lib/*/*.c cmd/*/*.c)
HDRS = $(wildcard lib/*/*.h cmd/*/*.h)

all: $(BUILT) $(call archives,$(GROUPS))

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) $(CF) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@ $<

define group
$(B)/lib/$1.a: $(call objs,lib/$1) $(B)/members-$1
	@mkdir -p $$(@D)
	$$(call say,AR $$@)rm -f $$@ && $$(AR) rcs $$@ $$(filter %.o,$$^)
$(B)/members-$1: FORCE
	@$$(call stamp,$(call objs,lib/$1))
endef
$(foreach g,$(GROUPS),$(eval $(call group,$g)))

define program
$(B)/bin/$1: $(call objs,cmd/$1) $(call archives,$(LIBS_$1))
	@mkdir -p $$(@D)
	$$(call say,LD $$@)$$(CC) $$(LF) -o $$@ $$^ $$(PKG_LIBS) $$(LDLIBS)
endef
$(foreach p,$(PROGS),$(eval $(call program,$p)))

# A unit test is one file, linked with its group and those below it; what it
# wants from the linker stands in it: "LDFLAGS: -Wl,--wrap=fsync".
BELOW_conf = base
BELOW_record = conf base
BELOW_reply = conf base
BELOW_dns = conf base
BELOW_mail = conf base
BELOW_spool = mail dns reply record conf base
BELOW_throttle = spool $(BELOW_spool)
BELOW_smtp = spool $(BELOW_spool)
BELOW_acct = spool $(BELOW_spool)
BELOW_deliver = acct smtp throttle spool $(BELOW_spool)
define unit-tests
$(B)/test/$1/%: $(B)/test/unit/$1/%.o $(call archives,$1 $(BELOW_$1))
	@mkdir -p $$(@D)
	$$(call say,LD $$@)$$(CC) $$(LF) -o $$@ $$^ \
	    $$$$(sed -n 's/.*LDFLAGS: \(.*[^ */]\).*/\1/p' test/unit/$1/$$*.c) \
	    -lcmocka $$(PKG_LIBS) $$(LDLIBS)
endef
$(foreach g,$(GROUPS),$(eval $(call unit-tests,$g)))
unit: $(UNIT)

# Rebuild when the compiler, its flags or a group's list of files changes.
stamp = mkdir -p $(@D) && echo '$1' | cmp -s - $@ || echo '$1' > $@
$(B)/flags: FORCE
	@pkg-config --exists $(PKGS) || { \
	    echo "make: libraries are missing ($(PKGS)): run 'make deps'" >&2; \
	    exit 1; }
	@$(call stamp,$(CC) $(CF) $(LF) $(PKG_LIBS))

asan:
	$(MAKE) B='$(ASAN_B)' HARDEN= HARDEN_LD= CFLAGS='$(ASAN)' $(or $(GOAL),all)
ASAN_B ?= $(B)/asan
ASAN = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

deps:
	@test/lib/deps

# make check T=unit/spool/retry, T=cli/vmta-queue/add, T=lint: only that.
check:
	@$(TEST_ENV) test/lib/check -B '$(B)' $(T)
check-asan:
	@$(TEST_ENV) test/lib/check -B '$(ASAN_B)' -s $(T)
TEST_ENV = CC='$(CC)' DEV='$(DEV)'

demo bench soak: %:
	@test/lib/deps
	@$(MAKE) --no-print-directory -s all
	@VMTA_BIN='$(abspath $(B)/bin)' $(RUN_$@)
RUN_demo = share/demo/run
RUN_bench = test/bench/run
RUN_soak = test/soak/run

# Each header compiles alone.
check-headers: $(HDRS:%=$(B)/header/%.ok)
$(B)/header/%.ok: % $(B)/flags
	@mkdir -p $(@D)
	@printf '#include "%s"\nextern int alone;\n' $(patsubst lib/%,%,$<) | \
	    $(CC) $(CF) -I. -MMD -MP -MF $@.d -MT $@ -x c -o /dev/null -S - && \
	    touch $@
check-banned: $(call archives,$(GROUPS)) $(BUILT)
	@test/lint/banned $^
check-layers check-size check-docs check-man:
	@test/lint/$(@:check-%=%)

lint:
	@test/lib/deps
	@$(MAKE) --no-print-directory -k check-headers check-banned check-layers \
	    check-size check-docs compile_commands.json
	@test/lint/run
format:
	clang-format -i $(SRCS) $(HDRS) $(wildcard test/unit/*/*.[ch])

JSON = {"directory":"$(CURDIR)","file":"%s","command":"%s -c %s"}
compile_commands.json: Makefile $(SRCS) $(wildcard test/unit/*/*.c)
	@{ echo '['; s=; for f in $(filter %.c,$^); do \
	    printf "$$s"'$(JSON)\n' "$$f" '$(CC) $(CF)' "$$f"; s=,; \
	    done; echo ']'; } > $@

# Programs, manual pages and share/, below $(DESTDIR)$(PREFIX).
install: all
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 $(BUILT) '$(DESTDIR)$(PREFIX)/bin'
	@for p in man/*.[1-9]; do \
	    to="$(DESTDIR)$(PREFIX)/share/man/man$${p##*.}"; \
	    install -d "$$to" && install -m 644 "$$p" "$$to" || exit 1; done
	@find share -type f 2>/dev/null | while read -r f; do \
	    m=644; test ! -x "$$f" || m=755; \
	    install -D -m $$m "$$f" \
	    "$(DESTDIR)$(PREFIX)/share/vmta/$${f#share/}" || exit 1; done

clean:
	rm -rf build compile_commands.json $(filter-out build build/%,$(B))

FORCE:
.PHONY: all unit asan deps check check-asan demo bench soak check-headers \
	check-banned check-layers check-size check-docs check-man lint format \
	install clean FORCE
-include $(patsubst %.c,$(B)/%.d,$(SRCS) $(wildcard test/unit/*/*.c))
-include $(HDRS:%=$(B)/header/%.ok.d)
