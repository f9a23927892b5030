// Writes text with its phrases joined.

public import Files
import Tensors

/// Appends texts to a file, phrases joined. Memory is bounded by a few blocks for each thread.
public struct PhraseWriter {
    private let joiner: PhraseJoiner
    private let file: AtomicFile
    private let threads: Int
    /// Whether what was written last is not followed by a newline.
    private var isLineOpen = false
    /// Bytes of the texts that were read.
    public private(set) var bytesRead = 0

    public init(joining joiner: PhraseJoiner, to file: AtomicFile, threads: Int = 1) {
        self.joiner = joiner
        self.file = file
        self.threads = threads
    }

    /// Appends a text of one file: as it is, but for phrases and a byte order mark. If the text
    /// before does not end in a newline, it gets one. Blocks are those that were counted, so that
    /// sentences end where they ended then.
    ///
    /// - Parameter progress: is told of every block, and can end it.
    /// - Throws: `.unwritable`, `.inputChanged`, `.unreadable`, `.outOfMemory`, `.cancelled`.
    public mutating func append(
        _ source: some TextSource, layout: CorpusLayout, progress: TextProgress? = nil
    ) throws(FileError) {
        precondition(layout.fileSizes.count == 1, "a text of \(layout.fileSizes.count) files")
        let step = threads * BlockQueue.groupBlocks
        var isFirst = true
        for first in stride(from: 0, to: layout.blockCount, by: step) {
            let count = min(step, layout.blockCount - first)
            let parts = try Parallel.map(count: count, threads: threads) {
                range throws(FileError) in
                try joined(
                    first + range.lowerBound..<first + range.upperBound, of: layout, in: source,
                    progress)
            }
            for part in parts {
                guard let last = part.last else { continue }
                if isFirst, isLineOpen { try file.write("\n") }
                isFirst = false
                try file.write(part)
                isLineOpen = last != 0x0a
            }
        }
        bytesRead += layout.byteCount
    }

    private func joined(
        _ blocks: Range<Int>, of layout: CorpusLayout, in source: some TextSource,
        _ progress: TextProgress?
    ) throws(FileError) -> [UInt8] {
        var joined: [UInt8] = []
        for block in blocks {
            try BlockText.read(block, of: layout, in: source) { text throws(FileError) in
                joiner.withJoined(text) { text in
                    joined.append(
                        contentsOf: UnsafeBufferPointer(start: text.bytes, count: text.count))
                }
            }
            try progress?.add(layout.nominal(block).range.count)
        }
        return joined
    }
}
