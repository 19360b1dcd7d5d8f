#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Each scenario of the companion for a few rounds, and the control of its
# verification of contents: a flipped bit must fail the run; likewise of what is
# done about a scenario that is stuck, or leaves something behind, or loses a mark.
#
# THPRACE_ROUNDS is how many (30); every scenario in expected/scenarios.txt
# must exist, so that none silently vanishes. Arguments: only these scenarios.
# THPRACE_CONTROLS=0: without a flipped bit for each, which has little to do with
# the kernel.
# The reports are kept in the directory KSFT_REPORTS, if it is set.
# shellcheck disable=SC2317 # cases are called by ksft_case
set -eu

cd "$(dirname -- "$0")"
# shellcheck source=ksft.sh
. ./ksft.sh

thprace=$(ksft_thprace)
[ -n "$thprace" ] || ksft_skip_all "no thprace: run make first"
rounds=${THPRACE_ROUNDS:-30} controls=${THPRACE_CONTROLS:-1}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$thprace" list scenarios >"$tmp/list" || {
	echo "Bail out! thprace list scenarios failed"
	exit 1
}
# "NAME SUMMARY" lines; below one, indented, why it cannot run here.
names=$(sed -n 's/^\([a-z0-9][a-z0-9-]*\) .*/\1/p' "$tmp/list")

keep_report()
{
	[ -n "${KSFT_REPORTS:-}" ] || return 0
	mkdir -p "$KSFT_REPORTS"
	cp "$tmp/json" "$KSFT_REPORTS/$1.json" || ksft_msg "thprace run left no report"
}

# run_rounds SCENARIO ROUNDS STATUS
run_rounds()
{
	rm -f "$tmp/json"
	got=0
	"$thprace" run "$1" --rounds "$2" --duration 1200 --seed 1 --quiet --triage 0 \
		--json "$tmp/json" >"$tmp/out" 2>&1 || got=$?
	keep_report "$1.$3"
	[ "$got" -ne "$3" ] || return 0
	ksft_msg "thprace run $1: exit status $got, expected $3"
	ksft_show "$tmp/out"
	return 1
}

# A scenario may finish what it has begun: at least as many as asked for.
rounds_done()
{
	done=$(sed -n 's/.*"rounds": *\([0-9]*\).*/\1/p' "$tmp/json" | tail -n 1)
	[ "${done:-0}" -lt "$1" ] || return 0
	ksft_msg "only ${done:-no} rounds of $1"
	return 1
}

scenario()
{
	can "$1" || return 4
	# raced too little (3) is asked once more, for longer; all else stands
	run_rounds "$1" "$rounds" 0 ||
		{ [ "$got" -eq 3 ] && run_rounds "$1" $((4 * rounds)) 0; } || return 1
	json_says schema '"thprace-report/1"' &&
		json_says verdict '"pass"' && rounds_done "$rounds" &&
		json_says overlaps '[1-9]'
}

# injected FAULT SCENARIO ROUNDS: it is put in, and the run fails.
injected()
{
	THPRACE_INJECT=$1
	export THPRACE_INJECT
	rc=0
	run_rounds "$2" "$3" 1 ||
		{ [ "$got" -eq 3 ] && run_rounds "$2" $((4 * $3)) 1; } || rc=1
	unset THPRACE_INJECT
	[ "$rc" -eq 0 ] && json_says verdict '"fail"'
}

flipped()
{
	can "$1" || return 4
	injected content "$1" "$rounds" && json_says check '"content"'
}

# A process of the scenario is left behind.
leaking() { injected leak split-munmap 5 && json_says check '"leak"'; }

# A scenario that gets on no more is looked at, and that look can fail the run.
stuck() { injected stuck split-munmap 5 && json_says check '"refcount"'; }

# A mark that userfaultfd or clear_refs tracks writes by is lost.
unmarked()
{
	can marks || return 4
	injected marks marks "$rounds" && json_says check '"content"'
}

# What a kernel that forgets would look like.
staying()
{
	can partly || return 4
	injected stays partly 20 && json_says check '"reclaim_progress"'
}

locked()
{
	can munlock || return 4
	injected mlocked munlock 20 && json_says check '"mlocked"'
}

# The two ops that were asked for, and no other.
named_ops()
{
	can pair || return 4
	got=0
	"$thprace" run pair --ops zap,fork --rounds "$rounds" --duration 1200 --seed 1 --quiet -v \
		--json "$tmp/json" >"$tmp/out" 2>&1 || got=$?
	keep_report "ops.0"
	[ "$got" -eq 0 ] || {
		ksft_msg "thprace run --ops: exit status $got"
		ksft_show "$tmp/out"
		return 1
	}
	ops=$(sed -n 's/^  op \([a-z-]*\) .*/\1/p' "$tmp/out" | sort | tr '\n' ' ')
	[ "$ops" = "fork zap " ] || {
		ksft_msg "ops: $ops, and not: fork zap"
		return 1
	}
}

