// The directions that keep most of a set of vectors.

/// Eigenvectors of the second moments, those of the largest eigenvalues first (Pearson 1901, but
/// not centred): of all linear maps to so many numbers the one that keeps most of the vectors, and
/// so of their dot products.
public enum PrincipalComponents {
    /// Numbers of a vector at most. The work grows with the third power: 1,024 take minutes.
    public static let widthMax = 1_024

    /// The same for any number of threads: every sum has one order.
    ///
    /// - Parameters:
    ///   - vectors: `[count, width]`, row-major.
    ///   - rows: components wanted; not more than `width`.
    /// - Returns: `[rows, width]`, rows of length 1 at right angles.
    public static func find(
        _ vectors: [Float], width: Int, rows: Int, threads: Int
    ) -> [Float] {
        precondition(
            (1...widthMax).contains(width) && vectors.count % width == 0
                && (0...width).contains(rows), "\(rows) components of \(width) numbers")
        let vectorsOfMoments = JacobiSVD(moments(of: vectors, width, threads)).rightVectors
        var components: [Float] = []
        components.reserveCapacity(rows * width)
        for row in 0..<rows {
            for place in 0..<width { components.append(Float(vectorsOfMoments[place, row])) }
        }
        return components
    }

    /// The sum of x xᵀ. A thread makes some rows of it, right of the diagonal.
    private static func moments(
        of vectors: [Float], _ width: Int, _ threads: Int
    ) -> SquareMatrix {
        let parts = Parallel.map(count: width, threads: threads) { rows in
            var sums = [Double](repeating: 0, count: rows.count * width)
            var vector = [Double](repeating: 0, count: width)
            for begin in stride(from: 0, to: vectors.count, by: width) {
                for place in 0..<width { vector[place] = Double(vectors[begin + place]) }
                add(vector, rows, to: &sums)
            }
            return sums
        }
        var moments = SquareMatrix(size: width)
        moments.values = parts.flatMap { $0 }
        for row in 0..<width {
            for column in 0..<row { moments[row, column] = moments[column, row] }
        }
        return moments
    }

    private static func add(_ vector: [Double], _ rows: Range<Int>, to sums: inout [Double]) {
        let width = vector.count
        vector.withUnsafeBufferPointer { vector in
            sums.withUnsafeMutableBufferPointer { sums in
                for row in rows {
                    let factor = vector[row]
                    let begin = (row - rows.lowerBound) * width
                    for column in row..<width { sums[begin + column] += factor * vector[column] }
                }
            }
        }
    }
}
