#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# After a violation thprace tries again, with ever less. What it says then must be
# so: faults are put in that come always, with one op, with a race, or with a
# schedule only.  Killed while it tries, it leaves a report and nothing else.
# shellcheck disable=SC2317 # cases are called by ksft_case
set -eu

cd "$(dirname -- "$0")"
# shellcheck source=ksft.sh
. ./ksft.sh

thprace=$(ksft_thprace)
[ -n "$thprace" ] || ksft_skip_all "no thprace: run make first"
tmp=$(mktemp -d)
khugepaged=/sys/kernel/mm/transparent_hugepage/khugepaged
stats=/sys/kernel/debug/thprace/stats
run=

# shellcheck disable=SC2317 # called by the trap
clean_up()
{
	[ -z "$run" ] || kill -9 "$run" 2>/dev/null || :
	rm -rf "$tmp"
}
trap clean_up EXIT

# finds FAULT OPTION...: a run with it fails; its output in $tmp/out.
finds()
{
	fault=$1
	shift
	got=0
	THPRACE_INJECT=$fault "$thprace" run "$@" --quiet --json "$tmp/json" \
		>"$tmp/out" 2>&1 || got=$?
	[ "$got" -ne 1 ] || return 0
	ksft_msg "thprace run $* with $fault: exit status $got, expected 1"
	ksft_show "$tmp/out"
	return 1
}

# says PATTERN...: each is in the report for people.
says()
{
	for pattern; do
		grep -Eq -- "$pattern" "$tmp/out" && continue
		ksft_msg "the report does not say: $pattern"
		ksft_show "$tmp/out"
		return 1
	done
}

says_not()
{
	! grep -Eq -- "$1" "$tmp/out" && return 0
	ksft_msg "the report says: $1"
	ksft_show "$tmp/out"
	return 1
}

# pasted FAULT STATUS: the command of the report, with the fault.
pasted()
{
	command=$(sed -n 's/^  run  *thprace run //p' "$tmp/out")
	[ -n "$command" ] || {
		ksft_msg "there is no command"
		return 1
	}
	got=0
	# as a shell takes it
	THPRACE_INJECT=$1 sh -c "\"\$0\" run $command --quiet" "$thprace" >"$tmp/again" 2>&1 ||
		got=$?
	[ "$got" -ne "$2" ] || return 0
	ksft_msg "thprace run $command: exit status $got, expected $2"
	ksft_show "$tmp/again"
	return 1
}

always()
{
	finds content "$1" --thps 2 --triage 20m &&
		says "reproduces: 5 of 5, without a race: needs neither split nor $2$" &&
		says "^ +run +thprace run $1 .*--thps 1 .*--without split --without op" &&
		json_says sentence '"reproduces: 5 of 5, without a race' &&
		json_says command "\"thprace run $1" && pasted content 1
}

of_op()
{
	finds op zap --thps 2 --triage 20m && says "without a race: zap is enough$" || return 1
	says "--without split" && says_not "--without op" && pasted op 1 && json_says needs '\['
	# the needs are a list: on the line below
	grep -A1 '"needs"' "$tmp/json" | grep -q '"zap"' || {
		ksft_msg "zap is not needed"
		return 1
	}
}

# The split that is left when lane a splits nothing is not passed over.
of_check_split()
{
	[ -r "$stats" ] || {
		# shellcheck disable=SC2034 # of ksft_case
		reason="no module: no check splits"
		return 4
	}
	finds check-split zap --thps 2 --triage 20m &&
		says "without a race: the split of the check is enough$" \
			"^ +run +thprace run zap .*--without split --without op" &&
		says_not "--without check-split|needs neither" && pasted check-split 1 || return 1
	grep -A1 '"needs"' "$tmp/json" | grep -q '"the split of the check"' && return 0
	ksft_msg "it is not among what is needed"
	return 1
}

of_race()
{
	finds race zap --thps 4 --triage 20m &&
		says "reproduces: [0-9]+ of [0-9]+, needs split and zap at the same time" &&
		says_not "without a race" && says "without the split 0 of" \
		"without zap 0 of" "one after the other 0 of" &&
		says_not "^ +run +thprace run .*--without (split|op|race)"
}

of_steer()
{
	[ "$(nproc)" -gt 1 ] || {
		# shellcheck disable=SC2034 # of ksft_case
		reason="one CPU: nothing is steered"
		return 4
	}
	finds steer split-munmap --thps 4 --triage 20m &&
		says "needs split.* against munmap" "without steering 0 of" &&
		says '^ +run +thprace run split-munmap .*--steer "' && pasted steer 1
}

