// Changes and steps of one byte a value: half the bytes, and the same promises.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct DeltaFormatTests {
        private static let flags = [
            "--deterministic", "--partitions", "3", "--words-per-round", "100000", "--epochs", "3",
            "--dim", "100", "--threads", "1", "--json",
        ]

        private func train(
            _ site: Site, _ output: String, _ more: String...
        ) async throws -> (vectors: Data, bytes: Double) {
            let text = site.exists("corpus.txt") ? site.path("corpus.txt") : try site.corpus()
            let arguments = Site.training([text], site.path(output)) + Self.flags + more
            let ending = try await Program("sounder", arguments, in: site).ending()
            try #require(ending.code == 0, "\(ending)")
            return (try site.bytes(output), try #require(ending.number("bytesSent")))
        }

        @Test("with int8 a job sends half the bytes; hub and peers leave the same bits")
        func int8() async throws {
            let site = try Site()
            let whole = try await train(site, "w.bin", "--workers", "2")
            let hub = try await train(site, "h.bin", "--workers", "3", "--deltas", "int8")
            #expect(hub.vectors != whole.vectors && hub.vectors.count == whole.vectors.count)
            #expect(
                hub.bytes < 0.56 * whole.bytes && hub.bytes > 0.4 * whole.bytes,
                "\(hub.bytes) of \(whole.bytes)")
            for workers in ["1", "2"] {
                let peer = try await train(
                    site, "p.bin", "--workers", workers, "--deltas", "int8", "--reduction", "peer")
                #expect(peer.vectors == hub.vectors, "\(workers) workers")
            }
        }

        @Test("an estimate tells how much less int8 sends, and another name is refused")
        func estimate() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let estimate = { (deltas: String) in
                try await Program(
                    "sounder",
                    [
                        "estimate", "train", "sgns", "--input", corpus, "--workers", "2",
                        "--threads", "1", "--dim", "100", "--json", "--deltas", deltas,
                    ],
                    in: site
                ).ending(within: 180)
            }
            let (large, small) = (try await estimate("bf16"), try await estimate("int8"))
            for key in ["bytesSent", "bytesReceived", "bytesSentPerWord"] {
                let share = try #require(small.number(key)) / (large.number(key) ?? 0)
                // 100 values and 8 bytes in a row instead of 200 and 4.
                #expect(abs(share - 108.0 / 204) < 1e-6, "\(key)")
            }
            let wrong = try await estimate("int4")
            #expect(wrong.code == 64 && wrong.errors.contains("int4"), "\(wrong)")
        }
    }
}
