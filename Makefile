# git autoresearch. `make` builds, `make check` tests; both install what is missing first.
# V=1 shows the commands. Sources are found by folder: a new file needs no line here.

VERSION := 0.6.0
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
MAKEFLAGS += $(if $(filter 1,$(V)),,-s)
say = $(if $(filter 1,$(V)),@:,@printf '  %-8s %s\n')

# libcrypto first: libgit2 loads it last of twenty, and its own 4,000 symbols would be looked for in all of these.
PACKAGES := libcrypto libgit2 libcjson libseccomp
# Known to the compiler alone: src/propose/http.c loads it when a model is asked.
LOADED := libcurl
WARNINGS := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
# Warnings are errors in a checkout; a distribution's tarball is built by other compilers.
WARNINGS += $(if $(wildcard .git),-Werror)
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
CPPFLAGS += -Isrc -I. -D_GNU_SOURCE
CFLAGS ?= -O2 -g
ifneq ($(SANITIZE),)
INSTRUMENT := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
else
CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
# Before all other libraries; see src/base/lean.h. A sanitizer's is before that.
LIBC := -Wl,--push-state,--no-as-needed -lc -Wl,--pop-state
endif
# Asked for when something is built, since `make deps` may have to install them first.
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) $(LOADED) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
compile = $(CC) -std=gnu11 $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) $(WARNINGS) $(HARDENING) $(INSTRUMENT)
link = $(CC) $(CFLAGS) $(INSTRUMENT) -pie -Wl,-z,relro,-z,now $(LIBC) $(LDFLAGS)

