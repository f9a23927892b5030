// The window kernel of every instruction set against the scalar oracle, and the oracle itself.

import CKernels
import TestSupport
import Testing

private struct Outcome {
    var inputs: [Float]
    var outputs: [Float]
    var loss: Double
}

/// One step on a window of random rows; `order` names the inputs and may repeat some.
private func step(
    _ isa: String, dim: Int, order: [Int], outputs k: Int, seed: Int, scale: Float = 0.5,
    targets: [Float]? = nil, weights: [Float]? = nil
) -> Outcome {
    var numbers = Numbers(seed)
    let inputs = Rows(count: (order.max() ?? 0) + 1, dim: dim, numbers: &numbers, scale: scale)
    let outputs = Rows(count: k, dim: dim, numbers: &numbers, scale: scale)
    var loss = 0.0
    let code = with(isa) {
        kernel_word_window(
            inputs.pointers(order), Int32(order.count), outputs.pointers(Array(0..<k)), Int32(k),
            targets ?? centre(among: k), weights, inputs.stride, 0.05, &loss)
    }
    #expect(code == 0)
    return Outcome(inputs: inputs.values, outputs: outputs.values, loss: loss)
}

/// The labels of a centre and its negatives.
private func centre(among k: Int) -> [Float] { [1] + [Float](repeating: 0, count: k - 1) }

private func expectAgreement(
    _ isa: String, dim: Int, order: [Int], outputs k: Int, targets: [Float]? = nil,
    weights: [Float]? = nil
) {
    let seed = dim * 1_000_003 + order.count * 1009 + k
    let oracle = step(
        "scalar", dim: dim, order: order, outputs: k, seed: seed, targets: targets,
        weights: weights)
    let outcome = step(
        isa, dim: dim, order: order, outputs: k, seed: seed, targets: targets, weights: weights)
    let difference = max(
        greatestDifference(oracle.inputs, outcome.inputs),
        greatestDifference(oracle.outputs, outcome.outputs))
    #expect(difference < 5e-6, "\(isa), dim \(dim), inputs \(order), \(k) outputs")
    #expect(abs(oracle.loss - outcome.loss) < 1e-4 * (1 + oracle.loss), "\(isa), dim \(dim)")
}

@Suite("The window kernel")
struct WindowTests {
    @Test("agrees with the oracle at every dimension", arguments: vectorSets)
    func dimensions(isa: String) {
        for dim in Array(1...130) + [300] {
            let m = 1 + dim % 11
            let k = 1 + dim % 7
            expectAgreement(isa, dim: dim, order: Array(0..<m), outputs: k)
        }
    }

    @Test("agrees with the oracle at every number of inputs and outputs", arguments: vectorSets)
    func counts(isa: String) {
        for m in 1...24 {
            for k in 1...21 {
                expectAgreement(isa, dim: 50, order: Array(0..<m), outputs: k)
            }
        }
        expectAgreement(isa, dim: 70, order: Array(0..<128), outputs: 64)
    }

    @Test("agrees with the oracle when a word stands twice in a window", arguments: vectorSets)
    func repeated(isa: String) {
        for k in [1, 6, 7, 13] {
            expectAgreement(isa, dim: 100, order: [0, 1, 0, 2, 1, 3, 0], outputs: k)
        }
    }

    @Test("agrees with the oracle for any labels and weights", arguments: vectorSets)
    func labels(isa: String) {
        var numbers = Numbers(6)
        for (m, k) in [(1, 1), (1, 5), (1, 23), (1, 64), (2, 12), (5, 6), (7, 17)] {
            let targets = numbers.floats(k, in: 0...1).map { ($0 * 3).rounded(.down) }
            let weights = zip(targets, numbers.floats(k, in: 0...4)).map { $0 + $1 }
            for dim in [24, 100] {
                let order = Array(0..<m)
                expectAgreement(isa, dim: dim, order: order, outputs: k, targets: targets)
                expectAgreement(
                    isa, dim: dim, order: order, outputs: k, targets: targets, weights: weights)
            }
        }
    }

    @Test("weights stand for as many examples", arguments: ["scalar"] + vectorSets)
    func weights(isa: String) {
        // as long as a step is small, one of weight 3 is three of weight 1
        let (dim, order) = (40, [0])
        let single = step(isa, dim: dim, order: order, outputs: 2, seed: 4, targets: [1, 0])
        let triple = step(
            isa, dim: dim, order: order, outputs: 2, seed: 4, targets: [3, 0], weights: [3, 3])
        var numbers = Numbers(4)
        let before = Rows(count: 1, dim: dim, numbers: &numbers, scale: 0.5).values
        for d in 0..<dim {
            let (one, three) = (single.inputs[d] - before[d], triple.inputs[d] - before[d])
            #expect(abs(three - 3 * one) < 1e-5)
        }
        #expect(abs(triple.loss - 3 * single.loss) < 1e-4)
    }

