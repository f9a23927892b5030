// Which blocks of the corpus belong to which partition, in which order: the same everywhere.

/// Deals the blocks of a corpus at random. Unshuffled documents cost accuracy when partitions are
/// averaged, so each partition is a random sample of the whole.
public struct PartitionPlan: Sendable, Equatable {
    /// The blocks of each partition, in the order in which to encode them.
    public let partitions: [[Int]]

    /// Shuffles `0 ..< blockCount` and cuts the sequence into pieces of equal length, give or take
    /// one. A pure function of its arguments: every machine comes to the same plan.
    public init(blockCount: Int, partitions: Int, seed: UInt64) {
        precondition(partitions > 0 && blockCount >= 0, "\(blockCount) blocks, \(partitions) parts")
        let order = Self.shuffled(blockCount, seed: seed)
        self.partitions = (0 ..< partitions).map { part in
            let start = Self.share(part, of: partitions, blockCount)
            return Array(order[start ..< Self.share(part + 1, of: partitions, blockCount)])
        }
    }

    /// Cuts the shuffled sequence where the bytes are in equal parts; for corpora of many small
    /// files, whose blocks differ in size.
    public init(layout: CorpusLayout, partitions: Int, seed: UInt64) {
        precondition(partitions > 0, "\(partitions) partitions")
        var parts = [[Int]](repeating: [], count: partitions)
        let total = layout.byteCount
        var bytes = 0
        var part = 0
        for block in Self.shuffled(layout.blockCount, seed: seed) {
            let size = layout.nominal(block).range.count
            while part + 1 < partitions,
                bytes + size / 2 >= Self.share(part + 1, of: partitions, total)
            {
                part += 1
            }
            parts[part].append(block)
            bytes += size
        }
        self.partitions = parts
    }

    /// `amount * part / parts`, without overflow.
    private static func share(_ part: Int, of parts: Int, _ amount: Int) -> Int {
        let (high, low) = amount.multipliedFullWidth(by: part)
        return parts.dividingFullWidth((high, low)).quotient
    }

    private static func shuffled(_ count: Int, seed: UInt64) -> [Int] {
        var order = Array(0 ..< count)
        var generator = ShuffleGenerator(state: seed)
        for index in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(index, Int(generator.next(below: UInt64(index + 1))))
        }
        return order
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). The
/// standard library's shuffle may change between versions, so the plan has its own.
private struct ShuffleGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    /// Uniform in `0 ..< bound`: the high half of a product, rejecting the few biased draws
    /// (Lemire: Fast Random Integer Generation in an Interval, 2019).
    mutating func next(below bound: UInt64) -> UInt64 {
        while true {
            let product = next().multipliedFullWidth(by: bound)
            if product.low >= (0 &- bound) % bound { return product.high }
        }
    }
}
