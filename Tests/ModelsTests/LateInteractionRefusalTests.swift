// Projections of token vectors, and what folders of late interaction must not be.

import Tensors
import TestSupport
import Testing

@testable import Models

@Suite struct LateInteractionRefusalTests {
    private func refusal(
        _ name: String, _ options: LateInteractionOptions = .init(),
        _ spoil: (BrokenModel) throws -> Void = { _ in }
    ) throws -> String? {
        let copy = try BrokenModel(folder: LateInteractionFixture(name).folder)
        try spoil(copy)
        do throws(ModelError) {
            _ = try LateInteractionModel(directory: copy.folder, options: options)
            return nil
        } catch { return error.description }
    }

    @Test("the projection that belongs to a checkpoint is missed by name")
    func missing() throws {
        let stanford = try refusal("colbert") { model in
            try model.rewriteWeights { $0.removeAll { $0.entry.name == "linear.weight" } }
        }
        #expect(stanford?.contains("linear.weight") == true)
        let residual = try refusal("pylate-modernbert") { model in
            try model.rewriteWeights(of: "1_Dense/") {
                $0.removeAll { $0.entry.name == "residual.weight" }
            }
        }
        #expect(residual?.contains("residual.weight") == true)
    }

    @Test("a projection of another size than the settings say is refused")
    func sizes() throws {
        let stanford = try refusal("colbert") { model in
            try model.replace("\"dim\": 12", by: "\"dim\": 128", in: "artifact.metadata")
        }
        #expect(stanford?.contains("128") == true)
        for size in ["0", "-4", "9223372036854775807"] {
            let dense = try refusal("pylate-bert") { model in
                try model.replace(
                    "\"in_features\": 16", by: "\"in_features\": \(size)",
                    in: "1_Dense/config.json")
            }
            #expect(dense?.contains(size) == true)
        }
    }

    @Test(
        "a projection of no rows, or of rows of nothing, is refused",
        arguments: [[0, 16], [12, 0]])
    func emptyProjection(shape: [Int]) throws {
        var options = LateInteractionOptions()
        options.dimension = 1
        let sentence = try refusal("colbert", options) { model in
            try model.rewriteWeights { tensors in
                tensors.removeAll { $0.entry.name == "linear.weight" }
                tensors.append(
                    .init(
                        entry: .init(name: "linear.weight", type: .f32, shape: shape), bytes: []))
            }
            try model.replace("\"dim\": 12", by: "\"dim\": \(shape[0])", in: "artifact.metadata")
        }
        #expect(sentence?.contains("linear.weight") == true)
    }

    @Test("a prefix that is no token is named")
    func prefix() throws {
        let sentence = try refusal("pylate-bert") { model in
            try model.replace("[Q] ", by: "[Query] ", in: "config_sentence_transformers.json")
        }
        #expect(sentence?.contains("[Query] ") == true)
    }

    @Test(
        "lengths that are none are brought into what the model takes",
        arguments: ["-1", "0", "100000000"])
    func lengths(value: String) throws {
        let sentence = try refusal("pylate-bert") { model in
            try model.replace(
                "\"query_length\": 12", by: "\"query_length\": \(value)",
                in: "config_sentence_transformers.json")
        }
        #expect(sentence == nil)
    }

    @Test("queries that are lengthened without end are refused")
    func endless() throws {
        let sentence = try refusal("pylate-modernbert") { model in
            try model.replace(
                "\"query_length\": 12", by: "\"query_length\": 9000000",
                in: "config_sentence_transformers.json")
            try model.replace(
                "\"max_position_embeddings\": 64", by: "\"max_position_embeddings\": 9000000",
                in: "config.json")
        }
        #expect(sentence?.contains("9000000") == true)
    }

    @Test("settings that are no JSON are refused by the name of their file")
    func settings() throws {
        let sentence = try refusal("colbert") { model in
            try model.write("{\"query_maxlen\": ", to: "artifact.metadata")
        }
        #expect(sentence?.contains("artifact.metadata") == true)
    }

