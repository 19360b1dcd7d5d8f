#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Rows that were measured, merged into a document: what seeded/merge.awk makes of it.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

# is NAME: standard input is what merging rows into doc gives
is()
{
	cat >"$tmp/want"
	awk -v mark=6.12 -f "$here/../merge.awk" "$tmp/rows" "$tmp/doc" >"$tmp/got"
	if cmp -s "$tmp/want" "$tmp/got"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok: $1"
		diff "$tmp/want" "$tmp/got" || :
	fi
}

cat >"$tmp/doc" <<'DOC'
before
<!-- begin 6.12 -->

| bug | | seeds | found by | s | scenario | cell |
| --- | --- | --- | --- | --- | --- | --- |
| 01-a | it is a | 3/3 | rss | 1.5 | fork | - |
| 09-b | it is b | 3/3 | leak | 2.5 | fork | - |
| control-01 | none | 0/3 | - | - | - | - |

6.12-x, 2026-01-02 to 2026-01-04: 2 bugs, 2 found with every seed, 0 with some; median of those found 1.5 s. 1 controls, 0 reported.

<!-- end 6.12 -->
after
DOC
cp "$tmp/doc" "$tmp/before"

# One of three: the others stay, totals are of all.
cat >"$tmp/rows" <<'ROWS'

| bug | | seeds | found by | s | scenario | cell |
| --- | --- | --- | --- | --- | --- | --- |
| 09-b | it is b | 1/3 | - (2), rss (1) | - | zap | - |

6.12-y, 2026-02-03: 1 bugs, 0 found with every seed, 1 with some; median of those found 3.0 s. 0 controls, 0 reported.

ROWS
is "BUGS=09" <<'WANT'
before
<!-- begin 6.12 -->

| bug | | seeds | found by | s | scenario | cell |
| --- | --- | --- | --- | --- | --- | --- |
| 01-a | it is a | 3/3 | rss | 1.5 | fork | - |
| 09-b | it is b | 1/3 | - (2), rss (1) | - | zap | - |
| control-01 | none | 0/3 | - | - | - | - |

6.12-x, 2026-01-02 to 2026-02-03: 2 bugs, 1 found with every seed, 1 with some; median of those found 1.5 s. 1 controls, 0 reported.

<!-- end 6.12 -->
after
WANT

# Nothing was measured: nothing changes.
: >"$tmp/rows"
is "no rows" <"$tmp/before"

# Of other tests: no totals of this kind.
sed '/^6.12-x/s/.*/Of 2 bugs thprace found 2;/' "$tmp/before" >"$tmp/doc"
cat >"$tmp/rows" <<'ROWS'

| bug | thprace | all |
| --- | --- | --- |
| 05-c | rss | - |

Of 1 bugs thprace found 1;

ROWS
is "other tests" <<'WANT'
before
<!-- begin 6.12 -->

| bug | thprace | all |
| --- | --- | --- |
| 01-a | it is a | 3/3 | rss | 1.5 | fork | - |
| 05-c | rss | - |
| 09-b | it is b | 3/3 | leak | 2.5 | fork | - |
| control-01 | none | 0/3 | - | - | - | - |

Of 2 bugs thprace found 2;

<!-- end 6.12 -->
after
WANT
echo "$passed passed, $failed failed"
[ $failed = 0 ]
