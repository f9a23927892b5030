// YaRN: rotary embeddings stretched to longer texts than a model was trained on.

import Glibc

extension RotaryParameters {
    /// Frequencies of YaRN ("NTK by parts", Peng et al. 2023, section 3.2): pairs that turn more
    /// than `betaFast` times within the original length are kept, those that turn less than
    /// `betaSlow` times are slowed down by `factor`, those between are mixed. Nil if a number is
    /// missing or makes no sense.
    ///
    /// - rotated: values of a head that are turned.
    func yarn(_ plain: [Float], theta: Double, rotated: Int) -> [Float]? {
        guard let factor, factor >= 1, theta > 1, !plain.isEmpty,
            let length = originalMaxPositionEmbeddings, length > 0
        else { return nil }
        let fast = betaFast ?? 32, slow = betaSlow ?? 1
        guard slow > 0, fast > slow else { return nil }

        /// The pair, as a real number, that turns so many times within the original length.
        func pair(turning times: Double) -> Double {
            Double(rotated) * log(length / (times * 2 * .pi)) / (2 * log(theta))
        }
        var low = pair(turning: fast), high = pair(turning: slow)
        if truncate ?? true {
            low = floor(low)
            high = ceil(high)
        }
        low = max(low, 0)
        high = min(high, Double(rotated - 1))
        if low == high { high += 0.001 }
        return plain.enumerated().map { index, frequency in
            let slowed = min(max((Float(index) - Float(low)) / Float(high - low), 0), 1)
            return frequency / Float(factor) * slowed + frequency * (1 - slowed)
        }
    }

    /// What cosines and sines are multiplied with, so that attention stays as sharp over longer
    /// texts (section 3.4); 1 for all other kinds.
    var sharpness: Float {
        guard kind == "yarn" else { return 1 }
        if let attentionFactor { return Float(attentionFactor) }
        func scale(_ weight: Double) -> Double {
            guard let factor, factor > 1 else { return 1 }
            return 0.1 * weight * log(factor) + 1
        }
        if let mscale, let mscaleAllDim, mscale != 0, mscaleAllDim != 0 {
            return Float(scale(mscale) / scale(mscaleAllDim))
        }
        return Float(scale(1))
    }
}
