/* SPDX-License-Identifier: GPL-2.0 */
/* args.h - are the parameters of a kernel function those that we know? */
#ifndef THPRACE_ARGS_H
#define THPRACE_ARGS_H

bool thprace_args_declared(const char *symbol);
const char *thprace_args_why_not(const char *symbol);

#endif /* THPRACE_ARGS_H */
