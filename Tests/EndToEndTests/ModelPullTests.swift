// `sounder model pull` with a hub on this machine: output, exit codes, a disk that is full.

import Foundation
import TestSupport
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct ModelPullTests {
        private static func pull(
            _ hub: HubServer, _ site: Site, _ more: [String] = [], program: String = "sounder",
            before: [String] = []
        ) async throws -> Ending {
            let arguments = before + ["model", "pull", "org/tiny"] + more
            let environment = ["HF_ENDPOINT": hub.endpoint, "HF_HOME": site.path("hf")]
            return try await Program(program, arguments, in: site, environment: environment)
                .ending(within: 180)
        }

        private static let snapshot = "hf/hub/models--org--tiny/snapshots/" + HubServer.commit

        @Test("the snapshot's directory is printed, and one object with --json")
        func prints() async throws {
            let (hub, site) = (try HubServer(), try Site())
            let plain = try await Self.pull(hub, site)
            #expect(plain.code == 0, "\(plain)")
            #expect(plain.output == site.path(Self.snapshot) + "\n" && plain.errors.isEmpty)
            let other = ["--json", "--quiet", "--cache", site.path("c"), "--revision", "v/1"]
            let object = try await Self.pull(hub, site, other)
            #expect(object.json["commit"] as? String == HubServer.commit, "\(object)")
            #expect(object.json["revision"] as? String == "v/1")
            #expect(object.number("bytes") == object.number("bytesFetched"))
            #expect(site.exists("c/models--org--tiny/refs/v/1"))
        }

        @Test(
            "what a hub does wrong has an exit code of its own",
            arguments: [
                (404, 66, "knows no model"), (401, 77, "HF_TOKEN"), (418, 65, "status 418"),
            ])
        func refusals(status: Int, code: Int32, words: String) async throws {
            let site = try Site()
            let hub = try HubServer(faults: [["path": "/api/", "status": status, "times": 9]])
            try await site.expect(try await Self.pull(hub, site), fails: code, saying: words)
            #expect(site.leftovers(besides: []).isEmpty)
        }

        @Test("a hub that fails for a while is asked again, and that is said")
        func retries() async throws {
            let site = try Site()
            let hub = try HubServer(faults: [["path": "/api/", "status": 500]])
            let ending = try await Self.pull(hub, site)
            #expect(
                ending.code == 0 && ending.errors.contains("trying again in 1.0 s"), "\(ending)")
        }

        @Test("a disk that takes no more keeps what arrived under no model's name")
        func fullDisk() async throws {
            let (hub, site) = (try HubServer(), try Site())
            // 100 KiB a file, and an error instead of a signal beyond them.
            let script = #"trap '' XFSZ; ulimit -f 100; exec "$0" "$@""#
            let ending = try await Self.pull(
                hub, site, program: "/bin/bash",
                before: ["-c", script, Program.directory + "/sounder"])
            try await site.expect(ending, fails: 73, saying: "cannot write", besides: ["hf"])
            #expect(!site.exists(Self.snapshot))
            let again = try await Self.pull(hub, site)
            #expect(again.code == 0, "\(again)")
            #expect(try site.bytes(Self.snapshot + "/model.safetensors").count == 300_000)
            #expect(try hub.log().contains { $0.range == "bytes=102400-" })
        }

        @Test("a model that was pulled encodes under its name")
        func encodes() async throws {
            let site = try Site()
            let model = Site.tinyModel
            var files: [String: [String: Any]] = [:]
            for name in try FileManager.default.subpathsOfDirectory(atPath: model)
            where name.contains(".") {
                let isLarge = name.hasSuffix(".safetensors")
                files[name] = ["path": "\(model)/\(name)", "lfs": isLarge]
            }
            let hub = try HubServer(files: files)
            let text = try site.write("a wild hog\n", to: "docs.txt")
            let arguments = [
                "encode", "--model", "org/tiny", "--input", text, "--output", site.path("o/v"),
            ]
            let environment = ["HF_HOME": site.path("hf")]
            let before = try await Program("sounder", arguments, in: site, environment: environment)
                .ending(within: 30)
            #expect(before.code == 66 && before.errors.contains("sounder model pull org/tiny"))
            #expect(try await Self.pull(hub, site).code == 0)
            let after = try await Program("sounder", arguments, in: site, environment: environment)
                .ending(within: 30)
            #expect(after.code == 0, "\(after)")
        }

        @Test("a pull that is killed is taken up by the next")
        func killed() async throws {
            let site = try Site()
            let slow = try HubServer(faults: [["path": "/store/", "drip": 0.0005]])
            let environment = ["HF_ENDPOINT": slow.endpoint, "HF_HOME": site.path("hf")]
            let program = try Program(
                "sounder", ["model", "pull", "org/tiny"], in: site, environment: environment)
            let blobs = "hf/hub/models--org--tiny/blobs"
            // Small files go by a name of 40 digits and may be whole when the kill arrives; that of
            // weights has 64.
            let began = try await eventually(within: 20) {
                let name = site.names(in: blobs).first {
                    $0.hasSuffix(".incomplete") && $0.count > 64
                }
                return try name.map { try !site.bytes("\(blobs)/\($0)").isEmpty } ?? false
            }
            #expect(began)
            kill(program.identifier, SIGKILL)
            _ = try await program.ending(within: 10)
            #expect(!site.exists(Self.snapshot))
            let fast = try HubServer()
            let again = try await Self.pull(fast, site)
            #expect(again.code == 0, "\(again)")
            #expect(try fast.log().contains { $0.range != nil })
        }
    }
}
