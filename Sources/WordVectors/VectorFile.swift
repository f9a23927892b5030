// Reads and writes files of word vectors.

public import Files
import Tensors

/// The files in which word vectors are exchanged. Reading takes sizes that a file announces for
/// claims: each is checked against the file's length before memory is asked for.
public enum VectorFile {
    /// Reads a file whose format is told by its content.
    ///
    /// - Parameter rowsMax: stops after this many rows; what follows is not looked at.
    /// - Throws: `.unreadable`, `.malformed` naming the offset, `.outOfMemory`.
    public static func read(_ path: String, rowsMax: Int? = nil) throws(FileError)
        -> WordVectorTable
    {
        try read(path, format: try format(of: path), rowsMax: rowsMax)
    }

    /// Reads a file of a known format.
    public static func read(
        _ path: String, format: VectorFormat, rowsMax: Int? = nil
    ) throws(FileError) -> WordVectorTable {
        let rowsMax = rowsMax ?? .max
        precondition(rowsMax >= 0, "at most \(rowsMax) rows")
        switch format {
        case .word2vecBinary: return try readBinary(MappedFile(path: path), rowsMax)
        case .word2vecText: return try readText(MappedFile(path: path), rowsMax)
        case .gloveText: return try readGlove(MappedFile(path: path), rowsMax)
        case .npy: return try readNpy(path, rowsMax)
        case .safetensors: return try readSafeTensors(path, rowsMax)
        case .fastText: return try SubwordVectors(path: path).wordVectors(rowsMax: rowsMax)
        }
    }

    /// The format of a file by its content.
    ///
    /// - Throws: `.unreadable`, `.malformed` when it is none of them.
    public static func format(of path: String) throws(FileError) -> VectorFormat {
        let file = try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }
        return try VectorFormat.detect(file.bytes, path: path)
    }

    /// Writes a table. The file, and for `.npy` the vocabulary beside it, appears complete or not
    /// at all, and is on the disk when this returns.
    ///
    /// - Throws: `.unwritable`, also when a word is empty or contains white space, which none of
    ///   the formats can hold, and for `.fastText`, whose files hold more than a table does.
    public static func write(
        _ table: WordVectorTable, to path: String, format: VectorFormat
    ) throws(FileError) {
        try checkWords(table.words, path: path)
        switch format {
        case .word2vecBinary: try writeBinary(table, path)
        case .word2vecText: try writeText(table, path, hasShapeLine: true)
        case .gloveText: try writeText(table, path, hasShapeLine: false)
        case .npy: try writeNpy(table, path)
        case .safetensors: try writeSafeTensors(table, path)
        case .fastText:
            throw .unwritable(
                path: path, reason: "a fastText .bin holds n-grams and outputs, which a table of "
                    + "word vectors lacks")
        }
    }

    static func checkWords(_ words: WordList, path: String) throws(FileError) {
        for index in 0 ..< words.count {
            let isFit = words.withBytes(index) { word in
                !word.isEmpty && !word.contains(where: FloatText.isBlank)
            }
            guard isFit else {
                throw .unwritable(
                    path: path, reason: "word \(index), '\(words[index])', is empty or contains "
                        + "white space, which no format can hold")
            }
        }
    }

    /// Zeroed rows for a table that is being read.
    static func makeMatrix(rows: Int, columns: Int, path: String) throws(FileError) -> Matrix {
        do {
            return try Matrix(rows: rows, columns: columns)
        } catch {
            throw .outOfMemory(doing: "reading \(rows) vectors of \(columns) from \(path)")
        }
    }

    /// The raw bytes of a row, without its padding.
    static func rowBytes(_ matrix: Matrix, _ row: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: matrix.row(row), count: matrix.columns * 4)
    }
}
