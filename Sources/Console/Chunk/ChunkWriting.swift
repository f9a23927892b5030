// Lines of JSON for the passages of documents, made on several threads.

import Documents
import Models
import Protocol
import Synchronization
import Tensors

/// What became of one document.
struct WrittenDocument: Sendable {
    /// Lines.
    var chunks: [UInt8] = []
    var parents: [UInt8] = []
    /// Of each chunk, and where it stands in the document.
    var ids: [String] = []
    var ranges: [Range<Int>] = []
    /// `[chunks, dimension]` with late chunking.
    var vectors: [Float] = []
    var parentCount = 0
    /// Of all chunks.
    var tokens = 0
    /// Chunks of white space alone, which no encoder takes; they are not written.
    var blank = 0
    /// Why there is nothing.
    var problem: String?
}

struct WrittenBatch {
    /// In the order of the input.
    var documents: [WrittenDocument] = []
    var skipped = 0
}

struct ChunkWriting {
    private let plan: ChunkPlan
    private let measure: TokenMeasure
    private let model: EmbeddingModel?
    private let threads: Int
    private let skips: Bool
    /// Makes the vectors of chunks of whole documents.
    private let late: EmbeddingModel?
    /// Asked within documents, too: one may take long.
    private let progress = EncodingProgress { Interrupts.received > 0 }
    /// What an interrupt ends the command with.
    static let interruption = Fault(.cancelled, "interrupted; nothing was written")
    /// A chunk's id has a number behind the document's.
    private static let numberBytesMax = 24

    /// - Parameter late: the model where each chunk gets a vector, too.
    /// - Throws: a `Fault` for a plan that cannot be followed.
    init(
        _ plan: ChunkPlan, _ measure: TokenMeasure, _ model: EmbeddingModel?, threads: Int,
        _ policy: ErrorPolicy, late: EmbeddingModel?
    ) throws(Fault) {
        self.late = late
        self.plan = plan
        self.measure = measure
        self.model = model
        self.threads = threads
        skips = policy == .skip
        do throws(ChunkError) { _ = try TextChunker(plan, measure, model: model) } catch {
            throw Fault(.usage, "\(error)")
        }
    }

    /// - Throws: a `Fault` for the first document that cannot be used, unless they are skipped.
    func lines(of batch: DocumentBatch, _ path: String) throws(Fault) -> WrittenBatch {
        if !skips, let problem = batch.problems.first {
            throw refusal(path, line: problem.line, problem.reason)
        }
        var written = WrittenBatch(skipped: batch.problems.count)
        for (document, entry) in zip(try documents(of: batch), batch.entries) {
            if let problem = document.problem {
                guard skips else { throw refusal(path, line: entry.line, problem) }
                written.skipped += 1
            } else {
                written.documents.append(document)
            }
        }
        return written
    }

    private func refusal(_ path: String, line: Int, _ reason: String) -> Fault {
        Fault(.data, "\(path):\(line): \(reason); correct it, or pass --on-error skip")
    }

    /// Threads take documents one after the other.
    private func documents(of batch: DocumentBatch) throws(Fault) -> [WrittenDocument] {
        let next = Atomic<Int>(0)
        let count = max(1, min(threads, batch.entries.count))
        let parts: [[(index: Int, document: WrittenDocument)]]
        do throws(ChunkError) {
            parts = try Parallel.map(Array(0..<count)) { (_, _) throws(ChunkError) in
                let chunker = try TextChunker(
                    plan, measure, model: model, progress: progress)
                var part: [(index: Int, document: WrittenDocument)] = []
                while Interrupts.received == 0 {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < batch.entries.count else { return part }
                    part.append((index, try document(index, of: batch, chunker)))
                }
                throw ChunkError.model(.cancelled)
            }
        } catch {
            if case .model(.cancelled) = error { throw Self.interruption }
            if case .model(let error) = error { throw Fault(model: error) }
            throw Fault(.data, "\(error)")
        }
        return parts.joined().sorted { $0.index < $1.index }.map(\.document)
    }

    private func document(
        _ index: Int, of batch: DocumentBatch, _ chunker: TextChunker
    ) throws(ChunkError) -> WrittenDocument {
        let entry = batch.entries[index]
        guard entry.id.count <= DocumentReader.idBytesMax - Self.numberBytesMax else {
            return WrittenDocument(
                problem: "an id of \(entry.id.count) bytes leaves no room for the number of a chunk"
            )
        }
        let result = batch.bytes.withUnsafeBytes { bytes in
            let text = UnsafeRawBufferPointer(rebasing: bytes[entry.text])
            return Result { () throws(ChunkError) -> WrittenDocument in
                var written = ChunkLines(document: batch.id(index), text)
                    .written(try chunker.chunks(of: text))
                if let late {
                    written.vectors = try late.lateChunkVectors(
                        text, written.ranges, progress: progress)
                }
                return written
            }
        }
        do throws(ChunkError) { return try result.get() } catch {
            switch error {
            case .unsplittable, .tooLong, .tooLarge: return WrittenDocument(problem: "\(error)")
            default: throw error
            }
        }
    }
}
