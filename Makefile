# SPDX-License-Identifier: GPL-2.0
# Makefile - what people type; see README.md.  The module's own build is Kbuild.
KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.12
DURATION ?= 60
ARGS ?=
W ?=

.PHONY: all module userspace kselftests run check unit kselftest deps lint bench soak seeded clean

all: module userspace kselftests

module:
	@if [ -e $(KDIR)/Makefile ]; then \
		$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(W),W=$(W)) modules; \
	else \
		echo "no kernel headers in $(KDIR): thprace.ko is not built (Debian: apt install linux-headers-$$(uname -r); or KDIR=...)"; \
	fi

userspace:
	$(MAKE) -C userspace

kselftests:
	$(MAKE) -C kselftest

# What a fresh machine lacks: installed when root, else listed.
deps:
	vm/deps

run: deps
	vm/run --kernel $(KERNEL) -- thprace run --duration $(DURATION) $(ARGS)

unit:
	$(MAKE) -C module/tests run
	vm/test/run

check: deps
	.ci/check

kselftest: all
	THPRACE_KO=$(CURDIR)/thprace.ko kselftest/run.sh

lint:
	.ci/lint

clean:
	$(MAKE) -C userspace clean
	$(MAKE) -C kselftest clean
	$(MAKE) -C module/tests clean
	-[ ! -e $(KDIR)/Makefile ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
