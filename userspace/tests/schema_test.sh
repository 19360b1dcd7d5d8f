#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Reports against docs/report.schema.json.
#   schema_test.sh               those that build/reports makes, and their spoiled copies
#   schema_test.sh REPORT...     these
# Called by make run and by .ci/check.
set -eu

here=$(dirname -- "$0")
# Debian's python has the package; another one in PATH may lack it.
for python in python3 /usr/bin/python3 ''; do
	[ -n "$python" ] || {
		echo "ok 1 - reports # SKIP no jsonschema for python3 (Debian: python3-jsonschema)"
		exit 0
	}
	! "$python" -c 'import jsonschema' 2>/dev/null || break
done
[ $# = 0 ] || exec "$python" "$here/schema.py" "$@"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$here/build/reports" "$tmp"
"$python" "$here/schema.py" "$tmp"/*.json
"$python" "$here/schema.py" --probe "$tmp/fail.json" "$tmp/grid.json" "$tmp/storm.json"
