// A corpus of local files.

public import Files
import Glibc

/// Plain-text files on this machine, read with `pread`. Unlike a mapping, a file that is cut short
/// meanwhile is an error here and not a signal; the copy costs a few hundredths of a scan.
public final class LocalTextSource: TextSource {
    public let paths: [String]
    public let fileSizes: [Int]
    private let files: [OpenFile]

    private struct OpenFile: Sendable {
        let path: String
        let descriptor: FileDescriptor
        let size: Int
        let modified: [Int]

        init(path: String) throws(FileError) {
            self.path = path
            descriptor = try FileDescriptor(reading: path)
            var status = stat()
            guard fstat(descriptor.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG
            else {
                throw .unreadable(path: path, reason: "not a regular file")
            }
            size = Int(status.st_size)
            modified = Self.modification(status)
        }

        static func modification(_ status: stat) -> [Int] {
            [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        }

        func checkUnchanged() throws(FileError) {
            var status = stat()
            guard fstat(descriptor.number, &status) == 0, Int(status.st_size) == size,
                Self.modification(status) == modified
            else { throw .inputChanged(path: path) }
        }

        func read(_ range: Range<Int>, into memory: UnsafeMutableRawPointer) throws(FileError) {
            var done = 0
            while done < range.count {
                let got = retryingInterrupts {
                    pread(
                        descriptor.number, memory + done, range.count - done,
                        off_t(range.lowerBound + done))
                }
                guard got >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
                guard got > 0 else { throw .inputChanged(path: path) }
                done += got
            }
        }
    }

    /// Opens the files, in this order.
    ///
    /// - Throws: `.unreadable` when one is missing or not a regular file.
    public init(paths: [String]) throws(FileError) {
        self.paths = paths
        var files: [OpenFile] = []
        for path in paths { files.append(try OpenFile(path: path)) }
        self.files = files
        fileSizes = files.map(\.size)
    }

    public func withBytes<Value>(
        file index: Int, range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        let file = files[index]
        precondition(
            range.lowerBound >= 0 && range.upperBound <= file.size,
            "bytes \(range) of \(file.size)")
        guard let memory = malloc(max(range.count, 1)) else {
            throw .outOfMemory(doing: "reading \(range.count) bytes of \(file.path)")
        }
        defer { free(memory) }
        try file.read(range, into: memory)
        // Checked after the read: what was read is then known to be of the unchanged file.
        try file.checkUnchanged()
        return try body(UnsafeRawBufferPointer(start: memory, count: range.count))
    }
}
