// From counts of pairs to vectors: mutual information, and the best approximation of low rank.

import Glibc
public import Tensors

/// A pair of words, how often they stand near each other, and nothing else.
public struct WeightedPair: Sendable, Equatable {
    public var row: Int
    public var column: Int
    public var weight: Double

    public init(row: Int, column: Int, weight: Double) {
        self.row = row
        self.column = column
        self.weight = weight
    }
}

/// Counts of pairs that can be read more than once, in the order of their rows and then of their
/// columns, each pair once.
public protocol PairCounts {
    /// Words; rows and columns lie below.
    var vocabulary: Int { get }
    /// Whether a pair stands for both orders: then its row is at most its column.
    var isSymmetric: Bool { get }

    /// - Throws: `.malformed` where they are not what they should be.
    func forEach(_ body: (WeightedPair) -> Void) throws(TensorError)
}

public enum SPPMI {
    /// The matrix max(PMI(w, c) - log k, 0), where
    /// PMI(w, c) = log(#(w, c) · Σ #(c')^a / (#(w) · #(c)^a)) with a the context power, and #(w),
    /// #(c) the sums of rows and columns (Levy and Goldberg 2014, section 3.1 and equation 12; Levy
    /// et al. 2015, section 3.2). The counts are read three times; memory is 8 bytes for each
    /// positive cell and 40 for each word.
    ///
    /// - Parameter progress: is told of every pair that is read.
    /// - Throws: `.malformed`, `.outOfMemory`.
    public static func matrix(
        _ counts: some PairCounts, settings: SPPMISettings, progress: WorkProgress? = nil
    ) throws(TensorError) -> SparseMatrix {
        let cells = try Cells(counts, settings, progress)
        var entries = [Int](repeating: 0, count: counts.vocabulary)
        try cells.forEach { (row, _, _) in entries[row] += 1 }
        return try SparseMatrix(columns: counts.vocabulary, counts: entries) {
            add throws(TensorError) in
            try cells.forEach { (row, column, value) in add(row, column, value) }
        }
    }

    /// `[vocabulary, dimension]`: U S^p of the matrix.
    ///
    /// - Returns: the vectors, and how much of the matrix's square sum they hold, as the sum of the
    ///   squares of the singular values; nil when stopped.
    /// - Throws: `.outOfMemory`, `.notFinite`.
    public static func vectors(
        of matrix: SparseMatrix, settings: SPPMISettings, threads: Int,
        progress: WorkProgress? = nil
    ) throws(TensorError) -> (vectors: Matrix, squareSum: Double)? {
        guard
            let decomposition = try TruncatedSVD(
                matrix, rank: settings.dimension, iterations: settings.iterations,
                seed: settings.seed, threads: threads, progress: progress)
        else { return nil }
        let vectors = decomposition.leftVectors
        let factors = decomposition.values.map { value in
            value > 0 ? Float(pow(value, settings.eigenvalueWeight)) : 0
        }
        for row in 0..<vectors.rows {
            let values = vectors.row(row)
            for column in 0..<vectors.columns { values[column] *= factors[column] }
        }
        return (vectors, decomposition.values.reduce(0) { $0 + $1 * $1 })
    }
}

/// The positive cells of the matrix, in an order in which the columns of each row ascend.
private struct Cells<Counts: PairCounts> {
    private let counts: Counts
    /// log #(w), and log of the smoothed share of contexts; both `[vocabulary]`.
    private let logWords: [Double]
    private let logContexts: [Double]
    private let shift: Double
    private let progress: WorkProgress?

    /// - Throws: `.malformed` also when the pairs are out of order or out of range.
    init(
        _ counts: Counts, _ settings: SPPMISettings, _ progress: WorkProgress?
    ) throws(TensorError) {
        self.counts = counts
        self.progress = progress
        var words = [Double](repeating: 0, count: counts.vocabulary)
        var contexts = words
        var last = (row: -1, column: -1)
        var problem: String?
        try counts.forEach { pair in
            let isAscending = (last.row, last.column) < (pair.row, pair.column)
            guard isAscending, words.indices.contains(pair.row),
                words.indices.contains(pair.column), pair.weight > 0, pair.weight.isFinite,
                !counts.isSymmetric || pair.row <= pair.column
            else {
                problem = problem ?? "pair (\(pair.row), \(pair.column)) of weight \(pair.weight)"
                return
            }
            last = (pair.row, pair.column)
            progress?.add(1)
            words[pair.row] += pair.weight
            contexts[pair.column] += pair.weight
            guard counts.isSymmetric, pair.row != pair.column else { return }
            words[pair.column] += pair.weight
            contexts[pair.row] += pair.weight
        }
        if let problem {
            throw .malformed(
                what: "a table of pairs",
                reason: "\(problem) is out of order or range among \(counts.vocabulary) words")
        }
        let power = settings.contextPower
        let total = contexts.reduce(0) { $1 > 0 ? $0 + pow($1, power) : $0 }
        logWords = words.map { log($0) }
        logContexts = contexts.map { power * log($0) - log(total) }
        shift = log(Double(settings.negative))
    }

    func forEach(_ body: (_ row: Int, _ column: Int, _ value: Float) -> Void) throws(TensorError) {
        try counts.forEach { pair in
            let count = log(pair.weight)
            progress?.add(1)
            visit(pair.row, pair.column, count, body)
            // As the row of the mirrored cell, a column comes before all that are greater.
            if counts.isSymmetric, pair.row != pair.column {
                visit(pair.column, pair.row, count, body)
            }
        }
    }

    @inline(__always)
    private func visit(
        _ word: Int, _ context: Int, _ count: Double,
        _ body: (_ row: Int, _ column: Int, _ value: Float) -> Void
    ) {
        let value = Float(count - logWords[word] - logContexts[context] - shift)
        if value > 0 { body(word, context, value) }
    }
}
