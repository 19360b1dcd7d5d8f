# SPDX-License-Identifier: GPL-2.0
# Makefile - what people type; see README.md.  The module's own build is Kbuild.
KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?= 6.12
DURATION ?= 60
ARGS ?=
W ?=
KERNELS ?= 5.10 6.1 6.12 7.2 6.12-debug
ROUNDS ?= 200
BUGS ?= all
BUDGET ?= 60
STEPS ?= 10000
TIMES ?= 10
TESTS ?=
MACHINES ?=
ALTERED ?=
OWN ?=
SUITES ?=
SEED ?= $(shell date +%s)

# DURATION as thprace takes it (90, 90s, 15m, 2h, 3d, 1w), in whole seconds.
seconds = $$(awk -v d='$(DURATION)' 'BEGIN { u = d; sub(/^[0-9.]+/, "", u); f["m"] = 60; \
	f["h"] = 3600; f["d"] = 86400; f["w"] = 604800; printf "%d", d * (u in f ? f[u] : 1) + 1 }')

.PHONY: all module modules_install userspace kselftests run check check-all unit kselftest deps \
	lint bench bench-observe bench-regions machines own-kernels on-violation busy soak soak-pressure fuzz found seeded altered \
	check-fleet browser merge-many intree drgn clean help \
	install uninstall man deb check-packages

# The module last: where it cannot be built the rest is there, and the reason is the last line.
all: userspace kselftests module	## programs, tests and thprace.ko for this machine

no_headers = no kernel headers in $(KDIR), so thprace.ko is not built; programs and tests are. $\
	Debian: apt install linux-headers-$(shell uname -r), elsewhere kernel-devel or the like; or KDIR=DIR. "make run" needs none

module:		## thprace.ko, for the kernel of KDIR
	$(if $(wildcard $(KDIR)/Makefile),,$(error $(no_headers)))
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(W),W=$(W)) modules

# INSTALL_MOD_PATH= for another root; then "modprobe thprace".
modules_install: module	## thprace.ko to where modprobe finds it
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install

userspace:	## the companion, userspace/thprace
	$(MAKE) -C userspace

# Variables of packages/install; docs/INSTALL.md. They may have blanks in them.
export DESTDIR PREFIX BINDIR DATADIR MANDIR DOCDIR SRCDIR PARTS

install: $(if $(PARTS),$(if $(filter companion,$(PARTS)),userspace),userspace)	## program, manual, completion, the module's source for dkms; DESTDIR= PREFIX=
	packages/install install

uninstall:	## takes the same away again
	packages/install uninstall

man: userspace	## puts the lists in manual and completion right
	packages/lists update

deb:	## Debian packages thprace and thprace-dkms, in deb/
	packages/deb

# Needs root, for the roots that they are installed in.
check-packages: deps	## builds, checks and installs the packages in Debian roots: half an hour; SUITES=
	packages/check $(SUITES)

kselftests:	## the test programs
	$(MAKE) -C kselftest

# Targets, from the comments behind them.
help:		## this list
	@sed -n 's/^\([a-z_-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		awk -F '|' '{ printf "  %-16s %s\n", $$1, $$2 }'
	@echo 'Start with "make run". Times are those of two cores without KVM. README.md has more.'

# What a fresh machine lacks: installed when root, else listed.
deps:	## installs (as root) or lists the packages that are absent
	vm/deps

run: deps	## the default run in a VM: 2 min, at first 5 min and 1 GB; KERNEL= DURATION= ARGS=
	vm/run --kernel $(KERNEL) --nodes 2 --timeout $$(($(seconds) * 3 + 300)) -- \
		thprace run --duration $(DURATION) $(ARGS)

