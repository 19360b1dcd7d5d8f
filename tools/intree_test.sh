#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Test of intree on the source of the newest series: TAP. Called by make intree.
#
# usage: tools/intree_test.sh [--quick]
#
# Copies the tree by hard links, never writes to it, and builds beside it. --quick: what
# takes no compiler and no checkpatch. XDG_CACHE_HOME as in vm/kernels.
# shellcheck disable=SC2317 # what says() calls
set -u

cd "$(dirname -- "$0")/.." || exit 2
mm=tools/testing/selftests/mm
quick=
[ "${1-}" != --quick ] || quick=1
source=$(vm/kernels source 7.3) || exit 2
# Where hard links can be made.
dir=$(mktemp -d "${source%/*}/.intree.XXXXXX") || exit 2
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
tree=$dir/tree
nr=0 failed=0
export GIT_AUTHOR_NAME=Somebody GIT_AUTHOR_EMAIL=somebody@example.org \
	GIT_COMMITTER_NAME=Somebody GIT_COMMITTER_EMAIL=somebody@example.org

says() # WHAT COMMAND...
{
	nr=$((nr + 1))
	what=$1
	shift
	if "$@" >"$dir/said" 2>&1; then
		echo "ok $nr - $what"
	else
		failed=1
		tail -n 30 "$dir/said" | sed 's/^/# /'
		echo "not ok $nr - $what"
	fi
}

# state TREE: of all that intree may touch
state()
{
	(cd "$1" && find MAINTAINERS lib/Makefile lib/Kconfig.debug lib/thprace $mm -type f 2>/dev/null | sort |
		xargs sha256sum)
	find "$1" -name '*.thprace-new'
}

