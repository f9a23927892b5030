// An index as a result that is fetched.

import Glibc
import Protocol
import Retrieval

extension IndexManifest: FolderManifest {
    static let noun = "index"
    static let lockName: String? = IndexLock.fileName

    var resultFiles: [CollectionManifest.File] {
        files.map { CollectionManifest.File(name: $0.file, bytes: $0.bytes, sha256: $0.sha256) }
    }

    static func owns(_ name: String) -> Bool {
        let kinds = [("segment-", ".seg"), ("encoder-", ".safetensors"), ("dead-", ".bits")]
        return kinds.contains { name.hasPrefix($0.0) && name.hasSuffix($0.1) }
    }

    static func claim(_ path: String) throws(Fault) -> (any Sendable)? {
        // Who writes an index has removed its manifest for a while, and holds the lock.
        let marks = [fileName, IndexLock.fileName]
        guard marks.contains(where: { access("\(path)/\($0)", F_OK) == 0 }) else { return nil }
        do throws(IndexError) { return try IndexLock(path) } catch {
            throw Fault(index: error)
        }
    }

    /// What is known before the job has run does not tell.
    func isOfSameJob(as other: IndexManifest) -> Bool { self == other }
}
