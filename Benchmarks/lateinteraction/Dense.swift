// Searches by one vector each, on one thread: of a whole segment, and of its nearest lists.

import Files
import Glibc
import Retrieval
import Tensors

/// - Parameters:
///   - rows, queries: .npy of Float32 vectors of length 1.
///   - output: folder for the numbers of the best ten of each query, a line each.
func dense(rows: String, queries: String, output: String, probes: [Int]) throws {
    let vectors = try matrix(rows), questions = try matrix(queries)
    let directory = "/tmp/sounder-dense-\(getpid())"
    mkdir(directory, 0o755)
    defer {
        unlink("\(directory)/a.seg")
        rmdir(directory)
    }
    // Passages have no tokens here; an index has an encoder of them all the same.
    var sample = TokenSample(dimension: 8)
    try sample.add(try TokenMatrix(dimension: 8, values: (0..<64).map { Float($0 % 7) - 3 }))
    let encoder = try TokenEncoder.train(sample, form: .f32, count: 2)
    let nothing = try TokenMatrix(dimension: 8, values: [])
    for type in [StoredType.f32, .bf16] {
        let writer = try SegmentWriter(
            path: "\(directory)/a.seg", encoder: encoder,
            dense: DenseSettings(dimension: vectors.dimension, type: type))
        for row in 0..<vectors.count {
            let passage = Passage(id: "\(row)", dense: Array(vectors[row]))
            try writer.append([(passage, nothing)])
        }
        var path = ""
        let building = try seconds { path = try writer.finish(listing: 1, durable: false).path }
        print("build \(type.rawValue): \(building) s")
        let segment = try Segment(path: path, encoder: encoder)
        let part = ShardPart(
            number: 0, segment: segment, dead: Tombstones(passages: segment.passages))
        let shards = try OpenShards(encoder: encoder, parts: [part])
        for probes in probes {
            var question = ShardQuery(.dense)
            question.dimension = vectors.dimension
            question.probes = probes == 0 ? nil : probes
            var lines = ""
            let time = try least(3) {
                lines = ""
                for query in 0..<questions.count {
                    question.vectors = Array(questions[query])
                    let hits = try shards.answer(question, top: 10, threads: 1)
                    lines += hits.map(\.id).joined(separator: " ") + "\n"
                }
            }
            let name = "\(type.rawValue) \(probes)"
            print("\(name): \(Double(questions.count) / time) /s")
            let file = try AtomicFile(path: "\(output)/\(name)")
            try file.write(Array(lines.utf8))
            try file.commit(durable: false)
        }
    }
}

private func matrix(_ path: String) throws -> TokenMatrix {
    let file = try NpyFile(path: path)
    let values = withExtendedLifetime(file) {
        Array(file.data.assumingMemoryBound(to: Float.self))
    }
    return try TokenMatrix(dimension: file.header.shape.last ?? 0, values: values)
}