ROOMS := base model git sandbox propose loop report command
SOURCES := $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
E2E := $(filter-out tests/e2e/lib.sh tests/e2e/lib-%.sh,$(wildcard tests/e2e/*.sh))
MAN := $(patsubst man/%.scd,$(BUILD)/man/%,$(wildcard man/*.scd))
FORMATTED := $(wildcard src/*.c src/*/*.[ch] ebpf/*.[ch] tests/unit/*.[ch] tests/fuzz/*.c tests/bench/*.c tests/e2e/*.c)
PROGRAM := git-autoresearch
WARDEN := $(BUILD)/git-autoresearch-warden

# What is built is built side by side, also where nobody said -j.
build = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

all: deps
	$(Q)+$(build) $(PROGRAM) $(WARDEN) man

# DEPS=true: a package is built with what it declares to need, and installs nothing.
DEPS ?= .ci/deps
deps:
	$(Q)$(DEPS)

$(PROGRAM): $(BUILD)/src/main.o $(BUILD)/lib.a
	$(say) LINK $@
	$(Q)$(link) -o $@ $^ $(PKG_LIBS) -lm

# The kernel's side is compiled by clang, whatever compiles the rest, and goes into the warden.
$(BUILD)/%.bpf.o: %.bpf.c
	$(say) BPF $<
	$(Q)mkdir -p $(@D) && $(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror \
		-Wno-unused-parameter -Wno-missing-declarations -I. \
		-I/usr/include/$(shell $(CC) -print-multiarch) -MMD -MP -c -o $@ $<

# Those of LSM, which a kernel may not take, by themselves.
$(BUILD)/ebpf/audit.o: $(BUILD)/ebpf/guard.bpf.o $(BUILD)/ebpf/watch.bpf.o
$(BUILD)/ebpf/lsm.o: $(BUILD)/ebpf/lsm.bpf.o
$(BUILD)/ebpf/audit.o $(BUILD)/ebpf/lsm.o:
	$(Q)$(BPFTOOL) gen object $@ $^

$(BUILD)/ebpf/audit.skel.h: LIGHT := -L
$(BUILD)/ebpf/%.skel.h: $(BUILD)/ebpf/%.o
	$(say) SKELETON $@
	$(Q)$(BPFTOOL) gen skeleton $(LIGHT) $< name $* >$@

$(BUILD)/src/warden/programs.o: CPPFLAGS += -isystem $(BUILD)
$(BUILD)/src/warden/programs.o: $(BUILD)/ebpf/audit.skel.h $(BUILD)/ebpf/lsm.skel.h

$(WARDEN): $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/warden/*.c)) $(BUILD)/lib.a
	$(say) LINK $@
	$(Q)$(link) -o $@ $^ -lbpf

$(BUILD)/lib.a: $(OBJECTS)
	$(say) AR $@
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c
	$(say) CC $<
	$(Q)mkdir -p $(@D) && $(compile) -MMD -MP -c -o $@ $<

# Texts that are part of the program, as the C strings that it is compiled with.
as_c = sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/'
AGENTS := $(sort $(wildcard src/propose/agents/*.conf))

$(BUILD)/src/propose/agents.inc: $(AGENTS)
$(BUILD)/src/git/hooks.inc: $(wildcard hooks/*)
$(BUILD)/src/propose/agents.inc $(BUILD)/src/git/hooks.inc:
	$(Q)mkdir -p $(@D) && for f in $^; do printf '{ "%s",\n' $$(basename $$f .conf); $(as_c) $$f; echo '},'; done >$@

$(BUILD)/%.inc: %
	$(Q)mkdir -p $(@D) && $(as_c) $< >$@

$(addprefix $(BUILD)/src/,propose/adapter.o git/hooks.o command/guide.o report/looks.o): CPPFLAGS += -I$(BUILD)/src
$(BUILD)/src/propose/adapter.o: $(BUILD)/src/propose/agents.inc
$(BUILD)/src/git/hooks.o: $(BUILD)/src/git/hooks.inc
$(BUILD)/src/command/guide.o: $(BUILD)/src/command/guide.md.inc
$(BUILD)/src/report/looks.o: $(patsubst %,$(BUILD)/%.inc,$(wildcard src/report/*.css src/report/*.js))

$(BUILD)/src/command/version.o: CPPFLAGS += -DAUTORESEARCH_VERSION='"$(VERSION)"'
$(BUILD)/src/command/version.o: Makefile

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/lib.a
	$(say) TEST $@
	$(Q)mkdir -p $(@D) && $(compile) -MMD -MP -MF $@.d -o $@ $< $(BUILD)/lib.a $(PKG_LIBS) -lcmocka -lm -pie

man: $(MAN)
$(BUILD)/man/%: man/%.scd
	$(say) MAN $@
	$(Q)mkdir -p $(@D) && scdoc <$< >$@

demo: all
	$(Q)tests/campaigns/demo

unit: $(UNIT)

check: all
	$(Q).ci/deps check
	$(Q)+$(build) unit
	$(Q)tests/run-unit $(UNIT)
	$(Q)tests/run-e2e $(E2E)

check-vm: all
	$(Q)tests/vm/run

# The same tests, with the program and its tests built with sanitizers, in a folder of their own.
asan: deps
	$(Q).ci/deps check
	$(Q)rm -f $(BUILD)-asan/lib.a
	$(Q)+$(build) BUILD=$(BUILD)-asan PROGRAM=$(BUILD)-asan/git-autoresearch \
		SANITIZE=address,undefined CFLAGS='-O1 -g' $(BUILD)-asan/git-autoresearch \
		$(BUILD)-asan/git-autoresearch-warden unit
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)-asan run-asan

# But for the stories that say in their second line why that would tell nothing.
run-asan:
	$(Q)tests/run-unit $(UNIT)
	$(Q)AUTORESEARCH_BIN=$(CURDIR)/$(BUILD) tests/run-e2e $$(grep -L '^# Not sanitized: ' $(E2E))

# Each target for FUZZ_SECONDS. All is built once more, by clang, whose warnings are its own.
FUZZ_SECONDS ?= 20
$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/lib.a
	$(say) FUZZ $@
	$(Q)mkdir -p $(@D) && $(compile) -fsanitize=fuzzer -o $@ $< $(BUILD)/lib.a $(PKG_LIBS) -lm -pie

fuzz: deps
	$(Q)+$(build) BUILD=$(BUILD)-fuzz CC=$(CLANG) CFLAGS='-O1 -g' WARNINGS= \
		SANITIZE=fuzzer-no-link,address,undefined run-fuzz

run-fuzz: $(FUZZ)
	$(Q)for f in $(FUZZ); do tests/fuzz/run $$f $(FUZZ_SECONDS) || exit 1; done

bench: all
	$(Q)tests/bench/run

lint: deps
	$(Q)clang-format --dry-run -Werror $(FORMATTED)
	$(Q)tests/lint

fmt:
	$(Q)clang-format -i $(FORMATTED)

# What is installed where is in the script. WARDEN_GROUP: whose members may run campaigns without root.
WARDEN_GROUP ?=
place = BUILD='$(BUILD)' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' WARDEN_GROUP='$(WARDEN_GROUP)' .ci/install
install: all
	$(Q)$(place)

uninstall:
	$(Q)$(place) -u

deb:
	$(Q)BUILD='$(BUILD)' .ci/deb $(VERSION)

check-deb: deb
	$(Q)tests/deb/run $(BUILD)/deb/*.deb

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-fuzz $(PROGRAM)

.PHONY: all deps man demo unit check check-vm asan run-asan fuzz run-fuzz bench lint fmt install uninstall deb check-deb clean
.SECONDARY:
-include $(OBJECTS:.o=.d) $(wildcard $(BUILD)/ebpf/*.d $(BUILD)/src/warden/*.d) $(BUILD)/src/main.d $(UNIT:%=%.d)
