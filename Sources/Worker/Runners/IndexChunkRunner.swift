// Turns the documents of a chunk into a sample of their tokens, or into a small segment.

import Documents
import Files
import Models
import Protocol
import Retrieval
import Tensors
import Transport

/// What it leaves depends on the records, the model and the settings alone, bit by bit.
final class IndexChunkRunner: UnitRunner {
    static let kind = "index-chunk"
    static let kinds = [kind, "index-chunk-fields"]
    private let models: ModelShelf
    private let chunks: ChunkReader
    private let bulk: BulkExchange
    private let threads: Int
    private let cache: String
    /// The codebook of the last unit.
    private var codebook: (reference: PayloadReference, encoder: TokenEncoder)?
    private static let deadlineSeconds = 120.0

    init(
        models: ModelShelf, chunks: ChunkReader, bulk: BulkExchange, threads: Int, cache: String
    ) {
        self.models = models
        self.chunks = chunks
        self.bulk = bulk
        self.threads = threads
        self.cache = cache
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .indexChunk(let task) = assignment.task else { throw assignment.misplaced }
        do {
            let codebook = try task.codebook.map { try encoder($0) }
            let (model, received) = try models.lateInteraction(
                for: task,
                projection: codebook?.projection.map {
                    .matrix($0.values, dimension: $0.dimension)
                }, control)
            let (batch, read) = try chunks.batch(
                of: task.chunk, metadata: task.metadataFields)
            let began = monotonicMilliseconds()
            let vectors = try encode(
                batch, model, task.settings.dense && codebook != nil ? task.chunk : nil, control)
            let encoded = try vectors.tokens?.reduced(
                for: task.chunk.settings, protecting: task.settings.keepsSpecialTokens ? 1 : 0,
                isNormalized: model.isNormalized, threads: threads, control)
            var documents = try EncodedDocuments(
                batch, encoded, dimension: model.dimension, rowBytes: 4 * model.dimension,
                maxLength: model.documentLength, of: task.chunk)
            var frames: [(name: String, frame: Frame)] = []
            if let codebook {
                let segment = try segment(
                    batch, encoded, vectors.dense, model, task, codebook, control)
                // The vectors are in the segment.
                for index in documents.documents.indices { documents.documents[index].rows = 0 }
                frames = [("documents", Frame(documents.head)), ("segment", segment)]
            } else {
                frames = [("sample", sample(documents, encoded))]
            }
            let spent = Double(monotonicMilliseconds() - began) / 1_000
            let outputs = frames.map { name, frame in
                bulk.offer(id: "\(assignment.outputPrefix)/\(name)", frame: frame)
            }
            return UnitOutcome(
                outputs: outputs,
                measures: documents.measures.merging([
                    "computeSeconds": spent,
                    "bytesSent": Double(outputs.reduce(0) { $0 + $1.size }),
                    "bytesReceived": Double(received + read),
                ]) { $1 })
        } catch { throw Fault(indexing: error) }
    }

    // MARK: - Encoding

    /// Vectors of tokens, and with `chunk` one of each passage by the model's own pooling, as
    /// queries of the same model meet: of the same pass where both read the same tokens.
    private func encode(
        _ batch: DocumentBatch, _ model: LateInteractionModel, _ chunk: EncodeChunk?,
        _ control: RunControl
    ) throws -> (tokens: EncodedTexts?, dense: EncodedTexts?) {
        if batch.entries.isEmpty { return (nil, nil) }
        let embedding = try chunk.map {
            try models.embedding(for: $0, beside: model, control).model
        }
        let joint = embedding.flatMap { JointEncoding(model, $0) }
        let passes = embedding == nil || joint != nil ? 1 : 2
        let progress = EncodingProgress()
        control.follow(
            total: Double(passes * batch.entries.count), done: { Double(progress.documentsDone) },
            halt: { progress.cancel() })
        let vectors = try batch.bytes.withUnsafeBytes { bytes in
            let texts = batch.entries.map { UnsafeRawBufferPointer(rebasing: bytes[$0.text]) }
            if let joint {
                let both = try joint.encode(texts, threads: threads, progress: progress)
                return (EncodedTexts?.some(both.tokens), EncodedTexts?.some(both.texts))
            }
            return (
                try model.encodeDocuments(texts, threads: threads, progress: progress),
                try embedding?.encode(texts, threads: threads, progress: progress)
            )
        }
        try control.check()
        return vectors
    }

