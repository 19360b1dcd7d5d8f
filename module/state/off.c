// SPDX-License-Identifier: GPL-2.0
/*
 * off.c - whether thprace is switched off
 *
 * The switch itself is steer/off.c.  Here is what all layers ask: commands, lanes
 * and probe handlers.
 */
#include "state/off.h"

unsigned int thprace_off_epoch;
