// What turns token vectors into the bytes that an index keeps.

import Tensors

/// The form in which an index keeps its tokens.
public enum TokenForm: String, Sendable, CaseIterable, Codable {
    case residual2, residual4, residual8, int8, bf16, f32

    /// Bits a number of a residual.
    public var residualBits: Int? {
        switch self {
        case .residual2: 2
        case .residual4: 4
        case .residual8: 8
        case .int8, .bf16, .f32: nil
        }
    }

    /// Bytes of a token without its factor.
    public func rowBytes(_ dimension: Int) -> Int {
        switch self {
        case .residual2, .residual4, .residual8: (dimension * (residualBits ?? 8) + 7) / 8
        case .int8: dimension
        case .bf16: 2 * dimension
        case .f32: 4 * dimension
        }
    }

    /// Bytes of a token's factor.
    public var factorBytes: Int {
        switch self {
        case .residual2, .residual4, .residual8: 2
        case .int8: 4
        case .bf16, .f32: 0
        }
    }

    /// How a query is multiplied with such tokens.
    public var precision: ProductPrecision {
        switch self {
        case .residual2, .residual4, .residual8, .int8: .int8
        case .bf16: .half
        case .f32: .f32
        }
    }
}

/// Tokens as an index keeps them.
public struct EncodedTokens: Sendable, Equatable {
    public let form: TokenForm
    public var count: Int { centroids.count }
    /// The nearest centroid of each token.
    public internal(set) var centroids: [UInt16] = []
    /// `[count, form.rowBytes]`
    public internal(set) var rows: [UInt8] = []
    /// `[count, form.factorBytes]`
    public internal(set) var factors: [UInt8] = []
}

/// Centroids and buckets of an index. Immutable.
public final class TokenEncoder: Sendable {
    public let centroids: Centroids
    public let form: TokenForm
    public let codec: ResidualCodec?
    /// What made the tokens of the model's vectors; nil where the model itself did.
    public let projection: TokenProjection?

    /// Tells segments of other encoders from ours.
    let fingerprint: UInt64

    public var dimension: Int { centroids.dimension }

    init(
        centroids: Centroids, form: TokenForm, codec: ResidualCodec?,
        projection: TokenProjection? = nil
    ) {
        precondition(
            codec?.bits == form.residualBits
                && codec.map { $0.dimension == centroids.dimension } ?? true,
            "\(form) with buckets of \(codec?.bits ?? 0) bits")
        precondition(
            projection.map { $0.dimension == centroids.dimension } ?? true,
            "a projection to \(projection?.dimension ?? 0) numbers")
        self.centroids = centroids
        self.form = form
        self.codec = codec
        self.projection = projection
        var hash = fingerprintFNV(UnsafeRawBufferPointer(centroids.values))
        let buckets = (codec?.cutoffs ?? []) + [codec?.scale ?? 0]
        buckets.withUnsafeBytes { hash = fingerprintFNV($0, from: hash) }
        let rest = (codec?.table ?? []) + Array(form.rawValue.utf8)
        rest.withUnsafeBytes { hash = fingerprintFNV($0, from: hash) }
        projection?.values.withUnsafeBytes { hash = fingerprintFNV($0, from: hash) }
        fingerprint = hash
    }

    /// Trains on a sample of the corpus: centroids on at most 64 tokens each, buckets on the
    /// residuals of up to 50,000 of its tokens.
    ///
    /// - Parameters:
    ///   - count: centroids; nil for as many as PLAID takes for the tokens seen.
    ///   - projection: what made the tokens of the sample, kept with what is learned of them.
    /// - Throws: `.tooFewTokens`.
    public static func train(
        _ sample: TokenSample, form: TokenForm, count: Int? = nil,
        training: CentroidTraining = CentroidTraining(), projection: TokenProjection? = nil
    ) throws(RetrievalError) -> TokenEncoder {
        let wanted = count ?? Centroids.count(forTokens: sample.seen)
        let centroids = try training.train(sample.tokens(limit: wanted * 64), count: wanted)
        guard let bits = form.residualBits else {
            return TokenEncoder(
                centroids: centroids, form: form, codec: nil, projection: projection)
        }
        // A million numbers place every quantile to a thousandth of them.
        let held = sample.tokens(limit: max(1_024, (1 << 20) / sample.dimension)).normalised()
        let residuals = residuals(of: held, centroids, threads: training.threads)
        let codec = ResidualCodec.train(
            bits: bits, dimension: centroids.dimension, residuals: residuals)
        return TokenEncoder(
            centroids: centroids, form: form, codec: codec, projection: projection)
    }

