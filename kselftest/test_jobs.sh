#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Scenarios side by side: they do run at the same time, what one finds is its own and
# ends all, what they share is put back once, and a process that is killed takes only
# its own scenario with it.
# shellcheck disable=SC2317 # cases are called by ksft_case
set -eu

cd "$(dirname -- "$0")"
# shellcheck source=ksft.sh
. ./ksft.sh

thprace=$(ksft_thprace)
[ -n "$thprace" ] || ksft_skip_all "no thprace: run make first"
can zap || ksft_skip_all "zap: $reason"
thp=/sys/kernel/mm/transparent_hugepage
tmp=$(mktemp -d)
run=

# shellcheck disable=SC2317 # called by the trap
clean_up()
{
	[ -z "$run" ] || kill -9 "$run" 2>/dev/null || :
	rm -rf "$tmp"
}
trap clean_up EXIT

# exits STATUS OPTION...: of thprace run with two jobs; its output in $tmp/out.
exits()
{
	want=$1
	shift
	got=0
	"$thprace" run --jobs 2 --quiet --triage 0 --json "$tmp/json" "$@" >"$tmp/out" 2>&1 ||
		got=$?
	[ "$got" = "$want" ] && return 0
	ksft_msg "thprace run --jobs 2 $*: exit status $got, expected $want"
	ksft_show "$tmp/out"
	return 1
}

# Of a process whose parent is the run's main: a job, or the keeper.
children()
{
	for dir in /proc/[0-9]*; do
		awk -v main="$1" '$1 == "PPid:" && $2 == main { found = 1 }
			END { exit !found }' "$dir/status" 2>/dev/null || continue
		[ "$(cat "$dir/comm" 2>/dev/null)" != race-keeper ] || continue
		echo "${dir#/proc/}"
	done
}

# Each job has a scenario, and that is a process.
two_run()
{
	[ "$(for job in $(children "$run"); do children "$job"; done | wc -l)" -ge 2 ]
}

start()
{
	"$thprace" run --jobs 2 --quiet --triage 0 --duration 3600 --json "$tmp/json" "$@" \
		>"$tmp/out" 2>&1 &
	run=$!
	until_true two_run && return 0
	ksft_msg "no two scenarios run at a time:" "$(ps 2>/dev/null)"
	kill -9 "$run"
	return 1
}

settings() { grep . "$thp/shmem_enabled" "$thp"/khugepaged/*; }
same() { [ "$(settings)" = "$before" ]; }
changed() { [ "$(settings)" != "$before" ]; }
gone() { ! grep '^State:' "/proc/$1/status" 2>/dev/null | grep -qv Z; }

passes()
{
	# few CPUs for twice as many lanes: enough rounds that some overlap
	exits 0 zap mremap madvise mprotect --rounds 24 --duration 1200 &&
		json_says jobs '2' && json_says verdict '"pass"'
}

# A bit that flips in one scenario's memory is that one's.
finds()
{
	THPRACE_INJECT=content exits 1 zap mremap --rounds 6 --duration 600 &&
		json_says check '"content"' && grep -qE 'content' "$tmp/out"
}

leaks()
{
	THPRACE_INJECT=leak exits 1 zap mremap --keep-going --rounds 2 --duration 600 &&
		grep -q 'leak' "$tmp/out" && return 0
	grep -q 'cannot have a memory cgroup' "$tmp/out" || return 1
	reason="no memory cgroup of its own"
	return 4
}

# Two of them need shmem_enabled, and khugepaged's settings are another one's.
puts_back()
{
	can khugepaged || return 4
	before=$(settings)
	start shmem-punch shmem-truncate khugepaged --keep-going || return 1
	until_true changed || return 1
	kill -INT "$run"
	got=0
	wait "$run" || got=$?
	[ "$got" = 3 ] && same && return 0
	ksft_msg "exit status $got, expected 3; before:" "$before" "after:" "$(settings)"
	ksft_show "$tmp/out"
	return 1
}

# The other one goes on until the user ends it; what happened is said.
job_killed()
{
	start zap mremap --keep-going || return 1
	victim=$(children "$run" | head -n 1)
	kill -9 "$victim"
	until_true gone "$victim"
	sleep 1
	[ "$(children "$run" | wc -l)" = 1 ] || {
		ksft_msg "the other job is gone, too"
		return 1
	}
	kill -INT "$run"
	got=0
	wait "$run" || got=$?
	left=$(find /sys/fs/cgroup -maxdepth 2 -name "thprace-$run-*" 2>/dev/null)
	[ "$got" = 2 ] && grep -q 'was killed by signal 9' "$tmp/out" && [ -z "$left" ] && return 0
	ksft_msg "exit status $got, expected 2; cgroups: $left"
	ksft_show "$tmp/out"
	return 1
}

main_killed()
{
	before=$(settings)
	start shmem-punch shmem-truncate || return 1
	until_true changed || return 1
	jobs=$(children "$run")
	kill -9 "$run"
	wait "$run" 2>/dev/null || :
	for pid in $jobs; do
		until_true gone "$pid" || {
			ksft_msg "process $pid is still there"
			return 1
		}
	done
	until_true same && return 0
	ksft_msg "before:" "$before" "after:" "$(settings)"
	return 1
}

ksft_plan 6
ksft_case "two at a time pass" passes
ksft_case "a finding is its scenario's" finds
ksft_case "a leak" leaks
ksft_case "settings that two need are put back" puts_back
ksft_case "a job that is killed" job_killed
ksft_case "main that is killed" main_killed
ksft_end
