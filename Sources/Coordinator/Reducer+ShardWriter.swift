// Writes the files of one shard after the other, and hashes them as they are written.

import Digests
import Documents
import Files
import Protocol
import Tensors

/// A file with the SHA-256 of what was written to it.
private struct HashedFile {
    let name: String
    private let file: AtomicFile
    private var sum = SHA256Stream()

    init(_ name: String, in folder: String) throws(FileError) {
        self.name = name
        file = try AtomicFile(path: "\(folder)/\(name)")
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try file.write(bytes)
        sum.add(bytes)
    }

    mutating func write(_ bytes: [UInt8]) throws(FileError) {
        try file.write(bytes)
        sum.add(bytes)
    }

    func commit(durable: Bool) throws(FileError) -> CollectionManifest.File {
        try file.commit(durable: durable)
        return CollectionManifest.File(name: name, bytes: file.byteCount, sha256: sum.digest)
    }
}

final class ShardWriter {
    fileprivate struct Open {
        var vectors: HashedFile
        var ids: HashedFile
        var lengths: HashedFile?
        var left: ShardPlan.Shard
    }

    private let folder: String
    private let plan: [ShardPlan.Shard]
    private let type: StoredType
    private let dimension: Int
    private let hasLengths: Bool
    private let isDurable: Bool
    private var open: Open?
    private var shards: [CollectionManifest.Shard] = []

    /// - Parameter dimension: numbers of a vector.
    init(
        folder: String, plan: [ShardPlan.Shard], type: StoredType, dimension: Int,
        hasLengths: Bool, isDurable: Bool
    ) {
        self.folder = folder
        self.plan = plan
        self.type = type
        self.dimension = dimension
        self.hasLengths = hasLengths
        self.isDurable = isDurable
    }

    /// Appends the documents of a chunk but for those at some places, in rising order.
    func append(
        _ chunk: EncodedDocuments, without leftOut: [Int], _ vectors: UnsafeRawBufferPointer
    ) throws(FileError) {
        var first = 0
        var byte = 0
        for end in leftOut + [chunk.documents.count] {
            let kept = Array(chunk.documents[first..<end])
            let bytes = kept.reduce(0) { $0 + $1.rows } * chunk.rowBytes
            try append(kept, UnsafeRawBufferPointer(rebasing: vectors[byte..<byte + bytes]))
            guard end < chunk.documents.count else { break }
            byte += bytes + chunk.documents[end].rows * chunk.rowBytes
            first = end + 1
        }
    }

    /// Appends documents in the order of the plan.
    ///
    /// - Parameter vectors: all their rows.
    func append(
        _ documents: [EncodedDocuments.Document], _ vectors: UnsafeRawBufferPointer
    ) throws(FileError) {
        let rowBytes = type.rowBytes(dimension)
        var first = 0
        var row = 0
        while first < documents.count {
            var shard: Open
            if let open { shard = open } else { shard = try begin() }
            let count = min(shard.left.documents, documents.count - first)
            let part = documents[first..<first + count]
            let rows = part.reduce(0) { $0 + $1.rows }
            try shard.vectors.write(
                UnsafeRawBufferPointer(
                    rebasing: vectors[row * rowBytes..<(row + rows) * rowBytes]))
            try shard.add(part)
            shard.left.documents -= count
            shard.left.rows -= rows
            self.open = shard
            if shard.left.documents == 0 { try end(shard) }
            first += count
            row += rows
        }
    }

    /// - Returns: all shards; each of them has its name by now.
    func finish() throws(FileError) -> [CollectionManifest.Shard] {
        precondition(open == nil && shards.count == plan.count, "\(shards.count) of \(plan.count)")
        return shards
    }

    private func begin() throws(FileError) -> Open {
        let digits = String(shards.count)
        let number = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let shard = plan[shards.count]
        var vectors = try HashedFile("vectors-\(number).npy", in: folder)
        let columns = type.rowBytes(dimension) / type.bytesPerElement
        try vectors.write(
            NpyHeader(descriptor: type.npyDescriptor, shape: [shard.rows, columns]).encoded)
        let ids = try HashedFile("ids-\(number).txt", in: folder)
        var lengths: HashedFile?
        if hasLengths {
            var file = try HashedFile("lengths-\(number).npy", in: folder)
            try file.write(NpyHeader(descriptor: "<i4", shape: [shard.documents]).encoded)
            lengths = file
        }
        return Open(vectors: vectors, ids: ids, lengths: lengths, left: shard)
    }

    private func end(_ shard: Open) throws(FileError) {
        open = nil
        let planned = plan[shards.count]
        shards.append(
            CollectionManifest.Shard(
                documents: planned.documents, rows: planned.rows,
                vectors: try shard.vectors.commit(durable: isDurable),
                ids: try shard.ids.commit(durable: isDurable),
                lengths: try shard.lengths?.commit(durable: isDurable)))
    }
}

extension ShardWriter.Open {
    /// Ids and lengths of documents.
    fileprivate mutating func add(
        _ documents: ArraySlice<EncodedDocuments.Document>
    ) throws(FileError) {
        var lines: [UInt8] = []
        var rows: [UInt8] = []
        for document in documents {
            lines += DocumentID.line(document.id).utf8
            lines.append(0x0a)
            guard lengths != nil else { continue }
            withUnsafeBytes(of: Int32(clamping: document.rows).littleEndian) { rows += $0 }
        }
        try ids.write(lines)
        try lengths?.write(rows)
    }
}