    @Test("a random projection has orthogonal rows of length 1, and follows from its seed")
    func random() throws {
        let matrix = try OrthogonalRows.matrix(rows: 24, width: 32, seed: 7)
        let rows = (0..<24).map { row in (0..<32).map { Double(matrix.base[row * 32 + $0]) } }
        for (i, left) in rows.enumerated() {
            for (j, right) in rows.enumerated() {
                let product = zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(product - (i == j ? 1 : 0)) < 1e-6)
            }
        }
        let again = try OrthogonalRows.matrix(rows: 24, width: 32, seed: 7)
        let other = try OrthogonalRows.matrix(rows: 24, width: 32, seed: 8)
        let values = { (matrix: FloatTensor) in
            Array(UnsafeBufferPointer(start: matrix.base, count: matrix.count))
        }
        #expect(values(again) == values(matrix))
        #expect(values(other) != values(matrix))
        // As numpy's QR makes them of the same numbers; other rows would make vectors of before
        // useless.
        let ends = values(matrix).prefix(3) + values(matrix).suffix(3)
        let expected: [Float] = [
            -0.31409272, -0.19134545, -0.18440839, 0.28672033, 0.15782646, 0.02221445,
        ]
        #expect(distance(ends, expected) < 1e-6)
    }

    @Test("a random projection keeps as many values as it is told, and no more than there are")
    func dimensions() throws {
        let folder = ModelFixture.folder("bert")
        var options = LateInteractionOptions()
        options.projection = .random(dimension: 8, seed: 1)
        let model = try LateInteractionModel(directory: folder, options: options)
        #expect(model.dimension == 8)
        let encoded = try model.encodeDocuments(["A river flows."])
        #expect(encoded.dimension == 8)
        let first = try #require(encoded.parts.first).prefix(8)
        #expect(abs(first.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        for dimension in [0, -1, 33, Int.max] {
            options.projection = .random(dimension: dimension, seed: 1)
            #expect(throws: ModelError.self) {
                try LateInteractionModel(directory: folder, options: options)
            }
        }
    }

    @Test("the first values of each vector are kept, at length 1 again, in both roles")
    func matryoshka() throws {
        let folder = ModelFixture.folder("bert")
        var options = LateInteractionOptions()
        let whole = try LateInteractionModel(directory: folder, options: options)
        options = try LateInteractionOptions(settings: ["dimension": "8", "poolFactor": "2"])
        let short = try LateInteractionModel(directory: folder, options: options)
        #expect(short.dimension == 8 && short.isNormalized)
        for (all, few) in [
            (try whole.encodeDocuments(["A river."]), try short.encodeDocuments(["A river."])),
            (try whole.encodeQueries(["A river."]), try short.encodeQueries(["A river."])),
        ] {
            // What is pooled is settled elsewhere: a model knows nothing of it.
            #expect(all.rowCounts == few.rowCounts)
            let (all, few) = (try #require(all.parts.first), try #require(few.parts.first))
            for row in 0..<few.count / 8 {
                let start = all[32 * row..<32 * row + 8]
                let length = start.reduce(0) { $0 + $1 * $1 }.squareRoot()
                #expect(distance(few[8 * row..<8 * row + 8], start.map { $0 / length }) < 1e-5)
            }
        }
        for dimension in [0, -1, 33, Int.max] {
            options.dimension = dimension
            #expect(throws: ModelError.self) {
                try LateInteractionModel(directory: folder, options: options)
            }
        }
    }

    @Test("tokens are projected alike for an index and by themselves")
    func tokens() throws {
        let folder = ModelFixture.folder("bert")
        var options = LateInteractionOptions()
        options.projection = .random(dimension: 8, seed: 3)
        let index = try LateInteractionModel(directory: folder, options: options)
        var encoding = EncodingOptions()
        encoding.isTokenLevel = true
        encoding.normalizes = true
        encoding.projection = options.projection
        let alone = try EmbeddingModel(directory: folder, options: encoding)
        let found = try ["A river flows."].withBytes { spans throws(ModelError) in
            try alone.encode(spans, threads: 1, progress: EncodingProgress())
        }
        #expect(try found.parts == index.encodeDocuments(["A river flows."]).parts)
        encoding.isTokenLevel = false
        encoding.pooling = .mean
        #expect(throws: ModelError.self) {
            try EmbeddingModel(directory: folder, options: encoding)
        }
    }

    @Test("a projection is read from .npy and from safetensors, row after row")
    func files() throws {
        let scratch = try Scratch()
        let folder = ModelFixture.folder("bert")
        // Takes the last value and the first.
        var matrix = [Float](repeating: 0, count: 64)
        (matrix[31], matrix[32]) = (1, 1)
        let header = NpyHeader(descriptor: "<f4", shape: [2, 32]).encoded
        let bytes = matrix.withUnsafeBytes { Array($0) }
        let npy = try scratch.write(header + bytes, to: "projection.npy")
        let safe = scratch.path("projection.safetensors")
        let writer = try SafeTensorsWriter(
            path: safe, entries: [.init(name: "p", type: .f32, shape: [2, 32])])
        try matrix.withUnsafeBytes { try writer.append($0) }
        try writer.finish()
        var options = LateInteractionOptions()
        options.normalizes = false
        let plain = try LateInteractionModel(directory: folder, options: options)
        let states = try #require(plain.encodeDocuments(["river"]).parts.first)
        for path in [npy, safe] {
            options.projection = .file(path: path)
            let model = try LateInteractionModel(directory: folder, options: options)
            let found = try #require(model.encodeDocuments(["river"]).parts.first)
            let expected = stride(from: 0, to: states.count, by: 32).flatMap {
                [states[$0 + 31], states[$0]]
            }
            #expect(found == expected)
        }
        let narrow = NpyHeader(descriptor: "<f4", shape: [4, 16]).encoded
        options.projection = .file(path: try scratch.write(narrow + bytes, to: "narrow.npy"))
        #expect(throws: ModelError.self) {
            try LateInteractionModel(directory: folder, options: options)
        }
        options.projection = .file(path: scratch.path("nowhere.npy"))
        #expect(throws: ModelError.self) {
            try LateInteractionModel(directory: folder, options: options)
        }
    }
}
