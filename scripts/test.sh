#!/bin/bash
# test.sh: TEST (a part of a test's full name, or a filter of dotnet test). Builds everything, runs all test projects but Interop one after the other
# (several need both cores or the same kernel objects), and ends with a line `N passed, N failed, N skipped`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build test
scripts/build.sh Appliance.sln
results=artifacts/test-results/test
rm -rf "$results"; mkdir -p "$results"
filter=()
[ -z "${TEST:-}" ] || { case $TEST in *[=~]*) filter=(--filter "$TEST") ;; *) filter=(--filter "FullyQualifiedName~$TEST") ;; esac; }
for project in tests/*/*.csproj; do
    name=$(basename "$project" .csproj)
    [ "$name" = Interop ] && continue
    scripts/test-project.sh "$project" "$results/$name" "${filter[@]}" || true
done
scripts/results.sh "$results"
