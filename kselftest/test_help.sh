#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What the module says to people: every example of its help works, and who writes
# a wrong line finds the word, and what is allowed, in each place where one looks.
# shellcheck disable=SC2317 # cases are called by ksft_case
set -eu

cd "$(dirname -- "$0")"
# shellcheck source=ksft.sh
. ./ksft.sh

files=/sys/kernel/debug/thprace
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export files tmp

# has FILE TEXT: such a text is in the file, word for word
has()
{
	grep -qF -- "$2" "$1" && return 0
	ksft_msg "no \"$2\" in $1"
	ksft_show "$1"
	return 1
}

# examples PATTERN: the commands of help that match
examples() { sed -n 's/^  \$ //p' "$files/help" | grep -e "$1"; }

# Each in a shell of its own, with huge pages of its own.
trigger_examples()
{
	examples '" >[a-z]' >"$tmp/examples"
	nr=0
	while read -r line; do
		nr=$((nr + 1))
		./helper 8 sh -c "cd $files && $line" </dev/null 2>"$tmp/err" || {
			ksft_msg "$line"
			ksft_show "$tmp/err" "$files/error"
			return 1
		}
		has "$files/last" "command: ${line##*>}" || return 1
		! grep -q '^error:' "$files/last" || return 1
	done <"$tmp/examples"
	[ "$nr" -eq 4 ]
}

# One after the other, through one session.
session_examples()
{
	{
		echo "set -ex; cd $files"
		examples '3<>session$'
		examples '>&3$'
		# shellcheck disable=SC2016 # that shell's
		echo 'cat <&3 >"$tmp/report"'
	} >"$tmp/script"
	nr=$(grep -c '>&3$' "$tmp/script")
	./helper 8 sh "$tmp/script" 2>"$tmp/err" || {
		ksft_show "$tmp/script" "$tmp/err"
		return 1
	}
	has "$tmp/report" "command: bench" && ! grep '^error_text' "$tmp/report" && [ "$nr" -eq 10 ]
}

