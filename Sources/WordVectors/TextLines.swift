// Small text files, line by line.

import Files

enum TextLines {
    /// Calls `body` with each line and its offset; "\r\n" and a byte order mark are tolerated.
    static func read(
        _ path: String, _ body: (String, Int) throws(FileError) -> Void
    ) throws(FileError) {
        let file = try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }
        var position = file.bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        while position < file.bytes.count {
            let line = VectorTextRow.line(file.bytes, from: position)
            let text = line.last == 0x0d ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line
            try body(String(decoding: text, as: UTF8.self), position)
            position += line.count + 1
        }
    }
}
