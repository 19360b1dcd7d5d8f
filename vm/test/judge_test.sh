#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of vm/judge.awk: KTAP, needs no root and no guest. splat_no holds lines
# of healthy guests, splat_yes complaints; each line is a log of its own.
# boot_lines is what stock 5.10, 6.1, 6.12, 7.2 and 7.3 print under TCG, each
# kind of line once: one log.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=ktap.sh
. "$here/ktap.sh"

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

while IFS= read -r line; do
	is 0 "$(judge "$good" "$line")" "healthy: $line"
done <"$here/splat_no"
while IFS= read -r line; do
	is 5 "$(judge "$good" "$line")" "complaint: $line"
done <"$here/splat_yes"

is 0 "$(judge "$good" "$(cat "$here/boot_lines")")" "the boots of stock kernels: $(cat "$tmp/said")"

for c in 0:0:pass 1:1:fail 2:2:error 3:3:inconclusive 4:4:skip 5:2:error 6:2:error \
	 127:127:error 139:139:error; do
	code=${c%%:*}
	want=${c#*:}
	got=$(judge "run\nexit $code\ntaint 0 0\nend\n" "")
	is "$want $code" "$got:$(json verdict | tr -d '"') $(json exit_status)" "exit $code"
done

is 6 "$(judge 'boot\nrun\n' '')" "no status: lost"
is '"lost" null' "$(json verdict) $(json exit_status)" "lost in the JSON"
is 6 "$(judge 'boot\nrun\nexit 0\n' '')" "status but no end: lost"
is 6 "$(judge '' '')" "nothing at all: lost"
is 5 "$(judge 'boot\nrun\n' '[    3.1] Kernel panic - not syncing: Fatal exception')" "panic before lost"
is 5 "$(judge 'run\nexit 1\ntaint 0 0\nend\n' '[    3.1] BUG: Bad page state in process x  pfn:1')" \
	"a complaint before the command's status"
is '"splat" 1' "$(json verdict) $(json exit_status)" "and both are in the JSON"
is 2 "$(judge 'boot\ninsmod failed\nend\n' '')" "the module did not load"
is 1 "$(judge 'run\nexit 0\nrmmod failed\ntaint 0 0\nend\n' '')" "the module did not unload"
is 3 "$(judge 'run\nexit 3\nrmmod failed\ntaint 0 0\nend\n' '')" "the command's status before that"
is 5 "$(judge 'run\nexit 0\ntaint 0 12800\nend\n' '')" "tainted by a warning that nobody printed"
is '"tainted: W"' "$(json splat)" "with the letter"
is 0 "$(judge 'run\nexit 0\ntaint 0 12289\nend\n' '')" "out-of-tree, unsigned, proprietary taints"
is 5 "$(judge "$good" "$(printf '[    1.0] ------------[ cut here ]------------\n[    1.1] list_del corruption. next->prev should be ff11, but was "x\\\\y"')")" \
	"the line after cut here"
is 'list_del corruption. next->prev should be ff11, but was "x\\y"' \
	"$(awk -F'"splat":"' '{ print $2 }' "$tmp/json" | sed 's/","kernel.*//; s/\\\(.\)/\1/g; s/\\/\\\\/')" \
	"quotes and backslashes in the JSON"
is 5 "$(judge "$good" '[    1.0] ------------[ cut here ]------------')" "cut here alone"

finish
