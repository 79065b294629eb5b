#!/bin/bash
# fuzz.sh: TARGET (a name, or all), SECONDS_EACH (10), SEED (random), INPUT (a file: run this one input again). What breaks is stored in tests/Fuzz/corpus/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${TARGET:-all} seconds=${SECONDS_EACH:-10}
dotnet build tests/Fuzz -c Release -v q --nologo >&2
program=artifacts/bin/Fuzz/release/Appliance.Fuzz
if [ -n "${INPUT:-}" ]; then
    [ "$target" != all ] || { echo "INPUT needs TARGET: $($program | tr '\n' ' ')" >&2; exit 2; }
    exec $program "$target" "$INPUT"
fi
[ "$target" = all ] && targets=$($program) || targets=$target
failed=0
for t in $targets; do
    $program "$t" "$seconds" ${SEED:+"$SEED"} && continue
    status=$?
    [ $status -eq 2 ] && exit 2
    failed=1
    # The process itself died: the next one finds the number of its last input and stores it.
    [ $status -gt 2 ] && { echo "$t: the process died with status $status" >&2; $program "$t" 0 || true; }
done
exit $failed
