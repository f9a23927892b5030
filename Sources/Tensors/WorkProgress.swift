// What a long computation and whoever watches it tell each other.

import Synchronization

/// Counts work as it is done, and carries the wish that it end. Any thread.
public final class WorkProgress: Sendable {
    private let count = Atomic<Int>(0)
    private let flag = Atomic<Bool>(false)

    public init() {}

    /// Work done so far, in the unit of the computation.
    public var done: Int { count.load(ordering: .relaxed) }
    public var isStopped: Bool { flag.load(ordering: .relaxed) }

    /// Makes the computation end soon, without a result.
    public func stop() { flag.store(true, ordering: .relaxed) }

    public func add(_ work: Int) { count.wrappingAdd(work, ordering: .relaxed) }
}
