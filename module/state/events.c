// SPDX-License-Identifier: GPL-2.0
/*
 * events.c - the tracepoints of events.h, and nothing else
 */
#include "state/session.h"

#define CREATE_TRACE_POINTS
#include "state/events.h"
