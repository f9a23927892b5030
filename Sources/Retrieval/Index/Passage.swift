// What an index keeps of a piece of text.

/// A passage as it is added.
public struct Passage: Sendable, Equatable {
    /// Stable and unique in an index; at most `idBytesMax` of UTF-8.
    public var id: String
    /// nil when nothing is stored.
    public var text: String?
    /// A JSON text, stored as it is.
    public var metadata: String?
    /// Of the index's dense dimension; nil when it has none.
    public var dense: [Float]?

    public static let idBytesMax = 4096
    /// Bytes of text and metadata together: a document of 64 MiB, the longest that is read, with
    /// three bytes in the place of each that was not UTF-8.
    public static let textBytesMax = 192 << 20

    public init(
        id: String, text: String? = nil, metadata: String? = nil, dense: [Float]? = nil
    ) {
        self.id = id
        self.text = text
        self.metadata = metadata
        self.dense = dense
    }
}
