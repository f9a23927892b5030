#!/usr/bin/env bash
# Runs the fuzzers: builds them with libFuzzer and the address sanitizer, then each target in turn
# (or those that are named) for FUZZ_SECONDS, from the seeds and what earlier runs have found.
#
#   Fuzz/run.sh [TARGET...]
#
# Findings are kept in .build-fuzz/findings, inputs that reach new code in .build-fuzz/corpus.
# Exit codes: 0 nothing was found, 1 something was, 69 the toolchain lacks libFuzzer.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly seconds=${FUZZ_SECONDS:-60} build=.build-fuzz
readonly program=$build/release/sounder-fuzz
[[ $seconds =~ ^[0-9]+$ ]] || { echo "fuzz: FUZZ_SECONDS=$seconds is not a number" >&2; exit 64; }

libraries=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
clang=$(dirname "$libraries")/clang
if ! compgen -G "$clang/*/lib/linux/libclang_rt.fuzzer-$(uname -m).a" >/dev/null &&
    ! compgen -G "$clang/lib/linux/libclang_rt.fuzzer-$(uname -m).a" >/dev/null; then
    echo "fuzz: libclang_rt.fuzzer-$(uname -m).a is not below $clang; use a toolchain of" \
        "swift.org for Linux" >&2
    exit 69
fi

# Swift 6.3 instruments for coverage only if the fuzzer comes last among its sanitizers.
SOUNDER_FUZZ=1 swift build -c release --sanitize fuzzer --sanitize address \
    -Xswiftc -sanitize=fuzzer --scratch-path "$build" --product sounder-fuzz >&2

targets=("$@")
((${#targets[@]})) || for seeds in Fuzz/Seeds/*/; do targets+=("$(basename "$seeds")"); done
mkdir -p "$build/findings"
found=0
# The sanitizer reports; Swift's own reporter would stumble over it.
export SWIFT_BACKTRACE=enable=no
for target in "${targets[@]}"; do
    corpus=$build/corpus/$target
    mkdir -p "$corpus"
    extra=()
    [[ ! -d Fuzz/Regressions/$target ]] || extra=("Fuzz/Regressions/$target")
    log=$build/findings/$target.log
    # Memory: what a parser may ask for at once is far below the limit of one allocation.
    if SOUNDER_FUZZ_TARGET=$target nice "$program" "$corpus" "Fuzz/Seeds/$target" \
        "${extra[@]}" -dict=Fuzz/words.dict -max_total_time="$seconds" -max_len=8192 -timeout=10 \
        -rss_limit_mb=2048 -malloc_limit_mb=256 -print_final_stats=1 \
        -artifact_prefix="$build/findings/$target-" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1) || true
        echo "$target: $runs executions, ${coverage:-no coverage}, nothing found"
    else
        found=1
        echo "$target: FOUND something, see $log" >&2
        grep -E '^(SUMMARY|Fatal error|Test unit written|.*ERROR)' "$log" | head -n 5 >&2 || true
    fi
done
exit "$found"
