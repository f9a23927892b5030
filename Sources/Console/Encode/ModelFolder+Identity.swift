// The content of a model's folder as one name, as a coordinator finds it, too.

import Digests
import Files
import Models
import Protocol

extension ModelFolder {
    /// - Throws: a `Fault` naming the file that cannot be read.
    func identity() throws(Fault) -> String { try identified().identity }

    /// The same with the digest of each entry.
    func identified() throws(Fault) -> (identity: String, digests: [String]) {
        var files: [(name: String, digest: String)] = []
        for entry in entries {
            var sum = SHA256Stream()
            do throws(FileError) {
                let file = try MappedFile(path: entry.file.path)
                file.willReadSequentially()
                withExtendedLifetime(file) { sum.add(file.bytes) }
            } catch { throw Fault(.input, "\(error)") }
            files.append((entry.name, sum.digest))
        }
        return (FolderIdentity.sum(files), files.map(\.digest))
    }
}

extension ModelSource {
    /// The cross-encoder of a search, in a folder or by its name.
    ///
    /// - Throws: a `Fault` if it is none, or cannot be read.
    init(crossEncoder name: String) throws(Fault) {
        let folder = try ModelFolder(named: name)
        let kind: ModelKind
        do throws(ModelError) { kind = try ModelKind(directory: folder.path) } catch {
            throw Fault(model: error)
        }
        guard kind == .crossEncoder else {
            throw Fault(
                .usage,
                "\(name) is no cross-encoder; its config.json would name an architecture that ends "
                    + "in ForSequenceClassification")
        }
        let (identity, digests) = try folder.identified()
        self.init(folder: folder, identity: identity, digests: digests)
    }
}
