// Where vectors go, decided and probed before any work begins.

import Files
import Glibc
import Protocol
import WordVectors

struct VectorDestination {
    let path: String
    let format: VectorFormat

    /// - Parameter hasSubwords: whether there are n-grams, which a fastText `.bin` alone can hold.
    /// - Throws: a `Fault` if the format is not known (64) or nothing can be written there (73).
    init(_ path: String, format named: String?, hasSubwords: Bool = false) throws(Fault) {
        self.path = path
        let known: [VectorFormat] =
            [.word2vecBinary, .word2vecText, .npy, .safetensors] + (hasSubwords ? [.fastText] : [])
        if let named {
            guard let format = VectorFormat(rawValue: named), known.contains(format) else {
                let names = known.map(\.rawValue)
                throw Fault(
                    .usage, "--format \(named) is not known; use "
                        + names.dropLast().joined(separator: ", ") + " or \(names.last ?? "")")
            }
            self.format = format
        } else {
            format = Self.format(ofEnding: path, hasSubwords)
        }
        try probe()
    }

    private static func format(ofEnding path: String, _ hasSubwords: Bool) -> VectorFormat {
        let endings: [(String, VectorFormat)] = [
            (".txt", .word2vecText), (".vec", .word2vecText), (".npy", .npy),
            (".safetensors", .safetensors), (".bin", hasSubwords ? .fastText : .word2vecBinary),
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

    /// - Returns: the table of the vectors, which a fastText `.bin` holds as well.
    func write(_ model: TrainedModel, _ layer: VectorLayer) throws -> WordVectorTable {
        let table = try model.table(layer)
        guard format == .fastText else {
            try write(table)
            return table
        }
        do { try model.writeFastText(to: path) } catch let error as FileError {
            throw Fault(.output, "\(error)")
        }
        return table
    }

    func write(_ table: WordVectorTable) throws(Fault) {
        do throws(FileError) {
            try VectorFile.write(table, to: path, format: format)
        } catch { throw Fault(.output, "\(error)") }
    }
}

extension VectorDestination {
    /// With the words that a `.npy` has beside it.
    private var files: [String] {
        format == .npy ? [path, VectorFile.vocabularyPath(forNpy: path)] : [path]
    }

    /// Refuses an output that is an input, and two outputs in one file, however they are named.
    ///
    /// - Parameter others: what is written besides vectors.
    static func check(
        _ vectors: [VectorDestination], others: [String] = [], inputs: [InputFile] = []
    ) throws(Fault) {
        let read = Set(inputs.map { resolved($0.path) })
        var written: [String: String] = [:]
        for path in vectors.flatMap(\.files) + others {
            let file = resolved(path)
            if read.contains(file) {
                throw Fault(.usage, "\(path) is an input as well; name another output")
            }
            if let other = written.updateValue(path, forKey: file) {
                throw Fault(
                    .usage,
                    "two outputs would go to one file, \(other) and \(path); name different ones")
            }
        }
    }

    /// Without links and detours, also where there is no such file yet.
    private static func resolved(_ path: String) -> String {
        if let known = canonical(path) { return known }
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        return (canonical(folder) ?? folder) + "/" + name
    }

    private static func canonical(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }
}
