#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Races a group of scenarios that need no module, with a time limit of its own.
#
# usage: thprace_group.sh --list | GROUP
#
# Exit status: 0 passed, 4 nothing of it can run here, 124 it hung; 3, inconclusive, is
# no pass.

if [ "$1" = --list ]; then
	sed -n 's/^\(race-[a-z]*\))$/\1/p' "$0"
	exit 0
fi
case $1 in
race-none) set -- ;; # the groups come here (intree)
*)
	echo "$0: no such group: $1" >&2
	exit 2
	;;
esac
[ -x ./thprace_test ] || {
	echo "not built: it needs libjansson"
	exit 4
}
exec timeout -k 30 600 ./thprace_test run "$@" --no-module --quiet \
	--duration "${THPRACE_DURATION:-20}"
