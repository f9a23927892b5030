# One configuration for everything, so that a module is compiled once: release, because numeric tests
# need it, and testable. SwiftPM's own switch for testable imports would compile all of it again.
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
SOUNDER := .build/release/sounder

.PHONY: help run test sim chaos bench build fuzz fmt clean setup

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: build  ## train word vectors on the bundled corpus and show what they learned
	@SOUNDER=$(SOUNDER) Examples/run.sh

test: setup  ## run every test
	@scripts/setup.sh oracles & oracles=$$!; \
	swift build $(SWIFT_FLAGS) --build-tests; built=$$?; wait $$oracles; exit $$built
	@scripts/test.sh

sim: setup  ## simulate clusters and disasters: SEEDS=n of them, or replay SEED=n
	swift build $(SWIFT_FLAGS) --product simulate
	@scripts/simulate.sh .build/release/simulate

chaos: setup  ## kill, stop, cut off and fill up real processes (SEED=n repeats, SOAK=seconds)
	SOUNDER_CHAOS=1 SOUNDER_CHAOS_SEED="$(SEED)" SOUNDER_CHAOS_SOAK="$(SOAK)" \
		swift test $(SWIFT_FLAGS) --disable-testable-imports --filter ChaosTests

bench: build  ## measure: BENCH=words, encoding, retrieval and more; see docs/benchmarks.md
	@scripts/setup.sh peers $(BENCH)
	@for bench in $(or $(BENCH),words encoding retrieval); do \
		.venv/bin/python Benchmarks/$$bench.py --sounder $(SOUNDER) || exit 1; done

build: setup  ## compile all executables into .build/release
	swift build $(SWIFT_FLAGS)

fuzz: setup  ## run every fuzzer for FUZZ_SECONDS (60) each; see docs/fuzzing.md
	@Fuzz/run.sh

fmt:  ## format the Swift sources in place
	swift format --in-place --parallel --recursive Package.swift Sources Tests

clean:  ## remove everything that was built or written
	rm -rf .build .venv bench-data Examples/out Benchmarks/results

setup:
	@scripts/setup.sh
