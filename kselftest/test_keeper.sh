#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The companion killed with -9, all of its processes at once: the settings that
# the scenario had changed are set back, and nothing of the run is left.
# shellcheck disable=SC2317 # cases are called by ksft_case
set -eu

cd "$(dirname -- "$0")"
# shellcheck source=ksft.sh
. ./ksft.sh

thprace=$(ksft_thprace)
[ -n "$thprace" ] || ksft_skip_all "no thprace: run make first"
thp=/sys/kernel/mm/transparent_hugepage
control=shmem-punch

can khugepaged || ksft_skip_all "khugepaged: $reason"

# A session of our own keeps the probes where they are: the ends of runs, which
# are no subject here, then patch no code while all these processes come and go.
session=/sys/kernel/debug/thprace/session
if [ -w "$session" ]; then
	exec 9<>"$session"
	echo 'arm steer="a>end"' >&9
fi

# All settings that the two scenarios change, and where the thread may run.
state()
{
	grep . "$thp/khugepaged"/*sleep_millisecs "$thp/khugepaged/pages_to_scan" \
		"$thp/shmem_enabled"
	for dir in /proc/[0-9]*; do
		if [ "$(cat "$dir/comm" 2>/dev/null)" = khugepaged ]; then
			grep Cpus_allowed: "$dir/status"
		fi
	done
}

# processes NAME: pids of those of our run that are called so, zombies not.
processes()
{
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v root="$run" -v name="($1)" '
		{ parent[$1] = $4; called[$1] = $2; state[$1] = $3 }
		END {
			for (pid in parent) {
				for (p = pid; p > 1 && p != root; p = parent[p])
					;
				if (p == root && called[pid] == name && state[pid] != "Z")
					print pid
			}
		}'
}

cgroups()
{
	find /sys/fs/cgroup -maxdepth 2 -name "thprace-$run-*" 2>/dev/null || :
}

changed() { [ "$(state)" != "$before" ]; }
same() { [ "$(state)" = "$before" ]; }
gone() { ! grep '^State:' "/proc/$1/status" 2>/dev/null | grep -qv Z; }
no_cgroups() { [ -z "$(cgroups)" ]; }

remove_cgroups()
{
	cgroups | while read -r dir; do rmdir "$dir" 2>/dev/null || :; done
	no_cgroups
}

stopped()
{
	for pid in $(processes thprace); do
		grep -q '^State:.*T' "/proc/$pid/status" 2>/dev/null || return 1
	done
}

# Stopped first, so that none sees another one's end: what handles that is
# tested elsewhere. One that sleeps deeply for ever is killed unstopped.
kill_all()
{
	tries=100
	while [ "$tries" -gt 0 ]; do
		tries=$((tries - 1))
		# shellcheck disable=SC2046 # pids
		kill -STOP $(processes thprace) 2>/dev/null || :
		! stopped || break
		sleep 0.1
	done
	keeper=$(processes race-keeper)
	# shellcheck disable=SC2046 # pids
	kill -KILL $(processes thprace) || :
}

# in_the_middle_of SCENARIO: it runs, and has changed a setting.
in_the_middle_of()
{
	before=$(state)
	"$thprace" run "$1" --duration 3600 --quiet >/dev/null 2>&1 &
	run=$!
	until_true changed && return 0
	ksft_msg "$1 changes no setting"
	kill_all
	return 1
}

restored()
{
	in_the_middle_of khugepaged || return 1
	kill_all
	wait
	until_true same && return 0
	ksft_msg "before:" "$before" "after:" "$(state)"
	return 1
}

nothing_left()
{
	[ -n "$keeper" ] || {
		ksft_msg "there was no keeper"
		return 1
	}
	until_true gone "$keeper" || {
		ksft_msg "the keeper is still there"
		return 1
	}
	until_true no_cgroups && return 0
	ksft_msg "left:" "$(cgroups)"
	return 1
}

# What the first case would see without a keeper.
not_restored()
{
	can "$control" || return 4
	selected=$(sed 's/.*\[\(.*\)\].*/\1/' "$thp/shmem_enabled")
	in_the_middle_of "$control" || return 1
	keeper=$(processes race-keeper)
	kill -KILL "$keeper"
	kill_all
	wait
	rc=0
	changed || rc=1
	[ "$rc" -eq 0 ] || ksft_msg "somebody else has set it back"
	echo "$selected" >"$thp/shmem_enabled"
	until_true remove_cgroups || rc=1
	return "$rc"
}

ksft_plan 3
ksft_case "all killed: settings are set back" restored
ksft_case "all killed: no process and no cgroup left" nothing_left
ksft_case "all killed, the keeper too: settings stay" not_restored
ksft_end
