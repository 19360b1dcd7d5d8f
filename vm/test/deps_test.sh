#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of vm/deps: KTAP, installs nothing: where Debian is the host, nothing
# of Debian's is absent but what --need asks for.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=ktap.sh
. "$here/ktap.sh"

# A PATH with what the script itself needs, and no compiler, QEMU, xz, ...
mkdir "$tmp/bin"
for tool in sh awk sed sort tr grep cat id; do
	ln -s "$(command -v $tool)" "$tmp/bin/$tool"
done
# The script adds /usr/sbin: only tools that are elsewhere are asked for here.
deps() # ID ID_LIKE ARG...
{
	printf 'ID=%s\nID_LIKE="%s"\n' "$1" "$2" >"$tmp/os-release"
	shift 2
	rc=0
	OS_RELEASE=$tmp/os-release PATH=$tmp/bin "$here/../deps" "$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	echo $rc
}
names() { grep -qw -e "$1" "$tmp/err" && echo yes || echo no; }

for c in fedora::dnf:qemu-system-x86:xz rocky:"rhel centos fedora":dnf:qemu-system-x86:xz \
	 opensuse-leap:"suse opensuse":zypper:qemu-x86:libelf-devel arch::pacman:qemu-system-x86:cpio \
	 endeavouros:arch:pacman:qemu-system-x86:cpio; do
	IFS=: read -r id like manager qemu other <<-CASE
		$c
	CASE
	is 2 "$(deps "$id" "$like")" "$id: what is absent is listed"
	is "yes yes yes" "$(names "$manager") $(names "$qemu") $(names "$other")" \
		"$id: $manager, $qemu and $other are named"
	is 2 "$(deps "$id" "$like" --need qemu-system-x86_64)" "$id: --need"
	is "yes yes" "$(names "$manager") $(names "$qemu")" "$id: --need names them"
done
is 2 "$(deps debian '' --need xz busybox)" "debian: --need"
is "yes yes" "$(names xz-utils) $(names busybox-static)" "debian: both packages are named"
is 2 "$(deps ubuntu debian --need qemu-system-x86_64)" "ubuntu: --need"
is yes "$(names qemu-system-x86)" "ubuntu: the package is named"
is 2 "$(deps plan9 '' --need xz)" "unknown: --need"
is yes "$(names xz-utils)" "unknown: Debian's package is named"
is 2 "$(deps debian '' --need no-such-tool)" "a tool that is in no package"
is yes "$(names no-such-tool)" "is named all the same"
is 0 "$(deps debian '' --need sh awk)" "nothing is absent"
is 2 "$(deps debian '' --bogus)" "an unknown option"
# What only another architecture needs is asked for there, and nowhere else.
deps fedora '' >"$tmp/rc"
is "yes no no" "$(names qemu-system-x86) $(names qemu-system-aarch64) $(names gcc-aarch64-linux-gnu)" \
	"arm64: not by default"
is 2 "$(deps debian '' --need qemu-system-aarch64 aarch64-linux-gnu-gcc aarch64-linux-gnu/libc.a)" \
	"arm64: --need"
is "yes yes yes" "$(names qemu-system-arm) $(names gcc-aarch64-linux-gnu) $(names libc6-dev-arm64-cross)" \
	"arm64: all packages are named"
# Each tool that a script of vm/ asks for has a package.
tools=$(sed -n 's/.*deps" --need \([a-z].*\) || exit.*/\1/p; s/^\tneed \([a-z].*\)/\1/p' \
	"$here/../run" "$here/../kernels" | tr ' ' '\n' | sort -u)
for tool in $tools; do
	deps debian '' --need "$tool" >"$tmp/rc"
	is no "$(grep -q 'no package' "$tmp/err" && echo yes || echo no)" "the package of $tool is known"
done
finish
