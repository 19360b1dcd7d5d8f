# SPDX-License-Identifier: GPL-2.0
#
# Is this what outer.c may print? Prints what is wrong; the exit status says whether
# something is. Called by outer_test.sh, and good for the output of any run.

function wrong(what)
{
	print NR ": " what ": " $0
	bad = 1
}

function is_inconclusive(text)
{
	return text ~ /inconclusive/
}

# make's own lines, and what setup.sh says before and after
!started && !/^KTAP version 1$/ { next }
!started { started = 1; next }

/^1\.\./ {
	if (planned || !/^1\.\.[1-9][0-9]*$/)
		wrong("a second plan, or none of a number")
	planned = substr($0, 4) + 0
	next
}

/^# selftests: / {
	if (name != "")
		wrong("the group before has no result")
	name = $0
	sub(/^# /, "", name)
	if (name !~ /^selftests: thprace: [A-Za-z0-9_-]+$/)
		wrong("not the name of a group")
	next
}

/^# *(not )?ok [0-9]/ {
	text = $0
	sub(/^# *(not )?ok [0-9]+ (- )?/, "", text)
	sub(/ # .*/, "", text)
	if (text !~ /^[A-Za-z0-9_-]+$/)
		wrong("not the name of a point")
	if (/^# *ok / && !/ # SKIP / && is_inconclusive($0))
		wrong("inconclusive is ok")
	next
}

/^#/ { next }

/^(not )?ok / {
	text = $0
	ok = sub(/^ok /, "", text)
	sub(/^not ok /, "", text)
	if (!planned)
		wrong("a result before the plan")
	if (text + 0 != ++nr)
		wrong("not number " nr)
	sub(/^[0-9]+ /, "", text)
	directive = ""
	if (match(text, / # /)) {
		directive = substr(text, RSTART + 3)
		text = substr(text, 1, RSTART - 1)
	}
	if (name == "" || text != name)
		wrong("a result without its group")
	if (ok && directive != "" && directive !~ /^SKIP ./)
		wrong("ok is neither plain nor SKIP with a reason")
	if (!ok && directive == "")
		wrong("not ok, and no reason")
	name = ""
	next
}

{ wrong("a line that is none of KTAP's") }

END {
	if (!started)
		print "no KTAP at all"
	else if (nr != planned)
		print "planned " planned ", ran " nr
	else if (name != "")
		print "the last group has no result"
	else if (!bad)
		exit 0
	exit 1
}
