// One search through one file, window by window.

/// The terms of a query on their way through a file, and the sums of the passages of one window.
/// Its memory does not depend on the file: 36 KB and 1.6 KB for each term.
final class BM25Search {
    private let cursors: UnsafeMutablePointer<TermCursor>
    private let terms: Int
    private let scratch: UnsafeMutablePointer<UInt32>
    private let sums: UnsafeMutablePointer<Float>
    /// Passages of the window that still have a chance, counted from its start.
    private let candidates: UnsafeMutablePointer<UInt32>
    /// `bounds[t]` is the most that terms `t` and later give to a passage of the window together.
    private let bounds: UnsafeMutablePointer<Float>
    private let formula: BM25Formula
    private let lengths: PassageLengths
    private let passages: UInt32

    /// Passages of a window; their sums fit the first-level cache. The first windows are shorter,
    /// so that there soon is a threshold.
    private static let windowPassages = 4_096
    private static let firstWindowPassages = 512
    /// Sums are looked at by so many.
    private static let lanes = 16
    /// Rounding may lift a sum in single precision above the sum of the bounds.
    private static let slack: Float = 1 - 1e-5
    /// Where more than one passage of so many is a candidate, a term's scores are added to all.
    private static let passagesPerCandidate = 32

    /// - Parameter terms: cursors that are to be set before `run`.
    init(_ terms: Int, _ formula: BM25Formula, _ lengths: PassageLengths, _ passages: Int) {
        self.terms = terms
        self.formula = formula
        self.lengths = lengths
        self.passages = UInt32(passages)
        cursors = .allocate(capacity: terms)
        scratch = .allocate(capacity: terms * TermCursor.scratchCount)
        sums = .allocate(capacity: Self.windowPassages)
        sums.initialize(repeating: 0, count: Self.windowPassages)
        candidates = .allocate(capacity: Self.windowPassages)
        bounds = .allocate(capacity: terms + 1)
        bounds.initialize(repeating: 0, count: terms + 1)
    }

    deinit {
        cursors.deallocate()
        scratch.deallocate()
        sums.deallocate()
        candidates.deallocate()
        bounds.deallocate()
    }

    /// - Parameter index: the place of the term, the heaviest first.
    func setCursor(_ index: Int, _ file: InvertedFile, _ term: Int, _ weight: Float) {
        precondition(index < terms, "cursor \(index) of \(terms)")
        (cursors + index).initialize(
            to: TermCursor(
                file, term: term, weight: weight,
                scratch: scratch + index * TermCursor.scratchCount))
    }

    /// Gives the passages that may be among the best to `best`.
    func run(_ best: inout TopK, _ isAllowed: (UInt32) -> Bool) {
        var start = nextPassage(from: 0)
        var window = Self.firstWindowPassages
        while start < passages {
            let count = min(window, Int(passages - start))
            window = min(2 * window, Self.windowPassages)
            let needed = neededTerms(before: start + UInt32(count), best)
            if needed > 0 {
                score(start, count, needed, &best, isAllowed)
                sums.update(repeating: 0, count: count)
            }
            start = nextPassage(from: start + UInt32(count))
        }
    }

    private func nextPassage(from start: UInt32) -> UInt32 {
        var next = UInt32.max
        for index in 0..<terms {
            cursors[index].skip(to: start)
            next = min(next, cursors[index].next)
        }
        return max(start, next)
    }

    /// How many of the first terms a passage must have one of to be among the best.
    private func neededTerms(before end: UInt32, _ best: TopK) -> Int {
        guard best.isFull else { return terms }
        for index in stride(from: terms - 1, through: 0, by: -1) {
            bounds[index] = bounds[index + 1] + cursors[index].bound(formula, before: end)
        }
        // A later passage with the same score as the worst of the best does not get in.
        let threshold = best.threshold * Self.slack
        var needed = 0
        while needed < terms, bounds[needed] > threshold { needed += 1 }
        return needed
    }

    private func score(
        _ start: UInt32, _ count: Int, _ needed: Int, _ best: inout TopK,
        _ isAllowed: (UInt32) -> Bool
    ) {
        for index in 0..<needed {
            cursors[index].add(to: sums, from: start, count: count, lengths, formula)
        }
        let threshold = best.isFull ? best.threshold * Self.slack : 0
        let rest = needed < terms ? bounds[needed] : 0
        var left = collect(count, above: threshold - rest)
        for index in needed..<terms {
            if left == 0 { return }
            if left * Self.passagesPerCandidate > count {
                cursors[index].add(to: sums, from: start, count: count, lengths, formula)
            } else {
                for place in 0..<left {
                    let slot = candidates[place]
                    sums[Int(slot)] += cursors[index].score(of: start + slot, lengths, formula)
                }
            }
            left = keep(left, above: threshold - (index + 1 < terms ? bounds[index + 1] : 0))
        }
        offer(left, start, &best, isAllowed)
    }

    private func offer(
        _ count: Int, _ start: UInt32, _ best: inout TopK, _ isAllowed: (UInt32) -> Bool
    ) {
        var worst = best.threshold
        for place in 0..<count {
            let slot = candidates[place]
            let sum = sums[Int(slot)]
            guard sum > worst, isAllowed(start + slot) else { continue }
            best.insert(start + slot, score: sum)
            worst = best.threshold
        }
    }

    /// Makes the places with a sum above 0 and above `threshold` the candidates; returns how many.
    private func collect(_ count: Int, above threshold: Float) -> Int {
        let least = max(threshold, 0)
        // Numbers from 0 up are ordered as their bits are.
        let limit = SIMD16<Int32>(repeating: Int32(bitPattern: least.bitPattern))
        let raw = UnsafeRawPointer(sums)
        var found = 0
        var slot = 0
        // Beyond the window there are zeros, which are no candidates.
        while slot < count {
            let bits = raw.loadUnaligned(fromByteOffset: 4 * slot, as: SIMD16<Int32>.self)
            let below = limit &- bits
            let eight = below.lowHalf | below.highHalf
            let four = eight.lowHalf | eight.highHalf
            if four.x | four.y | four.z | four.w < 0 {
                for lane in slot..<slot + Self.lanes {
                    candidates[found] = UInt32(truncatingIfNeeded: lane)
                    found += sums[lane] > least ? 1 : 0
                }
            }
            slot += Self.lanes
        }
        return found
    }

    /// Keeps the first `count` candidates' with a sum above `threshold`; returns how many.
    private func keep(_ count: Int, above threshold: Float) -> Int {
        var kept = 0
        for place in 0..<count {
            let slot = candidates[place]
            candidates[kept] = slot
            kept += sums[Int(slot)] > threshold ? 1 : 0
        }
        return kept
    }
}