    @Test("leaves the padding of rows zero", arguments: ["scalar"] + vectorSets)
    func padding(isa: String) {
        for dim in [1, 15, 17, 300] {
            let outcome = step(isa, dim: dim, order: Array(0..<7), outputs: 6, seed: dim)
            let stride = (dim + 15) / 16 * 16
            for (index, value) in (outcome.inputs + outcome.outputs).enumerated()
            where index % stride >= dim {
                #expect(value == 0)
            }
        }
    }

    @Test("saturates at extreme scores and makes no NaN", arguments: ["scalar"] + vectorSets)
    func extremes(isa: String) {
        for scale: Float in [20, 1e4, 1e15] {
            let outcome = step(
                isa, dim: 64, order: Array(0..<5), outputs: 6, seed: 3, scale: scale)
            #expect((outcome.inputs + outcome.outputs).allSatisfy { $0.isFinite })
            #expect(outcome.loss.isFinite)
        }
    }

    @Test("descends the gradient of the loss")
    func gradient() {
        // one input against a centre and a negative, worked in Double
        var numbers = Numbers(9)
        let input = Rows(count: 1, dim: 8, numbers: &numbers)
        let outputs = Rows(count: 2, dim: 8, numbers: &numbers)
        let (x, y) = (input.values.map(Double.init), outputs.values.map(Double.init))
        let alpha = 0.05
        var expected = x
        for (output, label) in [(0, 1.0), (1, 0.0)] {
            let row = Array(y[output * 16..<output * 16 + 16])
            let score = zip(x, row).reduce(0) { $0 + $1.0 * $1.1 }
            let g = alpha * (label - 1 / (1 + exponential(-score)))
            for d in 0..<16 { expected[d] += g * row[d] }
        }
        let code = kernel_word_window(
            input.pointers([0]), 1, outputs.pointers([0, 1]), 2, [1, 0], nil, 16, Float(alpha),
            nil)
        #expect(code == 0)
        #expect(greatestDifference(input.values, expected.map { Float($0) }) < 1e-6)
    }

    @Test("has a sigmoid as exact as it says", arguments: ["scalar"] + vectorSets)
    func sigmoid(isa: String) {
        var numbers = Numbers(2)
        let rows = Rows(count: 3, dim: 16, numbers: &numbers, scale: 0)
        for step in -4000...4000 {
            // the input is (score, 0) and each output (1, 1), so its second value becomes g
            let score = Float(step) / 100
            for row in 0..<3 {
                rows.base[row * 16] = row == 0 ? score : 1
                rows.base[row * 16 + 1] = row == 0 ? 0 : 1
            }
            _ = with(isa) {
                kernel_word_window(
                    rows.pointers([0]), 1, rows.pointers([1]), 1, [1], nil, 16, 1, nil)
            }
            let expected = 1 - 1 / (1 + exponential(-Double(score)))
            #expect(abs(Double(rows.base[1]) - expected) <= Double(WORDS_SIGMOID_ERROR))
        }
    }

    @Test("refuses counts out of range and touches nothing")
    func refusal() {
        var numbers = Numbers(1)
        let rows = Rows(count: 1, dim: 16, numbers: &numbers)
        let before = rows.values
        let labels = [Float](repeating: 0, count: 65)
        let many = rows.pointers([Int](repeating: 0, count: 129))
        #expect(kernel_word_window(many, 129, many, 1, labels, nil, 16, 0.1, nil) == -1)
        #expect(kernel_word_window(many, 1, many, 65, labels, nil, 16, 0.1, nil) == -1)
        #expect(kernel_word_window(many, 1, many, 1, labels, nil, 15, 0.1, nil) == -1)
        #expect(rows.values == before)
    }

    /// e^x by its series, so that the expectation shares nothing with the kernels.
    private func exponential(_ x: Double) -> Double {
        let small = x / 1024  // halved ten times, squared ten times
        var (sum, term) = (1.0, 1.0)
        for n in 1...12 {
            term *= small / Double(n)
            sum += term
        }
        return (0..<10).reduce(sum) { value, _ in value * value }
    }
}
