// This worker's copy of a model: the parameters of a round, and the ones being trained from them.

import Protocol
import Tensors
import Transport
import WordJobs
import WordVectors

/// What a copy of a model needs to know of a unit that trains it.
protocol ReplicaTask {
    var round: Int { get }
    var partition: Int { get }
    var step: ModelPayloads? { get }
    var whole: ModelPayloads? { get }
    var rowsDue: Int { get }
    var rowsDueBefore: Int { get }
    var exchange: Exchange? { get }
    /// Of what changed.
    var deltaFormat: RowDelta.Format { get }
}

extension ReplicaTask {
    var exchange: Exchange? { nil }
    var deltaFormat: RowDelta.Format { .bf16 }
}

extension TrainWordsUnit: ReplicaTask {
    var partition: Int { encoding.partition }
    var deltaFormat: RowDelta.Format { settings.deltaFormat }
}

/// `base` is bit-identical to the coordinator's parameters of version `version`; `live` begins each
/// unit equal to it.
final class ModelReplica {
    let model: String
    let live: WordParameters
    private let base: WordParameters
    private(set) var version = 0
    /// Where version 0 came from; nil where the seed says what it is.
    private var start: ModelPayloads?
    /// The partition and round that `live` was last trained on.
    private var trained: (partition: Int, round: Int)?
    let threads: Int
    /// Makes version 0 of parameters of any version.
    private let begin: (WordParameters) -> Void

    /// - Parameters:
    ///   - base: of the model's shapes, whatever is in it.
    ///   - begin: makes version 0 of it.
    init(
        model: String, beginning base: WordParameters, threads: Int,
        begin: @escaping (WordParameters) -> Void
    ) throws(TensorError) {
        self.model = model
        self.threads = threads
        self.begin = begin
        self.base = base
        live = try WordParameters(shapedLike: base)
        begin(base)
    }

    /// Brings `base` to the version that `task` starts from, and `live` back to it: all rows, or
    /// those that were averaged if `live` holds the same partition's work of the round before.
    /// - Parameter arrivals: counts what comes in, because a large model takes longer than a lease.
    func advance(
        to task: some ReplicaTask, from bulk: BulkExchange, _ peers: PeerPlane? = nil,
        counting arrivals: Arrivals
    ) throws {
        try advanceBase(
            to: task.round, Source(bulk: bulk, peers: peers, arrivals: arrivals),
            step: task.step, whole: task.whole, task.exchange)
        let goesOn = trained.map { last in
            last.partition == task.partition && last.round == task.round - 1
        }
        let stale = goesOn == true ? task.rowsDueBefore : .max
        live.input.copy(from: base.input, rows: stale, threads: threads)
        live.output.copy(from: base.output, rows: stale, threads: threads)
        trained = (task.partition, task.round)
    }

    /// Brings `base` alone to version `round`.
    func advanceBase(
        to round: Int, _ source: Source, step: ModelPayloads?, whole: ModelPayloads?,
        _ exchange: Exchange?
    ) throws {
        if round == version, round > 0 || whole == start { return }
        if round == version + 1, let step {
            // A failure before the end of both leaves a copy of no version.
            version = -1
            let frames = try source.fetch(step)
            try apply(frames.input, to: base.input)
            try apply(frames.output, to: base.output)
        } else if round == version + 1, let exchange, let steps = exchange.steps {
            version = -1
            try source.applySteps(steps, of: exchange, to: base, threads: threads)
        } else if let whole {
            version = -1
            try replace(base.input, by: whole.input, from: source)
            try replace(base.output, by: whole.output, from: source)
            if round == 0 { start = whole }
        } else if round == 0 {
            // A first round that has to be repeated.
            begin(base)
        } else {
            throw Fault(
                .payloadMissing, "round \(round) of \(model) names no parameters", retryable: true)
        }
        version = round
    }

    /// The parameters of version `version`; not to be changed.
    var parameters: WordParameters { base }

    /// Where payloads come from.
    struct Source {
        let bulk: BulkExchange
        var peers: PeerPlane?
        let arrivals: Arrivals

        func fetch(_ reference: PayloadReference) throws(Fault) -> Frame {
            try bulk.fetch(
                reference, from: .coordinator, deadlineSeconds: Self.deadlineSeconds,
                arrivals: arrivals)
        }

        /// Both at the same time.
        func fetch(_ pair: ModelPayloads) throws(Fault) -> FramePair {
            let output = Promise<Result<Frame, Fault>>()
            bulk.fetch(
                pair.output, from: .coordinator, deadlineSeconds: Self.deadlineSeconds,
                arrivals: arrivals
            ) { output.fulfil($0) }
            let input = try fetch(pair.input)
            guard let output = output.wait(seconds: Self.deadlineSeconds + 10) else {
                throw Fault(
                    .internalError, "the fetch of \(pair.output.id) never ended", retryable: true)
            }
            return FramePair(input: input, output: try output.get())
        }

        private static let deadlineSeconds = 600.0
    }

    private func apply(_ frame: Frame, to matrix: Matrix) throws {
        try frame.withUnsafeBytes { bytes in
            try RowDelta.View(bytes, expecting: (matrix.rows, matrix.columns), threads: threads)
                .apply(to: matrix, threads: threads)
        }
    }

    private func replace(
        _ matrix: Matrix, by reference: PayloadReference, from source: Source
    ) throws {
        guard reference.size == matrix.byteCount else {
            throw Fault(
                .data,
                "the parameters of \(model) have \(reference.size) bytes instead of "
                    + "\(matrix.byteCount)")
        }
        try source.fetch(reference).withUnsafeBytes { bytes in
            UnsafeMutableRawPointer(matrix.base).copyMemory(
                from: bytes.baseAddress ?? UnsafeRawPointer(matrix.base), byteCount: bytes.count)
        }
    }

    /// What training changed, offered on the bulk plane: inputs, then outputs.
    func offerDeltas(
        of task: some ReplicaTask, on bulk: BulkExchange, prefix: String
    ) throws -> [PayloadReference] {
        let input = try RowDelta.encode(
            from: live.input, base: base.input, rows: task.rowsDue, format: task.deltaFormat,
            threads: threads, what: "the input vectors")
        let output = try RowDelta.encode(
            from: live.output, base: base.output, rows: task.rowsDue, format: task.deltaFormat,
            threads: threads, what: "the output vectors")
        return [
            bulk.offer(id: prefix + "/input", frame: Frame(input), checksum: nil),
            bulk.offer(id: prefix + "/output", frame: Frame(output), checksum: nil),
        ]
    }
}

extension Frame {
    /// The bytes of a delta, kept alive by the frame.
    init(_ delta: RowDelta) {
        let buffer = delta.buffer
        let bytes = UnsafeRawBufferPointer(start: buffer.baseAddress, count: buffer.byteCount)
        self.init(bytes) { _ in withExtendedLifetime(buffer) {} }
    }
}
