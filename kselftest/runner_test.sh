#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of runner.c's verdict and of setup.sh's restoring, with made-up tests;
# needs no module. Prints KTAP.
# shellcheck disable=SC2317 # what says() calls
set -eu

cd "$(dirname -- "$0")"
runner=$(pwd)/runner
setup=$(pwd)/setup.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
nr=0
failed=0

# fake NAME LINE...: a test that prints the lines and exits with $rc.
fake()
{
	name=$1
	shift
	{
		echo "#!/bin/sh"
		for line; do
			echo "echo '$line'"
		done
		echo "${extra:-:}"
		echo "exit ${rc:-0}"
	} >"$dir/$name"
	chmod +x "$dir/$name"
}

# expect WANTED-STATUS WANTED-LAST-LINE WHAT TEST...
expect()
{
	want_rc=$1
	want_last=$2
	what=$3
	shift 3
	nr=$((nr + 1))
	got_rc=0
	(cd "$dir" && "$runner" "$@") >"$dir/out" 2>&1 || got_rc=$?
	if [ "$got_rc" -eq "$want_rc" ] &&
		[ "$(tail -n 1 "$dir/out")" = "# Totals: $want_last" ]; then
		echo "ok $nr $what"
	else
		failed=1
		echo "# status $got_rc, expected $want_rc and $want_last"
		sed 's/^/# /' "$dir/out"
		echo "not ok $nr $what"
	fi
}

# holds PATTERN WHAT: the last output has such a line.
holds()
{
	nr=$((nr + 1))
	if grep -q -- "$1" "$dir/out"; then
		echo "ok $nr $2"
	else
		failed=1
		sed 's/^/# /' "$dir/out"
		echo "not ok $nr $2"
	fi
}

echo "KTAP version 1"

rc=0 fake pass "KTAP version 1" "1..2" "ok 1 a" "ok 2 b"
rc=1 fake fail "1..2" "ok 1 a" "not ok 2 b"
rc=0 fake liar "1..2" "ok 1 a" "not ok 2 b"
rc=1 fake other_liar "1..1" "ok 1 a"
rc=0 fake short "1..3" "ok 1 a"
rc=0 fake long "1..1" "ok 1 a" "ok 2 b"
rc=0 fake out_of_order "1..2" "ok 2 a" "ok 1 b"
rc=0 fake silent
rc=0 fake planless "ok 1 a"
rc=4 fake skip "1..2" "ok 1 a # SKIP no reason to" "ok 2 b # SKIP nor here"
rc=4 fake skip_all "1..0 # SKIP not here"
rc=0 fake some_skip "1..2" "ok 1 a" "ok 2 b # SKIP not here"
rc=0 fake no_reason "1..2" "ok 1 a" "ok 2 b # SKIP"
rc=4 fake wrong_skip "1..1" "ok 1 a"
extra='kill -SEGV $$' fake crash "1..1" "ok 1 a"
extra='sleep 1000' fake hang "1..1" "ok 1 a"
extra='sleep 1000 & :' rc=0 fake orphan "1..1" "ok 1 a"
rc=1 fake bail "1..2" "Bail out! no"
rc=127 fake unplanned "sh: something"

