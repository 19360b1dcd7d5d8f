#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What the companion does to the machine: it says so before, does nothing when it
# is told not to, puts back what it can and says what it could not, and does not run
# twice at a time; its cgroups are below its own.
# shellcheck disable=SC2317 # cases are called by ksft_case
set -eu

cd "$(dirname -- "$0")"
# shellcheck source=ksft.sh
. ./ksft.sh

thprace=$(ksft_thprace)
[ -n "$thprace" ] || ksft_skip_all "no thprace: run make first"
mm=/sys/kernel/mm
thp=$mm/transparent_hugepage
cgroup=/sys/fs/cgroup
tmp=$(mktemp -d)
run=

# shellcheck disable=SC2317 # called by the trap
clean_up()
{
	[ -z "$run" ] || kill -9 "$run" 2>/dev/null || :
	rm -rf "$tmp"
}
trap clean_up EXIT

# Enough rounds that a run sets up each scenario, and few.
few="--rounds 2 --duration 1200 --quiet"
changing="shmem-punch khugepaged ksm compact reclaim pageout direct"

# Settings, not counters: what root may write and anybody read.
settings=$(find $mm /proc/sys/vm -type f -perm -0644 ! -name stat_refresh ! -name drop_caches \
	! -name compact_memory 2>/dev/null)

state()
{
	# shellcheck disable=SC2086 # a list of files
	grep . $settings 2>/dev/null || :
	cat /proc/swaps
	find /sys/block | sort
	find "$cgroup" -type d
	grep . "$cgroup"/cgroup.subtree_control || :
	cut -d' ' -f1 /proc/modules
	for dir in /proc/[0-9]*; do
		case $(cat "$dir/comm" 2>/dev/null) in
		ksmd | khugepaged) grep Cpus_allowed: "$dir/status" ;;
		esac
	done
}

# exits STATUS... -- OPTION...: thprace run ends with one of them; its output in $tmp/out.
exits()
{
	want=
	while [ "$1" != -- ]; do
		want="$want $1"
		shift
	done
	shift
	got=0
	"$thprace" run "$@" --triage 0 --json "$tmp/json" >"$tmp/out" 2>&1 || got=$?
	case "$want " in
	*" $got "*) return 0 ;;
	esac
	ksft_msg "thprace run $*: exit status $got, expected$want"
	ksft_show "$tmp/out"
	return 1
}

# ended STATUS: passed, or a few rounds raced too little, which is no fault here.
ended()
{
	case $1 in 0 | 3) return 0 ;; esac
	ksft_msg "exit status $1"
	ksft_show "$tmp/out"
	return 1
}

# says PATTERN: in the output.
says()
{
	grep -q -- "$1" "$tmp/out" && return 0
	ksft_msg "no \"$1\" in the output"
	ksft_show "$tmp/out"
	return 1
}

same()
{
	state >"$tmp/after"
	cmp -s "$tmp/before" "$tmp/after" && return 0
	ksft_msg "the machine has changed"
	diff "$tmp/before" "$tmp/after" | ksft_show
	return 1
}

dry_run()
{
	state >"$tmp/before"
	"$thprace" run --dry-run >"$tmp/out" || return 1
	same && says '^file .*/thprace.lock' && says '^module  *thprace ' &&
		says "^cgroup  *$cgroup/thprace-" &&
		says "shmem_enabled = advise.*shmem-punch"
}

# watch COMMAND...: all states that are seen while it runs, in $tmp/seen.
watch()
{
	state >"$tmp/before"
	cp "$tmp/before" "$tmp/seen"
	rm -f "$tmp/done"
	{
		while [ ! -e "$tmp/done" ]; do
			state >"$tmp/now"
			cat "$tmp/now" >>"$tmp/seen"
		done
	} &
	watcher=$!
	rc=0
	"$@" || rc=1
	: >"$tmp/done"
	wait "$watcher"
	# What was seen once and was not there before; a module's line may be any.
	sort -u "$tmp/before" >"$tmp/old"
	sort -u "$tmp/seen" | comm -13 "$tmp/old" - >"$tmp/changed" 2>/dev/null ||
		sort -u "$tmp/seen" | grep -vxFf "$tmp/old" >"$tmp/changed" || :
	return "$rc"
}

