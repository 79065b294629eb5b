#!/bin/bash
# interop.sh: PEER (scapy, tshark, vm, lab; all when empty), FORMAT (table or json: one object a line: peer, version, case, result, detail).
# Runs what peers that are not ours say about the product, and ends with a line `N passed, N failed, N skipped`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build test interop >&2
scripts/build.sh Appliance.sln
results=artifacts/test-results/interop
rm -rf "$results"; mkdir -p "$results"
export APPLIANCE_INTEROP_RESULTS=$PWD/$results/lines.json APPLIANCE_INTEROP_QUIET=1
: > "$APPLIANCE_INTEROP_RESULTS"
scripts/test-project.sh tests/Interop/Interop.csproj "$results/Interop" ${PEER:+--filter "peer=$PEER"} >&2 || true
scripts/interop-lines.py "$results" "${FORMAT:-table}"
scripts/results.sh "$results"
