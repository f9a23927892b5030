// MaxSim of one query with 1,000 passages, on one thread, in every form of tokens.

import Files
import Glibc
import Retrieval
import Tensors

private func random(_ count: Int, _ seed: UInt64) throws -> TokenMatrix {
    let values = (0..<count * 128).map { index in
        Float(SplitMix.derive(seed, UInt64(index)) >> 40) * 0x1p-23 - 1
    }
    return try TokenMatrix(dimension: 128, values: values).normalised()
}

func speed() throws {
    let query = try random(32, 1)
    let lengths = (0..<1000).map { 56 + Int(SplitMix.derive(2, UInt64($0)) % 101) }
    let total = lengths.reduce(0, +)
    let tokens = try random(total, 3)
    let operations = 2.0 * Double(total) * 32 * 128
    func report(_ name: String, _ time: Double) {
        print("\(name): \(time * 1e3) ms, \(operations / time / 1e9) G/s")
    }
    for precision in [ProductPrecision.f32, .half] {
        let packed = try PackedQuery(query, precision: precision)
        tokens.values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            let stored = StoredTokens(.f32(base), count: total, dimension: 128)
            let time = least(7) { _ = MaxSim.scores(packed, stored, lengths: lengths) }
            report("\(precision)", time)
        }
    }
    for form in TokenForm.allCases { try index(form, query, tokens, lengths, report) }
}

/// An exhaustive search of a segment, which is what MaxSim over stored tokens costs.
private func index(
    _ form: TokenForm, _ query: TokenMatrix, _ tokens: TokenMatrix, _ lengths: [Int],
    _ report: (String, Double) -> Void
) throws {
    let directory = "/tmp/sounder-late-\(getpid())"
    mkdir(directory, 0o755)
    defer {
        unlink("\(directory)/a.seg")
        rmdir(directory)
    }
    var sample = TokenSample(dimension: 128)
    try sample.add(tokens)
    let encoder = try TokenEncoder.train(sample, form: form, count: 1024)
    let writer = try SegmentWriter(path: "\(directory)/a.seg", encoder: encoder)
    var first = 0
    for (number, length) in lengths.enumerated() {
        let values = Array(tokens.values[first * 128..<(first + length) * 128])
        first += length
        try writer.append([
            (Passage(id: "\(number)"), try TokenMatrix(dimension: 128, values: values))
        ])
    }
    let segment = try Segment(path: try writer.finish(durable: false).path, encoder: encoder)
    let searcher = IndexSearcher(segment)
    let options = SearchOptions(count: 10, candidates: .all)
    let time = try least(7) { _ = try searcher.search(query, options) }
    report("segment \(form.rawValue)", time)
}
