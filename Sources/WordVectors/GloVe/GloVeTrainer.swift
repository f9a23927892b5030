// Trains GloVe vectors on stretches of shuffled cells, one thread for each stretch.

import CKernels
public import Tensors

/// What one call of training has done.
public struct GloVeSummary: Sendable, Equatable {
    /// Cells passed, and updates made on them: two for a cell that stands for both orders.
    public var cells = 0
    public var updates = 0
    /// Updates left out because a value was not finite.
    public var skipped = 0
    /// f(X) (w.w~ + b + b~ - log X)^2 / 2 before each update, summed.
    public var lossSum = 0.0
    /// Wall time.
    public var seconds = 0.0

    public init() {}

    public var loss: Double? { updates > 0 ? lossSum / Double(updates) : nil }
}

/// Hogwild AdaGrad: the threads share rows without locks (Recht et al. 2011).
public struct GloVeTrainer: Sendable {
    public let settings: GloVeSettings
    public let layout: AdaptiveRows

    public init(settings: GloVeSettings) {
        self.settings = settings
        layout = AdaptiveRows(dimension: settings.dim)
    }

    /// Trains on each slice of the cells in a thread of its own.
    ///
    /// - Parameters:
    ///   - words: `[vocabulary, layout.columns]`, rows as `AdaptiveRows` lays them out;
    ///   - contexts: the same. They must be of the table that the cells came from.
    ///   - slices: of `0..<cells.count`. With one the result depends on the arguments alone (and
    ///     the instruction set); with more, threads race.
    public func train(
        words: Matrix, contexts: Matrix, cells: GloVeCells, slices: [Range<Int>],
        control: TrainingControl = TrainingControl()
    ) -> GloVeSummary {
        precondition(
            words.columns == layout.columns && contexts.columns == layout.columns
                && words.rows == contexts.rows,
            "[\(words.rows), \(words.columns)] and [\(contexts.rows), \(contexts.columns)]")
        let clock = ContinuousClock()
        let start = clock.now
        let shared = glove_model(
            words: words.base, contexts: contexts.base, stride: words.stride, dim: settings.dim,
            accumulators: layout.accumulators, vocabulary: Int32(words.rows), eta: settings.eta,
            symmetric: cells.isTwofold ? 1 : 0)
        let results = Parallel.map(slices) { (_, slice) in
            var model = shared
            var task = glove_task(
                cells: cells.cells.map { $0 + slice.lowerBound }, count: slice.count,
                cells_done: control.wordCounter, stop: control.stopFlag)
            var result = glove_result()
            let code = glove_train(&model, &task, &result)
            // The table was checked as it was read, and its size is that of the matrices.
            precondition(code == 0, "cell \(slice.lowerBound + result.position) names no word")
            return result
        }
        var summary = results.reduce(into: GloVeSummary()) { $0.add($1) }
        summary.seconds = (clock.now - start) / .seconds(1)
        return summary
    }
}

extension GloVeSummary {
    fileprivate mutating func add(_ result: glove_result) {
        cells += Int(result.position)
        updates += Int(result.updates)
        skipped += Int(result.skipped)
        lossSum += result.loss_sum
    }

    public mutating func add(_ other: GloVeSummary) {
        cells += other.cells
        updates += other.updates
        skipped += other.skipped
        lossSum += other.lossSum
        seconds += other.seconds
    }
}
