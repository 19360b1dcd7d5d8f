#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Are these reports what docs/report.schema.json says?

    schema.py REPORT...          a test point for each; keys that the schema does not
                                 know are refused, too
    schema.py --probe REPORT...  likewise, and each key that is taken away, and each
                                 that is added, must be noticed

Needs jsonschema.  Called by schema_test.sh and .ci/check.
"""
import copy
import json
import os
import sys

import jsonschema

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../docs/report.schema.json")
# Only there with a grid.
OPTIONAL = {"k", "left", "complete", "time_s"}


def strict(schema):
    """The same schema without room for keys that it does not name."""
    if isinstance(schema, dict):
        return {k: False if k == "additionalProperties" and v is True else strict(v)
                for k, v in schema.items()}
    if isinstance(schema, list):
        return [strict(v) for v in schema]
    return schema


def objects(value, path=()):
    """Every object in a report: its path and itself."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from objects(inner, path + (key,))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from objects(inner, path + (i,))


def at(report, path):
    for key in path:
        report = report[key]
    return report


def unnoticed(validator, report):
    """Changes of a report that the schema does not see."""
    for path, value in list(objects(report)):
        if path and path[-1] == "time_s":
            continue
        # a line of a block has any keys
        if len(path) > 1 and path[-2] == "block":
            continue
        for key in list(value) + ["nosuch"]:
            changed = copy.deepcopy(report)
            if key == "nosuch":
                at(changed, path)[key] = 1
            elif path == ("grid",) and key in OPTIONAL:
                continue
            else:
                del at(changed, path)[key]
            if validator.is_valid(changed):
                yield ".".join(map(str, path + (key,)))


def main(names):
    probe = names[:1] == ["--probe"]
    names = names[probe:]
    with open(SCHEMA, encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(strict(schema))
    failed = not names
    for nr, name in enumerate(names, 1):
        with open(name, encoding="utf-8") as f:
            report = json.load(f)
        errors = [f"{'.'.join(map(str, e.absolute_path))}: {e.message:.200}"
                  for e in validator.iter_errors(report)]
        if probe:
            errors += [f"{path}: not noticed" for path in unnoticed(validator, report)]
        for error in errors:
            print("#", error)
        print("not ok" if errors else "ok", nr, "-", os.path.basename(name))
        failed |= bool(errors)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
