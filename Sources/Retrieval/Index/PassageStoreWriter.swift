// Texts and metadata of passages, in compressed blocks.

import Compression
import Files

/// Blocks of whole passages, 64 KiB or more before compression. A block is its size before
/// compression (4 bytes) and a zstd frame of entries: the lengths of text and metadata (4 bytes
/// each, all ones for none), then both.
final class PassageStoreWriter {
    /// The first passage of each block, then the number of all. `[blocks + 1]` of UInt32.
    let firsts: ScratchFile
    /// Where each block begins, and where the last ends. `[blocks + 1]` of UInt64.
    let starts: ScratchFile
    let blocks: ScratchFile
    private var block: [UInt8] = []
    private var passages = 0
    private var firstOfBlock = 0

    static let blockBytes = 64 << 10
    static let none = UInt32.max

    init(beside path: String) throws(FileError) {
        firsts = try ScratchFile(beside: path)
        starts = try ScratchFile(beside: path)
        blocks = try ScratchFile(beside: path)
    }

    func append(text: String?, metadata: String?) throws(FileError) {
        for part in [text, metadata] {
            block.append(littleEndian: part.map { UInt32($0.utf8.count) } ?? Self.none)
        }
        if let text { block += text.utf8 }
        if let metadata { block += metadata.utf8 }
        passages += 1
        if block.count >= Self.blockBytes { try close() }
    }

    private func close() throws(FileError) {
        guard let frame = ZstdBlock.compress(block) else {
            throw .outOfMemory(doing: "compressing texts")
        }
        try firsts.append(UInt32(firstOfBlock))
        try starts.append(UInt64(blocks.byteCount))
        try blocks.append(UInt32(block.count))
        try blocks.append(frame)
        firstOfBlock = passages
        block.removeAll(keepingCapacity: true)
    }

    func finish() throws(FileError) {
        if !block.isEmpty { try close() }
        try firsts.append(UInt32(passages))
        try starts.append(UInt64(blocks.byteCount))
    }
}
