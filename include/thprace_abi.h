/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * thprace_abi.h - the contract between module, companion and kselftests
 *
 * Paths, words of the trigger grammar, limits, names and exit codes, shared by
 * kernel and user space.  docs/ABI.md is the prose of this file; change both
 * together.
 */
#ifndef THPRACE_ABI_H
#define THPRACE_ABI_H

#define THPRACE_ABI_VERSION	1
#define THPRACE_VERSION		"0.1"
#define THPRACE_DEBUGFS		"/sys/kernel/debug/thprace"

/* First line of every report that the module prints. */
#define THPRACE_REPORT_MAGIC	"thprace-report 1"
/* "schema" of the companion's JSON. */
#define THPRACE_JSON_SCHEMA	"thprace-report/1"

/* Limits of a trigger line (bytes incl. a trailing newline, words, ranges). */
#define THPRACE_MAX_LINE	1024
#define THPRACE_MAX_PIDS	64
#define THPRACE_MAX_MAPS	8
#define THPRACE_MAX_OPS		8	/* op= words in a line */
#define THPRACE_MAX_LANES	16	/* lanes of a session in all */
#define THPRACE_MAX_STEPS	16	/* steps of a steer= schedule */
#define THPRACE_MAX_OCCURRENCE	1024	/* N of phase#N */
#define THPRACE_MAX_DURATION_MS	3600000
#define THPRACE_MAX_ROUNDS	1000000000
#define THPRACE_MAX_ORDER	8
#define THPRACE_MAX_MAP_BYTES	0x10000000000ULL	/* 1 TiB */
#define THPRACE_MAX_VIOLATIONS	256	/* kept by the module, newest last */
#define THPRACE_MAX_BLOCKS	16	/* causes described in the file violations, the newest */
#define THPRACE_MAX_GRID_K	16
#define THPRACE_MAX_WATCHED	65536	/* huge pages whose frames a session follows */
#define THPRACE_MAX_HELD	65536	/* huge pages held by a session (128 GiB) */

/* What the block of a cause holds; what is beyond is counted in a line "more". */
#define THPRACE_SESSION_BLOCKS	8	/* the first causes of a session */
#define THPRACE_LOGGED_BLOCKS	4	/* of them go to the kernel log */
#define THPRACE_BLOCK_LINE	304	/* bytes of a line */
#define THPRACE_BLOCK_MAPS	8	/* mappings of the folio */
#define THPRACE_BLOCK_RUNS	6	/* of pages that are alike */
#define THPRACE_BLOCK_LANES	16	/* ops of lanes */
#define THPRACE_BLOCK_STACKS	2
#define THPRACE_BLOCK_STACK	12	/* entries of a stack */

/* Verdicts; a name is the enum's tail in lower case. */
enum thprace_verdict {
	THPRACE_PASS,
	THPRACE_FAIL,
	THPRACE_INCONCLUSIVE,
	THPRACE_ABORTED,
	THPRACE_NR_VERDICTS
};

#define THPRACE_VERDICT_NAMES { "pass", "fail", "inconclusive", "aborted" }

/* Exit codes of thprace and of vm/run. */
enum thprace_exit {
	THPRACE_EXIT_PASS		= 0,
	THPRACE_EXIT_FAIL		= 1,
	THPRACE_EXIT_ERROR		= 2,	/* usage or harness error */
	THPRACE_EXIT_INCONCLUSIVE	= 3,
	THPRACE_EXIT_SKIP		= 4,
	THPRACE_EXIT_SPLAT		= 5,	/* vm/run, merge */
	THPRACE_EXIT_LOST		= 6,	/* vm/run, merge */
};

/*
 * Checks.  Names are final (tools parse them); the order is the order of
 * every table and report.
 */
enum thprace_check {
	THPRACE_CHECK_PAGE_MAPCOUNT,
	THPRACE_CHECK_ENTIRE_MAPCOUNT,
	THPRACE_CHECK_LARGE_MAPCOUNT,
	THPRACE_CHECK_NR_PAGES_MAPPED,
	THPRACE_CHECK_MM_ID,
	THPRACE_CHECK_REFCOUNT,
	THPRACE_CHECK_RMAP_CENSUS,
	THPRACE_CHECK_RMAP_LINEAR,
	THPRACE_CHECK_ANON_VMA_ALIVE,
	THPRACE_CHECK_PMD_GEOMETRY,
	THPRACE_CHECK_ANON_EXCLUSIVE,
	THPRACE_CHECK_MIGRATION_ENTRY,
	THPRACE_CHECK_DEFERRED_QUEUE,
	THPRACE_CHECK_RSS,
	THPRACE_CHECK_CACHE_INDEX,
	THPRACE_CHECK_SPLIT_PROGRESS,
	THPRACE_CHECK_CALIBRATION,
	THPRACE_CHECK_SPLIT_LOCK,
	THPRACE_CHECK_SPLIT_FOLIO_LOCK,
	THPRACE_CHECK_SPLIT_SERIAL,
	THPRACE_CHECK_RMAP_LOCK,
	THPRACE_CHECK_CONTENT,
	THPRACE_CHECK_RECLAIM_PROGRESS,
	THPRACE_CHECK_MLOCKED,
	THPRACE_CHECK_LEAK,
	THPRACE_NR_CHECKS
};

#define THPRACE_CHECK_NAMES {						\
	"page_mapcount", "entire_mapcount", "large_mapcount",		\
	"nr_pages_mapped", "mm_id", "refcount", "rmap_census",		\
	"rmap_linear", "anon_vma_alive", "pmd_geometry",		\
	"anon_exclusive", "migration_entry", "deferred_queue",	\
	"rss", "cache_index", "split_progress", "calibration",		\
	"split_lock", "split_folio_lock", "split_serial", "rmap_lock", "content",	\
	"reclaim_progress", "mlocked", "leak" }

/* Ops.  Names are final; the order is the order of every table and report. */
enum thprace_op {
	THPRACE_OP_SPLIT,
	THPRACE_OP_MUNMAP,
	THPRACE_OP_ZAP,
	THPRACE_OP_CHECK,
	THPRACE_OP_MREMAP,
	THPRACE_OP_FORK,
	THPRACE_OP_EXIT,
	THPRACE_OP_FAULT,
	THPRACE_OP_COW,
	THPRACE_OP_MPROTECT,
	THPRACE_OP_MLOCK,
	THPRACE_OP_MADVISE,
	THPRACE_OP_PAGEOUT,
	THPRACE_OP_COLLAPSE,
	THPRACE_OP_GUP,
	THPRACE_OP_MIGRATE,
	THPRACE_OP_KSM,
	THPRACE_OP_RECLAIM,
	THPRACE_OP_PUNCH,
	THPRACE_OP_TRUNCATE,
	THPRACE_OP_UFFD,
	THPRACE_OP_SOFTDIRTY,
	THPRACE_NR_OPS
};

#define THPRACE_OP_NAMES {						\
	"split", "munmap", "zap", "check", "mremap", "fork", "exit",	\
	"fault", "cow", "mprotect", "mlock", "madvise", "pageout",	\
	"collapse", "gup", "migrate", "ksm", "reclaim", "punch",	\
	"truncate", "uffd", "softdirty" }

#endif /* THPRACE_ABI_H */
