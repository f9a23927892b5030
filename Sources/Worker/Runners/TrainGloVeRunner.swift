// Trains a slice of a block of cells from the parameters of its round, and gives what changed.

import Files
import Protocol
import Tensors
import Transport
import WordVectors

/// The deltas of a unit depend on the parameters, the slice and the seed alone (and with several
/// threads on their race). The accumulators of AdaGrad are among the parameters, so nothing else is
/// kept from round to round.
final class TrainGloVeRunner: UnitRunner {
    static let kind = "train-glove"
    private let bulk: BulkExchange
    private let cache: String
    private let threads: Int
    private var replica: ModelReplica?
    private var blocks: [GloVeBlock: GloVeCells] = [:]
    /// The job whose blocks these are.
    private var model = ""

    init(bulk: BulkExchange, cache: String, threads: Int) {
        self.bulk = bulk
        self.cache = cache
        self.threads = threads
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .trainGloVe(let task) = assignment.task else { throw assignment.misplaced }
        do {
            if let complaint = task.settings.complaint(ofUnit: task) {
                throw Fault(.data, complaint)
            }
            forgetOthers(than: task.model)
            let trainer = GloVeTrainer(settings: try GloVeSettings(task.settings))
            let arrivals = Arrivals()
            let began = monotonicMilliseconds()
            let cells = try cells(of: task, trainer.settings, arrivals, control)
            let replica = try replica(for: task, trainer.layout)
            try advance(replica, to: task, arrivals, control)
            let advanced = monotonicMilliseconds()
            let summary = train(task, cells, trainer, replica, control)
            try control.check()
            let trained = monotonicMilliseconds()
            let outputs = try replica.offerDeltas(
                of: task, on: bulk, prefix: assignment.outputPrefix)
            return UnitOutcome(
                outputs: outputs,
                measures: [
                    "pairs": Double(summary.cells), "updates": Double(summary.updates),
                    "skipped": Double(summary.skipped),
                    "lossSum": summary.lossSum, "lossCount": Double(summary.updates),
                    "computeSeconds": summary.seconds,
                    "advanceSeconds": Double(advanced - began) / 1_000,
                    "deltaSeconds": Double(monotonicMilliseconds() - trained) / 1_000,
                    "bytesSent": Double(outputs.reduce(0) { $0 + $1.size }),
                    "bytesReceived": Double(arrivals.bytes),
                ])
        } catch CooccurrenceError.file(let error) {
            throw Fault(running: error)
        } catch { throw Fault(running: error) }
    }

    /// What is kept of another job goes before this one's comes.
    private func forgetOthers(than model: String) {
        guard model != self.model else { return }
        replica = nil
        blocks = [:]
        self.model = model
    }

    /// The cells of the unit's block, fetched and shuffled once.
    private func cells(
        of task: TrainGloVeUnit, _ settings: GloVeSettings, _ arrivals: Arrivals,
        _ control: RunControl
    ) throws -> GloVeCells {
        let block = GloVeBlock(
            row: task.partition, column: task.contexts, blocks: task.partitions)
        if let cells = blocks[block] { return cells }
        // Renews the lease, and is no visible part of the unit's work.
        let shuffled = TrainingControl()
        control.follow(
            total: Double(Limits.payloadBytesMax),
            done: { Double(arrivals.bytes + shuffled.wordsDone) }, halt: { shuffled.stop() })
        let frame = try bulk.fetch(
            task.pairs, from: .coordinator, deadlineSeconds: 600, arrivals: arrivals)
        try control.check()
        let path = "\(cache)/cells-\(task.partition)-\(task.contexts)"
        let read = frame.withUnsafeBytes { bytes in
            Result {
                let table = try CooccurrenceTable(bytes)
                guard table.vocabulary == task.vocabulary, table.parts == 1,
                    table.isSymmetric == task.settings.symmetric
                else {
                    throw Fault(.data, "the pairs of \(task.model) are of another vocabulary")
                }
                return try GloVeCells(
                    shuffling: table, block: block, settings: settings,
                    seed: SplitMix.derive(
                        task.settings.seed,
                        UInt64(task.partition) << 32 | UInt64(task.contexts)),
                    path: path, control: shuffled)
            }
        }
        let cells = try read.get()
        // The mapping keeps the bytes; without a name nothing is left behind, however we end.
        removeFile(path)
        blocks[block] = cells
        return cells
    }

    private func replica(
        for task: TrainGloVeUnit, _ layout: AdaptiveRows
    ) throws -> ModelReplica {
        if let replica, replica.model == task.model { return replica }
        let (seed, threads) = (task.settings.seed, threads)
        let base = WordParameters(
            input: try Matrix(rows: task.vocabulary, columns: layout.columns),
            output: try Matrix(rows: task.vocabulary, columns: layout.columns))
        let made = try ModelReplica(
            model: task.model, beginning: base, threads: threads
        ) { base in
            layout.begin(base.input, seed: layout.wordSeed(seed), threads: threads)
            layout.begin(base.output, seed: layout.contextSeed(seed), threads: threads)
        }
        replica = made
        return made
    }

    private func advance(
        _ replica: ModelReplica, to task: TrainGloVeUnit, _ arrivals: Arrivals,
        _ control: RunControl
    ) throws {
        control.follow(
            total: Double(Limits.payloadBytesMax), done: { Double(arrivals.bytes) }, halt: {})
        try replica.advance(to: task, from: bulk, counting: arrivals)
        try control.check()
    }

    private func train(
        _ task: TrainGloVeUnit, _ cells: GloVeCells, _ trainer: GloVeTrainer,
        _ replica: ModelReplica, _ control: RunControl
    ) -> GloVeSummary {
        let begin = cells.count * task.slice / task.slices
        let slice = begin..<cells.count * (task.slice + 1) / task.slices
        let training = TrainingControl()
        control.follow(
            total: Double(slice.count), done: { Double(training.wordsDone) },
            halt: { training.stop() })
        let threads = task.settings.deterministic ? 1 : threads
        return trainer.train(
            words: replica.live.input, contexts: replica.live.output, cells: cells,
            slices: Parallel.ranges(of: slice.count, threads: threads).map {
                begin + $0.lowerBound..<begin + $0.upperBound
            }, control: training)
    }
}

extension TrainGloVeUnit: ReplicaTask {
    // What others changed since has to come, and what changed here has to go, in every round.
    var rowsDue: Int { vocabulary }
    var rowsDueBefore: Int { vocabulary }
}

extension GloVeSettings {
    fileprivate init(_ settings: TrainGloVe) throws(WordTrainingError) {
        try self.init(
            dim: settings.dimension, xMax: settings.xMax, power: settings.power,
            eta: Float(settings.eta))
    }
}

extension TrainGloVe {
    /// What no coordinator of ours would ask for, and must not stop a worker.
    fileprivate func complaint(ofUnit task: TrainGloVeUnit) -> String? {
        guard (1...Limits.dimensionMax).contains(dimension),
            (1...Int(Int32.max)).contains(task.vocabulary), task.round >= 0,
            (1...Limits.blocksMax).contains(task.partitions),
            (0..<task.partitions).contains(task.partition),
            (0..<task.partitions).contains(task.contexts),
            (1...1_000).contains(task.slices), (0..<task.slices).contains(task.slice)
        else {
            return "block (\(task.partition), \(task.contexts)) of \(task.partitions) is refused"
        }
        return nil
    }
}
