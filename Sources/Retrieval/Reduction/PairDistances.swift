// Distances between the tokens of one text.

/// The lower triangle of `[count, count]`: 4 bytes a pair, 128 MiB for 8,192 tokens.
struct PairDistances {
    let count: Int
    /// Row `i` has the pairs with tokens `0..<i`.
    private var values: [Float]

    /// Squares of cosine distances, `(1 - cos)^2`, of rows of length 1.
    ///
    /// Sums are added in one order on every machine, so that all of them find the same. What is
    /// not a number counts as farthest, for whoever stores the rows refuses them.
    init(cosines tokens: TokenMatrix) {
        let (count, dimension) = (tokens.count, tokens.dimension)
        self.count = count
        let pairs = count * (count - 1) / 2
        values = Array(unsafeUninitializedCapacity: pairs) { buffer, initialized in
            tokens.values.withUnsafeBufferPointer { rows in
                guard let rows = rows.baseAddress, var to = buffer.baseAddress else { return }
                for token in 1..<max(count, 1) {
                    for other in 0..<token {
                        let cosine = product(
                            rows + token * dimension, rows + other * dimension, dimension)
                        let distance = cosine.isNaN ? 2 : min(max(1 - cosine, 0), 2)
                        to.initialize(to: distance * distance)
                        to += 1
                    }
                }
            }
            initialized = pairs
        }
    }

    subscript(one: Int, other: Int) -> Float {
        get { values[Self.place(one, other)] }
        set { values[Self.place(one, other)] = newValue }
    }

    private static func place(_ one: Int, _ other: Int) -> Int {
        let (low, high) = one < other ? (one, other) : (other, one)
        return high * (high - 1) / 2 + low
    }
}

/// The inner product of two rows, its eight partial sums added in a fixed order.
func product(_ one: UnsafePointer<Float>, _ other: UnsafePointer<Float>, _ count: Int) -> Float {
    let (left, right) = (UnsafeRawPointer(one), UnsafeRawPointer(other))
    var sums = SIMD8<Float>.zero
    var place = 0
    while place + 8 <= count {
        sums +=
            left.loadUnaligned(fromByteOffset: 4 * place, as: SIMD8<Float>.self)
            * right.loadUnaligned(fromByteOffset: 4 * place, as: SIMD8<Float>.self)
        place += 8
    }
    let four = sums.lowHalf + sums.highHalf
    var sum = (four[0] + four[2]) + (four[1] + four[3])
    while place < count {
        sum += one[place] * other[place]
        place += 1
    }
    return sum
}
