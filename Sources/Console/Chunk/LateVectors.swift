// Vectors of passages that have seen their whole document, in files as `encode` writes them.

import Digests
import Documents
import Files
import FoundationEssentials
import Glibc
import Models
import Protocol
import Tensors
import Transport

/// A directory that was empty: shards of .npy with ids beside them, and a manifest, which comes
/// last. Memory holds what is written of one batch of documents.
final class LateVectors {
    private struct Shard {
        let vectors: AtomicFile
        let ids: AtomicFile
        var rows = 0
    }

    private let path: String
    private let wasMade: Bool
    private var manifest: CollectionManifest
    private var open: Shard?
    private static let shardBytesMax = 1 << 30

    /// - Throws: a `Fault` with code `output` if something is there or nothing can be written.
    init(_ path: String, _ manifest: CollectionManifest, dimension: Int) throws(Fault) {
        self.path = path
        self.manifest = manifest
        self.manifest.dimension = dimension
        wasMade = mkdir(path, 0o777) == 0
        guard wasMade || errno == EEXIST, access(path, W_OK | X_OK) == 0 else {
            throw Fault(
                .output, "cannot write into \(path): \(String(cString: strerror(errno)))")
        }
        guard wasMade || entries(of: path).isEmpty else {
            throw Fault(
                .output, "\(path) is not empty; name another directory as --late-vectors")
        }
    }

    func add(_ document: WrittenDocument) throws(Fault) {
        let (width, count) = (manifest.dimension, document.ids.count)
        manifest.documents += count
        manifest.rows += count
        manifest.tokens += document.tokens
        var first = 0
        do throws(FileError) {
            while first < count {
                var shard: Shard
                if let open { shard = open } else { shard = try begin() }
                let part = first..<min(count, first + rowsMax - shard.rows)
                let vectors = document.vectors[part.lowerBound * width..<part.upperBound * width]
                let written = vectors.withUnsafeBytes { bytes in
                    Result { () throws(FileError) in try shard.vectors.write(bytes) }
                }
                try written.get()
                try shard.ids.write(
                    document.ids[part].map { DocumentID.line($0) + "\n" }.joined())
                shard.rows += part.count
                open = shard
                if shard.rows == rowsMax { try end() }
                first = part.upperBound
            }
        } catch { throw Fault(.output, "\(error)") }
    }

    /// - Parameter report: of all documents.
    func finish(_ report: ChunkReport) throws(Fault) {
        manifest.skipped = report.skipped
        manifest.repaired = report.repaired
        do throws(FileError) {
            if open != nil { try end() }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
            guard let text = try? encoder.encode(manifest) else {
                throw FileError.unwritable(path: path, reason: "its manifest has no text")
            }
            let file = try AtomicFile(path: "\(path)/\(CollectionManifest.fileName)")
            try file.write([UInt8](text) + [0x0a])
            try file.commit()
        } catch { throw Fault(.output, "\(error)") }
    }

    /// Nothing came of it.
    func leave() {
        open = nil
        // Of the shard that failed, one file may be there.
        let begun = [name("vectors", ".npy"), name("ids", ".txt"), CollectionManifest.fileName]
        for file in manifest.shards.flatMap(\.files).map(\.name) + begun {
            removeFile("\(path)/\(file)")
        }
        if wasMade { rmdir(path) }
    }

    // MARK: Shards

    private var rowsMax: Int { max(Self.shardBytesMax / (4 * manifest.dimension), 1) }

    private func name(_ kind: String, _ ending: String) -> String {
        let digits = String(manifest.shards.count)
        return "\(kind)-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
            + ending
    }

    /// A header has the same length whatever the number of rows.
    private func header(rows: Int) -> [UInt8] {
        NpyHeader(descriptor: manifest.npyType, shape: [rows, manifest.dimension]).encoded
    }

    private func begin() throws(FileError) -> Shard {
        let shard = Shard(
            vectors: try AtomicFile(path: "\(path)/\(name("vectors", ".npy"))"),
            ids: try AtomicFile(path: "\(path)/\(name("ids", ".txt"))"))
        try shard.vectors.write(header(rows: 0))
        return shard
    }

    private func end() throws(FileError) {
        guard let shard = open else { return }
        open = nil
        let written = header(rows: shard.rows).withUnsafeBytes { bytes in
            Result { () throws(FileError) in try shard.vectors.overwrite(bytes, at: 0) }
        }
        try written.get()
        try shard.vectors.commit()
        try shard.ids.commit()
        manifest.shards.append(
            CollectionManifest.Shard(
                documents: shard.rows, rows: shard.rows,
                vectors: try hashed(name("vectors", ".npy")), ids: try hashed(name("ids", ".txt")),
                lengths: nil))
    }

    private func hashed(_ name: String) throws(FileError) -> CollectionManifest.File {
        let file = try MappedFile(path: "\(path)/\(name)")
        file.willReadSequentially()
        var sum = SHA256Stream()
        withExtendedLifetime(file) { sum.add(file.bytes) }
        return CollectionManifest.File(name: name, bytes: file.bytes.count, sha256: sum.digest)
    }
}
