// The step of GloVe: the oracle against the formula, and every instruction set against the oracle.

import CKernels
import TestSupport
import Testing

/// A word's and a context's row: values, bias, zeros, accumulators, and a guard behind them.
private struct StepRows: Equatable {
    let dim: Int
    let accumulators: Int
    var word: [Float]
    var context: [Float]

    init(dim: Int, seed: Int, scale: Float = 0.5) {
        var numbers = Numbers(seed)
        self.dim = dim
        accumulators = (dim + 16) / 16 * 16
        func row(_ numbers: inout Numbers, _ accumulators: Int) -> [Float] {
            var row = [Float](repeating: 0, count: accumulators + dim + 2)
            for d in 0...dim {
                row[d] = Float.random(in: -scale...scale, using: &numbers)
                row[accumulators + d] = Float.random(in: 1...50, using: &numbers)
            }
            row[accumulators + dim + 1] = 12345
            return row
        }
        word = row(&numbers, accumulators)
        context = row(&numbers, accumulators)
    }

    mutating func step(_ isa: String, logCount: Float = 2, weight: Float = 0.7) -> Float {
        let (dim, accumulators) = (dim, accumulators)
        return with(isa) {
            kernel_glove_step(&word, &context, dim, accumulators, logCount, weight, 0.05)
        }
    }

    /// The same in doubles, from the paper and the authors' program.
    func expected(logCount: Double, weight: Double) -> (word: [Double], context: [Double]) {
        var (w, c) = (word.map(Double.init), context.map(Double.init))
        let before = (w, c)
        let score = (0..<dim).reduce(w[dim] + c[dim]) { $0 + before.0[$1] * before.1[$1] }
        let pull = weight * (score - logCount)
        for d in 0..<dim {
            let wordStep = 0.05 * min(max(pull * before.1[d], -100), 100)
            let contextStep = 0.05 * min(max(pull * before.0[d], -100), 100)
            w[d] -= wordStep / before.0[accumulators + d].squareRoot()
            c[d] -= contextStep / before.1[accumulators + d].squareRoot()
            w[accumulators + d] += wordStep * wordStep
            c[accumulators + d] += contextStep * contextStep
        }
        w[dim] -= pull / before.0[accumulators + dim].squareRoot()
        c[dim] -= pull / before.1[accumulators + dim].squareRoot()
        w[accumulators + dim] += pull * pull
        c[accumulators + dim] += pull * pull
        return (w, c)
    }
}

private func greatest(_ a: [Float], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { max($0, abs(Double($1.0) - $1.1) / max(1, abs($1.1))) }
}

@Suite("A step of GloVe")
struct GloVeStepTests {
    @Test("the oracle does what the formula says", arguments: [1, 2, 15, 16, 50, 100, 300])
    func formula(dim: Int) {
        var rows = StepRows(dim: dim, seed: dim)
        let expected = rows.expected(logCount: 2, weight: Double(Float(0.7)))
        _ = rows.step("scalar")
        #expect(greatest(rows.word, expected.word) < 1e-6)
        #expect(greatest(rows.context, expected.context) < 1e-6)
    }

    @Test("every instruction set agrees with the oracle at every tail", arguments: vectorSets)
    func agreement(isa: String) {
        for dim in Array(1...70) + [96, 100, 128, 200, 300] {
            var (oracle, rows) = (StepRows(dim: dim, seed: dim), StepRows(dim: dim, seed: dim))
            let difference = oracle.step("scalar")
            let found = rows.step(isa)
            #expect(abs(difference - found) < 1e-4, "dim \(dim)")
            // 1 / sqrt(G) is good to 1e-5, and a step is 0.1 at most.
            #expect(greatestDifference(oracle.word, rows.word) < 2e-5, "dim \(dim)")
            #expect(greatestDifference(oracle.context, rows.context) < 2e-5, "dim \(dim)")
            #expect(rows.word.last == 12345 && rows.context.last == 12345)
            let padding = (dim + 1)..<rows.accumulators
            #expect(rows.word[padding].allSatisfy { $0 == 0 })
        }
    }

    @Test("a gradient is clipped at 100", arguments: ["scalar"] + vectorSets)
    func clipping(isa: String) {
        var rows = StepRows(dim: 20, seed: 3, scale: 40)
        let expected = rows.expected(logCount: 0, weight: 1)
        _ = rows.step(isa, logCount: 0, weight: 1)
        #expect(greatest(rows.word, expected.word) < 1e-4)
        let step = rows.accumulators
        #expect(rows.word[step..<step + 20].contains { $0 >= 25 }, "nothing was clipped")
    }

    @Test("a step that is not finite moves nothing", arguments: ["scalar"] + vectorSets)
    func notFinite(isa: String) {
        for value in [Float.nan, .infinity] {
            var rows = StepRows(dim: 20, seed: 3)
            let before = rows
            let difference = rows.step(isa, logCount: value)
            #expect(!difference.isFinite)
            #expect(rows == before)
        }
    }
}
