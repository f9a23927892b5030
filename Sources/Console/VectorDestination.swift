// Where vectors go, decided and probed before any work begins.

import Files
import Glibc
import Protocol
import WordVectors

struct VectorDestination {
    let path: String
    let format: VectorFormat

    /// - Throws: a `Fault` if the format is not known (64) or nothing can be written there (73).
    init(_ path: String, format named: String?) throws(Fault) {
        self.path = path
        if let named {
            guard let format = VectorFormat(rawValue: named), format != .gloveText else {
                throw Fault(
                    .usage, "--format \(named) is not known; use word2vec-binary, word2vec-text, "
                        + "npy or safetensors")
            }
            self.format = format
        } else {
            format = Self.format(ofEnding: path)
        }
        try probe()
    }

    private static func format(ofEnding path: String) -> VectorFormat {
        let endings: [(String, VectorFormat)] = [
            (".txt", .word2vecText), (".vec", .word2vecText), (".npy", .npy),
            (".safetensors", .safetensors),
        ]
        return endings.first { path.hasSuffix($0.0) }?.1 ?? .word2vecBinary
    }

    /// A night of training must not end at a directory that cannot be written.
    private func probe() throws(Fault) {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw Fault(.output, "\(path) is a directory; name a file in it")
        }
        do throws(FileError) {
            // Taken away again by its own end, since it is not committed.
            _ = try AtomicFile(path: path)
        } catch { throw Fault(.output, "\(error)") }
    }

    func write(_ table: WordVectorTable) throws(Fault) {
        do throws(FileError) {
            try VectorFile.write(table, to: path, format: format)
        } catch { throw Fault(.output, "\(error)") }
    }
}
