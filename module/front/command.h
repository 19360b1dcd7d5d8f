/* SPDX-License-Identifier: GPL-2.0 */
/* command.h - one line of a session or a trigger */
#ifndef THPRACE_COMMAND_H
#define THPRACE_COMMAND_H

#include "state/session.h"

enum thprace_trigger_kind {
	THPRACE_TRIGGER_SPLIT,
	THPRACE_TRIGGER_MUNMAP,
	THPRACE_TRIGGER_RACE,
	THPRACE_TRIGGER_CHECK,
	THPRACE_NR_TRIGGERS
};

int thprace_command(struct thprace_session *s, const char *line, size_t len, int error);
int thprace_command_trigger(struct thprace_session *s, enum thprace_trigger_kind kind,
			    const char *line, size_t len, int error);
void thprace_command_end(struct thprace_session *s);

#endif /* THPRACE_COMMAND_H */
