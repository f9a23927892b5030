// Who may connect to the coordinator, who may speak, and who is shown out: one thread answers.

public import Logging
public import Protocol
import Synchronization

/// The door of a coordinator's sockets. Open it before them; stop it after they are closed.
/// Every function may be called from any thread.
public final class Doorkeeper: Sendable {
    enum Command: Sendable {
        case watch(endpoint: String, Socket.Plane, DeliveryMarks)
        case stopAnswering(Promise<Void>)
        case stop
    }

    let credentials: Credentials
    private let keys: CoordinatorKeys?
    private let counts = DoorCounts()
    /// Nil where one key is everybody's, so that it tells nothing of names.
    private let claims: NameClaims?
    private let mailbox: Mailbox<Command>
    private let thread: OwnedThread

    /// - Parameters:
    ///   - keys: nil to let in everybody, for sockets that only this account can reach.
    ///   - connectionsMax: open at once, on all planes together.
    ///   - claimsNames: whether a name belongs to the key that uses it first.
    public init(
        keys: CoordinatorKeys?, context: Context, connectionsMax: Int = 65_536,
        claimsNames: Bool = true, logger: Logger
    ) throws(TransportError) {
        self.keys = keys
        claims = claimsNames ? NameClaims() : nil
        credentials = keys.map { .listening($0.pair) } ?? .none
        let mailbox = try Mailbox<Command>()
        self.mailbox = mailbox
        let opened = Promise<TransportError?>()
        thread = try OwnedThread(name: "door") { [counts] in
            do throws(TransportError) {
                var loop = DoorLoop(
                    keys: keys, context: context, connectionsMax: connectionsMax, counts: counts,
                    mailbox: mailbox, logger: logger)
                try loop.open()
                opened.fulfil(nil)
                loop.run()
            } catch {
                opened.fulfil(error)
            }
        }
        guard let result = opened.wait(seconds: 10) else {
            throw .system(operation: "opening the door", reason: "it hangs")
        }
        if let result { throw result }
    }

    deinit { stop() }

    /// Nobody is let in any more. Close the sockets that are watched before.
    public func stop() {
        mailbox.post(.stop)
        thread.join()
    }

    public var counters: DoorCounters { counts.now }

    /// Whose key this is now; nil if it is not authorised, or not any more. Ask for every message.
    public func holder(of key: PublicKey?) -> KeyHolder? {
        guard let keys else { return .anybody }
        return key.flatMap { keys.holder(of: $0) }
    }

    /// Whether `holder` may go by `name`: the first key to use a name keeps it, until it has not
    /// used it for a minute. Ask for every message of a worker.
    public func admits(_ name: WorkerID, as holder: KeyHolder) -> Bool {
        guard let claims, let key = holder.key else { return true }
        return claims.claim(name, by: key, now: monotonicMilliseconds())
    }

    /// Counts a message that was refused because of whose key it came under.
    public func noteForbidden() { counts.forbidden.count() }

    /// Counts a message that was dropped because its sender sent too many.
    public func noteThrottled() { counts.throttled.count() }

    /// To be called by the thread that owns the socket.
    func watch(
        _ socket: UnsafeMutableRawPointer, _ plane: Socket.Plane
    ) throws(TransportError) -> DeliveryMarks {
        let marks = DeliveryMarks()
        let endpoint = try ConnectionMonitor.announce(socket)
        mailbox.post(.watch(endpoint: endpoint, plane, marks))
        return marks
    }

    /// For tests: the thread goes on, but nobody says who may connect.
    func stopAnswering() {
        let done = Promise<Void>()
        mailbox.post(.stopAnswering(done))
        _ = done.wait(seconds: 10)
    }
}

/// Which key goes by which name. A name that another key holds is not given away.
final class NameClaims: Sendable {
    private struct Claim {
        let key: PublicKey
        var usedAt: Int64
    }

    static let lifetimeMilliseconds: Int64 = 60_000
    private let table: Mutex<RecentTable<WorkerID, Claim>>

    init(now: Int64 = monotonicMilliseconds()) {
        table = Mutex(
            RecentTable(
                countMax: Limits.peersRememberedMax,
                lifetimeMilliseconds: Self.lifetimeMilliseconds, now: now))
    }

    func claim(_ name: WorkerID, by key: PublicKey, now: Int64) -> Bool {
        table.withLock { table in
            if let claim = table.peek(name), claim.key != key,
                now - claim.usedAt < Self.lifetimeMilliseconds
            {
                return false
            }
            table.set(name, Claim(key: key, usedAt: now), now: now)
            return true
        }
    }
}
