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
