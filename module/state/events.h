/* SPDX-License-Identifier: GPL-2.0 */
/*
 * events.h - tracepoints: what happens, for perf, trace-cmd and bpftrace
 *
 * The layers above and record.c call trace_NAME(); events.c defines them.  An
 * event that nobody has enabled is a jump that the kernel's text does not take.
 *
 * They are called in handlers of ftrace and of kretprobes as well, with
 * preemption off or on, and with interrupts off under raw spinlocks.  That is
 * what tracepoints are made for: they take no lock and do not sleep, turn
 * preemption off themselves where they must, and write what they say into the
 * buffer of this CPU, which keeps an event within an event out.  Nothing that
 * they call has a probe of ours; should that change, a handler within a handler
 * is not served (probe.c).
 *
 * Texts are arrays, not dynamic strings: a scenario may get another name while
 * an event is written, and what is copied must not outgrow what was reserved.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM thprace

#if !defined(THPRACE_EVENTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define THPRACE_EVENTS_H

#include <linux/tracepoint.h>

#include "state/finding.h"
#include "state/names.h"
#include "state/session.h"

#define THPRACE_EVENT_WORD	24	/* bytes of the name of a check */
#define THPRACE_EVENT_REASON	160

/* A finding was recorded: real, or injected (control). */
TRACE_EVENT(violation,
	    TP_PROTO(const struct thprace_session *s, unsigned int check,
		     const struct thprace_finding *f, u64 cause),
	    TP_ARGS(s, check, f, cause),
	    TP_STRUCT__entry(__field(u64, session)
			     __field(u64, round)
			     __field(u64, cause)
			     __field(u64, addr)
			     __field(u64, pfn)
			     __field(s64, want)
			     __field(s64, got)
			     __field(u32, index)
			     __field(bool, control)
			     __array(char, check, THPRACE_EVENT_WORD)
			     __array(char, scenario, THPRACE_NAME_LEN)
			     __array(char, reason, THPRACE_EVENT_REASON)),
	    TP_fast_assign(__entry->session = s->id;
			   __entry->round = s->nr_rounds;
			   __entry->cause = cause;
			   __entry->addr = f->addr;
			   __entry->pfn = f->pfn;
			   __entry->want = f->want;
			   __entry->got = f->got;
			   __entry->index = f->index;
			   __entry->control = f->control;
			   strscpy_pad(__entry->check, thprace_check_name(check),
				       THPRACE_EVENT_WORD);
			   strscpy_pad(__entry->scenario, s->scenario[0] ? s->scenario : "-",
				       THPRACE_NAME_LEN);
			   strscpy_pad(__entry->reason, f->reason ? f->reason : "-",
				       THPRACE_EVENT_REASON);),
	    TP_printk("session=%llu scenario=%s round=%llu check=%s addr=0x%llx pfn=0x%llx index=%u want=%lld got=%lld cause=%llu control=%d reason=%s",
		      __entry->session, __entry->scenario, __entry->round, __entry->check,
		      __entry->addr, __entry->pfn, __entry->index, __entry->want, __entry->got,
		      __entry->cause, __entry->control, __entry->reason));

/*
 * A quiesced check of maps is over: what it came to, an event for each kind of check.
 * Not "check": newer kernels (7.2) have a section __tracepoint_check, which an
 * assembler takes for the event's variable of that name.
 */
TRACE_EVENT(checked,
	    TP_PROTO(const struct thprace_session *s, unsigned int check,
		     const struct thprace_tally *tally),
	    TP_ARGS(s, check, tally),
	    TP_STRUCT__entry(__field(u64, session)
			     __field(u64, round)
			     __field(u64, held)
			     __field(u64, skipped)
			     __array(char, check, THPRACE_EVENT_WORD)
			     __array(char, reason, THPRACE_EVENT_REASON)),
	    TP_fast_assign(__entry->session = s->id;
			   __entry->round = s->nr_rounds;
			   __entry->held = tally->held;
			   __entry->skipped = tally->skipped;
			   strscpy_pad(__entry->check, thprace_check_name(check),
				       THPRACE_EVENT_WORD);
			   strscpy_pad(__entry->reason, tally->reason ? tally->reason : "-",
				       THPRACE_EVENT_REASON);),
	    TP_printk("session=%llu round=%llu check=%s held=%llu skipped=%llu reason=%s",
		      __entry->session, __entry->round, __entry->check, __entry->held,
		      __entry->skipped, __entry->reason));

