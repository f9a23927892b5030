// The content of a model's folder as one name, as a coordinator finds it, too.

import Digests
import Files
import Protocol

extension ModelFolder {
    /// - Throws: a `Fault` naming the file that cannot be read.
    func identity() throws(Fault) -> String {
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
        return FolderIdentity.sum(files)
    }
}
