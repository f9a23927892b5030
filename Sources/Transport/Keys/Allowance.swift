// How many messages one peer may send: so many at once, and then so many a second.

/// A token bucket. Pure: time is a parameter, in milliseconds of one monotonic clock.
public struct Allowance: Sendable {
    public enum Verdict: Sendable, Equatable {
        case pass
        /// Too many. `tell` is true once a second, so that an answer is no flood itself.
        case drop(tell: Bool)
    }

    private let perSecond: Int
    private let burst: Int
    private var tokens: Double
    private var filledAt: Int64
    private var toldAt: Int64?

    public init(perSecond: Int, burst: Int, now: Int64) {
        precondition(perSecond > 0 && burst > 0, "\(burst) at once, \(perSecond) a second")
        self.perSecond = perSecond
        self.burst = burst
        tokens = Double(burst)
        filledAt = now
    }

    public mutating func spend(now: Int64) -> Verdict {
        let earned = Double(max(0, now - filledAt)) * Double(perSecond) / 1_000
        tokens = min(Double(burst), tokens + earned)
        filledAt = max(now, filledAt)
        if tokens >= 1 {
            tokens -= 1
            return .pass
        }
        let isDue = toldAt.map { now - $0 >= 1_000 } ?? true
        if isDue { toldAt = now }
        return .drop(tell: isDue)
    }
}
