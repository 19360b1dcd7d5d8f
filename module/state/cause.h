/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cause.h - findings that have one cause, and what was seen of it
 *
 * Plain data: filled where something is checked, printed by block.c.  Also built
 * on the host.
 */
#ifndef THPRACE_CAUSE_H
#define THPRACE_CAUSE_H

#include "compat/pure.h"
#include "state/finding.h"

#define THPRACE_COMM_LEN	16
#define THPRACE_BATCH_CAUSES	64	/* told apart in one round */
#define THPRACE_STEPS_LEN	512	/* bytes of the words of a schedule */

/* What an entry of a page table is to the folio; names in block.c. */
enum thprace_seen_entry {
	THPRACE_SEEN_NONE,
	THPRACE_SEEN_PRESENT,	/* maps it */
	THPRACE_SEEN_OTHER,	/* is about something else */
	THPRACE_SEEN_MIGRATION,
	THPRACE_SEEN_SWAP,
	THPRACE_SEEN_DEVICE,
	THPRACE_SEEN_HWPOISON,
	THPRACE_SEEN_MARKER,
	THPRACE_SEEN_SPECIAL,
	THPRACE_SEEN_UNKNOWN,
	THPRACE_NR_SEEN_ENTRIES
};

enum thprace_seen_owner {
	THPRACE_OWNER_NONE,
	THPRACE_OWNER_ANON_VMA,
	THPRACE_OWNER_ADDRESS_SPACE,
	THPRACE_OWNER_KSM,
	THPRACE_NR_OWNERS
};

/**
 * struct thprace_seen_runs - one value for each page of a folio, in runs
 * @nr:		runs that are kept
 * @more:	runs for which there was no room
 * @run:	pages first..last have the value
 */
struct thprace_seen_runs {
	u16 nr, more;
	struct {
		u16 first, last;
		s32 value;
	} run[THPRACE_BLOCK_RUNS];
};

/**
 * struct thprace_seen_map - where a folio is mapped
 * @pid:	of a process with this mm, or 0
 * @mm:		its number in this observation
 * @comm:	of that process
 * @vma_start:	or 0: the VMA is not known
 * @vma_end:	first address behind it
 * @vma_flags:	VM_*
 * @pmd:	a PMD entry, else PTEs
 * @rmap:	the rmap walk comes to all of these mappings
 * @entries:	an enum thprace_seen_entry for each page of the folio
 */
struct thprace_seen_map {
	s32 pid;
	u16 mm;
	char comm[THPRACE_COMM_LEN];
	u64 vma_start, vma_end, vma_flags;
	bool pmd, rmap;
	struct thprace_seen_runs entries;
};

/**
 * struct thprace_seen_folio - a folio, or a frame, as it was when it was judged
 * @pfn:	of the head, or 0: only mappings are told
 * @counted:	the fields up to @mapcount are known, else only @pfn and @refcount
 * @flags:	of the head page
 * @root:	of the anon_vma, if that is known to be alive; identity only
 * @index:	offset of the head in its owner
 * @memcg:	inode of the memory cgroup's directory, or 0
 * @order:	its size
 * @owner:	what it belongs to
 * @queued:	on a deferred split queue
 * @lru:	on an LRU list
 * @has_large:	@large_mapcount is kept by this kernel, or computed as it does
 * @has_pages:	@nr_pages_mapped is kept by this kernel
 * @refcount:	raw
 * @entire_mapcount: raw; of a large folio
 * @large_mapcount: raw
 * @nr_pages_mapped: raw
 * @mapcount:	raw _mapcount of each page
 * @nr_maps:	mappings that are kept
 * @more_maps:	mappings for which there was no room
 * @map:	where it is mapped
 */
struct thprace_seen_folio {
	u64 pfn;
	bool counted;
	u64 flags, root, index, memcg;
	u8 order;
	enum thprace_seen_owner owner;
	bool queued, lru, has_large, has_pages;
	s32 refcount, entire_mapcount, large_mapcount, nr_pages_mapped;
	struct thprace_seen_runs mapcount;
	u16 nr_maps, more_maps;
	struct thprace_seen_map map[THPRACE_BLOCK_MAPS];
};

