// Vectors of words and of their n-grams, from a fastText .bin file.

public import Files
import Tensors

/// A fastText model that was read from its `.bin` file: it has a vector for every word, seen or
/// not (Bojanowski et al. 2017, section 3.2): the mean of the input rows of the word, if it is one
/// of the vocabulary, and of its n-grams. The matrices stay in the mapped file; memory is that of
/// the words, their counts and their index. Used by any thread.
public final class SubwordVectors: Sendable {
    public let arguments: FastTextArguments
    public let words: WordList
    /// Occurrences of each word.
    public let counts: [UInt64]
    /// Tokens of the corpus, those of rare words included.
    public let tokens: Int
    private let contents: FastTextFile
    private let table: WordTable

    /// - Throws: `.unreadable`; `.malformed` also for quantised models; `.outOfMemory`.
    public init(path: String) throws(FileError) {
        contents = try FastTextFile(MappedFile(path: path))
        arguments = contents.arguments
        words = contents.dictionary.words
        counts = contents.dictionary.counts
        tokens = Int(contents.dictionary.tokens)
        var repeated = 0
        table = try WordTable(words, repeated: &repeated)
    }

    /// Words of the vocabulary.
    public var count: Int { words.count }
    public var dimensions: Int { arguments.dimensions }
    /// Rows of the input matrix: one for each word, then one for each bucket.
    public var inputRows: Int { contents.input.rows }
    public var outputRows: Int { contents.output.rows }

    /// The number of a word of the vocabulary, nil for others.
    public func index(of word: String) -> Int? { table.position(of: word) }

    /// Row `index` of the input matrix, `[dimensions]`.
    public func inputRow(_ index: Int) -> [Float] { row(index, of: contents.input) }

    /// Row `index` of the output matrix, `[dimensions]`.
    public func outputRow(_ index: Int) -> [Float] { row(index, of: contents.output) }

    private func row(_ index: Int, of matrix: FastTextMatrix) -> [Float] {
        precondition(index >= 0 && index < matrix.rows, "row \(index) of \(matrix.rows)")
        var values = [Float](repeating: 0, count: dimensions)
        values.withUnsafeMutableBufferPointer { add(index, of: matrix, to: $0) }
        return values
    }

    /// The input rows whose mean is the vector of a word: its own, if it has one, and one for each
    /// of its n-grams. Memory: 4 bytes for each n-gram.
    public func rows(of word: String) -> [Int32] {
        var rows = index(of: word).map { [Int32($0)] } ?? []
        withBytes(of: word) { bytes in forEachNgram(of: bytes) { rows.append($0) } }
        return rows
    }

    /// The vector of any word, `[dimensions]`; zeros when it has no n-grams and is not in the
    /// vocabulary. Values are those of the file, also ones that are not finite.
    public func vector(of word: String) -> [Float] {
        var sum = [Float](repeating: 0, count: dimensions)
        withBytes(of: word) { bytes in
            sum.withUnsafeMutableBufferPointer { sum in
                mean(of: bytes, index: table.position(of: bytes), to: sum)
            }
        }
        return sum
    }

    /// The vectors of the first `rowsMax` words.
    ///
    /// - Throws: `.outOfMemory`.
    public func wordVectors(rowsMax: Int = .max) throws(FileError) -> WordVectorTable {
        let rows = min(count, rowsMax)
        let vectors = try VectorFile.makeMatrix(
            rows: rows, columns: dimensions, path: contents.file.path)
        var first = WordList()
        for index in 0..<rows { words.withBytes(index) { first.append($0) } }
        // Rows are gathered at random from the file: most of the time is waiting for memory. For
        // few of them threads would cost more than they bring.
        _ = Parallel.map(count: rows, threads: rows < 4_096 ? 1 : Self.threads) { part in
            for index in part {
                let row = UnsafeMutableBufferPointer(start: vectors.row(index), count: dimensions)
                words.withBytes(index) { mean(of: $0, index: index, to: row) }
            }
        }
        return try WordVectorTable(words: first, counts: Array(counts[..<rows]), vectors: vectors)
    }

    private static let threads = 4
}

extension SubwordVectors {
    /// Adds up rows in fastText's order and with its roundings, so that the values are its, too.
    private func mean(
        of word: UnsafeRawBufferPointer, index: Int?, to sum: UnsafeMutableBufferPointer<Float>
    ) {
        var rows = 0
        if let index {
            add(index, of: contents.input, to: sum)
            rows += 1
        }
        forEachNgram(of: word) { row in
            add(Int(row), of: contents.input, to: sum)
            rows += 1
        }
        guard rows > 0 else { return }
        let scale = Float(1 / Double(rows))
        for column in sum.indices { sum[column] *= scale }
    }

    @inline(__always)
    private func forEachNgram(of word: UnsafeRawBufferPointer, _ body: (Int32) -> Void) {
        let words = Int32(count)
        arguments.subwords?.forEachBucket(
            of: word, sparesSentenceEnd: contents.version != nil
        ) { body(words + $0) }
    }

    private func add(
        _ row: Int, of matrix: FastTextMatrix, to sum: UnsafeMutableBufferPointer<Float>
    ) {
        guard let base = contents.file.bytes.baseAddress else { return }
        let source = base + matrix.offset + 4 * row * matrix.columns
        for column in 0..<matrix.columns {
            sum[column] += source.loadUnaligned(fromByteOffset: 4 * column, as: Float.self)
        }
    }

    private func withBytes(of word: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        var word = word
        word.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
