// What a job leaves that is a folder: files, and a manifest that names them all and comes last.

import Protocol

protocol FolderManifest: Codable, Equatable, Sendable {
    /// What people are told it is.
    static var noun: String { get }
    static var fileName: String { get }
    /// Whether a file of that name belongs to such a folder.
    static func owns(_ name: String) -> Bool
    var resultFiles: [CollectionManifest.File] { get }
    /// Whether both are of the same job, as far as that is known before it has run.
    func isOfSameJob(as other: Self) -> Bool
}

extension CollectionManifest: FolderManifest {
    static let noun = "collection"

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
