// Numbers that follow from a seed and a counter, without a state to carry along.

/// The output function of SplitMix64 (Steele, Lea and Flood 2014) as a keyed hash.
public enum SplitMix {
    /// A well mixed value for each pair of seed and counter.
    public static func derive(_ seed: UInt64, _ counter: UInt64) -> UInt64 {
        mix(mix(seed &+ 0x9E37_79B9_7F4A_7C15) ^ (counter &* 0xD1B5_4A32_D192_ED03))
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
