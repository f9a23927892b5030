// What encoding returns, and how it is watched while it runs.

import Synchronization
public import Tensors

/// Vectors in the order of the texts.
public struct EncodedTexts: Sendable {
    public let dimension: Int
    /// Float32 [rows, dimension], row-major; a row a text, or a row a token.
    public let vectors: AlignedBuffer
    /// Rows of each text: 1, or its tokens but those that get no vector.
    public let rowCounts: [Int32]
    /// Tokens of each text before it was cut, special tokens included.
    public let tokenCounts: [Int32]
    public let maxLength: Int

    public var truncatedCount: Int { tokenCounts.count { $0 > maxLength } }

    /// The same texts with fewer rows each, which stand at the beginning of the vectors.
    public func with(rowCounts: [Int32]) -> EncodedTexts {
        EncodedTexts(
            dimension: dimension, vectors: vectors, rowCounts: rowCounts, tokenCounts: tokenCounts,
            maxLength: maxLength)
    }
}

/// Seen from another thread while `encode` runs.
public final class EncodingProgress: Sendable {
    private let documents = Atomic<Int>(0)
    private let tokens = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let isStopped: @Sendable () -> Bool

    /// - isStopped: asked beside `cancel()`, often and by any thread.
    public init(isStopped: @escaping @Sendable () -> Bool = { false }) {
        self.isStopped = isStopped
    }

    public var documentsDone: Int { documents.load(ordering: .relaxed) }
    public var tokensDone: Int { tokens.load(ordering: .relaxed) }

    /// Lets `encode` end with `ModelError.cancelled`.
    public func cancel() { stopped.store(true, ordering: .relaxed) }

    var isCancelled: Bool { stopped.load(ordering: .relaxed) || isStopped() }

    func add(documents: Int, tokens: Int) {
        self.documents.add(documents, ordering: .relaxed)
        self.tokens.add(tokens, ordering: .relaxed)
    }
}
