// The formats in which word vectors are exchanged, and how to tell them apart.

import Files

public enum VectorFormat: String, Sendable, CaseIterable {
    /// "V D\n", then for each row the word, a space, D little-endian Float32 and '\n'.
    case word2vecBinary = "word2vec-binary"
    /// "V D\n", then for each row the word and D numbers; fastText's `.vec` is the same.
    case word2vecText = "word2vec-text"
    /// Rows as in `word2vecText`, without the first line.
    case gloveText = "glove-text"
    /// `x.npy` [V, D] `<f4` and beside it `x.vocab` with lines "word count".
    case npy
    /// Tensors "vectors" F32 [V, D], "vocabulary" U8 (UTF-8 words, '\n' between them) and, when
    /// counts are known, "counts" I64 [V].
    case safetensors
    /// fastText's `.bin`: words, and the matrices of words, n-grams and outputs. A table is read
    /// from it; it is written with `SubwordVectors.write`.
    case fastText = "fasttext-bin"

    /// The formats in which a table of words and vectors can be written.
    public static let ofTables = allCases.filter { $0 != .fastText }

    /// Tells the format by the content.
    ///
    /// - Throws: `.malformed` when the content fits none, naming what was expected.
    static func detect(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) -> Self {
        if bytes.starts(with: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]) { return .npy }
        if bytes.count > 8, bytes[8] == UInt8(ascii: "{"),
            bytes.loadUnaligned(as: UInt64.self) <= UInt64(bytes.count - 8)
        {
            return .safetensors
        }
        if FastTextFile.hasMagic(bytes) || FastTextFile.hasNoVersion(bytes) { return .fastText }
        if let shape = VectorShapeLine(bytes) {
            return shape.isTextBelow(bytes) ? .word2vecText : .word2vecBinary
        }
        if VectorTextRow.dimensions(of: VectorTextRow.line(bytes, from: 0)) != nil {
            return .gloveText
        }
        throw .malformed(
            path: path, offset: 0,
            reason: "not word vectors in word2vec, fastText, GloVe, .npy or safetensors form")
    }
}

/// The line "V D" at the start of word2vec files.
struct VectorShapeLine {
    let rows: Int
    let dimensions: Int
    /// Where the rows begin.
    let end: Int

    /// Nil when the file does not start with two whole numbers on a line.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var position = 0
        guard let rows = Self.number(bytes, &position), position < bytes.count,
            bytes[position] == 0x20 || bytes[position] == 0x09
        else { return nil }
        position += 1
        guard let dimensions = Self.number(bytes, &position) else { return nil }
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x0d {
            position += 1
        }
        guard position < bytes.count, bytes[position] == 0x0a else { return nil }
        self.rows = rows
        self.dimensions = dimensions
        end = position + 1
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int? {
        var value = 0
        let start = position
        while position < bytes.count, position - start < 18, bytes[position] &- 0x30 < 10 {
            value = value * 10 + Int(bytes[position] - 0x30)
            position += 1
        }
        return position > start ? value : nil
    }

    /// Whether the first row reads as text.
    func isTextBelow(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let line = VectorTextRow.line(bytes, from: end)
        guard !line.isEmpty else { return rows == 0 }
        return VectorTextRow.split(line, dimensions: dimensions) != nil
    }

    /// Checks the announced shape against what the file can hold.
    ///
    /// - Parameter rowBytesMin: the least that a row takes.
    func check(
        rowBytesMin: Int, bytes: UnsafeRawBufferPointer, path: String
    ) throws(FileError) {
        guard dimensions > 0 else {
            throw .malformed(path: path, offset: 0, reason: "vectors of \(dimensions) dimensions")
        }
        // The last row may lack its newline.
        guard rows <= (bytes.count - end + 1) / rowBytesMin else {
            throw .malformed(
                path: path, offset: 0,
                reason: "\(rows) vectors of \(dimensions) dimensions announced, which "
                    + "\(bytes.count) bytes cannot hold")
        }
    }
}
