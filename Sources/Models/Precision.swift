// The arithmetic that a model is run with.

import CKernels

/// How the products with weights are computed. Everything else is Float32.
public enum Precision: String, Sendable, CaseIterable, Codable {
    case f32
    /// Weights of 16 bits, and inputs of 16 bits where the CPU multiplies those faster.
    case bf16
    /// Weights of 8 bits with a scale for each output, inputs of 8 bits with a scale and an offset
    /// for each token; 7 bits of each where the CPU multiplies those faster (AVX2).
    case int8

    var kernels: dense_precision {
        switch self {
        case .f32: DENSE_F32
        case .bf16: DENSE_HALF
        case .int8: DENSE_INT8_REDUCED
        }
    }
}
