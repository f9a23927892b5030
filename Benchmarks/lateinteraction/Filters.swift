// What a filter costs a question over 100,000 passages of random tokens.

import Files
import Glibc
import Retrieval
import Tensors

private let passages = 100_000
private let tokensOfPassage = 16
private let dimension = 64

private struct Draws: RandomNumberGenerator {
    private var count: UInt64 = 0

    mutating func next() -> UInt64 {
        count += 1
        return SplitMix.derive(7, count)
    }
}

/// Prints milliseconds of a filter on its own, and of questions with filters that let through about
/// so many of the passages; one thread, the least of some repetitions.
func filters() throws {
    var numbers = Draws()
    let segment = try segment(&numbers)
    let everything = "year >= 0"
    let asked = [
        ("1/2", "year >= 2000"), ("1/10", "lang = 'l3' and year < 5000"), ("1/100", "part = 42"),
        ("1/1,000", "name < 'n-100100' and topics in ('t1', 't2')"), ("12", "year in (7, 77)"),
    ]
    print("filter\tpassages\tfirst ms\tagain ms")
    for (_, text) in asked + [("all", everything)] {
        let filter = try Filter(text)
        _ = try segment.passages(of: Filter("has(\(filter.fields[0]))"))
        var round = 0
        let first = try least(5) {
            // A text of its own, so that no answer is known.
            round += 1
            _ = try segment.passages(of: Filter(text + String(repeating: " ", count: round)))
        }
        let again = try least(5) { _ = try segment.passages(of: Filter(text)) }
        let count = try segment.passages(of: filter).count
        print("\(text)\t\(count)\t\(first * 1e3)\t\(again * 1e3)")
    }
    try questions(segment, asked.map(\.1), &numbers)
}

private func questions(
    _ segment: Segment, _ filters: [String], _ numbers: inout Draws
) throws {
    let shards = try OpenShards(
        encoder: segment.encoder,
        parts: [
            ShardPart(
                number: 0, segment: segment, dead: Tombstones(passages: segment.passages))
        ])
    print("question\tfilter\thits\tms")
    for kind in [ShardQuery.Kind.maxSim, .dense] {
        var query = ShardQuery(kind)
        query.dimension = kind == .maxSim ? dimension : 384
        query.vectors = (0..<(kind == .maxSim ? 32 * dimension : 384)).map { _ in
            Float.random(in: -1...1, using: &numbers)
        }
        query.probes = 8
        query.candidates = 512
        for filter in [nil] + filters.map(Optional.some) {
            query.filter = filter
            var hits = 0
            let time = try least(7) {
                hits = try shards.answer(query, top: 100, threads: 1).count
            }
            print("\(kind)\t\(filter ?? "none")\t\(hits)\t\(time * 1e3)")
        }
    }
}

private func segment(_ numbers: inout Draws) throws -> Segment {
    let centres = (0..<256 * dimension).map { _ in Float.random(in: -1...1, using: &numbers) }
    func tokens(_ count: Int) throws -> TokenMatrix {
        var values: [Float] = []
        values.reserveCapacity(count * dimension)
        for _ in 0..<count {
            let centre = Int.random(in: 0..<256, using: &numbers) * dimension
            for index in 0..<dimension {
                values.append(
                    centres[centre + index] + Float.random(in: -0.5...0.5, using: &numbers))
            }
        }
        return try TokenMatrix(dimension: dimension, values: values).normalised()
    }
    var sample = TokenSample(dimension: dimension)
    try sample.add(tokens(40_000))
    let encoder = try TokenEncoder.train(sample, form: .residual4, count: 1_024)
    let path = "/tmp/sounder-filters-\(getpid()).seg"
    defer { unlink(path) }
    let writer = try SegmentWriter(
        path: path, encoder: encoder, dense: DenseSettings(dimension: 384, type: .f32))
    var fields = try MetadataBuilder(fields: ["year", "part", "lang", "name", "topics", "score"])
    let vector = (0..<384).map { _ in Float.random(in: -1...1, using: &numbers) }
    for begin in stride(from: 0, to: passages, by: 1_000) {
        let all = try tokens(1_000 * tokensOfPassage)
        var batch: [(passage: Passage, tokens: TokenMatrix)] = []
        for number in begin..<begin + 1_000 {
            let first = (number - begin) * tokensOfPassage * dimension
            let part = Array(all.values[first..<first + tokensOfPassage * dimension])
            var dense = vector
            dense[number % 384] += 1
            batch.append(
                (
                    Passage(id: "p-\(number)", dense: dense),
                    try TokenMatrix(dimension: dimension, values: part)
                ))
            try fields.append([
                .integer(Int64(number * 7_919 % 4_000)), .integer(Int64(number % 100)),
                .string("l\(number % 5)"), .string("n-\(number + 100_000)"),
                .strings((0..<3).map { "t\((number / ($0 + 1)) % 50)" }),
                number % 3 == 0 ? .missing : .number(Double(number) / 7),
            ])
        }
        try writer.append(batch, threads: 2)
    }
    writer.metadata = fields
    return try Segment(path: try writer.finish(durable: false).path, encoder: encoder)
}
