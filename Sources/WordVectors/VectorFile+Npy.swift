// A .npy matrix with a vocabulary beside it.

import CKernels
import Files
import Tensors

extension VectorFile {
    /// The vocabulary that belongs to `x.npy`: `x.vocab`.
    public static func vocabularyPath(forNpy path: String) -> String {
        (path.hasSuffix(".npy") ? String(path.dropLast(4)) : path) + ".vocab"
    }

    static func readNpy(_ path: String, _ rowsMax: Int) throws(FileError) -> WordVectorTable {
        let array = try NpyFile(path: path)
        defer { withExtendedLifetime(array) {} }
        let shape = array.header.shape
        guard shape.count == 2, shape[1] > 0, !array.header.isFortranOrder,
            ["<f4", "<f8"].contains(array.header.descriptor)
        else {
            throw .malformed(
                path: path, offset: 0,
                reason: "type \(array.header.descriptor), shape \(shape), where [words, dimensions]"
                    + " of <f4 or <f8 in C order is expected")
        }
        let vocabulary = try readVocabulary(vocabularyPath(forNpy: path), rowsMax)
        let rows = min(shape[0], rowsMax)
        guard vocabulary.words.count == rows else {
            throw .malformed(
                path: vocabularyPath(forNpy: path), offset: 0,
                reason: "\(vocabulary.words.count) words for \(rows) vectors")
        }
        let vectors = try makeMatrix(rows: rows, columns: shape[1], path: path)
        let isDouble = array.header.descriptor == "<f8"
        for row in 0 ..< rows { copyRow(row, of: array.data, isDouble: isDouble, to: vectors) }
        return try WordVectorTable(
            words: vocabulary.words, counts: vocabulary.counts, vectors: vectors)
    }

    static func copyRow(
        _ row: Int, of data: UnsafeRawBufferPointer, isDouble: Bool, to vectors: Matrix
    ) {
        let columns = vectors.columns
        if isDouble {
            for column in 0 ..< columns {
                let offset = 8 * (row * columns + column)
                vectors.row(row)[column] = Float(
                    data.loadUnaligned(fromByteOffset: offset, as: Double.self))
            }
        } else {
            let source = UnsafeRawBufferPointer(
                rebasing: data[4 * row * columns ..< 4 * (row + 1) * columns])
            UnsafeMutableRawBufferPointer(start: vectors.row(row), count: 4 * columns)
                .copyMemory(from: source)
        }
    }

    /// Lines "word count"; a line without a count leaves all counts unknown.
    private static func readVocabulary(
        _ path: String, _ rowsMax: Int
    ) throws(FileError) -> (words: WordList, counts: [UInt64]?) {
        let file = try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }
        var words = WordList()
        var counts: [UInt64] = []
        var position = 0
        while position < file.bytes.count, words.count < rowsMax {
            let line = VectorTextRow.line(file.bytes, from: position)
            let space = line.firstIndex(where: FloatText.isBlank) ?? line.count
            guard space > 0, space <= TEXT_WORD_BYTES_MAX else {
                throw .malformed(path: path, offset: position, reason: "a line without a word")
            }
            words.append(UnsafeRawBufferPointer(rebasing: line[..<space]))
            let rest = line[space...].filter { !FloatText.isBlank($0) }
            if let count = UInt64(String(decoding: rest, as: UTF8.self)) { counts.append(count) }
            position += line.count + 1
        }
        return (words, counts.count == words.count ? counts : nil)
    }

    static func writeNpy(_ table: WordVectorTable, _ path: String) throws(FileError) {
        let writer = try NpyWriter(
            path: path, descriptor: "<f4", rowShape: [table.dimensions])
        let vocabulary = try AtomicFile(path: vocabularyPath(forNpy: path))
        for row in 0 ..< table.count {
            try writer.append(rowBytes(table.vectors, row))
            try writeWord(table.words, row, to: vocabulary)
            try vocabulary.write(table.counts.map { " \($0[row])\n" } ?? "\n")
        }
        // Both are on the disk before the first one gets its name.
        try writer.synchronise()
        try vocabulary.synchronise()
        try vocabulary.commit()
        try writer.finish()
    }
}
