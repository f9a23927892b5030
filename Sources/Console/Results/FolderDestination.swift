// The directory where a result goes, decided and probed before any work begins.

import Files
import FoundationEssentials
import Glibc
import Protocol
import Transport

typealias CollectionDestination = FolderDestination<CollectionManifest>

struct FolderDestination<Manifest: FolderManifest> {
    let path: String
    private let isOurs: Bool
    /// Nobody else changes what is there as long as this value lives.
    private let claim: (any Sendable)?

    /// - Parameters:
    ///   - expected: the result as it is known before the job has run; nil if it is not known.
    /// - Throws: a `Fault` with code `output` if something else is there or it cannot be written,
    ///   with code `temporary` if somebody is at work there.
    init(_ path: String, for expected: Manifest?, overwrites: Bool) throws(Fault) {
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
        claim = try Manifest.claim(path)
        if !overwrites { try checkContent(expected) }
    }

    private func checkContent(_ expected: Manifest?) throws(Fault) {
        let names = entries(of: path)
        if let manifest {
            // Without anything to compare with, digests will tell what has to be written.
            guard let expected, !expected.isOfSameJob(as: manifest) else { return }
            throw Fault(
                .output,
                "\(path) holds another \(Manifest.noun); name another --output, or pass "
                    + "--overwrite")
        }
        // What a client left that was killed may be completed.
        if let other = names.first(where: { !Self.isOurs($0) }) {
            throw Fault(
                .output,
                "\(path) is not empty (\(other)); name another --output, or pass "
                    + "--overwrite")
        }
    }

    /// The manifest that is there; nil if there is none that can be read.
    var manifest: Manifest? {
        guard let file = try? MappedFile(path: "\(path)/\(Manifest.fileName)") else {
            return nil
        }
        return try? JSONDecoder().decode(Manifest.self, from: Data(file.bytes))
    }

    /// Whether a file of that name is a result's, or the beginning of one.
    private static func isOurs(_ name: String) -> Bool {
        goes(name) || name == Manifest.lockName
    }

    private static func goes(_ name: String) -> Bool {
        name.hasPrefix(".") && name.hasSuffix(".partial") || Manifest.owns(name)
    }

    /// From here on the directory has no manifest until everything is there.
    func removeManifest() { removeFile("\(path)/\(Manifest.fileName)") }

    /// Takes away files of another result.
    func removeOthers(than manifest: Manifest) {
        let wanted = Set(manifest.resultFiles.map(\.name))
        for name in entries(of: path) where Self.goes(name) && !wanted.contains(name) {
            removeFile("\(path)/\(name)")
        }
    }

    /// Nothing came of it: a directory that was made for it goes, if nothing is in it.
    func leave() {
        if isOurs { rmdir(path) }
    }
}
