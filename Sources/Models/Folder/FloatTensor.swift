// Values of a checkpoint as Float32, wherever they stand.

import CKernels
import Tensors

/// Row-major values, in the mapped file where they are aligned Float32, else in memory.
final class FloatTensor: @unchecked Sendable {
    let base: UnsafePointer<Float>
    let count: Int
    /// What keeps the values: a buffer, or the file.
    private let owner: any Sendable

    /// - Throws: `unsupported` for a type that weights do not have, `outOfMemory`.
    init(
        _ bytes: UnsafeRawBufferPointer, type: SafeTensorsType, count: Int,
        keeping file: SafeTensorsFile, name: String, path: String
    ) throws(ModelError) {
        self.count = count
        let source = bytes.baseAddress
        if type == .f32, let source, UInt(bitPattern: source) % 4 == 0 {
            base = source.assumingMemoryBound(to: Float.self)
            owner = file
            return
        }
        let buffer = try AlignedBuffer.floats(count, doing: "tensor \(name)")
        let values = buffer.baseAddress.assumingMemoryBound(to: Float.self)
        if let source {
            switch type {
            case .f32: memcpyFloats(values, source, count)
            case .bf16: dense_widen_bf16(source, values, count)
            case .f16: dense_widen_f16(source, values, count)
            default:
                throw .unsupported(path: path, feature: "weights of type \(type.rawValue)")
            }
        }
        base = UnsafePointer(values)
        owner = buffer
    }

    /// Values made here.
    init(_ buffer: AlignedBuffer, count: Int) {
        base = UnsafePointer(buffer.baseAddress.assumingMemoryBound(to: Float.self))
        self.count = count
        owner = buffer
    }

    var isFinite: Bool { dense_all_finite(base, count) != 0 }

    /// Rows of several tensors below each other.
    static func stacked(_ parts: [FloatTensor]) throws(ModelError) -> FloatTensor {
        if parts.count == 1 { return parts[0] }
        let count = parts.reduce(0) { $0 + $1.count }
        let buffer = try AlignedBuffer.floats(count, doing: "weights")
        var to = buffer.baseAddress.assumingMemoryBound(to: Float.self)
        for part in parts {
            to.update(from: part.base, count: part.count)
            to += part.count
        }
        return FloatTensor(buffer, count: count)
    }
}

private func memcpyFloats(
    _ to: UnsafeMutablePointer<Float>, _ from: UnsafeRawPointer, _ count: Int
) {
    UnsafeMutableRawPointer(to).copyMemory(from: from, byteCount: 4 * count)
}

extension AlignedBuffer {
    static func floats(_ count: Int, doing: String) throws(ModelError) -> AlignedBuffer {
        do throws(TensorError) { return try AlignedBuffer(byteCount: 4 * count) } catch {
            throw .outOfMemory(byteCount: 4 * count, doing: doing)
        }
    }

    var floats: UnsafeMutablePointer<Float> { baseAddress.assumingMemoryBound(to: Float.self) }
}
