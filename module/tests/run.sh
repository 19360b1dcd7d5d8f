#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Run cmocka programs and add up their TAP lines; fails if any test or program
# did, or if nothing ran.
set -eu

passed=0 failed=0 skipped=0
# The thread sanitizer of some gccs cannot do with all of today's address space layouts.
fixed=''
! setarch -R true 2>/dev/null || fixed="setarch -R"
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for test; do
	echo "# ${test##*/}"
	status=0
	# shellcheck disable=SC2086 # words, or none
	CMOCKA_MESSAGE_OUTPUT=tap $fixed "$test" >"$out" 2>&1 || status=$?
	cat "$out"
	ok=$(grep '^ok ' "$out" | grep -vc '# SKIP' || :)
	skip=$(grep -c '^not ok .*# SKIP\|^ok .*# SKIP' "$out" || :)
	bad=$(grep '^not ok ' "$out" | grep -vc '# SKIP' || :)
	# A sanitizer's exit has no "not ok" line of its own.
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
