#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the bash completion: KTAP. A bash on a terminal gets lines with tabs in them,
# as they are typed; what it calls in the end is compared.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top=${here%/packages/test}
# shellcheck source=../../vm/test/ktap.sh
. "$top/vm/test/ktap.sh"
plan_needs bash script timeout
for thprace in "${THPRACE:-}" "$top/userspace/thprace" "$top/userspace/tests/build/thprace"; do
	[ ! -x "$thprace" ] || break
done
[ -x "$thprace" ] || {
	echo "1..0 # SKIP no thprace: make userspace"
	exit 0
}

# It asks the program; all else is kept.
mkdir "$tmp/bin" "$tmp/work"
cat >"$tmp/bin/thprace" <<SH
#!/bin/sh
case "\$*" in
*--help* | "list scenarios" | *--ops\ -none-) exec "$thprace" "\$@" ;;
esac
for word; do
	printf '<%s>' "\$word"
done >>"$tmp/called"
echo >>"$tmp/called"
SH
chmod +x "$tmp/bin/thprace"
: >"$tmp/work/report.json"
{
	echo "PATH=$tmp/bin:\$PATH PS1= HISTFILE="
	echo "bind 'set bell-style none'"
	echo ". '$top/packages/thprace.bash'"
} >"$tmp/rc"

# The words that are called by a line that was typed, "^" being a tab.
called()
{
	: >"$tmp/called"
	printf '%s\nexit\n' "$1" | tr '^' '\t' | (
		cd "$tmp/work"
		TERM=dumb timeout 20 script -qec "bash --noprofile --rcfile '$tmp/rc' -i" /dev/null
	) >"$tmp/screen" 2>&1 || :
	cat "$tmp/called"
}

typed() # LINE WANTED
{
	is "$2" "$(called "$1")" "$1"
}

typed 'thprace li^sc^ -j' '<list><scenarios><-j>'
typed 'thprace list ch^' '<list><checks>'
typed 'thprace rep^r^' '<replay><report.json>'
typed 'thprace run split-m^' '<run><split-munmap>'
typed 'thprace run split-munmap sib^' '<run><split-munmap><sibling-munmap>'
typed 'thprace run --dr^' '<run><--dry-run>'
typed 'thprace run --dura^2d' '<run><--duration=2d>'
typed 'thprace run --exc^stor^' '<run><--exclude=storm>'
typed 'thprace run -x stor^' '<run><-x><storm>'
typed 'thprace run --exclude stor^ --gent^' '<run><--exclude><storm><--gentle>'
typed 'thprace run --stop-on=n^' '<run><--stop-on=never>'
typed 'thprace run --stop-on n^' '<run><--stop-on><never>'
typed 'thprace run --without=check^' '<run><--without=check-split>'
typed 'thprace run --json=rep^' '<run><--json=report.json>'
typed 'thprace run --json r^' '<run><--json><report.json>'
typed 'thprace run --ops mpro^,uff^' '<run><--ops><mprotect,uffd-move>'
typed 'thprace run --ops=mpro^:col^' '<run><--ops=mprotect:collapse>'
typed 'thprace run --grid=spl^,mpro^' '<run><--grid=split,mprotect>'
typed 'thprace run --grid fork-mu^' '<run><--grid><fork-munmap>'
typed 'thprace run --steer "a>try_to_migrate_^ b>vma_com^ a>en^"' \
	'<run><--steer><a>try_to_migrate_one b>vma_complete a>end>'
typed "thprace run --steer='a>free_pgt^'" '<run><--steer=a>free_pgtables>'
typed 'thprace check --pi^1' '<check><--pid=1>'
typed 'thprace replay --red^ report.j^' '<replay><--reduce><report.json>'
typed 'thprace --ver^' '<--version>'
# What there is not stays as it was typed.
typed 'thprace run nothing-^' '<run><nothing->'
finish
