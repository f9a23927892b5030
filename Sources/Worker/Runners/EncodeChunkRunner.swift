// Turns the documents of a chunk into vectors.

import Documents
import Files
import Glibc
import Models
import Protocol
import Tensors
import Transport
import WordVectors

/// What it leaves depends on the records, the model and the settings alone, bit by bit: any worker,
/// any attempt leaves the same.
final class EncodeChunkRunner: UnitRunner {
    static let kind = "encode-chunk"
    private let models: ModelShelf
    private let bulk: BulkExchange
    private let threads: Int
    private let readsInPlace: Bool
    /// The file that was read last; nil if it is fetched.
    private var opened: (file: InputFile, source: LocalTextSource?)?
    private static let deadlineSeconds = 120.0

    init(models: ModelShelf, bulk: BulkExchange, threads: Int, readsInPlace: Bool) {
        self.models = models
        self.bulk = bulk
        self.threads = threads
        self.readsInPlace = readsInPlace
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .encodeChunk(let task) = assignment.task else { throw assignment.misplaced }
        do {
            let (model, received) = try models.model(for: task, control)
            let (batch, read) = try batch(of: task)
            try refuse(batch.problems, of: task)
            let began = monotonicMilliseconds()
            let encoded = try encode(batch, model, control)
            let spent = Double(monotonicMilliseconds() - began) / 1_000
            let documents = try documents(of: batch, encoded, model, task)
            let frame = try pack(documents, encoded, task)
            let output = bulk.offer(
                id: assignment.outputPrefix + "/documents", frame: frame, checksum: nil)
            return UnitOutcome(
                outputs: [output],
                measures: documents.measures.merging([
                    "computeSeconds": spent, "bytesSent": Double(output.size),
                    "bytesReceived": Double(received + read),
                ]) { $1 })
        } catch { throw Fault(encoding: error) }
    }

    // MARK: - Reading

    private func batch(
        of task: EncodeChunk
    ) throws -> (batch: DocumentBatch, bytesReceived: Int) {
        let range = RecordRange(
            bytes: task.bytes, firstRecord: task.firstRecord, firstLine: task.firstLine,
            records: task.records.upperBound)
        guard let format = DocumentFormat(rawValue: task.settings.format) else {
            throw Fault(.usage, "this worker knows no documents of \(task.settings.format)")
        }
        let fields = DocumentFields(id: task.settings.idField, text: task.settings.textFields)
        let reader = DocumentReader(
            try DocumentLayout(format, fields, columns: task.columns))
        // Records that do not fit a chunk are alone in theirs.
        if task.bytes.count > DocumentReader.recordBytesMax, task.records == 0..<1 {
            return (DocumentReader.oversized(range), 0)
        }
        if let local = local(task.file) {
            let batch = try local.withBytes(file: 0, range: task.bytes) { bytes in
                reader.read(bytes, range, selected: task.records)
            }
            return (batch, 0)
        }
        let frame = try bulk.fetchRange(
            id: task.payload, offset: task.bytes.lowerBound, length: task.bytes.count,
            from: .coordinator, deadlineSeconds: Self.deadlineSeconds)
        return (
            frame.withUnsafeBytes { reader.read($0, range, selected: task.records) }, frame.count
        )
    }

    private func local(_ file: InputFile) -> LocalTextSource? {
        if let opened, opened.file == file { return opened.source }
        // Opened before it is compared: what changes later is noticed when it is read.
        var source = readsInPlace ? try? LocalTextSource(paths: [file.path]) : nil
        if source != nil, (try? InputFile(reading: file.path)) != file { source = nil }
        opened = (file, source)
        return source
    }

    private func refuse(_ problems: [DocumentProblem], of task: EncodeChunk) throws(Fault) {
        guard !task.settings.skipsMalformed, let problem = problems.first else { return }
        let name = problem.id.isEmpty ? "" : ", document \(problem.id.shown)"
        throw Fault(
            .data,
            "\(task.name):\(problem.line): \(problem.reason)\(name); correct it, or pass "
                + "--on-error skip")
    }

    // MARK: - Encoding

