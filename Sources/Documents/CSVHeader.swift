// The beginning of a file: its byte order mark, and in CSV the names of the columns.

public import Files
import Glibc

public struct FileBeginning: Sendable, Equatable {
    /// Where the first record begins, and in which line.
    public let start: Int
    public let line: Int
    /// Empty but for CSV.
    public let columns: [String]
}

public enum CSVHeader {
    static let bytesMax = 1 << 20

    /// Reads as much of a file as has to be known before it is cut.
    ///
    /// - Returns: also a `DocumentError` if the names of the columns are missing.
    /// - Throws: `.unreadable`.
    public static func beginning(
        of path: String, _ format: DocumentFormat
    ) throws(FileError) -> Result<FileBeginning, DocumentError> {
        let file = try FileDescriptor(reading: path)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: format == .csv ? bytesMax : 3, alignment: 16)
        defer { buffer.deallocate() }
        var count = 0
        while count < buffer.count {
            let got = retryingInterrupts {
                pread(
                    file.number, buffer.baseAddress.map { $0 + count }, buffer.count - count,
                    off_t(count))
            }
            guard got >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
            if got == 0 { break }
            count += got
        }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        let mark = bytes.startsWithMark ? 3 : 0
        guard format == .csv else {
            return .success(FileBeginning(start: mark, line: 1, columns: []))
        }
        return header(bytes, from: mark)
    }

    private static func header(
        _ bytes: UnsafeRawBufferPointer, from mark: Int
    ) -> Result<FileBeginning, DocumentError> {
        var boundary = RecordBoundary(.csv)
        let found = boundary.end(in: bytes, from: mark)
        if found == nil, bytes.count == bytesMax { return .failure(.noHeader) }
        let end = found ?? bytes.count
        var fields = DelimitedRecord(bytes.part(mark..<end).withoutLineEnd, .csv)
        var names: [String] = []
        do throws(Malformed) {
            while let field = try fields.next() {
                var name: [UInt8] = []
                var repairs = 0
                field.append(to: &name, repairs: &repairs)
                names.append(String(decoding: name, as: UTF8.self))
            }
        } catch { return .failure(.noHeader) }
        return .success(FileBeginning(start: end, line: 1 + boundary.lines, columns: names))
    }
}
