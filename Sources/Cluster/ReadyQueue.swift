// The units of one round that wait for a slot, longest work first.

package import Protocol

/// Finds the next unit for a worker without looking at every unit of the round: lanes remember how
/// far they are used up.
package struct ReadyQueue: Sendable {
    /// A fixed order of unit indices; everything before the cursor is known not to wait.
    private struct Lane: Sendable {
        var order: [Int] = []
        var cursor = 0

        mutating func first(_ waits: [Bool], where fits: (Int) -> Bool) -> Int? {
            while cursor < order.count, !waits[order[cursor]] { cursor += 1 }
            return order[cursor...].first { waits[$0] && fits($0) }
        }

        func hasAny(_ waits: [Bool]) -> Bool { order[cursor...].contains { waits[$0] } }
    }

    private var waits: [Bool]
    package private(set) var count = 0
    private var byKind = Table<String, Lane>()
    private var byHome = Table<WorkerID, Lane>()

    /// - Parameter home: the worker that holds what the unit needs, if there is one.
    package init(_ units: [WorkUnit], home: (WorkUnit) -> WorkerID?) {
        waits = Array(repeating: true, count: units.count)
        count = units.count
        let order = units.indices.sorted {
            (-units[$0].work, $0) < (-units[$1].work, $1)
        }
        for index in order {
            byKind[units[index].task.kind, default: Lane()].order.append(index)
            if let home = home(units[index]) {
                byHome[home, default: Lane()].order.append(index)
            }
        }
    }

    package func contains(_ index: Int) -> Bool { waits[index] }

    package mutating func insert(_ index: Int) {
        precondition(!waits[index], "unit \(index) waits twice")
        waits[index] = true
        count += 1
        for kind in byKind.keys { byKind[kind]?.cursor = 0 }
        for home in byHome.keys { byHome[home]?.cursor = 0 }
    }

    /// A unit that was not in the round when it was planned.
    package mutating func append(_ unit: WorkUnit) {
        byKind[unit.task.kind, default: Lane()].order.append(waits.count)
        waits.append(true)
        count += 1
    }

    package mutating func remove(_ index: Int) {
        precondition(waits[index], "unit \(index) does not wait")
        waits[index] = false
        count -= 1
    }

    /// A kind that is `wanted` and of which a unit waits.
    package func kind(where wanted: (String) -> Bool) -> String? {
        byKind.keys.first { kind in wanted(kind) && byKind[kind]?.hasAny(waits) == true }
    }

    /// The longest waiting unit whose data `worker` holds.
    package mutating func first(atHome worker: WorkerID, where fits: (Int) -> Bool) -> Int? {
        byHome[worker]?.first(waits, where: fits)
    }

    /// The longest waiting unit of one of `kinds`; earlier in the round where equal.
    package mutating func first(
        of kinds: [String], work: (Int) -> Double, where fits: (Int) -> Bool
    ) -> Int? {
        var best: Int?
        for kind in byKind.keys where kinds.contains(kind) {
            guard let next = byKind[kind]?.first(waits, where: fits) else { continue }
            if let current = best, (-work(current), current) < (-work(next), next) { continue }
            best = next
        }
        return best
    }
}
