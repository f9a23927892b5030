// What a failed handshake means to the side that connects, in words that name the remedy.

public import Protocol

/// Hears the events of one dealer's connection and says when trying on is of no use. Pure: time is
/// a parameter, in seconds of one monotonic clock.
public struct HandshakeJudge: Sendable {
    private let address: Address
    private let keys: ClientKeys
    /// Nil unless a handshake is under way.
    private var reachedAt: Double?
    private var failures = 0
    /// Then connections that break off are the network's fault: a flapping link, or a tunnel whose
    /// other end is down.
    private var wasLetIn = false
    private var firstFailureAt = 0.0

    /// A coordinator that is being stopped may break off one handshake, not two a second apart.
    static let failuresMin = 2
    static let secondsMin = 1.0
    /// Whoever breaks off later than this was slow, not unwilling.
    static let promptSeconds = 3.0

    public init(_ address: Address, _ keys: ClientKeys) {
        self.address = address
        self.keys = keys
    }

    /// - Returns: why no connection will come about, once that is certain.
    public mutating func judge(_ event: ConnectionMonitor.Event, at now: Double) -> Fault? {
        defer { if event != .reached { reachedAt = nil } }
        switch event {
        case .reached: reachedAt = now
        case .connected:
            failures = 0
            wasLetIn = true
        case .unreached, .accepted, .acceptFailed: break
        // The library says nothing more of a peer that speaks another protocol altogether.
        case .disconnected where reachedAt != nil, .handshakeFailed(.nonsense):
            failures += 1
            return suspicion
        case .disconnected: break
        case .handshakeFailed(.refused(let status)):
            return status == 500 ? full : refused
        case .handshakeFailed(.otherMechanism):
            return otherMechanism
        case .handshakeFailed(.brokenOff):
            guard !wasLetIn, let reachedAt, now - reachedAt < Self.promptSeconds else { break }
            failures += 1
            if failures == 1 { firstFailureAt = now }
            if failures >= Self.failuresMin, now - firstFailureAt >= Self.secondsMin {
                return suspicion
            }
        }
        return nil
    }

    /// What may be wrong, if handshakes have failed and nothing is certain yet.
    public var suspicion: Fault? {
        guard failures > 0 else { return nil }
        guard let pairing = keys.pairing else {
            return Fault(
                .forbidden,
                "whoever listens at \(address) breaks off the greeting: it demands keys, or is no "
                    + "coordinator of this version; leave out --insecure, and check the address")
        }
        return Fault(
            .forbidden,
            "whoever listens at \(address) breaks off the exchange of keys: the key of the "
                + "coordinator in \(pairing.serverSource) is not its key, or it is no coordinator "
                + "(or one with too many connections); copy coordinator.pub from its key "
                + "directory, and check the address")
    }

    private var refused: Fault {
        guard let pairing = keys.pairing else {
            return Fault(.forbidden, "the coordinator at \(address) lets nobody in without a key")
        }
        return Fault(
            .forbidden,
            "the coordinator at \(address) does not let in the key \(pairing.name) of "
                + "\(pairing.path): it is not authorised, or was revoked; on the coordinator's "
                + "machine run: sounder authorize '\(pairing.own.publicKey)' --role ROLE "
                + "--name \(pairing.name)")
    }

    private var full: Fault {
        Fault(
            .temporary,
            "the coordinator at \(address) has as many connections as it allows; stop some "
                + "workers, or raise its limit of open files (ulimit -n)", retryable: true)
    }

    private var otherMechanism: Fault {
        guard let pairing = keys.pairing else {
            return Fault(
                .forbidden,
                "the coordinator at \(address) demands keys, and this program was started without; "
                    + "leave out --insecure (see `sounder keygen`)")
        }
        return Fault(
            .forbidden,
            "the coordinator at \(address) uses no keys, so the key \(pairing.path) is of no use: "
                + "it was started with --insecure, or is of a version before keys; "
                + "start it with keys, or pass --insecure here too")
    }
}
