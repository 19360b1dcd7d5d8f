#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Races the scenarios that are named, and prints KTAP: a point for each, and one for
# the run. A program of the outer shape (groups). Exit status: that of "thprace run".
#
# THPRACE_ROUNDS is how many rounds each (30). A violation does not end it, else those that
# come after would be lost.
set -eu

cd "$(dirname -- "$0")"
# shellcheck source=ksft.sh
. ./ksft.sh

thprace=$(ksft_thprace)
[ -n "$thprace" ] || ksft_skip_all "no thprace: run make first"
exec "$thprace" run "$@" --rounds "${THPRACE_ROUNDS:-30}" --duration 1000 --keep-going \
	--quiet --ktap -