# It was asked not to be done.
none()
{
	finds content zap --triage 0 && says_not "reproduces" && json_says triage null
}

# Nothing is tried on a machine where a task of the kernel has died.
oopsed()
{
	root=$tmp/root
	mkdir -p "$root/proc/sys/kernel" "$root/sys/kernel" "$root/dev"
	echo 0 >"$root/proc/sys/kernel/tainted"
	echo 0 >"$root/sys/kernel/oops_count"
	: >"$root/dev/kmsg"
	(
		until_true grep -q rounds "$tmp/out" && echo 1 >"$root/sys/kernel/oops_count"
	) &
	got=0
	: >"$tmp/out"
	THPRACE_WATCH_ROOT=$root "$thprace" run zap --duration 300 \
		--json "$tmp/json" >"$tmp/out" 2>&1 || got=$?
	wait
	[ "$got" -eq 1 ] && json_says check '"kernel"' &&
		says "not looked into: a task of the kernel has died" &&
		json_says why_not '"a task of the kernel has died'
}

# A run that cannot go on tries nothing, and its verdict is what it was.
hanging()
{
	begin=$(date +%s)
	finds content,hang zap --triage 5 || return 1
	took=$(($(date +%s) - begin))
	json_says verdict '"fail"' || return 1
	says "not looked into: the run could not go on" || return 1
	[ "$took" -lt 300 ] || {
		ksft_msg "it took $took s"
		return 1
	}
}

# What a run of the scenario khugepaged changes, and what it has open.
settings() { grep . "$khugepaged"/*sleep_millisecs "$khugepaged/pages_to_scan"; }
sessions() { [ ! -r "$stats" ] || grep '^sessions ' "$stats"; }

# Children of the run, theirs, and so on; the keeper is one.
processes()
{
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v root="$run" '
		{ parent[$1] = $4 }
		END {
			for (pid in parent) {
				for (p = pid; p > 1 && p != root; p = parent[p])
					;
				if (p == root)
					print pid
			}
		}'
}

cgroups() { find /sys/fs/cgroup -maxdepth 2 -name "thprace-$run-*" 2>/dev/null || :; }
in_triage() { grep -q 'what does it need' "$tmp/err" 2>/dev/null; }
set_back() { [ "$(settings)" = "$before" ]; }
changed() { ! set_back; }

# Those that were there are gone, by themselves.
all_gone()
{
	for pid in $pids; do
		! grep '^State:' "/proc/$pid/status" 2>/dev/null | grep -qv Z || return 1
	done
}

nothing_left()
{
	until_true all_gone || {
		ksft_msg "still there:"
		ps -o pid,ppid,args | ksft_show
		return 1
	}
	[ -z "$(cgroups)" ] || {
		ksft_msg "left:" "$(cgroups)"
		return 1
	}
	set_back || {
		ksft_msg "before:" "$before" "after:" "$(settings)"
		return 1
	}
	[ "$(sessions)" = "$open" ] && return 0
	ksft_msg "sessions before: $open, after: $(sessions)"
	return 1
}

# kill -9 of main, in the middle of a try: what was found before is in the report,
# and all that the try has is gone.
killed()
{
	can khugepaged || return 4
	before=$(settings)
	open=$(sessions)
	rm -f "$tmp/out" "$tmp/err" "$tmp/json"
	THPRACE_INJECT=content "$thprace" run khugepaged --thps 2 --triage 20m \
		--json "$tmp/json" >"$tmp/out" 2>"$tmp/err" &
	run=$!
	if ! until_true in_triage || ! until_true changed; then
		ksft_msg "no try was seen"
		ksft_show "$tmp/out" "$tmp/err"
		return 1
	fi
	pids=$(processes)
	kill -9 "$run"
	wait "$run" || :
	rc=0
	nothing_left || rc=1
	run=
	json_says verdict '"fail"' && json_says check '"content"' && json_says complete false ||
		rc=1
	return "$rc"
}

ksft_plan 10
ksft_case "a fault that always comes needs no race, threads" always zap zap
ksft_case "a fault that always comes needs no race, processes" always fork-munmap munmap
ksft_case "a fault of the op" of_op
ksft_case "a fault of the split of the check" of_check_split
ksft_case "a fault of a race" of_race
ksft_case "a fault of a schedule" of_steer
ksft_case "--triage 0" none
ksft_case "not after an oops" oopsed
ksft_case "not after a run that hung" hanging
ksft_case "killed while it tries" killed
ksft_end
