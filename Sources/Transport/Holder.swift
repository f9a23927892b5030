// Who has a payload.

public import Protocol

/// Where a payload is held.
public enum Holder: Hashable, Sendable, CustomStringConvertible {
    case coordinator
    case worker(WorkerID)

    public var description: String {
        switch self {
        case .coordinator: "the coordinator"
        case .worker(let name): "worker \(name)"
        }
    }
}
