#!/bin/bash
# build.sh PROJECT...: builds in Release, quietly unless it fails.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
for project in "$@"; do
    log=$(mktemp)
    if ! dotnet build "$project" -c Release -v q --nologo >"$log" 2>&1; then
        sort -u "$log" >&2; rm -f "$log"
        echo "build: $project does not build" >&2
        exit 1
    fi
    rm -f "$log"
done
