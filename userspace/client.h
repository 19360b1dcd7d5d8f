/* SPDX-License-Identifier: GPL-2.0 */
/* A session of the module */
#ifndef THPRACE_CLIENT_H
#define THPRACE_CLIENT_H

#include "tally.h"
#include "touch.h"

extern const struct touch session_touches[];

int session_open(void);
int session_cmd(int fd, const char *fmt, ...) __printf(2, 3);
const char *session_why(int fd, int err);
int session_try_steer(const char *schedule);
bool session_met(int fd);
int session_report(int fd, struct tally *t);

#endif /* THPRACE_CLIENT_H */
