#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Results made by hand, and what seeded/table must say of them. No guest.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
table=$here/../table
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

# expect NAME STATUS PATTERN COMMAND...: its status, and a line that matches
expect()
{
	name=$1 status=$2 pattern=$3
	shift 3
	rc=0
	"$@" >"$tmp/out" 2>&1 || rc=$?
	if [ $rc = "$status" ] && grep -q -- "$pattern" "$tmp/out"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok: $name: status $rc, wanted $status and '$pattern' in:"
		cat "$tmp/out"
	fi
}

# result NAME TOOL SEED VERDICT SPLAT [R.JSON]
result()
{
	dir=$tmp/results/$1/$2/$3
	mkdir -p "$dir"
	echo 2026-01-02 >"$dir/date"
	echo "{\"verdict\":\"$4\",\"exit_status\":0,\"splat\":$5,\"kernel\":\"6.12-x\"}" \
		>"$dir/verdict.json"
	[ -z "${6-}" ] || echo "$6" >"$dir/r.json"
}

violation() # CHECK SECONDS
{
	echo "{\"violations\":[{\"check\":\"$1\",\"scenario\":\"fork\",\"cell\":\"a b\"}],\"first_violation_s\":$2}"
}

mkdir -p "$tmp/patches"
for n in 01-a 02-b 03-c 04-d 05-e 06-h 07-i 08-j control-01-f control-02-g; do
	printf 'Bug: it is %s\n  and more\nBasis: none\n' $n >"$tmp/patches/$n.patch"
done
# Of what really was a bug; in the second line, too. A control is none.
printf 'Bug: it is 01-a\n  and more\nBasis: 0123abc ("mm: fix")\n  reverted\n' \
	>"$tmp/patches/01-a.patch"
printf 'Bug: it is 02-b\nBasis: 1 without its fix 2\nBreaks: none\n' >"$tmp/patches/02-b.patch"
printf 'Bug: it is 03-c\n  and more\nBasis: slip\nBreaks: what a revert breaks\n' \
	>"$tmp/patches/03-c.patch"
printf 'Bug: none\nBasis: 1 reverted\n' >"$tmp/patches/control-01-f.patch"
result 01-a thprace 1 fail null "$(violation rss 1.5)"
result 01-a thprace 2 fail null "$(violation rss 30)"
result 01-a thprace 3 splat '"BUG: Bad rss-counter state"' "$(violation rss 3.25)"
result 02-b thprace 1 fail null "$(violation content 2)"
result 02-b thprace 2 splat '"BUG: a|b"'
printf '[    1.500000] thprace: loading out-of-tree module taints kernel.\n[    4.000000] BUG: a|b\n' \
	>"$tmp/results/02-b/thprace/2/console.log"
result 02-b thprace 3 lost null
result 03-c thprace 1 pass null '{"violations":[],"first_violation_s":null}'
result 03-c thprace 2 pass null
result 03-c thprace 3 fail null "$(violation rss 7)"
result 03-c stress-ng 1 splat '"BUG: x"'
result 04-d thprace 1 error null
mkdir -p "$tmp/results/05-e/thprace/1"
# What the module said before the kernel died of it; in 3 only afterwards.
result 06-h thprace 1 splat '"kernel BUG at x.h:1!"'
result 06-h thprace 2 lost null
result 06-h thprace 3 splat '"kernel BUG at x.h:1!"'
said='thprace: violation check=split_lock scenario=fork addr=0x0 pfn=0x1: a split'
load='[    1.000000] thprace: loading out-of-tree module taints kernel.'
printf '%s\n' "$load" "[    1.250000] $said" '[    1.300000] kernel BUG at x.h:1!' \
	"[    2.000000] thprace: violation check=rss scenario=exit addr=0x0: later" \
	>"$tmp/results/06-h/thprace/1/console.log"
printf '%s\n' "$load" "[    3.500000] $said" >"$tmp/results/06-h/thprace/2/console.log"
printf '%s\n' "$load" '[    5.000000] kernel BUG at x.h:1!' "[    6.000000] $said" \
	>"$tmp/results/06-h/thprace/3/console.log"
# Killed in the middle: the time is that of the console; nothing found is a hang.
result 07-i thprace 1 fail null "$(violation rss null)"
printf '%s\n' "$load" "[    3.500000] $said" >"$tmp/results/07-i/thprace/1/console.log"
result 08-j thprace 1 error null \
	'{"verdict":"aborted","why":"harness error: fork did not end in time and was killed"}'
# What all others find together; stress-ng fails on a control as well.
result 01-a all 1 pass null
result 01-a stress-ng 1 fail null
result 03-c all 1 lost null
result control-01-f stress-ng 1 fail null
result control-01-f thprace 1 pass null
result control-02-g thprace 1 inconclusive null

# Alone and under observe: found by nobody and our checks, by itself and both at once, by
# itself alone; a failure on a control says nothing.
observed() { echo "{\"violations\":[${1:+{\"check\":\"$1\"\}}],\"observe\":{\"status\":$2}}"; }
result 04-d all 1 pass null
result 04-d all.observed 1 fail null "$(observed rss 0)"
printf '%s\n' "$load" "[    3.500000] $said" >"$tmp/results/04-d/all.observed/1/console.log"
result 05-e all 1 splat '"BUG: y"'
result 05-e all.observed 1 splat '"BUG: y"' "$(observed kernel 0)"
printf '%s\n' "$load" "[    1.250000] $said" '[    1.300000] BUG: y' \
	>"$tmp/results/05-e/all.observed/1/console.log"
