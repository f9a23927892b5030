// The token vectors of one text, as an encoder gives them.

/// `[count, dimension]` of Float32, row after row.
public struct TokenMatrix: Sendable, Equatable {
    public let dimension: Int
    public private(set) var values: [Float]

    public var count: Int { values.count / dimension }

    /// The largest dimension that an index and a query may have.
    public static let dimensionMax = 4096

    /// - Throws: `.dimension` when it is not in 1...4096 or does not divide the numbers,
    ///   `.notFinite` with the token's place.
    public init(dimension: Int, values: [Float]) throws(RetrievalError) {
        guard (1...Self.dimensionMax).contains(dimension), values.count % dimension == 0 else {
            throw .dimension(found: dimension, expected: "1...\(Self.dimensionMax), whole tokens")
        }
        if let place = values.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(token: place / dimension)
        }
        self.dimension = dimension
        self.values = values
    }

    init(checked dimension: Int, _ values: [Float]) {
        self.dimension = dimension
        self.values = values
    }

    /// The numbers of token `index`.
    public subscript(index: Int) -> ArraySlice<Float> {
        values[index * dimension..<(index + 1) * dimension]
    }

    /// Every token at length 1; zeros stay.
    public func normalised() -> TokenMatrix {
        var result = self
        result.values.withUnsafeMutableBufferPointer { values in
            for start in stride(from: 0, to: values.count, by: dimension) {
                normalise(UnsafeMutableBufferPointer(rebasing: values[start..<start + dimension]))
            }
        }
        return result
    }
}

/// Brings a vector to length 1; zeros stay. Returns the length it had.
@discardableResult
func normalise(_ row: UnsafeMutableBufferPointer<Float>) -> Float {
    var square: Float = 0
    for value in row { square += value * value }
    let length = square.squareRoot()
    guard length > 0, length.isFinite else { return length }
    for index in row.indices { row[index] /= length }
    return length
}
