// The corpus of an estimate as plain text.

import Compression
import Files
import Glibc
import Protocol
import Transport

/// Expands what is compressed into a directory of its own, which goes with it.
final class EstimateInput {
    let paths: [String]
    let directory: String
    /// Plain text that a job would have to put beside the compressed files.
    let expandedBytes: Int
    private static let expandedBytesMax = 4 << 30

    init(_ files: [String]) throws {
        directory = try Self.makeDirectory()
        do {
            var paths: [String] = []
            var expanded = 0
            for (index, file) in files.enumerated() {
                try Interrupts.check()
                guard try Decompressor.compression(of: file) != nil else {
                    paths.append(file)
                    continue
                }
                let path = "\(directory)/\(index).txt"
                expanded += try Decompressor.expand(
                    file, to: path, bytesMax: Self.expandedBytesMax - expanded)
                paths.append(path)
            }
            self.paths = paths
            expandedBytes = expanded
        } catch {
            removeTree(directory)
            throw error
        }
    }

    deinit { removeTree(directory) }

    private static func makeDirectory() throws(Fault) -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/sounder-estimate-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw Fault(
                .output,
                "\(parent) takes no directory: \(String(cString: strerror(errno))); "
                    + "name another in TMPDIR")
        }
        return String(cString: made)
    }
}
