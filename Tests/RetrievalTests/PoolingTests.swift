// Pooling of tokens, against scipy and sentence-transformers.

import Foundation
import Tensors
import TestSupport
import Testing

@testable import Retrieval

@Suite("Pooling of tokens")
struct PoolingTests {
    private static let fixtures = URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../Fixtures/token-pooling").standardized

    private static func tokens(_ name: String) throws -> TokenMatrix {
        let file = try NpyFile(path: fixtures.appendingPathComponent("\(name).npy").path)
        return try TokenMatrix(
            dimension: file.header.shape[1],
            values: Array(file.data.bindMemory(to: Float.self)))
    }

    /// Clusters by text and factor.
    private static func clusters() throws -> [String: [String: [Int]]] {
        let data = try Data(contentsOf: fixtures.appendingPathComponent("clusters.json"))
        return try JSONDecoder().decode([String: [String: [Int]]].self, from: data)
    }

    @Test("clusters are scipy's of random vectors, of ties and of a model's token states")
    func clusters() throws {
        let expected = try Self.clusters()
        #expect(expected.count == 11)
        for (name, byFactor) in expected {
            let tokens = try Self.tokens(name)
            let rest = TokenMatrix(
                checked: tokens.dimension, Array(tokens.values[tokens.dimension...]))
            let clustering = WardClustering(rest)
            for (factor, labels) in byFactor {
                let wanted = max(rest.count / (Int(factor) ?? 0), 1)
                #expect(clustering.clusters(wanted) == labels, "\(name), factor \(factor)")
            }
        }
    }

    @Test("pooled vectors are those of sentence-transformers to 1e-6")
    func means() throws {
        for (name, byFactor) in try Self.clusters() {
            let tokens = try Self.tokens(name)
            for factor in byFactor.keys {
                let expected = try Self.tokens("\(name)-\(factor)")
                let pooled = TokenPooling.pool(tokens, factor: Int(factor) ?? 0)
                #expect(pooled.count == expected.count, "\(name), factor \(factor)")
                let difference = zip(pooled.values, expected.values).map { abs($0 - $1) }.max()
                #expect(difference ?? 1 < 1e-6, "\(name), factor \(factor)")
            }
        }
    }

    @Test("pooling keeps protected tokens and makes lengths 1")
    func pool() throws {
        var numbers = Numbers(2)
        let tokens = clusteredTokens(41, 16, clusters: 4, spread: 0.01, &numbers)
        for (factor, count) in [(1, 41), (2, 21), (3, 14), (10, 5), (100, 2)] {
            let pooled = TokenPooling.pool(tokens, factor: factor)
            #expect(pooled.count == count && pooled[0] == tokens[0])
            for token in 0..<pooled.count {
                #expect(abs(pooled[token].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            }
        }
        // Four clusters are four tokens, and no query notices.
        let pooled = TokenPooling.pool(tokens, factor: 10, protected: 0)
        let query = clusteredTokens(5, 16, clusters: 4, spread: 0.01, &numbers)
        #expect(abs(plainMaxSim(query, pooled) - plainMaxSim(query, tokens)) < 0.02)
    }

    @Test("no tokens, one, equal ones, and such as are no numbers")
    func extremes() {
        let none = TokenMatrix(checked: 3, [])
        #expect(TokenPooling.pool(none, factor: 2) == none)
        let one = TokenMatrix(checked: 2, [0, 1])
        #expect(TokenPooling.pool(one, factor: 2, protected: 0) == one)
        let same = TokenMatrix(checked: 2, (0..<40).map { Float($0 % 2) })
        #expect(TokenPooling.pool(same, factor: 4, protected: 0) == one)
        for wrong in [Float.nan, .infinity, -.infinity, 3e38] {
            let tokens = TokenMatrix(checked: 2, [1, 0, wrong, 0, 0, 1, 0, wrong, 0, 1])
            #expect((1...3).contains(TokenPooling.pool(tokens, factor: 2).count))
        }
    }

    @Test("what is too long for one matrix of distances is pooled in parts, each by itself")
    func parts() {
        var numbers = Numbers(3)
        let tokens = clusteredTokens(26, 8, &numbers)
        let parts = TokenPooling.pool(tokens, factor: 3, protected: 1, inPartsOf: 10)
        func part(_ range: Range<Int>) -> TokenMatrix {
            TokenPooling.pool(
                TokenMatrix(
                    checked: 8, Array(tokens.values[range.lowerBound * 8..<range.upperBound * 8])),
                factor: 3, protected: 0)
        }
        let expected = Array(tokens[0]) + [1..<11, 11..<21, 21..<26].flatMap { part($0).values }
        #expect(parts.values == expected && parts.count == 1 + 3 + 3 + 1)
    }
}
