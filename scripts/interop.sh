#!/bin/bash
# interop.sh: PEER (scapy, tshark, vm, strongswan, bgp, group, lab; all when empty), FORMAT (table or json: one object a line: peer, version, case, result, detail).
# Runs what peers that are not ours say about the product, and ends with a line `N passed, N failed, N skipped`.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build test interop >&2
scripts/build.sh Appliance.sln
results=artifacts/test-results/interop
rm -rf "$results"; mkdir -p "$results"
export APPLIANCE_INTEROP_RESULTS=$PWD/$results/lines.json APPLIANCE_INTEROP_QUIET=1
: > "$APPLIANCE_INTEROP_RESULTS"
scripts/test-project.sh tests/Interop/Interop.csproj "$results/Interop" ${PEER:+--filter "peer=$PEER"} >&2 &
run=$!
tail -n +1 -s 0.2 -f --pid=$run "$APPLIANCE_INTEROP_RESULTS" | scripts/interop-lines.py live "${FORMAT:-table}"
wait $run || true
scripts/interop-lines.py rest "${FORMAT:-table}" "$results"
