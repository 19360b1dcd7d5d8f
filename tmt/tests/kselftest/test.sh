#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A test of tmt: builds, runs the groups of kselftest/groups, and leaves their results
# in $TMT_TEST_DATA/results.yaml. Groups: all, or those in $GROUPS_TO_RUN.
set -u

cd "$(dirname -- "$0")/../../.." || exit 2
data=${TMT_TEST_DATA:?is set by tmt}
# What was not built is no result: then there is no KTAP, which is an error.
{
	# shellcheck disable=SC2086 # a list of words
	make all && KSELFTEST_OUTER=1 THPRACE_KO=$PWD/thprace.ko kselftest/run.sh ${GROUPS_TO_RUN:-}
} >"$data/ktap.txt" 2>&1
status=$?
cat "$data/ktap.txt"
awk -v form=tmt -v log_name=ktap.txt -f ci/results.awk <"$data/ktap.txt" >"$data/results.yaml"
exit "$status"
