// What an error of the transport means to the command that met it.

public import Protocol

extension TransportError {
    /// The same as a fault with its exit code: a wrong address is the caller's, the rest may pass.
    public var fault: Fault {
        switch self {
        case .badAddress: Fault(.usage, description)
        case .addressInUse, .cannotBind, .cannotConnect: Fault(.unavailable, description)
        case .system, .terminated: Fault(.internalError, description)
        }
    }
}
