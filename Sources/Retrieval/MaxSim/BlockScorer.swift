// MaxSim of stored tokens, a block of rows in the first-level caches at a time.

import CKernels

/// The scratch memory of one thread for one query. Tokens come in blocks of rows that are brought
/// into the form of products, multiplied with all query tokens, and reduced to a maximum for each
/// query token (Khattab and Zaharia 2020, section 3.3).
final class BlockScorer {
    let query: PackedQuery
    /// Products of the query with all centroids, `[centroids, query.count]`; for residuals.
    private let table: CentroidScores?
    private let rowsMax: Int
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
        rowsMax = max(12, min(192, (64 << 10) / (4 * width)))
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
        var block = token..<token
        for (index, length) in lengths.enumerated() {
            maxima.update(repeating: -.infinity, count: query.count)
            let end = token + length
            while token < end {
                if token == block.upperBound {
                    block = token..<min(token + rowsMax, last)
                    multiply(tokens, block)
                }
                let part = token..<min(end, block.upperBound)
                reduce(tokens, part, of: block)
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

    /// `products` of the rows of `block`.
    private func multiply(_ tokens: StoredTokens, _ block: Range<Int>) {
        let dimension = query.dimension
        let first = block.lowerBound * dimension
        switch tokens.form {
        case .f32(let rows):
            multiply(floats: rows + first, block.count)
        case .bf16(let rows):
            dense_widen_bf16(rows + 2 * first, floats, block.count * dimension)
            multiply(floats: floats, block.count)
        case .int8(let rows, _):
            dense_load_bytes(rows + first, block.count, dimension, dimension, 1, inputs)
            multiply(inputs: inputs, block.count)
        case .residual(let residual):
            let codec = residual.codec
            codec.table.withUnsafeBufferPointer { table in
                guard let table = table.baseAddress else { return }
                dense_look_up(
                    residual.codes + block.lowerBound * codec.rowBytes, block.count, dimension,
                    Int32(codec.bits), table, bytes)
            }
            dense_load_bytes(bytes, block.count, dimension, dimension, codec.scale, inputs)
            multiply(inputs: inputs, block.count)
        }
    }

    private func multiply(floats rows: UnsafePointer<Float>, _ count: Int) {
        precondition(query.precision != .int8, "Float32 tokens with a query of bytes")
        guard query.precision == .half,
            dense_input_bytes(DENSE_HALF, 1, query.dimension) > 0
        else { return multiply(inputs: rows, count) }
        dense_convert(DENSE_HALF, rows, count, query.dimension, query.dimension, inputs)
        multiply(inputs: inputs, count)
    }

    private func multiply(inputs: UnsafeRawPointer, _ rows: Int) {
        if query.count == 0 { return }
        var product = dense_product(
            rows: rows, columns: query.count, depth: query.dimension, inputs: inputs,
            stride: query.dimension, packed: query.packed, bias: nil,
            activation: DENSE_IDENTITY, residual: nil, results: products,
            result_stride: query.count)
        dense_multiply(query.precision.kernel, &product)
    }

    /// Takes the tokens of `part` of one passage into `maxima`.
    private func reduce(_ tokens: StoredTokens, _ part: Range<Int>, of block: Range<Int>) {
        if query.count == 0 { return }
        var all = dense_maxima(
            rows: part.count, columns: query.count,
            products: products + (part.lowerBound - block.lowerBound) * query.count,
            stride: query.count, factors: nil, table: nil, table_stride: query.count,
            places: nil, maxima: maxima)
        switch tokens.form {
        case .f32, .bf16: break
        case .int8(_, let factors): all.factors = factors + part.lowerBound
        case .residual(let residual):
            guard let table else { preconditionFailure("residuals without centroid scores") }
            all.places = residual.centroids + part.lowerBound
            all.table = UnsafePointer(table.scores)
            dense_widen_f16(residual.factors + 2 * part.lowerBound, factors, part.count)
            all.factors = UnsafePointer(factors)
        }
        dense_maximise(&all)
    }
}

extension BlockScorer {
    /// Products of all query tokens with one token.
    func products(_ tokens: StoredTokens, _ token: Int) -> [Float] {
        maxima.update(repeating: -.infinity, count: query.count)
        multiply(tokens, token..<token + 1)
        reduce(tokens, token..<token + 1, of: token..<token + 1)
        return (0..<query.count).map { maxima[$0] }
    }
}
