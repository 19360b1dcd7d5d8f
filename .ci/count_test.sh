#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Test of count.awk: TAP, called by make unit.
set -u

cd "$(dirname -- "$0")" || exit 2
nr=0 failed=0

counts() # WANT NAME: of what comes on stdin
{
	nr=$((nr + 1))
	got=$(awk -f count.awk)
	if [ "$got" = "$1" ]; then
		echo "ok $nr - $2"
	else
		failed=1
		echo "not ok $nr - $2: $got, expected $1"
	fi
}

echo 1..6
counts "2 1 0" "lines without numbers" <<-TAP
	ok lint: a
	not ok lint: b
	ok lint: c
TAP
counts "2 0 1" "a test counts by its points" <<-TAP
	1..1
	    ok 1 a
	    ok 2 b # SKIP none
	    ok 3 c
	ok 1 test
TAP
counts "1 1 0" "a failed point and its test are one failure" <<-TAP
	    ok 1 a
	    not ok 2 b
	not ok 1 test
TAP
counts "3 1 0" "a test that failed beside its points is one" <<-TAP
	    ok 1 a
	not ok 1 test
	    ok 1 a
	ok 2 test
	ok 3 test
TAP
counts "2 2 0" "a failure within does not excuse the next test" <<-TAP
	    not ok 1 a
	not ok 1 test
	    ok 1 a
	    ok 2 a
	not ok 2 test
TAP
counts "0 0 0" "nothing" </dev/null
exit $failed
