// A sparse matrix by rows, and its products with narrow dense ones.

/// `[rows, columns]` of Float32 in compressed rows: the entries of row i are numbers
/// `starts[i]..<starts[i + 1]` of `places` (their columns, ascending) and `values`. It takes 8
/// bytes an entry. It is filled once, by `fill`, and then only read.
///
/// `@unchecked Sendable`: nothing changes once it is made.
public final class SparseMatrix: @unchecked Sendable {
    public let rows: Int
    public let columns: Int
    /// `[rows + 1]`.
    public let starts: [Int]
    private let placeBuffer: AlignedBuffer
    private let valueBuffer: AlignedBuffer

    public var entries: Int { starts[rows] }
    /// `[entries]`
    public var places: UnsafeMutablePointer<Int32> {
        placeBuffer.baseAddress.assumingMemoryBound(to: Int32.self)
    }
    /// `[entries]`
    public var values: UnsafeMutablePointer<Float> {
        valueBuffer.baseAddress.assumingMemoryBound(to: Float.self)
    }

    /// - Parameters:
    ///   - counts: entries of each row.
    ///   - fill: is called once with something that appends an entry to a row. Columns of a row
    ///     ascend; each row gets as many entries as were announced.
    /// - Throws: `.outOfMemory`, `.malformed` when the entries are not as announced, and what
    ///   `fill` throws.
    public init(
        columns: Int, counts: [Int],
        _ fill: ((_ row: Int, _ column: Int, _ value: Float) -> Void) throws(TensorError) -> Void
    ) throws(TensorError) {
        precondition(columns <= Int32.max && counts.allSatisfy { $0 >= 0 }, "\(columns) columns")
        rows = counts.count
        self.columns = columns
        var starts = [0]
        starts.reserveCapacity(counts.count + 1)
        for count in counts { starts.append(starts[starts.count - 1] + count) }
        self.starts = starts
        placeBuffer = try AlignedBuffer(byteCount: starts[rows] * MemoryLayout<Int32>.stride)
        valueBuffer = try AlignedBuffer(byteCount: starts[rows] * MemoryLayout<Float>.stride)
        let (places, values) = (self.places, self.values)
        var next = starts
        var isSound = true
        try fill { row, column, value in
            guard row >= 0, row < counts.count, column >= 0, column < columns,
                next[row] < starts[row + 1],
                next[row] == starts[row] || places[next[row] - 1] < column
            else {
                isSound = false
                return
            }
            places[next[row]] = Int32(column)
            values[next[row]] = value
            next[row] += 1
        }
        guard isSound, (0..<rows).allSatisfy({ next[$0] == starts[$0 + 1] }) else {
            throw .malformed(
                what: "a sparse matrix", reason: "its entries are not those announced")
        }
    }

    /// result = self · x: `[rows, d]` from `[columns, d]`. The bits do not depend on `threads`.
    ///
    /// - Parameter progress: is told of entries; stopped, the result is not complete.
    public func multiply(
        _ x: Matrix, into result: Matrix, threads: Int, progress: WorkProgress? = nil
    ) {
        precondition(
            x.rows == columns && result.rows == rows && result.stride == x.stride,
            "[\(rows), \(columns)] × [\(x.rows), \(x.columns)]")
        _ = Parallel.map(pieces(of: rows, threads: threads) { starts[$0] }) { _, piece in
            for row in piece {
                if progress?.isStopped == true { return }
                let entries = starts[row]..<starts[row + 1]
                for block in stride(from: 0, to: x.stride, by: 16) {
                    var sum = Block.zero
                    for entry in entries {
                        sum += values[entry] * Block.load(x, Int(places[entry]), block)
                    }
                    sum.store(result, row, block)
                }
                progress?.add(entries.count)
            }
        }
    }

    /// result = selfᵀ · x: `[columns, d]` from `[rows, d]`. Threads share out the rows of the
    /// result, so that its bits do not depend on their number.
    public func multiplyTransposed(
        _ x: Matrix, into result: Matrix, threads: Int, progress: WorkProgress? = nil
    ) {
        precondition(
            x.rows == rows && result.rows == columns && result.stride == x.stride,
            "[\(columns), \(rows)] × [\(x.rows), \(x.columns)]")
        let before = entriesBeforeColumns()
        _ = Parallel.map(pieces(of: columns, threads: threads) { before[$0] }) { _, piece in
            let (low, high) = (piece.lowerBound, piece.upperBound)
            (result.base + low * result.stride).update(
                repeating: 0, count: piece.count * result.stride)
            for row in 0..<rows {
                if progress?.isStopped == true { return }
                let begin = first(in: row, from: low)
                var entry = begin
                while entry < starts[row + 1], places[entry] < high {
                    let (place, value) = (Int(places[entry]), values[entry])
                    for block in stride(from: 0, to: x.stride, by: 16) {
                        let sum = Block.load(result, place, block)
                        (sum + value * Block.load(x, row, block)).store(result, place, block)
                    }
                    entry += 1
                }
                progress?.add(entry - begin)
            }
        }
    }

    /// The first entry of a row in column `column` or behind it.
    private func first(in row: Int, from column: Int) -> Int {
        var low = starts[row], high = starts[row + 1]
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < column { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// `[columns + 1]`
    private func entriesBeforeColumns() -> [Int] {
        var before = [Int](repeating: 0, count: columns + 1)
        for entry in 0..<entries { before[Int(places[entry]) + 1] += 1 }
        for column in 0..<columns { before[column + 1] += before[column] }
        return before
    }

    /// Consecutive pieces of about as many entries each.
    private func pieces(of count: Int, threads: Int, _ before: (Int) -> Int) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var begin = 0
        for index in 0..<count
        where (before(index + 1) + index) * threads >= (entries + count) * (pieces.count + 1)
            || index == count - 1
        {
            pieces.append(begin..<index + 1)
            begin = index + 1
        }
        return pieces
    }
}

/// Sixteen values of a row.
private typealias Block = SIMD16<Float>

extension Block {
    @inline(__always)
    fileprivate static func load(_ matrix: Matrix, _ row: Int, _ column: Int) -> Self {
        UnsafeRawPointer(matrix.base + row * matrix.stride + column).load(as: Self.self)
    }

    @inline(__always)
    fileprivate func store(_ matrix: Matrix, _ row: Int, _ column: Int) {
        UnsafeMutableRawPointer(matrix.base + row * matrix.stride + column)
            .storeBytes(of: self, as: Self.self)
    }
}
