// SPDX-License-Identifier: GPL-2.0
/*
 * How long a kernel thread is waited for, as measured so far
 *
 * khugepaged and ksmd look at the memory of all processes in turn: how long that
 * takes depends on what else there is on the machine.  Waits that were too short
 * make the next one longer, up to a limit; long ones that were not needed, shorter.
 */
#include "patience.h"

#define FIRST_NS	(500 * NSEC_PER_MSEC)
#define LONGEST_NS	(3 * NSEC_PER_SEC)
#define FACTOR		4		/* of what was measured */

/**
 * patience_limit() - how long to wait at most
 * @p: what is known; zeroed before the first wait
 */
u64 patience_limit(const struct patience *p)
{
	return p->limit_ns ? p->limit_ns : FIRST_NS;
}

/**
 * patience_note() - how a wait went
 * @p: of these waits
 * @waited_ns: how long it took
 * @in_time: the thread came round before the limit
 */
void patience_note(struct patience *p, u64 waited_ns, bool in_time)
{
	u64 limit_ns = in_time ? waited_ns * FACTOR : 2 * patience_limit(p);

	if (limit_ns < FIRST_NS)
		limit_ns = FIRST_NS;
	if (limit_ns > LONGEST_NS)
		limit_ns = LONGEST_NS;
	p->limit_ns = limit_ns;
}
