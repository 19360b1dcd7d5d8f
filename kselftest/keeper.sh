#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Puts back what setup.sh has changed, however that has ended.
#
# usage: keeper.sh DIR <FIFO
#
# Started by setup.sh. Waits for a line from it, or for the end of all processes
# that have the fifo open: setup.sh, the runner and the tests inherit it, so none
# is left then that could change a setting. DIR/saved has "FILE VALUE" lines, the
# last change first; DIR/loaded exists if the module is to be unloaded. Removes
# DIR. Exits with 0, or 2 if something is not as it was.
set -u

# shellcheck source=knob.sh
. "$(dirname -- "$0")/knob.sh"

dir=$1
status=0
trap '' HUP INT TERM PIPE

failed()
{
	echo "# setup.sh: $*"
	status=2
}

read -r _ || :
cd / || :

while read -r path old; do
	[ "$(knob_value "$path")" != "$old" ] || continue
	echo "$old" 2>/dev/null >"$path" || :
	now=$(knob_value "$path")
	[ "$now" = "$old" ] || failed "$path is ${now:-gone}, was $old before"
done <"$dir/saved"

# What a killed test left may take a moment to die.
tries=30
while [ -e "$dir/loaded" ] && [ -d /sys/module/thprace ]; do
	rmmod thprace 2>/dev/null && break
	tries=$((tries - 1))
	if [ "$tries" -eq 0 ]; then
		failed "rmmod failed"
		break
	fi
	sleep 1
done
rm -rf "$dir"
exit "$status"