result 06-h all 1 pass null
result 06-h all.observed 1 splat '"BUG: z"' "$(observed kernel 0)"
result 07-i all 1 pass null
result 07-i all.observed 1 inconclusive null "$(observed '' 1)"
result 08-j all 1 pass null
result 08-j all.observed 1 skip null
result 06-h mmap10 1 pass null
result 06-h mmap10.observed 1 pass null "$(observed '' 1)"
result control-01-f mmap10 1 pass null
result control-01-f all 1 pass null
result control-01-f all.observed 1 fail null "$(observed '' 1)"

r="$tmp/patches $tmp/results"
# shellcheck disable=SC2086 # two words
{
expect "three of three" 0 '^| 01-a | it is 01-a and more | 3/3 | rss | 3.2 | fork | a b |$' "$table" detect $r
expect "three ways" 0 '| 3/3 | content (1), splat: BUG: a/b (1), hang (1) | 2.5 | fork | a b |$' "$table" detect $r
expect "one of three is found, not in the median" 0 '^| 03-c .* | 1/3 | - (2), rss (1) | - | fork' "$table" detect $r
expect "no report, no result" 0 '^| 04-d .* | 0/1 | did not run | - | - | - |$' "$table" detect $r
expect "no verdict" 0 '^| 05-e .* | 0/1 | did not run ' "$table" detect $r
expect "said, then died" 0 '^| 06-h .* | 3/3 | split_lock (2), splat: kernel BUG at x.h:1! (1) | 2.5 | fork | - |$' "$table" detect $r
expect "time of the console" 0 '^| 07-i .* | 1/1 | rss | 2.5 | fork' "$table" detect $r
expect "killed as it did not end" 0 '^| 08-j .* | 1/1 | hang | - | ' "$table" detect $r
expect "totals" 0 '^6.12-x, 2026-01-02: 8 bugs, 5 found with every seed, 1 with some; median of those found 2.5 s. 2 controls, 0 reported.$' "$table" detect $r
expect "what was a bug once" 0 '^| 01-a | it is 01-a and more | 3/3 ' "$table" detect $r fixes
expect "and no more of it" 0 '^6.12-x, 2026-01-02: 2 bugs, 2 found with every seed, 0 with some; median of those found 2.5 s. 0 controls, 0 reported.$' "$table" detect $r fixes
expect "what was made" 0 '^| 03-c | it is 03-c and more | 1/3 ' "$table" detect $r made
expect "and the controls" 0 '^6.12-x, 2026-01-02: 6 bugs, 3 found with every seed, 1 with some; median of those found 2.5 s. 2 controls, 0 reported.$' "$table" detect $r made
expect "no such kind" 2 usage "$table" detect $r new
expect "another tool" 0 '^| 03-c | - (2), rss (1) | splat: BUG: x |  |$' "$table" others $r thprace stress-ng lts
expect "found by it" 0 '^yes$' sh -c "'$table' found $tmp/results 03-c stress-ng && echo yes"
expect "found by none" 0 '^no$' sh -c "'$table' found $tmp/results 03-c mmap10 || echo no"
expect "what the others find" 0 '^Of 7 bugs thprace found 5; the union of all others 2 (stress-ng 1, alone).$' "$table" others $r thprace all stress-ng
expect "observed: our checks" 0 '^| 04-d | - | rss, 2.5 s | - | checks |  |$' "$table" observed $r all mmap10
expect "observed: both" 0 '^| 05-e | splat: BUG: y | split_lock, 0.2 s | splat: BUG: y | both |  |$' "$table" observed $r all mmap10
expect "observed: by itself" 0 '^| 06-h | - | - | splat: BUG: z | itself | itself |$' "$table" observed $r all mmap10
expect "observed: fails as on a control" 0 '^| 07-i | - | - | fails | - |  |$' "$table" observed $r all mmap10
expect "observed: did not run" 0 '^| 08-j | - | did not run | | - |  |$' "$table" observed $r all mmap10
expect "observed: in sum" 0 ': all 1 and 3 (2) of 5, mmap10 0 and 1 (0) of 1.$' "$table" observed $r all mmap10
expect "only who has been run elsewhere" 0 '^rows: 2$' sh -c "'$table' others $r thprace stress-ng | grep -c '| 0' | sed 's/^/rows: /'"
expect "a line" 0 '^01-a: 3/3 rss 3.2 s$' "$table" line $r 01-a thprace
expect "all found" 0 '^ok seeded: 02-b$' "$table" verdict $r short 01-a 02-b
expect "not found is a failure in CI" 1 '^not ok seeded: 03-c$' "$table" verdict $r short 01-a 03-c
expect "and a fact in a table" 0 '^1 passed, 1 failed$' "$table" verdict $r detect 01-a 03-c
expect "quiet controls" 0 '^2 passed, 0 failed$' "$table" verdict $r short control-01-f control-02-g
result control-01-f thprace 2 fail null "$(violation rss 7)"
expect "a control that is reported" 1 '^0 passed, 1 failed$' "$table" verdict $r detect control-01-f
result control-02-g all.observed 1 fail null "$(observed rss 0)"
expect "a control that is reported while another test runs" 1 '^0 passed, 1 failed$' "$table" verdict $r others control-02-g
expect "no result is no pass" 1 '^0 passed, 1 failed$' "$table" verdict $r short none
expect "usage" 2 usage "$table" detect
}
echo "$passed passed, $failed failed"
[ $failed = 0 ]
