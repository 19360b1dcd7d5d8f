#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of vm/own without a kernel: KTAP. Its table, and what it takes for a kernel that
# lacks what it must not.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=ktap.sh
. "$here/ktap.sh"
plan_needs awk

# ---- the table ----

"$here/../own" --list >"$tmp/list"
is "" "$(sort "$tmp/list" | cut -d : -f 1 | uniq -d)" "each kernel has a name of its own"
cut -d , -f 3 "$tmp/list" | sed 's/;.*//' | tr ' ' '\n' | grep . | sort -u >"$tmp/used"
for f in "$here"/../config/own-*.config; do
	f=${f##*/}
	echo "${f%.config}"
done | sort -u >"$tmp/have"
is "" "$(diff "$tmp/used" "$tmp/have")" "its fragments are those of config/"
rc=0
"$here/../own" no-such-kernel >/dev/null 2>&1 || rc=$?
is 2 $rc "a kernel that is not in it"
rc=0
"$here/../kernels" own 6.12 tcc x >/dev/null 2>&1 || rc=$?
is 2 $rc "a compiler that is none"

# ---- checks and ops that are absent ----

cat >"$tmp/expected" <<-LIST
	# a comment
	page_mapcount yes
	rmap yes
	mm_id no
LIST
# judge ALLOWED ROWS -> what is wrong
judge()
{
	printf '%s' "$1" >"$tmp/allowed"
	printf '%s\n' "$2" >"$tmp/rows"
	awk -v kind=check -f "$here/../own.awk" "$tmp/allowed" "$tmp/expected" "$tmp/rows"
}
rows='page_mapcount state yes
rmap state yes
mm_id state no this kernel has none'
less='page_mapcount state no built without it
rmap state yes
mm_id state no this kernel has none'
is "" "$(judge '' "$rows")" "all as listed"
is "" "$(judge 'check page_mapcount|built without' "$less")" "a check that may be absent"
is "check page_mapcount: no built without it, expected yes" "$(judge '' "$less")" "one that may not"
is 1 "$(judge 'check page_mapcount|other' "$less" | wc -l)" "another reason"
is 1 "$(judge 'op page_mapcount|built' "$less" | wc -l)" "an op of that name"
is 1 "$(judge 'check page_mapcount|built' "$rows" | wc -l)" "one that is there after all"
is "check rmap: no such row" "$(judge '' "$(echo "$rows" | grep -v rmap)")" "one that is gone"
is "check new: not in the list of the series" "$(judge '' "$rows
new state yes")" "one that nobody listed"
is 3 "$(judge '' '' | wc -l)" "a guest that said nothing"

finish
