#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What becomes of a finding when things go wrong beside it, and of a run when
# they go wrong without one: processes that are killed, crash or find no memory,
# reports that cannot be written, complaints of the kernel, ops that do nothing,
# neighbours with huge pages.
# shellcheck disable=SC2317 # cases are called by ksft_case
set -eu

cd "$(dirname -- "$0")"
# shellcheck source=ksft.sh
. ./ksft.sh

thprace=$(ksft_thprace)
[ -n "$thprace" ] || ksft_skip_all "no thprace: run make first"
tmp=$(mktemp -d)
run=
cgroup=/sys/fs/cgroup
debugfs=/sys/kernel/debug/thprace
export thprace tmp debugfs

# shellcheck disable=SC2317 # called by the trap
clean_up()
{
	[ -z "$run" ] || kill -9 "$run" 2>/dev/null || :
	umount "$tmp/fs" 2>/dev/null || :
	rm -rf "$tmp"
}
trap clean_up EXIT

json_does_not_say()
{
	! grep -q "\"$1\": *$2" "$tmp/json" && return 0
	ksft_msg "the report has \"$1\": $2"
	return 1
}

# exits STATUSES OPTION...: runs thprace run, its output in $tmp/out. A few rounds may
# race too little on a busy machine, which is no fault: "0 3".
exits()
{
	want=$1
	shift
	rm -f "$tmp/json"
	got=0
	"$thprace" run "$@" --triage 0 --json "$tmp/json" >"$tmp/out" 2>&1 || got=$?
	case " $want " in
	*" $got "*) return 0 ;;
	esac
	ksft_msg "thprace run $*: exit status $got, expected $want"
	ksft_show "$tmp/out"
	return 1
}

# start FAULT OPTION...: in the background; its pid in $run.
start()
{
	[ -z "$run" ] || kill -9 "$run" 2>/dev/null || :
	fault=$1
	shift
	# what the run before left there is not of this one
	rm -f "$tmp/json" "$tmp/out" "$tmp/err"
	THPRACE_INJECT=$fault "$thprace" run "$@" --triage 0 --json "$tmp/json" \
		>"$tmp/out" 2>"$tmp/err" &
	run=$!
}

# ends STATUS: the run does, with it.
ends()
{
	got=0
	wait "$run" || got=$?
	run=
	[ "$got" -ne "$1" ] || return 0
	ksft_msg "exit status $got, expected $1"
	ksft_show "$tmp/out" "$tmp/err"
	return 1
}

# The processes of the run that run a scenario: its children, but the keeper.
scenario_pids()
{
	cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v run="$run" '$4 == run && $2 == "(thprace)" { print $1 }'
}

has_seen_one() { grep -q 'violations [1-9]' "$tmp/err" 2>/dev/null; }
has_begun() { grep -q rounds "$tmp/err" 2>/dev/null; }
gone() { ! grep '^State:' "/proc/$1/status" 2>/dev/null | grep -qv Z; }
there() { [ -e "$1" ]; }

# The violation was seen, then the process that saw it is killed.
scenario_killed()
{
	start content zap --stop-on never --duration 3600
	until_true has_seen_one || return 1
	pids=$(scenario_pids)
	[ -n "$pids" ] || {
		ksft_msg "no process runs the scenario"
		return 1
	}
	# shellcheck disable=SC2086 # pids
	kill -9 $pids
	ends 1 && json_says verdict '"fail"' && json_says check '"content"'
}

# Kills also those that were just being started: the keeper waits for the last one.
all_gone()
{
	pids=$(cat /proc/[0-9]*/stat 2>/dev/null |
		awk '$2 == "(thprace)" && $3 != "Z" { print $1 }')
	[ -n "$pids" ] || return 0
	# shellcheck disable=SC2086 # pids
	kill -9 $pids 2>/dev/null
	return 1
}

# All are killed: the report is on disk.
all_killed()
{
	start content zap mlock --stop-on never --duration 3600
	until_true has_seen_one || return 1
	kill -9 "$run"
	until_true all_gone || return 1
	wait
	run=
	# By main, or by the keeper just now.
	until_true grep -q '"verdict": *"fail"' "$tmp/json" || return 1
	json_says verdict '"fail"' && json_says check '"content"' && json_says complete false
}

