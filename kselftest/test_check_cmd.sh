#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# thprace check on live processes, and the exit codes of the companion's usage
# errors.
# shellcheck disable=SC2317 # cases are called by ksft_case
set -eu

cd "$(dirname -- "$0")"
# shellcheck source=ksft.sh
. ./ksft.sh

thprace=$(ksft_thprace)
[ -n "$thprace" ] || ksft_skip_all "no thprace: run make first"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export thprace tmp

# exits WANTED COMMAND...: runs it, its output in $tmp/out.
exits()
{
	want=$1
	shift
	got=0
	"$@" >"$tmp/out" 2>"$tmp/err" || got=$?
	[ "$got" -ne "$want" ] || return 0
	ksft_msg "$*: exit status $got, expected $want"
	ksft_show "$tmp/out" "$tmp/err"
	return 1
}

# says PATTERN: the last output has such a line.
says()
{
	grep -q -- "$1" "$tmp/out" && return 0
	ksft_msg "no \"$1\" in the output"
	ksft_show "$tmp/out" "$tmp/err"
	return 1
}

check_pid()
{
	# shellcheck disable=SC2016 # for the helper's shell
	exits 0 ./helper --verify 8 sh -c '"$thprace" check --pid "$HELPER_PID"' &&
		says '^verdict: pass' && says '^  check page_mapcount *held [1-9]'
}

check_map()
{
	# shellcheck disable=SC2016
	exits 0 ./helper --verify 8 sh -c \
		'"$thprace" check --pid "$HELPER_PID" --map "$HELPER_MAP"' &&
		says '^verdict: pass' && says '^  check refcount *held [1-9]'
}

# Nothing mapped there: no pass.
check_nothing()
{
	# shellcheck disable=SC2016
	exits 2 ./helper --verify 2 sh -c '"$thprace" check --pid "$HELPER_PID" \
		--map 0x200000+0x200000' && says_error 'nothing is mapped'
}

says_error()
{
	grep -q -- "$1" "$tmp/err" && return 0
	ksft_msg "nothing on stderr"
	return 1
}

# What others have raced is nothing that this process was checked for.
check_without()
{
	# shellcheck disable=SC2016
	./helper 8 sh -c 'echo "pid=$HELPER_PID map=$HELPER_MAP op=split:1 op=munmap:1 rounds=8" \
		>/sys/kernel/debug/thprace/race' 2>/dev/null || return 1
	sleep 100 &
	got=0
	"$thprace" check --pid $! >"$tmp/out" 2>"$tmp/err" || got=$?
	kill $!
	[ "$got" -eq 3 ] && says '^verdict: inconclusive (nothing to check' && ! grep 'held [1-9]' "$tmp/out"
}

# A schedule with a typo is refused before anything is run, and says the word.
steer_typo()
{
	exits 2 "$thprace" run cow --steer "a>try_to_migrat b>end" &&
		says_error '--steer: arm: a>try_to_migrat: there is no such phase' &&
		! grep -q rounds "$tmp/out" && exits 2 "$thprace" run --steer "ab" &&
		says_error '--steer: arm: ab: a step is a>PHASE'
}

# A failure that does not come again is said not to have.
not_reproduced()
{
	"$thprace" run split-munmap --rounds 8 --seed 1 --json "$tmp/json" >"$tmp/out" 2>&1 || {
		ksft_show "$tmp/out"
		return 1
	}
	sed 's/"violations": *\[\]/"violations": [{"check": "rss", "scenario": "split-munmap"}]/' \
		"$tmp/json" >"$tmp/failed.json"
	exits 0 "$thprace" replay "$tmp/failed.json" && says '^replay: did not reproduce' &&
		exits 0 "$thprace" replay "$tmp/json" && ! grep -q '^replay:' "$tmp/out"
}

