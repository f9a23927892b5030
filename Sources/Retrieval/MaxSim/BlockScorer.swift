// MaxSim of stored tokens, a passage's rows in the first-level caches at a time.

import CKernels

/// The scratch memory of one thread for one query. The tokens of a passage are brought into the
/// form of products, some rows at a time, and multiplied with all query tokens, of which each keeps
/// its greatest product (Khattab and Zaharia 2020, section 3.3).
final class BlockScorer {
    let query: PackedQuery
    /// Products of the query with all centroids, `[centroids, query.count]`; for residuals.
    private let table: CentroidScores?
    private let rowsMax: Int
    /// Where this CPU stores products before it takes the greatest.
    private let products: UnsafeMutablePointer<Float>
    private let maxima: UnsafeMutablePointer<Float>
    private let factors: UnsafeMutablePointer<Float>
    private let bytes: UnsafeMutablePointer<UInt8>
    private let floats: UnsafeMutablePointer<Float>
    /// `inputs`, which begin at a multiple of 64 bytes, lie in `room`.
    private let room: UnsafeMutableRawPointer
    private let inputs: UnsafeMutableRawPointer

    init(query: PackedQuery, table: CentroidScores? = nil) {
        self.query = query
        self.table = table
        let width = max(query.count, query.dimension)
        rowsMax = max(12, min(192, (96 << 10) / (4 * width)))
        products = .allocate(capacity: rowsMax * max(query.count, 1))
        maxima = .allocate(capacity: max(query.count, 1))
        factors = .allocate(capacity: rowsMax)
        bytes = .allocate(capacity: rowsMax * query.dimension)
        floats = .allocate(capacity: rowsMax * query.dimension)
        let size = dense_input_bytes(query.precision.kernel, rowsMax, query.dimension)
        room = .allocate(byteCount: size + 64, alignment: 16)
        inputs = room.alignedUp(toMultipleOf: 64)
    }

    deinit {
        products.deallocate()
        maxima.deallocate()
        factors.deallocate()
        bytes.deallocate()
        floats.deallocate()
        room.deallocate()
    }

    /// Scores of passages that lie one behind the other from token `start` on. A passage without
    /// tokens scores -infinity.
    func score(
        _ tokens: StoredTokens, from start: Int, lengths: some Collection<Int>,
        into scores: UnsafeMutablePointer<Float>
    ) {
        precondition(
            tokens.dimension == query.dimension,
            "tokens of \(tokens.dimension) and a query of \(query.dimension)")
        let last = lengths.reduce(start, +)
        precondition(last <= tokens.count, "token \(last) of \(tokens.count)")
        var token = start
        for (index, length) in lengths.enumerated() {
            maxima.update(repeating: -.infinity, count: query.count)
            let end = token + length
            while token < end {
                let part = token..<min(token + rowsMax, end)
                // What lies behind it is wanted next.
                take(tokens, part, next: part.upperBound..<min(last, part.upperBound + part.count))
                token = part.upperBound
            }
            scores[index] = length == 0 ? -.infinity : sum()
        }
    }

    private func sum() -> Float {
        var sum: Float = 0
        for index in 0..<query.count { sum += maxima[index] }
        return sum
    }

    /// Takes tokens of one passage into `maxima`, and has those of `next` fetched meanwhile.
    private func take(_ tokens: StoredTokens, _ part: Range<Int>, next: Range<Int>) {
        if query.count == 0 { return }
        let dimension = query.dimension
        let first = part.lowerBound * dimension
        var maxima = dense_maxima()
        maxima.rows = part.count
        maxima.columns = query.count
        maxima.maxima = self.maxima
        func fetch(_ rows: UnsafeRawPointer, rowBytes: Int) {
            maxima.next = rows + next.lowerBound * rowBytes
            maxima.next_bytes = next.count * rowBytes
        }
        switch tokens.form {
        case .f32(let rows):
            fetch(rows, rowBytes: 4 * dimension)
            take(floats: rows + first, part.count, &maxima)
        case .bf16(let rows):
            fetch(rows, rowBytes: 2 * dimension)
            dense_widen_bf16(rows + 2 * first, floats, part.count * dimension)
            take(floats: floats, part.count, &maxima)
        case .int8(let rows, let factors):
            fetch(rows, rowBytes: dimension)
            maxima.factors = factors + part.lowerBound
            take(bytes: rows + first, part.count, scale: 1, &maxima)
        case .residual(let residual):
            fetch(residual.codes, rowBytes: residual.codec.rowBytes)
            take(residual, part, &maxima)
        }
    }

    private func take(
        floats rows: UnsafePointer<Float>, _ count: Int, _ maxima: inout dense_maxima
    ) {
        precondition(query.precision != .int8, "Float32 tokens with a query of bytes")
        var product = product(of: rows, count)
        if query.precision == .half, dense_input_bytes(DENSE_HALF, 1, query.dimension) > 0 {
            dense_convert(DENSE_HALF, rows, count, query.dimension, query.dimension, inputs)
            product.inputs = UnsafeRawPointer(inputs)
        }
        dense_maximise_products(query.precision.kernel, &product, &maxima)
    }

    private func take(
        bytes rows: UnsafePointer<UInt8>, _ count: Int, scale: Float, _ maxima: inout dense_maxima
    ) {
        precondition(query.precision == .int8, "bytes with a query of \(query.precision)")
        var product = product(of: rows, count)
        product.scale = scale
        dense_maximise_bytes(&product, &maxima, inputs)
    }

    /// Residuals become bytes, and their products are added to those of their centroids.
    private func take(
        _ residual: ResidualTokens, _ part: Range<Int>, _ maxima: inout dense_maxima
    ) {
        guard let table else { preconditionFailure("residuals without centroid scores") }
        let codec = residual.codec
        codec.table.withUnsafeBufferPointer { values in
            guard let values = values.baseAddress else { return }
            dense_look_up(
                residual.codes + part.lowerBound * codec.rowBytes, part.count, query.dimension,
                Int32(codec.bits), values, bytes)
        }
        dense_widen_f16(residual.factors + 2 * part.lowerBound, factors, part.count)
        maxima.factors = UnsafePointer(factors)
        maxima.table = UnsafePointer(table.scores)
        maxima.table_stride = query.count
        maxima.places = residual.centroids + part.lowerBound
        take(bytes: bytes, part.count, scale: codec.scale, &maxima)
    }

    private func product(of rows: UnsafeRawPointer, _ count: Int) -> dense_product {
        var product = dense_product()
        product.rows = count
        product.columns = query.count
        product.depth = query.dimension
        product.inputs = rows
        product.stride = query.dimension
        product.packed = UnsafeRawPointer(query.packed)
        product.results = products
        product.result_stride = query.count
        return product
    }
}

extension BlockScorer {
    /// Products of all query tokens with one token.
    func products(_ tokens: StoredTokens, _ token: Int) -> [Float] {
        maxima.update(repeating: -.infinity, count: query.count)
        take(tokens, token..<token + 1, next: token..<token)
        return (0..<query.count).map { maxima[$0] }
    }
}
