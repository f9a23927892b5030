// What models write to while they encode a word.

struct ModelBuffers: ~Copyable {
    /// A character with what the vocabulary puts around it.
    var spelled = Growing<UInt8>()
    /// Of BPE: ranks and results of merges, or links between symbols.
    var ranks = Growing<Int32>()
    var merged = Growing<Int32>()
    /// A heap of candidates, rank above place.
    var heap = Growing<UInt64>()
    /// Of Unigram: the best way to each place.
    var scores = Growing<Double>()
    var steps = Growing<Int32>()
    var pieces = Growing<Int32>()

    mutating func settle(_ most: Int) {
        ranks.shrink(to: most)
        merged.shrink(to: most)
        heap.shrink(to: most)
        scores.shrink(to: most)
        steps.shrink(to: most)
        pieces.shrink(to: most)
    }

    /// Links `count` symbols in a row: `ranks` holds the next of each, `merged` the one before.
    mutating func links(_ count: Int) {
        ranks.count = 0
        merged.count = 0
        ranks.reserve(count)
        merged.reserve(count)
        for place in 0..<count {
            ranks[place] = place + 1 < count ? Int32(place + 1) : -1
            merged[place] = Int32(place - 1)
        }
    }
}

extension Growing where Element == UInt64 {
    mutating func pushLeast(_ value: UInt64) {
        append(value)
        var place = count - 1
        while place > 0, self[(place - 1) / 2] > value {
            self[place] = self[(place - 1) / 2]
            place = (place - 1) / 2
        }
        self[place] = value
    }

    mutating func popLeast() -> UInt64? {
        guard count > 0 else { return nil }
        let least = self[0]
        count -= 1
        let last = self[count]
        var place = 0
        while 2 * place + 1 < count {
            var child = 2 * place + 1
            if child + 1 < count, self[child + 1] < self[child] { child += 1 }
            guard self[child] < last else { break }
            self[place] = self[child]
            place = child
        }
        if count > 0 { self[place] = last }
        return least
    }
}
