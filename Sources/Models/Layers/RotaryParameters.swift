// What a checkpoint says about rotary position embeddings, and the frequencies that follow.

import Glibc

/// The keys of `rope_scaling` (transformers up to 4) and of `rope_parameters` (since 5) are the
/// same but for the name of the kind.
struct RotaryParameters: Decodable, Equatable {
    var ropeTheta: Double?
    var ropeType: String?
    /// What `rope_type` was called first.
    var type: String?
    var factor: Double?
    var lowFreqFactor: Double?
    var highFreqFactor: Double?
    var originalMaxPositionEmbeddings: Double?
    var partialRotaryFactor: Double?
    var betaFast: Double?
    var betaSlow: Double?
    var truncate: Bool?
    var attentionFactor: Double?
    var mscale: Double?
    var mscaleAllDim: Double?

    var kind: String { ropeType ?? type ?? "default" }

    /// How far the angle of each pair of values goes from one position to the next, in the
    /// precision in which transformers computes it; nil if the kind is not known, or lacks numbers.
    ///
    /// - width: of a head.
    func frequencies(theta: Double, width: Int) -> [Float]? {
        let share = partialRotaryFactor ?? 1
        guard theta > 0, share > 0, share <= 1 else { return nil }
        let rotated = Int(Double(width) * share)
        let plain = (0..<rotated / 2).map { pair in
            1 / powf(Float(theta), Float(2 * pair) / Float(rotated))
        }
        switch kind {
        case "default": return plain
        case "linear":
            guard let factor, factor > 0 else { return nil }
            return plain.map { $0 / Float(factor) }
        case "llama3": return llama3(plain)
        case "yarn": return yarn(plain, theta: theta, rotated: rotated)
        default: return nil
        }
    }

    /// Long waves are stretched by `factor`, short ones kept, those between are mixed (Llama 3.1).
    private func llama3(_ plain: [Float]) -> [Float]? {
        guard let factor, let low = lowFreqFactor, let high = highFreqFactor,
            let length = originalMaxPositionEmbeddings,
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
