// From trained rows to the vectors of words.

public import Tensors

extension SubwordTable {
    /// The vectors of all words, `[wordCount, dim]`: each the mean of its rows of `input`
    /// (Bojanowski et al. 2017, section 3.2), with the roundings of fastText, so that a `.bin`
    /// with these rows gives the same.
    ///
    /// - Parameter input: `[rowCount, dim]`.
    /// - Throws: `SubwordError.outOfMemory`.
    public func vectors(of input: Matrix, threads: Int) throws(SubwordError) -> Matrix {
        precondition(input.rows == rowCount, "\(input.rows) rows for a table of \(rowCount)")
        let vectors: Matrix
        do {
            vectors = try Matrix(rows: wordCount, columns: input.columns)
        } catch {
            throw .outOfMemory(byteCount: 4 * wordCount * input.stride)
        }
        _ = Parallel.map(count: wordCount, threads: threads) { part in
            withUnsafeBags { offsets, rows in
                for word in part {
                    let bag = UnsafeBufferPointer(
                        start: rows + Int(offsets[word]),
                        count: Int(offsets[word + 1] - offsets[word]))
                    Self.mean(of: bag, input, to: vectors.row(word))
                }
            }
        }
        return vectors
    }

    private static func mean(
        of rows: UnsafeBufferPointer<Int32>, _ input: Matrix, to sum: UnsafeMutablePointer<Float>
    ) {
        for row in rows {
            let values = input.row(Int(row))
            for column in 0..<input.columns { sum[column] += values[column] }
        }
        let scale = Float(1 / Double(rows.count))
        for column in 0..<input.columns { sum[column] *= scale }
    }
}
