// What has happened at the coordinator's door since its start.

import Synchronization

/// Figures for metrics; all but `connections` only rise.
public struct DoorCounters: Sendable, Equatable {
    /// Open now, with those whose handshake is not over.
    public var connections: Int
    public var accepted: Int
    public var handshakes: Int
    /// Keys that are not authorised, or not any more.
    public var refusedKeys: Int
    /// Handshakes that failed otherwise: without keys, for another coordinator, too slow.
    public var failedHandshakes: Int
    /// Connections that the system would not give us.
    public var acceptFailures: Int
    /// Connections ended or refused because there were too many.
    public var shed: Int
    /// Connections ended because they sent without end and completed no message.
    public var endless: Int
    /// Messages refused because of the role of their key, or because it was revoked.
    public var forbidden: Int
    /// Messages dropped unread because their sender sent too many.
    public var throttled: Int
}

final class DoorCounts: Sendable {
    let connections = Atomic(0)
    let accepted = Atomic(0)
    let handshakes = Atomic(0)
    let refusedKeys = Atomic(0)
    let failedHandshakes = Atomic(0)
    let acceptFailures = Atomic(0)
    let shed = Atomic(0)
    let endless = Atomic(0)
    let forbidden = Atomic(0)
    let throttled = Atomic(0)

    var now: DoorCounters {
        DoorCounters(
            connections: connections.load(ordering: .relaxed),
            accepted: accepted.load(ordering: .relaxed),
            handshakes: handshakes.load(ordering: .relaxed),
            refusedKeys: refusedKeys.load(ordering: .relaxed),
            failedHandshakes: failedHandshakes.load(ordering: .relaxed),
            acceptFailures: acceptFailures.load(ordering: .relaxed),
            shed: shed.load(ordering: .relaxed), endless: endless.load(ordering: .relaxed),
            forbidden: forbidden.load(ordering: .relaxed),
            throttled: throttled.load(ordering: .relaxed))
    }
}
