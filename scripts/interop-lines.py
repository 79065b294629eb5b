#!/usr/bin/env python3
"""interop-lines.py live FORMAT < LINES: prints what judges write, while they write it.
interop-lines.py rest FORMAT RESULTS: then a line for each test that has no judge script of its own, and `N passed, N failed, N skipped` for all (with FORMAT=json on
stderr); exit code 1 when something failed or nothing passed."""
import json
import pathlib
import sys
import xml.etree.ElementTree as tree

SPACE = {"t": "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"}
OUTCOMES = {"Passed": "pass", "Failed": "fail", "NotExecuted": "skipped"}
JUDGES = {"Scapy_SaysAllIsWell": "scapy", "Tshark_SaysAllIsWell": "tshark", "Kernel_SaysAllIsWell": "vm",
          "StrongSwan_SaysAllIsWell": "strongswan", "StrongSwanOnKernelEsp_SaysAllIsWell": "strongswan"}


def show(line, form):
    if form == "json":
        print(json.dumps(line, ensure_ascii=False), flush=True)
    else:
        print(f"{line['peer']:<10} {line['version']:<10} {line['result']:<8} {line['case']:<72} {line['detail']}".rstrip(), flush=True)


def tests(directory, judged):
    """Lines of tests; a judge's own test has none where its cases say all (they failed, were skipped, or passed)."""
    for trx in sorted(directory.rglob("*.trx")):
        for result in tree.parse(trx).iterfind(".//t:UnitTestResult", SPACE):
            full = result.get("testName")
            words = full.split("(")[0].split(".")
            outcome = OUTCOMES.get(result.get("outcome"), "fail")
            peer = JUDGES.get(words[-1], "lab") if words[-2] in ("EspJudgeTests", "IkeJudgeTests") else "lab"
            if peer != "lab" and (outcome == "pass" or any(line["peer"] == peer and line["result"] == outcome for line in judged)):
                continue
            message = result.find(".//t:Message", SPACE)
            yield {"peer": peer, "version": "", "case": ".".join(words[-2:]) + full[len(".".join(words)):], "result": outcome,
                   "detail": "" if message is None or not message.text else message.text.strip().splitlines()[0]}
    for crashed in sorted(directory.rglob("*.crashed")):
        yield {"peer": "lab", "version": "", "case": crashed.stem, "result": "fail", "detail": "ended without a result, or was cut off"}


def rest(form, directory):
    judged = [json.loads(line) for line in (directory / "lines.json").read_text().splitlines() if line]
    others = list(tests(directory, judged))
    for line in others:
        show(line, form)
    count = {result: sum(line["result"] == result for line in judged + others) for result in ("pass", "fail", "skipped")}
    print(f"{count['pass']} passed, {count['fail']} failed, {count['skipped']} skipped", file=sys.stderr if form == "json" else sys.stdout)
    return 0 if count["pass"] and not count["fail"] else 1


if sys.argv[1] == "live":
    for text in sys.stdin:
        show(json.loads(text), sys.argv[2])
else:
    sys.exit(rest(sys.argv[2], pathlib.Path(sys.argv[3])))
