// The worker's only extension point: how one kind of work unit is run.

import Protocol
import Synchronization

/// Runs units of one kind. Runners are used by one compute thread, one unit at a time, and may
/// keep what later units of the same job need.
protocol UnitRunner: AnyObject {
    /// The kind of `UnitTask` it takes, as announced in HELLO.
    static var kind: String { get }

    /// Runs to the end unless `control` says stop.
    /// - Returns: the outputs, offered on the bulk plane under ids that begin with
    ///   `assignment.outputPrefix`, and the figures of the unit.
    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome
}

/// What a running unit and the rest of the worker tell each other.
final class RunControl: Sendable {
    private let done = Atomic<Double.BitPattern>(0)
    private let total = Atomic<Double.BitPattern>(0)
    private let stopped = Atomic<Bool>(false)

    /// Work done of work known; carried by the next heartbeat, which renews the lease.
    var progress: Progress {
        get {
            Progress(
                done: Double(bitPattern: done.load(ordering: .relaxed)),
                total: Double(bitPattern: total.load(ordering: .relaxed)))
        }
        set {
            done.store(newValue.done.bitPattern, ordering: .relaxed)
            total.store(newValue.total.bitPattern, ordering: .relaxed)
        }
    }

    func stop() { stopped.store(true, ordering: .relaxed) }
    var isStopped: Bool { stopped.load(ordering: .relaxed) }

    /// - Throws: a `Fault` with code `cancelled` once the unit is no longer wanted.
    func check() throws(Fault) {
        if isStopped { throw Fault(.cancelled, "the unit was revoked") }
    }
}

extension Assign {
    /// Outputs of different attempts never share an id.
    var outputPrefix: String { "\(unit)/\(lease.epoch).\(lease.attempt)" }
}
