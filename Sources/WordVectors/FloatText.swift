// Floats as short decimal text that reads back the same, and reading, both without locale.

package enum FloatText {
    /// No number is written with more bytes.
    package static let bytesMax = 24

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    /// Writes `value` with the fewest digits that read back as the same Float; returns the bytes.
    ///
    /// Between 1e-5 and 1e5 six to nine digits are tried in Double. A candidate counts when it lies
    /// inside the interval that rounds to `value` by more than the arithmetic can be wrong: its
    /// only rounding is that of `scaled`, half a unit of its last place. So the result always reads
    /// back, and one in some ten million has a digit more than it needs. Six digits lie so far
    /// apart that at most one candidate fits, and cutting its zeros finds the shorter ones.
    package static func write(_ value: Float, to out: UnsafeMutablePointer<UInt8>) -> Int {
        let magnitude = value.magnitude
        guard magnitude >= 1e-5, magnitude < 1e5 else { return writeRare(value, to: out) }
        let exact = Double(magnitude)
        var exponent = (Int(magnitude.exponent) * 1233) >> 12  // log10(2) is about 1233 / 4096
        if exact >= powerOfTen(exponent + 1) { exponent += 1 }
        // Below a power of two the floats are twice as dense.
        let isPowerOfTwo = magnitude.significandBitPattern == 0
        let half = Double(magnitude.ulp) * (isPowerOfTwo ? 0.25 : 0.5)
        var decimals = 5 - exponent
        while true {
            let scale = powers[decimals]
            let scaled = exact * scale
            let candidate = scaled.rounded()
            if (candidate - scaled).magnitude < half * scale - scaled * 0x1p-52 {
                return write(
                    UInt64(candidate), decimals: decimals, isNegative: value < 0, to: out)
            }
            decimals += 1
        }
    }

    private static func powerOfTen(_ exponent: Int) -> Double {
        exponent >= 0 ? powers[exponent] : 1 / powers[-exponent]
    }

    /// Writes `digits / 10^decimals` without trailing zeros.
    private static func write(
        _ digits: UInt64, decimals: Int, isNegative: Bool, to out: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var digits = digits
        var decimals = decimals
        while decimals > 0, digits % 10 == 0 {
            digits /= 10
            decimals -= 1
        }
        // Below 2^53 and a power of ten below 10^15: exact in Double, and so is the conversion.
        let (whole, fraction) = digits.quotientAndRemainder(
            dividingBy: UInt64(powers[decimals]))
        var end = 0
        if isNegative {
            out[0] = UInt8(ascii: "-")
            end = 1
        }
        var wholeDigits = 1
        while powers[wholeDigits] <= Double(whole) { wholeDigits += 1 }
        write(whole, digits: wholeDigits, to: out + end)
        end += wholeDigits
        if decimals == 0 { return end }
        out[end] = UInt8(ascii: ".")
        write(fraction, digits: decimals, to: out + end + 1)
        return end + 1 + decimals
    }

    private static func write(
        _ number: UInt64, digits: Int, to out: UnsafeMutablePointer<UInt8>
    ) {
        var number = number
        for index in stride(from: digits - 1, through: 0, by: -1) {
            out[index] = UInt8(ascii: "0") + UInt8(number % 10)
            number /= 10
        }
    }

    private static func writeRare(_ value: Float, to out: UnsafeMutablePointer<UInt8>) -> Int {
        var count = 0
        for byte in (value == 0 ? "0" : value.description).utf8 {
            out[count] = byte
            count += 1
        }
        return count
    }

    /// Reads the number at the start of `text`, up to a blank or the end; nil when there is none.
    ///
    /// Fewer than 16 digits and a small exponent are exact in Double (Clinger: How to Read Floating
    /// Point Numbers Accurately, 1990); the second rounding, to Float, is safe unless the Double
    /// lies in the middle between two Floats.
    @inline(__always)
    package static func read(_ text: UnsafeRawBufferPointer) -> (value: Float, bytes: Int)? {
        var position = 0
        let count = text.count
        let isNegative = count > 0 && text[0] == UInt8(ascii: "-")
        if isNegative { position = 1 }
        var digits: UInt64 = 0
        var digitCount = 0
        var exponent = 0
        var hasPoint = false
        while position < count {
            let byte = text[position]
            if byte &- 0x30 < 10 {
                digits = digits &* 10 &+ UInt64(byte &- 0x30)
                digitCount += 1
                if hasPoint { exponent -= 1 }
            } else if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else {
                break
            }
            position += 1
        }
        let isPlain = position == count || isBlank(text[position])
        guard isPlain, digitCount > 0, digitCount < 20, digits < 1 << 53, exponent >= -22 else {
            return readRare(text)
        }
        let value = Double(digits) / powers[-exponent]
        guard value.bitPattern & 0x1fff_ffff != 0x1000_0000, value >= 1e-37 || digits == 0,
            value < 1e38
        else { return readRare(text) }
        return (Float(isNegative ? -value : value), position)
    }

    @inline(never)
    private static func readRare(_ text: UnsafeRawBufferPointer) -> (value: Float, bytes: Int)? {
        var end = 0
        while end < text.count, end < 512, !isBlank(text[end]) { end += 1 }
        return Float(String(decoding: text[..<end], as: UTF8.self)).map { ($0, end) }
    }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09 ... 0x0d).contains(byte)
    }
}
