// Hidden states and pooled vectors of small checkpoints, compared with transformers.

import Testing

@testable import Models

@Suite struct FamilyTests {
    private func load(
        _ fixture: ModelFixture, _ precision: Precision
    ) throws -> any Transformer {
        try Families.load(fixture.folder, Weights(directory: fixture.folder), precision).1
    }

    /// Hidden states of a fixture's texts after `layers` layers, several in one batch.
    private func states(
        _ fixture: ModelFixture, _ transformer: any Transformer, layers: Int, _ keys: [String]
    ) throws -> [String: [Float]] {
        var batch = TokenBatch()
        for key in keys { batch.add { $0 += fixture.facts.ids[key] ?? [] } }
        let workspace = Workspace()
        return try withExtendedLifetime(workspace) {
            let hidden = try transformer.states(of: batch, layers: layers, workspace)
            var states: [String: [Float]] = [:]
            for (key, tokens) in zip(keys, batch.documents) {
                let width = transformer.width
                states[key] = Array(
                    UnsafeBufferPointer(
                        start: hidden + tokens.lowerBound * width, count: tokens.count * width))
            }
            return states
        }
    }

    /// Those rows of which there is something to compare with.
    private func kept(_ states: [Float], _ rows: [Int], width: Int) -> [Float] {
        rows.flatMap { states[$0 * width..<($0 + 1) * width] }
    }

    @Test(
        "hidden states of the last and of a middle layer equal those of transformers",
        arguments: ModelFixture.families)
    func hiddenStates(name: String) throws {
        let fixture = try ModelFixture(name)
        let transformer = try load(fixture, .f32)
        let keys = fixture.facts.texts.keys.sorted()
        let middle = try #require(fixture.facts.middleLayer)
        for (part, layers) in [("hidden", transformer.layerCount), ("middle", middle)] {
            let found = try states(fixture, transformer, layers: layers, keys)
            for key in keys {
                let rows = try #require(fixture.facts.rows?[key])
                let states = try #require(found[key])
                let error = distance(
                    kept(states, rows, width: transformer.width),
                    try fixture.numbers("\(part).\(key)"))
                #expect(error < 1e-4, "\(name) \(part) \(key): \(error)")
            }
        }
    }

    @Test(
        "a document's hidden states are the same to the bit, whatever is beside it",
        arguments: ModelFixture.families)
    func packing(name: String) throws {
        let fixture = try ModelFixture(name)
        for precision in Precision.allCases {
            let transformer = try load(fixture, precision)
            let keys = fixture.facts.texts.keys.sorted()
            let layers = transformer.layerCount
            let together = try states(fixture, transformer, layers: layers, keys)
            let turned = try states(fixture, transformer, layers: layers, keys.reversed())
            for key in keys {
                let alone = try states(fixture, transformer, layers: layers, [key])
                #expect(alone[key] == together[key], "\(name) \(precision) \(key)")
                #expect(alone[key] == turned[key], "\(name) \(precision) \(key)")
            }
        }
    }

    @Test(
        "each pooling equals that of sentence-transformers",
        arguments: ["bert", "modernbert", "qwen3"], Pooling.allCases)
    func poolings(name: String, pooling: Pooling) throws {
        let fixture = try ModelFixture(name)
        let transformer = try load(fixture, .f32)
        let width = transformer.width
        for key in fixture.facts.texts.keys {
            let found = try states(fixture, transformer, layers: transformer.layerCount, [key])
            let states = try #require(found[key])
            var vector = [Float](repeating: 0, count: width)
            pooling.pool(states, tokens: states.count / width, width: width, into: &vector)
            let expected = try fixture.numbers("pooled.\(pooling.rawValue).\(key)")
            #expect(distance(vector, expected) < 1e-4, "\(key)")
        }
    }

    @Test(
        "half precision and bytes stay near the vectors of full precision",
        arguments: ModelFixture.families, [(Precision.bf16, 0.998), (.int8, 0.98)])
    func precisions(name: String, near: (precision: Precision, cosine: Double)) throws {
        let fixture = try ModelFixture(name)
        let transformer = try load(fixture, near.precision)
        let key = "sentence"
        let found = try states(fixture, transformer, layers: transformer.layerCount, [key])
        let states = try #require(found[key])
        let expected = try fixture.numbers("hidden.\(key)")
        #expect(cosine(states, expected) > near.cosine, "\(cosine(states, expected))")
    }
}
