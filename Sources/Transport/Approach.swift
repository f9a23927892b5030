// Which of a host name's addresses a dealer tries: one after the other, until one answers.

import Dispatch
import Glibc

/// The library looks a name up at every try, but takes its first address only (libzmq 4.3.4). A
/// name that has several is gone through here; the rest is left to the library. Belongs to the
/// thread of the socket.
public struct Approach {
    private static let lookupSeconds = 2.0
    /// Every address has its turn before a client loses its patience, which is after 4.2 s.
    private static let roundSeconds = 3.2
    private static let pauseSeconds = 1.0
    private static let handshakeSeconds = 5.0

    private let address: Address
    /// What the name stands for.
    private var candidates: [Address] = []
    /// Where the socket tries, or is connected.
    private var current: Address
    private var isConnected = false
    private var moveAt = Double.infinity

    public init(to address: Address) {
        self.address = address
        current = address
    }

    /// The addresses of the name, as the end of "nobody answers at NAME"; empty without a name.
    public var tried: String {
        guard address.name != nil else { return "" }
        let hosts = candidates.compactMap(\.host)
        return hosts.isEmpty
            ? " (no address is known by that name)" : " (\(hosts.joined(separator: ", ")))"
    }

    /// Instead of `Socket.connect`; may wait two seconds for a name to be looked up.
    public mutating func begin(_ socket: borrowing Socket) throws(TransportError) {
        lookUp()
        current = candidates.count > 1 ? candidates[0] : address
        try socket.connect(to: current)
        beginTurn()
    }

    /// Hand in every event of the socket's monitor.
    public mutating func note(_ event: ConnectionMonitor.Event) {
        let now = MonotonicClock.seconds
        switch event {
        case .connected: isConnected = true
        case .reached: moveAt = max(moveAt, now + Self.handshakeSeconds)
        case .unreached where candidates.count > 1:
            moveAt = current == candidates.last ? min(moveAt, now + Self.pauseSeconds) : now
        case .disconnected, .handshakeFailed:
            isConnected = false
            beginTurn()
        case .unreached, .accepted, .acceptFailed: break
        }
    }

    /// Moves on to the next address when it is time to. Call it once a second at least.
    public mutating func turn(_ socket: borrowing Socket) throws(TransportError) {
        guard !isConnected, MonotonicClock.seconds >= moveAt else { return }
        var next = candidates.firstIndex(of: current).map { $0 + 1 } ?? candidates.count
        if next >= candidates.count {
            lookUp()
            next = 0
        }
        let target = candidates.count > 1 ? candidates[next] : address
        if target != current {
            try socket.disconnect(from: current)
            try socket.connect(to: target)
            current = target
        }
        beginTurn()
    }

    private mutating func beginTurn() {
        guard address.name != nil else { return }
        moveAt = MonotonicClock.seconds + Self.roundSeconds / Double(max(1, candidates.count))
    }

    private mutating func lookUp() {
        guard let (host, port) = address.name else { return }
        // The resolver of the system keeps its own time, which may be half a minute.
        let promise = Promise<[String]>()
        DispatchQueue.global().async { promise.fulfil(numericHosts(of: host)) }
        let hosts = promise.wait(seconds: Self.lookupSeconds) ?? []
        candidates = hosts.map { Address(.tcp(host: $0, port: port)) }
    }
}

/// In the order in which the system would try them, each once.
private func numericHosts(of name: String) -> [String] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &found) == 0 else { return [] }
    defer { freeaddrinfo(found) }
    var hosts: [String] = []
    var next = found
    while let entry = next?.pointee {
        next = entry.ai_next
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(
            entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard code == 0 else { continue }
        let host = text.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
        if !host.isEmpty, !hosts.contains(host) { hosts.append(host) }
    }
    return hosts
}
