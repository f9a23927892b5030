// Where the status pages are served: a host and a port of TCP.

import Glibc
public import Protocol

/// `127.0.0.1:5763`, `localhost:5763` or `[::1]:5763`. Port 0 stands for any that is free.
public struct HostPort: Sendable, Equatable, CustomStringConvertible {
    public let host: String
    public let port: Int

    /// - Throws: a `Fault` with code `usage`.
    public init(_ text: String) throws(Fault) {
        let bad = Fault(
            .usage, "\(text.debugDescription) is no place to serve metrics; give HOST:PORT, for "
                + "example 127.0.0.1:5763")
        guard let colon = text.lastIndex(of: ":") else { throw bad }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.count <= 5, digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let port = Int(digits), port <= 65_535
        else { throw bad }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw bad
        }
        guard !host.isEmpty, host.utf8.count <= 253, !host.utf8.contains(0) else { throw bad }
        self.host = String(host)
        self.port = port
    }

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// True where nobody from another machine can connect.
    public var isLoopback: Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    /// A listening socket.
    ///
    /// - Throws: a `Fault` with code `unavailable` that says why there is none.
    func listen(backlog: Int32) throws(Fault) -> (descriptor: Int32, bound: HostPort) {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_ADDRCONFIG
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &found)
        guard code == 0, let first = found else {
            throw fault(because: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(first) }
        let descriptor = socket(
            first.pointee.ai_family,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw fault(because: String(cString: strerror(errno))) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            Glibc.listen(descriptor, backlog) == 0
        else {
            let fault = fault(because: String(cString: strerror(errno)))
            close(descriptor)
            throw fault
        }
        return (descriptor, HostPort(host: host, port: Self.port(of: descriptor) ?? port))
    }

    private func fault(because reason: String) -> Fault {
        Fault(
            .unavailable,
            "metrics cannot be served at \(self): \(reason); give --metrics another HOST:PORT")
    }

    /// The port that the system chose.
    private static func port(of descriptor: Int32) -> Int? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard code == 0 else { return nil }
        // Both families have the port at the same place, in network order.
        return withUnsafeBytes(of: address) { Int($0[2]) << 8 | Int($0[3]) }
    }
}

extension HostPort {
    /// Whether somebody could listen there now.
    public var isFree: Bool {
        guard let (descriptor, _) = try? listen(backlog: 1) else { return false }
        close(descriptor)
        return true
    }
}
