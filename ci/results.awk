# SPDX-License-Identifier: GPL-2.0
#
# KTAP on standard input -> results, as "NAME RESULT NOTE" lines or as tmt's results.yaml.
#
# usage: awk -v form=lines|tmt [-v log_name=FILE] -f results.awk
#
# RESULT is pass, fail, error, inconclusive or skip. A group without a result line, and
# groups that a cut output lacks, are errors. The first line, of the name "-" (in tmt "/"),
# is the verdict of all. Takes the output of "kselftest/run.sh", with and without
# KSELFTEST_OUTER=1, and of "thprace run --ktap". Called by tmt/ and lava/.

function result(ok, directive)
{
	if (directive ~ /inconclusive/)
		return "inconclusive"
	if (ok)
		return directive ~ /^SKIP/ ? "skip" : "pass"
	# it could not be run, or nobody knows what became of it
	return directive ~ /^(exit=(2|126|127)( |$)|aborted)/ ? "error" : "fail"
}

function add(name, what, why)
{
	names[++nr] = name
	results[nr] = what
	notes[nr] = why
	count[what]++
}

# "rest" of a point: the name and the directive
function take(rest, ok,    directive)
{
	sub(/^[0-9]+ (- )?/, "", rest)
	sub(/^selftests: thprace: /, "", rest)
	directive = ""
	if (match(rest, / # /)) {
		directive = substr(rest, RSTART + 3)
		rest = substr(rest, 1, RSTART - 1)
	}
	gsub(/[^A-Za-z0-9_-]+/, "-", rest)
	add(rest, result(ok, directive), directive)
}

# A nested one, of the group that runs.
function take_nested(text, ok,    first)
{
	first = nr
	take(text, ok)
	sub_names[nr_sub] = names[nr]
	sub_results[nr_sub] = results[nr]
	sub_notes[nr_sub++] = notes[nr]
	count[results[nr]]--
	nr = first
}

function verdict()
{
	if (count["fail"])
		return "fail"
	if (count["error"])
		return "error"
	if (count["inconclusive"])
		return "inconclusive"
	return count["pass"] ? "pass" : "skip"
}

# tmt knows no inconclusive: that and an error are its "error", what is not known.
function outcome(what)
{
	return what == "inconclusive" ? "error" : what
}

function text(s)
{
	gsub(/[^ -~]/, " ", s)
	gsub(/\\/, "/", s)
	gsub(/"/, "'", s)
	return "\"" s "\""
}

function note(what, why)
{
	if (what == "inconclusive" && why !~ /inconclusive/)
		return "inconclusive " why
	return why
}

function print_tmt(name, what, why, subs,    n, s, i, f)
{
	print "- name: " text(name)
	print "  result: " outcome(what)
	if (note(what, why) != "")
		print "  note: [" text(note(what, why)) "]"
	if (log_file != "")
		print "  log: [" text(log_file) "]"
	n = split(subs, s, "\n")
	if (n)
		print "  subresult:"
	for (i = 1; i <= n; i++) {
		split(s[i], f, "\t")
		print "  - name: " text(f[1])
		print "    result: " outcome(f[2])
		if (note(f[2], f[3]) != "")
			print "    note: [" text(note(f[2], f[3])) "]"
	}
}

function end_group(    i)
{
	for (i = 0; i < nr_sub; i++)
		nested[nr] = nested[nr] (i ? "\n" : "") sub_names[i] "\t" sub_results[i] "\t" sub_notes[i]
	nr_sub = 0
	open = ""
}

BEGIN { nr_sub = 0; open = "" }
/^KTAP version|^TAP version/ { started = 1; next }
!started { next }
/^1\.\./ {
	planned = substr($0, 4) + 0
	has_plan = 1
	if (match($0, /# SKIP/)) {
		all_skipped = 1
		why_skipped = substr($0, RSTART + 2)
	}
	next
}
/^# selftests: thprace: / {
	if (open != "") {
		add(open, "error", "lost: no result")
		end_group()
	}
	open = $0
	sub(/^# selftests: thprace: /, "", open)
	next
}
/^# (not )?ok [0-9]/ {
	ok = !/^# not/
	sub(/^# (not )?ok /, "")
	if (open != "")
		take_nested($0, ok)
	next
}
/^(not )?ok [0-9]/ {
	ok = !/^not/
	sub(/^(not )?ok /, "")
	take($0, ok)
	end_group()
	next
}

END {
	if (open != "") {
		add(open, "error", "lost: no result")
		end_group()
	}
	why = ""
	if (!started)
		why = "no KTAP"
	else if (!has_plan)
		why = "no plan"
	else if (nr < planned)
		why = "lost: planned " planned ", there are " nr
	if (why != "")
		count["error"]++
	else if (!nr && !all_skipped)
		count["error"] += (why = "no result") != ""
	if (all_skipped)
		why = why_skipped

	log_file = form == "tmt" ? log_name : ""
	if (form == "tmt")
		print_tmt("/", verdict(), why, "")
	else
		print "-", verdict(), why
	for (i = 1; i <= nr; i++) {
		if (form == "tmt")
			print_tmt("/" names[i], results[i], notes[i], nested[i])
		else
			print names[i], results[i], notes[i]
	}
}