gentle()
{
	# shellcheck disable=SC2086 # options
	watch exits 0 3 -- --gentle split-munmap $changing $few || return 1
	says '^  split-munmap .*rounds [1-9]' && says '^  pageout .*rounds [1-9]' &&
		says 'skipped: --gentle: it needs' || return 1
	if [ -s "$tmp/changed" ]; then
		ksft_msg "changed while it ran:"
		ksft_show "$tmp/changed"
		return 1
	fi
	same
}

# The control of the watch; and all that it sees was announced.
not_gentle()
{
	"$thprace" run --dry-run >"$tmp/list"
	# shellcheck disable=SC2086
	watch exits 0 3 -- $changing $few || return 1
	grep -q . "$tmp/changed" || {
		ksft_msg "no change was seen"
		return 1
	}
	ksft_show "$tmp/changed"
	rc=0
	sed -n 's/^\(\/[^:]*\):.*/\1/p' "$tmp/changed" | sort -u >"$tmp/files"
	while read -r file; do
		case $file in */cgroup.subtree_control) continue ;; esac
		grep -q "^setting  $file = " "$tmp/list" || {
			ksft_msg "not announced: $file"
			rc=1
		}
	done <"$tmp/files"
	[ "$rc" -eq 0 ] && same
}

start()
{
	"$thprace" run "$@" >"$tmp/first" 2>&1 &
	run=$!
}

lock_is_ours() { [ "$(cat /run/thprace.lock 2>/dev/null)" = "$run" ]; }

stop()
{
	kill "$run" 2>/dev/null || :
	wait "$run" || :
	run=
}

second()
{
	start zap --duration 3600 --quiet
	rc=0
	until_true lock_is_ours || rc=1
	# shellcheck disable=SC2086
	[ "$rc" -eq 0 ] && exits 2 -- zap $few && says "another run is going on: process $run " ||
		rc=1
	stop
	return "$rc"
}

# Killed with -9 while a setting is changed: the next run waits for the keeper.
killed()
{
	state >"$tmp/before"
	start shmem-punch --duration 3600 --quiet
	until_true grep -q '\[advise\]' "$thp"/shmem_enabled || return 1
	kill -9 "$run"
	run=
	# shellcheck disable=SC2086
	exits 0 3 -- shmem-punch $few && same
}

# The same while a size of folios is allowed.
killed_with_size()
{
	size=$thp/hugepages-64kB/enabled
	[ -e "$size" ] || {
		reason="this kernel has no sizes of folios"
		return 4
	}
	state >"$tmp/before"
	grep -q '\[madvise\]' "$size" && ksft_msg "64 KiB are allowed already"
	start zap --orders 64k --duration 3600 --quiet
	until_true grep -q '\[madvise\]' "$size" || return 1
	kill -9 "$run"
	run=
	# shellcheck disable=SC2086
	exits 0 3 -- zap --orders pmd $few && same
}

# Nothing of it is there but what the module makes when it is loaded.
has_device() { [ "$(find /sys/block -name 'zram*' | wc -l)" -gt "$1" ]; }

# The same while there is a block device of ours.
killed_with_device()
{
	has_zram || {
		reason="there is swap, or zram is in use, or there is none"
		return 4
	}
	had=$(find /sys/block -name 'zram*' | wc -l)
	state >"$tmp/before"
	start direct --duration 3600 --quiet
	until_true has_device $((had ? had : 1)) || return 1
	kill -9 "$run"
	run=
	# shellcheck disable=SC2086
	exits 0 3 -- zap $few && same
}

# pids NAME: of our run
pids()
{
	cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v run="$run" -v name="($1)" '$4 == run && $2 == name { print $1 }'
}

has_scenario() { [ -n "$(pids thprace)" ]; }

# Each scenario that is there; one that has just begun, or is about to end, may not be yet.
are_victims()
{
	for pid in $(pids thprace); do
		[ "$(cat "/proc/$pid/oom_score_adj")" = 1000 ] || return 1
	done
}

