#!/bin/bash
# run.sh: LAB (mesh), DURATION in seconds (until Ctrl-C), FORMAT (table or json). Builds and runs a lab; everything it makes is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
lab=${LAB:-mesh}
file=scripts/labs/$lab/lab.yaml
[ -e "$file" ] || { echo "run: no lab '$lab'; there are: $(ls scripts/labs | tr '\n' ' ')" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "run: needs root for network namespaces and AF_XDP: sudo make run" >&2; exit 1; }
scripts/setup.sh build run
echo "building" >&2
scripts/build.sh src/Cli src/Supervisor src/DataPlane src/SlowPath
exec artifacts/bin/Cli/release/appliance lab run "$file" --seconds "${DURATION:-0}" --format "${FORMAT:-table}"