/* A round was counted. */
TRACE_EVENT(round,
	    TP_PROTO(const struct thprace_session *s, bool overlapped, unsigned int steps,
		     unsigned int reached),
	    TP_ARGS(s, overlapped, steps, reached),
	    TP_STRUCT__entry(__field(u64, session)
			     __field(u64, round)
			     __field(u32, steps)
			     __field(u32, reached)
			     __field(u32, violations)
			     __field(bool, overlapped)
			     __array(char, scenario, THPRACE_NAME_LEN)),
	    TP_fast_assign(__entry->session = s->id;
			   __entry->round = s->nr_rounds;
			   __entry->steps = steps;
			   __entry->reached = reached;
			   __entry->violations = s->nr_violations;
			   __entry->overlapped = overlapped;
			   strscpy_pad(__entry->scenario, s->scenario[0] ? s->scenario : "-",
				       THPRACE_NAME_LEN);),
	    TP_printk("session=%llu scenario=%s round=%llu overlapped=%d steps=%u reached=%u violations=%u",
		      __entry->session, __entry->scenario, __entry->round, __entry->overlapped,
		      __entry->steps, __entry->reached, __entry->violations));

/* A lane of a schedule passes a phase, for the nth time in its round. */
TRACE_EVENT(phase,
	    TP_PROTO(u64 session, unsigned int lane, const char *phase, unsigned int nth,
		     bool returned, bool parks),
	    TP_ARGS(session, lane, phase, nth, returned, parks),
	    TP_STRUCT__entry(__field(u64, session)
			     __field(u32, nth)
			     __field(char, lane)
			     __field(bool, returned)
			     __field(bool, parks)
			     __array(char, phase, THPRACE_NAME_LEN)),
	    TP_fast_assign(__entry->session = session;
			   __entry->nth = nth;
			   __entry->lane = 'a' + lane;
			   __entry->returned = returned;
			   __entry->parks = parks;
			   strscpy_pad(__entry->phase, phase, THPRACE_NAME_LEN);),
	    TP_printk("session=%llu lane=%c phase=%s nth=%u returned=%d parks=%d",
		      __entry->session, __entry->lane, __entry->phase, __entry->nth,
		      __entry->returned, __entry->parks));

/* A parked lane goes on. */
TRACE_EVENT(park,
	    TP_PROTO(u64 session, unsigned int lane, const char *phase, u64 ns, const char *end),
	    TP_ARGS(session, lane, phase, ns, end),
	    TP_STRUCT__entry(__field(u64, session)
			     __field(u64, ns)
			     __field(char, lane)
			     __array(char, end, 8)
			     __array(char, phase, THPRACE_NAME_LEN)),
	    TP_fast_assign(__entry->session = session;
			   __entry->ns = ns;
			   __entry->lane = 'a' + lane;
			   strscpy_pad(__entry->end, end, 8);
			   strscpy_pad(__entry->phase, phase, THPRACE_NAME_LEN);),
	    TP_printk("session=%llu lane=%c phase=%s ns=%llu end=%s", __entry->session,
		      __entry->lane, __entry->phase, __entry->ns, __entry->end));

/* A lane has come to where the schedule wants it while another one is parked. */
TRACE_EVENT(meet,
	    TP_PROTO(u64 session, unsigned int lane, const char *phase, unsigned int other,
		     const char *other_phase),
	    TP_ARGS(session, lane, phase, other, other_phase),
	    TP_STRUCT__entry(__field(u64, session)
			     __field(char, lane)
			     __field(char, other)
			     __array(char, phase, THPRACE_NAME_LEN)
			     __array(char, other_phase, THPRACE_NAME_LEN)),
	    TP_fast_assign(__entry->session = session;
			   __entry->lane = 'a' + lane;
			   __entry->other = 'a' + other;
			   strscpy_pad(__entry->phase, phase, THPRACE_NAME_LEN);
			   strscpy_pad(__entry->other_phase, other_phase, THPRACE_NAME_LEN);),
	    TP_printk("session=%llu lane=%c phase=%s other=%c other_phase=%s", __entry->session,
		      __entry->lane, __entry->phase, __entry->other, __entry->other_phase));

#endif /* THPRACE_EVENTS_H */

/* Below module/, which is in the path of includes. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH state
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE events
#include <trace/define_trace.h>