# All of them, also behind one that fails.
unit:	## tests that need no kernel: 5 min
	@rc=0; for d in module/tests userspace/tests; do $(MAKE) -C $$d run || rc=1; done; \
	$(MAKE) -C kselftest check || rc=1; $(MAKE) -C seeded test || rc=1; \
	for t in vm/test/*_test.sh fleet/test/*_test.sh .ci/*_test.sh ci/*_test.sh \
		packages/test/*_test.sh; do $$t || rc=1; done; exit $$rc

# Pages of reports, in Debian's browser; SHOTS=DIR keeps pictures.
browser: userspace	## the HTML pages in a browser, wide and narrow: 2 min, at first 150 MB more; SHOTS=
	$(MAKE) -C userspace/tests all
	userspace/tests/browser_test.sh $(SHOTS)

merge-many: userspace	## merges 10,000 reports: a minute or two
	$(MAKE) -C userspace/tests all
	THPRACE=$(CURDIR)/userspace/thprace userspace/tests/formats_test.sh many 10000

check: deps	## every test, in VMs: 50 min, at first 20 min more and 15 GB; KERNELS=
	.ci/check

# And what takes too long for that: hours. A kernel without NUMA, memory cgroups, KSM, swap and
# shmem must pass like any other.
check-all: deps	## check with all tests on each kernel, and what takes hours: a minimal kernel, the fuzzer, soaks
	ALL=1 .ci/check
	vm/run --kernel 6.12-min -- thprace run --duration 60
	$(MAKE) fuzz KERNEL=6.12-debug
	$(MAKE) soak-pressure KERNEL=6.12 DURATION=600
	$(MAKE) soak-pressure KERNEL=7.2 DURATION=600
	$(MAKE) soak
	$(MAKE) found
	$(MAKE) altered
	$(MAKE) check-fleet
	$(MAKE) browser
	$(MAKE) merge-many
	$(MAKE) intree
	$(MAKE) on-violation
	$(MAKE) check-packages

kselftest: all	## KTAP tests on this machine, as root: 30 min; KSELFTEST_OUTER=1: as kernel CI parses it
	THPRACE_KO=$(CURDIR)/thprace.ko kselftest/run.sh

lint:	## style and static checks: 5 min
	.ci/lint

# Figures beside the kernel's own tests; nothing passes or fails.
bench: deps	## figures beside the kernel's own tests: an hour
	bench/run

bench-regions: deps	## how time and memory grow with the region, in a VM: 10 min; KERNEL=
	vm/run --kernel $(KERNEL) --mem 10240 --timeout 2400 --put bench/regions -- regions $(ARGS)

bench-observe: deps	## what it costs a program to be observed, in a VM: 10 min; KERNEL=
	gcc -O2 -Wall -Wextra -D_GNU_SOURCE -static -o bench/load bench/load.c
	debs=$$(vm/debs stress-ng) && vm/run --kernel $(KERNEL) --timeout 1800 --put bench/load \
		--put bench/observe --put $$debs/usr/bin/stress-ng --put $$debs/usr/lib -- \
		env LD_LIBRARY_PATH=/thprace/lib:/thprace/lib/x86_64-linux-gnu observe $(ARGS)

# Not in CI: it fetches 20 MB of packages.
drgn: deps	## drgn/thprace.py on a made-up dump, and on the live kernel of a VM; KERNEL=
	drgn/test $(KERNEL)

# Every scenario on every kernel, as long as ROUNDS says; none may be reported.
soak: deps	## all scenarios on all KERNELS, ROUNDS each: an hour a kernel
	set -e; for k in $(KERNELS); do \
		vm/run --kernel $$k --nodes 2 --mem 3072 --timeout 7200 -- \
			thprace run --rounds $(ROUNDS) --duration 3600 --stop-on never; \
	done

# The default run for DURATION in a small guest that is short of memory (vm/pressure).
# Inconclusive is no failure here: a scenario may not get its huge pages.
soak-pressure: deps	## the default run for DURATION in a VM that is short of memory
	vm/run --kernel $(KERNEL) --mem 512 --timeout $$(($(seconds) * 4 + 600)) -- \
		pressure thprace run --duration $(DURATION) --stop-on never $(ARGS) || [ $$? = 3 ]

# A few rounds of each scenario on unusual machines: nodes without memory, containers, limits,
# old kernels; vm/machines --list.
machines: deps	## a few rounds on unusual machines: an hour; MACHINES=
	vm/machines $(MACHINES)

# Kernels as people build them: gcc, clang, LTO and CFI, five levels of page tables, preemption...
# vm/own --list.
own-kernels: deps	## kernels built with other compilers and options: half an hour each, at first; OWN=
	vm/own $(OWN)

# What a kselftest must not do to the machine that it runs on.
on-violation: deps	## what on_violation=warn and =panic do, in VMs: 3 min; KERNEL=
	vm/on_violation $(KERNEL)

# The kselftests TIMES times in a row, beside a compilation and a user of huge pages.
busy: deps	## TESTS TIMES in a row on a busy machine
	vm/run --kernel $(KERNEL) --nodes 2 --mem 3072 --timeout $$(($(TIMES) * 1800)) -- \
		busy $(TIMES) env THPRACE_ROUNDS=10 kselftest/run.sh $(TESTS)

# Random lines, valid and broken, while the processes that they name come and go.
fuzz: deps	## STEPS random lines to the module in a VM
	vm/run --kernel $(KERNEL) --timeout $$(($(STEPS) + 600)) -- \
		kselftest/fuzz --steps $(STEPS) --seed $(SEED)

# What is wrong on stock kernels: found/expected, docs/FOUND.md.
found: deps	## the reproducers of docs/FOUND.md, in VMs: 5 min
	found/run

# Bugs put into kernels: what is found, and how soon; docs/DETECTION.md.
seeded: deps	## bugs in kernels: 6 min a bug; BUGS="01 05" KERNEL= BUDGET= SET=
	BUGS="$(BUGS)" KERNEL=$(KERNEL) BUDGET=$(BUDGET) SET=$(SET) seeded/run

# Slurm's daemons are started by the test, from packages that it unpacks; docs/FLEET.md.
check-fleet: deps	## fleet/ with a Slurm of its own, as root, without guests: 2 min
	vm/deps --need parallel
	fleet/test/slurm

# Correct kernels of a version that nobody tested: docs/CHECKS.md, "Calibration".
altered: deps	## correct kernels that count otherwise, in VMs: 40 min; ALTERED="01 bug"
	seeded/altered/run $(ALTERED)

# The module in lib/, the scenarios in selftests/mm: docs/ABI.md, "In kernel CI".
intree: deps	## tools/intree on the newest source: builds there, patches pass checkpatch: 20 min
	tools/intree_test.sh

clean:	## removes what was built here; the cache of kernels is ~/.cache/thprace
	$(MAKE) -C userspace clean
	$(MAKE) -C kselftest clean
	$(MAKE) -C module/tests clean
	$(MAKE) -C userspace/tests clean
	-[ ! -e $(KDIR)/Makefile ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
