// What the broker of searches wants done, in order.

public import Protocol

public struct SearchEffects: Sendable {
    /// Ask this worker for the hits of these shards.
    public struct Request: Sendable, Equatable {
        public let ticket: UInt64
        public let worker: WorkerID
        public let shards: [Int]
        /// Time left until nobody waits any more.
        public let milliseconds: Int
    }

    public struct Answer: Sendable, Equatable {
        public let ticket: UInt64
        public let outcome: Outcome
    }

    public enum Outcome: Sendable, Equatable {
        case found([Hit], missing: [Int], slowestMicroseconds: Int)
        case failed(Fault)
    }

    public var requests: [Request] = []
    public var answers: [Answer] = []
    /// When `tick` is wanted; nil if nothing is under way.
    public var wakeAt: Moment?

    public init() {}
}
