// Reads texts and metadata of passages out of their compressed blocks.

import Compression

/// Keeps the block that was expanded last and the place in it: who goes from passage to passage
/// expands each block once, and steps over each entry once.
struct StoredTexts {
    private struct Entry {
        var text: Range<Int>?
        var metadata: Range<Int>?
        var end: Int
    }

    private let segment: Segment
    private var block: [UInt8] = []
    /// Passages of the block that lie ahead, and where the first of them begins.
    private var ahead = 0..<0
    private var place = 0

    init(_ segment: Segment) { self.segment = segment }

    /// Text and metadata of a passage, nil where none is stored.
    ///
    /// - Throws: `.malformed`.
    mutating func text(
        of passage: Int
    ) throws(IndexError) -> (text: String?, metadata: String?) {
        if !ahead.contains(passage) {
            (block, ahead) = try segment.textBlock(of: passage)
            place = 0
        }
        while true {
            let entry = try entry()
            let isWanted = ahead.lowerBound == passage
            ahead = ahead.lowerBound + 1..<ahead.upperBound
            place = entry.end
            if isWanted { return (string(entry.text), string(entry.metadata)) }
        }
    }

    private func string(_ range: Range<Int>?) -> String? {
        range.map { String(decoding: block[$0], as: UTF8.self) }
    }

    /// What stands at `place`.
    private func entry() throws(IndexError) -> Entry {
        guard place + 8 <= block.count else { throw segment.cutEntry }
        let lengths = block.withUnsafeBytes { raw in
            (0..<2).map { raw.loadUnaligned(fromByteOffset: place + 4 * $0, as: UInt32.self) }
        }
        let sizes = lengths.map { $0 == PassageStoreWriter.none ? nil : Int($0) }
        let begin = place + 8
        let middle = begin + (sizes[0] ?? 0)
        let end = middle + (sizes[1] ?? 0)
        guard end <= block.count else { throw segment.cutEntry }
        return Entry(
            text: sizes[0].map { _ in begin..<middle },
            metadata: sizes[1].map { _ in middle..<end }, end: end)
    }
}

extension Segment {
    /// Text and metadata of a passage, nil where none is stored.
    ///
    /// - Throws: `.malformed`.
    public func text(
        of passage: Int
    ) throws(IndexError) -> (text: String?, metadata: String?) {
        var texts = StoredTexts(self)
        return try texts.text(of: passage)
    }

    /// The expanded block with a passage, and the passages of it.
    fileprivate func textBlock(
        of passage: Int
    ) throws(IndexError) -> (bytes: [UInt8], passages: Range<Int>) {
        let firsts = bytes("store.firsts").bindMemory(to: UInt32.self)
        let starts = bytes("store.starts").bindMemory(to: UInt64.self)
        let frames = bytes("store.blocks")
        // The last block that begins no later than the passage.
        var (low, high) = (0, firsts.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if Int(firsts[middle]) <= passage { low = middle } else { high = middle }
        }
        guard low + 1 < firsts.count, Int(firsts[low]) <= passage, passage < Int(firsts[low + 1])
        else { throw malformed("store.firsts", "no block has passage \(passage)") }
        let (begin, end) = (starts[low], starts[low + 1])
        guard begin <= end, end <= UInt64(frames.count), end - begin >= 4 else {
            throw malformed("store.starts", "block \(low) lies outside the file")
        }
        let size = Int(frames.loadUnaligned(fromByteOffset: Int(begin), as: UInt32.self))
        let frame = UnsafeRawBufferPointer(rebasing: frames[Int(begin) + 4..<Int(end)])
        // zstd shrinks nothing to less than a 2^16th or so of it
        let most = min(
            PassageStoreWriter.blockBytes + Passage.textBytesMax + 8, (frame.count + 64) << 16)
        guard size <= most, let expanded = ZstdBlock.expand(frame, count: size) else {
            throw malformed("store.blocks", "block \(low) does not expand to \(size) bytes")
        }
        return (expanded, Int(firsts[low])..<Int(firsts[low + 1]))
    }

    fileprivate var cutEntry: IndexError {
        malformed("store.blocks", "a block ends inside an entry")
    }
}