died_after_finding()
{
	injected content,die 1 zap --quiet --duration 60 && json_says check '"content"'
}

died()
{
	injected die 2 zap mlock --quiet --duration 60 && json_says verdict '"aborted"' &&
		json_does_not_say verdict '"pass"' && json_says name '"mlock"' &&
		json_does_not_say begun false
}

hung()
{
	injected content,hang 1 zap --quiet --duration 60 && json_says check '"content"'
}

page_lost()
{
	injected segv 1 "$1" --quiet --duration 60 && json_says check '"content"' &&
		json_says got '"SIGSEGV'
}

no_memory()
{
	[ -w "$cgroup"/cgroup.subtree_control ] || {
		reason="no cgroup can be made"
		return 4
	}
	injected oom 3 zap mlock --quiet --rounds 40 --duration 1200 && json_says why '".*OOM killer' &&
		json_does_not_say begun false
}

no_fork()
{
	grep -q pids "$cgroup"/cgroup.controllers 2>/dev/null || {
		reason="no pids controller"
		return 4
	}
	had=$(grep pids "$cgroup"/cgroup.subtree_control || :)
	echo +pids >"$cgroup"/cgroup.subtree_control
	rc=0
	injected fork 3 fork-munmap zap --quiet --rounds 40 --duration 1200 || rc=1
	[ -n "$had" ] || echo -pids >"$cgroup"/cgroup.subtree_control
	[ "$rc" -eq 0 ] && json_says why '".*cannot start worker' && json_does_not_say begun false
}

not_begun()
{
	injected content 1 zap mlock --quiet --duration 60 && json_says name '"mlock"' &&
		json_says begun false
}

# Said before anything is raced.
unwritable()
{
	got=0
	"$thprace" run zap --quiet --rounds 3 --json "$tmp/nosuch/json" >"$tmp/out" 2>&1 || got=$?
	if [ "$got" -eq 2 ] && ! grep -q rounds "$tmp/out"; then
		return 0
	fi
	ksft_msg "exit status $got"
	ksft_show "$tmp/out"
	return 1
}

unwritable_later()
{
	mkdir "$tmp/fs"
	mount -t tmpfs none "$tmp/fs" || {
		reason="cannot mount"
		return 4
	}
	THPRACE_INJECT=content "$thprace" run zap mlock --stop-on never --rounds 20 \
		--triage 0 --quiet --json "$tmp/fs/json" >"$tmp/out" 2>"$tmp/err" &
	run=$!
	rc=0
	until_true there "$tmp/fs/json" && mount -o remount,ro "$tmp/fs" || rc=1
	[ "$rc" -eq 0 ] && ends 1 && grep -q 'cannot write' "$tmp/err"
}

large_seed()
{
	seed=18446744073709551615
	exits "0 3" zap --quiet --rounds 3 --seed "$seed" && json_says seed "\"$seed\"" || return 1
	grep -q -- "--seed $seed " "$tmp/out" || {
		ksft_msg "the seed is not printed"
		return 1
	}
	got=0
	"$thprace" replay "$tmp/json" >"$tmp/out" 2>&1 || got=$?
	case $got in
	0 | 3) grep -q -- "--seed $seed " "$tmp/out" && return 0 ;;
	esac
	ksft_msg "replay: exit status $got"
	ksft_show "$tmp/out"
	return 1
}

# A kernel of files, that begins to complain while the run goes on.
complaint()
{
	root=$tmp/root
	mkdir -p "$root/proc/sys/kernel" "$root/sys/kernel" "$root/dev"
	echo 4096 >"$root/proc/sys/kernel/tainted"
	echo 0 >"$root/sys/kernel/warn_count"
	echo "4,1,1,-;WARNING: before the run" >"$root/dev/kmsg"
	THPRACE_WATCH_ROOT=$root
	export THPRACE_WATCH_ROOT
	start "" zap --duration 3600
	unset THPRACE_WATCH_ROOT
	until_true has_begun || return 1
	echo "4,2,1,-;WARNING: CPU: 1 PID: 1 at mm/rmap.c:1" >>"$root/dev/kmsg"
	ends 1 && json_says check '"kernel"' && json_says detail '"WARNING: CPU: 1'
}

