// The name of a model on a hub: ORG/NAME or NAME, and perhaps a revision.

/// A name that is safe in a URL and as a part of a path.
public struct ModelName: Sendable, Hashable, CustomStringConvertible {
    /// `ORG/NAME` or `NAME`.
    public let id: String
    /// A branch, a tag or a commit; nil means `main`.
    public let revision: String?

    private static let idBytesMax = 96
    private static let revisionBytesMax = 200

    /// Reads `ORG/NAME`, `NAME`, either with `@REVISION` behind it.
    public init(_ text: String) throws(HubError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let id = String(parts[0])
        if let reason = Self.complaint(aboutID: id) { throw .badName(text, reason: reason) }
        self.id = id
        revision = parts.count > 1 ? String(parts[1]) : nil
        try checkRevision(text)
    }

    /// The same model in another revision.
    public func at(_ revision: String) throws(HubError) -> ModelName {
        try ModelName("\(id)@\(revision)")
    }

    public var description: String { revision.map { "\(id)@\($0)" } ?? id }

    /// What `revision` means when it is not given.
    var revisionOrMain: String { revision ?? "main" }

    /// What huggingface_hub calls the model's directory in the cache.
    var folder: String { "models--" + id.split(separator: "/").joined(separator: "--") }

    /// Whether `text` is the full name of a commit.
    static func isCommit(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy(\.isLowercaseHex)
    }

    /// The rules of huggingface_hub, so that every name that it takes is taken.
    private static func complaint(aboutID id: String) -> String? {
        if id.isEmpty { return "it is empty" }
        if id.utf8.count > idBytesMax { return "it has more than \(idBytesMax) characters" }
        if id.contains("--") || id.contains("..") { return "it holds -- or .." }
        if id.hasSuffix(".git") { return "it ends in .git" }
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > 2 { return "it has more than one /" }
        for part in parts {
            guard let first = part.utf8.first, let last = part.utf8.last else {
                return "a part of it is empty"
            }
            let isPlain = part.utf8.allSatisfy { $0.isASCIIWord || $0 == 0x2D || $0 == 0x2E }
            if !isPlain { return "only ASCII letters, digits, -, _ and . may stand in it" }
            let marks: [UInt8] = [0x2D, 0x2E]
            if marks.contains(first) || marks.contains(last) {
                return "a part of it begins or ends with - or ."
            }
        }
        return nil
    }

    private func checkRevision(_ text: String) throws(HubError) {
        guard let revision else { return }
        guard !revision.isEmpty, revision.utf8.count <= Self.revisionBytesMax else {
            throw .badName(text, reason: "a revision has 1 to \(Self.revisionBytesMax) characters")
        }
        let isPlain = revision.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && !"~^:?*[\\".utf8.contains($0)
        }
        guard isPlain, RepositoryPath.complaint(about: revision) == nil else {
            throw .badName(text, reason: "the revision is no name of a branch, a tag or a commit")
        }
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { self >= 0x30 && self <= 0x39 }
    var isLowercaseHex: Bool { isASCIIDigit || (self >= 0x61 && self <= 0x66) }
    /// A letter, a digit or `_`.
    var isASCIIWord: Bool {
        isASCIIDigit || (self | 0x20 >= 0x61 && self | 0x20 <= 0x7A) || self == 0x5F
    }
}
