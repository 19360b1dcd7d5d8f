// SPDX-License-Identifier: GPL-2.0
/*
 * thprace merge with the sanitizers of the unit tests, for formats_test.sh
 */
#include "merge_cmd.h"

int main(int argc, char **argv)
{
	return cmd_merge(argc, argv);
}
