// When rows are averaged, and how much of the changes they take.

import Protocol
import Tensors
import Testing
import WordJobs

@testable import Coordinator

@Suite struct TrainingPlanTests {
    /// Counts as Zipf has them, of `rows` words that occur `words` times together.
    private func zipf(rows: Int, words: Double) -> [Double] {
        let weights = (1...rows).map { 1 / Double($0) }
        let total = weights.reduce(0, +)
        return weights.map { max(1, ($0 * words / total).rounded()) }
    }

    private func plan(
        partitions: Int, rows: Int = 20_000, words: Double = 4e6,
        _ change: (inout TrainWords) -> Void = { _ in }
    ) -> TrainingPlan {
        var spec = TrainWords(files: [])
        spec.partitions = partitions
        change(&spec)
        let counts = zipf(rows: rows, words: words)
        return TrainingPlan(
            spec, workers: partitions, words: counts.reduce(0, +), rows: rows,
            rates: UpdateRates(counts: counts, of: spec), blocks: 1_000,
            vocabulary: PayloadReference(id: "", size: 0, checksum: 0))
    }

    @Test("updates are counted as training makes them")
    func rates() throws {
        var spec = TrainWords(files: [])
        spec.window = 2
        spec.negative = 3
        spec.sample = 0
        let rates = try #require(UpdateRates(counts: [30, 10], of: spec))
        #expect(abs(rates.input[0] - 2.25) < 1e-6 && abs(rates.input[1] - 0.75) < 1e-6)
        // Every centre draws three negatives, and is an output itself.
        #expect(abs(rates.output[0] + rates.output[1] - 4) < 1e-6)
        #expect(rates.output[1] > 1, "rare words are drawn more often than they occur")
    }

    @Test("frequent rows are averaged in every round, rare ones seldom, all in the last")
    func turns() {
        let plan = plan(partitions: 8)
        let due = (0..<plan.rounds).map { plan.rowsDue($0, workers: 8) }
        #expect(due.last == 20_000)
        #expect(due[0] > 0 && due[0] < 10_000)
        for (round, rows) in due.enumerated().dropLast() {
            #expect(rows == due[(1 << min((round + 1).trailingZeroBitCount, 5)) - 1])
        }
        let doubled = (0..<5).map { due[(1 << $0) - 1] }
        #expect(doubled == doubled.sorted() && doubled[0] < doubled[4])
    }

    @Test("where rows are not those of words, the mean is taken and a part of the rows doubles")
    func tree() {
        let plan = plan(partitions: 8) { $0.loss = .hierarchicalSoftmax }
        #expect(plan.rates == nil && plan.shares(0, workers: 8) == nil)
        #expect(plan.rowsDue(1, workers: 8) == 2 * plan.rowsDue(0, workers: 8))
        #expect(plan.rowsDue(plan.rounds - 1, workers: 8) == 20_000)
    }

    @Test("rounds add up to the whole training, and grow where there are several partitions")
    func course() {
        let plan = plan(partitions: 8)
        let words = (0..<plan.rounds).map(plan.words(of:))
        #expect(abs(words.reduce(0, +) / (plan.wordsPerUnit * Double(plan.rounds)) - 1) < 1e-9)
        for (earlier, later) in zip(words, words.dropFirst()) { #expect(earlier < later) }
        let alone = self.plan(partitions: 1)
        #expect(abs(alone.words(of: 0) / alone.wordsPerUnit - 1) < 1e-9)
    }

    @Test("the more partitions there are, the sooner they meet")
    func rounds() {
        #expect(plan(partitions: 16).wordsPerUnit < plan(partitions: 8).wordsPerUnit)
        #expect(plan(partitions: 8).wordsPerUnit < plan(partitions: 2).wordsPerUnit)
        #expect(plan(partitions: 8) { $0.wordsPerRound = 10_000 }.wordsPerUnit < 10_100)
    }

    @Test("hot rows take nearly the mean, rare rows more, and the sum where rounds do little")
    func shares() throws {
        let plan = plan(partitions: 8)
        let first = try #require(plan.shares(0, workers: 8)).input
        let middle = try #require(plan.shares(plan.rounds / 2, workers: 8)).input
        let late = try #require(plan.shares(plan.rounds - 2, workers: 8)).input
        #expect(middle.share(0) < 0.2 && middle.share(0) >= 0.125)
        #expect(middle.share(19_999) > 2 * middle.share(0))
        for shares in [first, late] {
            #expect(shares.share(19_999) > 0.95)
            for row in stride(from: 0, to: 20_000, by: 500) {
                #expect(shares.share(row) >= middle.share(row))
            }
        }
    }

    @Test("where all rows are due in every round, they have the updates of one round")
    func deterministic() throws {
        let turns = try #require(plan(partitions: 4).shares(0, workers: 4))
        let plan = plan(partitions: 4) { $0.deterministic = true }
        #expect(plan.rowsDue(0, workers: 4) == 20_000)
        let all = try #require(plan.shares(0, workers: 4))
        #expect(all.input.updates[0] == turns.input.updates[0])
        #expect(all.input.updates[19_999] < turns.input.updates[19_999] / 2)
        #expect(self.plan(partitions: 1).shares(0, workers: 1) == nil)
    }
}
