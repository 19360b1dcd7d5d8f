#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of results.awk, and of what tmt/ and lava/ hold. TAP, called by make unit.
#
# LAVA's own check is Debian's lava-common, unpacked in the cache; where it can't be had
# the definition is compared with what is published. Needs jsonschema and yaml for
# python3 (vm/deps).
# shellcheck disable=SC2317 # what says() calls
set -u

cd "$(dirname -- "$0")/.." || exit 2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
nr=0 failed=0

says() # WHAT COMMAND...
{
	nr=$((nr + 1))
	what=$1
	shift
	"$@" >"$dir/said" 2>&1
	status=$?
	case $status in
	0) printf 'ok %s - %s\n' "$nr" "$what" ;;
	4) printf 'ok %s - %s # SKIP %s\n' "$nr" "$what" "$(head -n 1 "$dir/said")" ;;
	*)
		failed=1
		sed 's/^/# /' "$dir/said"
		printf 'not ok %s - %s\n' "$nr" "$what"
		;;
	esac
}

for python in python3 /usr/bin/python3; do
	! "$python" -c 'import jsonschema, yaml' 2>/dev/null || break
done
schemas() { "$python" -W ignore ci/schemas.py "$@"; }
refused() # ARGS of schemas.py
{
	schemas "$@" >"$dir/refusal" 2>&1
	case $? in
	1) ! grep Traceback "$dir/refusal" ;;
	4) return 4 ;;
	*) return 1 ;;
	esac
}

cat >"$dir/ktap" <<-'END'
	make: what comes before
	ok 1 this is no result
	KTAP version 1
	1..8
	# timeout set to 900
	# selftests: thprace: load
	# KTAP version 1
	# 1..2
	# ok 1 a-b # SKIP "no" \ nodes
	#   ok 1 deeper
	# ok 2 c
	ok 1 selftests: thprace: load
	# selftests: thprace: race-fork
	# not ok 1 fork # inconclusive too few
	not ok 2 selftests: thprace: race-fork # inconclusive
	# selftests: thprace: docs
	ok 3 selftests: thprace: docs # SKIP no README
	# selftests: thprace: hangs
	not ok 4 selftests: thprace: hangs # TIMEOUT 9 seconds
	# selftests: thprace: crashes
	not ok 5 selftests: thprace: crashes # exit=139 crashed by signal 11
	# selftests: thprace: absent
	not ok 6 selftests: thprace: absent # exit=127
	# selftests: thprace: broken
	not ok 7 selftests: thprace: broken # exit=2
	# selftests: thprace: lost
	# ok 1 one
END
cat >"$dir/want" <<-'WANT'
	- fail
	load pass
	race-fork inconclusive
	docs skip
	hangs fail
	crashes fail
	absent error
	broken error
	lost error
WANT

lines() { awk -v form=lines -f ci/results.awk; }
become() # WANT: of the KTAP on standard input
{
	lines | cut -d ' ' -f 1,2 >"$dir/got"
	printf '%s\n' "$@" | diff - "$dir/got"
}
from() # KTAP WANT...: the KTAP's lines are separated by ";"
{
	echo "$1" | tr ';' '\n' >"$dir/one"
	shift
	become "$@" <"$dir/one"
}
each() { lines <"$dir/ktap" | cut -d ' ' -f 1,2 | diff "$dir/want" -; }

says "what becomes of each group" each
says "nothing" from "" "- error"
says "no KTAP" from "make: failed;ok 1 a" "- error"
says "no plan" from "KTAP version 1;ok 1 a" "- error" "a pass"
says "a cut output" from "KTAP version 1;1..2;ok 1 a" "- error" "a pass"
says "all passed" from "KTAP version 1;1..2;ok 1 a;ok 2 - b" "- pass" "a pass" "b pass"
says "inconclusive" from "KTAP version 1;1..2;ok 1 a;not ok 2 b # inconclusive few" \
	"- inconclusive" "a pass" "b inconclusive"
says "not even if it is ok" from "KTAP version 1;1..1;ok 1 a # SKIP inconclusive" \
	"- inconclusive" "a inconclusive"
says "all skipped" from "KTAP version 1;1..1;ok 1 a # SKIP no" "- skip" "a skip"
says "skipped as a whole" from "KTAP version 1;1..0 # SKIP needs root" "- skip"
says "an empty plan" from "KTAP version 1;1..0" "- error"
says "thprace run --ktap" from "KTAP version 1;1..3;ok 1 zap;not ok 2 fork # fail 1 violation;not ok 3 run # fail x" \
	"- fail" "zap pass" "fork fail" "run fail"