help_is_whole()
{
	for verb in split munmap race check hold drop arm go "done" watch round reset calibrate bench; do
		grep -q "^$verb: ." "$files/help" || { ksft_msg "no $verb"; return 1; }
	done
	for word in pid map op duration_ms rounds seed order page steer check stop_on inject lane \
		result grid_k scenario refs task; do
		grep -q "^$word=	." "$files/help" || { ksft_msg "no $word="; return 1; }
	done
	for name in on_violation max_park_ms off; do
		grep -q "^$name=	." "$files/help" || { ksft_msg "no parameter $name"; return 1; }
		[ -e "/sys/module/thprace/parameters/$name" ] || { ksft_msg "$name is not there"; return 1; }
	done
	for event in /sys/kernel/tracing/events/thprace/*/; do
		event=$(basename "$event")
		grep -q "^$event	." "$files/help" || { ksft_msg "no event $event"; return 1; }
	done
}

# refused FILE LINE TEXT: error, last and the kernel log say TEXT of it
refused()
{
	! echo "$2" 2>/dev/null >"$files/$1" || { ksft_msg "accepted: $2"; return 1; }
	has "$files/error" "line: echo '$2' >$1" && has "$files/error" "error_text: $1: $3" &&
		has "$files/last" "command: $1" && has "$files/last" "error_text: $1: $3" &&
		has "$files/last" "verdict: inconclusive" &&
		has "$files/last" "why: the line was refused or failed, see error_text"
}

# On memory that is there, so that nothing else is wrong.
wrong_lines_of()
{
	HELPER_PID=$1 HELPER_MAP=$2
	while IFS='|' read -r file line text; do
		refused "$file" "pid=$HELPER_PID map=$HELPER_MAP $line" "$text" || return 1
	done <<-LINES
	split|colour=red|colour=red: there is no such word; split takes pid= map= order= page= lane=
	split|op=split:1|op: split does not take it, but pid= map= order= page= lane=
	split|page=512|page=512: a number from 0 to 511
	split|lane=a|lane: only sessions have lanes
	munmap|order=1|order: munmap does not take it, but
	race|rounds=1|race needs also op=
	race|op=splits:1|splits: there is no such op; the file ops lists them
	race|op=fork:1|fork: only processes do this op
	race|op=split:1 op=zap:1 steer="a>nosuch b>end"|a>nosuch: there is no such phase; the file phases lists them
	race|op=split:1 op=zap:1 steer="c>end"|c>end: the ops have 2 lanes, a to b
	race|op=split:1 op=zap:2 steer=grid|a grid is of two lanes, these are 3
	race|op=split:1 stop_on=second|stop_on=second: first never
	check|check=refcounts|check=refcounts: page_mapcount
	check|check=content|content: a check that the companion makes
	check|pid=4194000|pid=4194000: no process with memory of its own
	check|map=0x100000000000+0x200000|map=0x100000000000+0x200000: nothing is mapped
	check|map=0xffff800000000000+0x200000|map=0xffff800000000000+0x200000: beyond user space
	LINES
}

wrong_lines()
{
	mkfifo "$tmp/end"
	# shellcheck disable=SC2016 # in the helper's shell
	./helper 4 sh -c 'echo "$HELPER_PID $HELPER_MAP" >$tmp/target; cat $tmp/end >/dev/null' &
	until_true [ -s "$tmp/target" ] || return 1
	# shellcheck disable=SC2046 # two words
	wrong_lines_of $(cat "$tmp/target")
	rc=$?
	echo >"$tmp/end"
	wait $!
	return "$rc"
}

# An older result is none of this line's.
last_is_of_the_last()
{
	# shellcheck disable=SC2016
	./helper 4 sh -c 'echo "pid=$HELPER_PID map=$HELPER_MAP" >$files/check' || return 1
	has "$files/last" "verdict: pass" || return 1
	for bad in "" "x" "pid=1" "$(head -c 1100 /dev/zero | tr '\0' x)"; do
		! printf '%s\n' "$bad" 2>/dev/null >"$files/split" || return 1
		has "$files/last" "command: split" && has "$files/last" "error_text: split: " &&
			! grep -q '^verdict: pass' "$files/last" || return 1
	done
}

log_has_it()
{
	! echo "map=0x7000+7 my-own-word=1" 2>/dev/null >"$files/split" || return 1
	until_true log_says "thprace: refused (-22): split: map=0x7000+7: not aligned" || {
		dmesg | tail -n 5 | sed 's/^/# /'
		return 1
	}
}
# The rate is limited: the line may have to come again.
log_says()
{
	! dmesg | grep -qF "$1" || return 0
	sleep 1
	echo "map=0x7000+7 my-own-word=1" 2>/dev/null >"$files/split" || :
	return 1
}

sessions_say_it()
{
	# shellcheck disable=SC2016
	sh -c 'exec 3<>$files/session
		echo "hold" >&3 2>/dev/null; cat <&3 >$tmp/1
		echo "holds map=0+0x200000" >&3 2>/dev/null; cat <&3 >$tmp/2
		echo "done lane=a" >&3 2>/dev/null; cat <&3 >$tmp/3
		echo "arm inject=rss" >&3 2>/dev/null; cat <&3 >$tmp/4
		echo reset >&3; cat <&3 >$tmp/5'
	has "$tmp/1" "error_text: hold: hold needs also map=" &&
		has "$tmp/2" "error_text: session: holds: there is no such command, but split munmap race check hold" &&
		has "$tmp/3" "error_text: done: lane a is not between go and done" &&
		has "$tmp/4" "error_text: arm: rss: arm takes inject= of racing checks only" &&
		has "$tmp/1" "why: nothing was done" && ! grep '^error_text' "$tmp/5"
}

# Nothing huge there: what was lacking, and what to do.
inconclusive_says_why()
{
	# shellcheck disable=SC2016
	./helper 4 sh -c 'line="pid=$HELPER_PID map=$HELPER_MAP"; echo "$line" >$files/split
		echo "$line" >$files/split' || return 1
	has "$files/last" "verdict: inconclusive" && has "$files/last" "why: nothing was done: no huge page" ||
		return 1
	# shellcheck disable=SC2016
	./helper 4 sh -c 'echo "pid=$HELPER_PID map=$HELPER_MAP op=split:1 rounds=2 steer=\"a>deferred_split_scan a>end\"" >$files/race'
	! grep -q '^verdict: inconclusive' "$files/last" || grep -q '^why: .' "$files/last"
}

# munmap leaves holes, which the next trigger may meet.
holes()
{
	# shellcheck disable=SC2016
	./helper 4 sh -c 'set -e; line="pid=$HELPER_PID map=$HELPER_MAP"
		echo "$line page=0" >$files/munmap
		echo "$line" >$files/check
		grep "^verdict" $files/last >$tmp/verdict
		echo "$line" >$files/split'
	has "$tmp/verdict" "verdict: pass" && has "$files/last" "verdict: pass"
}

ksft_plan 9
ksft_case "help: triggers" trigger_examples
ksft_case "help: sessions" session_examples
ksft_case "help: every command and word" help_is_whole
ksft_case "a wrong line: the word and what is allowed" wrong_lines
ksft_case "last is of the last line" last_is_of_the_last
ksft_case "the kernel log has it" log_has_it
ksft_case "sessions say it" sessions_say_it
ksft_case "inconclusive says why" inconclusive_says_why
ksft_case "triggers after a munmap" holes
ksft_end
