// The directory of a worker's encoded text.

import Protocol
import Transport

/// A directory that was named and stays, or a temporary one that goes with the worker.
struct CacheDirectory: Sendable {
    let path: String
    private let isTemporary: Bool

    init(_ named: String?) throws(Fault) {
        isTemporary = named == nil
        if let named {
            try makeDirectory(named)
            path = named
        } else {
            path = try makeTemporaryDirectory()
        }
    }

    func removeIfTemporary() {
        if isTemporary { removeTree(path) }
    }
}
