// A file of word ids, read in place.

public import Files

/// Sentences as Int32 ids; -1 ends each sentence. A spool that can be made again at any time: it is
/// renamed into place when it is complete, but not forced to the disk, so do not keep it over a
/// crash of the machine.
///
/// Layout, little-endian: eight UInt64 — magic, version 1, ids with the ends of sentences, words,
/// sentences, vocabulary size, 0, 0 — then the ids.
public final class IdStream: Sendable {
    static let magic: UInt64 = 0x3153_4449_444e_4453  // "SDNDIDS1"
    static let version: UInt64 = 1
    static let headerBytes = 64

    /// The ids. Valid as long as this object lives: wrap a loop over them in
    /// `withExtendedLifetime(stream)`.
    public nonisolated(unsafe) let ids: UnsafeBufferPointer<Int32>
    /// Ids that are words.
    public let wordCount: Int
    public let sentenceCount: Int
    /// The size of the vocabulary that the ids index.
    public let vocabularyCount: Int
    private let file: MappedFile

    /// Maps a file and checks its header against its length.
    ///
    /// - Parameter checkingIds: reads every id too. A trainer indexes its matrices with them, so a
    ///   file that did not come from `IdStream.encode` in this very process is checked.
    /// - Throws: `.unreadable`, `.malformed`.
    public init(path: String, checkingIds: Bool = true) throws(FileError) {
        file = try MappedFile(path: path)
        let bytes = file.bytes
        guard bytes.count >= Self.headerBytes else {
            throw .malformed(path: path, offset: 0, reason: "shorter than a header")
        }
        let header = (0 ..< 6).map { bytes.load(fromByteOffset: 8 * $0, as: UInt64.self) }
        guard header[0] == Self.magic, header[1] == Self.version else {
            throw .malformed(path: path, offset: 0, reason: "not a stream of ids of version 1")
        }
        let count = (bytes.count - Self.headerBytes) / 4
        guard header[2] == UInt64(count), count * 4 == bytes.count - Self.headerBytes else {
            throw .malformed(
                path: path, offset: 16, reason: "\(header[2]) ids announced, \(count) are there")
        }
        guard header[3] <= header[2], header[4] <= header[2], header[3] + header[4] == header[2],
            header[5] <= UInt64(Int32.max)
        else { throw .malformed(path: path, offset: 24, reason: "the header's sums do not agree") }
        wordCount = Int(header[3])
        sentenceCount = Int(header[4])
        vocabularyCount = Int(header[5])
        ids = UnsafeBufferPointer(
            start: (bytes.baseAddress! + Self.headerBytes).assumingMemoryBound(to: Int32.self),
            count: count)
        if checkingIds { try checkIds(path: path) }
    }

    private func checkIds(path: String) throws(FileError) {
        // Without branches, so that it runs at the speed of memory.
        var largest = Int32.min
        var smallest = Int32.max
        for id in ids {
            largest = max(largest, id)
            smallest = min(smallest, id)
        }
        guard ids.isEmpty || (largest < vocabularyCount && smallest >= -1) else {
            throw .malformed(
                path: path, offset: Self.headerBytes,
                reason: "ids from \(smallest) to \(largest) of \(vocabularyCount) words")
        }
        guard ids.isEmpty || ids[ids.count - 1] == -1 else {
            throw .malformed(path: path, offset: Self.headerBytes, reason: "the end is cut off")
        }
    }
}
