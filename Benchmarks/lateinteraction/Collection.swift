// Builds an index of synthetic passages by the writers that make indexes of documents.

import Digests
import Glibc
import Retrieval
import Synchronization
import Tensors

private struct SHA256Digest: ByteDigest {
    private var sum = SHA256Stream()

    var digest: String { sum.digest }

    mutating func add(_ bytes: UnsafeRawBufferPointer) { sum.add(bytes) }
}

/// Segments of one index, made side by side, each by one thread; the directory has one writer at a
/// time.
private final class Building: @unchecked Sendable {
    let tokens: SyntheticTokens
    private let directory: IndexDirectory
    private let lock = Mutex(())
    private let passages: Int
    private let segments: Int
    private let next = Atomic(0)
    private static let batch = 256

    init(
        _ directory: IndexDirectory, _ tokens: SyntheticTokens, passages: Int, segments: Int
    ) {
        self.directory = directory
        self.tokens = tokens
        self.passages = passages
        self.segments = segments
    }

    /// Makes segments until none is left.
    func work() throws {
        while true {
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < segments else { return }
            try segment(number * passages / segments..<(number + 1) * passages / segments)
        }
    }

    private func segment(_ range: Range<Int>) throws {
        let writer = try lock.withLock { _ in UncheckedBox(try directory.newSegment()) }.value
        for begin in stride(from: range.lowerBound, to: range.upperBound, by: Self.batch) {
            let part = begin..<min(begin + Self.batch, range.upperBound)
            let all = try tokens.tokens(of: part)
            try writer.append(
                zip(part, all).map { (Passage(id: "p\($0)"), $1) }, threads: 1)
        }
        let finished = UncheckedBox(writer)
        try lock.withLock { _ in
            try directory.commit(finished.value)
            print("segment: \(directory.manifest.segments.count) of \(segments)")
            fflush(nil)
        }
    }
}

private struct UncheckedBox<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

/// - Parameter path: a directory that exists and is empty.
func collection(path: String, passages: Int, segments: Int, threads: Int, seed: UInt64) throws {
    let tokens = try SyntheticTokens(seed: seed)
    var count = 0
    for passage in 0..<passages { count += tokens.length(of: passage) }
    let wanted = Centroids.count(forTokens: count)
    var encoder: TokenEncoder?
    let training = try seconds {
        var sample = TokenSample(dimension: SyntheticTokens.dimension)
        // As many tokens as a sample holds, of passages from everywhere.
        let sampled = min(passages, sample.capacity / 125)
        for number in 0..<sampled {
            let passage = number * passages / sampled
            for matrix in try tokens.tokens(of: passage..<passage + 1) { try sample.add(matrix) }
        }
        encoder = try TokenEncoder.train(
            sample, form: .residual4, count: max(1, min(wanted, sample.seen / 8)),
            training: CentroidTraining(threads: threads))
    }
    guard let encoder else { return }
    print("centroids: \(encoder.centroids.count) in \(training) s")
    fflush(nil)
    let directory = try IndexDirectory.create(
        path, model: ModelIdentity(name: "synthetic", sha256: String(repeating: "0", count: 64)),
        encoder: encoder, digest: { SHA256Digest() })
    let building = Building(directory, tokens, passages: passages, segments: segments)
    let writing = try seconds {
        _ = try Parallel.map(count: threads, threads: threads) { _ in try building.work() }
    }
    let bytes = directory.manifest.files.reduce(0) { $0 + $1.bytes }
    print("written: \(directory.manifest.tokens) tokens, \(bytes) bytes in \(writing) s")
}

/// Bytes a second that `threads` threads read of memory that no cache holds, summing it.
func bandwidth(threads: Int) {
    let words = (1 << 30) / 8
    let memory = UnsafeMutablePointer<SIMD8<UInt64>>.allocate(capacity: words / 8)
    memory.initialize(repeating: SIMD8(repeating: 1), count: words / 8)
    nonisolated(unsafe) let base = memory
    var sum: UInt64 = 0
    let time = least(5) {
        let parts = Parallel.map(count: words / 8, threads: threads) { part in
            var (a, b) = (SIMD8<UInt64>(), SIMD8<UInt64>())
            for index in stride(from: part.lowerBound, to: part.upperBound - 1, by: 2) {
                a &+= base[index]
                b &+= base[index + 1]
            }
            return (a &+ b).wrappedSum()
        }
        sum = parts.reduce(0, &+)
    }
    memory.deallocate()
    print("bandwidth: \(Double(8 * words) / time) bytes/s, sum \(sum)")
}