# of_64k KEY: of what was raced of 64 KiB, in the report
of_64k()
{
	sed -n '/"size_kib": 64,/,/}/s/.*"'"$1"'": *\([0-9]*\).*/\1/p' "$tmp/json" | head -n 1
}

# Of one size alone, and these were split; a flipped bit is found there, too; a size
# that this kernel does not fault in is a reason to skip.
orders()
{
	can split-munmap || return 4
	want=0
	[ -e /sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled ] || want=4
	before=$(cat /sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled 2>/dev/null || :)
	got=0
	"$thprace" run split-munmap --orders 64k --rounds 10 --duration 1200 --seed 1 --quiet \
		--json "$tmp/json" >"$tmp/out" 2>&1 || got=$?
	keep_report "orders.$want"
	[ "$got" -eq "$want" ] || {
		ksft_msg "thprace run --orders 64k: exit status $got, expected $want"
		ksft_show "$tmp/out"
		return 1
	}
	if [ "$want" -eq 4 ]; then
		json_says skipped '".*no folios of that size"' || return 1
		reason="this kernel faults in no folios of 64 KiB"
		return 4
	fi
	if [ "$(of_64k rounds)" -lt 10 ] || [ "$(of_64k splits)" -lt 1 ] ||
		[ "$(grep -c '"size_kib"' "$tmp/json")" -ne 1 ]; then
		ksft_msg "not (only) folios of 64 KiB were raced and split"
		ksft_show "$tmp/json"
		return 1
	fi
	after=$(cat /sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled)
	[ "$before" = "$after" ] || {
		ksft_msg "hugepages-64kB/enabled was $before and is $after"
		return 1
	}
	got=0
	THPRACE_INJECT=content "$thprace" run split-munmap --orders 64k --rounds 10 \
		--duration 1200 --seed 1 --quiet --triage 0 >"$tmp/out" 2>&1 || got=$?
	[ "$got" -eq 1 ] || {
		ksft_msg "--orders 64k, a bit flipped: exit status $got"
		ksft_show "$tmp/out"
		return 1
	}
}

# Words that are no sizes are refused before anything is done.
no_orders()
{
	for list in 48k 4k 4M '' 64k,,16k pmd,pmd big; do
		got=0
		"$thprace" run split-munmap --orders "$list" >"$tmp/out" 2>&1 || got=$?
		[ "$got" -eq 2 ] && grep -q -- '--orders' "$tmp/out" && continue
		ksft_msg "thprace run --orders '$list': exit status $got"
		return 1
	done
}

# Some of a grid of two ops: all of it takes too long here.
grid_of_two()
{
	can pair || return 4
	got=0
	"$thprace" run --grid=mlock,zap --grid-k 1 --duration 6 --seed 1 --quiet \
		--json "$tmp/json" >"$tmp/out" 2>&1 || got=$?
	keep_report "grid.0"
	case $got in
	0 | 3) json_says ops '"mlock:zap"' && grep -q '"met"' "$tmp/json" && return 0 ;;
	esac
	ksft_msg "thprace run --grid=mlock,zap: exit status $got, or no pair of phases has met"
	ksft_show "$tmp/out"
	return 1
}

# A forked process lacks a write that came before one that it has.
torn()
{
	can fork-write || return 4
	injected snapshot fork-write 20 && json_says check '"content"'
}

# A reader sees a word that nobody wrote.
misread()
{
	can readers || return 4
	injected reader readers 20 && json_says check '"content"'
}

replayed()
{
	run_rounds split-munmap 5 0 || [ "$got" -eq 3 ] || return 1
	got=0
	"$thprace" replay "$tmp/json" >"$tmp/out" 2>&1 || got=$?
	# five rounds may race too little (3)
	case $got in 0 | 3) return 0 ;; esac
	ksft_msg "replay: exit status $got"
	ksft_show "$tmp/out"
	return 1
}

all_there()
{
	rc=0
	while read -r name _; do
		case $name in '' | '#'*) continue ;; esac
		echo "$names" | grep -qx -- "$name" || {
			ksft_msg "there is no scenario $name"
			rc=1
		}
	done <expected/scenarios.txt
	return "$rc"
}

# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $names
ksft_plan $(((controls == 0 ? 1 : 2) * $# + 13))
ksft_case "scenarios" all_there
for name; do
	ksft_case "$name" scenario "$name"
	[ "$controls" = 0 ] || ksft_case "$name, a bit flipped" flipped "$name"
done
ksft_case "leaking" leaking
ksft_case "stuck" stuck
ksft_case "a mark is lost" unmarked
ksft_case "staying" staying
ksft_case "locked" locked
ksft_case "torn" torn
ksft_case "misread" misread
ksft_case "ops" named_ops
ksft_case "orders" orders
ksft_case "orders that are none" no_orders
ksft_case "grid of two ops" grid_of_two
ksft_case "replay" replayed
ksft_end
