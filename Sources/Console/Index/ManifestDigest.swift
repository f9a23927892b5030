// The digest that manifests of indexes record.

import Digests
import Retrieval

/// SHA-256.
struct ManifestDigest: ByteDigest {
    private var sum = SHA256Stream()

    var digest: String { sum.digest }

    mutating func add(_ bytes: UnsafeRawBufferPointer) { sum.add(bytes) }
}
