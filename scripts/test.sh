#!/usr/bin/env bash
# Runs every test of what `make test` has built, and lists the failures once more at the end.
# Exit code: 0 if all passed, else 1.
#
# Tests that compute, tests that look at the clock, and tests that start programs have a process
# each. In one process they share the threads of its pool, and a test that sleeps for 0.2 s wakes up
# when another has computed for 20. Between processes the kernel shares the processors. Tests with
# clocks come one after the other, for their times mean something. Tests that compute give way:
# workers compute at nice 10, and the tests that start them wait for them.
set -uo pipefail
cd "$(dirname "$0")/.."

readonly clocks='^(HubTests|TelemetryTests|TransportTests)\.'
readonly programs='^(ChaosTests|EndToEndTests)\.'
readonly logs=.build/tests
mkdir -p "$logs"
export PATH="$PWD/.venv/bin:$PATH"

# Not `swift test`: it plans a build first, and three that do so at once find its database locked.
# NO_COLOR: escape codes would stand in the logs, too.
run=(env NO_COLOR=1 .build/release/sounderPackageTests.xctest --testing-library swift-testing)
nice -n 15 "${run[@]}" --skip "$clocks|$programs" >"$logs/computing.log" 2>&1 &
computing=$!
"${run[@]}" --no-parallel --filter "$clocks" >"$logs/clocks.log" 2>&1 &
clocks_alone=$!
"${run[@]}" --filter "$programs" 2>&1 | tee "$logs/programs.log"
code=$?
wait "$clocks_alone" || code=1
wait "$computing" || code=1
cat "$logs/clocks.log" "$logs/computing.log"

echo
grep -ah 'Test run with' "$logs"/*.log
grep -ahE '✘ Test .*(recorded an issue|failed after)' "$logs"/*.log
exit $((code != 0))
