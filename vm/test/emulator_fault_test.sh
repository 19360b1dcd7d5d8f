#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of vm/emulator_fault: KTAP, needs no guest. oops_emulator_* are logs of
# guests that QEMU 7.2 (int3, null) and 10.0.2 (int3_newer) let die, without
# their stacks.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=ktap.sh
. "$here/ktap.sh"

# judge LOG -> yes or no
judge() { if "$here/../emulator_fault" "$1"; then echo yes; else echo no; fi; }

# but KIND SED-EXPRESSION: the same with something else in it
but()
{
	sed "$2" "$here/oops_emulator_$1" >"$tmp/log"
	if cmp -s "$tmp/log" "$here/oops_emulator_$1"; then echo unchanged; else judge "$tmp/log"; fi
}

for kind in int3 int3_newer null; do
	is yes "$(judge "$here/oops_emulator_$kind")" "$kind"
done

# A breakpoint that is there, which the kernel does not know.
is no "$(but int3 's/ [0-9a-f]* </ cc </')" "int3: it is in memory"
is no "$(but int3 '/Code:/d')" "int3: what is in memory is not known"
is yes "$(but int3 's/\r$//')" "int3: lines without a CR"

is yes "$(but null 's/\r$//')" "null: lines without a CR"
is no "$(but null 's/EFLAGS: 00000046/EFLAGS: 00010246/')" "null: a call with interrupts on"
is no "$(but null 's/EFLAGS: 00000046/EFLAGS: 00010246/; /end trace/aRSP: 0018:ffff EFLAGS: 00000046')" \
	"null: a later frame has them off"
is no "$(but null 's/RIP: 0010:0x0/RIP: 0010:0x10/')" "null: another address"
is no "$(but null 's/instruction fetch/read access/')" "null: a read"
is no "$(but null '/EFLAGS/d')" "null: flags are not known"

cat >"$tmp/lockup" <<-LOG
	vm/run: the kernel complained: watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:207]
	# [   40.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:207]
	# [   40.000000] RIP: 0010:anon_vma_interval_tree_insert+0x0/0xd0
LOG
is yes "$(judge "$tmp/lockup")" "stuck at the first byte of a function"
sed -i 's/+0x0/+0x24/' "$tmp/lockup"
is no "$(judge "$tmp/lockup")" "stuck elsewhere"

printf 'not ok 3 something\nvm/run: the kernel complained: BUG: Bad page state\n' >"$tmp/other"
is no "$(judge "$tmp/other")" "another complaint"
: >"$tmp/empty"
is no "$(judge "$tmp/empty")" "nothing"

finish
