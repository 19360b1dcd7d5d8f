# SPDX-License-Identifier: GPL-2.0
# How thprace_test is made; read after lib.mk. Of headers it takes the C library's or those of
# "make headers": beside one of tools/include/uapi the others of the library may be too old.

$(OUTPUT)/thprace_test: $(THPRACE_SRCS) $(wildcard thprace/*.h)
	$(call msg,CC,,$@)
	$(Q)$(CC) $(subst $(TOOLS_INCLUDES),,$(CFLAGS)) $(THPRACE_CFLAGS) $(LDFLAGS) \
		$(THPRACE_SRCS) -ljansson $(LDLIBS) -o $@
