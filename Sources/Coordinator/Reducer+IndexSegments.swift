// Segments of an index, from the chunks that workers encoded.

import Digests
import Documents
import Files
import Glibc
import Protocol
import Retrieval
import Transport

extension IndexReduction {
    func write(
        _ round: Round, _ outputs: RoundOutputs, codebook: Frame
    ) throws(Fault) -> [String: Double] {
        do { return try assemble(round, outputs, codebook).measures } catch let fault as Fault {
            throw fault
        } catch let error as IndexError {
            throw Fault(error.isOfData ? .data : .output, "the index cannot be written: \(error)")
        } catch {
            throw Fault(.output, "the index cannot be written: \(error)")
        }
    }

    private func assemble(
        _ round: Round, _ outputs: RoundOutputs, _ codebook: Frame
    ) throws -> IndexManifest {
        let place = "\(scratch)/index"
        removeTree(place)
        try makeDirectory(place)
        let encoder = try self.encoder(codebook)
        let order = Self.order(of: round)
        let index = try IndexDirectory.create(
            place, model: identity, encoder: encoder,
            dense: try dense(order, outputs, encoder), digest: newDigest)
        let duplicates = try duplicates(order, outputs)
        var figures = IndexFigures()
        for unit in order {
            try figures.add(outputs, unit.index, of: unit.name, without: duplicates)
        }
        if figures.documents == 0, figures.ledger.skipped == 0 {
            let name = spec.documents.name(of: spec.documents.files[0])
            throw Fault(.data, "there are no documents: \(name) has only blank lines")
        }
        let most = try segmentPassages(of: figures.documents)
        var parts: [(segment: Segment, dead: Tombstones)] = []
        var seen = 0
        for unit in order {
            let segment = try segment(of: unit, outputs, encoder)
            // Without documents a unit has no dense vectors either, and agrees with no other.
            if segment.passages == 0 { continue }
            var dead = Tombstones(passages: segment.passages)
            for place in duplicates.places(seen..<seen + segment.passages) { dead.insert(place) }
            seen += segment.passages
            parts.append((segment, dead))
            if parts.reduce(0, { $0 + $1.segment.passages - $1.dead.count }) >= most {
                try index.appendNew(parts)
                parts = []
            }
        }
        if !parts.isEmpty { try index.appendNew(parts) }
        return try move(index.manifest, figures, from: place)
    }

    /// Those of the documents, by their place among all, that are to be left out.
    private func duplicates(
        _ order: [(index: Int, name: String)], _ outputs: RoundOutputs
    ) throws -> DuplicateDocuments {
        guard spec.documents.skipsMalformed, spec.documents.idsMayRepeat else { return .none }
        var search = DuplicateDocuments.Search(scratch: "\(scratch)/ids")
        for unit in order { try search.add(IndexFigures.chunk(outputs, unit.index).documents) }
        return search.finish()
    }

    private func encoder(_ codebook: Frame) throws -> TokenEncoder {
        let path = "\(scratch)/codebook.safetensors"
        try codebook.withUnsafeBytes { bytes in
            let file = try AtomicFile(path: path)
            try file.write(bytes)
            try file.commit(durable: false)
        }
        defer { removeFile(path) }
        return try TokenEncoder.read(from: path)
    }

    private func segment(
        of unit: (index: Int, name: String), _ outputs: RoundOutputs, _ encoder: TokenEncoder
    ) throws -> Segment {
        guard let frames = outputs.frames(of: unit.index, isChecked: true) else {
            throw Fault(.internalError, "outputs of unit \(unit.index) vanished meanwhile")
        }
        return try Segment(unit: frames[1], of: unit.name, encoder: encoder)
    }

    /// What the first segment with a passage has beside tokens; all must have the same.
    private func dense(
        _ order: [(index: Int, name: String)], _ outputs: RoundOutputs, _ encoder: TokenEncoder
    ) throws -> DenseSettings? {
        for unit in order {
            let segment = try segment(of: unit, outputs, encoder)
            if segment.passages > 0 { return segment.dense }
        }
        return nil
    }

