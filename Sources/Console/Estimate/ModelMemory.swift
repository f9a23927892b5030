// What the parts of a training job take in memory.

import Protocol
import Tensors
import WordJobs
import WordVectors

/// All in bytes.
struct ModelMemory {
    /// What the programs take besides: measured with corpora of 10 and 100 MB.
    private static let worker = 15e6
    private static let coordinator = 40e6

    /// One of the two matrices; rows begin on cache lines.
    let matrix: Double
    /// The changes of both matrices, of all rows.
    let change: Double
    private let spec: TrainWords
    /// The vocabulary, and all different words of the corpus.
    let words: Double
    let counting: Double
    /// The encoded corpus.
    let ids: Double

    init(_ spec: TrainWords, _ size: ModelSize, _ sample: CorpusSample) {
        matrix = 4 * Double(size.rows) * Double((spec.dimension + 15) / 16 * 16)
        change = Self.change(size.rows, spec)
        self.spec = spec
        words = Self.table(Double(size.rows), sample)
        counting = Self.table(sample.different(sample.words), sample)
        ids = 4 * (size.keptWords + sample.sentences)
    }

    /// Changes of the first `rows` rows of both matrices.
    static func change(_ rows: Int, _ spec: TrainWords) -> Double {
        2 * Double(rows) * Double(spec.deltaFormat.rowBytes(spec.dimension))
    }

    /// Words with their counts and a hash table.
    private static func table(_ words: Double, _ sample: CorpusSample) -> Double {
        words * (sample.wordBytes + 40)
    }

    /// Two copies of both matrices, the last change, which goes out, the step that came in before,
    /// and the partitions of the worker.
    func ofWorker(_ plan: TrainingPlan, workers: Int) -> Double {
        let share = (Double(plan.partitions) / Double(workers)).rounded(.up)
        let training =
            4 * matrix + change + largestStep(plan, workers: workers) + 2 * words
            + ids / Double(plan.partitions) * share
        return Self.worker + max(2 * counting, training)
    }

    /// No step follows the last round, in which all rows are due.
    private func largestStep(_ plan: TrainingPlan, workers: Int) -> Double {
        guard plan.partitions > 1 else { return 0 }
        let rows = (0..<max(plan.rounds - 1, 0)).map { plan.rowsDue($0, workers: workers) }
        return Self.change(rows.max() ?? 0, spec)
    }

    /// Parameters and velocities, the changes of all partitions, the step, and the result as it is
    /// served; before that the tables of counts.
    func ofCoordinator(_ plan: TrainingPlan, workers: Int) -> Double {
        let changes = change * Double(plan.partitions + (plan.partitions > 1 ? 1 : 0))
        let tables = counting * Double(workers + 1)
        return Self.coordinator + max(tables, state(plan) + matrix + changes + words)
    }

    /// Parameters, and their velocities if there is momentum.
    func state(_ plan: TrainingPlan) -> Double { (plan.momentum > 0 ? 4 : 2) * matrix }
}

extension CorpusSample {
    /// Mean length of a different word.
    var wordBytes: Double { Double(table.keyBytes) / Double(max(table.entries, 1)) }
    var sentences: Double { Double(WordCounter.Tallies(table).sentences) * scale }
}
