#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What thprace merge writes, against the schemas of those who read it.
#   formats_test.sh                reports that build/reports makes, and hostile ones
#   formats_test.sh many N         N generated reports: sums are right, time is linear in N
#   formats_test.sh pages DIR      writes pages to be looked at, for browser_test.sh
#
# KCIDB_IO=DIR and JUNIT_XSD=FILE, a copy of the kcidb_io package and of a published schema,
# are used as well if they are given. Called by make run, "many" by make merge-many.
set -eu

here=$(dirname -- "$0")
for python in python3 /usr/bin/python3 ''; do
	[ -n "$python" ] || {
		echo "ok 1 - formats # SKIP no jsonschema for python3 (Debian: python3-jsonschema)"
		exit 0
	}
	! "$python" -c 'import jsonschema' 2>/dev/null || break
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/in"
"$here/build/reports" "$tmp/in"
merge="${THPRACE:-$here/build/run_merge}"
export PYTHONPATH="${KCIDB_IO-}"

"$python" "$here/formats.py" "$merge" "$tmp" "$@"

