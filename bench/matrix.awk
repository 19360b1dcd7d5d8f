# SPDX-License-Identifier: GPL-2.0
#
# awk -f matrix.awk /sys/kernel/debug/thprace/grid: the cells as a matrix, rows
# the phases of lane a, columns those of lane b.
#   # met in every try   + met in some   . excluded   - never   ? untried
$1 == "cell" {
	if (!($2 in row)) { row[$2] = ++rows; name_a[rows] = $2 }
	if (!($3 in col)) { col[$3] = ++cols; name_b[cols] = $3 }
	split($5, hits, "="); split($6, tries, "=")
	sign = "?"
	if ($4 == "met")
		sign = hits[2] == tries[2] ? "#" : "+"
	else if ($4 == "excluded")
		sign = "."
	else if ($4 == "never")
		sign = "-"
	state[row[$2], col[$3]] = sign
	count[$4]++
}
END {
	for (b = 1; b <= cols; b++) {
		printf "%-23s", ""
		for (c = 1; c < b; c++)
			printf " |"
		printf " %s\n", name_b[b]
	}
	for (a = 1; a <= rows; a++) {
		printf "%-23s", name_a[a]
		for (b = 1; b <= cols; b++)
			printf " %s", state[a, b]
		print ""
	}
	printf "met %d, excluded %d, never %d, untried %d\n", count["met"], count["excluded"],
		count["never"], count["untried"]
}
