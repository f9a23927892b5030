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
    private let chunks: ChunkReader
    private let bulk: BulkExchange
    private let threads: Int

    init(models: ModelShelf, chunks: ChunkReader, bulk: BulkExchange, threads: Int) {
        self.models = models
        self.chunks = chunks
        self.bulk = bulk
        self.threads = threads
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .encodeChunk(let task) = assignment.task else { throw assignment.misplaced }
        do {
            let (model, received) = try models.model(for: task, control)
            let (batch, read) = try chunks.batch(of: task)
            let began = monotonicMilliseconds()
            let encoded = try encode(batch, model, control)?.reduced(
                for: task.settings, protecting: 1, isNormalized: model.isNormalized,
                threads: threads, control)
            let spent = Double(monotonicMilliseconds() - began) / 1_000
            let documents = try EncodedDocuments(
                batch, encoded, dimension: model.dimension,
                rowBytes: try task.storedType.rowBytes(model.dimension),
                maxLength: model.maxLength, of: task)
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

extension Fault {
    init(encoding error: any Error) {
        switch error {
        case ModelError.cancelled: self = Fault(.cancelled, "the unit was revoked")
        case ModelError.file(let error): self = Fault(running: error)
        case ModelError.outOfMemory: self = Fault(.temporary, "\(error)", retryable: true)
        case ModelError.option(let sentence): self = Fault(.usage, sentence)
        default: self = Fault(running: error)
        }
    }
}
