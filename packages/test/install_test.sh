#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of make install and make uninstall: KTAP, no root. What is there is moved aside;
# programs are stand-ins.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
top=${here%/packages/test}
# shellcheck source=../../vm/test/ktap.sh
. "$top/vm/test/ktap.sh"

# A tree without git, in a place with blanks, in which nothing was built but a program.
src="$tmp/the tree"
mkdir "$src"
(cd "$top" && find Makefile Kbuild README.md include module docs man packages \
	\( -path module/tests -o -name '*.o' -o -name '*.cmd' \) -prune -o -type f -print0) |
	tar -C "$top" -c --null -T - -f - | tar -x -C "$src" -f -
mkdir -p "$src/userspace" "$src/module/tests" "$src/module/front"
echo program >"$src/userspace/thprace"
echo 'all:' >"$src/userspace/Makefile"
echo no >"$src/module/tests/model.c"
echo no >"$src/module/front/thprace.mod.c"
version=$(packages=$src/packages && "$packages/install" version)

makes() # TARGET VARIABLE...: in that tree
{
	rc=0
	make -C "$src" -s KDIR=/nonexistent "$@" >"$tmp/said" 2>&1 || rc=$?
	[ $rc = 0 ] || sed 's/^/# /' "$tmp/said"
	return $rc
}

files() { (cd "$1" && find . ! -type d | LC_ALL=C sort); }
tree() { (cd "$1" && find . | LC_ALL=C sort); }
sums() { (cd "$1" && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2); }

dest="$tmp/a root"
before=$(sums "$src")
is 0 "$(makes install DESTDIR="$dest" PREFIX=/usr && echo 0)" "make install into a root with blanks"
is "$before" "$(sums "$src")" "the tree is as it was"
is "a root/said/the tree/" "$(find "$tmp" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort | tr '\n' /)" "nothing beside it"
is "usr" "$(ls -A "$dest")" "nothing of it but below PREFIX"

at=$dest/usr/src/thprace-$version
is "program 755" "$(cat "$dest/usr/bin/thprace") $(stat -c %a "$dest/usr/bin/thprace")" "the program"
is "man1/thprace.1 man7/thprace.7" "$(cd "$dest/usr/share/man" && echo man*/*)" "the manual"
is 1 "$(find "$dest/usr/share/bash-completion/completions" -name thprace | wc -l)" "the completion"
is "PACKAGE_VERSION=\"$version\"" "$(grep VERSION= "$at/dkms.conf")" "dkms.conf has the version"
is "" "$(find "$at" -path '*tests*' -o -name '*.mod.c' -o -name '*.o')" "no tests, nothing that was made"

# Each object of Kbuild has its source, and the other way round.
objects=$(sed -n '/^thprace-y/,/[^\\]$/p' "$at/Kbuild" | grep -o 'module/[a-z_/]*[.]o' | sed 's/o$/c/' | LC_ALL=C sort)
is "$objects" "$(cd "$at" && find module -name '*.c' | LC_ALL=C sort)" "the source is what Kbuild names"
# That all headers are there, and none too many, is seen by packages/check.

echo other >"$dest/usr/bin/other"
mkdir -p "$dest/usr/share/doc/other"
echo mine >"$at/mine"
is 0 "$(makes uninstall DESTDIR="$dest" PREFIX=/usr && echo 0)" "make uninstall"
is "./usr/bin/other
./usr/src/thprace-$version/mine" "$(files "$dest")" "takes its files away, and no others"
is "1 0" "$([ -d "$dest/usr/share/doc/other" ] && echo 1) $(find "$dest/usr/share/doc" -name thprace | wc -l)" \
	"and its own directories"
is 0 "$(makes uninstall DESTDIR="$dest" PREFIX=/usr && echo 0)" "once more does no harm"

# Parts, and where they are put.
is 0 "$(makes install DESTDIR="$dest.2" PARTS=dkms && echo 0)" "make install of a part"
is "./usr/local/src/thprace-$version" "$(tree "$dest.2" | sed '1,4d; 6,$d')" "is below /usr/local by default"
is "" "$(files "$dest.2" | grep -v "^./usr/local/src/thprace-$version/")" "and nothing else"
is 0 "$(makes install DESTDIR="$dest.3" PREFIX=/opt/t MANDIR=/m/an PARTS=companion && echo 0)" "other directories"
is "./m/an/man1/thprace.1 ./m/an/man7/thprace.7 " "$(files "$dest.3" | grep ^./m | tr '\n' ' ')" "are used"
is "" "$(files "$dest.3" | grep -e src -e local)" "without the other part"

# What cannot be done is an error.
rm "$src/userspace/thprace"
rc=0
DESTDIR=$dest.4 "$src/packages/install" install >"$tmp/said" 2>&1 || rc=$?
is "2 1" "$rc $(grep -c 'userspace/thprace is not there' "$tmp/said")" "without the program it fails"
is "" "$(ls -A "$dest.4" 2>/dev/null)" "and copies nothing"
finish
