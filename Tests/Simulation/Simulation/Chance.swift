// Chance as the simulation sees it: a sequence decided by the seed, the same in every build.

import Cluster

/// The standard library may change how it draws from a generator; these draws never change.
struct Chance {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func bits() -> UInt64 { generator.next() }

    /// 0..<limit; 0 where the limit is below 2.
    mutating func below(_ limit: Int) -> Int {
        guard limit > 1 else { return 0 }
        return Int(truncatingIfNeeded: bits().multipliedFullWidth(by: UInt64(limit)).high)
    }

    mutating func between(_ least: Int, _ most: Int) -> Int { least + below(most - least + 1) }

    mutating func happens(perMille: Int) -> Bool { perMille > 0 && below(1_000) < perMille }

    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    /// One of `choices`, which is not empty.
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[below(choices.count)] }

    /// Small values are likely, `most` is rare.
    mutating func skewed(_ most: Int) -> Int { below(below(most + 1) + 1) }
}

/// Mixes a number so that neighbours have nothing in common (the finalizer of SplitMix64).
func mixed(_ number: UInt64) -> UInt64 {
    var generator = SeededGenerator(seed: number)
    return generator.next()
}