struct thprace_seen_stack {
	s32 pid;
	char comm[THPRACE_COMM_LEN];
	u16 nr;
	unsigned long entry[THPRACE_BLOCK_STACK];
};

/**
 * struct thprace_seen_lock - a lock, as it was when it was judged
 * @name:	static
 * @id:		identity only
 * @owner_pid:	who had it, or was where only one may be; 0: nobody, or not known
 * @owner_comm:	its name
 * @nr_stacks:	entries of @stack
 * @stack:	of the task that was checked, then of others
 */
struct thprace_seen_lock {
	const char *name;
	u64 id;
	s32 owner_pid;
	char owner_comm[THPRACE_COMM_LEN];
	u16 nr_stacks;
	struct thprace_seen_stack stack[THPRACE_BLOCK_STACKS];
};

/**
 * struct thprace_seen_lane - one op of a lane, in the round of the finding
 * @lane:	number
 * @op:		enum thprace_op
 * @pid:	of its task
 * @comm:	likewise
 * @start_ns:	since the start of the round's first op
 * @end_ns:	likewise
 * @ended:	it has; else neither @end_ns nor @result is known
 * @result:	done, busy, failed; static
 * @err:	errno of what it has tried, positive, or 0
 * @first:	page at which it began, if @nr
 * @nr:		pages that it was about, or 0: not told
 * @step:	2: every other one
 * @overlap:	bitmap of the lanes that it overlapped
 */
struct thprace_seen_lane {
	u8 lane, op, step;
	bool ended;
	s32 pid;
	char comm[THPRACE_COMM_LEN];
	u64 start_ns, end_ns;
	const char *result;
	u16 err, first, nr, overlap;
};

/**
 * struct thprace_seen_round - what the lanes of a round did
 * @nr_lanes:	ops that are kept
 * @more_lanes:	ops for which there was no room
 * @lane:	the ops
 * @steps:	of the schedule, as the line "steer" has them
 * @more_steps:	for which there was no room
 */
struct thprace_seen_round {
	u16 nr_lanes, more_lanes, more_steps;
	struct thprace_seen_lane lane[THPRACE_BLOCK_LANES];
	char steps[THPRACE_STEPS_LEN];
};

/**
 * struct thprace_cause - findings of one cause
 * @serial:	its number, since load; 0: none
 * @batch:	of its session
 * @control:	all findings were injected
 * @done:	@round is complete
 * @has_folio:	@seen_folio is filled
 * @has_lock:	@seen_lock is filled
 * @has_round:	@round is filled
 * @nr:		findings
 * @check:	the most basic one
 * @want:	of that one
 * @got:	likewise
 * @addr:	of the first finding that has one
 * @seen_folio:	of the first finding that has one
 * @seen_lock:	likewise
 * @round:	likewise
 */
struct thprace_cause {
	u64 serial, batch;
	bool control, done, has_folio, has_lock, has_round;
	u32 nr, check;
	s64 want, got;
	u64 addr;
	struct thprace_seen_folio seen_folio;
	struct thprace_seen_lock seen_lock;
	struct thprace_seen_round round;
};

/**
 * struct thprace_causes - the causes of a session
 * @batch:	goes up with each round: what is found later has other causes
 * @nr_keys:	of this batch, as long as there is room
 * @key:	of this batch; when there are more, the oldest is replaced
 * @nr:		blocks
 * @block:	the first causes of the session
 */
struct thprace_causes {
	u64 batch;
	unsigned int nr_keys, nr;
	struct thprace_cause_key {
		u64 serial, folio, lock;
		bool by_lock, control;
	} key[THPRACE_BATCH_CAUSES];
	struct thprace_cause block[THPRACE_SESSION_BLOCKS];
};

u64 thprace_folio_key(u64 pfn);
void thprace_runs_add(struct thprace_seen_runs *runs, u32 first, u32 last, s32 value);
struct thprace_cause *thprace_cause_block(struct thprace_causes *t, u64 serial);
bool thprace_cause_wants(struct thprace_causes *t, const struct thprace_finding *f);
u64 thprace_cause_add(struct thprace_causes *t, unsigned int check,
		      const struct thprace_finding *f, u64 *last_serial);
void thprace_cause_batch(struct thprace_causes *t);
void thprace_cause_forget(struct thprace_causes *t);

#endif /* THPRACE_CAUSE_H */
