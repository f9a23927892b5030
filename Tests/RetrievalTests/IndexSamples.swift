// Small indexes for tests.

import Tensors
import TestSupport

@testable import Retrieval

/// FNV-1a in the place of SHA-256, which is another module's.
struct TestDigest: ByteDigest {
    private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: UnsafeRawBufferPointer) { hash = fingerprintFNV(bytes, from: hash) }
    var digest: String { String(hash, radix: 16) }
}

let testDigest: NewDigest = { TestDigest() }

let testModel = ModelIdentity(name: "tiny", sha256: "00", settings: ["query": "[Q] "])

typealias Sample = (passage: Passage, tokens: TokenMatrix)

/// `count` passages of 0...11 tokens, with everything that an index keeps of one.
func samplePassages(
    _ range: Range<Int>, dimension: Int, dense: DenseSettings? = nil, seed: Int = 1
) -> [Sample] {
    range.map { index in
        var numbers = Numbers(1000 * seed + index + 1)
        let tokens = clusteredTokens(index * 7 % 12, dimension, &numbers)
        var passage = Passage(id: "doc-\(index)")
        if index % 3 != 0 {
            passage.text = "Text \(index). " + String(repeating: "é", count: index)
        }
        if index % 4 != 0 { passage.metadata = #"{"n":\#(index)}"# }
        if let dense { passage.dense = numbers.floats(dense.dimension) }
        return (passage, tokens)
    }
}

func sampleEncoder(
    _ form: TokenForm, dimension: Int, centroids: Int = 32
) throws -> TokenEncoder {
    var sample = TokenSample(dimension: dimension)
    var numbers = Numbers(99)
    try sample.add(clusteredTokens(2000, dimension, &numbers))
    return try TokenEncoder.train(sample, form: form, count: centroids)
}

/// A directory with an index of one segment for each part of passages.
struct SampleIndex {
    let scratch: Scratch
    let directory: IndexDirectory

    init(
        _ form: TokenForm, dimension: Int = 24, parts: [Range<Int>],
        dense: DenseSettings? = nil
    ) throws {
        scratch = try Scratch()
        directory = try IndexDirectory.create(
            scratch.directory, model: testModel,
            encoder: try sampleEncoder(form, dimension: dimension), dense: dense,
            digest: testDigest)
        for part in parts {
            let writer = try directory.newSegment()
            try writer.append(samplePassages(part, dimension: dimension, dense: dense))
            try directory.commit(writer)
        }
    }

    var searcher: IndexSearcher { IndexSearcher(directory.snapshot) }
}

/// What a segment's tokens stand for.
func decodedTokens(_ segment: Segment, _ passage: Int) throws -> TokenMatrix {
    let encoded = try segment.encodedTokens(of: passage)
    let dimension = segment.encoder.dimension
    switch segment.encoder.form {
    case .residual2, .residual4, .residual8: return decode(encoded, segment.encoder)
    case .f32:
        return TokenMatrix(
            checked: dimension,
            encoded.rows.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) })
    case .bf16:
        return TokenMatrix(
            checked: dimension,
            encoded.rows.withUnsafeBytes { raw in
                raw.bindMemory(to: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
            })
    case .int8:
        let factors = encoded.factors.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        return TokenMatrix(
            checked: dimension,
            encoded.rows.enumerated().map { place, byte in
                factors[place / dimension] * Float(Int(byte) - 128)
            })
    }
}