    private static func residuals(
        of tokens: TokenMatrix, _ centroids: Centroids, threads: Int
    ) -> [Float] {
        var residuals = tokens.values
        let places = centroids.assign(tokens.values, count: tokens.count, threads: threads)
        for (token, place) in places.enumerated() {
            let centroid = centroids.row(Int(place))
            for index in 0..<centroids.dimension {
                residuals[token * centroids.dimension + index] -= centroid[index]
            }
        }
        return residuals
    }

    /// - Throws: `.dimension`.
    public func encode(
        _ tokens: TokenMatrix, threads: Int = 1
    ) throws(RetrievalError) -> EncodedTokens {
        guard tokens.dimension == dimension else {
            throw .dimension(found: tokens.dimension, expected: "\(dimension)")
        }
        let directions = tokens.normalised()
        var encoded = EncodedTokens(form: form)
        encoded.centroids = centroids.assign(
            directions.values, count: tokens.count, threads: threads)
        let places = encoded.centroids
        let parts = Parallel.map(count: tokens.count, threads: threads) { part in
            var rows = [UInt8](repeating: 0, count: part.count * form.rowBytes(dimension))
            var factors: [UInt8] = []
            for token in part {
                let row = (token - part.lowerBound) * form.rowBytes(dimension)
                rows.withUnsafeMutableBufferPointer { rows in
                    guard let base = rows.baseAddress else { return }
                    encode(
                        tokens, directions, token, places[token], to: base + row, &factors)
                }
            }
            return (rows, factors)
        }
        for (rows, factors) in parts {
            encoded.rows += rows
            encoded.factors += factors
        }
        return encoded
    }

    private func encode(
        _ tokens: TokenMatrix, _ directions: TokenMatrix, _ token: Int, _ place: UInt16,
        to row: UnsafeMutablePointer<UInt8>, _ factors: inout [UInt8]
    ) {
        tokens.values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            let numbers = base + token * dimension
            if let codec {
                let coded = directions.values.withUnsafeBufferPointer { values in
                    values.baseAddress.map {
                        codec.encode(
                            $0 + token * dimension, centroid: centroids.row(Int(place)), to: row)
                    } ?? 0
                }
                let length = Self.length(numbers, dimension)
                let factor = coded > 0 ? min(length / coded, 65504) : 0
                factors.append(littleEndian: Float16(factor).bitPattern)
                return
            }
            if form == .int8 {
                factors.append(littleEndian: Self.quantise(numbers, dimension, to: row).bitPattern)
                return
            }
            let type: StoredType = form == .bf16 ? .bf16 : .f32
            _ = type.pack(numbers, rows: 1, dimension: dimension, to: UnsafeMutableRawPointer(row))
        }
    }

    private static func length(_ row: UnsafePointer<Float>, _ count: Int) -> Float {
        var square: Float = 0
        for index in 0..<count { square += row[index] * row[index] }
        return square.squareRoot()
    }

    /// 128 + q for every number scale q; returns the scale.
    static func quantise(
        _ row: UnsafePointer<Float>, _ count: Int, to bytes: UnsafeMutablePointer<UInt8>
    ) -> Float {
        var greatest: Float = 0
        for index in 0..<count { greatest = max(greatest, row[index].magnitude) }
        let scale = greatest > 0 ? greatest / 127 : 1
        for index in 0..<count {
            let q = max(-127, min(127, (row[index] / scale).rounded(.toNearestOrEven)))
            bytes[index] = UInt8(128 + Int(q))
        }
        return scale
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
