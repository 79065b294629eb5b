#!/bin/bash
# results.sh DIR: sums the results (*.trx) below DIR into one line `N passed, N failed, N skipped`; names what failed. Exit code 1 when anything failed.
# A project without a result file has crashed: the caller counts it by leaving DIR/PROJECT.crashed.
set -euo pipefail
passed=0 failed=0 skipped=0
for trx in $(find "$1" -name '*.trx' | sort); do
    counters=$(grep -o '<Counters [^>]*>' "$trx")
    value() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
    total=$(value total) pass=$(value passed) executed=$(value executed)
    passed=$((passed + pass)) failed=$((failed + executed - pass)) skipped=$((skipped + total - executed))
    grep -o '<UnitTestResult [^>]*outcome="Failed"' "$trx" | sed 's/.*testName="\([^"]*\)".*/failed: \1/' || true
done
for crashed in $(find "$1" -name '*.crashed' | sort); do
    failed=$((failed + 1))
    echo "failed: $(basename "$crashed" .crashed) ended without a result, or was cut off"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
