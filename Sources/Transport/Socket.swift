// A ROUTER or DEALER with the settings of the project, owned by one thread.

import CZeroMQ
import Glibc
import Protocol

/// Made, used and closed by one thread; it closes when its owner lets go of it. Nothing here
/// blocks: wait with `Poll.wait([socket.readable, ...])`.
public struct Socket: ~Copyable {
    public enum Kind: Sendable {
        /// Listens; messages come from and go to a `PeerID`.
        case router
        /// Connects to one address; messages go to whoever is there.
        case dealer
    }

    /// What the socket carries, and so the largest frame and the number of messages it may queue.
    public enum Plane: Sendable { case control, bulk, search }

    /// What became of a message handed to `send`.
    public enum Delivery: Sendable, Equatable {
        /// It is on its way. That is no promise that it arrives.
        case accepted
        /// The queue to the peer is full, or a dealer is not connected: try again later.
        case wouldBlock
        /// A router knows no such connection (any more).
        case unknownPeer
    }

    let handle: UnsafeMutableRawPointer
    public let kind: Kind
    /// Messages that were not handed out: too many frames, or an id that the peer chose itself.
    public internal(set) var dropped = 0
    /// Of a listening socket that a doorkeeper watches: which connections make progress.
    var deliveries: DeliveryMarks?
    private let context: Context
    private var isMonitored = false
    private var ownMonitor: ConnectionMonitor?
    /// Kept until the socket is closed: an I/O thread whose events nobody takes never returns, and
    /// closing would wait for it.
    private let door: Doorkeeper?

    /// - Parameters:
    ///   - linger: milliseconds that closing may wait for messages to leave; 0 but for a goodbye.
    ///   - keys: what a dealer shows.
    /// - Throws: `TransportError.system` if a single setting is refused.
    public init(
        _ kind: Kind, plane: Plane, context: Context, linger: Int = 0, keys: ClientKeys = .none
    ) throws(TransportError) {
        handle = try Self.open(kind, plane, context: context, linger, keys.credentials)
        self.kind = kind
        self.context = context
        door = nil
    }

    /// A listening socket behind a door: who may connect, and which connections are watched.
    public init(
        _ plane: Plane, context: Context, behind door: Doorkeeper
    ) throws(TransportError) {
        (handle, deliveries) = try Self.open(plane, context: context, behind: door)
        kind = .router
        self.context = context
        self.door = door
        isMonitored = true
    }

    private static func open(
        _ plane: Plane, context: Context, behind door: Doorkeeper
    ) throws(TransportError) -> (UnsafeMutableRawPointer, DeliveryMarks) {
        let handle = try open(.router, plane, context: context, 0, door.credentials)
        do throws(TransportError) { return (handle, try door.watch(handle, plane)) } catch {
            zmq_close(handle)
            throw error
        }
    }

    /// The library wants its settings before `bind` and `connect`, and all of them count.
    private static func open(
        _ kind: Kind, _ plane: Plane, context: Context, _ linger: Int, _ credentials: Credentials
    ) throws(TransportError) -> UnsafeMutableRawPointer {
        guard let handle = zmq_socket(context.handle, kind == .router ? ZMQ_ROUTER : ZMQ_DEALER)
        else { throw .last("opening a socket") }
        do throws(TransportError) {
            try set(settings(kind, plane, linger: linger), on: handle)
            let frameBytesMax =
                plane == .control ? Limits.controlFrameBytesMax : Limits.bulkFrameBytesMax
            guard czmq_set_int64(handle, ZMQ_MAXMSGSIZE, Int64(frameBytesMax)) == 0 else {
                throw .last("limiting frames to \(frameBytesMax) bytes")
            }
            try credentials.apply(to: handle)
        } catch {
            zmq_close(handle)
            throw error
        }
        return handle
    }

    deinit {
        if isMonitored { zmq_socket_monitor(handle, nil, 0) }
        ownMonitor?.close()
        zmq_close(handle)
    }

    /// For `Poll.wait`.
    public var readable: Poll.Source { Poll.Source(socket: handle) }

    /// - Returns: the address with the port that was chosen, if any would do.
    /// - Throws: `.addressInUse`, `.badAddress` for a port that should not be listened on, or
    ///   `.cannotBind`.
    @discardableResult
    public func bind(to address: Address) throws(TransportError) -> Address {
        try address.checkBindable()
        // The library would delete the socket file of a process that still listens there.
        if case .ipc(let path) = address.place, UnixSocket.isListening(path) {
            throw .addressInUse(address)
        }
        guard bindPrivately(to: address) == 0 else {
            let code = zmq_errno()
            throw code == czmq_error_address_in_use()
                ? .addressInUse(address)
                : .cannotBind(address, reason: TransportError.reason(of: code))
        }
        guard case .tcp(let host, port: 0) = address.place else { return address }
        return Address(.tcp(host: host, port: try boundPort()))
    }

    /// Only this account may connect to a Unix socket, whatever directory it is in.
    private func bindPrivately(to address: Address) -> Int32 {
        guard address.isUnixSocket else { return zmq_bind(handle, address.endpoint) }
        let before = umask(0o177)
        defer { umask(before) }
        return zmq_bind(handle, address.endpoint)
    }

    /// Connects in the background, again and again: success shows in an answer from the peer.
    public func connect(to address: Address) throws(TransportError) {
        try Self.set(Self.reconnectSettings(isLocal: address.isLoopback), on: handle)
        guard zmq_connect(handle, address.endpoint) == 0 else {
            throw .cannotConnect(address, reason: TransportError.reason(of: zmq_errno()))
        }
    }

    /// The address that `connect` was given is not tried any more.
    func disconnect(from address: Address) throws(TransportError) {
        guard zmq_disconnect(handle, address.endpoint) == 0 else {
            throw .last("leaving \(address)")
        }
    }

    /// A monitor of this socket's connections, for the same thread, and valid as long as the
    /// socket. Ask before `connect`.
    public mutating func monitor() throws(TransportError) -> ConnectionMonitor {
        precondition(!isMonitored, "a socket has one monitor")
        isMonitored = true
        let monitor = try ConnectionMonitor(
            of: try ConnectionMonitor.announce(handle), context: context)
        ownMonitor = monitor
        return monitor
    }

    private func boundPort() throws(TransportError) -> Int {
        var count = 256
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: count) { buffer in
            zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, buffer.baseAddress, &count) == 0
                ? buffer.baseAddress.map { String(cString: $0) } : nil
        }
        guard let text, let port = text.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw .last("reading the port of a socket")
        }
        return port
    }
}

enum UnixSocket {
    /// Whether a process accepts connections at `path`; a file that nobody serves is stale.
    static func isListening(_ path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // A full backlog is somebody who listens, too.
                Glibc.connect(descriptor, $0, size) == 0 || errno == EAGAIN
            }
        }
    }
}
