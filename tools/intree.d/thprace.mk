# SPDX-License-Identifier: GPL-2.0
# Scenarios of thprace that need no module; read before lib.mk. They need libjansson.

ifeq ($(shell echo '\#include <jansson.h>' | $(CC) -E - >/dev/null 2>&1 && echo y),y)
TEST_GEN_FILES += thprace_test
endif
TEST_PROGS += ksft_thprace.sh
TEST_FILES += thprace_group.sh

THPRACE_SRCS := $(wildcard thprace/*.c)
THPRACE_CFLAGS := -std=gnu11 -D_GNU_SOURCE= -pthread -Ithprace \
	'-D__printf(a, b)=__attribute__((format(printf, a, b)))'
