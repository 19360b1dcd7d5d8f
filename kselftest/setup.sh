#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs one command with huge pages switched on and the module loaded, and puts
# everything back afterwards, however it ends; keeper.sh does if all is killed with -9.
#
# usage: setup.sh COMMAND [ARG]...
#
# Called by run.sh for the whole run, and by each test that is started without
# it. Exits with the command's status, or 2 when the setting up or the putting back
# fails or another one is at it, or 4 when it cannot be done here. Needs nothing
# but a POSIX shell and insmod.
# THPRACE_NO_MODULE=1 leaves the module alone, THPRACE_KO says where it is.
set -eu

here=$(cd "$(dirname -- "$0")" && pwd)
# shellcheck source=knob.sh
. "$here/knob.sh"

thp=${THPRACE_THP_SYSFS:-/sys/kernel/mm/transparent_hugepage}
sysctl=${THPRACE_PROC_SYS:-/proc/sys}
lock=${THPRACE_KSFT_LOCK:-/run/thprace-kselftest.lock}
debugfs=/sys/kernel/debug
dir=
keeper=
child=

say() { echo "# setup.sh: $*"; }

# Before it is changed: whoever is killed then, keeper.sh knows.
knob_save()
{
	echo "$1 $(knob_value "$1")" | cat - "$dir/saved" >"$dir/new"
	mv "$dir/new" "$dir/saved"
}

# Sets a knob and remembers what it was; one that is absent is no error.
knob_set()
{
	[ -w "$1" ] || return 0
	[ "$(knob_value "$1")" != "$2" ] || return 0
	knob_save "$1"
	echo "$2" 2>/dev/null >"$1" || say "cannot set $1 to $2"
}

# Also what tests change on their own behalf and cannot undo when killed.
knob_keep()
{
	[ ! -w "$1" ] || knob_save "$1"
}

# Two at a time would put back each other's settings.
take_lock()
{
	command -v flock >/dev/null || return 0
	exec 8>>"$lock"
	tries=60
	until flock -n 8; do
		read -r other <"$lock" || other=
		if [ -n "$other" ] && kill -0 "$other" 2>/dev/null; then
			say "another run is going on: process $other (it holds $lock)"
			exit 2
		fi
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || {
			say "a run that was killed is still being cleaned up ($lock)"
			exit 2
		}
		sleep 1
	done
	echo $$ >"$lock"
}

# A process under another name and in a session of its own, which what kills us
# does not kill; it holds the lock until it is done, and nobody else beside us.
start_keeper()
{
	dir=$(mktemp -d)
	: >"$dir/saved"
	mkfifo "$dir/end"
	setsid=
	! command -v setsid >/dev/null || setsid=setsid
	$setsid "$here/keeper.sh" "$dir" <"$dir/end" &
	keeper=$!
	exec 9>"$dir/end"
}

# shellcheck disable=SC2317 # reached by the trap
restore()
{
	status=$?
	trap - EXIT INT TERM HUP
	trap '' PIPE
	# What one part of the restoring cannot do must not keep the rest.
	set +e
	if [ -n "$child" ]; then
		kill "$child" 2>/dev/null && wait "$child"
	fi
	if [ -n "$keeper" ]; then
		echo end 2>/dev/null >&9
		wait "$keeper"
		kept=$?
		# It was killed: what is left to do is done by another one.
		if [ -e "$dir/saved" ]; then
			"$here/keeper.sh" "$dir" </dev/null
			kept=$?
		fi
		[ "$kept" -eq 0 ] || [ "$status" -ne 0 ] || status=2
	fi
	exit "$status"
}

find_module()
{
	for ko in "${THPRACE_KO:-}" /thprace/thprace.ko "$here/../thprace.ko" \
		"$here/../module/thprace.ko"; do
		[ -r "$ko" ] || continue
		# Absolute: tests change directory.
		case $ko in
		/*) ;;
		*) ko=$(pwd)/$ko ;;
		esac
		echo "$ko"
		return
	done
}

[ $# -gt 0 ] || {
	echo "usage: setup.sh COMMAND [ARG]..." >&2
	exit 2
}
[ "$(id -u)" -eq 0 ] || {
	echo "KTAP version 1"
	echo "1..0 # SKIP needs root"
	exit 4
}

take_lock
trap restore EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

[ -d "$thp" ] || {
	echo "KTAP version 1"
	echo "1..0 # SKIP this kernel has no transparent huge pages"
	exit 4
}
start_keeper
knob_set "$thp/enabled" always
knob_set "$thp/defrag" always
knob_keep "$thp/shmem_enabled"
for path in "$thp"/hugepages-*/enabled; do
	case $path in
	*"*"*) ;;
	*) knob_keep "$path" ;;
	esac
done
# khugepaged must not put together what a test split.
knob_set "$thp/khugepaged/defrag" 0
knob_set "$thp/khugepaged/scan_sleep_millisecs" 3600000
# 6.1's smaps does not count a huge page that awaits a NUMA hinting fault.
knob_set "$sysctl"/kernel/numa_balancing 0
knob_keep "$sysctl"/kernel/ftrace_enabled
knob_keep "$sysctl"/vm/nr_hugepages
knob_keep "$sysctl"/kernel/randomize_va_space

[ -e "$debugfs/kprobes" ] || [ -e "$debugfs/thprace" ] ||
	mount -t debugfs none "$debugfs" 2>/dev/null || :

THPRACE_KO=$(find_module)
export THPRACE_KO
if [ -z "${THPRACE_NO_MODULE:-}" ] && [ ! -d /sys/module/thprace ]; then
	[ -n "$THPRACE_KO" ] || {
		echo "KTAP version 1"
		echo "1..0 # SKIP no thprace.ko: set THPRACE_KO, or run make first"
		exit 4
	}
	: >"$dir/loaded"
	insmod "$THPRACE_KO" || {
		say "insmod $THPRACE_KO failed"
		exit 2
	}
fi

THPRACE_KSFT_SETUP=1
export THPRACE_KSFT_SETUP
"$@" 8>&- &
child=$!
status=0
wait "$child" || status=$?
child=
exit "$status"
