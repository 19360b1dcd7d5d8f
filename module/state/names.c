// SPDX-License-Identifier: GPL-2.0
/*
 * names.c - the names of checks and ops, as include/thprace_abi.h has them
 *
 * Also built on the host.
 */
#include "state/names.h"

const char * const thprace_check_names[] = THPRACE_CHECK_NAMES;
const char * const thprace_op_names[] = THPRACE_OP_NAMES;

static_assert(THPRACE_NR_CHECKS <= 64);
static_assert(THPRACE_NR_OPS <= 64);

/**
 * thprace_name_find() - look a name up in an array
 * @names: the array
 * @nr: its length
 * @s: the name, need not be terminated
 * @len: bytes of @s
 *
 * Return: its index, or -1.
 */
int thprace_name_find(const char * const *names, int nr, const char *s, size_t len)
{
	int i;

	for (i = 0; i < nr; i++)
		if (strlen(names[i]) == len && !memcmp(s, names[i], len))
			return i;
	return -1;
}

/**
 * thprace_check_find() - look a check up by name
 * @name: need not be terminated
 * @len: bytes of @name
 *
 * Return: the enum thprace_check, or -EINVAL.
 */
int thprace_check_find(const char *name, size_t len)
{
	int i = thprace_name_find(thprace_check_names, THPRACE_NR_CHECKS, name, len);

	return i < 0 ? -EINVAL : i;
}

/**
 * thprace_check_name() - name of a check
 * @check: an enum thprace_check
 *
 * Return: its name, or "?" for a number that is none.
 */
const char *thprace_check_name(unsigned int check)
{
	return check < THPRACE_NR_CHECKS ? thprace_check_names[check] : "?";
}

/**
 * thprace_op_find() - look an op up by name
 * @name: as in op=
 *
 * Return: the enum thprace_op, or -EINVAL.
 */
int thprace_op_find(const char *name)
{
	int i = thprace_name_find(thprace_op_names, THPRACE_NR_OPS, name, strlen(name));

	return i < 0 ? -EINVAL : i;
}

/**
 * thprace_op_name() - name of an op
 * @op: an enum thprace_op
 *
 * Return: its name, or "?" for a number that is none.
 */
const char *thprace_op_name(unsigned int op)
{
	return op < THPRACE_NR_OPS ? thprace_op_names[op] : "?";
}
