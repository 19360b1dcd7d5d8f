#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A test of tmt: builds, loads the module, races for $DURATION, and leaves the results in
# $TMT_TEST_DATA/results.yaml, with the report beside them.
set -u

cd "$(dirname -- "$0")/../../.." || exit 2
data=${TMT_TEST_DATA:?is set by tmt}
loaded=
{
	make all && { [ -d /sys/module/thprace ] || { insmod thprace.ko && loaded=1; }; } &&
		userspace/thprace run --duration "${DURATION:-5m}" --stop-on never \
			--json "$data/report.json" --ktap "$data/ktap.txt"
} >"$data/output.txt" 2>&1
status=$?
[ -z "$loaded" ] || rmmod thprace
cat "$data/output.txt"
touch "$data/ktap.txt"
awk -v form=tmt -v log_name=ktap.txt -f ci/results.awk <"$data/ktap.txt" >"$data/results.yaml"
exit "$status"
