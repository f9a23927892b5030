// A TCP connection that says whatever a test wants, byte by byte.

import Glibc
@testable import Transport

/// Knows the beginning of ZMTP (ZeroMQ RFC 23) and nothing of our protocol.
final class RawPeer {
    private let descriptor: Int32
    private var heard = 0
    private var hasEnded = false

    init(_ address: Address) throws {
        guard case .tcp(_, let port) = address.place else { preconditionFailure("\(address)") }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // Whoever is cut off with a full window would wait for minutes.
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw TransportError.last("connecting to \(address)") }
    }

    deinit { close(descriptor) }

    func leave() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// - Returns: false once the other side has ended the connection, or reads no more.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done,
                    Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            done += sent
        }
        return true
    }

    /// Waits for as many bytes of the other side, and drops them.
    func hear(_ count: Int, within seconds: Double) async -> Bool {
        await soon(within: seconds) {
            take()
            return heard >= count
        }
    }

    /// Whether the other side ends the connection; what it sends before is dropped.
    func isEnded(within seconds: Double) async -> Bool { await soon(within: seconds) { isEnded } }

    /// Whether the other side has ended the connection.
    var isEnded: Bool {
        take()
        return hasEnded
    }

    private func take() {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while !hasEnded {
            let got = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            if got > 0 {
                heard += got
            } else {
                if got < 0 && errno == EAGAIN { return }
                hasEnded = true
            }
        }
    }

    static func greeting(_ mechanism: String) -> [UInt8] {
        let name = Array(mechanism.utf8)
        return [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + name
            + [UInt8](repeating: 0, count: 20 - name.count + 32)
    }

    /// The READY command of the NULL mechanism.
    static func ready(_ socketType: String = "DEALER") -> [UInt8] {
        let value = Array(socketType.utf8)
        let body =
            [5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8)
            + [0, 0, 0, UInt8(value.count)] + value
        return [4, UInt8(body.count)] + body
    }

    static func frame(_ bytes: [UInt8], more: Bool) -> [UInt8] {
        frameHead(UInt64(bytes.count), more: more) + bytes
    }

    static func frameHead(_ size: UInt64, more: Bool) -> [UInt8] {
        [more ? 3 : 2] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) }
    }
}
