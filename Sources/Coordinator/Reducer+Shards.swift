// Assembles the shards of an encoded collection from what the units left, in the input's order.

import Documents
import Files
import FoundationEssentials
import Glibc
import Protocol
import Tensors
import Transport

/// Memory holds one unit's outputs and the buffers of a shard's files, however large the collection
/// is.
struct ShardReduction {
    let spec: EncodeDocuments
    let source: ModelSource
    let folder: String
    /// Where files may stand meanwhile.
    let scratch: String
    let isDurable: Bool
    private static let shardBytesMax = 1 << 30

    /// The manifest that stands in `folder`, which is written last; nil before that.
    static func finishedManifest(in folder: String) -> CollectionManifest? {
        guard let file = try? MappedFile(path: "\(folder)/\(CollectionManifest.fileName)") else {
            return nil
        }
        return try? JSONDecoder().decode(CollectionManifest.self, from: Data(file.bytes))
    }

    /// - Parameter outputs: known to be whole.
    /// - Returns: the manifest, which is written last.
    func write(_ round: Round, _ outputs: RoundOutputs) throws(Fault) -> CollectionManifest {
        do { return try assemble(round, outputs) } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(.output, "the shards of the collection cannot be written: \(error)")
        }
    }

    private func assemble(_ round: Round, _ outputs: RoundOutputs) throws -> CollectionManifest {
        let order = Self.order(of: round)
        let duplicates = try duplicates(order, outputs)
        var manifest = blankManifest
        manifest.duplicates = duplicates.count
        var plan = ShardPlan(documentsMax: spec.shardRows, bytesMax: Self.shardBytesMax)
        var seen = 0
        for unit in order {
            try read(unit.index, outputs) { chunk, _ in
                let leftOut = duplicates.places(seen..<seen + chunk.documents.count)
                seen += chunk.documents.count
                var chunk = chunk
                chunk.skip(leftOut, because: DuplicateDocuments.reason)
                manifest.add(chunk, of: unit.chunk.name)
                plan.add(chunk.documents, rowBytes: chunk.rowBytes)
            }
        }
        if manifest.documents == 0, manifest.skipped == 0 {
            throw Fault(
                .data,
                "there are no documents: \(spec.name(of: spec.files[0])) has only blank lines")
        }
        let writer = ShardWriter(
            folder: folder, plan: plan.shards, type: try storedType,
            dimension: manifest.dimension, hasLengths: spec.tokenLevel, isDurable: isDurable)
        seen = 0
        for unit in order {
            try read(unit.index, outputs) { chunk, vectors in
                let leftOut = duplicates.places(seen..<seen + chunk.documents.count)
                seen += chunk.documents.count
                try writer.append(chunk, without: leftOut, vectors)
            }
        }
        manifest.shards = try writer.finish()
        try save(manifest)
        return manifest
    }

    /// Those of the documents, by their place among all, that are to be left out.
    private func duplicates(
        _ order: [(index: Int, chunk: EncodeChunk)], _ outputs: RoundOutputs
    ) throws -> DuplicateDocuments {
        guard spec.skipsMalformed, spec.idsMayRepeat else { return .none }
        try makeDirectory(scratch)
        var search = DuplicateDocuments.Search(scratch: "\(scratch)/ids")
        for unit in order {
            try read(unit.index, outputs) { chunk, _ in try search.add(chunk.documents) }
        }
        return search.finish()
    }

    private func read(
        _ unit: Int, _ outputs: RoundOutputs,
        _ body: (EncodedDocuments, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard let frame = outputs.frames(of: unit, isChecked: true)?.first else {
            throw Fault(.internalError, "outputs of unit \(unit) vanished meanwhile")
        }
        try frame.withUnsafeBytes { bytes in
            let (chunk, vectors) = try EncodedDocuments.read(bytes)
            try body(chunk, UnsafeRawBufferPointer(rebasing: bytes[vectors]))
        }
    }

    private static func order(of round: Round) -> [(index: Int, chunk: EncodeChunk)] {
        var order: [(index: Int, chunk: EncodeChunk)] = []
        for (index, unit) in round.units.enumerated() {
            if case .encodeChunk(let chunk) = unit.task { order.append((index, chunk)) }
        }
        // Halves of units that were cut in two stand at the end of the round.
        return order.sorted {
            $0.chunk.firstRecord + $0.chunk.records.lowerBound
                < $1.chunk.firstRecord + $1.chunk.records.lowerBound
        }
    }

    private var storedType: StoredType {
        get throws(Fault) {
            guard let type = StoredType(rawValue: spec.dtype) else {
                throw Fault(.usage, "no vectors of \(spec.dtype) are known")
            }
            return type
        }
    }

    private var blankManifest: CollectionManifest {
        var manifest = CollectionManifest(of: spec)
        manifest.model.sha256 = source.identity
        for (index, digest) in source.digests.enumerated() {
            manifest.model.files[index].sha256 = digest
        }
        let type = StoredType(rawValue: spec.dtype)
        manifest.npyType = type?.npyDescriptor ?? ""
        manifest.note = type?.note
        manifest.scale = type?.scale
        return manifest
    }

    private func save(_ manifest: CollectionManifest) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let file = try AtomicFile(path: "\(folder)/\(CollectionManifest.fileName)")
        try file.write([UInt8](try encoder.encode(manifest)) + [0x0a])
        try file.commit(durable: isDurable)
    }
}

extension CollectionManifest {
    /// Adds the figures of a chunk, and lists what is to be listed as long as there is room.
    fileprivate mutating func add(_ chunk: EncodedDocuments, of path: String) {
        dimension = chunk.dimension
        maxLength = chunk.maxLength
        documents += chunk.documents.count
        rows += chunk.rows
        repaired += chunk.repaired
        let path = path == EncodeDocuments.standardInputName ? "-" : path
        skipped += chunk.skipped.count
        for problem in chunk.skipped where skippedDocuments.count < Self.listedMax {
            skippedDocuments.append(
                Skipped(file: path, line: problem.line, id: problem.id, reason: problem.reason))
        }
        for document in chunk.documents {
            tokens += min(document.tokens, chunk.maxLength)
            guard document.isTruncated else { continue }
            truncated += 1
            if truncatedDocuments.count < Self.listedMax {
                truncatedDocuments.append(Truncated(id: document.id, tokens: document.tokens))
            }
        }
    }
}
