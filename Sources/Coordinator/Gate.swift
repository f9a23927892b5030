// Which messages reach the desk: those of keys that are authorised, for verbs of their role, and
// not too many of them.

import Protocol
import Transport

/// What the coordinator asks of every message on the control plane before it acts on it.
struct Gate {
    enum Verdict {
        case pass(KeyHolder)
        /// Unread; the sender is told why, if there is a fault.
        case drop(Fault?)
        /// Unread; the key is not authorised any more.
        case revoked
    }

    private let door: Doorkeeper
    private var allowances: RecentTable<PeerID, Allowance>

    init(_ door: Doorkeeper, now: Int64) {
        self.door = door
        allowances = RecentTable(
            countMax: Limits.peersRememberedMax, lifetimeMilliseconds: 60_000, now: now)
    }

    /// Before the message is decoded.
    mutating func meet(_ peer: PeerID, under key: PublicKey?, now: Int64) -> Verdict {
        // Without keys it is this account that speaks to itself.
        if key != nil, case .drop(let tell) = spend(peer, now: now) {
            door.noteThrottled()
            return .drop(tell ? Self.tooMany : nil)
        }
        guard let holder = door.holder(of: key) else {
            door.noteForbidden()
            return .revoked
        }
        return .pass(holder)
    }

    private mutating func spend(_ peer: PeerID, now: Int64) -> Allowance.Verdict {
        var allowance =
            allowances.use(peer, now: now)
            ?? Allowance(
                perSecond: Limits.controlMessagesPerSecond, burst: Limits.controlMessagesBurst,
                now: now)
        defer { allowances.set(peer, allowance, now: now) }
        return allowance.spend(now: now)
    }

    private static let tooMany = Fault(
        .temporary,
        "more than \(Limits.controlMessagesPerSecond) messages a second came over this "
            + "connection; those beyond were dropped", retryable: true)

    /// Why the message is not acted upon; nil if it may be.
    func refusal(of header: Header, from holder: KeyHolder) -> Fault? {
        guard holder.role.permits(header) else {
            door.noteForbidden()
            return holder.refusal(of: header)
        }
        if case .hello(let hello) = header, hello.role == .worker,
            !door.admits(hello.name, as: holder)
        {
            door.noteForbidden()
            return .nameTaken(hello.name, by: holder)
        }
        return nil
    }

    /// Whether the worker's name is still its own; asking keeps it so.
    func confirm(_ worker: WorkerID, of holder: KeyHolder) -> Bool {
        door.admits(worker, as: holder)
    }
}
