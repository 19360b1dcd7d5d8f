#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# thprace observe: the workload is what it is without us, what the module finds is a
# violation, and nothing is left behind, whoever is killed.
# shellcheck disable=SC2317 # cases are called by ksft_case
# shellcheck disable=SC2016,SC2034 # what is in single quotes, $reason is for shells below
set -eu

cd "$(dirname -- "$0")"
# shellcheck source=ksft.sh
. ./ksft.sh

thprace=$(ksft_thprace)
[ -n "$thprace" ] || ksft_skip_all "no thprace: run make first"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export thprace tmp
stats=/sys/kernel/debug/thprace/stats

# exits WANTED COMMAND...: runs it, its output in $tmp/out, the report in $tmp/err.
exits()
{
	want=$1
	shift
	got=0
	"$@" <"$tmp/in" >"$tmp/out" 2>"$tmp/err" || got=$?
	[ "$got" -ne "$want" ] || return 0
	ksft_msg "$*: exit status $got, expected $want"
	ksft_show "$tmp/out" "$tmp/err"
	return 1
}
: >"$tmp/in"

# says PATTERN: of the report
says()
{
	grep -q -- "$1" "$tmp/err" && return 0
	ksft_msg "no \"$1\" in the report"
	ksft_show "$tmp/err"
	return 1
}

observe() # WANTED [OPTION]... COMMAND...
{
	want=$1
	shift
	exits "$want" "$thprace" observe --json "$tmp/json" "$@"
}

# Who has all of this in its command line, but for this shell's own tools; busybox has no pgrep -f.
living()
{
	for dir in /proc/[0-9]*; do
		[ "${dir#/proc/}" != $$ ] || continue
		words=$(tr '\0' ' ' 2>/dev/null <"$dir/cmdline") || continue
		case $words in
		"$1"*) echo "${dir#/proc/}" ;;
		esac
	done
}
nobody() { [ -z "$(living "$1")" ]; }
somebody() { [ -n "$(living "$1")" ]; }

no_cgroup() { ! find /sys/fs/cgroup -name 'thprace-*' 2>/dev/null | grep -q .; }
no_session() { grep -q '^sessions 0$' "$stats"; }

clean()
{
	no_cgroup && no_session && nobody race-keeper && return 0
	ksft_msg "left behind: $(find /sys/fs/cgroup -name 'thprace-*'; grep '^sessions ' "$stats"; living race-keeper)"
	return 1
}

