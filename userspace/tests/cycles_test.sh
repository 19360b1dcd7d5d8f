#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# No cycle among the companion's files: each can be understood, and tested, with
# those below it. By the symbols of their objects: build/*.o, but the tests'.
# Called by make run.
set -eu

cd "$(dirname -- "$0")"
for source in ../*.c; do
	name=$(basename "$source" .c)
	# Nobody uses main, and no test has it.
	[ "$name" = main ] || nm "build/$name.o" | sed "s|^|$name.c |"
done | awk '
	$3 ~ /^[TDBRVC]$/ { of[$4] = $1 }
	$2 == "U" { use[++n] = $1 " " $3 }
	END {
		for (i = 1; i <= n; i++) {
			split(use[i], f, " ")
			if (f[2] in of && of[f[2]] != f[1])
				print f[1], of[f[2]]
		}
	}' >build/uses
# tsort says which files the loop is made of.
if [ -s build/uses ] && tsort build/uses >/dev/null 2>build/loop; then
	echo "ok 1 - no cycle among $(cut -d ' ' -f 1 build/uses | sort -u | wc -l) files"
else
	sed 's/^/# /' build/loop
	echo "not ok 1 - no cycle among the files"
	exit 1
fi
