#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the manual pages: KTAP. Their lists and those of the completion are what the
# program and the tables say, what is stale is noticed, and the pages have no mistakes
# of form.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top=${here%/packages/test}
# shellcheck source=../../vm/test/ktap.sh
. "$top/vm/test/ktap.sh"
cd "$top"

lists() # FILE... -> 0: they are as they should be; what is not is in $tmp/said
{
	rc=0
	packages/lists check "$@" >"$tmp/said" 2>&1 || rc=$?
	echo $rc
}

rc=$(lists)
is 0 "$rc" "the lists are those of the program and of the tables"
[ "$rc" = 0 ] || sed 's/^/# /' "$tmp/said"

# stale FILE SED-SCRIPT NAME: would it be noticed?
stale()
{
	sed "$2" "$1" >"$tmp/${1##*/}"
	is "1 1" "$(cmp -s "$1" "$tmp/${1##*/}" || echo 1) $(lists "$tmp/${1##*/}")" "$3"
}

stale man/thprace.7 '/^[.]It Cm zap$/,+1d' "a scenario that is absent is noticed"
stale man/thprace.7 's/^[.]It Cm try_to_migrate$/&d/' "a phase by another name is noticed"
stale man/thprace.7 's/^_mapcount of a page/no &/' "another text of a check is noticed"
stale man/thprace.1 '/^[.]It Fl -gentle/,+1d' "an option that is absent is noticed"
stale man/thprace.1 's/^[.]Cm replay$/.Cm again/' "a command by another name is noticed"
stale packages/thprace.bash 's/ anon_vma_clone / /' "a phase that the completion lacks is noticed"

# A table of another form must not make an empty list.
mkdir -p "$tmp/top/module/steer" "$tmp/top/packages" "$tmp/top/module/state"
cp -r packages/lists packages/thprace.bash "$tmp/top/packages/"
cp -r man include "$tmp/top/"
cp module/state/catalog.c "$tmp/top/module/state/"
sed '0,/", OTHER,/s//", SOME,/' module/steer/points.c >"$tmp/top/module/steer/points.c"
for thprace in "${THPRACE:-}" userspace/thprace userspace/tests/build/thprace; do
	[ ! -x "$thprace" ] || break
done
rc=0
THPRACE=$thprace "$tmp/top/packages/lists" check >"$tmp/said" 2>&1 || rc=$?
is "2 1" "$rc $(grep -c 'phases are amiss' "$tmp/said")" "a table that cannot be read is an error"

# Every word and verb of the grammar has its place in thprace(7).
described() # PATTERN-OF-A-TABLE FILE: names that the page lacks; nothing found is an error
{
	sed -n "$1" "$2" | grep -oE '"[a-z_]+"' | tr -d '"' | sort -u >"$tmp/names"
	[ "$(wc -l <"$tmp/names")" -gt 10 ] || echo "no names in $2"
	while read -r name; do
		grep -qE "Cm (.* )?$name( |\$)" man/thprace.7 || echo "$name"
	done <"$tmp/names"
}
words='/^#define THPRACE_WORD_NAMES/,/}/p'
verbs='s/^\t\(\[THPRACE_TRIGGER_[A-Z]*\]\t* = \)\{0,1\}{ \("[a-z]*"\), .*/\2/p'
is "" "$(described "$words" module/state/spec.h)" "every word of the grammar is described"
is "" "$(described "$verbs" module/front/verbs.c)" "every verb is described"
sed 's/"drop"/"dropped"/' module/front/verbs.c >"$tmp/verbs.c"
is "dropped" "$(described "$verbs" "$tmp/verbs.c")" "one that is not is noticed"

form() # TOOL COMMAND...: nothing may be said of a page
{
	tool=$1
	shift
	if command -v "$tool" >/dev/null; then
		for page in man/*.[1-9]; do
			is "" "$("$@" "$page" 2>&1 >/dev/null)" "$tool has nothing to say of ${page#man/}"
		done
	else
		skip "$tool on the pages" "$tool is not installed"
	fi
}
# shellcheck disable=SC2317 # called by form
mandoc_lint() { mandoc -T lint -W warning "$1" >&2 || :; }
# shellcheck disable=SC2317 # called by form
man_warnings() { MANROFFSEQ='' LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$1"; }
form mandoc mandoc_lint
form man man_warnings
finish
