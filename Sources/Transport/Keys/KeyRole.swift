// Who may say what: the one table of roles and verbs.

public import Protocol

/// What the holder of a key may do. The coordinator looks it up for every message, on both planes.
public enum KeyRole: String, Sendable, CaseIterable {
    /// Runs units: says how they go, fetches what they need, serves what they leave.
    case worker
    /// Submits, follows and cancels jobs, and fetches their results.
    case client
    /// Everything, and alone: sends workers away.
    case admin

    public func permits(_ header: Header) -> Bool {
        switch self {
        case .admin: true
        case .worker:
            switch header {
            case .hello(let hello): hello.role == .worker
            case .heartbeat, .unitFinished, .unitFailed, .goodbye, .scored: true
            case .get, .chunk, .missing: true
            default: false
            }
        case .client:
            switch header {
            case .hello(let hello): hello.role == .client
            case .submit, .query, .cancel, .retry, .readLog, .search: true
            case .get(let get): Self.isResult(get.payload)
            default: false
            }
        }
    }

    /// Results are offered as JOB/result/NAME; everything else belongs to the workers.
    private static func isResult(_ payload: String) -> Bool {
        let parts = payload.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count >= 3 && parts[1] == "result"
    }
}

/// Whose key it is that a message came under.
public struct KeyHolder: Sendable, Equatable {
    public let name: String
    public let role: KeyRole
    /// Nil where no keys are in use.
    public let key: PublicKey?

    /// On a Unix socket, and with --insecure on loopback, whoever can connect is trusted.
    static let anybody = KeyHolder(name: "anybody", role: .admin, key: nil)

    /// Why `header` is not acted upon.
    public func refusal(of header: Header) -> Fault {
        Fault(
            .forbidden,
            "the key \(name) has the role \(role.rawValue), which may not say \(header.kind)"
                + (header.role.map { " as \($0.rawValue)" } ?? "")
                + "; use a key with another role (see `sounder authorize`)")
    }
}

extension Header {
    fileprivate var role: Role? {
        if case .hello(let hello) = self { hello.role } else { nil }
    }
}

extension Fault {
    /// Said to whoever was let in and would not be again.
    public static let revoked = Fault(
        .forbidden,
        "the key of this connection was revoked; see `sounder keys` on the coordinator's machine")

    /// Another key goes by the name that `holder` wants to use.
    public static func nameTaken(_ name: WorkerID, by holder: KeyHolder) -> Fault {
        Fault(
            .forbidden,
            "the name \(name) is in use under another key than \(holder.name); "
                + "choose another --name, or wait a minute if its owner is gone")
    }
}
