// The terms of a segment's passages, as immutable bytes that are searched where they lie.

/// Which passages have which terms, and how often. The bytes may be a part of a mapped file: little
/// of them is read on opening, and none is copied.
///
/// Bytes that were changed by accident are refused or give wrong answers, but nothing outside them
/// is read and no search takes longer than its postings.
public struct InvertedFile: Sendable {
    public let analysis: WordAnalysis
    let layout: InvertedFileLayout
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    /// Keeps `bytes` alive.
    private let owner: any AnyObject & Sendable

    /// Room for passages in one file.
    public static let passagesMax = Int(Int32.max)

    /// Opens bytes that a `Builder` or `merge` wrote.
    ///
    /// - Parameters:
    ///   - bytes: all of them and no others, at any address.
    ///   - owner: keeps the bytes valid as long as it lives.
    /// - Throws: `.malformed`, `.unknownAnalysis`.
    public init(
        _ bytes: UnsafeRawBufferPointer, keeping owner: any AnyObject & Sendable
    ) throws(WordsError) {
        layout = try InvertedFileLayout(reading: bytes)
        guard layout.passages <= UInt32(Self.passagesMax) else {
            throw .malformed(reason: "it has more than \(Self.passagesMax) passages")
        }
        self.bytes = bytes
        self.owner = owner
        let place = layout.analysisOffset
        let text = bytes[place..<place + layout.analysisBytes]
        analysis = try WordAnalysis(description: String(decoding: text, as: UTF8.self))
        try checkRecords()
        try checkBlocks()
    }

    /// Opens a copy of bytes.
    public init(copying bytes: [UInt8]) throws(WordsError) {
        let copy = OwnedBytes(bytes)
        try self.init(copy.bytes, keeping: copy)
    }

    /// Passages, those without a term included. They are numbered from 0.
    public var passageCount: Int { Int(layout.passages) }
    /// Terms of all passages, each as often as it occurs.
    public var totalLength: Int { layout.totalLength }
    /// Different terms.
    public var termCount: Int { Int(layout.terms) }
    /// Pairs of a term and a passage.
    public var postingCount: Int { layout.postings }

    /// Terms of one passage, each as often as it occurs.
    public func length(of passage: Int) -> Int {
        precondition(
            passage >= 0 && passage < passageCount, "passage \(passage) of \(passageCount)")
        return Int(bytes.little(at: layout.lengthsOffset + 4 * passage, UInt32.self))
    }

    func record(_ term: Int) -> TermRecord {
        TermRecord(bytes, at: layout.recordsOffset + TermRecord.byteCount * term)
    }

    /// The bytes of a term's headers and blocks; they lie within the file.
    func postings(of term: Int) -> UnsafeRawBufferPointer {
        let start = record(term).offset
        let end = term + 1 < termCount ? record(term + 1).offset : layout.postingBytes
        let base = InvertedFileLayout.postingsOffset
        return UnsafeRawBufferPointer(rebasing: bytes[base + start..<base + end])
    }

    private func checkRecords() throws(WordsError) {
        var end = layout.postingBytes
        for term in stride(from: termCount - 1, through: 0, by: -1) {
            let record = record(term)
            let headers = BlockHeader.byteCount * BlockHeader.blocks(of: Int(record.passages))
            guard record.offset <= end, headers <= end - record.offset, record.passages > 0,
                record.passages <= layout.passages
            else { throw .malformed(reason: "the postings of term \(term) would lie outside") }
            end = record.offset
        }
    }

    private func checkBlocks() throws(WordsError) {
        var last = 0
        for block in 0...layout.blocks {
            let offset = blockOffset(block)
            guard offset >= last, offset <= layout.termBytes else {
                throw .malformed(reason: "block \(block) of its terms would lie outside")
            }
            last = offset
        }
    }

    /// In the part of the terms; that of block `layout.blocks` is where the last one ends.
    func blockOffset(_ block: Int) -> Int {
        Int(clamping: bytes.little(at: layout.blocksOffset + 8 * block, UInt64.self))
    }
}

/// Bytes in memory.
private final class OwnedBytes: Sendable {
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    init(_ bytes: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        copy.copyBytes(from: bytes)
        self.bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}
