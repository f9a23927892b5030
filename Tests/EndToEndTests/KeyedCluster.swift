// A coordinator that listens on TCP with keys, and the commands that make them.

import Foundation
@testable import Processes
import Protocol
import Testing
import Transport

final class KeyedCluster {
    let site: Site
    let address: String
    let coordinator: Program
    private var workers: [Program] = []

    /// - Parameter address: where an earlier life of it was; else one that is free.
    init(_ site: Site, at address: String? = nil, flags: [String] = []) async throws {
        self.site = site
        self.address = try address ?? "tcp://127.0.0.1:\(freePorts())"
        coordinator = try Program(
            "sounder-coordinator",
            ["--listen", self.address, "--state", site.path("state"), "--liveness", "2000",
             "--log-level", "info"] + flags, in: site)
        let isUp = try await eventually(within: 10) {
            coordinator.errors.contains("listening at") || !coordinator.isRunning
        }
        try #require(isUp && coordinator.isRunning, "\(coordinator.errors)")
    }

    /// Runs `sounder keygen`.
    ///
    /// - Returns: the path of the key.
    @discardableResult
    func keygen(_ name: String, _ role: String) async throws -> String {
        let ending = try await site.sounder("keygen", name, "--role", role)
        try #require(ending.code == 0, "\(ending)")
        return site.keys + "/\(name).key"
    }

    /// Runs `sounder` on this cluster.
    func sounder(_ arguments: String..., within seconds: Double = 20) async throws -> Ending {
        try await Program("sounder", arguments + ["--cluster", address], in: site)
            .ending(within: seconds)
    }

    func startWorker(_ flags: String...) throws -> Program {
        let worker = try Program(
            "sounder-worker", ["--coordinator", address, "--threads", "1"] + flags, in: site)
        workers.append(worker)
        return worker
    }

    func names() async throws -> [String] {
        let status = try await sounder("status", "--json")
        let workers = status.json["workers"] as? [[String: Any]]
        return (workers ?? []).compactMap { $0["worker"] as? String }
    }

    /// Waits until `count` workers are there.
    func awaitWorkers(_ count: Int) async throws {
        let are = try await eventually(within: 15, every: 0.1) {
            try await self.names().count == count
        }
        try #require(are, "\(coordinator.errors)\(workers.map(\.errors))")
    }

    func peer(_ name: String, _ keyPath: String) throws -> HandDrivenPeer {
        let keys = try ClientKeys.find(
            for: Address(address),
            KeyFlags(key: keyPath, serverKey: site.keys + "/coordinator.pub"))
        return try HandDrivenPeer(address, name: name, keys: keys)
    }

    /// Ends everything; the programs must end by themselves and leave nothing.
    func stop() async throws {
        for worker in workers where worker.isRunning { worker.signal(SIGTERM) }
        for worker in workers { _ = try await worker.ending(within: 10) }
        coordinator.signal(SIGTERM)
        #expect(try await coordinator.ending(within: 10).code == 0, "\(coordinator.errors)")
        try await site.expectNothingLeft()
    }
}

/// A port of this machine that is free, as is the next one.
func freePorts() throws -> Int {
    for _ in 0..<1_000 {
        let port = Int.random(in: 20_000...32_000)
        if [0, 1, 3].allSatisfy({ isFree(port + $0) }) { return port }
    }
    throw Overdue(description: "no port is free")
}

private func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0
        }
    }
}
