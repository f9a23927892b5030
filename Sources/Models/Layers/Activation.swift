// The activations that checkpoints name.

import CKernels

enum Activation: Sendable {
    case identity, gelu, geluTanh, silu, relu, tanh

    /// By the names that config.json files use; nil if it is another one.
    init?(named name: String) {
        switch name {
        case "gelu", "gelu_python": self = .gelu
        case "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate": self = .geluTanh
        case "silu", "swish", "swiglu": self = .silu
        case "relu": self = .relu
        case "tanh": self = .tanh
        case "identity", "linear": self = .identity
        default: return nil
        }
    }

    var kernels: dense_activation {
        switch self {
        case .identity: DENSE_IDENTITY
        case .gelu: DENSE_GELU
        case .geluTanh: DENSE_GELU_TANH
        case .silu: DENSE_SILU
        case .relu: DENSE_RELU
        case .tanh: DENSE_TANH
        }
    }
}
