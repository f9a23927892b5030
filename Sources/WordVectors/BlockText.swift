// The text of one block, with what a scanner must know about its edges.

import CKernels
import Files

/// The bytes of a block and the `TEXT_CONTINUES_…` flags for `text_count` and `text_encode`.
struct BlockText {
    let bytes: UnsafePointer<UInt8>
    let count: Int
    let edges: Int32

    init(bytes: UnsafePointer<UInt8>, count: Int, edges: Int32) {
        self.bytes = bytes
        self.count = count
        self.edges = edges
    }

    /// Calls `body` with the text of `block`; not at all when it is empty.
    static func read(
        _ block: Int, of layout: CorpusLayout, in source: some TextSource,
        _ body: (BlockText) throws(FileError) -> Void
    ) throws(FileError) {
        let (file, range) = try layout.range(of: block, in: source)
        if range.isEmpty { return }
        let size = layout.fileSizes[file]
        // One byte more at either side shows whether a token goes on there.
        let wide = max(range.lowerBound - 1, 0) ..< min(range.upperBound + 1, size)
        try source.withBytes(file: file, range: wide) { bytes throws(FileError) in
            guard let text = BlockText(bytes, wide: wide, range: range) else { return }
            try body(text)
        }
    }

    private init?(_ bytes: UnsafeRawBufferPointer, wide: Range<Int>, range: Range<Int>) {
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        var edges = 0
        if wide.lowerBound < range.lowerBound, !isSeparator(bytes[0]) {
            edges |= TEXT_CONTINUES_BEFORE
        }
        if range.upperBound < wide.upperBound, !isSeparator(bytes[bytes.count - 1]) {
            edges |= TEXT_CONTINUES_AFTER
        }
        var start = range.lowerBound - wide.lowerBound
        if range.lowerBound == 0, bytes.starts(with: [0xef, 0xbb, 0xbf]) { start += 3 }
        // The mark alone may be wider than a tiny block.
        guard start < range.upperBound - wide.lowerBound else { return nil }
        self.bytes = base + start
        count = range.upperBound - wide.lowerBound - start
        self.edges = Int32(edges)
    }
}
