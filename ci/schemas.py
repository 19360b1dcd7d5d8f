#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Is what kernel CI is given what its tools take?

    schemas.py tmt TREE              the metadata of tmt in TREE (*.fmf): plan and tests,
                                     their steps, and that scripts are there
    schemas.py results FILE...       results.yaml, of tmt
    schemas.py lava FILE [LIB]       a test definition for LAVA, by lava_common (found in
                                     LIB), and by what is published where that is absent

Prints what is wrong; exit status 1 if something is, 4 if a Python module is absent.
tmt's own schemas are in schemas/tmt; the merging of metadata is the part of fmf that
is used here (main.fmf of the directories above).  Called by results_test.sh.
"""
import glob
import os
import sys

try:
    import jsonschema
    import yaml
except ImportError as absent:
    print(absent)
    sys.exit(4)

SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schemas/tmt")
wrong = []


def load(path):
    with open(path, encoding="utf-8") as f:
        return yaml.load(f, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class Schemas:
    """tmt's schemas, which refer to each other by $id"""

    def __init__(self):
        self.store = {}
        for path in glob.glob(SCHEMAS + "/**/*.yaml", recursive=True):
            schema = load(path)
            # As it is written there, it is no URI that jsonschema knows.
            schema["$schema"] = "http://json-schema.org/draft-07/schema#"
            self.store[schema["$id"]] = schema

    def check(self, value, name, what):
        schema = self.store["/schemas/" + name]
        resolver = jsonschema.RefResolver(schema["$id"], schema, store=self.store)
        validator = jsonschema.Draft7Validator(schema, resolver=resolver)
        for error in validator.iter_errors(value):
            wrong.append(f"{what}: {'/'.join(map(str, error.path))}: {error.message}")


def nodes(tree):
    """(path, metadata) of each *.fmf file, with what it has of those above"""
    for path in sorted(glob.glob(tree + "/tmt/**/*.fmf", recursive=True)):
        here = os.path.dirname(path)
        data, chain = {}, [path]
        while len(here) >= len(tree):
            main = here + "/main.fmf"
            if main not in chain and os.path.exists(main):
                chain.append(main)
            here = os.path.dirname(here)
        for part in reversed(chain):
            data.update(load(part) or {})
        yield path, data


def tmt(tree):
    schemas = Schemas()
    tests = plans = 0
    try:
        with open(tree + "/.fmf/version", encoding="utf-8") as f:
            if f.read().strip() != "1":
                wrong.append(".fmf/version: not 1")
    except OSError as e:
        wrong.append(str(e))
    for path, data in nodes(tree):
        if "test" in data:
            tests += 1
            schemas.check(data, "test", path)
            if data.get("result") != "custom":
                wrong.append(f"{path}: its result is not custom")
            if not os.access(os.path.join(os.path.dirname(path), data["test"]), os.X_OK):
                wrong.append(f"{path}: {data['test']} is no program")
        elif "execute" in data:
            plans += 1
            schemas.check(data, "plan", path)
            schemas.check(data["discover"], "discover/" + data["discover"]["how"], path)
            schemas.check(data["execute"], "execute/" + data["execute"]["how"], path)
        elif os.path.basename(path) != "main.fmf":
            wrong.append(f"{path}: neither test nor plan")
    if not tests or not plans:
        wrong.append(f"{tests} tests, {plans} plans")


def results(paths):
    schemas = Schemas()
    for path in paths:
        data = load(path)
        schemas.check(data, "results", path)
        if not isinstance(data, list) or not data or data[0].get("name") != "/":
            wrong.append(f"{path}: the first result is not /")


def lava(path, lib=None):
    if lib:
        sys.path.insert(0, lib)
    data = load(path)
    try:
        from lava_common.schemas.test.testdef import validate
        from voluptuous import Invalid
        print("by lava_common")
        try:
            validate(data)
        except Invalid as e:
            wrong.append(f"{path}: {e}")
    except ImportError:
        print("by what is published")
        meta = data.get("metadata", {})
        if meta.get("format") != "Lava-Test Test Definition 1.0" or not meta.get("name"):
            wrong.append(f"{path}: metadata")
    # What both leave open: LAVA replaces names, it runs strings.
    steps = data.get("run", {}).get("steps")
    if not steps or not all(isinstance(s, str) for s in steps):
        wrong.append(f"{path}: no run: steps:")
    if not all(isinstance(v, str) for v in data.get("params", {}).values()):
        wrong.append(f"{path}: params are texts")


{"tmt": lambda a: tmt(*a), "results": results, "lava": lambda a: lava(*a)}[sys.argv[1]](sys.argv[2:])
for text in wrong:
    print(text)
sys.exit(bool(wrong))
