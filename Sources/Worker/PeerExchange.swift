// Pieces of parameters on their way between workers: offered by part, gathered from all at once.

import FoundationEssentials
import Protocol
import Synchronization
import Tensors
import Transport
import WordVectors

extension Exchange {
    /// What no coordinator of ours would ask for, and must not stop a worker.
    func check() throws(Fault) {
        guard (1...Limits.partitionsMax).contains(shards) else {
            throw Fault(.data, "a reduction in \(shards) parts is refused")
        }
    }
}

extension PeerPlane {
    /// What the ids of pieces begin with: they go when the worker begins a round after `number`.
    func prefix(_ model: String, _ number: Int, _ assignment: Assign) -> String {
        "\(model)/\(number)/\(assignment.outputPrefix)"
    }

    /// Lets go of what other jobs and rounds before `number` have left: everybody has it by now.
    func forget(before number: Int, of model: String) {
        withdraw { id in
            guard id.hasPrefix(model + "/") else { return true }
            let rest = id.utf8.dropFirst(model.utf8.count + 1)
            let digits = rest.prefix { $0 != UInt8(ascii: "/") }
            return Int(String(decoding: digits, as: UTF8.self)).map { $0 < number } ?? true
        }
    }

    /// All pairs at the same time, in order; a pair is a fault if either half of it is.
    func gather(
        _ sources: [PeerSources.Source], counting arrivals: Arrivals
    ) -> [Result<FramePair, Fault>] {
        let gathering = Gathering(count: sources.count)
        for (index, source) in sources.enumerated() {
            fetch(source.input, from: source.endpoint, arrivals: arrivals) {
                gathering.add($0, at: 2 * index)
            }
            fetch(source.output, from: source.endpoint, arrivals: arrivals) {
                gathering.add($0, at: 2 * index + 1)
            }
        }
        return gathering.pairs
    }
}

/// A payload of each matrix.
struct FramePair: Sendable {
    let input: Frame
    let output: Frame
}

/// Collects what fetches bring. Each ends by its own deadline, so that waiting ends, too.
private final class Gathering: Sendable {
    private struct State {
        var results: [Result<Frame, Fault>?]
        var missing: Int
    }

    private static let waitSecondsMax = 86_400.0
    private let state: Mutex<State>
    private let done = Promise<Void>()

    init(count: Int) {
        state = Mutex(State(results: Array(repeating: nil, count: 2 * count), missing: 2 * count))
        if count == 0 { done.fulfil(()) }
    }

    func add(_ result: Result<Frame, Fault>, at index: Int) {
        let isLast = state.withLock { state in
            state.results[index] = result
            state.missing -= 1
            return state.missing == 0
        }
        if isLast { done.fulfil(()) }
    }

    var pairs: [Result<FramePair, Fault>] {
        _ = done.wait(seconds: Self.waitSecondsMax)
        let results = state.withLock { $0.results }
        return stride(from: 0, to: results.count, by: 2).map { index in
            Result { () throws(Fault) in
                FramePair(
                    input: try Self.frame(results[index]),
                    output: try Self.frame(results[index + 1]))
            }
        }
    }

    private static func frame(_ result: Result<Frame, Fault>?) throws(Fault) -> Frame {
        guard let result else {
            throw Fault(.internalError, "a fetch from another worker never ended", retryable: true)
        }
        return try result.get()
    }
}

extension BulkExchange {
    /// Offers `value` as JSON to the coordinator.
    func offer(id: String, encoding value: some Encodable) throws(Fault) -> PayloadReference {
        guard let data = try? JSONEncoder().encode(value) else {
            throw Fault(.internalError, "\(id) cannot be written")
        }
        return offer(id: id, frame: Frame(data))
    }

    /// What is held at the coordinator for this unit: so many sources.
    func sources(
        _ reference: PayloadReference, count: Int, counting arrivals: Arrivals
    ) throws(Fault) -> [PeerSources.Source] {
        let frame = try fetch(
            reference, from: .coordinator, deadlineSeconds: 600, arrivals: arrivals)
        guard
            let found = try? JSONDecoder().decode(PeerSources.self, from: Data(frame.bytes)),
            found.sources.count == count
        else { throw Fault(.data, "\(reference.id) is no list of \(count) sources") }
        return found.sources
    }
}

extension ModelReplica.Source {
    /// Applies all parts of a step, each from the worker that made it or, should that one be gone,
    /// from the coordinator.
    func applySteps(
        _ steps: PayloadReference, of exchange: Exchange, to base: WordParameters, threads: Int
    ) throws {
        guard let peers else {
            throw Fault(.usage, "no worker can fetch from this one; start it with --peer")
        }
        let sources = try bulk.sources(steps, count: exchange.shards, counting: arrivals)
        let found = peers.gather(sources, counting: arrivals)
        let pairs = try found.enumerated().map { shard, result in
            if case .success(let pair) = result { return pair }
            return try spare(sources[shard], shard, exchange)
        }
        // Parts have no row in common.
        _ = try Parallel.map(count: pairs.count, threads: threads) { shards in
            for shard in shards {
                let part = RowShard(shard, of: exchange.shards)
                try apply(pairs[shard].input, to: base.input, of: part)
                try apply(pairs[shard].output, to: base.output, of: part)
            }
        }
    }

    private func spare(
        _ source: PeerSources.Source, _ shard: Int, _ exchange: Exchange
    ) throws(Fault) -> FramePair {
        guard let prefix = exchange.stepsPrefix else {
            throw Fault(.payloadMissing, "part \(shard) of the step is gone", retryable: true)
        }
        let fetch = { (matrix: String, reference: PayloadReference) throws(Fault) in
            try self.fetch(
                PayloadReference(
                    id: ShardPieces.id(prefix, matrix, shard), size: reference.size,
                    checksum: reference.checksum))
        }
        return FramePair(
            input: try fetch("input", source.input), output: try fetch("output", source.output))
    }

    private func apply(_ frame: Frame, to matrix: Matrix, of shard: RowShard) throws {
        try frame.withUnsafeBytes { bytes in
            try RowDelta.View(bytes, expecting: (shard.rows(of: matrix.rows), matrix.columns))
                .apply(to: matrix, of: shard, threads: 1)
        }
    }
}

extension ModelReplica {
    /// What training changed, offered to other workers in parts.
    func offerPieces(
        of task: TrainWordsUnit, shards: Int, on peers: PeerPlane, prefix: String
    ) throws -> ShardPieces {
        let deltas = try Parallel.map(count: shards, threads: threads) { part in
            try part.map { index in
                let shard = RowShard(index, of: shards)
                return (
                    input: try RowDelta.encode(
                        from: live.input, base: parameters.input, rows: task.rowsDue, of: shard,
                        format: task.deltaFormat, threads: 1, what: "the input vectors"),
                    output: try RowDelta.encode(
                        from: live.output, base: parameters.output, rows: task.rowsDue, of: shard,
                        format: task.deltaFormat, threads: 1, what: "the output vectors")
                )
            }
        }.flatMap { $0 }
        var pieces = ShardPieces(endpoint: peers.endpoint, prefix: prefix)
        for (shard, delta) in deltas.enumerated() {
            pieces.add(
                input: peers.offer(
                    id: ShardPieces.id(prefix, "input", shard), frame: Frame(delta.input)),
                output: peers.offer(
                    id: ShardPieces.id(prefix, "output", shard), frame: Frame(delta.output)))
        }
        return pieces
    }
}
