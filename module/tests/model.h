/* SPDX-License-Identifier: GPL-2.0 */
/*
 * model.h - one folio's counters, moved as each kernel moves them
 *
 * The operations restate the statements of the kernels' rmap code (named at
 * each), not the rules of rules.c: whatever they lead to is a state of a
 * correct kernel, so no rule may report on it.
 */
#ifndef THPRACE_TESTS_MODEL_H
#define THPRACE_TESTS_MODEL_H

#include "oracle/rules.h"

enum model_kernel {
	MODEL_5_10,
	MODEL_6_1,
	MODEL_6_12,
	MODEL_7_2,
	MODEL_7_2_NO_PAGE_MAPCOUNT,
	MODEL_NR_KERNELS
};

#define MODEL_MMS		5
#define MODEL_ENTIRELY_MAPPED	0x800000

/* A PTE of the model. */
enum model_pte {
	MODEL_NONE,
	MODEL_READ,
	MODEL_WRITE,
	MODEL_MIGRATION,		/* and not exclusive */
	MODEL_MIGRATION_EXCLUSIVE,
};

struct model_mm {
	bool pmd, pmd_write;
	u8 pte[THPRACE_HPAGE_NR];
};

struct model {
	enum model_kernel kernel;
	bool anon;
	u32 nr;
	struct model_mm mm[MODEL_MMS];
	/* struct page and struct folio */
	s32 mapcount[THPRACE_HPAGE_NR];
	bool exclusive[THPRACE_HPAGE_NR];
	s32 entire, large, nr_mapped, refcount;
	bool double_map, swapcache, shared, queued, partially_mapped;
	u32 mm_id[2];
	s32 mm_count[2];
	/* whether a zap of migration entries may have kept it off the queue */
	bool disturbed;
};

void model_fault(struct model *m, enum model_kernel kernel, bool anon, u32 nr);
void model_map_file_pmd(struct model *m, u32 mm);
void model_map_file_ptes(struct model *m, u32 mm, u32 first, u32 n);
void model_split_pmd(struct model *m, u32 mm);
void model_fork(struct model *m, u32 src, u32 dst);
void model_zap(struct model *m, u32 mm, u32 first, u32 n);
void model_write(struct model *m, u32 mm, u32 i);
void model_unmap_folio(struct model *m);
void model_remap_folio(struct model *m);
bool model_mapped(const struct model *m);
void model_observe(const struct model *m, struct thprace_obs *obs);

#endif /* THPRACE_TESTS_MODEL_H */