    private static func order(of round: Round) -> [(index: Int, name: String)] {
        var order: [(index: Int, first: Int, name: String)] = []
        for (index, unit) in round.units.enumerated() {
            guard case .indexChunk(let task) = unit.task else { continue }
            let first = task.chunk.firstRecord + task.chunk.records.lowerBound
            order.append((index, first, task.chunk.name))
        }
        // Halves of units that were cut in two stand at the end of the round.
        return order.sorted { $0.first < $1.first }.map { ($0.index, $0.name) }
    }

    /// Enough segments that several workers can search side by side, and few enough that a query
    /// does not pay for their number, and that it can name them all.
    private func segmentPassages(of documents: Int) throws(Fault) -> Int {
        let least = (documents + Limits.indexShardsMax - 1) / Limits.indexShardsMax
        guard spec.settings.segmentPassages > 0 else {
            return max(min(max((documents + 15) / 16, 1_024), 1 << 17), least)
        }
        guard spec.settings.segmentPassages >= least else {
            throw Fault(
                .usage,
                "--segment-passages \(spec.settings.segmentPassages) makes more than "
                    + "\(Limits.indexShardsMax) segments of \(documents) documents, which no "
                    + "search takes; pass \(least) or more")
        }
        return spec.settings.segmentPassages
    }

    private var identity: ModelIdentity {
        let documents = spec.documents
        let name = documents.model.path.split(separator: "/").last.map(String.init) ?? ""
        return ModelIdentity(
            name: name, sha256: source.identity,
            settings: spec.settings.vectorSettings(documents))
    }

    private var newDigest: NewDigest { { ManifestDigest() } }

    /// Moves the files of the finished index to where results are, the manifest last.
    private func move(
        _ manifest: IndexManifest, _ figures: IndexFigures, from place: String
    ) throws -> IndexManifest {
        var manifest = manifest
        manifest.ledger = figures.ledger
        manifest.building = spec.settings.buildingSettings
        manifest.remember(fields: spec.metadataFields)
        for file in manifest.files {
            guard rename("\(place)/\(file.file)", "\(folder)/\(file.file)") == 0 else {
                throw Fault(
                    .output,
                    "cannot move \(file.file) to \(folder): \(String(cString: strerror(errno)))")
            }
        }
        try manifest.write(to: "\(folder)/\(IndexManifest.fileName)")
        removeTree(place)
        return manifest
    }
}

/// SHA-256, as manifests record it.
private struct ManifestDigest: ByteDigest {
    private var sum = SHA256Stream()

    var digest: String { sum.digest }

    mutating func add(_ bytes: UnsafeRawBufferPointer) { sum.add(bytes) }
}

extension Segment {
    /// What a unit left; the frame lives as long as the segment.
    fileprivate convenience init(
        unit frame: Frame, of name: String, encoder: TokenEncoder
    ) throws(IndexError) {
        let owner = FrameOwner(frame)
        let bytes = frame.withUnsafeBytes { $0 }
        try self.init(bytes, keeping: owner, path: "a segment of \(name)", encoder: encoder)
    }
}

private final class FrameOwner: Sendable {
    private let frame: Frame
    init(_ frame: Frame) { self.frame = frame }
}

extension IndexDirectory {
    /// - Throws: also `.duplicate` for an id that the index has already. Documents of one job are
    ///   equals: none of them replaces another.
    fileprivate func appendNew(
        _ parts: [(segment: Segment, dead: Tombstones)]
    ) throws(IndexError) {
        guard try append(parts, threads: processorCount()) > 0 else { return }
        for (segment, dead) in snapshot.segments {
            for passage in 0..<segment.passages where dead.contains(passage) {
                throw .duplicate(id: try segment.id(of: passage))
            }
        }
    }
}

extension IndexError {
    /// Whether it is the documents that cannot be indexed, and not the disk.
    fileprivate var isOfData: Bool {
        switch self {
        case .duplicate, .limit, .vectors, .mismatch, .metadata: true
        default: false
        }
    }
}

extension IndexManifest {
    var measures: [String: Double] {
        var measures: [String: Double] = [
            "passages": Double(passages), "indexTokens": Double(tokens),
            "segments": Double(segments.count), "dimension": Double(dimension),
        ]
        if let ledger {
            measures["documents"] = Double(ledger.documents)
            measures["truncated"] = Double(ledger.truncated)
            measures["skipped"] = Double(ledger.skipped)
            measures["repaired"] = Double(ledger.repaired)
            measures["maxLength"] = Double(ledger.maxLength)
        }
        return measures
    }
}
