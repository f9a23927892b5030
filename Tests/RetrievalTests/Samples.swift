// Token vectors for tests.

import CKernels
import TestSupport

@testable import Retrieval

/// Tokens around a few directions, so that centroids mean something.
func clusteredTokens(
    _ count: Int, _ dimension: Int, clusters: Int = 8, spread: Float = 0.3,
    _ numbers: inout Numbers
) -> TokenMatrix {
    var fixed = Numbers(dimension * 31 + clusters)
    let centres = fixed.floats(clusters * dimension)
    let values = (0..<count).flatMap { _ -> [Float] in
        let centre = Int.random(in: 0..<clusters, using: &numbers)
        let noise = numbers.floats(dimension)
        return (0..<dimension).map { centres[centre * dimension + $0] + spread * noise[$0] }
    }
    return TokenMatrix(checked: dimension, values).normalised()
}

func randomTokens(_ count: Int, _ dimension: Int, _ numbers: inout Numbers) -> TokenMatrix {
    TokenMatrix(checked: dimension, numbers.floats(count * dimension))
}

/// MaxSim in the plainest way.
func plainMaxSim(_ query: TokenMatrix, _ passage: TokenMatrix) -> Double {
    guard passage.count > 0 else { return -.infinity }
    var sum = 0.0
    for i in 0..<query.count {
        var most = -Double.infinity
        for j in 0..<passage.count {
            var dot = 0.0
            for (a, b) in zip(query[i], passage[j]) { dot += Double(a) * Double(b) }
            most = max(most, dot)
        }
        sum += most
    }
    return sum
}

let denseSets = (0..<8).compactMap { dense_isa_name($0) }.map { String(cString: $0) }

/// Runs `body` with the dense kernels `name`, in this thread only.
func withDense<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    precondition(dense_select_in_thread(name) == 0, "\(name) is not available")
    defer { dense_select_in_thread(nil) }
    return try body()
}
