// The text forms of word2vec, fastText and GloVe.

import CKernels
import Files
import Tensors

extension VectorFile {
    static func readText(_ file: MappedFile, _ rowsMax: Int) throws(FileError) -> WordVectorTable {
        guard let shape = VectorShapeLine(file.bytes) else {
            throw .malformed(path: file.path, offset: 0, reason: "no line with two numbers")
        }
        guard shape.dimensions < file.bytes.count else {
            throw .malformed(
                path: file.path, offset: 0, reason: "vectors of \(shape.dimensions) dimensions")
        }
        // The shortest row: a word of one byte, each number a blank and a digit, a newline.
        try shape.check(
            rowBytesMin: 2 + 2 * shape.dimensions, bytes: file.bytes, path: file.path)
        let rows = min(shape.rows, rowsMax)
        let (table, end) = try readRows(
            file, from: shape.end, rows: rows, dimensions: shape.dimensions)
        if rows == shape.rows { try checkEnd(file.bytes, end, path: file.path, rows: rows) }
        return table
    }

    static func readGlove(_ file: MappedFile, _ rowsMax: Int) throws(FileError) -> WordVectorTable {
        let bytes = file.bytes
        guard let dimensions = VectorTextRow.dimensions(of: VectorTextRow.line(bytes, from: 0))
        else {
            throw .malformed(
                path: file.path, offset: 0, reason: "the first line is no word with numbers")
        }
        var rows = 0
        var position = 0
        while position < bytes.count, rows < rowsMax {
            let line = VectorTextRow.line(bytes, from: position)
            if line.contains(where: { !FloatText.isBlank($0) }) { rows += 1 }
            position += line.count + 1
        }
        // A short first line must not make few bytes ask for much memory.
        guard rows <= (bytes.count + 1) / (2 + 2 * dimensions) else {
            throw .malformed(
                path: file.path, offset: 0,
                reason: "not every line has \(dimensions) numbers as the first one has")
        }
        return try readRows(file, from: 0, rows: rows, dimensions: dimensions).table
    }

    /// Reads `rows` lines that are not blank.
    private static func readRows(
        _ file: MappedFile, from start: Int, rows: Int, dimensions: Int
    ) throws(FileError) -> (table: WordVectorTable, end: Int) {
        let bytes = file.bytes
        file.willReadSequentially()
        let vectors = try makeMatrix(rows: rows, columns: dimensions, path: file.path)
        var words = WordList()
        var position = start
        while words.count < rows {
            guard position < bytes.count else {
                throw .malformed(
                    path: file.path, offset: bytes.count,
                    reason: "the file ends after \(words.count) of \(rows) vectors")
            }
            let line = VectorTextRow.line(bytes, from: position)
            if let word = VectorTextRow.read(
                line, into: vectors.row(words.count), dimensions: dimensions),
                word.count <= TEXT_WORD_BYTES_MAX
            {
                words.append(word)
            } else if line.contains(where: { !FloatText.isBlank($0) }) {
                throw .malformed(
                    path: file.path, offset: position,
                    reason: "vector \(words.count) is not a word with \(dimensions) numbers")
            }
            position += line.count + 1
        }
        let table = try WordVectorTable(words: words, vectors: vectors)
        return (table, min(position, bytes.count))
    }

    static func writeText(
        _ table: WordVectorTable, _ path: String, hasShapeLine: Bool
    ) throws(FileError) {
        let file = try AtomicFile(path: path)
        if hasShapeLine { try file.write("\(table.count) \(table.dimensions)\n") }
        for row in 0 ..< table.count {
            try writeWord(table.words, row, to: file)
            let values = UnsafeBufferPointer(
                start: table.vectors.row(row), count: table.dimensions)
            // In pieces, so that a row of any length fits the file's buffer.
            for start in stride(from: 0, to: values.count, by: 256) {
                let piece = values[start ..< min(start + 256, values.count)]
                try file.write(atMost: piece.count * (FloatText.bytesMax + 1)) { out in
                    format(piece, to: out.assumingMemoryBound(to: UInt8.self))
                }
            }
            try file.write(atMost: 1) { $0.storeBytes(of: 0x0a, as: UInt8.self); return 1 }
        }
        try file.commit()
    }

    /// Each value behind a space.
    private static func format(
        _ values: Slice<UnsafeBufferPointer<Float>>, to out: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var end = 0
        for value in values {
            out[end] = 0x20
            end += 1 + FloatText.write(value, to: out + end + 1)
        }
        return end
    }
}