    private func sample(_ documents: EncodedDocuments, _ encoded: EncodedTexts?) -> Frame {
        let head = documents.head
        let bytes = documents.rows * documents.rowBytes
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: head.count + bytes, alignment: 16)
        memory.copyBytes(from: head)
        if let encoded, let base = memory.baseAddress, bytes > 0 {
            (base + head.count).copyMemory(
                from: encoded.vectors.baseAddress, byteCount: bytes)
        }
        return Frame(adopting: memory)
    }

    // MARK: - Coding

    private func encoder(_ reference: PayloadReference) throws -> TokenEncoder {
        if let codebook, codebook.reference == reference { return codebook.encoder }
        let frame = try bulk.fetch(
            reference, from: .coordinator, deadlineSeconds: Self.deadlineSeconds)
        try makeDirectory(cache)
        let path = "\(cache)/codebook.safetensors"
        try frame.withUnsafeBytes { bytes in
            let file = try AtomicFile(path: path)
            try file.write(bytes)
            try file.commit(durable: false)
        }
        defer { removeFile(path) }
        let encoder = try TokenEncoder.read(from: path)
        codebook = (reference, encoder)
        return encoder
    }

    private func segment(
        _ batch: DocumentBatch, _ encoded: EncodedTexts?, _ dense: EncodedTexts?,
        _ model: LateInteractionModel, _ task: IndexChunk, _ encoder: TokenEncoder,
        _ control: RunControl
    ) throws -> Frame {
        try makeDirectory(cache)
        let path = "\(cache)/chunk.segment"
        let writer = try SegmentWriter(
            path: path, encoder: encoder,
            dense: dense.map { DenseSettings(dimension: $0.dimension, type: .f32) })
        // Only the coordinator sees all documents, and which of an id is the first.
        writer.idsMayRepeat = true
        writer.metadata = try task.metadataFields.map { try MetadataBuilder(batch, $0) }
        var row = 0
        for index in batch.entries.indices {
            let rows = Int(encoded?.rowCounts[index] ?? 0)
            let passage = Passage(
                id: batch.id(index), text: task.settings.keepsText ? batch.text(index) : nil,
                dense: dense?.row(index))
            let tokens = try TokenMatrix(row..<row + rows, of: encoded, model.dimension)
            try writer.append([(passage, tokens)], threads: threads)
            row += rows
            try control.check()
        }
        let words = task.settings.words ? try words(of: batch, task.settings) : nil
        _ = try words.withBytes { try writer.finish(words: $0, durable: false) }
        let file = try MappedFile(path: path)
        removeFile(path)
        return Frame(file.bytes) { _ in withExtendedLifetime(file) {} }
    }

    private func words(of batch: DocumentBatch, _ settings: IndexSettings) throws -> [UInt8] {
        var builder = try InvertedFile.Builder(try settings.analysis)
        try batch.bytes.withUnsafeBytes { bytes in
            for entry in batch.entries {
                try builder.add(UnsafeRawBufferPointer(rebasing: bytes[entry.text]))
            }
        }
        let sink = ByteSink()
        try builder.finish { sink.bytes += $0 }
        return sink.bytes
    }
}

private final class ByteSink {
    var bytes: [UInt8] = []
}

extension [UInt8]? {
    fileprivate func withBytes<T>(_ body: (UnsafeRawBufferPointer?) throws -> T) rethrows -> T {
        guard let self else { return try body(nil) }
        return try self.withUnsafeBytes { try body($0) }
    }
}

extension IndexSettings {
    var analysis: WordAnalysis {
        get throws(Fault) {
            if let stemming, !WordAnalysis.stemmers.contains(stemming) {
                throw Fault(
                    .usage,
                    "--stemming \(stemming.prefix(100)) is not known; use "
                        + WordAnalysis.stemmers.joined(separator: ", "))
            }
            return WordAnalysis(stemmer: stemming, stopWords: dropsStopWords ? .english : .none)
        }
    }
}

extension EncodedTexts {
    fileprivate func row(_ index: Int) -> [Float] {
        let numbers = vectors.baseAddress.assumingMemoryBound(to: Float.self)
        return Array(
            UnsafeBufferPointer(start: numbers + index * dimension, count: dimension))
    }
}

extension TokenMatrix {
    /// Some rows of what a model gave.
    fileprivate init(
        _ rows: Range<Int>, of encoded: EncodedTexts?, _ dimension: Int
    ) throws(RetrievalError) {
        guard let encoded else {
            try self.init(dimension: dimension, values: [])
            return
        }
        let numbers = encoded.vectors.baseAddress.assumingMemoryBound(to: Float.self)
        let part = UnsafeBufferPointer(
            start: numbers + rows.lowerBound * dimension, count: rows.count * dimension)
        try self.init(dimension: dimension, values: Array(part))
    }
}

extension Fault {
    init(indexing error: any Error) {
        switch error {
        case IndexError.file(let error): self = Fault(running: error)
        case IndexError.vectors(.outOfMemory), RetrievalError.outOfMemory:
            self = Fault(.temporary, "\(error)", retryable: true)
        default: self = Fault(encoding: error)
        }
    }
}