# Its input, output and status are its own.
passes()
{
	echo input >"$tmp/in"
	observe 0 --overhead 60 ./helper --verify 16 sh -c 'cat; echo output; sleep 3' || return 1
	: >"$tmp/in"
	[ "$(cat "$tmp/out")" = "input
output" ] && says '^thprace: observe: verdict: pass$' && says 'held:.* page_mapcount [1-9]' &&
		says 'pmd_geometry [1-9]' && json_says verdict '"pass"' && json_says status 0 && clean || return 1
	[ -z "${KSFT_REPORTS:-}" ] || {
		mkdir -p "$KSFT_REPORTS" && cp "$tmp/json" "$KSFT_REPORTS/observe.json"
	}
}

own_status()
{
	observe 7 --overhead 60 ./helper 16 sh -c 'echo output; sleep 3; exit 7' && says 'verdict: pass' &&
		says 'exited with 7' && json_says status 7 && clean || return 1
	exits 0 "$thprace" observe --verdict-status --overhead 60 ./helper 16 sh -c 'sleep 3; exit 7'
}

# What the module is told to see wrongly is a violation, whatever the command's status.
finding()
{
	injected page_mapcount 1 "$thprace" observe --json "$tmp/json" --overhead 60 ./helper 16 \
		sh -c 'echo output; sleep 3; exit 7' && says '^VIOLATION page_mapcount in observe' &&
		says 'verdict: fail' && [ "$(cat "$tmp/out")" = output ] && json_says verdict '"fail"' &&
		json_says control true && json_says status 7 && clean
}

nothing_huge()
{
	observe 3 sleep 2 && says 'inconclusive (no huge page was split or checked' && clean &&
		observe 3 --overhead 0 ./helper 4 sleep 1 && clean
}

killed()
{
	observe 137 sh -c 'kill -9 $$' && says 'ended by signal 9' && json_says status 137 && clean
}

# Sent to us alone it reaches the command.
signalled()
{
	"$thprace" observe sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done' \
		>"$tmp/out" 2>"$tmp/err" &
	pid=$!
	until_true grep -q ready "$tmp/out" || return 1
	kill -TERM "$pid"
	got=0
	wait "$pid" || got=$?
	[ "$got" -eq 9 ] && says 'exited with 9' && clean
}

not_there()
{
	exits 2 "$thprace" observe /nosuch && says 'cannot run /nosuch' && clean
}

# Who detaches is followed, and lives on where it would be without us.
daemon()
{
	observe 3 sh -c 'setsid sleep 4711 >/dev/null 2>&1 & sleep 1; echo $! >"$tmp/pid"' &&
		json_says left 1 && json_says followed_by "\"$1\"" && clean || return 1
	read -r pid <"$tmp/pid"
	kill -0 "$pid" && grep -q 4711 "/proc/$pid/cmdline" && kill "$pid"
}

daemon_by_parents()
{
	THPRACE_INJECT=cgroup
	export THPRACE_INJECT
	rc=0
	daemon parents || rc=1
	unset THPRACE_INJECT
	return "$rc"
}

# kill -9 of thprace ends the command, and all that it has begun.
kill_9()
{
	[ "$1" = cgroup ] || export THPRACE_INJECT=cgroup
	"$thprace" observe sh -c 'setsid sleep 4712 & sleep 4713' >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	unset THPRACE_INJECT
	until_true somebody 'sleep 4712' || return 1
	sleep 1
	if [ "$1" = cgroup ] && no_cgroup; then
		ksft_msg "there is no cgroup"
		return 1
	fi
	kill -9 "$pid"
	wait "$pid" || :
	until_true nobody 'sleep 471' && until_true nobody race-keeper && clean
}

# Processes that run already; nothing happens to them.
attached()
{
	exits 0 ./helper --verify 16 sh -c \
		'"$thprace" observe --overhead 60 --pid $HELPER_PID --duration 3s --json "$tmp/json"' &&
		says 'verdict: pass' && json_says status null && clean || return 1
	sleep 2 &
	exits 3 "$thprace" observe --pid $! && says '0 regions\|verdict: inconclusive' && clean &&
		exits 2 "$thprace" observe --pid 4194000 && says 'there is no process 4194000'
}

given_cgroup()
{
	dir=/sys/fs/cgroup/observe-test
	mkdir "$dir" 2>/dev/null || {
		reason="no cgroup2 here"
		return 4
	}
	rc=0
	./helper --verify 16 sh -c 'echo 0 >'"$dir"'/cgroup.procs; echo $HELPER_PID >'"$dir"'/cgroup.procs
		sleep 4' 2>"$tmp/helper" &
	pid=$!
	until_true grep -q . "$dir/cgroup.procs"
	sleep 0.5
	exits 0 "$thprace" observe --overhead 60 --cgroup "$dir" --duration 2s && says 'verdict: pass' || rc=1
	wait "$pid" || rc=1
	until_true rmdir "$dir"
	return "$rc"
}

# Of the time, as it says itself; the first steps are not paid for yet.
share()
{
	observe 0 --overhead "$1" ./helper 16 sleep 4 || return 1
	awk -F '[:,]' -v max="$1" '/"overhead":/ { seen = 1; if ($2 > max * 1.5 || $2 <= 0) bad = 1 }
		END { exit bad || !seen }' "$tmp/json" && return 0
	ksft_msg "more than $1%: $(grep '"overhead' "$tmp/json")"
	return 1
}

usage()
{
	bad=0
	while read -r line; do
		# shellcheck disable=SC2086 # a list of words
		if ! exits 2 "$thprace" observe $line || ! says .; then
			bad=1
		fi
	done <<-LINES

	--pid x
	--pid 1 true
	--pid 1 --cgroup /sys/fs/cgroup
	--cgroup /nosuch
	--cgroup /nosuch true
	--overhead 91 true
	--overhead x true
	--checks nosuch true
	--checks split_progress true
	--checks , true
	--duration 1s true
	--json - true
	--json /nosuch/json true
	--nosuch true
	LINES
	return "$bad"
}

# A check that was named has to be held.
named()
{
	observe 0 --overhead 60 --checks page_mapcount,pmd_geometry ./helper 16 sleep 3 || return 1
	if grep '^  held:' "$tmp/err" | grep -q refcount; then
		ksft_msg "others were made as well"
		return 1
	fi
	observe 3 --checks split_lock ./helper 16 sleep 1 && says 'never held\|no huge page'
}

# A process of the tree splits and unmaps: its locks are looked at, and phases meet.
workload='"$thprace" run split-munmap --no-module --quiet --duration 5s >/dev/null 2>&1 || :'
locks()
{
	observe 0 --coverage --overhead 60 sh -c "$workload" && says 'held:.* split_lock [1-9]' &&
		says 'rmap_lock [1-9]' && says 'met by chance: [1-9][0-9]* of [1-9]' && clean || return 1
	injected rmap_lock 1 "$thprace" observe sh -c "$workload" && says '^VIOLATION rmap_lock' && clean
}

# What is none of the tree's is not counted.
locks_of_others()
{
	sh -c "$workload" &
	pid=$!
	rc=0
	observe 3 --overhead 0 sleep 3 || rc=1
	! grep -q 'rmap_lock [0-9][0-9][0-9]' "$tmp/err" || rc=1
	wait "$pid"
	return "$rc"
}

ksft_plan 18
ksft_case "a workload with huge pages passes" passes
ksft_case "the command's own status" own_status
ksft_case "a finding" finding
ksft_case "nothing huge is inconclusive" nothing_huge
ksft_case "a command that is killed" killed
ksft_case "signals reach the command" signalled
ksft_case "a command that is not there" not_there
ksft_case "a daemon that detaches" daemon cgroup
ksft_case "a daemon, without a cgroup" daemon_by_parents
ksft_case "kill -9 leaves nothing" kill_9 cgroup
ksft_case "kill -9 leaves nothing, without a cgroup" kill_9 parents
ksft_case "processes that run already" attached
ksft_case "a cgroup of others" given_cgroup
ksft_case "the share of the time" share 5
ksft_case "locks of what it does" locks
ksft_case "locks of others" locks_of_others
ksft_case "usage errors exit 2" usage
ksft_case "checks that are named" named
ksft_end
