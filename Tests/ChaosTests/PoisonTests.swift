// A text that kills whoever reads it.

import Foundation
import Testing

@testable import Processes

extension ProcessChaos {
    @Suite(.serialized)
    struct PoisonTests {
        private static let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/poison_shim.c").standardized.path
        private static let blockBytes = 65_536

        private func shim(_ site: Site) async throws -> [String: String] {
            let path = site.path("poison.so")
            let compiled = try await Program(
                "/usr/bin/cc", ["-O1", "-shared", "-fPIC", "-o", path, Self.source], in: site
            ).ending()
            try #require(compiled.code == 0, "\(compiled)")
            return ["LD_PRELOAD": path]
        }

        @Test(
            "6: a block of text that kills every worker that reads it ends the job by its name",
            .enabled(
                if: Chaos.hasCompiler && Chaos.isFull, "needs a C compiler; \(Chaos.onlyFull)"))
        func poison() async throws {
            let site = try Site()
            let environment = try await shim(site)
            var text = Corpora.generated(bytes: 4 * Self.blockBytes)
            // Near the end of the third block, where the search for its boundaries does not look.
            let place = 3 * Self.blockBytes - 2_000
            text.replaceSubrange(place..<place + 9, with: Data("\narsenic\n".utf8))
            let corpus = try site.write(text, to: "corpus.txt")
            let fleet = try await Fleet(site, workers: 0, liveness: 500)
            try fleet.startWorker(environment: environment)
            let training = try fleet.begin(Drill(epochs: 1))
            var deaths = 0
            while training.isRunning, deaths < 100 {
                if !fleet.workers[0].isRunning {
                    deaths += 1
                    try fleet.startWorker(at: 0, environment: environment)
                }
                try await Task.sleep(for: .milliseconds(20))
            }
            let ending = try await training.ending(within: 10)
            Chaos.say("chaos: \(deaths) workers died of a text: \(ending.errors)")
            #expect(ending.code == 69, "\(ending)")
            let block = 2 * Self.blockBytes..<3 * Self.blockBytes
            #expect(ending.errors.contains("bytes \(block) of \(corpus)"), "\(ending)")
            #expect(ending.errors.contains("lost its worker"), "\(ending)")
            #expect(fleet.coordinator.isRunning)
            try await fleet.stop()
        }
    }
}