    private func encode(
        _ batch: DocumentBatch, _ model: EmbeddingModel, _ control: RunControl
    ) throws -> EncodedTexts? {
        if batch.entries.isEmpty { return nil }
        let progress = EncodingProgress()
        control.follow(
            total: Double(batch.entries.count), done: { Double(progress.documentsDone) },
            halt: { progress.cancel() })
        let encoded = try batch.bytes.withUnsafeBytes { bytes in
            let texts = batch.entries.map { UnsafeRawBufferPointer(rebasing: bytes[$0.text]) }
            return try model.encode(texts, threads: threads, progress: progress)
        }
        try control.check()
        return encoded
    }

    private func documents(
        of batch: DocumentBatch, _ encoded: EncodedTexts?, _ model: EmbeddingModel,
        _ task: EncodeChunk
    ) throws(Fault) -> EncodedDocuments {
        var documents = EncodedDocuments(
            documents: [], skipped: batch.problems, repaired: batch.repaired,
            dimension: model.dimension,
            rowBytes: try task.storedType.rowBytes(model.dimension), maxLength: model.maxLength)
        guard let encoded else { return documents }
        for (index, entry) in batch.entries.enumerated() {
            let tokens = Int(encoded.tokenCounts[index])
            let isTruncated = tokens > model.maxLength
            if isTruncated, task.settings.refusesTruncation {
                throw Fault(
                    .data,
                    "\(task.name):\(entry.line): document \(batch.id(index).shown) has "
                        + "\(tokens) tokens, more than the \(model.maxLength) that are encoded; "
                        + "split it, or pass --truncate allow")
            }
            documents.documents.append(
                EncodedDocuments.Document(
                    id: batch.id(index), record: entry.record,
                    rows: Int(encoded.rowCounts[index]), tokens: tokens,
                    isTruncated: isTruncated))
        }
        return documents
    }

    /// The payload: what is known of the documents, then their vectors in the stored type.
    private func pack(
        _ documents: EncodedDocuments, _ encoded: EncodedTexts?, _ task: EncodeChunk
    ) throws(Fault) -> Frame {
        let head = documents.head
        let rows = documents.rows
        let type = try task.storedType
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: head.count + rows * documents.rowBytes, alignment: 16)
        memory.copyBytes(from: head)
        let frame = Frame(adopting: memory)
        guard let encoded, let base = memory.baseAddress, rows > 0 else { return frame }
        let count = rows * encoded.dimension
        let source = encoded.vectors.baseAddress.assumingMemoryBound(to: Float.self)
        guard StoredType.f32.isFinite(UnsafeRawBufferPointer(start: source, count: count * 4))
        else {
            throw Fault(
                .data,
                "the model gives a vector that is not finite, in bytes "
                    + "\(task.bytes.lowerBound)..<\(task.bytes.upperBound) of \(task.name); look "
                    + "at its weights, or choose another --precision")
        }
        guard
            type.pack(
                source, rows: rows, dimension: encoded.dimension, to: base + head.count)
        else {
            throw Fault(
                .usage,
                "--dtype \(type.rawValue) is for vectors of length 1, and these are not "
                    + "normalised; choose another --dtype, or pass --normalize")
        }
        let packed = UnsafeRawBufferPointer(rebasing: memory[head.count...])
        guard type.isFinite(packed) else {
            throw Fault(
                .usage,
                "a number of a vector is too large for --dtype \(type.rawValue); choose "
                    + "f32 or bf16")
        }
        return frame
    }
}

extension EncodeChunk {
    fileprivate var storedType: StoredType {
        get throws(Fault) {
            guard let type = StoredType(rawValue: settings.dtype) else {
                throw Fault(.usage, "this worker stores no vectors as \(settings.dtype)")
            }
            return type
        }
    }
}

extension EncodedDocuments {
    fileprivate var measures: [String: Double] {
        [
            "documents": Double(documents.count),
            "tokens": Double(documents.reduce(0) { $0 + min($1.tokens, maxLength) }),
            "truncated": Double(documents.count { $0.isTruncated }),
            "skipped": Double(skipped.count),
        ]
    }
}

extension Fault {
    fileprivate init(encoding error: any Error) {
        switch error {
        case ModelError.cancelled: self = Fault(.cancelled, "the unit was revoked")
        case ModelError.file(let error): self = Fault(running: error)
        case ModelError.outOfMemory: self = Fault(.temporary, "\(error)", retryable: true)
        case ModelError.option(let sentence): self = Fault(.usage, sentence)
        default: self = Fault(running: error)
        }
    }
}

extension String {
    /// Short, and nothing that a terminal would act upon.
    fileprivate var shown: String { String(prefix(100)).debugDescription }
}
