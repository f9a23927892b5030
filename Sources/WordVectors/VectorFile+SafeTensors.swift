// Vectors, words and counts as the tensors of one safetensors file.

import CKernels
import Files
import Tensors

extension VectorFile {
    private static let vectorsName = "vectors"
    private static let vocabularyName = "vocabulary"
    private static let countsName = "counts"

    static func readSafeTensors(
        _ path: String, _ rowsMax: Int
    ) throws(FileError) -> WordVectorTable {
        let file = try SafeTensorsFile(path: path)
        defer { withExtendedLifetime(file) {} }
        guard let entry = file.entry(vectorsName), let data = file.data(vectorsName),
            entry.type == .f32, entry.shape.count == 2, entry.shape[1] > 0
        else {
            throw .malformed(
                path: path, offset: 8, reason: "no tensor 'vectors' of F32 [words, dimensions]")
        }
        guard file.entry(vocabularyName)?.type == .u8, let text = file.data(vocabularyName) else {
            throw .malformed(path: path, offset: 8, reason: "no tensor 'vocabulary' of U8")
        }
        let rows = min(entry.shape[0], rowsMax)
        let words = try readWords(text, rows: rows, of: entry.shape[0], path: path)
        let vectors = try makeMatrix(rows: rows, columns: entry.shape[1], path: path)
        for row in 0 ..< rows { copyRow(row, of: data, isDouble: false, to: vectors) }
        let counts = try readCounts(file, rows: entry.shape[0])
        return try WordVectorTable(
            words: words, counts: counts.map { Array($0[..<rows]) }, vectors: vectors)
    }

    private static func readWords(
        _ text: UnsafeRawBufferPointer, rows: Int, of total: Int, path: String
    ) throws(FileError) -> WordList {
        var words = WordList()
        var position = 0
        while position < text.count, words.count < rows {
            let word = VectorTextRow.line(text, from: position)
            guard word.count <= TEXT_WORD_BYTES_MAX else {
                throw .malformed(path: path, offset: 8, reason: "a word of \(word.count) bytes")
            }
            words.append(word)
            position += word.count + 1
        }
        guard words.count == rows, rows < total || position >= text.count else {
            throw .malformed(
                path: path, offset: 8, reason: "the vocabulary does not hold \(total) words")
        }
        return words
    }

    private static func readCounts(
        _ file: SafeTensorsFile, rows: Int
    ) throws(FileError) -> [UInt64]? {
        guard let entry = file.entry(countsName), let data = file.data(countsName) else {
            return nil
        }
        guard entry.type == .i64, entry.shape == [rows] else {
            throw .malformed(path: file.path, offset: 8, reason: "'counts' is not I64 [\(rows)]")
        }
        return (0 ..< rows).map { row in
            UInt64(max(0, data.loadUnaligned(fromByteOffset: 8 * row, as: Int64.self)))
        }
    }

    static func writeSafeTensors(_ table: WordVectorTable, _ path: String) throws(FileError) {
        let textBytes = table.words.byteCount + max(table.count - 1, 0)
        var entries = [
            SafeTensorsEntry(
                name: vectorsName, type: .f32, shape: [table.count, table.dimensions]),
            SafeTensorsEntry(name: vocabularyName, type: .u8, shape: [textBytes]),
        ]
        if table.counts != nil {
            entries.insert(
                SafeTensorsEntry(name: countsName, type: .i64, shape: [table.count]), at: 0)
        }
        let writer = try SafeTensorsWriter(path: path, entries: entries)
        for count in table.counts ?? [] {
            try writer.append(integer: Int64(clamping: count))
        }
        for row in 0 ..< table.count { try writer.append(rowBytes(table.vectors, row)) }
        for row in 0 ..< table.count {
            if row > 0 { try writer.append(integer: UInt8(ascii: "\n")) }
            let result = table.words.withBytes(row) { word in
                Result { () throws(FileError) in try writer.append(word) }
            }
            try result.get()
        }
        try writer.finish()
    }
}

extension SafeTensorsWriter {
    fileprivate func append(integer: some FixedWidthInteger) throws(FileError) {
        let result = withUnsafeBytes(of: integer.littleEndian) { raw in
            Result { () throws(FileError) in try append(raw) }
        }
        try result.get()
    }
}
