// The reductions of a job that builds an index: centroids from a sample, segments from chunks.

import Digests
import Documents
import Files
import Glibc
import Protocol
import Retrieval
import Tensors
import Transport

/// Memory holds the sample, or of the segments what their writer holds, however large the
/// collection is.
struct IndexReduction {
    let spec: BuildIndex
    let source: ModelSource
    /// Where the index goes, and where it is put together.
    let folder: String
    let scratch: String
    let isDurable: Bool
    private static let sampleBytesMax = 1 << 30

    static let manifestName = IndexManifest.fileName

    /// The figures of the index that stands in `folder`, whose manifest is moved there last; nil
    /// before that.
    static func finished(in folder: String) -> [String: Double]? {
        guard access("\(folder)/\(manifestName)", F_OK) == 0 else { return nil }
        return (try? IndexManifest.read("\(folder)/\(manifestName)"))?.measures
    }

    static func codebook(at path: String) throws(Fault) -> Frame {
        do {
            _ = try TokenEncoder.read(from: path)
            let file = try MappedFile(path: path)
            return Frame(file.bytes) { _ in withExtendedLifetime(file) {} }
        } catch { throw Fault(.data, "the centroids of the index cannot be read: \(error)") }
    }

    /// What a unit of the second round left; the segment is opened when it is merged.
    static func check(_ documents: Frame, _ segment: Frame) throws(Fault) {
        do {
            let count = try documents.withUnsafeBytes { bytes in
                try EncodedDocuments.read(bytes).0.documents.count
            }
            let passages = try segment.withUnsafeBytes { bytes in
                try Segment.passages(inHeader: bytes, path: "the segment of a unit")
            }
            guard count == passages else {
                throw Fault(.data, "\(passages) passages of \(count) documents")
            }
        } catch {
            throw Fault(.data, "a segment is refused: \(error)")
        }
    }

    // MARK: - Centroids

    /// - Returns: centroids and buckets, as the workers read them.
    func train(on outputs: RoundOutputs, of plan: EncodingPlan) throws(Fault) -> Frame {
        do {
            let expected = SamplingPlan(of: plan, for: spec).tokensExpected
            var sample: TokenSample?
            for unit in 0..<outputs.count { try add(outputs, unit, to: &sample) }
            guard let sample, sample.seen > 0 else {
                throw Fault(
                    .data,
                    "there is nothing to build an index of: no document of the sample has a token; "
                        + "give it documents with text, and few blank lines")
            }
            let wanted =
                spec.settings.centroids > 0
                ? spec.settings.centroids : Centroids.count(forTokens: expected)
            let projection = try projection(learnedFrom: sample)
            let encoder = try TokenEncoder.train(
                projection.map { sample.projected(by: $0) } ?? sample, form: try form,
                count: max(1, min(wanted, sample.seen / 8)),
                training: CentroidTraining(seed: spec.settings.seed, threads: processorCount()),
                projection: projection)
            try makeDirectory(scratch)
            let path = "\(scratch)/codebook.safetensors"
            try encoder.write(to: path)
            defer { removeFile(path) }
            let file = try MappedFile(path: path)
            return Frame(file.bytes) { _ in withExtendedLifetime(file) {} }
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(.data, "the centroids of the index cannot be made: \(error)")
        }
    }

    private func projection(
        learnedFrom sample: TokenSample
    ) throws(Fault) -> TokenProjection? {
        guard let wanted = spec.settings.principalComponents else { return nil }
        let (width, most) = (sample.dimension, PrincipalComponents.widthMax)
        guard wanted <= width, width <= most else {
            throw Fault(
                .usage,
                wanted > width
                    ? "--principal-components \(wanted) is out of range; the model's token vectors "
                        + "have \(width) numbers"
                    : "the model's token vectors have \(width) numbers, and principal components "
                        + "are found of \(most) at most; pass --projection instead")
        }
        return TokenProjection(
            learnedFrom: sample, dimension: wanted, threads: processorCount())
    }