# Each line is a command line that must end with status 2 and say why.
usage()
{
	bad=0
	while read -r line; do
		# shellcheck disable=SC2086 # a list of words
		if ! exits 2 "$thprace" $line || ! says_error .; then
			bad=1
		fi
	done <<-LINES

	nosuch
	--nosuch
	list
	list nosuch
	list ops checks
	check
	check --pid
	check --pid 0
	check --pid x
	check --pid -1
	check --pid 1x
	check --pid 99999999999
	check --pid 1 junk
	check --pid 1 --map
	check --pid 1 --map x
	check --pid 1 --map 0x1000+0x1000
	check --pid 1 --map 0x200000
	check --pid 1 --map 0x200000+0
	check --nosuch
	check --pid 4194000
	run nosuch
	run split-munmap split-munmap
	run --rounds
	run --rounds 0
	run --rounds x
	run --rounds -1
	run --rounds 1x
	run --duration 0
	run --duration x
	run --duration 1x
	run --duration 53w
	run --duration 99999999999999999999w
	run --exclude nosuch
	run zap --exclude zap
	run zap --exclude mlock
	run --ktap /nosuch/ktap
	run --grid --grid-html /nosuch/html
	run --json - --ktap -
	run --seed x
	run --procs 0
	run --procs 65
	run --thps 0
	run --thps 32769
	run --jobs 0
	run --jobs 65
	run --jobs x
	run --jobs 2 --no-module
	run --mem-share 91
	run --stop-on second
	run --nosuch
	run --grid --steer a>end
	run --no-module --grid
	run --ops nosuch
	run --ops zap,
	run zap --ops zap
	run pair --ops punch
	run --grid=zap
	run --grid=zap,split
	run --grid --ops zap,fork
	replay
	replay $tmp/nosuch.json
	replay $tmp/out $tmp/err
	LINES
	return "$bad"
}

replay_junk()
{
	echo '{"schema": "other"}' >"$tmp/junk.json"
	exits 2 "$thprace" replay "$tmp/junk.json" || return 1
	echo 'not json' >"$tmp/junk.json"
	exits 2 "$thprace" replay "$tmp/junk.json" || return 1
	: >"$tmp/junk.json"
	exits 2 "$thprace" replay "$tmp/junk.json"
}

help()
{
	exits 0 "$thprace" --help && says 'run \[SCENARIO' || return 1
	for command in run list check observe replay merge; do
		exits 0 "$thprace" "$command" --help && says "^Usage: thprace $command" &&
			exits 0 "$thprace" "$command" --version && says '^thprace [0-9]' || return 1
	done
	exits 0 "$thprace" --help=all && says '--grid-html' && says '--reduce' &&
		exits 0 "$thprace" --version && says '^thprace [0-9]'
}

# What could not be said is an error.
unwritable()
{
	for line in "list scenarios" "list ops" "list checks --json" --help "run --help"; do
		got=0
		# shellcheck disable=SC2086 # a list of words
		"$thprace" $line >/dev/full 2>"$tmp/err" || got=$?
		: >"$tmp/out"
		[ "$got" -eq 2 ] && says_error 'cannot write' && continue
		ksft_msg "thprace $line: exit status $got"
		return 1
	done
}

lists()
{
	for what in ops checks phases; do
		exits 0 "$thprace" list "$what" || return 1
		if ! cmp -s "$tmp/out" "/sys/kernel/debug/thprace/$what"; then
			ksft_msg "list $what is not the module's list"
			return 1
		fi
	done
	exits 0 "$thprace" list scenarios && says '^split-munmap ' &&
		exits 0 "$thprace" list scenarios --json && says '"name": "split-munmap"' &&
		exits 0 "$thprace" list checks --json && says '"name": "page_mapcount"'
}

ksft_plan 11
ksft_case "check --pid" check_pid
ksft_case "check --pid --map" check_map
ksft_case "nothing to check" check_nothing
ksft_case "nothing of others counts" check_without
ksft_case "a schedule with a typo" steer_typo
ksft_case "a replay that does not fail" not_reproduced
ksft_case "usage errors exit 2" usage
ksft_case "replay of junk" replay_junk
ksft_case "help and version" help
ksft_case "lists" lists
ksft_case "an output that is full" unwritable
ksft_end
