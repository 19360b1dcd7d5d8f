#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
What the kernel's own parser of KTAP (tools/testing/kunit) understands

    outer_kunit.py KERNEL-TREE <KTAP

Prints "STATUS NAME" for each group, and "errors N".  Called by outer_test.sh.
"""
import io
import os
import sys
from inspect import signature

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(sys.argv[1], "tools/testing/kunit"))

# Its report is for people.
real, sys.stdout = sys.stdout, io.StringIO()
import kunit_parser  # noqa: E402
try:
    from kunit_printer import Printer
    more = [Printer()] if "printer" in signature(kunit_parser.parse_run_tests).parameters else []
except ImportError:
    more = []
test = kunit_parser.parse_run_tests(sys.stdin.read().splitlines(), *more)
sys.stdout = real
for sub in test.subtests:
    print(sub.status.name, sub.name)
print("errors", test.counts.errors)
