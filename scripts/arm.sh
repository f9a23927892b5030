#!/usr/bin/env bash
# Compiles the kernels for 64-bit ARM and compares them with the scalar ones in an emulator.
# Debian: apt-get install clang qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
# HOST=1 does the same for this machine, which tells what is wrong with the programs themselves.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

compiler=(clang -O2 -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter
    -Wno-sign-compare -ISources/CKernels/include -Iscripts/arm)
cpus=(native)
run=()
if [[ -z ${HOST:-} ]]; then
    compiler+=(--target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include)
    # one with products of bytes, one without
    cpus=(max cortex-a53)
fi
for program in dense words; do
    "${compiler[@]}" -c "scripts/arm/$program.c" -o "$out/$program.main.o"
done
for file in Sources/CKernels/*.c; do
    "${compiler[@]}" -c "$file" -o "$out/$(basename "$file" .c).o"
done
link=(clang)
[[ -n ${HOST:-} ]] || link=(aarch64-linux-gnu-gcc -static)
for program in dense words; do
    mapfile -t objects < <(find "$out" -name '*.o' -not -name '*.main.o')
    "${link[@]}" "$out/$program.main.o" "${objects[@]}" -lm -o "$out/$program"
    for cpu in "${cpus[@]}"; do
        [[ -n ${HOST:-} ]] || run=(qemu-aarch64 -cpu "$cpu")
        echo "== $program on $cpu"
        "${run[@]}" "$out/$program"
    done
done
