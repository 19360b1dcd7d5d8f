# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Values of settings; sourced by setup.sh and keeper.sh.

# The chosen word of a "a [b] c" knob, or the value of a plain one.
knob_value()
{
	value=$(cat "$1" 2>/dev/null) || :
	case $value in
	*"["*"]"*)
		value=${value#*"["}
		value=${value%%"]"*}
		;;
	esac
	echo "$value"
}
