// How a corpus of files is cut into blocks, by rules that every machine applies alike.

public import Files

/// An ordered list of files seen as one sequence of blocks of about `blockBytes`; each file starts
/// a new block. A pure function of the files' sizes; the exact boundaries also depend on content.
///
/// **Boundaries.** A nominal offset moves forward to the first place where text may be cut:
/// 1. offset 0 and the end of the file stay;
/// 2. else just after the first '\n' in `[offset - 1, offset - 1 + 64 KiB)`;
/// 3. else just after the first separator in `[offset - 1, offset - 1 + 1 MiB)`;
/// 4. else, when that search met the end of the file, there;
/// 5. else the offset itself: it lies in a token of more than 1 MiB, which is dropped anyway.
///
/// The rule asks only for the offset and the bytes behind it, so neighbouring blocks agree, and
/// boundaries ascend.
///
/// **Tokens** are maximal runs of bytes other than space, \t, \n, \v, \f, \r and NUL. A token
/// belongs to the block in which it starts. '\n' and '\r' end a sentence, and so does the end of a
/// block. A UTF-8 byte order mark at the start of a file is skipped. Tokens above 1,024 bytes are
/// dropped; invalid UTF-8 becomes U+FFFD, one for each maximal invalid subpart.
public struct CorpusLayout: Sendable, Equatable {
    public static let blockBytesDefault = 64 << 10
    static let newlineWindow = 64 << 10
    static let separatorWindow = 1 << 20

    public let fileSizes: [Int]
    public let blockBytes: Int
    /// Number of blocks; empty files have none.
    public let blockCount: Int
    /// The first block of each file.
    private let firstBlocks: [Int]

    public init(fileSizes: [Int], blockBytes: Int = blockBytesDefault) {
        precondition(blockBytes > 0, "blocks of \(blockBytes) bytes")
        self.fileSizes = fileSizes
        self.blockBytes = blockBytes
        var blocks = 0
        firstBlocks = fileSizes.map { size in
            defer { blocks += size / blockBytes + (size % blockBytes == 0 ? 0 : 1) }
            return blocks
        }
        blockCount = blocks
    }

    /// Bytes of all files.
    public var byteCount: Int { fileSizes.reduce(0, +) }

    /// The file of a block and its range before boundaries are moved.
    public func nominal(_ block: Int) -> (file: Int, range: Range<Int>) {
        precondition(block >= 0 && block < blockCount, "block \(block) of \(blockCount)")
        var low = 0, high = firstBlocks.count
        // The last file that starts at or before the block; empty files share their start with
        // the next one.
        while high - low > 1 {
            let middle = (low + high) / 2
            if firstBlocks[middle] <= block { low = middle } else { high = middle }
        }
        let start = (block - firstBlocks[low]) * blockBytes
        let length = min(blockBytes, fileSizes[low] - start)
        return (low, start ..< start + length)
    }

    /// Where the text of a block lies: its nominal range with both ends moved to boundaries. May
    /// be empty.
    public func range(
        of block: Int, in source: some TextSource
    ) throws(FileError) -> (file: Int, range: Range<Int>) {
        let (file, range) = nominal(block)
        let start = try boundary(at: range.lowerBound, file: file, in: source)
        let end = try boundary(at: range.upperBound, file: file, in: source)
        return (file, start ..< end)
    }

    /// The place, at or behind `offset`, where the file may be cut.
    public func boundary(
        at offset: Int, file: Int, in source: some TextSource
    ) throws(FileError) -> Int {
        let size = fileSizes[file]
        if offset == 0 || offset >= size { return min(offset, size) }
        let start = offset - 1
        if let newline = try first(
            in: start ..< min(size, start + Self.newlineWindow), file: file, source: source,
            where: { $0 == 0x0a })
        {
            return newline + 1
        }
        let window = start ..< min(size, start + Self.separatorWindow)
        if let separator = try first(
            in: window, file: file, source: source, where: isSeparator)
        {
            return separator + 1
        }
        return window.upperBound == size ? size : offset
    }

    /// The first byte of the range that matches, looked for in growing steps: lines are short.
    private func first(
        in range: Range<Int>, file: Int, source: some TextSource, where matches: (UInt8) -> Bool
    ) throws(FileError) -> Int? {
        var start = range.lowerBound
        var step = 2048
        while start < range.upperBound {
            let piece = start ..< min(range.upperBound, start + step)
            let found = try source.withBytes(file: file, range: piece) { bytes in
                bytes.firstIndex(where: matches)
            }
            if let found { return start + found }
            start = piece.upperBound
            step = min(step * 4, Self.newlineWindow)
        }
        return nil
    }
}

/// Whether a byte stands between tokens.
func isSeparator(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0 || (0x09 ... 0x0d).contains(byte)
}
