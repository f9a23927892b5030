// What the parts of a training job take in memory.

import Protocol
import Tensors
import WordVectors

/// All in bytes.
struct ModelMemory {
    /// What the programs take besides: measured with corpora of 10 and 100 MB.
    static let worker = 15e6
    static let coordinator = 40e6

    /// The two matrices; rows begin on cache lines.
    let input: Double
    let output: Double
    /// The changes of both matrices, of all rows.
    let change: Double
    private let size: ModelSize
    /// The vocabulary, and all different words of the corpus.
    let words: Double
    let counting: Double
    /// The encoded corpus.
    let ids: Double

    init(_ spec: TrainWords, _ size: ModelSize, _ sample: CorpusSample) {
        let row = 4 * Double((spec.dimension + 15) / 16 * 16)
        input = row * Double(size.inputRows)
        output = row * Double(size.words)
        change = size.change()
        self.size = size
        words = sample.tableBytes(of: Double(size.words))
        counting = sample.tableBytes(of: sample.different(sample.words))
        ids = 4 * (size.keptWords + sample.sentences)
    }

    /// Two copies of both matrices, the last change, which goes out, the step that came in before,
    /// and the partitions of the worker.
    func ofWorker(_ plan: TrainingPlan, workers: Int) -> Double {
        let share = (Double(plan.partitions) / Double(workers)).rounded(.up)
        let training =
            2 * (input + output) + change + largestStep(plan, workers: workers) + 2 * words
            + (size.subwords?.tableBytes(words: size.words) ?? 0)
            + ids / Double(plan.partitions) * share
        return Self.worker + max(2 * counting, training)
    }

    /// No step follows the last round, in which all rows are due.
    private func largestStep(_ plan: TrainingPlan, workers: Int) -> Double {
        guard plan.partitions > 1 else { return 0 }
        let rows = (0..<max(plan.rounds - 1, 0)).map { plan.rowsDue($0, workers: workers) }
        return size.change(due: rows.max() ?? 0)
    }

    /// Parameters and velocities, the changes of all partitions, the step, and the result as it is
    /// served; before that the tables of counts.
    func ofCoordinator(_ plan: TrainingPlan, workers: Int) -> Double {
        let changes = change * Double(plan.partitions + (plan.partitions > 1 ? 1 : 0))
        let tables = counting * Double(workers + 1)
        return Self.coordinator + max(tables, state(plan) + input + changes + words)
    }

    /// Parameters, and their velocities if there is momentum.
    func state(_ plan: TrainingPlan) -> Double {
        (plan.momentum > 0 ? 2 : 1) * (input + output)
    }
}

extension CorpusSample {
    /// Words with their counts and a hash table.
    func tableBytes(of words: Double) -> Double { words * (wordBytes + 40) }
    /// Mean length of a different word.
    var wordBytes: Double { Double(table.keyBytes) / Double(max(table.entries, 1)) }
    var sentences: Double { Double(WordCounter.Tallies(table).sentences) * scale }
}
