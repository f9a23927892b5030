// An index as a result that is fetched.

import Protocol
import Retrieval

extension IndexManifest: FolderManifest {
    static let noun = "index"

    var resultFiles: [CollectionManifest.File] {
        files.map { CollectionManifest.File(name: $0.file, bytes: $0.bytes, sha256: $0.sha256) }
    }

    static func owns(_ name: String) -> Bool {
        let kinds = [("segment-", ".seg"), ("encoder-", ".safetensors"), ("dead-", ".bits")]
        return kinds.contains { name.hasPrefix($0.0) && name.hasSuffix($0.1) } || name == "lock"
    }

    /// What is known before the job has run does not tell.
    func isOfSameJob(as other: IndexManifest) -> Bool { self == other }
}
