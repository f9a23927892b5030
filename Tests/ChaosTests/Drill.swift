// The jobs that are disturbed, and what an undisturbed run makes of them.

import Foundation
import Synchronization
import Testing

@testable import Processes

/// A training job whose result depends on nothing but these settings.
struct Drill: Hashable {
    var epochs = 60
    var dimension = 16
    var wordsPerRound = 20_000
    var partitions = 4
    var deltas = "bf16"

    /// About a second of work for two workers, in dozens of rounds.
    static let short = Drill()
    /// About half a minute.
    static let long = Drill(epochs: 200, dimension: 100, wordsPerRound: 40_000)

    func arguments(_ corpus: String, _ output: String) -> [String] {
        [
            "train", "sgns", "--input", corpus, "--output", output, "--dim", "\(dimension)",
            "--epochs", "\(epochs)", "--words-per-round", "\(wordsPerRound)",
            "--partitions", "\(partitions)", "--deltas", deltas, "--deterministic", "--quiet",
            "--json",
        ]
    }

    private static let measured = Mutex<[Double: Drill]>([:])

    /// A job that takes two workers about so long on this machine, with what else it does now.
    static func lasting(_ seconds: Double) async throws -> Drill {
        if let drill = measured.withLock({ $0[seconds] }) { return drill }
        let site = try Site()
        let short = Drill.short
        let ending = try await short.calmRun(at: site)
        let epochs = Int(Double(short.epochs) * seconds / ending.seconds)
        let drill = Drill(epochs: min(max(epochs, short.epochs), 1_000))
        // Whoever measured first, so that all compare with one calm run.
        return measured.withLock { known in
            let first = known[seconds] ?? drill
            known[seconds] = first
            return first
        }
    }

    private static let known = Mutex<[Drill: Data]>([:])

    /// What two workers make of it that nobody disturbs. Run once.
    func calmResult() async throws -> Data {
        if let known = Self.known.withLock({ $0[self] }) { return known }
        let site = try Site()
        let ending = try await calmRun(at: site)
        #expect(ending.number("retries") == 0, "\(ending)")
        let result = try site.bytes("calm.bin")
        Self.known.withLock { $0[self] = result }
        return result
    }

    private func calmRun(at site: Site) async throws -> Ending {
        let arguments = arguments(try site.corpus(), site.path("calm.bin"))
        let ending = try await Program(
            "sounder", arguments + ["--workers", "2", "--threads", "1"], in: site
        ).ending(within: 240)
        try #require(ending.code == 0, "\(ending)")
        return ending
    }
}

extension Fleet {
    /// Submits the job; its client waits for it however often the coordinator is started again.
    func begin(
        _ drill: Drill, _ output: String = "v.bin", key: String = "drill", more: [String] = []
    ) throws -> Program {
        let corpus =
            site.exists("corpus.txt") ? site.path("corpus.txt") : try site.corpus()
        return try Program(
            "sounder",
            drill.arguments(corpus, site.path(output))
                + ["--cluster", address, "--job-key", key] + more + Self.flags(for: address),
            in: site)
    }

    private static func flags(for address: String) -> [String] {
        address.hasPrefix("tcp") ? loopbackFlags : []
    }

    /// The job ends well, and its result is that of a calm run, to the last bit.
    @discardableResult
    func expectCalmResult(
        of training: Program, _ drill: Drill, _ output: String = "v.bin",
        within seconds: Double = 120, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Ending {
        let ending = try await training.ending(within: seconds)
        try #require(
            ending.code == 0, "\(ending)\(coordinator.errors)", sourceLocation: sourceLocation)
        let isSame = try await site.bytes(output) == drill.calmResult()
        #expect(isSame, "the result differs; seed \(Chaos.seed)", sourceLocation: sourceLocation)
        return ending
    }
}
