/* SPDX-License-Identifier: GPL-2.0 */
/*
 * finding.h - what one check says about one thing that it looked at
 *
 * Also built on the host.
 */
#ifndef THPRACE_FINDING_H
#define THPRACE_FINDING_H

#include "compat/pure.h"

struct thprace_seen_folio;
struct thprace_seen_lock;

enum thprace_outcome {
	THPRACE_NOT_APPLICABLE,	/* the rule says nothing about this */
	THPRACE_HELD,
	THPRACE_VIOLATED,
	THPRACE_SKIPPED,	/* it would apply, but what was seen is not provably stable */
	THPRACE_NR_OUTCOMES
};

/**
 * struct thprace_finding - the outcome of one check
 * @outcome:	held, violated, skipped, or not applicable
 * @want:	what the rule says; also of a refcount that is skipped for being above it
 * @got:	what was seen
 * @addr:	virtual address, or 0
 * @pfn:	page frame, or 0
 * @index:	subpage, where it has a meaning
 * @reason:	why it was skipped, or which rule was broken; valid during the call
 * @looks:	how often the state was seen to be like this; record.c drops a
 *		violation that was seen only once
 * @control:	injected, a positive control
 * @by_lock:	it is about a lock, or an mm, rather than a folio
 * @lock:	identity of that, or of the root of the folio's anon_vma; 0: not known
 * @seen_folio:	what was seen of the folio, or NULL; valid during the call
 * @seen_lock:	what was seen of the lock, likewise
 */
struct thprace_finding {
	enum thprace_outcome outcome;
	s64 want, got;
	u64 addr, pfn;
	u32 index;
	const char *reason;
	u32 looks;
	bool control, by_lock;
	u64 lock;
	const struct thprace_seen_folio *seen_folio;
	const struct thprace_seen_lock *seen_lock;
};

#endif /* THPRACE_FINDING_H */
