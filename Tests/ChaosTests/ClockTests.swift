// Wall clocks that jump by a day, forth and back.

import Foundation
import Testing

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct ClockTests {
        private static let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/clock_shim.c").standardized.path

        @Test(
            "16: a wall clock that jumps by a day, forth and back, costs no attempt and no bit",
            .enabled(if: hasCompiler, "needs a C compiler"))
        func jumps() async throws {
            let drill = Drill(epochs: 150)
            _ = try await drill.calmResult()
            let site = try Site()
            let shim = site.path("clock.so")
            let compiled = try await Program(
                "/usr/bin/cc", ["-O1", "-shared", "-fPIC", "-o", shim, Self.source, "-ldl"],
                in: site
            ).ending()
            try #require(compiled.code == 0, "\(compiled)")
            let signal = site.path("tomorrow")
            let environment = ["LD_PRELOAD": shim, "CLOCK_SHIM_FILE": signal]
            let fleet = try await Fleet(
                site, workers: 0,
                under: ["/usr/bin/env"] + environment.map { "\($0.key)=\($0.value)" })
            for _ in 0..<2 { try fleet.startWorker(environment: environment) }
            try await fleet.awaitWorkers(2)
            let training = try fleet.begin(drill)
            let job = try await fleet.awaitStage("training", round: 2)
            _ = try site.write("", to: "tomorrow")
            try await Task.sleep(for: .seconds(1))
            #expect(training.isRunning, "over before the clock went back")
            unlink(signal)
            try await fleet.expectCalmResult(of: training, drill)
            #expect(try await fleet.retries(of: job) == 0)
            try await fleet.stop()
        }
    }
}
