/* SPDX-License-Identifier: GPL-2.0 */
/* munmap.h - the munmap trigger */
#ifndef THPRACE_MUNMAP_H
#define THPRACE_MUNMAP_H

#include "state/session.h"
#include "state/stop.h"

int thprace_munmap_once(struct thprace_session *s, const struct thprace_spec *spec, u64 seed,
			const struct thprace_stop *stop);

#endif /* THPRACE_MUNMAP_H */
