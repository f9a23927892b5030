// Writes a fastText .bin file, which fastText and gensim load.

public import Files
public import Tensors

extension SubwordVectors {
    /// Writes words, n-grams and both matrices as version 12 of fastText's format. The file appears
    /// complete or not at all, and is on the disk when this returns.
    ///
    /// fastText keeps a row for every bucket: those that no word uses are written as zeros, piece
    /// by piece, so that the file is large (4 bytes for each of `[words + buckets, dimensions]` and
    /// of `[words, dimensions]`) and the memory is not.
    ///
    /// - Parameters:
    ///   - tokens: of the corpus, rare words included; nil stands for the sum of the counts.
    ///   - subwords: rows of the input; nil when words have none but their own. `arguments` names
    ///     the same settings.
    ///   - input: `[subwords.rowCount, dimensions]`.
    ///   - output: `[words, dimensions]` or fewer rows, the rest is zeros. Hierarchical softmax:
    ///     row `n` is the inner node that was made `n`-th of the Huffman tree, with fastText's sign
    ///     (it predicts 1 for the branch whose code is 1, where word2vec predicts 0).
    /// - Throws: `.unwritable`, also when a word is empty or contains white space or NUL.
    public static func write(
        words: WordList, counts: [UInt64], tokens: Int? = nil, subwords: SubwordTable?,
        input: Matrix, output: Matrix, arguments: FastTextArguments, to path: String
    ) throws(FileError) {
        let rows = subwords?.rowCount ?? words.count
        precondition(
            counts.count == words.count && input.rows == rows && output.rows <= words.count
                && input.columns == arguments.dimensions
                && output.columns == arguments.dimensions
                && subwords?.settings == arguments.subwords,
            "\(words.count) words, \(counts.count) counts, \(rows) rows, input [\(input.rows), "
                + "\(input.columns)], output [\(output.rows), \(output.columns)]")
        try VectorFile.checkWords(words, path: path)
        try checkForNul(words, path: path)
        let file = try AtomicFile(path: path)
        try writeHead(words, counts, tokens, arguments, to: file)
        let buckets = arguments.subwords?.buckets ?? 0
        try writeShape(words.count + buckets, arguments.dimensions, to: file)
        for row in 0..<words.count { try file.write(VectorFile.rowBytes(input, row)) }
        let zeros = [UInt8](repeating: 0, count: 4 * arguments.dimensions)
        for bucket in 0..<buckets {
            if let row = subwords?.row(ofBucket: bucket) {
                try file.write(VectorFile.rowBytes(input, row))
            } else {
                try file.write(zeros)
            }
        }
        try writeShape(words.count, arguments.dimensions, to: file)
        for row in 0..<output.rows { try file.write(VectorFile.rowBytes(output, row)) }
        for _ in output.rows..<words.count { try file.write(zeros) }
        try file.commit()
    }

    /// NUL ends a word in this format.
    private static func checkForNul(_ words: WordList, path: String) throws(FileError) {
        for index in 0..<words.count where words.withBytes(index, { $0.contains(0) }) {
            throw .unwritable(
                path: path, reason: "word \(index), '\(words[index])', has a NUL in it")
        }
    }

    /// Magic, version, arguments and the dictionary. There is no `</s>` unless the corpus had it
    /// as a word; fastText and gensim ask for none.
    private static func writeHead(
        _ words: WordList, _ counts: [UInt64], _ tokens: Int?, _ arguments: FastTextArguments,
        to file: AtomicFile
    ) throws(FileError) {
        for field in [FastTextArguments.magic, FastTextArguments.version] + arguments.fields {
            try write(field, to: file)
        }
        try write(arguments.sample.bitPattern, to: file)
        for size in [words.count, words.count, 0] { try write(Int32(clamping: size), to: file) }
        var sum: UInt64 = 0
        for count in counts {
            let (next, overflow) = sum.addingReportingOverflow(count)
            sum = overflow ? .max : next
        }
        try write(tokens.map(Int64.init) ?? Int64(clamping: sum), to: file)
        // Not pruned.
        try write(Int64(-1), to: file)
        for index in 0..<words.count {
            try VectorFile.writeWord(words, index, to: file)
            try write(UInt8(0), to: file)
            try write(Int64(clamping: counts[index]), to: file)
            try write(UInt8(0), to: file)
        }
    }

    /// Not quantised, and the shape.
    private static func writeShape(
        _ rows: Int, _ columns: Int, to file: AtomicFile
    ) throws(FileError) {
        try write(UInt8(0), to: file)
        try write(Int64(rows), to: file)
        try write(Int64(columns), to: file)
    }

    private static func write(
        _ number: some FixedWidthInteger, to file: AtomicFile
    ) throws(FileError) {
        try file.write(atMost: 8) { out in
            withUnsafeBytes(of: number.littleEndian) { bytes in
                out.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
                return bytes.count
            }
        }
    }
}
