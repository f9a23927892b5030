// Hosts that are network namespaces of this machine, joined by a bridge in a namespace of its own.

import Foundation
@testable import Processes
import Testing

/// Needs root; everything is gone with this object.
final class HostNamespaces {
    let names: [String]
    private let hub: String

    static func address(_ host: Int) -> String { "10.213.77.\(host + 1)" }

    /// Whether namespaces can be made here.
    static let arePossible: Bool = {
        guard geteuid() == 0, Deployed.has("ip") else { return false }
        let name = "sounder-try-\(getpid())"
        guard (try? ip("netns", "add", name)) == 0 else { return false }
        defer { _ = try? ip("netns", "delete", name) }
        return (try? ip("netns", "exec", name, "true")) == 0
            && (try? ip("-n", name, "link", "add", "name", "br0", "type", "bridge")) == 0
    }()

    init(hosts: Int) throws {
        let prefix = "sounder-\(getpid())-\(UInt16.random(in: 0...9_999))"
        hub = prefix + "-hub"
        names = (0..<hosts).map { "\(prefix)-\($0)" }
        try make("netns", "add", hub)
        try make("-n", hub, "link", "add", "name", "br0", "type", "bridge")
        try make("-n", hub, "link", "set", "br0", "up")
        for (index, name) in names.enumerated() {
            try make("netns", "add", name)
            try make(
                "-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", "port\(index)",
                "netns", hub)
            try make("-n", hub, "link", "set", "port\(index)", "master", "br0", "up")
            try make("-n", name, "address", "add", Self.address(index) + "/24", "dev", "eth0")
            try make("-n", name, "link", "set", "eth0", "up")
            try make("-n", name, "link", "set", "lo", "up")
        }
    }

    /// Cuts the cable of a host, or joins it again.
    func connect(_ host: Int, _ isConnected: Bool) throws {
        try make("-n", hub, "link", "set", "port\(host)", isConnected ? "up" : "down")
    }

    /// Starts a program of the build directory on a host.
    func start(
        _ program: String, _ arguments: [String], on host: Int, in site: Site,
        environment: [String: String] = [:]
    ) throws -> Program {
        try Program(
            try #require(Deployed.path(of: "ip")),
            ["netns", "exec", names[host], "\(Program.directory)/\(program)"] + arguments, in: site,
            environment: environment)
    }

    private func make(_ arguments: String...) throws {
        guard try Self.ip(arguments) == 0 else {
            throw Overdue(description: "ip \(arguments.joined(separator: " ")) has failed")
        }
    }

    private static func ip(_ arguments: String...) throws -> Int32 { try ip(arguments) }

    private static func ip(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Deployed.path(of: "ip") ?? "/sbin/ip")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    deinit {
        for name in names + [hub] { _ = try? Self.ip("netns", "delete", name) }
    }
}
