// `sounder estimate train glove`.

import ArgumentParser
import Protocol
import Tensors
import WordVectors

struct EstimateGloVeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "glove", abstract: "Estimate `train glove` with the same options.",
        discussion: """
            Looks at 8 MB spread over the corpus, counts their pairs, and trains on them
            for a second. All processes are taken to be on machines like this one.

            Example:
              sounder estimate train glove --input 'part-*.txt' --dim 200 --workers 4 --json
            """)

    @OptionGroup(title: "Corpus") var corpus: CorpusOptions
    @OptionGroup(title: "Model") var model: GloVeOptions
    @OptionGroup(title: "Cluster") var place: TrainingPlace

    func run() throws {
        var spec = TrainGloVe(files: [])
        model.apply(to: &spec)
        if spec.partitions == 0 && !spec.deterministic {
            spec.partitions = min(place.workers, Limits.blocksMax)
        }
        let job = spec
        let estimate = try Estimation(corpus, place).look(isDeterministic: job.deterministic) {
            files in
            var spec = job
            spec.files = files
            return spec.complaint
        } _: { try PairEstimate($0, job, workers: place.workers) }
        try estimate.show(asJSON: place.json)
    }
}

extension PairEstimate {
    init(_ look: Estimation.Look, _ spec: TrainGloVe, workers: Int) throws {
        let (begun, sample, counting) = try Self.beginning(
            look,
            CooccurrenceSettings(
                window: spec.window, isSymmetric: spec.symmetric,
                memoryBytes: spec.memoryMebibytes << 20),
            minimumCount: spec.minimumCount, vocabularyMax: spec.vocabularyMax,
            dimension: spec.dimension, workers: workers)
        self = begun
        let plan = GloVePlan(spec, workers: workers)
        let speed = try GloVeCalibration(spec, sample, look)
        let parts = Double(plan.partitions)
        // A pair of two blocks is a cell of both, a pair of one block a cell for both orders.
        let spread = spec.symmetric ? 2 - 1 / parts : 1
        partitions = plan.partitions
        rounds = plan.rounds(pairs: Int(pairs))
        updates = pairs * (spec.symmetric ? 2 : 1) * Double(spec.epochs)
        addTraffic(counting, columns: speed.columns, spread: spread, workers: workers)
        let matrices = 2 * Double(vocabulary) * Double(4 * ((speed.columns + 15) / 16 * 16))
        let change = self.change(columns: speed.columns)
        let cells = pairs * spread * GloVeCalibration.cellBytes
        checkpointBytes = 2 * matrices
        diskBytes += cells
        add(
            training: 2 * matrices + change * (1 / parts + 1) + cells / Double(workers)
                + counting.pairBytes / parts,
            reducing: matrices + 2 * change + outputBytes + counting.pairBytes,
            seconds: (updates ?? 0) / speed.updatesPerSecond
                + pairs * spread / speed.cellsShuffledPerSecond)
    }

    /// Bytes of the changes of all rows of both matrices.
    private func change(columns: Int) -> Double {
        2 * Double(vocabulary) * (2 * Double(columns) + 4)
    }

    /// In a round each row is changed once, by one of the partitions.
    private mutating func addTraffic(
        _ counting: PairCounting, columns: Int, spread: Double, workers: Int
    ) {
        let change = change(columns: columns)
        bytesSent += change * Double(rounds)
        bytesReceived =
            counting.pairBytes * spread
            + change * Double(rounds - 1) * Double(min(workers, partitions))
    }
}

/// How fast this machine shuffles cells and trains on them.
struct GloVeCalibration {
    let cellsShuffledPerSecond: Double
    let updatesPerSecond: Double
    /// Of a row with its accumulators.
    let columns: Int
    static let cellBytes = 16.0
    private static let seconds = 1.0

    init(_ spec: TrainGloVe, _ sample: PairSample, _ look: Estimation.Look) throws {
        let settings = try GloVeSettings(
            dim: spec.dimension, xMax: spec.xMax, power: spec.power, eta: Float(spec.eta))
        let trainer = GloVeTrainer(settings: settings)
        columns = trainer.layout.columns
        var made: GloVeCells?
        cellsShuffledPerSecond = try speed(over: Double(sample.file.table.pairs)) {
            made = try GloVeCells(
                shuffling: sample.file.table, settings: settings, seed: spec.seed,
                path: "\(look.input.directory)/cells")
        }
        guard let cells = made else { throw Fault(.internalError, "no cells were made") }
        let rows = sample.text.vocabulary.count
        let matrices = try (0..<2).map {
            try trainer.layout.matrix(rows: rows, seed: UInt64($0), threads: look.threads)
        }
        var total = GloVeSummary()
        while total.seconds < Self.seconds {
            try Interrupts.check()
            let part = trainer.train(
                words: matrices[0], contexts: matrices[1], cells: cells,
                slices: Parallel.ranges(of: cells.count, threads: look.threads))
            if part.updates == 0 { break }
            total.add(part)
        }
        updatesPerSecond = max(1, Double(total.updates) / max(total.seconds, 1e-6))
    }
}
