// Where a socket listens or connects: parsed once, refused early and in words.

import Glibc

/// `tcp://HOST:PORT`, `tcp://[IPV6]:PORT` or `ipc://PATH`. The address of the control plane; the
/// bulk plane is at `bulk()`, that of searches at `search()`.
public struct Address: Hashable, Sendable, CustomStringConvertible {
    /// The kernel's `sun_path` holds 108 bytes, the last of them a zero.
    public static let pathBytesMax = 107
    /// Linux hands out ports from 32768 by itself. A peer that retries such a port can be given
    /// the very same port as its own, connect to itself, and keep it from the coordinator
    /// (libzmq #4588).
    public static let portMax = 32_767

    enum Place: Hashable {
        /// Port 0 stands for any that is free.
        case tcp(host: String, port: Int)
        case ipc(path: String)
    }

    let place: Place

    init(_ place: Place) { self.place = place }

    /// Ports are 1 to 65534, as the next one carries the bulk plane; `*` is any that is free.
    ///
    /// - Throws: `TransportError.badAddress`.
    public init(_ text: String) throws(TransportError) {
        if let path = text.droppingPrefix("ipc://") {
            if let complaint = Self.complaint(aboutPath: path) {
                throw .badAddress(text, reason: complaint)
            }
            place = .ipc(path: path)
        } else if let rest = text.droppingPrefix("tcp://") {
            place = try Self.tcp(rest, of: text)
        } else {
            throw .badAddress(text, reason: "it begins with neither tcp:// nor ipc://")
        }
    }

    public var description: String {
        switch place {
        case .tcp(let host, let port):
            "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port == 0 ? "*" : "\(port)")"
        case .ipc(let path): "ipc://\(path)"
        }
    }

    /// The bulk address that belongs to this control address: the next port, or `PATH.bulk`.
    ///
    /// - Throws: `TransportError.badAddress` if the path is too long for that.
    public func bulk() throws(TransportError) -> Address { try beside(port: 1, suffix: ".bulk") }

    /// Where questions are asked: the third port after this one, or `PATH.find`. (The second is
    /// where metrics are served, as a rule.)
    public func search() throws(TransportError) -> Address { try beside(port: 3, suffix: ".find") }

    func beside(port distance: Int, suffix: String) throws(TransportError) -> Address {
        switch place {
        case .tcp(let host, let port):
            guard port + distance <= 65_535 else {
                throw .badAddress(description, reason: "there is no port \(port + distance)")
            }
            return Address(.tcp(host: host, port: port == 0 ? 0 : port + distance))
        case .ipc(let path):
            guard path.utf8.count + suffix.utf8.count <= Self.pathBytesMax else {
                throw .badAddress(
                    description,
                    reason: "with \(suffix) at its end the path exceeds \(Self.pathBytesMax) bytes")
            }
            return Address(.ipc(path: path + suffix))
        }
    }

    /// True where nobody from another machine can connect.
    public var isLoopback: Bool {
        switch place {
        case .ipc: true
        case .tcp(let host, _): host == "localhost" || IPAddress(host)?.isLoopback == true
        }
    }

    var host: String? {
        if case .tcp(let host, _) = place { host } else { nil }
    }

    /// A host that has to be looked up, and its port.
    var name: (host: String, port: Int)? {
        guard case .tcp(let host, let port) = place, host != "localhost", IPAddress(host) == nil
        else { return nil }
        return (host, port)
    }

    /// True for `ipc://`, where the permissions of a file say who may connect.
    public var isUnixSocket: Bool {
        if case .ipc = place { true } else { false }
    }

    /// - Throws: `TransportError.badAddress` if nothing should listen there.
    func checkBindable() throws(TransportError) {
        guard case .tcp(_, let port) = place, port > Self.portMax else { return }
        throw .badAddress(
            description,
            reason: "port \(port) is one that the system gives to outgoing connections; "
                + "listen on a port below \(Self.portMax + 1), for example 5761")
    }

    /// As the messaging library wants it. `localhost` is 127.0.0.1: the library would try ::1 only.
    var endpoint: String {
        guard case .tcp("localhost", let port) = place else { return description }
        return Address(.tcp(host: "127.0.0.1", port: port)).description
    }
}

extension Address {
    private static func complaint(aboutPath path: String) -> String? {
        if path.isEmpty { return "the path is empty" }
        if path.hasPrefix("@") || path == "*" {
            return "the path must be that of a file, not an abstract name"
        }
        if path.utf8.contains(0) { return "the path has a zero byte" }
        return path.utf8.count > pathBytesMax
            ? "the path has \(path.utf8.count) bytes, and the system allows \(pathBytesMax)" : nil
    }

    private static func tcp(_ rest: String, of text: String) throws(TransportError) -> Place {
        guard let colon = rest.lastIndex(of: ":") else {
            throw .badAddress(text, reason: "it has no port")
        }
        let host = try host(String(rest[..<colon]), of: text)
        let digits = rest[rest.index(after: colon)...]
        if digits == "*" || digits == "0" { return .tcp(host: host, port: 0) }
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), digits.utf8.count <= 5,
            let port = Int(digits), (1...65_534).contains(port)
        else {
            throw .badAddress(
                text, reason: "the port \(digits.debugDescription) is not a number from 1 to 65534")
        }
        return .tcp(host: host, port: port)
    }

    private static func host(_ text: String, of whole: String) throws(TransportError) -> String {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inner = String(text.dropFirst().dropLast())
            if inner.contains(":"), IPAddress(inner) != nil { return inner }
            throw .badAddress(whole, reason: "\(inner.debugDescription) is not an IPv6 address")
        }
        if text == "*" {
            throw .badAddress(
                whole, reason: "* would listen to every network; name 0.0.0.0 if that is meant")
        }
        if text.contains(":") {
            throw .badAddress(whole, reason: "an IPv6 address goes into brackets")
        }
        if IPAddress(text) != nil || isName(text) { return text }
        throw .badAddress(
            whole, reason: "\(text.debugDescription) is neither a host name nor an IP address")
    }

    /// RFC 1123, and underscores, which container networks use.
    private static func isName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = labels.last, last.utf8.contains(where: { !(48...57).contains($0) }) else {
            return false
        }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy {
                    (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                        || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                }
        }
    }
}

/// A numeric address of either family, as the system reads it.
private struct IPAddress {
    let isLoopback: Bool

    init?(_ text: String) {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            isLoopback = withUnsafeBytes(of: four) { $0[0] == 127 }
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        isLoopback = withUnsafeBytes(of: six) { bytes in
            let isMapped = bytes[..<12].elementsEqual(Array(repeating: 0, count: 10) + [255, 255])
            if isMapped { return bytes[12] == 127 }
            return bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
        }
    }
}

extension String {
    fileprivate func droppingPrefix(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
