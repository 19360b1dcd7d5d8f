#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of vm/judge.awk: KTAP, needs no root and no guest. splat_no holds lines
# of healthy guests, splat_yes complaints; each line is a log of its own.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0 failed=0

ok() # WANTED GOT NAME
{
	n=$((n + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $n $3"
	else
		echo "not ok $n $3: wanted '$1', got '$2'"
		failed=1
	fi
}

# judge STATUS CONSOLE, the texts -> rc, and the JSON in $tmp/json
judge()
{
	printf '%b' "$1" >"$tmp/status"
	printf '%s\n' "$2" >"$tmp/console"
	rc=0
	awk -v kernel=K -v accel=tcg -v wall=7 -v json="$tmp/json" -f "$here/../judge.awk" \
		"$tmp/status" "$tmp/console" >"$tmp/said" || rc=$?
	echo $rc
}

json() { sed -n "s/.*\"$1\":\(null\|[0-9]\+\|\"[^,}]*\"\).*/\1/p" "$tmp/json"; }

good='boot\nrun\nexit 0\ntaint 0 12288\nend\n'

echo "TAP version 13"
while IFS= read -r line; do
	ok 0 "$(judge "$good" "$line")" "healthy: $line"
done <"$here/splat_no"
while IFS= read -r line; do
	ok 5 "$(judge "$good" "$line")" "complaint: $line"
done <"$here/splat_yes"

for c in 0:0:pass 1:1:fail 2:2:error 3:3:inconclusive 4:4:skip 5:2:error 6:2:error \
	 127:127:error 139:139:error; do
	code=${c%%:*}
	want=${c#*:}
	got=$(judge "run\nexit $code\ntaint 0 0\nend\n" "")
	ok "$want $code" "$got:$(json verdict | tr -d '"') $(json exit_status)" "exit $code"
done

ok 6 "$(judge 'boot\nrun\n' '')" "no status: lost"
ok '"lost" null' "$(json verdict) $(json exit_status)" "lost in the JSON"
ok 6 "$(judge 'boot\nrun\nexit 0\n' '')" "status but no end: lost"
ok 6 "$(judge '' '')" "nothing at all: lost"
ok 5 "$(judge 'boot\nrun\n' '[    3.1] Kernel panic - not syncing: Fatal exception')" "panic before lost"
ok 5 "$(judge 'run\nexit 1\ntaint 0 0\nend\n' '[    3.1] BUG: Bad page state in process x  pfn:1')" \
	"a complaint before the command's status"
ok '"splat" 1' "$(json verdict) $(json exit_status)" "and both are in the JSON"
ok 2 "$(judge 'boot\ninsmod failed\nend\n' '')" "the module did not load"
ok 1 "$(judge 'run\nexit 0\nrmmod failed\ntaint 0 0\nend\n' '')" "the module did not unload"
ok 3 "$(judge 'run\nexit 3\nrmmod failed\ntaint 0 0\nend\n' '')" "the command's status before that"
ok 5 "$(judge 'run\nexit 0\ntaint 0 12800\nend\n' '')" "tainted by a warning that nobody printed"
ok '"tainted: W"' "$(json splat)" "with the letter"
ok 0 "$(judge 'run\nexit 0\ntaint 0 12289\nend\n' '')" "out-of-tree, unsigned, proprietary taints"
ok 5 "$(judge "$good" "$(printf '[    1.0] ------------[ cut here ]------------\n[    1.1] list_del corruption. next->prev should be ff11, but was "x\\\\y"')")" \
	"the line after cut here"
ok 'list_del corruption. next->prev should be ff11, but was "x\\y"' \
	"$(awk -F'"splat":"' '{ print $2 }' "$tmp/json" | sed 's/","kernel.*//; s/\\\(.\)/\1/g; s/\\/\\\\/')" \
	"quotes and backslashes in the JSON"
ok 5 "$(judge "$good" '[    1.0] ------------[ cut here ]------------')" "cut here alone"

echo "1..$n"
exit $failed
