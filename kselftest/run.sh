#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs the kselftests of thprace, all or those named, and prints KTAP.
#
# usage: run.sh [TEST]...
#        KSELFTEST_OUTER=1 run.sh [GROUP]...
#
# "module" stands for the tests that drive the module only, "companion" for the others.
# With KSELFTEST_OUTER=1 it is groups of tests and of scenarios, those of the file groups, and
# the output has the shape of the kernel's own selftests (outer.c); its exit status 3 is:
# inconclusive.
#
# Exit status: 0 passed, 1 something failed, 2 could not be set up, 4 all was
# skipped. THPRACE_STRICT_SKIP=1 makes a skip that is not listed in
# KSFT_EXPECT_SKIPS (default: expected/skips-SERIES.txt, on arm64
# expected/skips-SERIES-arm64.txt) a failure. A kernel newer
# than all lists is compared with the newest. The verdict is the runner's (runner.c);
# here is only what starts it.
set -eu

cd "$(dirname -- "$0")"

# The order matters: what loads comes first, what needs the companion last.
module="test_load test_calibrate test_checks_list test_triggers test_errno
	test_errno_state test_inject test_block test_sound test_changing test_grid
	test_steer test_probes test_session test_session_end test_misuse test_hold
	test_stop test_shape test_report test_trace test_switch"
companion="test_help.sh test_docs.sh test_check_cmd.sh test_observe.sh test_keeper.sh test_noharm.sh test_jobs.sh
	test_findings.sh test_triage.sh test_scenarios.sh"

[ -x ./runner ] || {
	echo "run.sh: ./runner is not built: run make first" >&2
	exit 2
}
release=$(uname -r)
KSFT_SERIES=$(expected/series.sh "$release")
export KSFT_SERIES
case $release in
"$KSFT_SERIES".*) ;;
*) echo "# no expected lists of $release: compared with those of ${KSFT_SERIES:-no series}" ;;
esac
skips=expected/skips-$KSFT_SERIES.txt
case $(uname -m) in
aarch64) skips=expected/skips-$KSFT_SERIES-arm64.txt ;;
esac
if [ -z "${KSFT_EXPECT_SKIPS:-}" ] && [ -r "$skips" ]; then
	export KSFT_EXPECT_SKIPS="$skips"
fi
if [ "${KSELFTEST_OUTER:-0}" != 0 ]; then
	exec ./setup.sh ./outer groups "$@"
fi
[ $# -gt 0 ] || set -- module companion
tests=
for test; do
	case $test in
	module) tests="$tests $module" ;;
	companion) tests="$tests $companion" ;;
	*) tests="$tests $test" ;;
	esac
done
# shellcheck disable=SC2086 # a list of words
exec ./setup.sh ./runner $tests
