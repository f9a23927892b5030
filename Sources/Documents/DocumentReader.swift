// The documents of a chunk: ids and texts as UTF-8, and what is wrong with the others.

/// Documents that were read, their bytes side by side in one piece of memory.
public struct DocumentBatch: Sendable {
    public struct Entry: Sendable, Hashable {
        /// Number of its record among all files, from 0, and line of its file, from 1.
        public let record: Int
        public let line: Int
        /// In `bytes`.
        public let id: Range<Int>
        public let text: Range<Int>
        /// Of the fields that the layout names, in their order.
        public let metadata: [DocumentValue]
    }

    public internal(set) var bytes: [UInt8] = []
    public internal(set) var entries: [Entry] = []
    public internal(set) var problems: [DocumentProblem] = []
    /// Documents with text that was not UTF-8.
    public internal(set) var repaired = 0

    public func id(_ index: Int) -> String {
        String(decoding: bytes[entries[index].id], as: UTF8.self)
    }

    /// Drops the documents whose place in `entries` is not wanted.
    public mutating func keep(_ isWanted: (Int) -> Bool) {
        entries = entries.indices.filter(isWanted).map { entries[$0] }
    }

    /// The documents before a record, without problems.
    public func before(record: Int) -> DocumentBatch {
        var part = self
        part.entries = entries.filter { $0.record < record }
        part.problems = []
        return part
    }

    public func text(_ index: Int) -> String {
        String(decoding: bytes[entries[index].text], as: UTF8.self)
    }
}

public struct DocumentReader: Sendable {
    /// A document larger than this is a problem of its own.
    public static let recordBytesMax = 64 << 20
    public static let idBytesMax = 4_096

    private let layout: DocumentLayout

    public init(_ layout: DocumentLayout) { self.layout = layout }

    /// Reads the records of a chunk that are numbered `selected`, from 0 in the chunk; all if nil.
    ///
    /// - Parameter bytes: whole records, those of `range`.
    public func read(
        _ bytes: UnsafeRawBufferPointer, _ range: RecordRange, selected: Range<Int>? = nil
    ) -> DocumentBatch {
        var batch = DocumentBatch()
        var boundary = RecordBoundary(layout.format)
        var start = 0
        var number = 0
        while start < bytes.count {
            let line = range.firstLine + boundary.lines
            let end = boundary.end(in: bytes, from: start) ?? bytes.count
            if selected?.contains(number) ?? true {
                let record = Record(
                    bytes: bytes.part(start..<end).withoutLineEnd,
                    number: range.firstRecord + number, line: line)
                read(record, into: &batch)
            }
            number += 1
            start = end
        }
        return batch
    }

    /// The batch of a chunk that is one record and too large to be read.
    public static func oversized(_ range: RecordRange) -> DocumentBatch {
        var batch = DocumentBatch()
        batch.problems = [
            DocumentProblem(
                record: range.firstRecord, line: range.firstLine, id: "",
                reason: tooLarge(range.bytes.count))
        ]
        return batch
    }

    private static func tooLarge(_ count: Int) -> String {
        "a record of \(count) bytes is longer than \(recordBytesMax) bytes, which is the limit; "
            + "split it"
    }

    struct Record {
        let bytes: UnsafeRawBufferPointer
        let number: Int
        let line: Int
    }

    private func read(_ record: Record, into batch: inout DocumentBatch) {
        if record.bytes.isBlank { return }
        let mark = batch.bytes.count
        var repairs = 0
        var id = mark..<mark
        do throws(Malformed) {
            guard record.bytes.count <= Self.recordBytesMax else {
                throw Malformed(Self.tooLarge(record.bytes.count))
            }
            let fields = try RecordFields(record.bytes, layout, number: record.number)
            try fields.appendID(to: &batch.bytes, repairs: &repairs)
            id = mark..<batch.bytes.count
            try Self.check(id)
            try fields.appendText(to: &batch.bytes, repairs: &repairs)
            let text = id.upperBound..<batch.bytes.count
            guard !batch.bytes[text].isBlank else { throw Malformed("the document is empty") }
            batch.entries.append(
                DocumentBatch.Entry(
                    record: record.number, line: record.line, id: id, text: text,
                    metadata: try fields.values(of: layout.metadata)))
            batch.repaired += repairs > 0 ? 1 : 0
        } catch {
            let known = id.count <= Self.idBytesMax ? id : mark..<mark
            let name = String(decoding: batch.bytes[known], as: UTF8.self)
            batch.problems.append(
                DocumentProblem(
                    record: record.number, line: record.line, id: name, reason: error.reason))
            batch.bytes.removeSubrange(mark...)
        }
    }

    private static func check(_ id: Range<Int>) throws(Malformed) {
        if id.isEmpty { throw Malformed("the id is empty") }
        guard id.count <= idBytesMax else {
            throw Malformed("an id of \(id.count) bytes is longer than \(idBytesMax) bytes")
        }
    }
}
