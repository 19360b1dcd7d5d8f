/* SPDX-License-Identifier: GPL-2.0 */
/* bench.h - the cost of the quiesced check */
#ifndef THPRACE_BENCH_H
#define THPRACE_BENCH_H

#include "oracle/check.h"

int thprace_check_bench(struct thprace_session *s, const struct thprace_check_req *req,
			u64 rounds, struct mm_struct **mms, unsigned int nr_mms);

#endif /* THPRACE_BENCH_H */
