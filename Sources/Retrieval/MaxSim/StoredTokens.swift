// How the tokens of passages lie in memory, in each of the forms that MaxSim multiplies.

/// Tokens `[count, dimension]`, one passage after the other. The memory is the caller's, who keeps
/// it in place as long as this is used.
public struct StoredTokens: @unchecked Sendable {
    /// What a token is made of.
    public enum Form: @unchecked Sendable {
        /// Float32 rows, one at the other's end.
        case f32(UnsafePointer<Float>)
        /// The upper halves of Float32.
        case bf16(UnsafeRawPointer)
        /// Bytes 128 + q with -127 <= q <= 127, and a factor for each token: factor q.
        case int8(UnsafePointer<UInt8>, factors: UnsafePointer<Float>)
        /// A centroid's number, codes of its residual, and a factor as Float16 for each token:
        /// factor (centroid + scale (table[code] - 128)).
        case residual(ResidualTokens)
    }

    public let form: Form
    public let count: Int
    public let dimension: Int

    public init(_ form: Form, count: Int, dimension: Int) {
        self.form = form
        self.count = count
        self.dimension = dimension
    }
}

/// The parts of tokens that are stored as residuals.
public struct ResidualTokens: @unchecked Sendable {
    public let codec: ResidualCodec
    /// `[count]`
    public let centroids: UnsafePointer<UInt16>
    /// `[count, codec.rowBytes]`
    public let codes: UnsafePointer<UInt8>
    /// `[count]`, Float16
    public let factors: UnsafeRawPointer

    public init(
        codec: ResidualCodec, centroids: UnsafePointer<UInt16>, codes: UnsafePointer<UInt8>,
        factors: UnsafeRawPointer
    ) {
        self.codec = codec
        self.centroids = centroids
        self.codes = codes
        self.factors = factors
    }
}
