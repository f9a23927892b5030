// Runs code under one set of kernels, so that two can be compared.

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

func greatestDifference(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { $1.0 == $1.1 ? $0 : max($0, abs($1.0 - $1.1)) }
}
