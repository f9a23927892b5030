// The buffers of one compute thread, grown to the largest batch that it has seen.

import CKernels
import Tensors

/// Used by one thread. A slot's content is lost when it is asked for again.
final class Workspace {
    enum Slot: Int, CaseIterable {
        /// Rows of a model's width.
        case hidden, normalised, context, result
        /// Queries, keys and values of each token.
        case projections
        /// The wide inner rows of a feed-forward layer.
        case inner
        case scratch, cosines, sines, secondCosines, secondSines
    }

    private var slots = [AlignedBuffer?](repeating: nil, count: Slot.allCases.count)
    private var inputs: AlignedBuffer?

    func floats(_ slot: Slot, _ count: Int) throws(ModelError) -> UnsafeMutablePointer<Float> {
        if let buffer = slots[slot.rawValue], buffer.byteCount >= 4 * count { return buffer.floats }
        slots[slot.rawValue] = nil
        let buffer = try AlignedBuffer.floats(count + count / 4, doing: "a batch of documents")
        slots[slot.rawValue] = buffer
        return buffer.floats
    }

    /// The buffer of a slot as it is, nil if it was never asked for.
    func current(_ slot: Slot) -> UnsafeMutablePointer<Float>? { slots[slot.rawValue]?.floats }

    /// Room for converted inputs of products.
    func bytes(_ count: Int) throws(ModelError) -> UnsafeMutableRawPointer {
        if let inputs, inputs.byteCount >= count { return inputs.baseAddress }
        inputs = nil
        let buffer = try AlignedBuffer.floats((count + count / 4) / 4 + 1, doing: "a batch")
        inputs = buffer
        return buffer.baseAddress
    }
}
