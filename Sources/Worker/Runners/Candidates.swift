// Which documents are candidates of which queries, as a run has it.

import Documents
import Files
import Models
import Protocol
import Retrieval
import Tensors

/// What candidates depend on.
struct CandidatesKey: Hashable {
    private let queries: InputFile
    private let run: InputFile
    private let depth: Int

    init(_ task: RerankChunk) {
        queries = task.queries
        run = task.run
        depth = task.depth
    }
}

/// Kept from unit to unit of a job; used by the compute thread alone.
final class Candidates {
    let task: CandidatesKey
    /// Texts of the run's queries, in its order, side by side.
    private(set) var texts: [UInt8] = []
    private(set) var ranges: [Range<Int>] = []
    /// By the bytes of a document's id: strings are equal whatever their normalisation.
    private var queriesOf: [[UInt8]: [UInt32]] = [:]
    private var vectors: [PackedQuery] = []
    /// Whose vectors they are; weak, so that another model that comes to lie where it was is none.
    private weak var model: LateInteractionModel?

    /// - Throws: a `Fault` for a query of the run without a text.
    init(_ task: RerankChunk, queries: Frame, run: Frame) throws {
        self.task = CandidatesKey(task)
        let known = try Self.texts(queries, name: task.queries.path)
        let ranked = try run.withUnsafeBytes { bytes in
            try RankedRun(bytes: bytes, name: task.run.path)
        }
        for number in 0..<ranked.queryCount {
            let id = ranked.query(number)
            guard let text = known[Array(id.utf8)] else {
                throw Fault(
                    .data,
                    "query \(id.shown) of \(task.run.path) has no text in \(task.queries.path)")
            }
            let start = texts.count
            texts += text.utf8
            ranges.append(start..<texts.count)
            let documents = ranked.documents(ofQuery: number)
            let depth = task.depth > 0 ? min(task.depth, documents.count) : documents.count
            for document in documents[..<depth] {
                queriesOf[Array(document.id.utf8), default: []].append(UInt32(number))
            }
        }
    }

    /// Numbers of the queries that have the document among their candidates; nil if none has.
    func queries(of document: String) -> [UInt32]? { queriesOf[Array(document.utf8)] }

    /// The queries' token vectors, made once.
    func packed(by model: LateInteractionModel, threads: Int) throws -> [PackedQuery] {
        if model === self.model { return vectors }
        let encoded = try texts.withUnsafeBytes { bytes in
            try model.encodeQueries(
                ranges.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }, threads: threads,
                progress: EncodingProgress())
        }
        let base = encoded.vectors.baseAddress.assumingMemoryBound(to: Float.self)
        var row = 0
        var queries: [PackedQuery] = []
        for count in encoded.rowCounts {
            let numbers = UnsafeBufferPointer(
                start: base + row * encoded.dimension, count: Int(count) * encoded.dimension)
            queries.append(
                try PackedQuery(
                    TokenMatrix(dimension: encoded.dimension, values: Array(numbers)),
                    precision: .f32))
            row += Int(count)
        }
        vectors = queries
        self.model = model
        return queries
    }

    /// By the bytes of their ids.
    private static func texts(_ frame: Frame, name: String) throws -> [[UInt8]: String] {
        let format = DocumentFormat(ofName: name) ?? .jsonl
        let layout = try DocumentLayout(
            format, DocumentFields(id: nil, text: format == .jsonl ? ["text"] : []))
        let batch = frame.withUnsafeBytes { bytes in
            DocumentReader(layout).read(
                bytes,
                RecordRange(bytes: 0..<bytes.count, firstRecord: 0, firstLine: 1, records: 0))
        }
        if let problem = batch.problems.first {
            throw Fault(.data, "\(name):\(problem.line): \(problem.reason)")
        }
        var texts: [[UInt8]: String] = [:]
        for (index, entry) in batch.entries.enumerated() {
            texts[Array(batch.bytes[entry.id])] = batch.text(index)
        }
        return texts
    }
}
