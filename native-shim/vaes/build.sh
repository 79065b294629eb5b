#!/bin/sh
# build.sh OUTPUT: compiles the VAES kernel to the shared library OUTPUT. gcc makes the faster code for small packets; clang does as well.
set -eu
here=$(dirname "$0")
output=$1
for compiler in ${CC:-} gcc clang; do
    command -v "$compiler" >/dev/null 2>&1 && break
    compiler=
done
if [ -z "$compiler" ]; then
    echo "native-shim/vaes : error VAES001: no C compiler for the VAES kernel; install one: apt-get install gcc (or clang)"
    exit 1
fi
# No C library: the kernel calls nothing, and needs no headers but the compiler's own.
"$compiler" -std=gnu11 -O3 -Wall -Wextra -Werror -ffreestanding -nostdlib -fPIC -shared -fvisibility=hidden -fno-stack-protector -fno-asynchronous-unwind-tables \
    -mavx512f -mavx512bw -mavx512vl -mavx512dq -mvaes -mvpclmulqdq -mpclmul -maes -mbmi -mbmi2 -mtune=icelake-server \
    -o "$output.$$" "$here/vaes.c" || { rm -f "$output.$$"; exit 1; }
mv -f "$output.$$" "$output"
