// Products with a layer's weights, packed once when the model is loaded.

import CKernels
import Tensors

/// y = activation(x Wᵀ + b) + residual. Weights [outputs, inputs].
struct Linear: Sendable {
    let inputs: Int
    let outputs: Int
    private let precision: dense_precision
    private let packed: AlignedBuffer
    private let bias: FloatTensor?

    /// - Parameter weights: [outputs, inputs], not needed any more afterwards.
    init(
        _ weights: FloatTensor, bias: FloatTensor?, inputs: Int, precision: Precision
    ) throws(ModelError) {
        self.inputs = inputs
        outputs = weights.count / max(inputs, 1)
        self.precision = precision.kernels
        self.bias = bias
        let bytes = dense_packed_bytes(self.precision, outputs, inputs)
        do throws(TensorError) { packed = try AlignedBuffer(byteCount: bytes) } catch {
            throw .outOfMemory(byteCount: bytes, doing: "packed weights")
        }
        dense_pack(self.precision, weights.base, outputs, inputs, packed.baseAddress)
    }

    /// Several layers of the same inputs as one: their outputs stand side by side.
    init(
        named names: [String], _ weights: Weights, inputs: Int, outputs: [Int],
        hasBias: Bool = true, precision: Precision
    ) throws(ModelError) {
        var parts: [FloatTensor] = []
        var biases: [FloatTensor] = []
        for (name, outputs) in zip(names, outputs) {
            parts.append(try weights.tensor(name + ".weight", [outputs, inputs]))
            if hasBias { biases.append(try weights.tensor(name + ".bias", [outputs])) }
        }
        try self.init(
            FloatTensor.stacked(parts), bias: hasBias ? FloatTensor.stacked(biases) : nil,
            inputs: inputs, precision: precision)
    }

    init(
        named name: String, _ weights: Weights, inputs: Int, outputs: Int, hasBias: Bool = true,
        precision: Precision
    ) throws(ModelError) {
        try self.init(
            named: [name], weights, inputs: inputs, outputs: [outputs], hasBias: hasBias,
            precision: precision)
    }

    /// - Parameters:
    ///   - x: [rows, inputs] at `stride`, without gaps if that is nil.
    ///   - y: [rows, outputs] without gaps.
    ///   - residual: [rows, outputs], may be `y`.
    func callAsFunction(
        _ x: UnsafePointer<Float>, rows: Int, stride: Int? = nil,
        into y: UnsafeMutablePointer<Float>, activation: Activation = .identity,
        adding residual: UnsafePointer<Float>? = nil, _ workspace: Workspace
    ) throws(ModelError) {
        let stride = stride ?? inputs
        let bytes = dense_input_bytes(precision, rows, inputs)
        var converted: UnsafeRawPointer = UnsafeRawPointer(x)
        if bytes > 0 {
            let to = try workspace.bytes(bytes)
            dense_convert(precision, x, rows, inputs, stride, to)
            converted = UnsafeRawPointer(to)
        }
        var product = dense_product(
            rows: rows, columns: outputs, depth: inputs, inputs: converted, stride: stride,
            packed: UnsafeRawPointer(packed.baseAddress), bias: bias?.base,
            activation: activation.kernels, residual: residual, results: y,
            result_stride: outputs, scale: 1)
        dense_multiply(precision, &product)
    }
}
