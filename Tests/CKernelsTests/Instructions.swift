// Runs code under one set of kernels, and makes reproducible numbers for both sides of a comparison.

import CKernels

/// The vector sets this machine has; the scalar oracle is compared with each.
let vectorSets = ["avx2", "avx512", "neon"].filter { name in
    defer { kernels_select_in_thread(nil) }
    return kernels_select_in_thread(name) == 0
}

/// Runs `body` with the kernels `name`, in this thread only.
func with<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    precondition(kernels_select_in_thread(name) == 0, "\(name) is not available")
    defer { kernels_select_in_thread(nil) }
    return try body()
}

/// A small generator: the same numbers in every run.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }

    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}

func greatestDifference(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { $1.0 == $1.1 ? $0 : max($0, abs($1.0 - $1.1)) }
}
