# SPDX-License-Identifier: GPL-2.0
#
# awk -v kind=check|op -f own.awk ALLOWED EXPECTED FILE
#
# Prints where the rows of FILE (the module's "checks" or "ops") are not those that
# EXPECTED lists for the series (kselftest/expected), but for what ALLOWED says this
# kernel has not: "KIND NAME|REASON", a regular expression. What it says must be so.

FILENAME == ARGV[1] {
	bar = index($0, "|")
	if (index($0, kind " ") == 1) {
		name = substr($0, length(kind) + 2, bar - length(kind) - 2)
		reason[name] = substr($0, bar + 1)
	}
	next
}
/^#/ || !NF { next }
FILENAME == ARGV[2] {
	want[$1] = $2
	next
}
{
	seen[$1] = 1
	text = $0
	sub(/^[^ ]+ [^ ]+ [^ ]+ ?/, "", text)
	if ($1 in reason) {
		if ($3 != "no" || text !~ reason[$1])
			print kind " " $1 ": " $3 " " text ", listed as absent: " reason[$1]
	} else if (!($1 in want)) {
		print kind " " $1 ": not in the list of the series"
	} else if ($3 != want[$1]) {
		print kind " " $1 ": " $3 " " text ", expected " want[$1]
	}
}
END {
	for (name in want)
		if (!(name in seen))
			print kind " " name ": no such row"
}
