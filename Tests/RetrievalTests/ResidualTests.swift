// Residual codes: what they decode to, and that scores are those of the decoded tokens.

import TestSupport
import Testing

@testable import Retrieval

@Suite("Residual codes")
struct ResidualTests {
    @Test("buckets hold equal parts of the numbers they were trained on", arguments: [2, 4, 8])
    func buckets(bits: Int) {
        var numbers = Numbers(1)
        let residuals = numbers.floats(100_000)
        let codec = ResidualCodec.train(bits: bits, dimension: 8, residuals: residuals)
        var counts = [Int](repeating: 0, count: 1 << bits)
        for value in residuals { counts[Int(codec.code(value, codec.cutoffs))] += 1 }
        let share = residuals.count >> bits
        #expect(counts.allSatisfy { abs($0 - share) <= 2 + share / 100 })
        for code in 1..<(1 << bits) - 1 {
            let weight = codec.weight(UInt8(code))
            #expect(weight >= codec.cutoffs[code - 1] - codec.scale)
            #expect(weight <= codec.cutoffs[code] + codec.scale)
        }
    }

    @Test("numbers that are all the same make buckets, too")
    func constant() {
        let codec = ResidualCodec.train(
            bits: 4, dimension: 3, residuals: [Float](repeating: 0, count: 10))
        #expect(codec.weight(0) == 0 && codec.scale == 1)
        #expect(ResidualCodec.train(bits: 2, dimension: 3, residuals: []).weight(3) == 0)
    }

    @Test("more bits come closer to the token")
    func closeness() throws {
        var numbers = Numbers(2)
        let tokens = clusteredTokens(3000, 48, &numbers)
        var sample = TokenSample(dimension: 48)
        try sample.add(tokens)
        var errors: [Float] = []
        for form in [TokenForm.residual2, .residual4, .residual8] {
            let encoder = try TokenEncoder.train(sample, form: form, count: 8)
            let decoded = decode(try encoder.encode(tokens), encoder)
            let products = (0..<tokens.count).map { token -> Float in
                zip(tokens[token], decoded[token]).reduce(0) { $0 + $1.0 * $1.1 }
            }
            errors.append(1 - products.reduce(0, +) / Float(products.count))
            let lengths = (0..<tokens.count).map { token in
                decoded[token].reduce(0) { $0 + $1 * $1 }.squareRoot()
            }
            #expect(lengths.allSatisfy { abs($0 - 1) < 0.002 })
        }
        #expect(errors[0] < 0.05 && errors[1] < errors[0] / 4 && errors[2] < errors[1] / 4)
    }

    @Test("scores are those of the decoded tokens", arguments: denseSets)
    func scores(isa: String) throws {
        var numbers = Numbers(3)
        for (form, dimension) in [
            (TokenForm.residual2, 128), (.residual4, 128), (.residual8, 128), (.residual2, 7),
            (.residual4, 33), (.residual4, 1), (.residual8, 70), (.residual2, 131),
        ] {
            let tokens = clusteredTokens(400, dimension, &numbers)
            var sample = TokenSample(dimension: dimension)
            try sample.add(tokens)
            let encoder = try TokenEncoder.train(sample, form: form, count: 16)
            let query = clusteredTokens(21, dimension, &numbers)
            let lengths = [5, 0, 250, 1, 144]
            let encoded = try encoder.encode(tokens)
            let found = try withDense(isa) { try score(query, encoded, lengths, encoder) }
            let decoded = decode(encoded, encoder)
            var start = 0
            for (score, length) in zip(found, lengths) where length > 0 {
                let range = start * dimension..<(start + length) * dimension
                start += length
                let passage = TokenMatrix(checked: dimension, Array(decoded.values[range]))
                let expected = plainMaxSim(query, passage)
                // Query tokens are rounded to 8 bits before they meet the residuals.
                #expect(
                    abs(Double(score) - expected) < 0.003 * Double(query.count),
                    "\(form), \(dimension): \(score) for \(expected)")
            }
        }
    }

    @Test("every instruction set gives the scores of the oracle", arguments: denseSets)
    func oracle(isa: String) throws {
        var numbers = Numbers(4)
        for form in [TokenForm.residual2, .residual4, .residual8] {
            let tokens = clusteredTokens(300, 96, &numbers)
            var sample = TokenSample(dimension: 96)
            try sample.add(tokens)
            let encoder = try TokenEncoder.train(sample, form: form, count: 16)
            let query = clusteredTokens(32, 96, &numbers)
            let encoded = try encoder.encode(tokens)
            let found = try [isa, "scalar"].map { name in
                try withDense(name) { try score(query, encoded, [100, 200], encoder) }
            }
            #expect(found[0] == found[1])
        }
    }

    private func score(
        _ query: TokenMatrix, _ encoded: EncodedTokens, _ lengths: [Int],
        _ encoder: TokenEncoder
    ) throws -> [Float] {
        let codec = try #require(encoder.codec)
        let packed = try PackedQuery(query, precision: encoder.form.precision)
        let centroids = encoder.centroids
        // Packed for the kernels of this thread, unlike those that assign.
        let table = CentroidScores(query, centroids: centroids, threads: 1)
        return encoded.centroids.withUnsafeBufferPointer { places in
            encoded.rows.withUnsafeBufferPointer { rows in
                encoded.factors.withUnsafeBytes { factors in
                    let tokens = StoredTokens(
                        .residual(
                            ResidualTokens(
                                codec: codec, centroids: places.baseAddress!,
                                codes: rows.baseAddress!, factors: factors.baseAddress!)),
                        count: encoded.count, dimension: query.dimension)
                    return MaxSim.scores(
                        packed, tokens, lengths: lengths, table: table, threads: 1)
                }
            }
        }
    }
}

/// What encoded residuals stand for.
func decode(_ encoded: EncodedTokens, _ encoder: TokenEncoder) -> TokenMatrix {
    guard let codec = encoder.codec else { preconditionFailure("no residuals") }
    let dimension = encoder.dimension
    var values = [Float](repeating: 0, count: encoded.count * dimension)
    for token in 0..<encoded.count {
        let bits =
            UInt16(encoded.factors[2 * token])
            | UInt16(encoded.factors[2 * token + 1]) << 8
        values.withUnsafeMutableBufferPointer { values in
            encoded.rows.withUnsafeBufferPointer { rows in
                codec.decode(
                    rows.baseAddress! + token * codec.rowBytes,
                    centroid: encoder.centroids.row(Int(encoded.centroids[token])),
                    factor: Float(Float16(bitPattern: bits)),
                    to: values.baseAddress! + token * dimension)
            }
        }
    }
    return TokenMatrix(checked: dimension, values)
}
