// The two matrices that skip-gram trains, and their reproducible beginning.

public import Tensors

/// Input and output vectors of every word, each `[vocabulary, dim]`. The input vectors are the
/// result; the output vectors are what they are trained against.
public struct SkipGramParameters: Sendable {
    public let input: Matrix
    public let output: Matrix

    public var vocabulary: Int { input.rows }
    public var dim: Int { input.columns }

    /// Wraps matrices of the same shape, such as those of a checkpoint.
    public init(input: Matrix, output: Matrix) {
        precondition(
            input.rows == output.rows && input.columns == output.columns,
            "inputs [\(input.rows), \(input.columns)], outputs [\(output.rows), \(output.columns)]")
        self.input = input
        self.output = output
    }

    /// The beginning of training, as in word2vec: inputs uniform in ±0.5 / dim, outputs zero. Each
    /// value depends on the seed, its row and its column alone, so every process makes the same.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    public init(
        vocabulary: Int, dim: Int, seed: UInt64, threads: Int = 1
    ) throws(TensorError) {
        let input = try Matrix(rows: vocabulary, columns: dim)
        let output = try Matrix(rows: vocabulary, columns: dim)
        input.fillUniform(seed: seed, threads: threads)
        self.init(input: input, output: output)
    }
}
