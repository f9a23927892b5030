// The ids of a file's documents, chunk by chunk, without their texts.

public import Files
import Glibc

/// One file, read at the ranges that a scanner found.
public struct DocumentIDs {
    /// A record that has an id; its text may still be malformed.
    public struct Entry {
        /// Number of its record among all files, from 0, and line of its file, from 1.
        public let record: Int
        public let line: Int
        /// UTF-8; valid until the call returns.
        public let id: UnsafeRawBufferPointer
    }

    private let path: String
    private let file: FileDescriptor
    private let layout: DocumentLayout

    /// - Throws: `.unreadable`.
    public init(_ path: String, _ layout: DocumentLayout) throws(FileError) {
        self.path = path
        self.layout = layout
        file = try FileDescriptor(reading: path)
    }

    /// Hands `body` the id of each record of a chunk that has one. Ids are what a `DocumentReader`
    /// makes of them; a chunk of a record that is too large to be read has none.
    ///
    /// - Throws: `.unreadable`, `.inputChanged` if the file is shorter, and what `body` throws.
    public func read(
        _ range: RecordRange, _ body: (Entry) throws(FileError) -> Void
    ) throws(FileError) {
        guard range.bytes.count <= DocumentReader.recordBytesMax || range.records > 1 else {
            return
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: range.bytes.count, alignment: 16)
        defer { buffer.deallocate() }
        try fill(buffer, at: range.bytes.lowerBound)
        let bytes = UnsafeRawBufferPointer(buffer)
        var boundary = RecordBoundary(layout.format)
        var arena: [UInt8] = []
        var start = 0
        var number = range.firstRecord
        while start < bytes.count {
            let line = range.firstLine + boundary.lines
            let end = boundary.end(in: bytes, from: start) ?? bytes.count
            if id(of: bytes.part(start..<end).withoutLineEnd, number, into: &arena) {
                let result = arena.withUnsafeBytes { id in
                    Result { () throws(FileError) in
                        try body(Entry(record: number, line: line, id: id))
                    }
                }
                try result.get()
            }
            number += 1
            start = end
        }
    }

    /// False if the record has no id that counts.
    private func id(
        of record: UnsafeRawBufferPointer, _ number: Int, into arena: inout [UInt8]
    ) -> Bool {
        if record.isBlank || record.count > DocumentReader.recordBytesMax { return false }
        arena.removeAll(keepingCapacity: true)
        var repairs = 0
        do throws(Malformed) {
            try RecordFields(record, layout, number: number)
                .appendID(to: &arena, repairs: &repairs)
        } catch { return false }
        return (1...DocumentReader.idBytesMax).contains(arena.count)
    }

    private func fill(
        _ buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileError) {
        var done = 0
        while done < buffer.count {
            let got = retryingInterrupts {
                pread(
                    file.number, buffer.baseAddress.map { $0 + done }, buffer.count - done,
                    off_t(offset + done))
            }
            guard got >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
            guard got > 0 else { throw .inputChanged(path: path) }
            done += got
        }
    }
}