refuses() # TREE: with 2, and it stays as it is
{
	before=$(state "$1" 2>&1)
	tools/intree "$1"
	[ $? = 2 ] && [ "$(state "$1" 2>&1)" = "$before" ]
}
says_no() # SED-SCRIPT FILE: a tree that lacks a place
{
	sed -i.orig "$1" "$tree/$2" || return
	refuses "$tree"
	rc=$?
	mv "$tree/$2.orig" "$tree/$2"
	return "$rc"
}
# Nor is anything written again; but what is no source any more goes.
stays()
{
	before=$(state "$tree")
	: >"$dir/now"
	: >"$tree/lib/thprace/front/gone.c"
	tools/intree "$tree" && [ "$(state "$tree")" = "$before" ] &&
		! find "$tree/lib" "$tree/$mm" -type f -newer "$dir/now" | grep .
}
untouched() { [ "$(state "$source")" = "$pristine" ]; }
has_lines()
{
	for line in "$@"; do
		file=${line%%:*}
		[ "$(grep -cxF -- "${line#*:}" "$tree/$file")" = 1 ] || { echo "$line"; return 1; }
	done
}
series()
{
	before=$(state "$tree")
	tools/intree --patches "$dir/patches" "$1" && [ "$(state "$tree")" = "$before" ] &&
		[ "$(find "$dir/patches" -name '*.patch' | wc -l)" -gt 1 ]
}
# The series makes of the tree as it was what intree makes of it.
applies()
{
	mkdir -p "$dir/plain/lib" "$dir/plain/$mm"
	cp "$source/MAINTAINERS" "$dir/plain/"
	cp "$source/lib/Makefile" "$source/lib/Kconfig.debug" "$dir/plain/lib/"
	cp -r "$source/$mm/." "$dir/plain/$mm/"
	for patch in "$dir"/patches/*.patch; do
		(cd "$dir/plain" && git apply "$patch") || return
	done
	state "$tree" >"$dir/a"
	state "$dir/plain" | diff "$dir/a" -
}
listed()
{
	groups=$("$tree/$mm/thprace_group.sh" --list)
	[ "$(echo "$groups" | wc -l)" = "$(grep -c '^race-' kselftest/groups)" ]
}
not_built()
{
	(cd "$tree/$mm" && ./thprace_group.sh race-fork)
	[ $? = 4 ]
}

pristine=$(state "$source")
cp -al "$source" "$tree"
says "no tree" refuses "$dir"
says "no argument" sh -c 'tools/intree; [ $? = 2 ]'
says "a tree without mm's selftests" sh -c "
	mkdir -p '$dir/old/lib' && cp '$source/Makefile' '$dir/old/' && tools/intree '$dir/old'; [ \$? = 2 ]"
says "a tree without a place in lib/Makefile" says_no '/TEST_HMM\|TEST_FREE/d' lib/Makefile
says "a tree without a place in run_vmtests.sh" says_no '/^CATEGORY="thp"/d' $mm/run_vmtests.sh
says "a tree without a list of maintainers" says_no '/^Maintainers List/d' MAINTAINERS
cp -al "$source" "$dir/again" && rm -rf "$tree" && mv "$dir/again" "$tree"
says "it is put in" tools/intree "$tree"
# shellcheck disable=SC2016 # make's
says "lines of the kernel's files" has_lines 'lib/Makefile:obj-$(CONFIG_THPRACE) += thprace/' \
	'lib/Kconfig.debug:source "lib/thprace/Kconfig"' "$mm/Makefile:include thprace/thprace.mk" \
	"$mm/run_vmtests.sh:- thprace" "MAINTAINERS:F:	lib/thprace/"
says "a second time changes nothing" stays
says "the source in the cache is as it was" untouched
says "the script of the groups" listed
says "what was not built is skipped" not_built
says "a series of patches" series "$tree"
says "which makes the same of the tree as it was" applies
[ -z "$quick" ] || { echo "1..$nr"; exit $failed; }

checked()
{
	for patch in "$dir"/patches/*.patch; do
		(cd "$tree" && scripts/checkpatch.pl --terse "$patch") || return
	done
}
# By the newest kernel's own headers: they know what it exports.
as_module()
{
	cp -r "$tree/lib/thprace" "$dir/module"
	vm/kernels kbuild 7.3 "$dir/module" CONFIG_THPRACE=m W=1 && [ -e "$dir/module/thprace.ko" ] &&
		! grep -E 'warning:|WARNING' "$dir/said"
}
kconfig()
{
	mkdir "$dir/build"
	release=$(vm/kernels get 7.3 | sed -n 's/^release=//p')
	cp "${source%/source/*}/stock/${release}_${source##*/}/config" "$dir/build/.config"
	"$tree/scripts/config" --file "$dir/build/.config" -m THPRACE -d DEBUG_INFO_BTF -d RUST -d MODULE_SIG \
		--set-str SYSTEM_TRUSTED_KEYS '' --set-str SYSTEM_REVOCATION_KEYS ''
	make -C "$tree" O="$dir/build" olddefconfig && grep -x CONFIG_THPRACE=m "$dir/build/.config"
}
in_tree()
{
	make -C "$tree" O="$dir/build" -j"$(nproc)" modules_prepare &&
		make -C "$tree" O="$dir/build" -j"$(nproc)" KBUILD_MODPOST_WARN=1 lib/thprace/ &&
		[ -e "$dir/build/lib/thprace/front/main.o" ]
}
# The other tests of mm want libraries; what can be built of them is built.
program()
{
	make -C "$tree/tools/testing/selftests" -k TARGETS=mm
	"$tree/$mm/thprace_test" list scenarios >"$dir/list" && grep '^fork-munmap ' "$dir/list"
}
# The parser of names, and the script beside what was built.
runs()
{
	(cd "$tree/$mm" && THPRACE_DURATION=1 ./thprace_group.sh no-such)
	[ $? = 2 ] || return
	(cd "$tree/$mm" && ./thprace_test run fork-munmap --no-module --dry-run)
}
says "checkpatch of each patch" checked
says "the module builds, and links with what 7.3 exports" as_module
says "kconfig takes it" kconfig
says "lib/thprace builds in the tree" in_tree
says "make TARGETS=mm builds the program" program
says "which knows its scenarios" runs
says "the source in the cache is as it was, still" untouched
echo "1..$nr"
exit $failed
