// MaxSim in every form of tokens, against double loops over what the tokens stand for.

import Tensors
import TestSupport
import Testing

@testable import Retrieval

@Suite("MaxSim")
struct MaxSimTests {
    @Test("Float32 scores are those of a double loop, over all tails", arguments: denseSets)
    func exact(isa: String) throws {
        var numbers = Numbers(1)
        for (count, dimension) in [
            (1, 1), (2, 3), (7, 8), (15, 17), (16, 64), (17, 100), (32, 128), (33, 130), (65, 5),
        ] {
            let query = randomTokens(count, dimension, &numbers)
            let passages = (0..<14).map { randomTokens($0 * 3 % 13, dimension, &numbers) }
            let found = try withDense(isa) { try MaxSim.scores(query, passages) }
            for (score, passage) in zip(found, passages) {
                let expected = plainMaxSim(query, passage)
                let limit = 1e-5 * Double(count * dimension)
                #expect(
                    passage.count == 0
                        ? score == -.infinity : abs(Double(score) - expected) <= limit,
                    "\(score) for \(expected), [\(count), \(dimension)] x \(passage.count)")
            }
        }
    }

    @Test("a passage longer than a block of rows is scored whole")
    func long() throws {
        var numbers = Numbers(2)
        let query = randomTokens(40, 24, &numbers)
        let passages = [700, 1, 0, 193, 191].map { randomTokens($0, 24, &numbers) }
        let found = try MaxSim.scores(query, passages)
        for (score, passage) in zip(found, passages) where passage.count > 0 {
            #expect(abs(Double(score) - plainMaxSim(query, passage)) < 1e-3)
        }
    }

    @Test("threads change no bit of the scores")
    func threads() throws {
        var numbers = Numbers(3)
        let query = randomTokens(32, 128, &numbers)
        let passages = (0..<61).map { randomTokens(1 + $0 % 29, 128, &numbers) }
        for precision in [ProductPrecision.f32, .half] {
            let alone = try MaxSim.scores(query, passages, precision: precision)
            let three = try MaxSim.scores(query, passages, precision: precision, threads: 3)
            #expect(alone == three)
        }
    }

    @Test("the largest query and dimension are scored", arguments: [(10_000, 2), (3, 4096)])
    func extremes(count: Int, dimension: Int) throws {
        var numbers = Numbers(4)
        let query = randomTokens(count, dimension, &numbers)
        let passages = [randomTokens(3, dimension, &numbers)]
        let found = try MaxSim.scores(query, passages)
        #expect(abs(Double(found[0]) - plainMaxSim(query, passages[0])) < 0.5)
    }

    @Test("what does not fit is refused in words")
    func refusals() throws {
        var numbers = Numbers(5)
        let query = randomTokens(2, 4, &numbers)
        let other = randomTokens(2, 5, &numbers)
        #expect(throws: RetrievalError.dimension(found: 5, expected: "4")) {
            try MaxSim.scores(query, [other])
        }
        #expect(throws: RetrievalError.notFinite(token: 1)) {
            try TokenMatrix(dimension: 2, values: [1, 2, .nan, 0])
        }
        let long = randomTokens(10_001, 1, &numbers)
        #expect(throws: RetrievalError.tooManyTokens(found: 10_001, limit: 10_000)) {
            try PackedQuery(long, precision: .f32)
        }
    }

    @Test("stored bytes are scored as the numbers they stand for", arguments: denseSets)
    func bytes(isa: String) throws {
        var numbers = Numbers(6)
        for dimension in [1, 7, 64, 128, 131] {
            let query = randomTokens(19, dimension, &numbers)
            let passages = [3, 1, 0, 20, 14].map { randomTokens($0, dimension, &numbers) }
            let all = TokenMatrix(checked: dimension, passages.flatMap(\.values))
            var rows = [UInt8](repeating: 0, count: all.values.count)
            var factors: [Float] = []
            var decoded = all.values
            for token in 0..<all.count {
                let place = token * dimension
                let factor = rows.withUnsafeMutableBufferPointer {
                    TokenEncoder.quantise(
                        Array(all[token]), dimension, to: $0.baseAddress! + place)
                }
                factors.append(factor)
                for index in place..<place + dimension {
                    decoded[index] = factor * Float(Int(rows[index]) - 128)
                }
            }
            let found = try withDense(isa) {
                let packed = try PackedQuery(query, precision: .int8)
                return rows.withUnsafeBufferPointer { rows in
                    factors.withUnsafeBufferPointer { factors in
                        MaxSim.scores(
                            packed,
                            StoredTokens(
                                .int8(rows.baseAddress!, factors: factors.baseAddress!),
                                count: all.count, dimension: dimension),
                            lengths: passages.map(\.count))
                    }
                }
            }
            expect(found, query: roundedToBytes(query), decoded, passages.map(\.count), dimension)
        }
    }

    @Test("halves are scored as the numbers they stand for", arguments: denseSets)
    func halves(isa: String) throws {
        var numbers = Numbers(7)
        let query = randomTokens(9, 33, &numbers)
        let tokens = randomTokens(25, 33, &numbers)
        var rows = [UInt16](repeating: 0, count: tokens.values.count)
        #expect(StoredType.bf16.pack(tokens.values, rows: 25, dimension: 33, to: &rows))
        let decoded = rows.map { Float(bitPattern: UInt32($0) << 16) }
        let found = try withDense(isa) {
            let packed = try PackedQuery(query, precision: .half)
            return rows.withUnsafeBytes {
                MaxSim.scores(
                    packed, StoredTokens(.bf16($0.baseAddress!), count: 25, dimension: 33),
                    lengths: [20, 5])
            }
        }
        expect(found, query: query, decoded, [20, 5], 33, tolerance: 0.03)
    }

    private func roundedToBytes(_ query: TokenMatrix) -> TokenMatrix {
        TokenMatrix(
            checked: query.dimension,
            (0..<query.count).flatMap { token -> [Float] in
                let scale = (query[token].map(\.magnitude).max() ?? 1) / 127
                return query[token].map { ($0 / scale).rounded() * scale }
            })
    }

    private func expect(
        _ found: [Float], query: TokenMatrix, _ decoded: [Float], _ lengths: [Int],
        _ dimension: Int, tolerance: Double = 1e-3
    ) {
        var token = 0
        for (score, length) in zip(found, lengths) {
            let range = token * dimension..<(token + length) * dimension
            token += length
            if length == 0 { continue }
            let passage = TokenMatrix(checked: dimension, Array(decoded[range]))
            let expected = plainMaxSim(query, passage)
            #expect(
                abs(Double(score) - expected) < tolerance * Double(query.count),
                "\(score) for \(expected)")
        }
    }
}
