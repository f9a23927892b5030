// The documents of a chunk, read in place where this worker sees the file, else fetched.

import Documents
import Files
import Protocol
import Transport
import WordVectors

/// Used by the compute thread alone.
final class ChunkReader {
    private let bulk: BulkExchange
    private let readsInPlace: Bool
    /// The file that was read last; nil if it is fetched.
    private var opened: (file: InputFile, source: LocalTextSource?)?
    private static let deadlineSeconds = 120.0

    init(bulk: BulkExchange, readsInPlace: Bool) {
        self.bulk = bulk
        self.readsInPlace = readsInPlace
    }

    /// - Throws: a `Fault` for the first problem, unless documents with problems are to be skipped.
    ///
    /// - Parameter metadata: fields that are read beside id and text.
    func batch(
        of task: EncodeChunk, metadata: [String]? = nil
    ) throws -> (batch: DocumentBatch, bytesReceived: Int) {
        let (batch, received) = try read(task, try MetadataField.list(metadata ?? []))
        try refuse(batch.problems, of: task)
        return (batch, received)
    }

    private func read(
        _ task: EncodeChunk, _ metadata: [MetadataField]
    ) throws -> (batch: DocumentBatch, bytesReceived: Int) {
        let range = RecordRange(
            bytes: task.bytes, firstRecord: task.firstRecord, firstLine: task.firstLine,
            records: task.records.upperBound)
        guard let format = DocumentFormat(rawValue: task.settings.format) else {
            throw Fault(.usage, "this worker knows no documents of \(task.settings.format)")
        }
        let fields = DocumentFields(
            id: task.settings.idField, text: task.settings.textFields, metadata: metadata)
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

    /// All of a file that is not cut into chunks.
    func content(of file: InputFile, payload: String) throws -> Frame {
        if readsInPlace, (try? InputFile(reading: file.path)) == file {
            let mapped = try MappedFile(path: file.path)
            return Frame(mapped.bytes) { _ in withExtendedLifetime(mapped) {} }
        }
        return try bulk.fetchRange(
            id: payload, offset: 0, length: file.size, from: .coordinator,
            deadlineSeconds: Self.deadlineSeconds)
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
}

extension String {
    /// Short, and nothing that a terminal would act upon.
    var shown: String { String(prefix(100)).debugDescription }
}
