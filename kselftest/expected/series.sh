#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# series.sh RELEASE: which series' expected lists go with a kernel: its own, else
# those of the newest series before it. Prints nothing if there are none so old.
# Called by run.sh; tested by runner_test.sh.
set -eu

cd "$(dirname -- "$0")"
series=$(echo "$1" | sed -n 's/^\([0-9]\{1,\}[.][0-9]\{1,\}\).*/\1/p')
for list in checks-*.txt; do
	echo "$list"
done | sed 's/^checks-\(.*\)[.]txt$/\1/' | awk -F . -v series="$series" '
	function value(s,   n) { split(s, n, "."); return n[1] * 1000 + n[2] }
	value($0) <= value(series) && value($0) > best { best = value($0); found = $0 }
	END { if (found) print found }'
