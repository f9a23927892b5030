// Reproducible random numbers, and text made of them.

/// A small generator: the same numbers in every run.
public struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    public init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    public mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }

    public mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}

/// Text of random short words between random separators.
public func noiseText(bytes: Int, separators: [UInt8], letters: [UInt8], seed: Int) -> [UInt8] {
    var numbers = Numbers(seed)
    var text: [UInt8] = []
    while text.count < bytes {
        for _ in 0..<Int.random(in: 1...20, using: &numbers) {
            text.append(letters.randomElement(using: &numbers) ?? 0x61)
        }
        for _ in 0..<Int.random(in: 1...3, using: &numbers) {
            text.append(separators.randomElement(using: &numbers) ?? 0x20)
        }
    }
    return text
}
