"""What a judge says: one line a case (peer, version, case, result, detail), JSON with FORMAT=json, and to APPLIANCE_INTEROP_RESULTS when set."""
import json
import os
import sys


WORDS = {"passed": "pass", "failed": "fail", "skipped": "skipped"}


class Report:
    """Counts and prints results of one peer."""

    def __init__(self, peer, version):
        self.peer, self.version = peer, version
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        path = os.environ.get("APPLIANCE_INTEROP_RESULTS")
        self.file = open(path, "a", buffering=1) if path else None

    def add(self, case, result, detail=""):
        self.counts[result] += 1
        line = json.dumps({"peer": self.peer, "version": self.version, "case": case, "result": WORDS[result], "detail": detail}, ensure_ascii=False)
        if self.file:
            self.file.write(line + "\n")
        if os.environ.get("FORMAT") == "json":
            print(line, flush=True)
        else:
            print(f"{self.peer:<8} {self.version:<10} {WORDS[result]:<8} {case:<72} {detail}".rstrip(), flush=True)

    def run(self, case, judgement):
        """Runs a case: a callable that raises when something is not right and may return a detail."""
        try:
            self.add(case, "passed", judgement() or "")
        except Exception as error:  # a case that breaks in any way has failed
            self.add(case, "failed", f"{type(error).__name__}: {error}" if not isinstance(error, AssertionError) else str(error) or "assertion")

    def finish(self):
        """Prints the last line; the exit code of a judge: 0 when nothing failed and something passed, 3 when all was skipped."""
        if os.environ.get("APPLIANCE_INTEROP_QUIET") != "1":
            print(f"{self.counts['passed']} passed, {self.counts['failed']} failed, {self.counts['skipped']} skipped", file=sys.stderr if os.environ.get("FORMAT") == "json" else sys.stdout)
        if self.counts["failed"]:
            return 1
        return 0 if self.counts["passed"] else 3
