// What happened to documents on their way into an index: nothing is cut or left out silently.

public struct IndexLedger: Sendable, Equatable, Codable {
    /// Documents listed as truncated, and as skipped.
    public static let listedMax = 1_000

    public struct Truncated: Sendable, Equatable, Codable {
        public var id: String
        /// Before it was cut.
        public var tokens: Int

        public init(id: String, tokens: Int) {
            self.id = id
            self.tokens = tokens
        }
    }

    public struct Skipped: Sendable, Equatable, Codable {
        public var file: String
        public var line: Int
        public var id: String
        public var reason: String

        public init(file: String, line: Int, id: String, reason: String) {
            self.file = file
            self.line = line
            self.id = id
            self.reason = reason
        }
    }

    public var documents = 0
    /// Tokens that the model takes of a document.
    public var maxLength = 0
    public var truncated = 0
    public var skipped = 0
    public var repaired = 0
    public var truncatedDocuments: [Truncated] = []
    public var skippedDocuments: [Skipped] = []

    public init() {}
}
