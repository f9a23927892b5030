// What a job leaves that is a folder: files, and a manifest that names them all and comes last.

import Protocol

protocol FolderManifest: Codable, Equatable, Sendable {
    /// What people are told it is.
    static var noun: String { get }
    static var fileName: String { get }
    /// Whether a file of that name belongs to such a folder, and goes when another takes its place.
    static func owns(_ name: String) -> Bool
    /// A file that stays there whatever takes the place of what; nil if there is none.
    static var lockName: String? { get }
    /// What keeps others from changing such a folder, as long as it lives; nil if nobody does that,
    /// or there is none.
    static func claim(_ path: String) throws(Fault) -> (any Sendable)?
    var resultFiles: [CollectionManifest.File] { get }
    /// Whether both are of the same job, as far as that is known before it has run.
    func isOfSameJob(as other: Self) -> Bool
}

extension CollectionManifest: FolderManifest {
    static let noun = "collection"
    static let lockName: String? = nil

    static func claim(_ path: String) throws(Fault) -> (any Sendable)? { nil }

    var resultFiles: [File] { shards.flatMap(\.files) }

    static func owns(_ name: String) -> Bool {
        let kinds = [("vectors-", ".npy"), ("ids-", ".txt"), ("lengths-", ".npy")]
        return kinds.contains { name.isNumbered($0.0, $0.1) }
    }
}

extension String {
    /// `prefix`, at least five digits, `suffix`.
    func isNumbered(_ prefix: String, _ suffix: String) -> Bool {
        guard hasPrefix(prefix), hasSuffix(suffix) else { return false }
        let number = dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
        return number.utf8.count >= 5 && number.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
