// Everything that is commonly configured wrongly: told in a sentence, by every program, within 5 s.

import Foundation
@testable import Processes
import Protocol
import Testing
import Transport

extension EndToEnd {
    @Suite(.serialized)
    struct CatalogueTests {
        /// One mistake: where a program is sent, with which flags, and what it must say.
        private struct Mistake {
            let address: String
            var flags: [String] = []
            let codes: [Int32]
            /// The address, where nothing else is named.
            var says: [String] = []
        }

        /// Five of the program; a dozen of them start at once, and other tests compute beside them.
        private static let limitSeconds = 10.0

        @Test(
            "27, 42: whatever is configured wrongly is told within 5 s",
            arguments: ["jobs", "train", "top", "worker"])
        func mistakes(_ command: String) async throws {
            let site = try Site()
            let pages = "127.0.0.1:\(try freePorts())"
            let cluster = try await KeyedCluster(site, flags: ["--metrics", pages])
            let silent = try TakenPort()
            let old = try HandDrivenCoordinator(
                "ipc://\(site.path("o/old"))", greeting: .refused(Refused(fault: Self.mismatch)))
            let all = try await keyMistakes(cluster, site) + placeMistakes(cluster, site)
                + [
                    Mistake(address: "tcp://127.0.0.1:\(silent.port)", codes: [69, 77]),
                    Mistake(address: "tcp://\(pages)", codes: [77]),
                    Mistake(
                        address: "ipc://\(site.path("o/old"))", codes: [78],
                        says: [Self.mismatch.message]),
                ]
            let corpus = try site.corpus()
            let programs = try all.map { try start(command, $0, corpus, site) }
            // Whoever else waits is looked at later, and the time of its end is noted by itself.
            _ = try await old.serve(try #require(programs.last))
            for (program, mistake) in zip(programs, all) {
                let ending = try await program.ending(within: 20)
                let what = "\(command) \(mistake.address) \(mistake.flags): \(ending)"
                #expect(mistake.codes.contains(ending.code), "\(what)")
                #expect(ending.seconds < Self.limitSeconds, "\(what)")
                for part in mistake.says.isEmpty ? [mistake.address] : mistake.says {
                    #expect(ending.errors.contains(part), "\(part): \(what)")
                }
                #expect(ending.output.isEmpty, "\(what)")
            }
            #expect(!site.exists("v.bin"))
            try await cluster.stop()
        }

        private static let mismatch = Fault(
            .versionMismatch, "this speaks protocol 1, the coordinator 2; install one version")

        private func start(
            _ command: String, _ mistake: Mistake, _ corpus: String, _ site: Site
        ) throws -> Program {
            let there = ["--cluster", mistake.address] + mistake.flags
            return switch command {
            case "worker":
                try Program(
                    "sounder-worker", ["--coordinator", mistake.address, "--once"] + mistake.flags,
                    in: site)
            case "train": try site.start(Site.training([corpus], site.path("v.bin")) + there)
            case "top": try site.start(["top", "--once"] + there)
            default: try site.start([command] + there)
            }
        }

        /// Nobody is there, or somebody else.
        private func placeMistakes(_ cluster: KeyedCluster, _ site: Site) throws -> [Mistake] {
            let file = try site.write("no socket", to: "o/file")
            let port = try #require(cluster.address.split(separator: ":").last.flatMap { Int($0) })
            return [
                Mistake(address: "tcp://127.0.0.1:5", codes: [69]),
                Mistake(address: "tcp://[::1]:5", codes: [69]),
                Mistake(address: "tcp://nobody.invalid:5761", codes: [69]),
                Mistake(address: "tcp://192.0.2.1:5761", codes: [69]),
                Mistake(address: "tcp://127.0.0.1:\(port + 1)", codes: [69, 78]),
                Mistake(address: "ipc://\(site.path("o/nobody"))", codes: [69]),
                Mistake(address: "ipc://\(site.path("o/none/nobody"))", codes: [69]),
                Mistake(address: "ipc://\(file)", codes: [69]),
                Mistake(address: "tcp://127.0.0.1", codes: [64]),
                Mistake(address: "tcp://127.0.0.1:70000", codes: [64]),
                Mistake(address: "http://127.0.0.1:5761", codes: [64]),
                Mistake(address: "127.0.0.1:5761", codes: [64]),
            ]
        }

        /// The right place, and no right to be there.
        private func keyMistakes(_ cluster: KeyedCluster, _ site: Site) async throws -> [Mistake] {
            let node = try await cluster.keygen("node7", "worker")
            let loose = try await cluster.keygen("node8", "worker")
            chmod(loose, 0o644)
            let ring = site.path("o/other")
            let other = try await site.sounder("keygen", "stranger", "--keys", ring)
            try #require(other.code == 0, "\(other)")
            let garbage = try site.write("no key\n", to: "o/garbage.key")
            chmod(garbage, 0o600)
            let server = ["--server-key", site.keys + "/coordinator.pub"]
            let absent = site.path("o/absent.key")
            func mistake(_ code: Int32, _ says: String, _ flags: [String]) -> Mistake {
                Mistake(address: cluster.address, flags: flags, codes: [code], says: [says])
            }
            return [
                mistake(77, "\(ring)/stranger.key", ["--key", "\(ring)/stranger.key"] + server),
                mistake(
                    77, "\(ring)/coordinator.pub",
                    ["--key", node, "--server-key", "\(ring)/coordinator.pub"]),
                mistake(77, "--insecure", ["--insecure"]),
                mistake(78, absent, ["--key", absent]),
                mistake(78, "short", ["--server-key", "short"]),
                mistake(78, garbage, ["--key", garbage]),
                mistake(78, "chmod 600 \(loose)", ["--key", loose]),
            ]
        }
    }
}
