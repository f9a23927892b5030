// Cuts a file of documents into chunks of whole records, in one pass and in bounded memory.

public import Files
import Glibc

/// Whole records of one file that are encoded together.
public struct RecordRange: Sendable, Hashable {
    public let bytes: Range<Int>
    /// Number of its first record among all files, from 0. Blank lines have numbers, too.
    public let firstRecord: Int
    /// Line of the file in which it begins, from 1.
    public let firstLine: Int
    public let records: Int

    public init(bytes: Range<Int>, firstRecord: Int, firstLine: Int, records: Int) {
        self.bytes = bytes
        self.firstRecord = firstRecord
        self.firstLine = firstLine
        self.records = records
    }
}

public struct RecordScanner {
    private let boundaryFormat: DocumentFormat
    private let chunkBytes: Int
    private static let blockBytes = 1 << 20

    /// - Parameter chunkBytes: most bytes of a chunk, unless one record alone has more.
    public init(_ format: DocumentFormat, chunkBytes: Int) {
        precondition(chunkBytes > 0, "chunks of \(chunkBytes) bytes")
        boundaryFormat = format
        self.chunkBytes = chunkBytes
    }

    /// The chunks of a file in order; together they are all bytes from `start` to its end.
    ///
    /// - Parameters:
    ///   - start: where records begin, and `line` the line there.
    ///   - firstRecord: number of the first record.
    /// - Throws: `.unreadable`; `.inputChanged` if the file ends before `size`.
    public func scan(
        _ path: String, size: Int, from start: Int = 0, line: Int = 1, firstRecord: Int = 0
    ) throws(FileError) -> [RecordRange] {
        let file = try FileDescriptor(reading: path)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.blockBytes, alignment: 16)
        defer { buffer.deallocate() }
        var boundary = RecordBoundary(boundaryFormat)
        var cutter = Cutter(
            chunkBytes: chunkBytes, start: start, line: line, firstRecord: firstRecord)
        var offset = start
        while offset < size {
            let wanted = min(buffer.count, size - offset)
            let got = retryingInterrupts {
                pread(file.number, buffer.baseAddress, wanted, off_t(offset))
            }
            guard got >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
            guard got > 0 else { throw .inputChanged(path: path) }
            let block = UnsafeRawBufferPointer(rebasing: buffer[..<got])
            var position = 0
            while let end = boundary.end(in: block, from: position) {
                cutter.endRecord(at: offset + end, line: line + boundary.lines)
                position = end
            }
            offset += got
        }
        return cutter.finish(at: size)
    }
}

/// Collects records until the next would be too much.
private struct Cutter {
    private let chunkBytes: Int
    private var chunks: [RecordRange] = []
    private var chunk: (start: Int, line: Int, record: Int)
    private var record: (start: Int, line: Int, number: Int)

    init(chunkBytes: Int, start: Int, line: Int, firstRecord: Int) {
        self.chunkBytes = chunkBytes
        chunk = (start, line, firstRecord)
        record = (start, line, firstRecord)
    }

    mutating func endRecord(at end: Int, line: Int) {
        if end - chunk.start > chunkBytes, record.number > chunk.record { cut() }
        record = (end, line, record.number + 1)
    }

    private mutating func cut() {
        chunks.append(
            RecordRange(
                bytes: chunk.start..<record.start, firstRecord: chunk.record,
                firstLine: chunk.line, records: record.number - chunk.record))
        chunk = (record.start, record.line, record.number)
    }

    /// - Parameter size: the end of the file, perhaps of a record without a newline.
    mutating func finish(at size: Int) -> [RecordRange] {
        if record.start < size { endRecord(at: size, line: record.line) }
        if record.number > chunk.record { cut() }
        return chunks
    }
}
