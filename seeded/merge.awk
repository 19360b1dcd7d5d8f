# SPDX-License-Identifier: GPL-2.0
#
# Puts rows of a table between its marks in a document, and keeps those that were
# not measured again: awk -v mark=MARK -f merge.awk ROWS DOCUMENT. Rows are told by
# their first column and come in its order. The totals below a table of what was
# found are of all its rows; those of other tests stay while rows are kept.
# Called by seeded/run; tested by seeded/test/merge_test.sh.

function name_of(row,	f)
{
	split(row, f, " *[|] *")
	return f[2]
}

function is_row(line)
{
	return line ~ /^[|] [0-9a-z]/ && line !~ /^[|] bug [|]/
}

# "KERNEL, FROM to TO: ..." or "KERNEL, DATE: ..."
function take_totals(line,	f, d)
{
	if (line !~ /^[^|]*, [0-9][0-9-]*( to [0-9-]+)?: [0-9]+ bugs, /)
		return 0
	split(line, f, /(, |: )/)
	kernel = f[1]
	split(f[2], d, " to ")
	if (from == "" || d[1] < from)
		from = d[1]
	d[2] = d[2] == "" ? d[1] : d[2]
	if (d[2] > to)
		to = d[2]
	return 1
}

function sort_names(	i, j, t)
{
	for (i = 2; i <= nr; i++)
		for (j = i; j > 1 && name[j - 1] > name[j]; j--) {
			t = name[j]
			name[j] = name[j - 1]
			name[j - 1] = t
		}
}

# Of the values s[1..n], the lower one of two.
function median(s, n,	i, j, t)
{
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && s[j - 1] + 0 > s[j] + 0; j--) {
			t = s[j]
			s[j] = s[j - 1]
			s[j - 1] = t
		}
	return n ? s[int((n + 1) / 2)] : "-"
}

function print_totals(	i, f, n, s, bugs, all, some, ctl, bad, found)
{
	for (i = 1; i <= nr; i++) {
		split(row[name[i]], f, / *[|] */)
		split(f[4], n, "/")
		if (name[i] ~ /^control-/) {
			ctl++
			bad += n[1] > 0
			continue
		}
		bugs++
		all += n[1] == n[2]
		some += n[1] > 0 && n[1] != n[2]
		# one that took for ever is no number, and sorts behind all
		if (n[1] > 0)
			s[++found] = f[6] == "-" ? 1e9 : f[6]
	}
	found = median(s, found)
	printf "\n%s, %s%s: %d bugs, %d found with every seed, %d with some; median of those found %s s. %d controls, %d reported.\n\n",
		kernel, from, from == to ? "" : " to " to, bugs, all, some,
		found == 1e9 ? "-" : found, ctl, bad
}

function add(line)
{
	if (!(name_of(line) in row))
		name[++nr] = name_of(line)
	row[name_of(line)] = line
}

function print_note(text)
{
	print text == "" ? "" : "\n" text "\n"
}

function flush(	i)
{
	sort_names()
	printf "\n%s\n%s\n", head[1], head[2]
	for (i = 1; i <= nr; i++)
		print row[name[i]]
	if (kernel != "")
		print_totals()
	else
		print_note(kept && old_note != "" ? old_note : note)
}

FILENAME == ARGV[1] {
	if (is_row($0))
		add($0)
	else if ($0 ~ /^[|]/)
		head[++heads] = $0
	else if ($0 != "" && !take_totals($0))
		note = $0
	next
}

$0 == "<!-- begin " mark " -->" { print; inside = 1; next }
$0 == "<!-- end " mark " -->" { flush(); inside = 0 }
!inside { print; next }

is_row($0) {
	if (!(name_of($0) in row)) {
		add($0)
		kept++
	}
}
$0 ~ /^[|]/ && !is_row($0) && old_heads < 2 {
	old_heads++
	if (heads < 2)
		head[old_heads] = $0
}
$0 !~ /^[|]/ && $0 != "" && !take_totals($0) { old_note = $0 }