expect 0 "pass:2 fail:0 skip:0" "a pass" pass
holds "^  ok 2 b" "results are nested"
holds "^ok 1 pass" "the test has a line of its own"
holds "^1\.\.1" "the plan counts tests"
expect 1 "pass:1 fail:1 skip:0" "a failure" fail
expect 1 "pass:3 fail:1 skip:0" "a failure among passes" pass fail
expect 1 "pass:1 fail:1 skip:0" "status 0 after a failure" liar
expect 1 "pass:1 fail:1 skip:0" "status 1 without a failure" other_liar
expect 1 "pass:1 fail:1 skip:0" "fewer results than planned" short
expect 1 "pass:2 fail:1 skip:0" "more results than planned" long
expect 1 "pass:1 fail:1 skip:0" "results out of order" out_of_order
expect 1 "pass:0 fail:1 skip:0" "no output" silent
expect 1 "pass:1 fail:1 skip:0" "no plan" planless
expect 4 "pass:0 fail:0 skip:2" "all skipped" skip
expect 4 "pass:0 fail:0 skip:1" "skipped as a whole" skip_all
expect 0 "pass:2 fail:0 skip:1" "a skip beside a pass" skip_all pass
expect 0 "pass:1 fail:0 skip:1" "one case skipped" some_skip
expect 1 "pass:1 fail:1 skip:0" "a skip without a reason" no_reason
expect 1 "pass:1 fail:1 skip:0" "status 4 with a pass" wrong_skip
expect 1 "pass:1 fail:1 skip:0" "a crash" crash
expect 1 "pass:0 fail:1 skip:0" "a test that is not there" no_such_test
expect 1 "pass:0 fail:1 skip:0" "a bail out" bail
expect 1 "pass:0 fail:1 skip:0" "a shell that cannot start" unplanned

start=$(date +%s)
expect 0 "pass:1 fail:0 skip:0" "something left running" orphan
KSFT_TEST_TIMEOUT=2 expect 1 "pass:1 fail:1 skip:0" "a hang" hang
nr=$((nr + 1))
if [ $(($(date +%s) - start)) -lt 60 ]; then
	echo "ok $nr neither waits for ever"
else
	failed=1
	echo "not ok $nr neither waits for ever"
fi

export THPRACE_STRICT_SKIP=1
expect 1 "pass:1 fail:1 skip:0" "strict: an unlisted skip" some_skip
expect 1 "pass:0 fail:1 skip:0" "strict: skipped as a whole" skip_all
echo "some_skip b" >"$dir/skips"
export KSFT_EXPECT_SKIPS="$dir/skips"
expect 0 "pass:1 fail:0 skip:1" "strict: a listed skip" some_skip
expect 1 "pass:0 fail:2 skip:0" "strict: listed for another test" skip
echo "skip *" >"$dir/skips"
expect 4 "pass:0 fail:0 skip:2" "strict: any case of a test" skip
unset THPRACE_STRICT_SKIP KSFT_EXPECT_SKIPS

# ksft.c: each case named "bad..." has failed, and said so in its own way.
nr=$((nr + 1))
got_rc=0
export THPRACE_KSFT_SETUP=1
./ksft_test >"$dir/out" || got_rc=$?
if [ "$got_rc" -eq 1 ] && ! grep -q "^ok [0-9]* bad" "$dir/out" &&
	! grep -q "^not ok [0-9]* [^b]" "$dir/out" &&
	grep -q "^ok 6 only skip # SKIP because of something" "$dir/out" &&
	! grep -q "goes on after" "$dir/out" &&
	grep -q "verified nothing" "$dir/out" &&
	grep -q "^# Totals: pass:2 fail:8 skip:1" "$dir/out"; then
	echo "ok $nr cases that end in every way"
else
	failed=1
	sed 's/^/# /' "$dir/out"
	echo "not ok $nr cases that end in every way"
fi
for how in pass:0 "only skip:4" bad:1; do
	nr=$((nr + 1))
	got_rc=0
	./ksft_test "${how%:*}" >"$dir/out" || got_rc=$?
	if [ "$got_rc" -eq "${how#*:}" ]; then
		echo "ok $nr status of ${how%:*}"
	else
		failed=1
		echo "not ok $nr status of ${how%:*}: $got_rc"
	fi
done
unset THPRACE_KSFT_SETUP

# setup.sh on made-up knobs, when the command ends and when something is killed.
export THPRACE_THP_SYSFS="$dir/thp" THPRACE_PROC_SYS="$dir/sysctl" THPRACE_NO_MODULE=1
export THPRACE_KSFT_LOCK="$dir/lock" TMPDIR="$dir"

