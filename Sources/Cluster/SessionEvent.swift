// What happens to a worker's session, and what it wants done.

public import Protocol

public enum SessionEvent: Sendable, Equatable {
    /// From the coordinator.
    case received(Header)
    /// From the compute loop, not from a timer: it is what keeps the lease.
    case unitProgressed(WorkUnitID, Progress)
    case unitEnded(WorkUnitID, Lease, Result<UnitOutcome, Fault>)
    /// Finish what runs, hand it in, leave.
    case drainRequested
}

/// One attempt at a unit.
public struct Attempt: Hashable, Sendable, CustomStringConvertible {
    public let unit: WorkUnitID
    public let lease: Lease

    public init(_ unit: WorkUnitID, _ lease: Lease) {
        self.unit = unit
        self.lease = lease
    }

    public var description: String { "\(unit)#\(lease.attempt)" }
}

/// To be carried out in this order.
public struct SessionEffects: Sendable, Equatable {
    /// Stop computing; nobody wants the result. No `unitEnded` is needed.
    public var stop: [Attempt] = []
    /// Outputs that need not be held any longer.
    public var release: [Attempt] = []
    public var start: [Assign] = []
    public var send: [Header] = []
    public var exit: Exit?
    public var wakeAt: Moment?

    public init() {}

    /// Stops the attempt; one that was to start with the same effects never does.
    mutating func halt(_ attempt: Attempt) {
        let count = start.count
        start.removeAll { $0.unit == attempt.unit && $0.lease == attempt.lease }
        if start.count == count { stop.append(attempt) }
    }

    /// Empties the lists and keeps their memory.
    public mutating func removeAll() {
        stop.removeAll(keepingCapacity: true)
        release.removeAll(keepingCapacity: true)
        start.removeAll(keepingCapacity: true)
        send.removeAll(keepingCapacity: true)
        exit = nil
        wakeAt = nil
    }
}

/// Why a worker ends; what is in `send` goes out first.
public enum Exit: Sendable, Equatable {
    case drained
    case fault(Fault)
}
