// The token vectors of a query, laid out once for products with many passages.

import CKernels

/// How the numbers of a query and of stored tokens are multiplied.
public enum ProductPrecision: Sendable, CaseIterable {
    case f32
    /// 16 bits in the form that this CPU multiplies fastest; Float32 products of rounded numbers
    /// where it has none.
    case half
    /// 8 bits with a scale for each query token.
    case int8

    var kernel: dense_precision {
        switch self {
        case .f32: DENSE_F32
        case .half: DENSE_HALF
        case .int8: DENSE_INT8
        }
    }
}

/// Immutable, so that many threads score with it at once.
public final class PackedQuery: Sendable {
    public let precision: ProductPrecision
    public let count: Int
    public let dimension: Int
    private let rows: PackedRows

    var packed: UnsafeMutableRawPointer { rows.base }

    /// The most tokens of a query.
    public static let tokensMax = 10_000

    /// - Throws: `.tooManyTokens`.
    public init(_ tokens: TokenMatrix, precision: ProductPrecision) throws(RetrievalError) {
        guard tokens.count <= Self.tokensMax else {
            throw .tooManyTokens(found: tokens.count, limit: Self.tokensMax)
        }
        self.precision = precision
        count = tokens.count
        dimension = tokens.dimension
        rows = PackedRows(tokens.values, count, dimension, precision.kernel)
    }
}

/// Rows laid out as the weights of products.
final class PackedRows: @unchecked Sendable {
    /// At a multiple of 64 bytes.
    let base: UnsafeMutableRawPointer
    private let room: UnsafeMutableRawPointer

    init(
        _ rows: UnsafePointer<Float>, _ count: Int, _ dimension: Int, _ kernel: dense_precision
    ) {
        room = .allocate(
            byteCount: dense_packed_bytes(kernel, count, dimension) + 64, alignment: 16)
        base = room.alignedUp(toMultipleOf: 64)
        if count > 0 { dense_pack(kernel, rows, count, dimension, base) }
    }

    deinit { room.deallocate() }
}
