// Arithmetic on one row of a matrix, sixteen values at a time.

import Tensors

/// A row with its padding, which is zero and stays zero.
struct Row {
    let base: UnsafeMutablePointer<SIMD16<Float>>
    let count: Int

    init(_ matrix: Matrix, _ row: Int) {
        count = matrix.stride / 16
        base = UnsafeMutableRawPointer(matrix.row(row))
            .assumingMemoryBound(to: SIMD16<Float>.self)
    }

    /// Whether training touched the row. It changes all values of a row or none, so that the first
    /// sixteen tell; rows that stay as they were cost one cache line.
    func differs(from other: Row) -> Bool { base[0] != other.base[0] }

    func set(_ other: Row) { base.update(from: other.base, count: count) }

    func set(difference left: Row, _ right: Row) {
        for i in 0..<count { base[i] = left.base[i] - right.base[i] }
    }

    func clear() { base.update(repeating: .zero, count: count) }

    func add(_ factor: Float, _ other: Row) {
        let factors = SIMD16(repeating: factor)
        for i in 0..<count { base[i] += factors * other.base[i] }
    }

    func scale(_ factor: Float) {
        for i in 0..<count { base[i] *= SIMD16(repeating: factor) }
    }

    func dot(_ other: Row) -> Float {
        var sum = SIMD16<Float>.zero
        for i in 0..<count { sum += base[i] * other.base[i] }
        return sum.sum()
    }

    /// One value at a time: `pointwiseMax` of sixteen is no instruction and takes far longer.
    var greatest: Float {
        let values = UnsafeRawPointer(base).assumingMemoryBound(to: Float.self)
        var most: (Float, Float) = (0, 0)
        for i in 0..<8 * count {
            let magnitudes = (values[2 * i].magnitude, values[2 * i + 1].magnitude)
            if magnitudes.0 > most.0 { most.0 = magnitudes.0 }
            if magnitudes.1 > most.1 { most.1 = magnitudes.1 }
        }
        return max(most.0, most.1)
    }

    /// To bfloat16 and back, to the nearest and to even.
    func roundToBF16() {
        for i in 0..<count {
            let bits = unsafeBitCast(base[i], to: SIMD16<UInt32>.self)
            let odd = (bits &>> 16) & 1
            let rounded = (bits &+ (odd &+ 0x7fff)) & 0xffff_0000
            base[i] = unsafeBitCast(rounded, to: SIMD16<Float>.self)
        }
    }

    /// To 255 steps of the row's greatest magnitude and back.
    func roundToInt8() {
        let greatest = greatest
        guard greatest > 0 else { return }
        let step = SIMD16(repeating: greatest / 127)
        // Beyond 2^23 a Float has no fraction: adding 1.5 * 2^23 rounds to the nearest and to even.
        let shift = SIMD16<Float>(repeating: 12_582_912)
        for i in 0..<count { base[i] = (base[i] / step + shift - shift) * step }
    }

    /// The same, but up or down by chance, so that the mean over many draws is the value itself.
    /// Numbers are drawn from `key` alone.
    func roundToInt8(drawing key: UInt32) {
        let greatest = greatest
        guard greatest > 0 else { return }
        let step = SIMD16(repeating: greatest / 127)
        let lanes = SIMD16<UInt32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        for i in 0..<count {
            // The finalizer of MurmurHash3 over a counter.
            var bits = (lanes &+ UInt32(16 * i)) &* 0x9E37_79B9 &+ key
            bits = (bits ^ (bits &>> 16)) &* 0x85EB_CA6B
            bits = (bits ^ (bits &>> 13)) &* 0xC2B2_AE35
            bits ^= bits &>> 16
            let chance = SIMD16<Float>(bits &>> 8) * SIMD16(repeating: 0x1p-24)
            base[i] = (base[i] / step + chance).rounded(.down) * step
        }
    }
}

/// How a delta travels.
struct Rounding {
    let isInt8: Bool
    private let isDrawn: Bool

    init(_ name: String) {
        isInt8 = name != "bf16"
        isDrawn = name == "int8-drawn"
    }

    /// Rounds `row`; `residual` gets what that took away, after its old content was added.
    ///
    /// - Parameter key: of the numbers that are drawn, another one for each row, round and worker.
    func apply(to row: Row, residual: Row?, scratch: Row, key: UInt32) {
        if let residual {
            row.add(1, residual)
            scratch.set(row)
        }
        if isDrawn {
            row.roundToInt8(drawing: key)
        } else if isInt8 {
            row.roundToInt8()
        } else {
            row.roundToBF16()
        }
        if let residual { residual.set(difference: scratch, row) }
    }

    /// Bytes of a payload, as `RowDelta` lays it out; int8 has a scale of 4 bytes in each row.
    func payloadBytes(rows: Int, dim: Int) -> Int {
        let begin = (32 + 4 * rows + 63) / 64 * 64
        return begin + rows * (isInt8 ? dim + 4 : 2 * dim)
    }
}
