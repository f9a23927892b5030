// Ports of the loopback device that nobody listens on.

import Foundation

@testable import Processes

enum Ports {
    /// The first of two neighbours, below those that the system hands out by itself.
    static func freePair() throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 10_000..<32_000)
            guard let first = try? listener(at: port), let second = try? listener(at: port + 1)
            else { continue }
            close(first)
            close(second)
            return port
        }
        throw Overdue(description: "no two neighbouring ports are free")
    }

    /// A descriptor that listens at 127.0.0.1.
    static func listener(at port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let listens =
            withAddress(port) { bind(descriptor, $0, $1) == 0 }
            && listen(descriptor, 4_096) == 0
        guard descriptor >= 0, listens else {
            close(descriptor)
            throw Overdue(description: "port \(port) is taken")
        }
        return descriptor
    }

    static func withAddress<T>(
        _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T
    ) -> T {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// What a program's metrics at `port` say; empty without an answer.
    static func metrics(at port: Int) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience,
            socklen_t(MemoryLayout<timeval>.size))
        guard withAddress(port, { connect(descriptor, $0, $1) == 0 }) else { return "" }
        let request = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        _ = send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
            answer += buffer[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }
}
