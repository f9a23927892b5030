// Counts what the scheduler and the sessions hold, to show that nothing grows for ever.

import Cluster
import Protocol

/// Sizes after a run; the only place that looks inside, and only to count.
public struct Census: Sendable {
    /// Elements of all collections, to any depth.
    public let inScheduler: Int
    /// Of the session that holds most.
    public let inSession: Int
    public let workers: Int
    public let jobs: Int
}

extension World {
    public var kept: Census {
        let alive = aliveWorkers
        return Census(
            inScheduler: Self.elements(of: coordinator.scheduler),
            inSession: alive.map { Self.elements(of: workers[$0].session) }.max() ?? 0,
            workers: alive.count, jobs: checker.promises.count)
    }

    private static func elements(of value: Any) -> Int {
        let mirror = Mirror(reflecting: value)
        var count = 0
        switch mirror.displayStyle {
        case .collection, .dictionary, .set: count = mirror.children.count
        default: break
        }
        return mirror.children.reduce(count) { $0 + elements(of: $1.value) }
    }
}
