/* SPDX-License-Identifier: GPL-2.0 */
/* Causes of violations, and what they need, as JSON */
#ifndef THPRACE_JSON_CAUSE_H
#define THPRACE_JSON_CAUSE_H

#include <jansson.h>

#include "report.h"

json_t *causes_json(const struct report *rep);

#endif /* THPRACE_JSON_CAUSE_H */
