/* SPDX-License-Identifier: GPL-2.0 */
/* The machine, as JSON */
#ifndef THPRACE_MACHINE_H
#define THPRACE_MACHINE_H

#include <jansson.h>

json_t *machine_json(void);

#endif /* THPRACE_MACHINE_H */
