// GPT-2's letters for bytes, in which vocabularies of byte-level models are written.

/// Bytes that print stand for themselves, the others for letters from U+0100 on (GPT-2's
/// encoder.py).
enum ByteAlphabet {
    static let letters: [UInt32] = {
        var next: UInt32 = 0x100
        return (0..<256).map { (byte: UInt32) in
            switch byte {
            case 0x21...0x7e, 0xa1...0xac, 0xae...0xff: return byte
            default:
                next += 1
                return next - 1
            }
        }
    }()

    private static let values: [Int16] = {
        var values = [Int16](repeating: -1, count: 0x200)
        for (byte, letter) in letters.enumerated() { values[Int(letter)] = Int16(byte) }
        return values
    }()

    /// Appends the letters of `input`.
    static func append(_ input: Bytes, to output: inout Growing<UInt8>) {
        output.reserve(2 * input.count)
        letters.withUnsafeBufferPointer { letters in
            for place in 0..<input.count {
                Text.append(letters[Int(input[place])], to: &output)
            }
        }
    }

    /// Puts the bytes that a token's letters stand for into `output`; false if it has others.
    static func decode(_ token: Bytes, _ output: inout Growing<UInt8>) -> Bool {
        output.count = 0
        var place = 0
        while place < token.count {
            let (code, width) = Text.scalar(token, place)
            guard code < 0x200, values[Int(code)] >= 0 else { return false }
            output.append(UInt8(truncatingIfNeeded: values[Int(code)]))
            place += width
        }
        return true
    }
}