# The op comes back well, and nothing has happened. What comes in turn with others is
# asked for once it was tried eight times.
idle()
{
	can "$1" || return 4
	case $1 in
	direct | partly) rounds=64 ;;
	*) rounds=8 ;;
	esac
	injected idle 3 "$1" --quiet --rounds "$rounds" --duration 600 && json_says why '".*never done'
}

# As if reclaim minded neither references nor what was written through them.
written_lost()
{
	injected discard 1 direct --quiet --rounds 16 --duration 60 &&
		json_says detail '"a page written through a reference'
}

collapsed() { cat /sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed; }

# khugepaged puts memory of somebody else together all the time, and none of the
# run's: that is nothing done, either.
others_collapsed()
{
	can khugepaged || return 4
	[ -w "$debugfs/split" ] || {
		reason="no module: nobody else's huge pages can be split"
		return 4
	}
	before=$(collapsed)
	# shellcheck disable=SC2016 # for the helper's shell
	./helper 8 sh -c 'while [ ! -e "$tmp/done" ]; do
		echo "pid=$HELPER_PID map=$HELPER_MAP" >$debugfs/split
		sleep 0.1
	done' >/dev/null 2>&1 &
	helper=$!
	rc=0
	idle khugepaged || rc=1
	: >"$tmp/done"
	wait "$helper" || :
	rm -f "$tmp/done"
	[ "$(collapsed)" -gt $((before + 8)) ] && return "$rc"
	ksft_msg "nothing of the others was put together: $before before, $(collapsed) now"
	return 1
}

neighbour_is_there() { [ -e "$tmp/neighbour" ]; }

# Somebody else has a huge page that is mapped by PTEs only.
neighbour()
{
	set -- /sys/kernel/mm/transparent_hugepage/hugepages-*/stats/nr_anon
	[ -e "$1" ] || {
		reason="this kernel does not count anonymous huge pages"
		return 4
	}
	start "" split-munmap --quiet --rounds 60 --duration 1200
	until_true there "$cgroup/thprace-$run-0" || return 1
	# shellcheck disable=SC2016 # for the helper's shell
	./helper --verify 8 sh -c 'echo "pid=$HELPER_PID map=$HELPER_MAP page=3" >$debugfs/munmap
		: >"$tmp/neighbour"
		while [ ! -e "$tmp/done" ]; do sleep 0.1; done' >/dev/null 2>&1 &
	helper=$!
	rc=0
	until_true neighbour_is_there && ends 0 || rc=1
	: >"$tmp/done"
	wait "$helper" || :
	return "$rc"
}

ksft_plan 26
ksft_case "the scenario is killed after a violation" scenario_killed
ksft_case "all are killed after a violation" all_killed
ksft_case "the scenario dies after a violation" died_after_finding
ksft_case "the scenario dies" died
ksft_case "the scenario hangs after a violation" hung
ksft_case "a page is lost, threads" page_lost zap
ksft_case "a page is lost, processes" page_lost fork-munmap
ksft_case "the OOM killer" no_memory
ksft_case "no more processes" no_fork
ksft_case "scenarios that were not begun are listed" not_begun
ksft_case "a report that cannot be written is refused" unwritable
ksft_case "a report that cannot be written at the end" unwritable_later
ksft_case "seeds above 2^63" large_seed
ksft_case "the kernel complains" complaint
for name in pageout lazyfree collapse reclaim compact khugepaged ksm direct partly; do
	ksft_case "$name, nothing done" idle "$name"
done
ksft_case "what I/O has written is lost" written_lost
ksft_case "khugepaged, others' memory alone" others_collapsed
ksft_case "a neighbour with huge pages is no leak" neighbour
ksft_end
