// How long the units of a round take, as far as a straggler's judge needs to know.

/// A bounded sample: the median of a million units is told as well by the last thousand.
struct Durations: Sendable {
    private static let countMax = 1_024
    private var sample: [Int] = []
    private var next = 0
    private var known: Int?

    mutating func add(_ milliseconds: Int) {
        known = nil
        if sample.count < Self.countMax {
            sample.append(milliseconds)
        } else {
            sample[next] = milliseconds
            next = (next + 1) % Self.countMax
        }
    }

    /// Nil without units.
    mutating func median() -> Int? {
        if let known { return known }
        guard !sample.isEmpty else { return nil }
        known = sample.sorted()[sample.count / 2]
        return known
    }
}
