// Keys with the real programs: made without being asked for, made by hand, revoked, wrong, missing.

import Foundation
@testable import Processes
import Protocol
import Testing
import Transport

extension EndToEnd {
    @Suite(.serialized)
    struct KeyTests {
        @Test("on one machine programs find one another over TCP without a flag, with keys")
        func noFlags() async throws {
            let site = try Site()
            // All at once: whichever comes first makes the keys.
            let cluster = try await KeyedCluster(site)
            _ = try cluster.startWorker()
            _ = try cluster.startWorker()
            try await cluster.awaitWorkers(2)
            let ending = try await site.train(
                [site.corpus()], "v.bin", "--cluster", cluster.address)
            #expect(ending.code == 0, "\(ending)")
            #expect(site.exists("v.bin"))
            #expect(site.names(in: "o/keys").contains("coordinator.key"))
            let bare = try await cluster.sounder("jobs", "--insecure")
            #expect(bare.code == 77 && bare.seconds < 5, "\(bare)")
            try await cluster.stop()
        }

        @Test("--insecure on all programs works without keys, on this machine alone")
        func insecure() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site, flags: ["--insecure"])
            _ = try cluster.startWorker("--insecure")
            let isThere = try await eventually(within: 15, every: 0.1) {
                let status = try await cluster.sounder("status", "--json", "--insecure")
                return status.number("workersTotal") == 1
            }
            #expect(isThere, "\(cluster.coordinator.errors)")
            #expect(!site.exists("o/keys"))
            let keyed = try await cluster.sounder("jobs")
            #expect(keyed.code == 77 && keyed.errors.contains("--insecure"), "\(keyed)")
            #expect(keyed.seconds < 5)
            try await cluster.stop()
            let far = "tcp://192.0.2.1:5761"
            for (program, arguments) in [
                ("sounder-coordinator", ["--listen", far, "--state", site.path("t/s")]),
                ("sounder-worker", ["--coordinator", far]), ("sounder", ["jobs", "--cluster", far]),
            ] {
                let ending = try await Program(program, arguments + ["--insecure"], in: site)
                    .ending(within: 5)
                #expect(ending.code == 64 && ending.errors.contains(far), "\(ending)")
            }
        }

        @Test("a coordinator does not listen to the network without keys that were asked for")
        func network() async throws {
            let site = try Site()
            // An address that this machine does not have: nothing is opened to the network here.
            let flags = ["--listen", "tcp://192.0.2.1:5761", "--state", site.path("t/state")]
            let none = try await Program("sounder-coordinator", flags, in: site).ending(within: 5)
            #expect(none.code == 78 && none.errors.contains("sounder keygen"), "\(none)")
            #expect(try await site.sounder("keygen", "node7").code == 0)
            let some = try await Program("sounder-coordinator", flags, in: site).ending(within: 5)
            #expect(some.code == 69 && some.errors.contains("192.0.2.1"), "\(some)")
        }

        @Test("keygen, authorize, revoke and keys do what they say")
        func commands() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let path = try await cluster.keygen("ada", "client")
            #expect(try await cluster.sounder("jobs", "--key", path).code == 0)
            let again = try await site.sounder("keygen", "ada")
            #expect(again.code == 64 && again.errors.contains("ada"), "\(again)")
            let listed = try await site.sounder("keys", "--json").json["keys"] as? [[String: Any]]
            #expect(listed?.compactMap { $0["name"] as? String } == ["local", "ada"])

            #expect(try await site.sounder("revoke", "ada").code == 0)
            try await Task.sleep(for: .seconds(1))
            let refused = try await cluster.sounder("jobs", "--key", path)
            #expect(refused.code == 77 && refused.seconds < 5, "\(refused)")
            for part in [cluster.address, path, "sounder authorize"] {
                #expect(refused.errors.contains(part), "\(refused)")
            }
            #expect(try await site.sounder("revoke", "ada").code == 64)
            // The key that the log and the error name can be authorised as it stands there.
            let pub = path.replacingOccurrences(of: ".key", with: ".pub")
            #expect(try await site.sounder("authorize", pub).code == 0)
            #expect(try await cluster.sounder("jobs", "--key", path).code == 0)
            try await cluster.stop()
        }

        @Test("42: a worker whose key is revoked ends at once, and its name leaves the listing")
        func revokedWorker() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let path = try await cluster.keygen("node7", "worker")
            let worker = try cluster.startWorker("--key", path, "--name", "w7")
            try await cluster.awaitWorkers(1)
            #expect(try await site.sounder("revoke", "node7").code == 0)
            let ending = try await worker.ending(within: 5)
            #expect(ending.code == 77 && ending.errors.contains("revoked"), "\(ending)")
            #expect(try await cluster.names() == [])
            let second = try cluster.startWorker("--key", path)
            let refused = try await second.ending(within: 5)
            #expect(refused.code == 77 && refused.errors.contains(path), "\(refused)")
            try await cluster.stop()
        }

        @Test("42: a wrong key, a wrong coordinator and a missing file are told within 5 s")
        func wrong() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let node = try await cluster.keygen("node7", "worker")
            let ring = site.path("o/other")
            let other = try await site.sounder("keygen", "stranger", "--keys", ring)
            #expect(other.code == 0)
            let absent = site.path("o/absent.key")
            let cases: [(flags: [String], code: Int32, says: String)] = [
                (["--key", ring + "/stranger.key", "--server-key", site.keys + "/coordinator.pub"],
                 77, ring + "/stranger.key"),
                (["--key", node, "--server-key", ring + "/coordinator.pub"], 77,
                 ring + "/coordinator.pub"),
                (["--key", absent], 78, absent), (["--server-key", "short"], 78, "short"),
                (["--keys", ring], 77, ring + "/coordinator.pub"),
            ]
            for (flags, code, says) in cases {
                for (program, address) in [
                    ("sounder-worker", ["--coordinator", cluster.address]),
                    ("sounder", ["jobs", "--cluster", cluster.address]),
                ] {
                    let ending = try await Program(program, address + flags, in: site)
                        .ending(within: 10)
                    #expect(ending.code == code && ending.seconds < 5, "\(flags): \(ending)")
                    #expect(ending.errors.contains(says), "\(flags): \(ending)")
                    #expect(ending.errors.contains(cluster.address), "\(flags): \(ending)")
                }
            }
            try await cluster.stop()
        }

        @Test("a key that others can read is refused, with the command that mends it")
        func looseKey() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let path = try await cluster.keygen("node7", "worker")
            chmod(path, 0o644)
            for (program, arguments) in [
                ("sounder-worker", ["--coordinator", cluster.address, "--key", path]),
                ("sounder", ["jobs", "--cluster", cluster.address, "--key", path]),
            ] {
                let ending = try await Program(program, arguments, in: site).ending(within: 5)
                #expect(ending.code == 78, "\(ending)")
                #expect(ending.errors.contains("chmod 600 \(path)"), "\(ending)")
            }
            try await cluster.stop()
            chmod(site.keys + "/coordinator.key", 0o640)
            let second = try await Program(
                "sounder-coordinator",
                ["--listen", cluster.address, "--state", site.path("state")], in: site
            ).ending(within: 5)
            #expect(second.code == 78 && second.errors.contains("coordinator.key"), "\(second)")
        }

        @Test("keys and their place can be named by the environment")
        func environment() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let path = try await cluster.keygen("ada", "client")
            let empty = site.path("o/empty")
            let ending = try await Program(
                "sounder", ["jobs", "--cluster", cluster.address], in: site,
                environment: [
                    "SOUNDER_KEYS": empty, "SOUNDER_KEY": path,
                    "SOUNDER_SERVER_KEY": site.keys + "/coordinator.pub",
                ]
            ).ending(within: 5)
            #expect(ending.code == 0, "\(ending)")
            #expect(!site.exists("o/empty"), "nothing is made that is not needed")
            let home = try await Program(
                "sounder", ["jobs", "--cluster", cluster.address], in: site,
                environment: [
                    "SOUNDER_KEYS": "", "XDG_CONFIG_HOME": "", "HOME": site.path("o/home"),
                ]
            ).ending(within: 5)
            #expect(home.code == 77, "\(home)")
            #expect(site.exists("o/home/.config/sounder/keys/local.key"))
            try await cluster.stop()
        }

        @Test("sounder drain sends a worker away, and only an administrator may say it")
        func drain() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let worker = try cluster.startWorker("--name", "w7")
            try await cluster.awaitWorkers(1)
            let client = try await cluster.keygen("ada", "client")
            let refused = try await cluster.sounder("drain", "w7", "--key", client)
            #expect(refused.code == 77 && refused.errors.contains("ada"), "\(refused)")
            #expect(try await cluster.names() == ["w7"])
            #expect(try await cluster.sounder("drain", "nobody").code == 64)
            #expect(try await cluster.sounder("drain", "w7").code == 0)
            #expect(try await worker.ending(within: 10).code == 0, "\(worker.errors)")
            try await cluster.stop()
        }

        @Test("a coordinator that is killed or frozen is no reason for a worker with a key to end")
        func restart() async throws {
            let site = try Site()
            let cluster = try await KeyedCluster(site)
            let worker = try cluster.startWorker("--name", "w7")
            try await cluster.awaitWorkers(1)
            cluster.coordinator.signal(SIGKILL)
            _ = try await cluster.coordinator.ending()
            try await Task.sleep(for: .seconds(1))
            let again = try await KeyedCluster(site, at: cluster.address)
            try await again.awaitWorkers(1)
            again.coordinator.signal(SIGSTOP)
            // It reaches a listener that never greets.
            let second = try cluster.startWorker("--name", "w8")
            try await Task.sleep(for: .seconds(7))
            #expect(worker.isRunning && second.isRunning, "\(worker.errors)\(second.errors)")
            again.coordinator.signal(SIGCONT)
            try await again.awaitWorkers(2)
            for program in [worker, second] {
                program.signal(SIGTERM)
                #expect(try await program.ending(within: 10).code == 0, "\(program.errors)")
            }
            try await again.stop()
        }

        @Test("the socket of a cluster of its own is in a directory that is its owner's alone")
        func privateSocket() async throws {
            let site = try Site()
            let cluster = try site.start(["up", "--workers", "1", "--threads", "1"])
            let isUp = try await eventually(within: 20) { !cluster.output.isEmpty }
            try #require(isUp, "\(cluster.errors)")
            let socket = String(try #require(site.localAddress).dropFirst("ipc://".count))
            var status = stat()
            for path in [socket, socket + ".bulk"] {
                #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            }
            let directory = (socket as NSString).deletingLastPathComponent
            #expect(stat(directory, &status) == 0 && status.st_mode & 0o777 == 0o700)
            #expect(!site.exists("o/keys"), "no keys are needed")
            cluster.signal(SIGTERM)
            #expect(try await cluster.ending(within: 10).code == 0)
        }

        @Test("sounder up listens on TCP with keys, and its workers find it")
        func up() async throws {
            let site = try Site()
            let address = "tcp://127.0.0.1:\(try freePorts())"
            let cluster = try site.start(
                ["up", "--workers", "1", "--threads", "1", "--listen", address])
            let isUp = try await eventually(within: 20) { !cluster.output.isEmpty }
            try #require(isUp, "\(cluster.errors)")
            #expect(try await site.sounder("jobs", "--cluster", address).code == 0)
            #expect(try await site.sounder("jobs", "--cluster", address, "--insecure").code == 77)
            cluster.signal(SIGTERM)
            #expect(try await cluster.ending(within: 10).code == 0)
            try await site.expectNothingLeft()
        }

        @Test("34: a coordinator that may have few files open says so and does not start")
        func fewDescriptors() async throws {
            let site = try Site()
            let ending = try await Program(
                "/bin/sh",
                ["-c", "ulimit -n 64; exec \"$0\" --listen ipc://\(site.path("c")) --state "
                    + site.path("t/s"), Program.directory + "/sounder-coordinator"], in: site
            ).ending(within: 5)
            #expect(ending.code == 78 && ending.errors.contains("ulimit -n"), "\(ending)")
        }
    }
}
