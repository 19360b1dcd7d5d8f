# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# The KTAP side of a thprace test that is a shell script; sourced, not run.
#
# A case is a function: it returns 0 (passed), 1 (failed) or 4 (skipped, with
# the reason in $reason). ksft_end is the last line of a test.

ksft_nr=0
ksft_nr_pass=0
ksft_nr_fail=0
ksft_nr_skip=0
ksft_nr_plan=0
reason=

# Knobs and module are setup.sh's business.
[ -n "${THPRACE_KSFT_SETUP:-}" ] || exec ./setup.sh "$0" "$@"

ksft_msg() { echo "$*" | sed 's/^/# /'; }

# What a command printed, as diagnostics.
ksft_show() { sed 's/^/# /' "$@"; }

ksft_plan()
{
	ksft_nr_plan=$1
	echo "KTAP version 1"
	echo "1..$1"
}

ksft_skip_all()
{
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit 4
}

# ksft_case NAME COMMAND [ARG]...
ksft_case()
{
	ksft_name=$1
	shift
	ksft_nr=$((ksft_nr + 1))
	reason=
	ksft_rc=0
	"$@" || ksft_rc=$?
	case $ksft_rc in
	0)
		ksft_nr_pass=$((ksft_nr_pass + 1))
		echo "ok $ksft_nr $ksft_name"
		;;
	4)
		ksft_nr_skip=$((ksft_nr_skip + 1))
		echo "ok $ksft_nr $ksft_name # SKIP $reason"
		;;
	*)
		ksft_nr_fail=$((ksft_nr_fail + 1))
		echo "not ok $ksft_nr $ksft_name"
		;;
	esac
}

ksft_end()
{
	echo "# Totals: pass:$ksft_nr_pass fail:$ksft_nr_fail skip:$ksft_nr_skip"
	[ "$ksft_nr_fail" -eq 0 ] && [ "$ksft_nr" -eq "$ksft_nr_plan" ] || exit 1
	[ "$ksft_nr_pass" -gt 0 ] || exit 4
	exit 0
}

# until_true COMMAND...: asks again and again, for two minutes.
until_true()
{
	ksft_tries=1200
	until "$@"; do
		ksft_tries=$((ksft_tries - 1))
		[ "$ksft_tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# injected FAULT ARG...: the test's own "exits ARG..." with this fault in the companion.
injected()
{
	THPRACE_INJECT=$1
	export THPRACE_INJECT
	shift
	rc=0
	exits "$@" || rc=1
	unset THPRACE_INJECT
	return "$rc"
}

# can SCENARIO: it can run here, else why not in $reason. "list scenarios" says so
# in an indented line below the scenario's.
can()
{
	# shellcheck disable=SC2154 # the test's
	reason=$("$thprace" list scenarios | awk -v name="$1" '
		/^[^ ]/ { mine = $1 == name }
		mine && sub(/^ +(cannot run here: |only with --no-module: )/, "")')
	[ -z "$reason" ]
}

# json_says KEY PATTERN: of the report in $tmp/json; no jq in small systems.
json_says()
{
	# shellcheck disable=SC2154 # the test's
	grep -q "\"$1\": *$2" "$tmp/json" && return 0
	ksft_msg "the report has no \"$1\": $2"
	return 1
}

# The companion, or nothing.
ksft_thprace()
{
	for ksft_path in "${THPRACE:-}" "$(command -v thprace || :)" \
		../userspace/thprace /thprace/thprace; do
		if [ -x "$ksft_path" ]; then
			echo "$ksft_path"
			return
		fi
	done
}