says "an aborted one" from "KTAP version 1;1..1;not ok 1 zap # aborted killed" "- error" "zap error"

awk -v form=tmt -v log_name=ktap.txt -f ci/results.awk <"$dir/ktap" >"$dir/results.yaml"
awk -v form=tmt -f ci/results.awk </dev/null >"$dir/none.yaml"
says "results.yaml, by tmt's schema" schemas results "$dir/results.yaml" "$dir/none.yaml"
never_pass()
{
	awk '/name: "\/race-fork"/ { seen = 1 } seen && /result:/ { exit $2 != "error" }' \
		"$dir/results.yaml" && grep -q 'note: \["inconclusive' "$dir/results.yaml"
}
says "inconclusive is tmt's error, and says so" never_pass
for spoil in 's/result: fail/result: inconclusive/' 's/name: "\/"/name: "x"/' 's/^  log: /  logs: /' \
	's/note: \[\(.*\)\]/note: \1/'; do
	sed "$spoil" "$dir/results.yaml" >"$dir/spoiled.yaml"
	says "the schema refuses $spoil" refused results "$dir/spoiled.yaml"
done

says "tmt/: by tmt's schemas" schemas tmt .
for spoil in 's/^duration: 8h/duration: long/' 's/^result: custom/result: mine/' 's/^test: .*/test: .\/none.sh/' \
	's/^summary:/sumary:/' 's/^    how: tmt/    how: tmt\n    many: 1/'; do
	rm -rf "$dir/tree"
	mkdir "$dir/tree"
	cp -r .fmf tmt "$dir/tree/"
	sed -i "$spoil" "$dir/tree/tmt/plan.fmf" "$dir/tree"/tmt/tests/*/main.fmf
	says "refused: $spoil" refused tmt "$dir/tree"
done

# The tests of tmt, with a tree that is none.
tmt_test() # NAME WANT: the first result
{
	mkdir -p "$dir/fake/tmt/tests/$1" "$dir/fake/ci" "$dir/data"
	cp "tmt/tests/$1/test.sh" "$dir/fake/tmt/tests/$1/"
	cp ci/results.awk "$dir/fake/ci/"
	printf 'all:\n\t@echo cannot; false\n' >"$dir/fake/Makefile"
	TMT_TEST_DATA=$dir/data "$dir/fake/tmt/tests/$1/test.sh" && return 1
	sed -n 2p "$dir/data/results.yaml" | grep -x "  result: $2"
}
says "what cannot be built is an error: kselftest" tmt_test kselftest error
says "what cannot be built is an error: run" tmt_test run error

# lava_common, from Debian's package
lib=${XDG_CACHE_HOME:-$HOME/.cache}/thprace/lava
if [ ! -e "$lib/lava_common" ] && command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
	(
		mkdir "$dir/debs" && cd "$dir/debs" &&
			timeout 60 apt-get download lava-common python3-voluptuous &&
			for deb in *.deb; do dpkg-deb -x "$deb" root || exit; done &&
			mkdir -p "${lib%/*}" && mv root/usr/lib/python3/dist-packages "$lib"
	) >/dev/null 2>&1 || :
fi
lava() { schemas lava "$1" "$lib"; }
no_lava() { refused lava "$1" "$lib"; }
says "lava/thprace.yaml: $(schemas lava lava/thprace.yaml "$lib" | head -n 1)" lava lava/thprace.yaml
for spoil in 's/^  format: .*/  format: Lava-Test Test Definition 2.0/' 's/^  name:/  nome:/' 's/^  steps:/  step:/' \
	's/^  THPRACE_ROUNDS: .*/  THPRACE_ROUNDS: 30/'; do
	sed "$spoil" lava/thprace.yaml >"$dir/lava.yaml"
	says "refused: $spoil" no_lava "$dir/lava.yaml"
done
cat >"$dir/lava-test-case" <<-'SCRIPT'
	#!/bin/sh
	echo "$1 $3"
SCRIPT
chmod +x "$dir/lava-test-case"
sent()
{
	PATH=$dir:$PATH lava/send "$dir/ktap" | sed 's/^thprace /- /' >"$dir/got"
	sed 's/inconclusive/unknown/; s/error/fail/' "$dir/want" | diff - "$dir/got"
}
says "what LAVA is told" sent

echo "1..$nr"
exit "$failed"