knobs()
{
	rm -rf "$dir/thp"
	mkdir "$dir/thp"
	echo "always madvise [never]" >"$dir/thp/enabled"
	echo "never" >"$dir/thp/defrag"
}

restored()
{
	[ "$(cat "$dir/thp/enabled")" = never ] && [ "$(cat "$dir/thp/defrag")" = never ]
}

# The keeper has nobody to wait for it.
restored_soon()
{
	tries=100
	until restored; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# says WHAT COMMAND...: one result.
says()
{
	nr=$((nr + 1))
	what=$1
	shift
	if "$@"; then
		echo "ok $nr $what"
	else
		failed=1
		sed 's/^/# /' "$dir/out"
		echo "not ok $nr $what"
	fi
}

# set_up COMMAND: runs it; its status in $got_rc.
set_up()
{
	knobs
	got_rc=0
	"$setup" sh -c "cat $dir/thp/enabled; $1" >"$dir/out" 2>&1 || got_rc=$?
}

status_is() { [ "$got_rc" -eq "$1" ] && grep -q "^always" "$dir/out"; }

if [ "$(id -u)" -eq 0 ]; then
	set_up :
	says "setup.sh restores: end" restored
	says "setup.sh status: end" status_is 0
	set_up 'exit 7'
	says "setup.sh restores: fail" restored
	says "setup.sh status: fail" status_is 7
	set_up "kill \$PPID; sleep 100"
	says "setup.sh restores: term" restored
	says "setup.sh status: term" status_is 143

	set_up "kill -9 \$PPID \$\$"
	says "all killed with -9: restored" restored_soon
	set_up "kill -9 \$PPID; sleep 1; cat $dir/thp/enabled >$dir/late"
	says "setup.sh killed with -9: restored in the end" restored_soon
	says "but not while the command runs" grep -q always "$dir/late"
	set_up "kill -9 \$(pgrep -P \$PPID keeper.sh)"
	says "the keeper killed with -9: restored" restored
	says "the keeper killed with -9: status" status_is 0
	set_up "kill -9 \$(pgrep -P \$PPID keeper.sh) \$PPID \$\$"
	sleep 1
	says "the control: without a keeper it is not" grep -q always "$dir/thp/enabled"

	set_up "rm $dir/thp/defrag; mkdir $dir/thp/defrag"
	says "what cannot be put back: status" status_is 2
	says "what cannot be put back is named" grep -q "thp/defrag is .*, was never before" "$dir/out"

	if command -v flock >/dev/null; then
		set_up "$setup true"
		says "two at a time: refused" status_is 2
		says "two at a time: the other one is named" \
			grep -q "another run is going on: process [1-9]" "$dir/out"
		says "two at a time: restored" restored
		set_up "sleep 2 & kill -9 \$PPID \$\$"
		set_up :
		says "one that was killed with -9 locks nobody out" status_is 0
		says "nor are its settings taken for the old ones" restored
	fi
fi

# expected/series.sh, with lists of 5.10, 6.1, 6.12 and 7.3
mkdir "$dir/expected"
cp expected/series.sh "$dir/expected/"
for series in 5.10 6.1 6.12 7.3; do
	: >"$dir/expected/checks-$series.txt"
done
for pair in 7.3.4+deb13-amd64:7.3 7.4.0-rc1:7.3 10.0.1:7.3 7.2.13:6.12 6.12.117+deb12:6.12 \
	6.9:6.1 5.10.0:5.10 5.4.1: 5.9.16:; do
	nr=$((nr + 1))
	got=$("$dir/expected/series.sh" "${pair%:*}")
	if [ "$got" = "${pair#*:}" ]; then
		echo "ok $nr expected/series.sh ${pair%:*}"
	else
		failed=1
		echo "not ok $nr expected/series.sh ${pair%:*}: '$got', expected '${pair#*:}'"
	fi
done

echo "1..$nr"
exit "$failed"
