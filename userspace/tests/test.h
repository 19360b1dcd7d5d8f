/* SPDX-License-Identifier: GPL-2.0 */
/* What all tests include, in the order that cmocka asks for */
#ifndef THPRACE_TEST_H
#define THPRACE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

ssize_t __real_read_text(const char *path, char *buf, size_t size);
ssize_t __wrap_read_text(const char *path, char *buf, size_t size);

/* For tests that have no need of another one. */
#define REAL_READ_TEXT							\
	ssize_t __wrap_read_text(const char *path, char *buf, size_t size) \
	{								\
		return __real_read_text(path, buf, size);		\
	}

#endif /* THPRACE_TEST_H */
