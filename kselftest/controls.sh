#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What must fail does: the controls of test_scenarios.sh, of one scenario. A program of
# the outer shape (groups), where the scenarios have groups of their own.
exec ./test_scenarios.sh split-munmap
