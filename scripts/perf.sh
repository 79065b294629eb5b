#!/bin/bash
# perf.sh: SUITE (crypto, esp, wire, ike, bgp, group; all of them when empty), DURATION in seconds, SIZES, WORKERS, SAS, ROUTES, FORMAT (table, or json: one object a line).
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build run perf >&2
echo "building" >&2
scripts/build.sh perf/LineRate src/Cli src/Supervisor src/DataPlane src/SlowPath
for suite in ${SUITE:-crypto esp wire ike bgp group}; do
    artifacts/bin/LineRate/release/Appliance.LineRate --suite "$suite" --format "${FORMAT:-table}" \
        ${DURATION:+--seconds "$DURATION"} ${SIZES:+--sizes "$SIZES"} ${WORKERS:+--workers "$WORKERS"} ${SAS:+--sas "$SAS"} ${ROUTES:+--routes "$ROUTES"}
done
