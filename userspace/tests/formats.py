#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Merged reports in all formats, of names that want to break them.  See formats_test.sh.
"""
import copy
import glob
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import jsonschema

import schema as report_schema

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTILE = [
    "<script>alert(1)</script>", "]]>\"'&amp;</pre>", "\x01\x1b[31m\x7f", "\u202eevil\ufffe\uffff",
    "two\nlines\tand", "../../etc", "x" * 300, "\u6f22\u5b57", "$(id)`id`", "",
]
NR = 0
FAILED = 0


def point(good, name, why=""):
    global NR, FAILED
    NR += 1
    FAILED += not good
    print("ok" if good else "not ok", NR, "-", name)
    if not good and why:
        print("#", str(why)[:1500].replace("\n", "\n# "))


def load(name):
    with open(name, encoding="utf-8") as f:
        return json.load(f)


def save(name, obj):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "w", encoding="utf-8") as f:
        json.dump(obj, f)
    return name


def merge(prog, files, out, *more):
    args = [f"--{kind}={out}.{kind}" for kind in ("json", "html", "junit", "kcidb")]
    argv0 = [prog] if os.path.basename(prog) != "thprace" else [prog, "merge"]
    return subprocess.run(argv0 + list(files) + args + list(more), check=False,
                          stdout=subprocess.DEVNULL).returncode


def violate(report, check, scenario, detail, cell=None):
    report["violations"].append({
        "cause": 1, "control": False, "check": check, "scenario": scenario, "round": 1,
        "time_s": 1.5, "addr": "0x1", "pfn": "0x1", "want": detail, "got": detail,
        "ops": ["split"], "cell": cell, "detail": detail})
    report["causes"] = [{
        "cause": 1, "serial": None, "scenario": scenario, "round": 1, "control": False,
        "checks": [{"check": check, "count": 1, "want": "", "got": "", "detail": ""}],
        "block": [], "triage": None}]
    report.update(verdict="fail", why=detail or "x", first_violation_s=1.5)
    report["totals"]["violations"] += 1


def hostile(base, nr, name):
    r = copy.deepcopy(base)
    r.update(run=f"r{nr}{name[:20]}", kernel=name or "k", host=name, started=name, why=name)
    r["options"]["steer"] = name
    for row in r["scenarios"][:2]:
        row.update(name=name, verdict="fail", why=name or "x", begun=True, skipped=None)
    r["scenarios"][2].update(verdict="inconclusive", why=name or "x", skipped=None)
    r["ops"][0]["name"] = name
    r["checks"][0].update(name=name, reason=name)
    violate(r, name, name, name, name)
    r["grid"] = {"a": [name, "plain"], "b": ["other", name],
                 "cells": [["met", 1, 2, 0], [name, 0, 1, 0], ["never", 0, 1, 0],
                           ["met", 3, 3, 1]]}
    return r


def kcidb_errors(name):
    data = load(name)
    validator = jsonschema.Draft7Validator(load(os.path.join(HERE, "kcidb.schema.json")))
    errors = [f"{list(e.absolute_path)}: {e.message:.200}" for e in validator.iter_errors(data)]
    ids = [test["id"] for test in data["tests"]]
    if len(set(ids)) != len(ids):
        errors.append("ids are not unique")
    try:
        from kcidb_io.schema import V5_0, LATEST
        for version in (V5_0, LATEST):
            version.validate(data)
        print("# kcidb_io accepts it")
    except ImportError:
        pass
    except jsonschema.ValidationError as e:
        errors.append(e.message)
    return errors, data


def junit_errors(name):
    errors = []
    for xsd in (os.path.join(HERE, "junit.xsd"), os.environ.get("JUNIT_XSD")):
        if xsd and shutil.which("xmllint"):
            done = subprocess.run(["xmllint", "--noout", "--schema", xsd, name], check=False,
                                  stderr=subprocess.PIPE, text=True)
            if done.returncode:
                errors.append(done.stderr)
    root = xml.etree.ElementTree.parse(name).getroot()
    for suite in root:
        cases = suite.findall("testcase")
        counts = {"tests": len(cases)}
        for kind, key in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            counts[key] = sum(case.find(kind) is not None for case in cases)
        errors += [f"{key} is {suite.get(key)}, not {nr}" for key, nr in counts.items()
                   if suite.get(key) != str(nr)]
    try:
        import junitparser
        parsed = junitparser.JUnitXml.fromfile(name)
        if sum(len(list(suite)) for suite in parsed) != sum(len(s.findall("testcase"))
                                                           for s in root):
            errors.append("junitparser sees other cases")
        print("# junitparser reads it")
    except ImportError:
        print("# no junitparser (Debian: python3-junitparser)")
    return errors, root


def html_errors(name):
    with open(name, encoding="utf-8", newline="") as f:
        text = f.read()
    errors = []
    if re.search(r"<script|<link|<iframe|<img|@import|url\(|\son\w+=|javascript:", text):
        errors.append("something active, or from elsewhere")
    rest = text.replace("http://www.w3.org/2000/svg", "")
    if re.search(r"https?://", rest):
        errors.append("an address")
    if re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text):
        errors.append("control characters")
    for tag in ("div", "table", "section", "pre", "svg", "ul", "tr", "g"):
        if len(re.findall(f"<{tag}[ >]", text)) != text.count(f"</{tag}>"):
            errors.append(f"<{tag}> is not closed")
    return errors


def report_errors(name):
    validator = jsonschema.Draft7Validator(report_schema.strict(load(report_schema.SCHEMA)))
    return [f"{list(e.absolute_path)}: {e.message:.300}"
            for e in validator.iter_errors(load(name))]


def check_all(out, what):
    errors, data = kcidb_errors(f"{out}.kcidb")
    point(not errors, f"{what}: KCIDB", errors)
    errors, root = junit_errors(f"{out}.junit")
    point(not errors, f"{what}: JUnit", errors)
    errors = html_errors(f"{out}.html")
    point(not errors, f"{what}: HTML", errors)
    return data, root


def never_a_pass(data, root, merged):
    """What is inconclusive is a pass nowhere, and says so."""
    bad = []
    for kernel in merged["kernels"]:
        for sc in kernel["scenarios"]:
            if sc["outcome"] not in ("inconclusive", "not_begun"):
                continue
            tests = [t for t in data["tests"] if t["misc"]["kernel"] == kernel["kernel"]
                     and t["path"] == "thprace." + sc["name"]]
            bad += [t for t in tests if t["status"] != "MISS"] or ([] if tests else [sc])
            cases = [c for s in root if s.get("name") == kernel["kernel"] for c in s
                     if c.get("name") == sc["name"]]
            for case in cases:
                error = case.find("error")
                if error is None or "inconclusive" not in error.get("message"):
                    bad.append(case.attrib)
    return bad


def kinds(tmp):
    """What one process has written is of one run: these are to be of several."""
    files = []
    for name in sorted(glob.glob(f"{tmp}/in/*.json")):
        report = load(name)
        report["run"] = os.path.basename(name)
        files.append(save(f"{tmp}/kinds/{os.path.basename(name)}", report))
    return files


def formats(prog, tmp):
    files = kinds(tmp)
    out = f"{tmp}/plain"
    code = merge(prog, files, out)
    point(code == 1, "reports of all kinds merge", code)
    data, root = check_all(out, "reports of all kinds")
    merged = load(f"{out}.json")
    errors = report_errors(f"{out}.json")
    point(not errors, "reports of all kinds: docs/report.schema.json", errors)
    bad = never_a_pass(data, root, merged)
    point(not bad, "inconclusive is no pass in JUnit and KCIDB", bad)
    code = merge(prog, [f"{out}.json"], f"{tmp}/again")
    same = all(open(f"{out}.{k}", "rb").read() == open(f"{tmp}/again.{k}", "rb").read()
               for k in ("json", "html", "junit", "kcidb"))
    point(same, "a merge of the merge is the same in all formats")

    base = load(f"{tmp}/in/pass.json")
    names = [save(f"{tmp}/hostile/{nr}.json", hostile(base, nr, name))
             for nr, name in enumerate(HOSTILE)]
    out = f"{tmp}/hostile"
    code = merge(prog, names, out)
    point(code == 1, "hostile names merge", code)
    check_all(out, "hostile names")

    manifest = save(f"{tmp}/m/manifest.json", {
        "format": "thprace-manifest/1",
        "tasks": [{"id": f"{i:04}", "kernel": "6.12", "arch": "amd64", "seed": i,
                   "args": ["run"], "budget": 60} for i in range(3)]})
    save(f"{tmp}/m/0001/report.json", base)
    out = f"{tmp}/lost"
    code = merge(prog, [f"{tmp}/m"], out, "--manifest", manifest)
    point(code == 6, "a task without a report is lost", code)
    data, root = check_all(out, "lost tasks")
    errors = report_errors(f"{out}.json")
    point(not errors, "lost tasks: docs/report.schema.json", errors)
    lost = [t["status"] for t in data["tests"] if t["path"] == "thprace.task"]
    point(lost == ["MISS", "MISS"], "a lost task is MISS", lost)


def many(prog, tmp, nr):
    base = load(f"{tmp}/in/pass.json")
    row = base["scenarios"][0]
    base["scenarios"] = [dict(row, name=f"scenario-{i}") for i in range(49)]
    base["run"] = "@RUN@"
    base["kernel"] = "@KERNEL@"
    text = json.dumps(base)
    os.makedirs(f"{tmp}/many")
    times = []
    for upto in (nr // 10, nr):
        for i in range(upto):
            name = f"{tmp}/many/{i:06}/report.json"
            if os.path.exists(name):
                continue
            os.makedirs(os.path.dirname(name))
            with open(name, "w", encoding="utf-8") as f:
                f.write(text.replace("@RUN@", f"{i:032x}").replace("@KERNEL@",
                                                                    f"6.{i % 4}.1-amd64"))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        code = merge(prog, [f"{tmp}/many"], f"{tmp}/all")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        merged = load(f"{tmp}/all.json")
        good = (code == 0 and len(merged["runs"]) == upto and len(merged["kernels"]) == 4 and
                merged["totals"]["rounds"] == upto * base["totals"]["rounds"] and
                sum(k["runs"] for k in merged["kernels"]) == upto)
        point(good, f"{upto} reports: each is counted once", [code, merged["totals"]])
        print(f"# {upto} reports of {len(text)} bytes: {times[-1]:.2f} s of CPU time, "
              f"{os.path.getsize(tmp + '/all.json') >> 20} MiB merged, "
              f"{after.ru_maxrss >> 10} MiB of memory at most")
    # a square would be a hundred times
    point(times[1] < 30 * times[0] + 1, f"time is linear: {times[0]:.2f} s, {times[1]:.2f} s")


def pages(prog, tmp, to):
    """Pages for a browser: long names, grids of two kernels, and hostile names."""
    base = load(f"{tmp}/in/pass.json")
    names = []
    a = ["split_huge_page_to_list_to_order", "try_to_migrate", "remap_page"]
    b = [f"phase_{i}" for i in range(20)] + ["pmdp_collapse_flush_and_a_name_that_is_long"]
    for nr, kernel in enumerate(("6.12.117+deb12-amd64", "7.2.3+deb14-amd64")):
        r = copy.deepcopy(base)
        r.update(run=f"k{nr}", kernel=kernel)
        violate(r, "content", r["scenarios"][0]["name"], "what was found " * 9,
                "try_to_migrate/phase_1")
        r["scenarios"][0].update(verdict="fail", why="1 violation")
        r["grid"] = {"a": a, "b": b, "k": 3, "left": 0, "complete": True, "time_s": 1.0,
                     "cells": [[("met", "excluded", "never")[(i + nr * (i % 11 == 0)) % 3],
                                i * 97, 12, i % 7 == 6] for i in range(len(a) * len(b))]}
        names.append(save(f"{tmp}/page/{nr}.json", r))
    merge(prog, names, f"{to}/merged")
    names += [save(f"{tmp}/page/h{nr}.json", hostile(base, nr, name))
              for nr, name in enumerate(HOSTILE)]
    merge(prog, names, f"{to}/hostile")
    merge(prog, kinds(tmp), f"{to}/kinds")
    shutil.copy(f"{tmp}/in/grid.html", f"{to}/grid.html")


def main(prog, tmp, what="formats", *more):
    if what == "many":
        many(prog, tmp, int(more[0]))
    elif what == "pages":
        pages(prog, tmp, more[0])
        return 0
    else:
        formats(prog, tmp)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
