// Nonsense that arrives as it was sent: it costs an attempt, and not the job.

import Foundation
import Protocol
import Testing
import Transport

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct ResultTests {
        @Test("8: results that are not finite or of the wrong shape are made again elsewhere")
        func nonsense() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let settings = [
                "--epochs", "4", "--words-per-round", "20000", "--partitions", "2",
                "--deterministic", "--json",
            ]
            let calm = try await Program(
                "sounder", Site.training([corpus], site.path("calm.bin")) + settings, in: site
            ).ending(within: 180)
            try #require(calm.code == 0, "\(calm)")

            let cluster = try await StandingCluster(site, workers: 0, liveness: 60_000)
            let liar = try await Liar(cluster.address)
            try cluster.startWorker()
            let isBoth = try await eventually(within: 20) {
                try await cluster.sounder("status", "--json").number("workersTotal") == 2
            }
            try #require(isBoth)
            let training = try site.start(
                Site.training([corpus], site.path("v.bin")) + settings
                    + ["--cluster", cluster.address])
            for lie in Lie.allCases { try await liar.tell(lie) }
            try await liar.leave()
            let ending = try await training.ending(within: 180)
            try #require(ending.code == 0, "\(ending)\(cluster.coordinator.errors)")
            #expect(ending.number("retries") ?? 0 >= Double(Lie.allCases.count))
            #expect(try site.bytes("v.bin") == site.bytes("calm.bin"))

            let job = try #require(ending.json["job"] as? String)
            let log = try await cluster.sounder("logs", job).output
            for part in ["liar", "the counts are refused", "not finite", "instead of 2"] {
                #expect(log.contains(part), "\(part): \(log)")
            }
            try await cluster.stop()
        }
    }
}

/// What is wrong with the outputs of a unit. The first is of a unit that counts.
private enum Lie: CaseIterable {
    case noCounts, notANumber, infinite, otherRows, otherDimension, rowBeyond, oneOutput, noChange

    /// - Parameter parameters: rows and columns.
    func outputs(_ parameters: (rows: Int, dimension: Int)) -> [[UInt8]] {
        let (rows, dimension) = parameters
        let good = Self.change(rows, dimension)
        return switch self {
        case .noCounts: [[UInt8](repeating: 7, count: 500)]
        case .notANumber: [Self.change(rows, dimension, value: 0x7fc0), good]
        case .infinite: [good, Self.change(rows, dimension, value: 0xff80)]
        case .otherRows: [Self.change(rows + 1, dimension), good]
        case .otherDimension: [good, Self.change(rows, dimension - 1)]
        case .rowBeyond: [Self.change(rows, dimension, row: rows), good]
        case .oneOutput: [good]
        case .noChange: [good, [UInt8](repeating: 7, count: 500)]
        }
    }

    /// A row delta as docs/formats.md has it: one row, all of whose values are `value` (bfloat16).
    private static func change(
        _ rows: Int, _ dimension: Int, row: Int = 0, value: UInt16 = 0
    ) -> [UInt8] {
        let magic: UInt32 = 0x4c44_5253
        let words = [magic, 1, UInt32(rows), 0, UInt32(dimension), 1, 0, 0, UInt32(row)]
        var bytes = words.flatMap { word in (0..<4).map { UInt8(word >> (8 * $0) & 0xff) } }
        bytes += [UInt8](repeating: 0, count: 64 - bytes.count)
        for _ in 0..<dimension { bytes += [UInt8(value & 0xff), UInt8(value >> 8)] }
        return bytes
    }
}

/// A worker that makes nothing of its units, and says that it did.
private final class Liar {
    private let peer: HandDrivenPeer
    private let bulk: BulkExchange
    private var told = 0

    init(_ address: String) async throws {
        peer = try HandDrivenPeer(address, name: "liar")
        let answer = try await peer.greet(as: .worker, kinds: ["count-words", "train-words"])
        guard case .welcome = answer else { throw Overdue(description: "\(answer)") }
        bulk = try BulkExchange(
            connectingTo: Address(address).bulk(), as: peer.name, role: .worker,
            context: peer.context, softwareVersion: softwareVersion)
    }

    /// Of the next unit that it is given.
    func tell(_ lie: Lie) async throws {
        let given = try await peer.message(within: 30) { message -> Assign? in
            if case .assign(let assign) = message.header { assign } else { nil }
        }
        var parameters = (rows: 0, dimension: 1)
        if case .trainWords(let task) = given.task {
            // A deterministic job averages all rows in every round.
            parameters = (task.rowsDue, task.settings.dimension)
        }
        let references = lie.outputs(parameters).map { bytes in
            told += 1
            let frame = Frame(bytes)
            return bulk.offer(id: "lie-\(told)", frame: frame, checksum: Checksum.of(frame))
        }
        try await peer.say(
            .unitFinished(
                UnitFinished(
                    unit: given.unit, lease: given.lease,
                    outcome: UnitOutcome(outputs: references, measures: [:]))))
    }

    func leave() async throws {
        // The last lie is still to be fetched.
        let released = try await peer.message(within: 30) { message -> Bool? in
            if case .release = message.header { true } else { nil }
        }
        #expect(released, "the last lie is never judged")
        try await peer.say(.goodbye(Goodbye(finishing: false)))
        bulk.stop()
    }
}
