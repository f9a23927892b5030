// The worker's only extension point: how one kind of work unit is run.

import Files
import Protocol
import Synchronization
import Tensors

/// Runs units of one kind. Runners are used by one compute thread, one unit at a time, and may
/// keep what later units of the same job need.
protocol UnitRunner: AnyObject {
    /// The kind of `UnitTask` it takes, as announced in HELLO.
    static var kind: String { get }
    /// All kinds that it takes, where there are more.
    static var kinds: [String] { get }

    /// Runs to the end unless `control` says stop.
    /// - Returns: the outputs, offered on the bulk plane under ids that begin with
    ///   `assignment.outputPrefix`, and the figures of the unit.
    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome
}

extension UnitRunner {
    static var kinds: [String] { [kind] }
}

/// What a running unit and the rest of the worker tell each other.
final class RunControl: Sendable {
    private struct State {
        var isStopped = false
        var total = 0.0
        var done: @Sendable () -> Double = { 0 }
        var halt: @Sendable () -> Void = {}
    }

    private let state = Mutex(State())

    /// Lets a long loop be seen and stopped from here on.
    ///
    /// - Parameters:
    ///   - done: read at every heartbeat; work done of `total`.
    ///   - halt: asks the loop to end early, at once if the unit is stopped already.
    func follow(
        total: Double, done: @escaping @Sendable () -> Double,
        halt: @escaping @Sendable () -> Void
    ) {
        let isStopped = state.withLock { state in
            state.total = total
            state.done = done
            state.halt = halt
            return state.isStopped
        }
        if isStopped { halt() }
    }

    /// Carried by the next heartbeat, which renews the lease: it comes from the compute loop.
    var progress: Progress {
        let (done, total) = state.withLock { ($0.done, $0.total) }
        return Progress(done: min(done(), total), total: total)
    }

    func stop() {
        let halt = state.withLock { state in
            state.isStopped = true
            return state.halt
        }
        halt()
    }

    /// - Throws: a `Fault` with code `cancelled` once the unit is no longer wanted.
    func check() throws(Fault) {
        if state.withLock({ $0.isStopped }) {
            throw Fault(.cancelled, "the unit was revoked")
        }
    }
}

extension Assign {
    var outputPrefix: String { Worker.outputPrefix(unit, lease) }
}

/// The beginning of the ids of an attempt's outputs: different attempts never share one.
func outputPrefix(_ unit: WorkUnitID, _ lease: Lease) -> String {
    "\(unit)/\(lease.epoch).\(lease.attempt)"
}

extension Assign {
    /// A unit was handed to a runner of another kind.
    var misplaced: Fault {
        Fault(.internalError, "a runner was given a \(task.kind) unit")
    }
}

extension Fault {
    /// What a unit reports: lack of memory or space may be this machine's alone and is retried.
    init(running error: any Error) {
        switch error {
        case let fault as Fault: self = fault
        case FileError.cancelled: self = Fault(.cancelled, "the unit was revoked")
        case let error as FileError: self = Fault(file: error)
        case TensorError.outOfMemory: self = Fault(.temporary, "\(error)", retryable: true)
        default: self = Fault(.data, "\(error)")
        }
    }

    private init(file error: FileError) {
        switch error {
        case .unwritable, .outOfMemory: self = Fault(.temporary, "\(error)", retryable: true)
        case .unreadable: self = Fault(.input, "\(error)", retryable: true)
        case .inputChanged: self = Fault(.input, "\(error)")
        case .malformed, .tooLarge, .cancelled: self = Fault(.data, "\(error)")
        }
    }
}
