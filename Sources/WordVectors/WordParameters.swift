// The two matrices that training moves, their shapes, and their reproducible beginning.

public import Tensors

/// Input and output vectors, each `[rows, dim]`. The input vectors are the result: row w is word w,
/// and with subwords the rows of n-grams follow (see `SubwordTable`). The output vectors are what
/// they are trained against: those of the words, or of the inner nodes of a `HuffmanTree`.
public struct WordParameters: Sendable {
    public let input: Matrix
    public let output: Matrix

    public var dim: Int { input.columns }

    /// Wraps matrices of the same number of columns, such as those of a checkpoint.
    public init(input: Matrix, output: Matrix) {
        precondition(
            input.columns == output.columns,
            "inputs [\(input.rows), \(input.columns)], outputs [\(output.rows), \(output.columns)]")
        self.input = input
        self.output = output
    }

    /// The beginning of training, as `begin` makes it.
    ///
    /// - Parameter vocabulary: the number of words.
    /// - Throws: `TensorError.outOfMemory`.
    public init(
        settings: WordTrainingSettings, vocabulary: Int, subwords: SubwordTable? = nil,
        threads: Int = 1
    ) throws(TensorError) {
        let inputRows = subwords?.rowCount ?? vocabulary
        let outputRows = Self.outputRows(loss: settings.loss, vocabulary: vocabulary)
        self.init(
            input: try Matrix(rows: inputRows, columns: settings.dim),
            output: try Matrix(rows: outputRows, columns: settings.dim))
        begin(settings: settings, hasSubwords: subwords != nil, threads: threads)
    }

    /// Zeros of the same shapes.
    ///
    /// - Throws: `TensorError.outOfMemory`.
    public init(shapedLike other: WordParameters) throws(TensorError) {
        self.init(
            input: try Matrix(rows: other.input.rows, columns: other.dim),
            output: try Matrix(rows: other.output.rows, columns: other.dim))
    }

    /// Rows of the output matrix; those of the input matrix are `SubwordTable.rowCount` with
    /// subwords and the vocabulary without.
    public static func outputRows(loss: WordLoss, vocabulary: Int) -> Int {
        loss == .hierarchicalSoftmax ? max(vocabulary - 1, 0) : vocabulary
    }

    /// Goes back to the beginning: outputs zero, inputs uniform in ±`inputBound`. Each value
    /// depends on the seed, its row and its column alone, so every process makes the same.
    public func begin(settings: WordTrainingSettings, hasSubwords: Bool, threads: Int = 1) {
        let bound = Self.inputBound(settings: settings, hasSubwords: hasSubwords)
        input.fillUniform(within: bound, seed: settings.seed, threads: threads)
        output.base.update(repeating: 0, count: output.rows * output.stride)
    }

    /// Greatest magnitude of an input at the beginning: 0.5 / dim as in word2vec, and 1 / dim where
    /// an input is a mean, as in fastText and in gensim, because means of small numbers are smaller
    /// still.
    public static func inputBound(settings: WordTrainingSettings, hasSubwords: Bool) -> Float {
        let isMean = hasSubwords || settings.architecture == .cbow
        return (isMean ? 1 : 0.5) / Float(settings.dim)
    }
}
