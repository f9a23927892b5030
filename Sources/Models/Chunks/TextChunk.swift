// A passage of a document: where it stands, and how long it is for an encoder.

/// Offsets are into the document as it was given; a chunk is exactly the bytes of its range.
public struct TextChunk: Sendable, Hashable {
    /// UTF-8.
    public let bytes: Range<Int>
    /// Unicode scalars, as Python counts characters.
    public let characters: Range<Int>
    /// Where, within `bytes`, the text begins that the chunk before has not. From there to the
    /// end, the chunks of a document one after the other are the document.
    public let freshStart: Int
    /// With special tokens and prompt, as an encoder counts them.
    public let tokens: Int
    /// Number of its parent.
    public let parent: Int?
}

/// A document in passages.
public struct ChunkedText: Sendable, Hashable {
    public internal(set) var chunks: [TextChunk] = []
    /// Empty unless the strategy is hierarchical; they do not overlap.
    public internal(set) var parents: [TextChunk] = []
}

/// Counts characters up to places that come in no descending order.
struct CharacterCounter {
    private let text: UnsafeRawBufferPointer
    private var byte = 0
    private var character = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// - range: begins where the one before did, or behind that.
    mutating func characters(of range: Range<Int>) -> Range<Int> {
        character += count(byte..<range.lowerBound)
        byte = range.lowerBound
        return character..<character + count(range)
    }

    private func count(_ range: Range<Int>) -> Int {
        var count = 0
        for byte in UnsafeRawBufferPointer(rebasing: text[range]) {
            count += byte & 0xc0 == 0x80 ? 0 : 1
        }
        return count
    }
}
