#!/bin/bash
# test-project.sh PROJECT RESULTS [ARGUMENT...]: runs a built test project; leaves RESULTS/result.trx, and RESULTS.crashed when it ended without a result or was cut
# off in the middle: what did not run has not passed.
set -uo pipefail
project=$1 results=$2; shift 2
name=$(basename "$project" .csproj)
mkdir -p "$results"
start=$(date +%s)
dotnet test "$project" -c Release --no-build --nologo --results-directory "$results" --logger "trx;LogFileName=result.trx" \
    --blame-hang --blame-hang-timeout 5min --blame-hang-dump-type none "$@" >"$results/output.txt" 2>&1
status=$?
echo "$name: $(grep -aoE '(Passed|Failed|Skipped)!.*Total: *[0-9]+|No test matches.*|No test is available.*' "$results/output.txt" | tail -1 || true) ($(($(date +%s) - start)) s)"
[ $status -eq 0 ] || grep -aE -A 12 '^ +Failed |error' "$results/output.txt" | head -120
if { [ $status -ne 0 ] && [ ! -e "$results/result.trx" ]; } || grep -qaiE 'test run (was )?aborted' "$results/output.txt"; then touch "$results.crashed"; fi
exit $status
