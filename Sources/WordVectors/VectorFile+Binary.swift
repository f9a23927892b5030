// The binary form of word2vec.

import CKernels
import Files
import Tensors

extension VectorFile {
    static func readBinary(
        _ file: MappedFile, _ rowsMax: Int
    ) throws(FileError) -> WordVectorTable {
        let bytes = file.bytes
        file.willReadSequentially()
        guard let shape = VectorShapeLine(bytes) else {
            throw .malformed(path: file.path, offset: 0, reason: "no line with two numbers")
        }
        guard shape.dimensions < bytes.count else {
            throw .malformed(
                path: file.path, offset: 0, reason: "vectors of \(shape.dimensions) dimensions")
        }
        let rowBytes = shape.dimensions * 4
        try shape.check(rowBytesMin: rowBytes + 2, bytes: bytes, path: file.path)
        let rows = min(shape.rows, rowsMax)
        let vectors = try makeMatrix(rows: rows, columns: shape.dimensions, path: file.path)
        var words = WordList()
        var position = shape.end
        for row in 0 ..< rows {
            // word2vec ends each row with a newline, others do not.
            while position < bytes.count, bytes[position] == 0x0a { position += 1 }
            let window = bytes[position ..< min(bytes.count, position + TEXT_WORD_BYTES_MAX + 1)]
            guard let space = window.firstIndex(of: 0x20), bytes.count - space - 1 >= rowBytes
            else {
                throw .malformed(
                    path: file.path, offset: position,
                    reason: "row \(row) of \(shape.rows) is cut off or has no word")
            }
            words.append(UnsafeRawBufferPointer(rebasing: bytes[position ..< space]))
            UnsafeMutableRawPointer(vectors.row(row)).copyMemory(
                from: bytes.baseAddress! + space + 1, byteCount: rowBytes)
            position = space + 1 + rowBytes
        }
        if rows == shape.rows { try checkEnd(bytes, position, path: file.path, rows: rows) }
        return try WordVectorTable(words: words, vectors: vectors)
    }

    /// Nothing but blanks may follow the last row.
    static func checkEnd(
        _ bytes: UnsafeRawBufferPointer, _ position: Int, path: String, rows: Int
    ) throws(FileError) {
        guard let extra = bytes[position...].firstIndex(where: { !FloatText.isBlank($0) }) else {
            return
        }
        throw .malformed(
            path: path, offset: extra, reason: "more follows after the announced \(rows) vectors")
    }

    static func writeBinary(_ table: WordVectorTable, _ path: String) throws(FileError) {
        let file = try AtomicFile(path: path)
        try file.write("\(table.count) \(table.dimensions)\n")
        for row in 0 ..< table.count {
            try writeWord(table.words, row, to: file)
            try file.write(atMost: 1) { $0.storeBytes(of: 0x20, as: UInt8.self); return 1 }
            try file.write(rowBytes(table.vectors, row))
            try file.write(atMost: 1) { $0.storeBytes(of: 0x0a, as: UInt8.self); return 1 }
        }
        try file.commit()
    }

    static func writeWord(
        _ words: WordList, _ index: Int, to file: AtomicFile
    ) throws(FileError) {
        let result = words.withBytes(index) { word in
            Result { () throws(FileError) in try file.write(word) }
        }
        try result.get()
    }
}
