#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs one command with huge pages switched on and the module loaded, and puts
# everything back afterwards, however it ends.
#
# usage: setup.sh COMMAND [ARG]...
#
# Called by run.sh for the whole run, and by each test that is started without
# it. Exits with the command's status, or 2 when the setting up fails, or 4
# when it cannot be done here. Needs nothing but a POSIX shell and insmod.
# THPRACE_NO_MODULE=1 leaves the module alone, THPRACE_KO says where it is.
set -eu

thp=${THPRACE_THP_SYSFS:-/sys/kernel/mm/transparent_hugepage}
debugfs=/sys/kernel/debug
saved=
loaded=
child=

say() { echo "# setup.sh: $*"; }

# The chosen word of a "a [b] c" knob, or the value of a plain one.
knob_value()
{
	value=$(cat "$1")
	case $value in
	*"["*"]"*)
		value=${value#*"["}
		value=${value%%"]"*}
		;;
	esac
	echo "$value"
}

# Sets a knob and remembers what it was; one that is absent is no error.
knob_set()
{
	[ -w "$1" ] || return 0
	old=$(knob_value "$1")
	[ "$old" != "$2" ] || return 0
	if ! echo "$2" >"$1" 2>/dev/null; then
		say "cannot set $1 to $2"
		return 0
	fi
	saved="$1 $old
$saved"
}

# Also what tests change on their own behalf and cannot undo when killed.
knob_keep()
{
	[ -w "$1" ] || return 0
	saved="$1 $(knob_value "$1")
$saved"
}

# shellcheck disable=SC2317 # reached by the trap
restore()
{
	status=$?
	trap - EXIT INT TERM HUP
	# What one part of the restoring cannot do must not keep the rest.
	set +e
	if [ -n "$child" ]; then
		kill "$child" 2>/dev/null && wait "$child"
	fi
	echo "$saved" | while read -r path value; do
		[ -z "$path" ] || echo "$value" >"$path"
	done
	# What a killed test left may take a moment to die.
	tries=30
	while [ -n "$loaded" ] && [ -d /sys/module/thprace ]; do
		rmmod thprace 2>/dev/null && break
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ]; then
			say "rmmod failed"
			[ "$status" -ne 0 ] || status=2
			break
		fi
		sleep 1
	done
	exit "$status"
}

find_module()
{
	here=$(dirname -- "$0")
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

trap restore EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

[ -d "$thp" ] || {
	echo "KTAP version 1"
	echo "1..0 # SKIP this kernel has no transparent huge pages"
	exit 4
}
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
knob_set /proc/sys/kernel/numa_balancing 0
knob_keep /proc/sys/kernel/ftrace_enabled
knob_keep /proc/sys/vm/nr_hugepages
knob_keep /proc/sys/kernel/randomize_va_space

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
	insmod "$THPRACE_KO" || {
		say "insmod $THPRACE_KO failed"
		exit 2
	}
	loaded=1
fi

THPRACE_KSFT_SETUP=1
export THPRACE_KSFT_SETUP
"$@" &
child=$!
status=0
wait "$child" || status=$?
child=
exit "$status"
