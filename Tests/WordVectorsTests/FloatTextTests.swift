// Floats as text: exact both ways, and as short as can be.

import TestSupport
import Testing
import WordVectors

private func text(_ value: Float) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FloatText.bytesMax) { out in
        guard let base = out.baseAddress else { return "" }
        let count = FloatText.write(value, to: base)
        return String(decoding: out[..<count], as: UTF8.self)
    }
}

private func read(_ text: String) -> Float? {
    Array(text.utf8).withUnsafeBytes { FloatText.read($0)?.value }
}

@Suite struct FloatTextTests {
    @Test("a million values of all magnitudes read back bit for bit, here and in the library")
    func roundTrip() {
        var noise = Numbers(31)
        for round in 0 ..< 1_000_000 {
            let value = round % 2 == 0
                ? Float(bitPattern: UInt32(truncatingIfNeeded: noise.next()))
                : Float.random(in: -1 ... 1, using: &noise)
            if value.isNaN { continue }
            let written = text(value)
            if Float(written) != value || read(written) != value {
                Issue.record("\(value) was written as \(written)")
            }
        }
    }

    @Test("no shorter text reads back the same")
    func shortest() {
        var noise = Numbers(32)
        for _ in 0 ..< 200_000 {
            let value = Float.random(in: -0.5 ... 0.5, using: &noise)
            // The library writes the fewest digits as well.
            if digits(text(value)) > digits(value.description) {
                Issue.record("\(value) was written as \(text(value))")
            }
        }
    }

    /// Digits of the mantissa, zeros in front left out.
    private func digits(_ text: String) -> Int {
        text.split(separator: "e")[0].utf8.filter { (0x30 ... 0x39).contains($0) }
            .drop { $0 == 0x30 }.count
    }

    @Test(
        "round values look as people write them",
        arguments: [
            (Float(0), "0"), (1, "1"), (-1, "-1"), (0.5, "0.5"), (-0.25, "-0.25"), (100, "100"),
            (12345, "12345"), (99999.99, "99999.99"), (0.1, "0.1"), (0.001, "0.001"),
            (0.00001, "0.00001"), (10, "10"), (9.999999, "9.999999"), (1e-6, "1e-06"),
            (.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf"), (1e20, "1e+20"),
        ])
    func roundValues(value: Float, expected: String) {
        #expect(text(value) == expected)
    }

    @Test("powers of two and their neighbours read back")
    func powers() {
        for exponent in -126 ... 127 {
            let power = Float(sign: .plus, exponent: exponent, significand: 1)
            for value in [power, power.nextUp, power.nextDown] {
                #expect(read(text(value)) == value)
            }
        }
    }

    @Test("decimals that lie near the middle of two floats round like the library's")
    func middles() {
        var noise = Numbers(33)
        for _ in 0 ..< 100_000 {
            let value = Float.random(in: 0 ... 10, using: &noise)
            let middle = (Double(value) + Double(value.nextUp)) / 2
            for text in ["\(middle)", "\(middle.nextUp)", "\(middle.nextDown)"] {
                if read(text) != Float(text) { Issue.record("\(text)") }
            }
        }
    }

    @Test("what is no number is refused", arguments: ["", "-", ".", "x", "1x", "1..2", "--1", "1e"])
    func refusals(text: String) {
        #expect(read(text) == nil)
    }
}
