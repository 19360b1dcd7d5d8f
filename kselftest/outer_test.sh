#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of outer.c and of its table, with made-up programs; needs no module, nor root.
# Prints KTAP. Called by make check.
# shellcheck disable=SC2016,SC2317 # what the fake programs expand; what says() calls
set -eu

cd "$(dirname -- "$0")"
outer=$(pwd)/outer
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
nr=0
failed=0

# says WHAT COMMAND...: one result.
says()
{
	nr=$((nr + 1))
	what=$1
	shift
	if "$@" >"$dir/said" 2>&1; then
		echo "ok $nr $what"
	else
		failed=1
		sed 's/^/# /' "$dir/said" "$dir/out"
		echo "not ok $nr $what"
	fi
}

# fake NAME SCRIPT: a group of 3 seconds.
fake()
{
	echo "$2" >"$dir/$1"
	echo "$1 3 sh ./$1" >>"$dir/table"
}

# run [GROUP]...: its status in $got_rc.
run()
{
	got_rc=0
	(cd "$dir" && "$outer" table "$@") >"$dir/out" 2>&1 || got_rc=$?
}

status_is() { [ "$got_rc" -eq "$1" ] || { echo "status $got_rc"; return 1; }; }
line() { grep -qx -- "$1" "$dir/out"; }
no_line() { ! line "$1"; }

fake passes 'echo "KTAP version 1"; echo 1..2; echo "ok 1 a"; echo "ok 2 - b, of two # of it"'
fake hangs 'echo 1..2; echo "ok 1 a"; trap "" TERM; sleep 100; sleep 100'
fake crashes 'echo 1..2; echo "ok 1 a"; kill -SEGV $$'
fake unsure 'echo 1..2; echo "ok 1 a"; echo "not ok 2 b # inconclusive too few"; exit 3'
fake skips 'echo 1..2; echo "ok 1 a # SKIP no nodes"; echo "ok 2 b # SKIP nor that"; exit 4'
fake skips-all 'echo "1..0 # SKIP needs root"; exit 4'
fake fails 'echo 1..2; echo "ok 1 a"; echo "not ok 2 b"; exit 1'
fake errs 'echo "no such thing" >&2; exit 2'
fake absent 'exec ./is-not-there'
fake silent ':'
fake lies 'echo 1..1; echo "not ok 1 a"'
fake stops-early 'echo 1..2; echo "ok 1 a"'
fake only-skips 'echo 1..1; echo "ok 1 a # SKIP no"'
fake half-skips 'echo 1..2; echo "ok 1 a"; echo "ok 2 b # SKIP no"; exit 4'
fake planless 'echo "ok 1 a"'
fake leaves 'echo 1..1; echo "ok 1 a"; sleep 100 &'
fake unended 'echo 1..1; printf "ok 1 a"'
fake nested 'echo 1..1; echo "  # Subtest: t"; echo "  1..2"; echo "  ok 1 a,b (c)"; echo "  not ok 2 d"; echo "ok 1 t.sh"'
fake pass-2 'echo 1..1; echo "ok 1 a"'

start=$(date +%s)
run
took=$(($(date +%s) - start))
of=selftests:\ thprace:
says "what passes" line "ok 1 $of passes"
says "its points are shown, by plain names" line "# ok 2 - b-of-two # of it"
says "what hangs" line "not ok 2 $of hangs # TIMEOUT 3 seconds"
says "what crashes" line "not ok 3 $of crashes # exit=139 crashed by signal 11"
says "inconclusive is not ok" line "not ok 4 $of unsure # inconclusive"
says "what skips" line "ok 5 $of skips # SKIP no nodes"
says "what skips as a whole" line "ok 6 $of skips-all # SKIP needs root"
says "what fails" line "not ok 7 $of fails # exit=1"
says "what cannot run" line "not ok 8 $of errs # exit=2"
says "and what it says" line "# no such thing"
says "what is not there" line "not ok 9 $of absent # exit=127"
says "what says nothing" line "not ok 10 $of silent # exit=0 but there is no plan"
says "status 0 after a failure" line "not ok 11 $of lies # exit=0 but 1 points are not ok"
says "status 0 before the end" \
	line "not ok 12 $of stops-early # exit=0 but of 2 planned points there are 1"
says "status 0 of nothing but skips" line "not ok 13 $of only-skips # exit=0 but no point is ok"
says "status 4 beside a pass" line "not ok 14 $of half-skips # exit=4 but not all is skipped"
says "no plan" line "not ok 15 $of planless # exit=0 but there is no plan"
says "something left running" line "ok 16 $of leaves"
says "a last line without an end" line "ok 17 $of unended"
says "a failure deep down" line "not ok 18 $of nested # exit=0 but 1 points are not ok"
says "nested names are plain" line "#   ok 1 a-b-c"
says "what comes last runs" line "ok 19 $of pass-2"
says "totals" line "# Totals: pass:4 fail:13 xfail:0 xpass:0 skip:2 error:0"
says "status: failed" status_is 1
says "a hang takes its own time only" test "$took" -lt 60
says "the grammar holds" awk -f outer_grammar.awk "$dir/out"
cp "$dir/out" "$dir/all"

