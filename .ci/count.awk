# SPDX-License-Identifier: GPL-2.0
#
# "PASSED FAILED SKIPPED" of the points of a KTAP or TAP stream, or of "ok NAME" lines.
#
# The line of a test that has points of its own is no point: they are counted. But if it
# has failed, and none of them has, that is a failure. Called by .ci/check.

function depth()
{
	match($0, /^ */)
	return RLENGTH
}

/^ *(not )?ok / {
	bad = $0 ~ /^ *not /
	if (depth() < before) {
		failed += bad && !failed_within
		failed_within = 0
	} else if (bad) {
		failed++
		failed_within = depth() > 0
	} else if ($0 ~ /# SKIP/) {
		skipped++
	} else {
		passed++
	}
	before = depth()
}

END { print passed + 0, failed + 0, skipped + 0 }
