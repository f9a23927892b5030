// What can go wrong between an address and a working socket, each as a sentence.

/// Why a socket, a thread or a mailbox of the transport does not work.
public enum TransportError: Error, Equatable, Sendable, CustomStringConvertible {
    case badAddress(String, reason: String)
    case addressInUse(Address)
    case cannotBind(Address, reason: String)
    case cannotConnect(Address, reason: String)
    /// An operation on a socket, a descriptor or a thread failed; `reason` is the system's words.
    case system(operation: String, reason: String)
    /// The context was terminated: the loop that owns the socket ends.
    case terminated

    public var description: String {
        switch self {
        case .badAddress(let text, let reason):
            "the address \(text.debugDescription) cannot be used: \(reason); "
                + "write tcp://HOST:PORT, tcp://[IPV6]:PORT or ipc://PATH"
        case .addressInUse(let address):
            "the address \(address) is in use: another process listens there; "
                + "stop it or choose another address"
        case .cannotBind(let address, let reason):
            "cannot listen on \(address): \(reason); "
                + "name an address of this machine, or a path in a directory that can be written"
        case .cannotConnect(let address, let reason):
            "cannot connect to \(address): \(reason); check the address of the coordinator"
        case .system(let operation, let reason):
            "\(operation) failed: \(reason)"
        case .terminated:
            "the messaging context was terminated"
        }
    }
}