run passes unsure skips
says "groups by name" line "not ok 2 $of unsure # inconclusive"
says "status: inconclusive" status_is 3
run passes skips
says "status: passed" status_is 0
run skips skips-all
says "status: all skipped" status_is 4
run passes other
says "a group that is not there" status_is 2

# is_refused TABLE-LINE
is_refused()
{
	echo "$1" >"$dir/bad"
	rc=0
	"$outer" "$dir/bad" || rc=$?
	[ "$rc" -eq 2 ]
}
for bad in "a.sh 3 true" "a 0 true" "a true" "a 3" "a 90000 true" ""; do
	says "refused: '$bad'" is_refused "$bad"
done

# noticed WHAT SED-SCRIPT: the grammar refuses what the script makes of the output.
noticed()
{
	sed "$1" "$dir/all" >"$dir/spoiled"
	! cmp -s "$dir/all" "$dir/spoiled" && ! awk -f outer_grammar.awk "$dir/spoiled"
}
for spoil in 's/^ok 1 /ok 2 /' 's/^1\.\.19/1..20/' '/^1\.\./d' 's/^KTAP.*/TAP/' 's/thprace: unsure/thprace: un.sure/' \
	's/^not ok 4 /ok 4 /' 's/ # TIMEOUT.*//' 's/# SKIP no nodes$/# SKIP/' 's/^# selftests: thprace: lies//' \
	's/^# no such/no such/' 's/a-b-c/a,b/' 's/^not \(ok 4.*\)/\1 # SKIP/' '$d;/^ok 19/d' \
	's/^# not ok 2 b # inc/# ok 2 b # inc/'; do
	says "the grammar refuses $spoil" noticed "$spoil"
done

# The kernel's parser, of each tree that is here.
cat >"$dir/want" <<-WANT
	SUCCESS $of passes
	FAILURE $of hangs
	FAILURE $of crashes
	FAILURE $of unsure
	SKIPPED $of skips
	SKIPPED $of skips-all
	FAILURE $of fails
	FAILURE $of errs
	FAILURE $of absent
	FAILURE $of silent
	FAILURE $of lies
	FAILURE $of stops-early
	FAILURE $of only-skips
	FAILURE $of half-skips
	FAILURE $of planless
	SUCCESS $of leaves
	SUCCESS $of unended
	FAILURE $of nested
	SUCCESS $of pass-2
	errors 0
WANT
understood()
{
	python3 outer_kunit.py "$1" <"$dir/all" >"$dir/got" || return 1
	diff "$dir/want" "$dir/got"
}
trees=
for tree in "${XDG_CACHE_HOME:-$HOME/.cache}"/thprace/source/*/tools/testing/kunit/kunit_parser.py; do
	tree=${tree%/tools/*}
	[ -e "$tree/tools" ] || continue
	# 5.10's knows no SKIP, nor points without subtests
	case ${tree##*/} in 5.*) continue ;; esac
	trees=1
	says "kunit_parser.py of ${tree##*/}" understood "$tree"
done
[ -n "$trees" ] || {
	nr=$((nr + 1))
	echo "ok $nr kunit_parser.py # SKIP no kernel source in the cache (make lint brings one)"
}

# The table: each scenario in one group, and each test that run.sh knows.
grouped()
{
	sed -n 's/.*[.]\/scenarios[.]sh //p' groups | tr ' ' '\n' | sort >"$dir/in-groups"
	grep -v '^#' expected/scenarios.txt | sort | diff - "$dir/in-groups"
}
tests_grouped()
{
	sed -n '/^module="/,/"$/p; /^companion="/,/"$/p' run.sh | sed 's/^[a-z]*="//; s/"$//' |
		tr -s '[:blank:]' '\n' | grep . | sed 's/^test_scenarios[.]sh$/controls.sh/' | sort >"$dir/known"
	sed -n 's/.*[.]\/runner //p' groups | tr ' ' '\n' | sort | diff "$dir/known" -
}
says "each scenario is in one group" grouped
says "each test is in one group" tests_grouped
mv "$dir/bad" "$dir/empty"
cp groups "$dir/bad"
says "the table is read" sh -c "! '$outer' '$dir/bad' no-such-group 2>'$dir/err' && grep -q \"no group 'no-such\" '$dir/err'"

echo "1..$nr"
exit "$failed"
