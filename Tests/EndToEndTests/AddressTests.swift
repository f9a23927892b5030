// Who listens where, and who may speak to whom.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct AddressTests {
        @Test("27: a dead address is named within five seconds")
        func deadAddress() async throws {
            let site = try Site()
            let corpus = try site.corpus()
            let addresses = ["tcp://127.0.0.1:5", "ipc:///tmp/sounder-nobody-listens-here"]
            // Side by side, as each takes nearly five seconds.
            let programs = try addresses.map { address in
                try site.start(
                    Site.training([corpus], site.path("v.bin")) + ["--cluster", address])
            }
            for (program, address) in zip(programs, addresses) {
                let ending = try await program.ending(within: 10)
                #expect(ending.code == 69 && ending.errors.contains(address), "\(ending)")
                #expect(ending.seconds < 5)
            }
            #expect(site.leftovers(besides: ["corpus.txt"]).isEmpty)
            try await site.expectNothingLeft()
        }

        @Test(
            "a malformed address is a fault of usage",
            arguments: ["tcp://", "localhost", "tcp://h:99999"])
        func malformed(_ address: String) async throws {
            let site = try Site()
            let commands = [
                ("sounder", ["jobs", "--cluster", address]),
                ("sounder-worker", ["--coordinator", address]),
                ("sounder-coordinator", ["--listen", address, "--state", site.path("t/state")]),
                ("sounder", ["up", "--listen", address]),
            ]
            for (program, arguments) in commands {
                let ending = try await Program(program, arguments, in: site).ending()
                try await site.expect(ending, fails: 64, saying: address)
            }
        }

        @Test("a port or a socket in use is named")
        func inUse() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 0)
            let second = try await Program(
                "sounder-coordinator",
                ["--listen", cluster.address, "--state", site.path("other")], in: site
            ).ending()
            #expect(second.code == 69 && second.errors.contains(cluster.address), "\(second)")

            let holder = try TakenPort()
            let address = "tcp://127.0.0.1:\(holder.port)"
            let third = try await Program(
                "sounder-coordinator", ["--listen", address, "--state", site.path("third")],
                in: site
            ).ending()
            #expect(third.code == 69 && third.errors.contains(address), "\(third)")
            #expect(third.errors.contains("in use"))
            let up = try await site.sounder("up", "--listen", address)
            #expect(up.code == 69, "\(up)")
            #expect(up.errors.contains("in use"), "\(up)")
            #expect(up.seconds < 3, "\(up)")
            try await cluster.stop()
        }

        @Test("14: a second coordinator of one state directory fails with a sentence")
        func stateInUse() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 0)
            let second = try await Program(
                "sounder-coordinator",
                ["--listen", "ipc://\(site.path("second"))", "--state", site.path("state")],
                in: site
            ).ending(within: 15)
            #expect(second.code != 0, "\(second)")
            #expect(second.errors.contains(site.path("state")), "\(second)")
            #expect(try await cluster.sounder("jobs").code == 0)
            try await cluster.stop()
        }

        @Test("a worker waits for its coordinator, or gives up where it is told to")
        func workerBeforeCoordinator() async throws {
            let site = try Site()
            let address = "ipc://\(site.path("nobody"))"
            let patient = try Program("sounder-worker", ["--coordinator", address], in: site)
            let ending = try await Program(
                "sounder-worker", ["--coordinator", address, "--once"], in: site
            ).ending(within: 10)
            #expect(ending.code == 69 && ending.errors.contains(address), "\(ending)")
            #expect(ending.seconds < 5)
            let isSaid = try await eventually(within: 10) {
                patient.errors.contains("no coordinator answers at \(address)")
            }
            #expect(isSaid && patient.isRunning, "it waits without a word: \(patient.errors)")
            patient.signal(SIGTERM)
            #expect(try await patient.ending(within: 10).code == 0)
            try await site.expectNothingLeft()
        }
    }
}

/// A TCP port of this machine that somebody listens on, below those that the system hands out.
final class TakenPort {
    let port: Int
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let free = (20_000..<20_200).first { Self.listens(descriptor, at: $0) }
        guard descriptor >= 0, let free else { throw Overdue(description: "no port is free") }
        port = free
        self.descriptor = descriptor
    }

    private static func listens(_ descriptor: Int32, at port: Int) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 1) == 0
            }
        }
    }

    deinit { close(descriptor) }
}
