#!/usr/bin/env python3
"""interop-lines.py RESULTS FORMAT: a line for each case: what judges wrote to lines.json, then the tests that have no judge script of their own."""
import json
import pathlib
import sys
import xml.etree.ElementTree as tree

directory, form = pathlib.Path(sys.argv[1]), sys.argv[2]
lines = [json.loads(line) for line in (directory / "lines.json").read_text().splitlines() if line]
space = {"t": "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"}
outcomes = {"Passed": "passed", "Failed": "failed", "NotExecuted": "skipped"}
for trx in sorted(directory.rglob("*.trx")):
    for result in tree.parse(trx).iterfind(".//t:UnitTestResult", space):
        message = result.find(".//t:Message", space)
        words = result.get("testName").split("(")[0].split(".")
        lines.append({
            "peer": "rig", "version": "", "case": ".".join(words[-2:]) + result.get("testName")[len(".".join(words)):],
            "result": outcomes.get(result.get("outcome"), "failed"),
            "detail": "" if message is None or not message.text else message.text.strip().splitlines()[0],
        })
for line in lines:
    if form == "json":
        print(json.dumps(line, ensure_ascii=False))
    else:
        print(f"{line['peer']:<8} {line['version']:<10} {line['result']:<8} {line['case']:<72} {line['detail']}".rstrip())