victims()
{
	start fork-munmap --duration 3600 --quiet
	rc=0
	until_true lock_is_ours && until_true has_scenario || rc=1
	until_true are_victims || {
		ksft_msg "process $pid is no victim"
		rc=1
	}
	keeper=$(pids race-keeper)
	[ "$(cat "/proc/$keeper/oom_score_adj")" = -1000 ] || {
		ksft_msg "the keeper is a victim"
		rc=1
	}
	stop
	return "$rc"
}

not_restored()
{
	can shmem-punch || return 4
	selected=$(sed 's/.*\[\(.*\)\].*/\1/' "$thp/shmem_enabled")
	rc=0
	# shellcheck disable=SC2086
	injected restore 2 -- shmem-punch $few && says 'not put back: .*shmem_enabled is advise' &&
		says '^verdict: aborted (not put back' || rc=1
	grep -q '"not_put_back"' "$tmp/json" && grep -q 'shmem_enabled is advise, was' "$tmp/json" ||
		rc=1
	echo "$selected" >"$thp/shmem_enabled"
	# A violation comes first.
	# shellcheck disable=SC2086
	injected restore,content 1 -- shmem-punch $few && says 'not put back: ' || rc=1
	echo "$selected" >"$thp/shmem_enabled"
	return "$rc"
}

# One that is free: built in, or a module that is not loaded.
has_zram()
{
	[ "$(wc -l </proc/swaps)" -eq 1 ] || return 1
	if [ -e /sys/block/zram0 ]; then
		[ "$(cat /sys/block/zram0/disksize)" = 0 ]
	else
		modprobe zram 2>/dev/null && modprobe -r zram
	fi
}

swap_hangs()
{
	has_zram || {
		reason="there is swap, or zram is in use, or there is none"
		return 4
	}
	rc=0
	had=$(find /sys/block -name zram0)
	# shellcheck disable=SC2086
	injected swapoff 2 -- pageout $few && says 'not put back: swap is still on' || rc=1
	swapoff /dev/zram0 && echo 1 >/sys/block/zram0/reset || rc=1
	[ -n "$had" ] || modprobe -r zram || rc=1
	return "$rc"
}

# in_cgroup DIR COMMAND...: becomes it, in that cgroup; for a process of its own.
in_cgroup()
{
	exec sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$@"
}

is_below() { [ -n "$(find "$1" -mindepth 1 -type d -name "thprace-[0-9]*-0" 2>/dev/null)" ]; }
at_root() { [ -n "$(find "$cgroup" -maxdepth 1 -name 'thprace-*')" ]; }

memory_cgroups()
{
	grep -q memory "$cgroup"/cgroup.controllers 2>/dev/null || {
		reason="cgroup2 has no memory controller"
		return 1
	}
	had=$(grep -w memory "$cgroup"/cgroup.subtree_control || :)
	echo +memory >"$cgroup"/cgroup.subtree_control
	mkdir "$cgroup"/outer "$cgroup"/outer/inner
}

no_memory_cgroups()
{
	rmdir "$cgroup"/outer/inner "$cgroup"/outer || return 1
	[ -n "$had" ] || echo -memory >"$cgroup"/cgroup.subtree_control
}

# Alone in its cgroup, which has a limit.
below_own()
{
	memory_cgroups || return 4
	rc=0
	echo 1G >"$cgroup"/outer/memory.max
	in_cgroup "$cgroup"/outer "$thprace" run zap --rounds 20 --duration 1200 --quiet -v \
		>"$tmp/out" 2>&1 &
	run=$!
	until_true is_below "$cgroup"/outer || rc=1
	! at_root || rc=1
	got=0
	wait "$run" || got=$?
	run=
	ended "$got" && says 'check leak *held [1-9]' || rc=1
	! grep -q memory "$cgroup"/outer/cgroup.subtree_control || rc=1
	no_memory_cgroups || rc=1
	return "$rc"
}

# Killed with -9 there: the keeper goes back and removes them.
below_own_killed()
{
	memory_cgroups || return 4
	rc=0
	in_cgroup "$cgroup"/outer "$thprace" run zap --duration 1200 --quiet >"$tmp/out" 2>&1 &
	run=$!
	until_true is_below "$cgroup"/outer || rc=1
	kill -9 "$run"
	wait "$run" || :
	run=
	until_true no_cgroups || rc=1
	no_memory_cgroups && [ "$rc" -eq 0 ]
}

