// Attention, normalisation and activations of every instruction set against the scalar oracle.

import CKernels
import TestSupport
import Testing

@Suite("Dense rows")
struct DenseRowTests {
    private struct Attention {
        var count = 1
        var keyCount: Int?
        var heads = 2
        var keyHeads = 1
        var width = 8
        var before = Int.max / 2
        var after = Int.max / 2
        var span: Int?
        var values: [Float] = []

        func run(_ isa: String) -> [Float] {
            withDense(isa) {
                let query = heads * width, key = keyHeads * width, row = query + 2 * key
                let bias = span.map { span in
                    (0..<heads * (2 * span + 1)).map { Float($0 % 7) * 0.3 - 1 }
                }
                var results = [Float](repeating: 0, count: count * query)
                var scratch = [Float](
                    repeating: .nan, count: dense_attention_scratch(count, width))
                values.withUnsafeBufferPointer { values in
                    (bias ?? []).withUnsafeBufferPointer { bias in
                        results.withUnsafeMutableBufferPointer { results in
                            scratch.withUnsafeMutableBufferPointer { scratch in
                                guard let base = values.baseAddress else { return }
                                var attention = dense_attention(
                                    count: count, key_count: keyCount ?? count, heads: heads,
                                    key_heads: keyHeads, head_width: width, queries: base,
                                    keys: base + query, values: base + query + key,
                                    query_stride: row, key_stride: row, scale: 0.4, before: before,
                                    after: after,
                                    bias: span == nil ? nil : bias.baseAddress,
                                    bias_span: span ?? 0, results: results.baseAddress,
                                    result_stride: query, scratch: scratch.baseAddress)
                                dense_attend(&attention)
                            }
                        }
                    }
                }
                return results
            }
        }
    }

    private func compare(_ attention: Attention, _ isa: String, _ numbers: inout Numbers) {
        var attention = attention
        attention.values = numbers.floats(
            attention.count * (attention.heads + 2 * attention.keyHeads) * attention.width)
        let difference = greatestDifference(attention.run(isa), attention.run("scalar"))
        #expect(difference < 2e-6, "\(attention.count) tokens of \(attention.width) differ")
    }

    @Test("attention agrees for every number of tokens", arguments: denseSets)
    func counts(isa: String) {
        var numbers = Numbers(7)
        for count in Array(1...70) + [130, 257] {
            compare(Attention(count: count, width: 16), isa, &numbers)
        }
    }

    @Test("attention agrees for every width of a head", arguments: denseSets)
    func widths(isa: String) {
        var numbers = Numbers(8)
        for width in Array(1...35) + [64, 80, 128] {
            compare(Attention(count: 19, heads: 4, keyHeads: 2, width: width), isa, &numbers)
        }
    }

    @Test("causal, local and biased attention agree", arguments: denseSets)
    func patterns(isa: String) {
        var numbers = Numbers(9)
        for count in [1, 2, 13, 47, 100] {
            for (before, after) in [(1_000, 0), (0, 0), (5, 5), (64, 64), (3, 1_000)] {
                for span in [nil, 3, 200] {
                    compare(
                        Attention(count: count, before: before, after: after, span: span), isa,
                        &numbers)
                }
            }
        }
    }

    @Test(
        "attention to the first tokens only agrees for every number of them", arguments: denseSets)
    func firstKeys(isa: String) {
        var numbers = Numbers(11)
        for count in [1, 2, 13, 32, 47] {
            for keyCount in 1...count {
                // Windows that end before some of the tokens begin, too.
                for (before, after) in [(1_000, 1_000), (1_000, 0), (5, 5)] {
                    for span in [nil, 3] {
                        compare(
                            Attention(
                                count: count, keyCount: keyCount, before: before, after: after,
                                span: span), isa, &numbers)
                    }
                }
            }
        }
    }

    @Test("tokens that only look change nothing for the others", arguments: denseSets)
    func lookers(isa: String) {
        var numbers = Numbers(12)
        for (count, keyCount) in [(32, 1), (32, 17), (48, 31)] {
            var all = Attention(count: count, keyCount: keyCount)
            all.values = numbers.floats(count * (all.heads + 2 * all.keyHeads) * all.width)
            var few = all
            few.count = keyCount
            let shared = all.run(isa).prefix(keyCount * all.heads * all.width)
            #expect(Array(shared) == few.run(isa), "\(keyCount) of \(count)")
        }
    }

    @Test("normalisation agrees for every width", arguments: denseSets)
    func norms(isa: String) {
        var numbers = Numbers(10)
        for width in Array(1...66) + [384] {
            let x = numbers.floats(3 * width, in: -3...5)
            let gain = numbers.floats(width)
            let shift = numbers.floats(width)
            let run = { (isa: String) in
                withDense(isa) {
                    var layer = x
                    dense_layer_norm(&layer, 3, width, width, gain, shift, 1e-5)
                    var mean = x
                    dense_rms_norm(x, 3, width, width, 1, gain, 1e-6, &mean, width)
                    return layer + mean
                }
            }
            #expect(greatestDifference(run(isa), run("scalar")) < 5e-6, "width \(width)")
        }
    }

    @Test("gates and rotations agree for every width", arguments: denseSets)
    func gates(isa: String) {
        var numbers = Numbers(11)
        for width in 1...40 {
            let x = numbers.floats(2 * 2 * width)
            let angles = numbers.floats(2 * width, in: -3...3)
            let run = { (isa: String) in
                withDense(isa) {
                    var first = x
                    dense_gate(DENSE_SILU, &first, 2, width, 2 * width)
                    var second = x
                    dense_gate(DENSE_GELU, &second, 2, width, 2 * width)
                    var halves = x
                    dense_rotate(
                        &halves, 2, 1, 2 * width, 2 * width, 2 * width, angles, angles, 0)
                    var pairs = x
                    dense_rotate(
                        &pairs, 2, 1, 2 * width, 2 * width, 2 * width, angles, angles, 1)
                    return first + second + halves + pairs
                }
            }
            #expect(greatestDifference(run(isa), run("scalar")) < 5e-6, "width \(width)")
        }
    }

    @Test("activations agree far out and near zero", arguments: denseSets)
    func activations(isa: String) {
        var x: [Float] = [0, -0.0, 1e-30, -1e-30, 100, -100, 1e30, -1e30]
        for step in -400...400 { x.append(Float(step) / 20) }
        for activation in [DENSE_GELU, DENSE_GELU_TANH, DENSE_SILU, DENSE_RELU, DENSE_TANH] {
            let run = { (isa: String) in
                withDense(isa) {
                    var y = x
                    dense_activate(activation, &y, y.count)
                    return y
                }
            }
            for (x, (a, b)) in zip(x, zip(run(isa), run("scalar"))) {
                #expect(abs(a - b) <= 1e-6 * max(1, abs(b)), "\(activation) of \(x): \(a), \(b)")
            }
        }
    }

    @Test("half precision values are read as they were written")
    func widening() {
        var floats = [Float](repeating: 0, count: 65_536)
        let words = (0..<65_536).map { UInt16($0) }
        dense_widen_f16(words, &floats, floats.count)
        for (word, float) in zip(words, floats) {
            let expected = Float(Float16(bitPattern: word))
            #expect(float == expected || (float.isNaN && expected.isNaN))
        }
    }
}
