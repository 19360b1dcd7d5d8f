# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# A thprace that runs nothing, for the tests of fleet/: the scripts, and in the place of vm/run and
# of the companion what does as the task's arguments say. Sourced by fleet/test/*.
#
# shellcheck disable=SC2154 # tmp is that of ktap.sh

# make_tree FLEET-DIR: to $tmp/t
make_tree()
{
	mkdir -p "$tmp/t/vm" "$tmp/t/userspace" "$tmp/t/fleet"
	for f in plan task local inputs submit merge; do
		cp "$1/$f" "$tmp/t/fleet/"
	done
	cp "$1/../vm/deps" "$tmp/t/vm/"
	sed "s|^counts=.*|counts='$tmp/counts'|" >"$tmp/t/vm/run" <<-'RUN'
	#!/bin/sh
	# Options of vm/run; then what "thprace run WORD..." does, by WORD.
	counts=
	args=$*
	while [ "$1" != -- ]; do
		case $1 in
		--kernel) kernel=$2 ;;
		--out) out=$2 ;;
		esac
		shift
	done
	shift
	echo "$kernel" >>"$counts.runs"
	echo "ran: $args"
	status=0 verdict=pass
	for word; do
		case $word in
		fail) status=1 verdict=fail ;;
		inconclusive) status=3 verdict=inconclusive ;;
		splat) status=5 ;;
		error) exit 2 ;;
		lost) exit 6 ;;
		hang) echo $$ >>"$counts.hangs"; exec sleep 600 ;;
		gate)
			echo $$ >>"$counts.hangs"
			while [ ! -e "$counts.open" ]; do
				sleep 0.1
			done
			;;
		# one kernel of several
		*@*) [ "${word#*@}" != "$kernel" ] || case ${word%@*} in
			fail) status=1 verdict=fail ;;
			hang) echo $$ >>"$counts.hangs"; exec sleep 600 ;;
			esac ;;
		esac
	done
	echo "{\"schema\":\"thprace-report/1\",\"kernel\":\"$kernel\",\"verdict\":\"$verdict\"}" >"$out/report.json"
	exit $status
	RUN
	sed "s|^counts=.*|counts='$tmp/counts'|" >"$tmp/t/userspace/thprace" <<-'STUB'
	#!/bin/sh
	# "thprace merge" as far as the tests need it: one line a task of the manifest. "thprace run":
	# a report.
	counts=
	case $1 in
	run)
		echo "$*" >>"$counts.machine"
		while [ $# -gt 1 ]; do
			[ "$1" != --json ] || echo '{"verdict":"pass"}' >"$2"
			shift
		done
		exit 0
		;;
	merge) shift ;;
	*) exit 2 ;;
	esac
	while [ $# -gt 0 ]; do
		case $1 in
		--manifest) manifest=$2; shift ;;
		--json) json=$2; shift ;;
		--html) echo "<title>thprace</title>" >"$2"; shift ;;
		*) dir=$1 ;;
		esac
		shift
	done
	for id in $(jq -r '.tasks[].id' "$manifest"); do
		outcome=lost
		[ ! -e "$dir/$id/report.json" ] || outcome=$(jq -r .verdict "$dir/$id/report.json")
		case $(cat "$dir/$id/status" 2>/dev/null) in
		5) outcome=splat ;;
		2) outcome=error ;;
		esac
		echo "{\"id\":\"$id\",\"outcome\":\"$outcome\"}"
	done | jq -s '{ tasks: . }' >"$json.new"
	mv "$json.new" "$json"
	jq -e 'all(.tasks[]; .outcome == "pass")' "$json" >/dev/null
	STUB
	chmod 755 "$tmp/t/vm/run" "$tmp/t/userspace/thprace"
}

# What came of each task of a directory: "ID OUTCOME STATUS"
outcome() # DIR
{
	jq -r '.tasks[] | .id + " " + .outcome' "$1/report.json" | while read -r task came_of_it; do
		echo "$task $came_of_it $(cat "$1/$task/status" 2>/dev/null || echo -)"
	done
}
