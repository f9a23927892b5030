// Builds indexes of dumped token vectors and writes what searches find as TREC runs.

import Files
import Glibc
import Retrieval
import Tensors

/// `name-tokens.npy` `[tokens, dimension]` of Float32 and `name-lens.npy` `[texts]` of Int32.
struct TokenDump {
    private let vectors: NpyFile
    /// What is left of the tokens, where they are fewer.
    private var reduced: [Float]?
    private(set) var lengths: [Int]
    let dimension: Int

    init(_ folder: String, _ name: String) throws {
        vectors = try NpyFile(path: "\(folder)/\(name)-tokens.npy")
        let lens = try NpyFile(path: "\(folder)/\(name)-lens.npy")
        lengths = lens.data.withMemoryRebound(to: Int32.self) { $0.map(Int.init) }
        dimension = vectors.header.shape[1]
    }

    /// All tokens.
    func withFloats<Value>(
        _ body: (UnsafeBufferPointer<Float>) throws -> Value
    ) rethrows -> Value {
        if let reduced { return try reduced.withUnsafeBufferPointer(body) }
        return try body(vectors.data.bindMemory(to: Float.self))
    }

    func text(_ index: Int, from first: Int) throws -> TokenMatrix {
        let range = first * dimension..<(first + lengths[index]) * dimension
        return try TokenMatrix(dimension: dimension, values: withFloats { Array($0[range]) })
    }

    mutating func reduce(_ reduction: TokenReduction, threads: Int) {
        var floats = withFloats { Array($0) }
        let left = floats.withUnsafeMutableBufferPointer { floats -> [Int32] in
            guard let base = floats.baseAddress else { return [] }
            return reduction.reduce(
                base, lengths: lengths.map { Int32($0) }, dimension: dimension, threads: threads,
                progress: WorkProgress()) ?? []
        }
        lengths = left.map(Int.init)
        floats.removeLast(floats.count - lengths.reduce(0, +) * dimension)
        reduced = floats
    }

    /// Calls `body` with each text.
    func forEach(_ body: (Int, TokenMatrix) throws -> Void) throws {
        var first = 0
        for index in lengths.indices {
            try body(index, try text(index, from: first))
            first += lengths[index]
        }
    }
}

/// - Parameter forms: `exact` for Float32 without an index, or forms of tokens; `pool=N` and
///   `keep=K` for fewer tokens of a passage.
func runs(folder: String, output: String, threads: Int, forms: [String]) throws {
    var queries: [TokenMatrix] = []
    try TokenDump(folder, "q").forEach { queries.append($1) }
    var passages = try TokenDump(folder, "d")
    let reduction = TokenReduction(forms)
    if !reduction.isIdentity {
        let time = seconds { passages.reduce(reduction, threads: threads) }
        report("reduced in \(time) s")
    }
    report(
        "\(queries.count) queries, \(passages.lengths.count) passages, "
            + "\(passages.lengths.reduce(0, +)) tokens")
    for name in forms where !name.contains("=") {
        if let form = TokenForm(rawValue: name) {
            try run(form, queries, passages, output, threads)
        } else {
            try runExact(queries, passages, output, threads)
        }
    }
}

private func runExact(
    _ queries: [TokenMatrix], _ passages: TokenDump, _ output: String, _ threads: Int
) throws {
    var lines = ""
    let time = try seconds {
        try passages.withFloats { floats in
            guard let base = floats.baseAddress else { return }
            let stored = StoredTokens(
                .f32(base), count: passages.lengths.reduce(0, +), dimension: passages.dimension)
            for (number, query) in queries.enumerated() {
                let packed = try PackedQuery(query, precision: .f32)
                let scores = MaxSim.scores(
                    packed, stored, lengths: passages.lengths, threads: threads)
                let best = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
                for place in best.prefix(100) {
                    lines += "\(number) Q0 \(place) 0 \(scores[place]) exact\n"
                }
            }
        }
    }
    try write(lines, "\(output)/exact.run")
    report("exact f32: \(time * 1e3 / Double(queries.count)) ms a query")
}

private func run(
    _ form: TokenForm, _ queries: [TokenMatrix], _ passages: TokenDump, _ output: String,
    _ threads: Int
) throws {
    var sample = TokenSample(dimension: passages.dimension)
    let sampling = try seconds { try passages.forEach { try sample.add($1) } }
    var encoder: TokenEncoder?
    let training = try seconds {
        encoder = try TokenEncoder.train(
            sample, form: form, training: CentroidTraining(threads: threads))
    }
    guard let encoder else { return }
    let path = "\(output)/\(form.rawValue).seg"
    let writing = try seconds {
        let writer = try SegmentWriter(path: path, encoder: encoder)
        var batch: [(passage: Passage, tokens: TokenMatrix)] = []
        try passages.forEach { index, tokens in
            batch.append((Passage(id: "\(index)"), tokens))
            if batch.count < 256, index + 1 < passages.lengths.count { return }
            try writer.append(batch, threads: threads)
            batch = []
        }
        _ = try writer.finish(durable: false)
    }
    let segment = try Segment(path: path, encoder: encoder)
    report(
        "\(form.rawValue): \(encoder.centroids.count) centroids in \(sampling) + \(training) s, "
            + "\(segment.tokens) tokens written in \(writing) s, \(segment.byteCount) bytes")
    let searcher = IndexSearcher(segment)
    let ways: [(String, SearchOptions.Candidates)] = [
        ("p2-256", .nearest(probes: 2, limit: 256)), ("p4-512", .nearest(probes: 4, limit: 512)),
        ("p8-512", .nearest(probes: 8, limit: 512)),
    ]
    for (name, candidates) in ways {
        var lines = ""
        let time = try seconds {
            for (number, query) in queries.enumerated() {
                let hits = try searcher.search(
                    query,
                    SearchOptions(count: 100, candidates: candidates, threads: threads))
                for hit in hits {
                    lines += "\(number) Q0 \(hit.id) 0 \(hit.score) \(name)\n"
                }
            }
        }
        report("  \(name): \(time * 1e3 / Double(queries.count)) ms a query")
        try write(lines, "\(output)/\(form.rawValue)-\(name).run")
    }
}

extension TokenReduction {
    fileprivate init(_ words: [String]) {
        self.init()
        for word in words {
            if word.hasPrefix("pool=") { poolFactor = Int(word.dropFirst(5)) ?? 1 }
            if word.hasPrefix("keep=") { tokensMax = Int(word.dropFirst(5)) }
        }
    }
}

private func write(_ text: String, _ path: String) throws {
    let file = try AtomicFile(path: path)
    try file.write(text)
    try file.commit(durable: false)
}

private func report(_ line: String) {
    print(line)
    fflush(nil)
}
