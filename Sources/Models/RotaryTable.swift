// The angles by which rotary position embeddings turn queries and keys, tabulated.

import Glibc

/// How a checkpoint asks for rotary embeddings: the keys of `rope_scaling` (up to transformers 4)
/// and of `rope_parameters` (since 5) are the same but for the name of the kind.
struct RotaryParameters: Codable, Equatable, Sendable {
    var rope_theta: Double?
    var rope_type: String?
    /// What `rope_type` was called first.
    var type: String?
    var factor: Double?
    var low_freq_factor: Double?
    var high_freq_factor: Double?
    var original_max_position_embeddings: Double?
    var partial_rotary_factor: Double?

    var kind: String { rope_type ?? type ?? "default" }

    /// The angle between neighbouring positions of each pair of components, as transformers
    /// computes it, in single precision; nil when the kind is not known or lacks a number.
    ///
    /// - Parameter dimension: components of a head that are turned.
    func frequencies(theta: Double, dimension: Int) -> [Float]? {
        let plain = (0 ..< dimension / 2).map { pair in
            1 / powf(Float(theta), Float(2 * pair) / Float(dimension))
        }
        switch kind {
        case "default": return plain
        case "linear":
            guard let factor, factor > 0 else { return nil }
            return plain.map { $0 / Float(factor) }
        case "llama3": return llama3(plain)
        default: return nil
        }
    }

    /// Long waves are slowed by `factor`, short ones are kept, those between are mixed (Llama 3.1).
    private func llama3(_ plain: [Float]) -> [Float]? {
        guard let factor, let low = low_freq_factor, let high = high_freq_factor,
            let length = original_max_position_embeddings,
            factor > 0, low > 0, high > low, length > 0
        else { return nil }
        return plain.map { frequency in
            let wave = 2 * Double.pi / Double(frequency)
            if wave < length / high { return frequency }
            if wave > length / low { return frequency / Float(factor) }
            let share = (length / wave - low) / (high - low)
            return Float((1 - share) * Double(frequency) / factor + share * Double(frequency))
        }
    }
}
