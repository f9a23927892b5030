// The directory where a collection goes, decided and probed before any work begins.

import Files
import FoundationEssentials
import Glibc
import Protocol
import Transport

struct CollectionDestination {
    let path: String
    private let isOurs: Bool

    /// - Parameters:
    ///   - expected: the collection as it is known before the job has run; nil if it is not known.
    /// - Throws: a `Fault` with code `output` if something else is there or it cannot be written.
    init(_ path: String, for expected: CollectionManifest?, overwrites: Bool) throws(Fault) {
        self.path = path
        isOurs = mkdir(path, 0o777) == 0
        guard isOurs || errno == EEXIST else {
            let reason = String(cString: strerror(errno))
            throw Fault(.output, "cannot make the directory \(path): \(reason)")
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw Fault(.output, "\(path) is not a directory; name another --output")
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw Fault(.output, "cannot write into \(path): \(String(cString: strerror(errno)))")
        }
        if !overwrites { try checkContent(expected) }
    }

    private func checkContent(_ expected: CollectionManifest?) throws(Fault) {
        let names = entries(of: path)
        if let manifest {
            // Without anything to compare with, digests will tell what has to be written.
            guard let expected, !expected.isOfSameJob(as: manifest) else { return }
            throw Fault(
                .output,
                "\(path) holds another collection; name another --output, or pass "
                    + "--overwrite")
        }
        // What a client left that was killed may be completed.
        if let other = names.first(where: { !Self.isOfCollection($0) }) {
            throw Fault(
                .output,
                "\(path) is not empty (\(other)); name another --output, or pass "
                    + "--overwrite")
        }
    }

    /// The manifest that is there; nil if there is none that can be read.
    var manifest: CollectionManifest? {
        guard let file = try? MappedFile(path: "\(path)/\(CollectionManifest.fileName)") else {
            return nil
        }
        return try? JSONDecoder().decode(CollectionManifest.self, from: Data(file.bytes))
    }

    /// Whether a file of that name is a shard's, or the beginning of one.
    private static func isOfCollection(_ name: String) -> Bool {
        if name.hasPrefix("."), name.hasSuffix(".partial") { return true }
        let kinds = [("vectors-", ".npy"), ("ids-", ".txt"), ("lengths-", ".npy")]
        return kinds.contains { prefix, suffix in
            guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return false }
            let number = name.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
            return number.utf8.count >= 5 && number.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
    }

    /// From here on the directory has no manifest until everything is there.
    func removeManifest() { removeFile("\(path)/\(CollectionManifest.fileName)") }

    /// Takes away shards that are not the collection's.
    func removeOthers(than manifest: CollectionManifest) {
        let wanted = Set(manifest.shards.flatMap(\.files).map(\.name))
        for name in entries(of: path) where Self.isOfCollection(name) && !wanted.contains(name) {
            removeFile("\(path)/\(name)")
        }
    }

    /// Nothing came of it: a directory that was made for it goes, if nothing is in it.
    func leave() {
        if isOurs { rmdir(path) }
    }
}