no_cgroups() { [ -z "$(find "$cgroup" -name 'thprace-*')" ] && [ -z "$(cat "$cgroup"/outer/cgroup.procs)" ]; }

# With others in its cgroup: beside it if it has no limit, else not at all.
with_others()
{
	memory_cgroups || return 4
	rc=0
	echo +memory >"$cgroup"/outer/cgroup.subtree_control
	in_cgroup "$cgroup"/outer/inner sleep 1000 &
	other=$!
	got=0
	(in_cgroup "$cgroup"/outer/inner "$thprace" run --dry-run zap) >"$tmp/out" 2>&1 || got=$?
	ended "$got" && says "^cgroup  *$cgroup/outer/thprace-" || rc=1
	echo 1G >"$cgroup"/outer/inner/memory.max
	got=0
	# shellcheck disable=SC2086
	(in_cgroup "$cgroup"/outer/inner "$thprace" run zap $few -v) >"$tmp/out" 2>&1 || got=$?
	ended "$got" && says 'check leak *-  .*its own cgroup has other processes, and a limit' || rc=1
	kill "$other"
	wait "$other" || :
	no_memory_cgroups && [ "$rc" -eq 0 ]
}

# Of version 1, where cgroup2 lets go of the controller.
version_1()
{
	grep -q memory /proc/cgroups 2>/dev/null || {
		reason="no cgroups of version 1 on this kernel"
		return 4
	}
	mkdir "$tmp/v1"
	# What cgroup2 had there may take a while to be gone.
	tries=100
	until mount -t cgroup -o memory none "$tmp/v1" 2>"$tmp/err"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || {
			reason="no memory controller of cgroup v1: $(tail -n 1 "$tmp/err")"
			return 4
		}
		sleep 0.1
	done
	rc=0
	mkdir "$tmp/v1/outer"
	in_cgroup "$tmp/v1/outer" "$thprace" run zap reclaim --rounds 8 --duration 1200 --quiet -v \
		>"$tmp/out" 2>&1 &
	run=$!
	until_true is_below "$tmp/v1/outer" || rc=1
	got=0
	wait "$run" || got=$?
	run=
	ended "$got" && says 'check leak *held [1-9]' && says 'op reclaim *done [1-9]' || rc=1
	rmdir "$tmp/v1/outer" || rc=1
	umount "$tmp/v1" || rc=1
	return "$rc"
}

# Tests of ours that need reserved huge pages take none away.
reserved()
{
	pool=/proc/sys/vm/nr_hugepages
	[ -e "$pool" ] || {
		reason="no hugetlb on this kernel"
		return 4
	}
	had=$(cat "$pool")
	echo 4 >"$pool"
	[ "$(cat "$pool")" -eq 4 ] || {
		echo "$had" >"$pool"
		reason="no 4 huge pages can be reserved"
		return 4
	}
	rc=0
	./test_errno_state "EINVAL: hugetlb" >"$tmp/out" 2>&1 || rc=1
	./test_misuse "hugetlb behind a held page" >>"$tmp/out" 2>&1 || rc=1
	[ "$(cat "$pool")" -ge 4 ] || {
		ksft_msg "reserved: $(cat "$pool"), were 4"
		rc=1
	}
	echo "$had" >"$pool"
	[ "$rc" -eq 0 ] || ksft_show "$tmp/out"
	return "$rc"
}

ksft_plan 15
ksft_case "a dry run lists all and changes nothing" dry_run
ksft_case "a gentle run changes nothing" gentle
ksft_case "what another one changes was announced" not_gentle
ksft_case "a second run is refused" second
ksft_case "killed with -9: the next one runs" killed
ksft_case "killed with a size of folios" killed_with_size
ksft_case "killed with -9: its block device goes" killed_with_device
ksft_case "who is killed when memory runs out" victims
ksft_case "a setting that is not put back" not_restored
ksft_case "swapoff hangs" swap_hangs
ksft_case "cgroups are below its own" below_own
ksft_case "cgroups below its own, killed with -9" below_own_killed
ksft_case "others in its own cgroup" with_others
ksft_case "cgroup v1" version_1
ksft_case "reserved huge pages stay" reserved
ksft_end
