// What tests of deploy/ share: its scripts, stand-ins for the tools they call, and a free port.

import Foundation
@testable import Processes
import Testing

enum Deployed {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardized.path

    /// For `.enabled(if:)`: whether a tool is there.
    static func has(_ tool: String) -> Bool { path(of: tool) != nil }

    static func path(of tool: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(tool)" }.first { access($0, X_OK) == 0 }
    }

    /// PATH with the stand-ins of Tests/Fixtures/shims before everything else.
    static var shimmedPath: String {
        "\(root)/Tests/Fixtures/shims:" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    }

    /// An even port, free with the next one, as a coordinator needs them.
    static func freePort() throws -> Int {
        for _ in 0..<200 {
            let port = Int.random(in: 5_000...15_000) * 2
            if isFree(port), isFree(port + 1) { return port }
        }
        throw Overdue(description: "no two ports in a row are free")
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

extension Site {
    /// Flags of a training that is the same to the last bit wherever it runs.
    static let sameEverywhere = ["--dim", "16", "--epochs", "2", "--deterministic"]

    /// Vectors of the corpus from a cluster of this test's own.
    func reference(_ corpus: String, _ flags: [String] = sameEverywhere) async throws -> Data {
        let arguments = ["train", "sgns", "--input", corpus, "--output", path("reference.bin")]
        let ending = try await Program("sounder", arguments + flags + ["--quiet"], in: self)
            .ending(within: 180)
        try #require(ending.code == 0, "\(ending)")
        return try bytes("reference.bin")
    }
}
