#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of vm/kvm: KTAP, needs a /dev/kvm but no guest: a script stands in the
# place of QEMU.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=ktap.sh
. "$here/ktap.sh"
plan_needs setpriv timeout flock
[ -w /dev/kvm ] || {
	echo "1..0 # SKIP no /dev/kvm"
	exit 0
}
export XDG_CACHE_HOME="$tmp/cache"
answers=$XDG_CACHE_HOME/thprace/kvm-answers
mkdir "$tmp/bin"
PATH=$tmp/bin:$PATH
export tmp

# qemu TEXT: what guests print from now on
qemu()
{
	# shellcheck disable=SC2016 # expands there
	printf '#!/bin/sh\necho started >>"$tmp/started"\necho "%s"\n' "$1" >"$tmp/bin/qemu-system-x86_64"
	chmod 755 "$tmp/bin/qemu-system-x86_64"
}
asked() # RELEASE -> "yes|no GUESTS", and how many guests it took
{
	: >"$tmp/started"
	if "$here/../kvm" "$1" image 2>"$tmp/err"; then answer=yes; else answer=no; fi
	echo $answer "$(grep -c . "$tmp/started")"
}
later() { sed -i 's/ [0-9]*$/ 0/' "$answers"; }

qemu ''
is "no 1" "$(asked 6.12)" "a guest that prints nothing"
is "no 0" "$(asked 6.12)" "the no is kept"
is 1 "$(awk -v now="$(date +%s)" '$NF - now > 400 && $NF - now < 600 { n++ } END { print n + 0 }' "$answers")" \
	"for minutes"
later
is "no 1" "$(asked 6.12)" "and then asked again"
is 1 "$(grep -c 'within 16 s' "$tmp/err")" "with more time"
for _ in 1 2 3 4; do
	later
	asked 6.12 >"$tmp/last"
done
is 1 "$(grep -c 'within 60 s' "$tmp/err")" "but a minute at most"
later
qemu 'Linux version 6.12'
is "yes 1" "$(asked 6.12)" "a guest that speaks at last"
later
is "yes 0" "$(asked 6.12)" "the yes is kept"
is "yes 1" "$(asked 7.3)" "each kernel is asked"
sed -i 's/^[^ ]*/another-boot/' "$answers"
is "yes 1" "$(asked 6.12)" "after the next boot, too"
is 0 "$(grep -c another-boot "$answers")" "and what was before is forgotten"

finish
