# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# KTAP for the tests of vm/: is, plan_needs, finish, and a directory $tmp that
# goes away. Sourced by vm/test/*_test.sh.

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
n=0 failed=0

echo "TAP version 13"

is() # WANTED GOT NAME
{
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n $3"
	else
		echo "not ok $n $3: wanted '$1', got '$2'"
		failed=1
	fi
}

skip() # NAME REASON
{
	n=$((n + 1))
	echo "ok $n $1 # SKIP $2"
}

# plan_needs COMMAND...: skips the whole file where one is absent
plan_needs()
{
	for need_cmd; do
		command -v "$need_cmd" >/dev/null || {
			echo "1..0 # SKIP $need_cmd is not installed"
			exit 0
		}
	done
}

finish()
{
	echo "1..$n"
	exit "$failed"
}
