// One line of a text file of vectors: a word and its numbers.

import Glibc

enum VectorTextRow {
    /// The line that starts at `start`, without its newline; up to the end of the file when there
    /// is none.
    static func line(_ bytes: UnsafeRawBufferPointer, from start: Int) -> UnsafeRawBufferPointer {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[min(start, bytes.count)...])
        guard let base = rest.baseAddress, let newline = memchr(base, 0x0a, rest.count) else {
            return rest
        }
        return UnsafeRawBufferPointer(start: base, count: UnsafeRawPointer(newline) - base)
    }

    /// How many numbers follow the first field, nil when there are none or not only numbers.
    static func dimensions(of line: UnsafeRawBufferPointer) -> Int? {
        var position = wordEnd(line)
        var count = 0
        while let field = nextField(line, &position) {
            guard FloatText.read(field) != nil else { return nil }
            count += 1
        }
        return count > 0 && wordEnd(line) > 0 ? count : nil
    }

    /// Where the numbers start when the last `dimensions` fields are numbers and something is
    /// before them: a few published GloVe files have words with spaces inside.
    static func split(_ line: UnsafeRawBufferPointer, dimensions: Int) -> Int? {
        var end = line.count
        for _ in 0 ..< dimensions {
            while end > 0, FloatText.isBlank(line[end - 1]) { end -= 1 }
            var start = end
            while start > 0, !FloatText.isBlank(line[start - 1]) { start -= 1 }
            let field = UnsafeRawBufferPointer(rebasing: line[start ..< end])
            guard !field.isEmpty, FloatText.read(field)?.bytes == field.count else { return nil }
            end = start
        }
        return end > 1 ? end : nil
    }

    /// Reads a line into `row`; the word's bytes, or nil when the line has another form.
    static func read(
        _ line: UnsafeRawBufferPointer, into row: UnsafeMutablePointer<Float>, dimensions: Int
    ) -> UnsafeRawBufferPointer? {
        var end = wordEnd(line)
        var position = end
        guard end > 0 else { return nil }
        if !readNumbers(line, &position, into: row, dimensions) {
            guard let start = split(line, dimensions: dimensions) else { return nil }
            position = start
            end = start
            while end > 0, FloatText.isBlank(line[end - 1]) { end -= 1 }
            guard end > 0, readNumbers(line, &position, into: row, dimensions) else { return nil }
        }
        return UnsafeRawBufferPointer(rebasing: line[..<end])
    }

    private static func readNumbers(
        _ line: UnsafeRawBufferPointer, _ position: inout Int,
        into row: UnsafeMutablePointer<Float>, _ dimensions: Int
    ) -> Bool {
        for index in 0 ..< dimensions {
            while position < line.count, FloatText.isBlank(line[position]) { position += 1 }
            let rest = UnsafeRawBufferPointer(rebasing: line[position...])
            guard let (value, bytes) = FloatText.read(rest) else { return false }
            row[index] = value
            position += bytes
        }
        while position < line.count, FloatText.isBlank(line[position]) { position += 1 }
        return position == line.count
    }

    private static func wordEnd(_ line: UnsafeRawBufferPointer) -> Int {
        line.firstIndex(where: FloatText.isBlank) ?? line.count
    }

    private static func nextField(
        _ line: UnsafeRawBufferPointer, _ position: inout Int
    ) -> UnsafeRawBufferPointer? {
        while position < line.count, FloatText.isBlank(line[position]) { position += 1 }
        let start = position
        while position < line.count, !FloatText.isBlank(line[position]) { position += 1 }
        return start < position ? UnsafeRawBufferPointer(rebasing: line[start ..< position]) : nil
    }
}
