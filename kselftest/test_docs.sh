#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Pastes what README.md, docs/SCHEDULES.md and docs/ABI.md show, and compares.
#
# A block that begins with ```console is run, as root, from the directory with the
# sources: lines that begin with "# " are commands (a backslash at the end: it goes on),
# the lines below one are what it prints. Numbers may be others, "..." stands for any
# lines, and a command without lines may print what it likes. It has to end with 0,
# "thprace run" with 0 or 3. All other blocks are not run.
# shellcheck disable=SC2317 # cases are called by ksft_case
set -eu

cd "$(dirname -- "$0")"
here=$(pwd)
# shellcheck source=ksft.sh
. ./ksft.sh

thprace=$(ksft_thprace)
[ -n "$thprace" ] || ksft_skip_all "no thprace: run make first"
docs=..
[ -e ../README.md ] || docs=/thprace/doc
[ -r "$docs/README.md" ] || ksft_skip_all "no README.md: run it in the source tree or by vm/run"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The directory that commands are typed in.
mkdir -p "$tmp/src/userspace"
ln -s "$here" "$tmp/src/kselftest"
ln -s "$(readlink -f "$thprace")" "$tmp/src/userspace/thprace"
PATH=$tmp/src/userspace:$PATH
export PATH

# extract FILE DIR: each block becomes DIR/N.sh; its K-th command prints to N.K.got and is
# to print N.K.want.  What follows a helper that runs a shell is typed in that shell.
extract()
{
	mkdir -p "$2"
	awk -v dir="$2" -v file="${1##*/}" '
	function out(name, text) { print text >>(dir "/" name) }
	function end_command() {
		if (cmd == "")
			return
		k++
		base = dir "/" n "." k
		printf "%s", cmd >(base ".cmd")
		if (cmd ~ /^kselftest\/helper [0-9]+ sh *(#.*)?\n$/) {
			sub(/ *(#.*)?\n$/, "", cmd)
			out(script, cmd " " dir "/" n "." k ".sh >" base ".got 2>&1; echo $? >" base ".rc")
			script = n "." k ".sh"
		} else {
			out(script, "{\n" cmd "} >" base ".got 2>&1\necho $? >" base ".rc")
		}
		cmd = ""
	}
	/^```console$/ { inside = 1; k = 0; n++; script = n ".sh"; at[n] = NR; out(n ".at", file ":" NR); next }
	/^```/ { if (inside) end_command(); inside = 0; next }
	!inside { next }
	more { cmd = cmd $0 "\n"; more = /\\$/; next }
	/^# / { end_command(); cmd = substr($0, 3) "\n"; more = /\\$/; next }
	{ end_command(); out(n "." k ".want", $0) }' "$1"
}

# Numbers, and what names this kernel, are not compared.
plain() { sed -E 's/^kernel: .*/kernel: K/; s/0x[0-9a-f]+/N/g; s/[0-9]+/N/g; s/N([.]N)+/N/g' "$1"; }

# as_shown WANT GOT
as_shown()
{
	plain "$1" >"$tmp/want"
	plain "$2" >"$tmp/got"
	awk '
	NR == FNR { want[++n] = $0; next }
	{
		if (i < n && want[i + 1] == "...") {
			any = 1
			i++
		}
		if (i < n && want[i + 1] == $0) {
			any = 0
			i++
		} else if (!any) {
			bad = 1
		}
	}
	END {
		if (i < n && want[i + 1] == "...")
			i++
		exit bad || i < n
	}' "$tmp/want" "$tmp/got"
}

# block DIR N: 0, 1, or 4 where this kernel cannot do it
block()
{
	before=$(cat "$ksft_error" 2>/dev/null || :)
	(cd "$tmp/src" && sh "$1/$2.sh" </dev/null >"$tmp/out" 2>&1) || :
	k=0
	while k=$((k + 1)) && [ -e "$1/$2.$k.cmd" ]; do
		status=$(cat "$1/$2.$k.rc" 2>/dev/null || echo none)
		case $status:$(head -n 1 "$1/$2.$k.cmd") in
		0:* | 3:*thprace\ run*) ;;
		4:*thprace\ run*) return 4 ;;
		*)
			after=$(cat "$ksft_error" 2>/dev/null || :)
			case $after in
			"$before") ;;
			*"on this kernel"*) return 4 ;;
			esac
			echo "$(cat "$1/$2.at"): status $status of: $(cat "$1/$2.$k.cmd")"
			cat "$1/$2.$k.got" "$tmp/out" "$ksft_error" 2>/dev/null || :
			return 1
			;;
		esac
		[ -e "$1/$2.$k.want" ] || continue
		as_shown "$1/$2.$k.want" "$1/$2.$k.got" && continue
		echo "$(cat "$1/$2.at"): printed by: $(cat "$1/$2.$k.cmd")"
		cat "$1/$2.$k.got"
		return 1
	done
	[ "$k" -gt 1 ]
}
ksft_error=/sys/kernel/debug/thprace/error

# A busy host now and then spoils a schedule: then once more, twice.
run_blocks() # FILE DIR
{
	rm -rf "$2"
	extract "$1" "$2"
	skipped=0 n=0 bad=0
	while n=$((n + 1)) && [ -e "$2/$n.sh" ]; do
		for try in 1 2 3; do
			rm -f "$2/$n".*.got "$2/$n".*.rc
			rc=0
			block "$2" "$n" >"$tmp/said" || rc=$?
			[ "$rc" = 1 ] || break
			[ "$try" -lt "${tries:-3}" ] || break
		done
		case $rc in
		0) ;;
		4) skipped=$((skipped + 1)) ;;
		*)
			bad=1
			ksft_show "$tmp/said"
			;;
		esac
	done
	n=$((n - 1))
	[ "$n" -gt 0 ] || { ksft_msg "no block to run in $1"; return 1; }
	[ "$bad" -eq 0 ] || return 1
	[ "$skipped" -lt "$n" ] || { reason="this kernel can do none of them"; return 4; }
}

document() { run_blocks "$docs/$1" "$tmp/blocks-${1##*/}"; }

# Else the others might pass whatever they show.
broken()
{
	tries=1
	for wrong in 'echo 1 two|1 three' 'echo 1; echo 2|1' 'false|' 'echo 1|1
2' 'echo "pid=1 map=0x1000+0x1000" >/sys/kernel/debug/thprace/split|' 'kselftest/helper 2 sh
# false|'; do
		# shellcheck disable=SC2016 # Markdown
		printf '```console\n# %s\n%s\n```\n' "${wrong%|*}" "${wrong##*|}" | grep -v '^$' >"$tmp/wrong.md"
		! run_blocks "$tmp/wrong.md" "$tmp/wrong" >"$tmp/wrong.out" || {
			ksft_msg "not noticed: $wrong"
			return 1
		}
	done
	# shellcheck disable=SC2016 # the block's shell
	printf '```console\n# kselftest/helper 2 sh\n# echo "$HELPER_MAP \\\n  b"\n0x1+0x2   b\n# cd kselftest\n# echo 1; echo a; echo 2\n1\n...\n```\n' \
		>"$tmp/right.md"
	run_blocks "$tmp/right.md" "$tmp/right"
}

ksft_plan 4
ksft_case "a broken example is noticed" broken
ksft_case "README.md" document README.md
ksft_case "docs/ABI.md" document docs/ABI.md
ksft_case "docs/SCHEDULES.md" document docs/SCHEDULES.md
ksft_end
