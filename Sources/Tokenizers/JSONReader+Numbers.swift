// Numbers of JSON, to the bit as the library that trained and checked the files reads them.

extension JSONReader {
    /// A whole number from 0 to `most`; `what` names it in the error.
    mutating func integer(_ what: String, most: Int = Int(Int32.max)) throws(TokenizerError) -> Int
    {
        let value = try number()
        guard let whole = Int(exactly: value), whole >= 0, whole <= most else {
            throw failure("\(what) of \(value); a whole number up to \(most) is expected")
        }
        return whole
    }

    /// A token's id.
    mutating func id() throws(TokenizerError) -> Int32 { Int32(try integer("an id")) }

    /// A number; digits that do not fit 64 bits are ignored, and the rest is scaled by one
    /// multiplication or division. That is up to one unit in the last place away from the nearest
    /// double, and what serde_json does: scores that tie for the library shall tie here.
    mutating func number() throws(TokenizerError) -> Double {
        let isNegative = upcoming() == UInt8(ascii: "-")
        if isNegative { advance() }
        var significand: UInt64 = 0
        var exponent = 0
        guard let first = digit() else { throw failure("a value expected") }
        if first == 0 {
            advance()
            guard digit() == nil else { throw failure("a number that starts with 0") }
        } else {
            takeDigits(&significand, &exponent, perDigit: 0)
        }
        if peek() == UInt8(ascii: ".") {
            advance()
            guard digit() != nil else { throw failure("digits expected behind the point") }
            takeDigits(&significand, &exponent, perDigit: -1)
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            advance()
            exponent += try exponentPart()
        }
        let value = Self.scaled(Double(significand), exponent)
        guard value.isFinite else { throw failure("a number out of range") }
        return isNegative ? -value : value
    }

    private mutating func takeDigits(
        _ significand: inout UInt64, _ exponent: inout Int, perDigit: Int
    ) {
        var isFull = false
        while let next = digit() {
            advance()
            let (scaled, overflows) = significand.multipliedReportingOverflow(by: 10)
            let (sum, alsoOverflows) = scaled.addingReportingOverflow(UInt64(next))
            isFull = isFull || overflows || alsoOverflows
            if isFull {
                exponent += perDigit + 1
            } else {
                significand = sum
                exponent += perDigit
            }
        }
    }

    private mutating func exponentPart() throws(TokenizerError) -> Int {
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative || peek() == UInt8(ascii: "+") { advance() }
        guard digit() != nil else { throw failure("digits expected in the exponent") }
        var exponent = 0
        while let next = digit() {
            advance()
            exponent = min(10 * exponent + Int(next), 100_000)
        }
        return isNegative ? -exponent : exponent
    }

    private static let powers: [Double] = (0...308).map { exponent in
        Double("1e\(exponent)") ?? .infinity
    }

    private static func scaled(_ significand: Double, _ exponent: Int) -> Double {
        if significand == 0 { return 0 }
        if abs(exponent) <= 308 {
            return exponent >= 0
                ? significand * powers[exponent] : significand / powers[-exponent]
        }
        return exponent > 0 ? .infinity : scaled(significand / 1e308, max(exponent + 308, -308))
    }

    private func peek() -> UInt8 { position < bytes.count ? bytes[position] : 0 }

    private func digit() -> UInt8? {
        let byte = peek()
        return byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : nil
    }

    private mutating func advance() { seek(position + 1) }
}
