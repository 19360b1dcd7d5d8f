// SPDX-License-Identifier: GPL-2.0
/*
 * verdict.c - the verdict on a session, why, and what to do about it
 *
 * Called by report.c.  Worked out here and nowhere else in the module.
 */
#include "front/verdict.h"
#include "race/ops.h"
#include "state/names.h"
#include "steer/checks.h"
#include "steer/lockcount.h"

/* Asked for, but never done. */
static bool op_lacks(struct thprace_session *s, unsigned int op, char *why, size_t size)
{
	const struct thprace_op_count *c = &s->op[op];
	const char *hint = "the schedule or the map kept it from being tried";

	if (!(s->op_asked & BIT_ULL(op)) || c->done)
		return false;
	if (c->busy)
		hint = op == THPRACE_OP_SPLIT ?
		       "others hold references, or nothing is huge: map fresh huge pages" :
		       "map more huge pages, or give it more rounds";
	else if (c->failed)
		hint = "the kernel refused it each time";
	scnprintf(why, size, "op %s was never done (busy %llu, failed %llu): %s",
		  thprace_op_name(op), c->busy, c->failed, hint);
	return true;
}

/* Selected and available, but never held. */
static bool check_lacks(struct thprace_session *s, unsigned int check, char *why, size_t size)
{
	bool racing = thprace_check_kind(check) == THPRACE_KIND_RACING;
	const char *hint = "fault huge pages into the map, or name the checks with check=";
	const char *reason = s->check[check].reason;

	if (!(s->selected & BIT_ULL(check)) || thprace_check_kind(check) == THPRACE_KIND_USER)
		return false;
	if (s->check[check].held || (racing && thprace_lockcount_held(s, check)) ||
	    !thprace_check_must_hold(s, check))
		return false;
	if (racing)
		hint = "race what passes its probe points, or name the checks with check=";
	else if (check == THPRACE_CHECK_CALIBRATION)
		hint = "the kernel's series was not tested, see the file checks";
	scnprintf(why, size, "check %s never held (skipped %llu: %s): %s",
		  thprace_check_name(check), s->check[check].skipped,
		  reason ? reason : "nothing to look at", hint);
	return true;
}

static bool is_inconclusive(struct thprace_session *s, char *why, size_t size)
{
	unsigned int i;

	if (s->error) {
		scnprintf(why, size, "the line was refused or failed, see error_text");
		return true;
	}
	if (!s->op_asked && !s->selected) {
		scnprintf(why, size, "nothing was done: no huge page in the map, or no command");
		return true;
	}
	for (i = 0; i < THPRACE_NR_OPS; i++)
		if (op_lacks(s, i, why, size))
			return true;
	if (s->nr_rounds && !s->nr_overlaps) {
		scnprintf(why, size,
			  "in none of %llu rounds two lanes overlapped: more rounds=, or force a meeting with steer=",
			  s->nr_rounds);
		return true;
	}
	for (i = 0; i < THPRACE_NR_CHECKS; i++)
		if (check_lacks(s, i, why, size))
			return true;
	return false;
}

/**
 * thprace_session_verdict() - pass, fail, inconclusive or aborted
 * @s: the session
 * @why: out, the reason and what to do, or "" where there is nothing to say
 * @size: bytes of @why; THPRACE_VERDICT_WHY holds every reason
 *
 * A violation fails.  A pass needs every op that was asked for done, an
 * overlap if there were rounds, and every selected check that this kernel can
 * make held at least once, but as thprace_check_must_hold() says.
 *
 * Context: process context; what is counted meanwhile may or may not be seen.
 */
enum thprace_verdict thprace_session_verdict(struct thprace_session *s, char *why, size_t size)
{
	why[0] = '\0';
	if (READ_ONCE(s->nr_violations))
		return THPRACE_FAIL;
	if (READ_ONCE(s->aborted)) {
		scnprintf(why, size,
			  "interrupted by a signal, a process of it ended, or thprace was switched off");
		return THPRACE_ABORTED;
	}
	return is_inconclusive(s, why, size) ? THPRACE_INCONCLUSIVE : THPRACE_PASS;
}
