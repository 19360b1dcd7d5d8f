#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The module, built for a kernel whose headers declare some functions with other
# parameters (other_prototypes.h): what rests on one of them must be unavailable
# and say so, nothing else may be lost, and none of them may be called or have
# its arguments read. KTAP; boots a guest.
set -u

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=../../vm/test/ktap.sh
. "$top/vm/test/ktap.sh"

# shellcheck disable=SC2016 # make expands src
export THPRACE_KBUILD_FLAGS='CFLAGS_module/compat/args.o=-include$(src)/module/tests/other_prototypes.h'
rc=0
"$top/vm/run" --kernel 6.12 --timeout 300 --out "$tmp/out" -- sh -c '
	cp /sys/kernel/debug/thprace/checks /sys/kernel/debug/thprace/ops /out/
	thprace run fork-munmap --rounds 20 --json /out/run.json' >"$tmp/log" 2>&1 || rc=$?
sed 's/^/# /' "$tmp/log"
is 0 "$rc" "a run on such a kernel passes"

other='declared here with another prototype'
call='a function that it calls is declared with another prototype here'
row() # FILE NAME: the rest of its row
{
	sed -n "s/^$2 //p" "$tmp/out/$1"
}
for check in split_lock split_folio_lock split_serial; do
	is "racing no try_to_migrate: $other" "$(row checks $check)" "$check"
done
for check in page_mapcount rmap_census migration_entry; do
	is "quiesced no $call" "$(row checks $check)" "$check"
done
for check in rmap_lock rss split_progress; do
	is yes "$(row checks $check | cut -d' ' -f2)" "$check is there"
done
is "kernel no $call" "$(row ops zap)" "op zap"
is "kernel yes" "$(row ops split)" "op split is there"
finish
