// Where the bytes of a corpus come from.

public import Files

/// An ordered list of text files whose bytes can be had by range: from local files, or later from
/// another machine. Many threads ask at once.
public protocol TextSource: Sendable {
    /// Size of each file in bytes, fixed for the life of the source.
    var fileSizes: [Int] { get }

    /// Lends the bytes of `range` of file number `file` to `body`. The range is within the file.
    ///
    /// - Throws: `.inputChanged` when the file is no longer the one that was measured, and
    ///   `.unreadable`.
    func withBytes<Value>(
        file: Int, range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws(FileError) -> Value
    ) throws(FileError) -> Value
}