    private func add(
        _ outputs: RoundOutputs, _ unit: Int, to sample: inout TokenSample?
    ) throws {
        guard let frame = outputs.frames(of: unit, isChecked: true)?.first else {
            throw Fault(.internalError, "outputs of unit \(unit) vanished meanwhile")
        }
        try frame.withUnsafeBytes { bytes in
            let (chunk, vectors) = try EncodedDocuments.read(bytes)
            var numbers = [Float](repeating: 0, count: vectors.count / 4)
            numbers.withUnsafeMutableBytes { to in
                to.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[vectors]))
            }
            if sample == nil {
                sample = TokenSample(
                    dimension: chunk.dimension, bytesMax: Self.sampleBytesMax,
                    seed: spec.settings.seed)
            }
            try sample?.add(try TokenMatrix(dimension: chunk.dimension, values: numbers))
        }
    }

    private var form: TokenForm {
        get throws(Fault) {
            guard let form = TokenForm(rawValue: spec.settings.form) else {
                throw Fault(.usage, "tokens are not stored as \(spec.settings.form)")
            }
            return form
        }
    }

    // MARK: - Segments

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
            dense: try dense(order.first, outputs, encoder), digest: newDigest)
        var figures = IndexFigures()
        for unit in order { try figures.add(outputs, unit.index, of: unit.name) }
        if figures.documents == 0, figures.ledger.skipped == 0 {
            let name = spec.documents.name(of: spec.documents.files[0])
            throw Fault(.data, "there are no documents: \(name) has only blank lines")
        }
        let most = segmentPassages(of: figures.documents)
        var parts: [(segment: Segment, dead: Tombstones)] = []
        for unit in order {
            guard let frames = outputs.frames(of: unit.index, isChecked: true) else {
                throw Fault(.internalError, "outputs of unit \(unit.index) vanished meanwhile")
            }
            let segment = try Segment(unit: frames[1], of: unit.name, encoder: encoder)
            parts.append((segment, Tombstones(passages: segment.passages)))
            if parts.reduce(0, { $0 + $1.segment.passages }) >= most {
                try index.appendNew(parts)
                parts = []
            }
        }
        if !parts.isEmpty { try index.appendNew(parts) }
        return try move(index.manifest, figures, from: place)
    }
}

extension IndexReduction {
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

    /// What the first segment has beside tokens; all must have the same.
    private func dense(
        _ first: (index: Int, name: String)?, _ outputs: RoundOutputs, _ encoder: TokenEncoder
    ) throws -> DenseSettings? {
        guard let first, let frames = outputs.frames(of: first.index, isChecked: true) else {
            return nil
        }
        return try Segment(unit: frames[1], of: first.name, encoder: encoder).dense
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
    /// does not pay for their number.
    private func segmentPassages(of documents: Int) -> Int {
        if spec.settings.segmentPassages > 0 { return spec.settings.segmentPassages }
        return min(max((documents + 15) / 16, 1_024), 1 << 17)
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

/// What is said of the documents besides what the index holds of them.
struct IndexFigures {
    private(set) var ledger = IndexLedger()

    var documents: Int { ledger.documents }

    mutating func add(_ outputs: RoundOutputs, _ unit: Int, of path: String) throws {
        guard let frame = outputs.frames(of: unit, isChecked: true)?.first else {
            throw Fault(.internalError, "outputs of unit \(unit) vanished meanwhile")
        }
        let chunk = try frame.withUnsafeBytes { try EncodedDocuments.read($0).0 }
        ledger.maxLength = chunk.maxLength
        ledger.documents += chunk.documents.count
        ledger.repaired += chunk.repaired
        ledger.skipped += chunk.skipped.count
        let path = path == EncodeDocuments.standardInputName ? "-" : path
        for problem in chunk.skipped where ledger.skippedDocuments.count < IndexLedger.listedMax {
            ledger.skippedDocuments.append(
                IndexLedger.Skipped(
                    file: path, line: problem.line, id: problem.id, reason: problem.reason))
        }
        for document in chunk.documents where document.isTruncated {
            ledger.truncated += 1
            guard ledger.truncatedDocuments.count < IndexLedger.listedMax else { continue }
            ledger.truncatedDocuments.append(
                IndexLedger.Truncated(id: document.id, tokens: document.tokens))
        }
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
    fileprivate var measures: [String: Double] {
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
