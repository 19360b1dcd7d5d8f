# SPDX-License-Identifier: GPL-2.0
#
# awk -v status=N -v want=N[,N] -f machines.awk ALLOWED REPORT.json
#
# Prints what in a report of "thprace run" is not as it is to be, nothing if all is.
# ALLOWED has the scenarios that need not pass, see vm/machines.

function value(line)
{
	sub(/^[^:]*: /, "", line)
	sub(/,$/, "", line)
	gsub(/^"|"$/, "", line)
	return line == "null" ? "" : line
}

function is_allowed(name, verdict, why,    i)
{
	for (i = 1; i <= nr_allowed; i++) {
		if (name ~ "^(" names[i] ")$" && verdict ~ "^(" verdicts[i] ")$" &&
		    why ~ reasons[i])
			return 1
	}
	return 0
}

function judge(name, verdict, why)
{
	seen++
	passed += verdict == "pass"
	if (verdict != "pass" && !is_allowed(name, verdict, why))
		print name ": " verdict ": " (why == "" ? "no reason" : why)
}

FILENAME == ARGV[1] {
	bar = index($0, "|")
	rest = substr($0, bar + 1)
	names[++nr_allowed] = bar ? substr($0, 1, bar - 1) : ""
	gsub(/,/, "|", names[nr_allowed])
	bar2 = index(rest, "|")
	verdicts[nr_allowed] = substr(rest, 1, bar2 - 1)
	reasons[nr_allowed] = substr(rest, bar2 + 1)
	next
}
/^ "verdict":/ { verdict = value($0) }
/^ "why":/ { why = value($0) }
/^ "complete": true/ { complete = 1 }
/^ "scenarios": \[/ { inside = 1 }
/^ \]/ { inside = 0 }
inside && /^   "name":/ { name = value($0) }
inside && /^   "verdict":/ { its = value($0) }
inside && /^   "skipped":/ { skipped = value($0) }
inside && /^   "why":/ { its_why = value($0) }
inside && /^  }/ { judge(name, its, skipped != "" ? skipped : its_why) }

END {
	if (index("," want ",", "," status ",") == 0)
		print "exit status " status ", expected " want
	if (!complete || !seen)
		print "no report, or not a whole one"
	else if (verdict != "pass" && !is_allowed("all", verdict, why))
		print "the run: " verdict ": " (why == "" ? "no reason" : why)
	if (status == 0 && !passed)
		print "nothing passed"
}
