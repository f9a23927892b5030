// The thread that runs work units, so that heartbeats never wait for arithmetic.

import Glibc
import Logging
import Protocol
import Synchronization
import Transport

/// What the compute thread tells the control thread.
struct UnitEnd: Sendable {
    let assignment: Assign
    let result: Result<UnitOutcome, Fault>
}

/// Takes assignments in order and runs each to its end.
final class ComputeThread: Sendable {
    private enum Work: Sendable {
        case run(Assign, RunControl)
        case stop
    }

    private let work: Mailbox<Work>
    private let thread: OwnedThread
    /// Linux gives a thread of 10 a tenth of the time that one of 0 gets, where both want it.
    private static let niceness: Int32 = 10
    private let controls = Mutex<[WorkUnitID: (lease: Lease, control: RunControl)]>([:])

    /// - Parameter makeRunners: called on the compute thread, which alone uses the runners.
    init(
        ended: Mailbox<UnitEnd>, meters: WorkerMeters, logger: Logger,
        makeRunners: @escaping @Sendable () -> [any UnitRunner]
    ) throws {
        let work = try Mailbox<Work>()
        self.work = work
        thread = try OwnedThread(name: "compute") {
            // Of this thread and of all that it starts: a question waits for no unit.
            _ = nice(Self.niceness)
            let bench = Workbench(runners: makeRunners(), logger: logger)
            while true {
                for item in work.next(timeoutMilliseconds: 1_000) {
                    guard case .run(let assignment, let control) = item else { return }
                    let result = meters.measuring(assignment.task.kind) {
                        bench.run(assignment, control)
                    }
                    ended.post(UnitEnd(assignment: assignment, result: result))
                }
            }
        }
    }

    func start(_ assignment: Assign) {
        let control = RunControl()
        controls.withLock { $0[assignment.unit] = (assignment.lease, control) }
        work.post(.run(assignment, control))
    }

    /// Asks the unit to end early; its end is reported all the same.
    func stop(_ unit: WorkUnitID, _ lease: Lease) {
        controls.withLock { controls in
            if let entry = controls[unit], entry.lease == lease { entry.control.stop() }
        }
    }

    func forget(_ assignment: Assign) {
        controls.withLock { controls in
            if controls[assignment.unit]?.lease == assignment.lease {
                controls[assignment.unit] = nil
            }
        }
    }

    /// The progress of every unit that has not been forgotten.
    var progress: [(unit: WorkUnitID, progress: Progress)] {
        controls.withLock { $0.map { ($0.key, $0.value.control.progress) } }
    }

    /// Stops what runs and waits for the thread.
    func stop() {
        controls.withLock { controls in
            for entry in controls.values { entry.control.stop() }
        }
        work.post(.stop)
        thread.join()
    }
}

private struct Workbench {
    let runners: [any UnitRunner]
    let logger: Logger

    func run(_ assignment: Assign, _ control: RunControl) -> Result<UnitOutcome, Fault> {
        let kind = assignment.task.kind
        guard let runner = runners.first(where: { type(of: $0).kinds.contains(kind) }) else {
            return .failure(Fault(.usage, "this worker has no runner for \(kind) units"))
        }
        do throws(Fault) {
            try control.check()
            return .success(try runner.run(assignment, control: control))
        } catch {
            if error.code != .cancelled {
                logger.warning("unit \(assignment.unit) failed: \(error)")
            }
            return .failure(error)
        }
    }
}
