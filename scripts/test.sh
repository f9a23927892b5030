#!/usr/bin/env bash
# Runs every test of what was built, with the switches of `swift test` that are given, and lists the
# failures once more at the end. Exit code: 0 if all passed, else 1.
#
# Tests that compute and tests that look at the clock have a process each. In one process they share
# the threads of its pool, and a test that sleeps for 0.2 s wakes up when another has computed for
# 20. Between processes the kernel shares the processors, and prefers the ones with clocks.
set -uo pipefail
cd "$(dirname "$0")/.."

readonly clocks='^(ChaosTests|EndToEndTests|HubTests|TelemetryTests|TransportTests)\.'
readonly logs=.build/tests
mkdir -p "$logs"
export PATH="$PWD/.venv/bin:$PATH"

# Both wait for nothing of the other's: neither builds.
run=(swift test "$@" --skip-build --ignore-lock)
nice "${run[@]}" --skip "$clocks" >"$logs/computing.log" 2>&1 &
computing=$!
"${run[@]}" --filter "$clocks" 2>&1 | tee "$logs/clocks.log"
code=$?
wait "$computing" || code=1
cat "$logs/computing.log"

echo
grep -ah 'Test run with' "$logs"/*.log
grep -ahE '✘ Test .*(recorded an issue|failed after)' "$logs"/*.log
exit $((code != 0))
