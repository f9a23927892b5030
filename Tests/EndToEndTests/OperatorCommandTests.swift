// `sounder top`, `doctor` and `--json` of the commands that show data, on real clusters.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct OperatorCommandTests {
        @Test("top shows a job that runs with its rate, and its workers with their memory")
        func top() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 2, liveness: 5_000)
            let training = try await site.longTraining(["--cluster", cluster.address])
            let top = try await cluster.sounder("top", "--once", "--json", "--interval", "0.5")
            #expect(top.code == 0, "\(top)")
            #expect(top.number("workersTotal") == 2)
            #expect(top.number("epoch") == 1)
            #expect(try #require(top.number("wordsPerSecond")) > 0)
            let workers = try #require(top.json["workers"] as? [[String: Any]])
            for worker in workers {
                #expect(try #require(worker["residentBytes"] as? Int) > 1_000_000)
            }
            let job = try #require((top.json["jobs"] as? [[String: Any]])?.first)
            #expect(job["stage"] as? String == "training")
            #expect((0...1).contains(try #require(job["fraction"] as? Double)))

            let blocks = try Program(
                "sounder", ["top", "--interval", "0.2", "--cluster", cluster.address], in: site)
            let isRepeated = try await eventually(within: 10) {
                blocks.output.components(separatedBy: "WORKER").count >= 4
            }
            #expect(isRepeated)
            #expect(!blocks.output.contains("\u{1B}"), "no escapes where no terminal is")
            // Its coordinator may go and come; it says so and goes on.
            blocks.signal(SIGINT)
            #expect(try await blocks.ending(within: 5).code == 0)
            training.signal(SIGINT)
            _ = try await training.ending(within: 20)
            try await cluster.stop()
        }

        @Test("top goes on when its coordinator is killed and started again")
        func topSurvives() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 1)
            let top = try Program(
                "sounder", ["top", "--interval", "0.2", "--cluster", cluster.address], in: site)
            #expect(try await eventually(within: 10) { top.output.contains("epoch 1") })
            cluster.coordinator.signal(SIGKILL)
            _ = try await cluster.coordinator.ending()
            #expect(
                try await eventually(within: 15) { top.output.contains("no coordinator answers") })
            let next = try await StandingCluster(site, workers: 0, present: 1)
            #expect(try await eventually(within: 15) { top.output.contains("epoch 2") })
            top.signal(SIGTERM)
            #expect(try await top.ending(within: 5).code == 0)
            for worker in cluster.workers {
                worker.signal(SIGTERM)
                _ = try await worker.ending(within: 10)
            }
            try await next.stop()
        }

        @Test("top without a coordinator says so within five seconds")
        func topAlone() async throws {
            let site = try Site()
            let ending = try await site.sounder(
                "top", "--once", "--cluster", "ipc://\(site.path("nobody"))", within: 10)
            try await site.expect(ending, fails: 69, saying: "no coordinator answers")
        }

        @Test("doctor finds this machine fit, and says so in JSON, too")
        func doctor() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 1)
            let keys = ["SOUNDER_KEYS": site.path("keys")]
            let flags = ["doctor", "--cluster", cluster.address, "--state", site.path("state")]
            let text = try await Program("sounder", flags, in: site, environment: keys)
                .ending(within: 30)
            #expect(text.code == 0, "\(text)")
            for part in ["libzmq", "sqlite", "epoch 1", "1 worker", "answers, too", "all is well"]
            where part != "all is well" { #expect(text.output.contains(part), "\(part): \(text)") }
            let json = try await Program("sounder", flags + ["--json"], in: site, environment: keys)
                .ending(within: 30)
            #expect(json.number("errors") == 0)
            let findings = try #require(json.json["findings"] as? [[String: Any]])
            #expect(findings.count >= 10)
            for finding in findings where finding["verdict"] as? String != "ok" {
                #expect(finding["remedy"] is String, "\(finding)")
            }
            try await cluster.stop()
        }

        @Test("doctor ends with 78 if something is wrong: keys that are open, no coordinator")
        func sick() async throws {
            let site = try Site()
            let keys = site.path("keys")
            mkdir(keys, 0o700)
            let key = try site.write("secret", to: "keys/node.key")
            chmod(key, 0o644)
            let ending = try await Program(
                "sounder", ["doctor", "--cluster", "ipc://\(site.path("nobody"))", "--json"],
                in: site, environment: ["SOUNDER_KEYS": keys]
            ).ending(within: 30)
            #expect(ending.code == 78, "\(ending)")
            let findings = ending.json["findings"] as? [[String: Any]] ?? []
            let wrong = findings.filter { $0["verdict"] as? String == "error" }
            #expect(Set(wrong.compactMap { $0["check"] as? String }) == ["keys", "cluster"])
        }

        @Test("every command that shows data shows it in JSON")
        func json() async throws {
            let site = try Site()
            let cluster = try await StandingCluster(site, workers: 1)
            let corpus = try site.corpus()
            let trained = try await site.train([corpus], "v.bin", "--cluster", cluster.address)
            #expect(trained.code == 0, "\(trained)")
            let jobs = try await cluster.sounder("jobs", "--json")
            let names = (jobs.json["jobs"] as? [[String: Any]])?.compactMap { $0["job"] as? String }
            let job = try #require(names?.first, "\(jobs)")
            let status = try await cluster.sounder("status", job, "--json")
            #expect(status.json["job"] as? String == job, "\(status)")
            #expect(try await cluster.sounder("status", "--json").number("workersTotal") == 1)
            let fetched = try await cluster.sounder(
                "fetch", job, "--output", site.path("w.npy"), "--json")
            #expect(fetched.json["format"] as? String == "npy", "\(fetched)")
            #expect(site.exists("w.npy"))
            let cancelled = try await cluster.sounder("cancel", job, "--json")
            #expect(cancelled.json["state"] as? String == "finished", "\(cancelled)")
            let logs = try await cluster.sounder("logs", job, "--json")
            for line in logs.output.split(separator: "\n") {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                #expect((object as? [String: Any])?["sentence"] is String, "\(line)")
            }
            let near = try await site.sounder(
                "neighbours", "--vectors", site.path("v.bin"), "--json", "the")
            #expect(near.json["answers"] is [Any], "\(near)")
            try await cluster.stop()
        }

        @Test("up tells its address in JSON")
        func upJSON() async throws {
            let site = try Site()
            let up = try site.start(["up", "--workers", "1", "--threads", "1", "--json"])
            #expect(try await eventually(within: 20) { up.output.hasSuffix("\n") })
            let object = try JSONSerialization.jsonObject(with: Data(up.output.utf8))
            let fields = try #require(object as? [String: Any])
            #expect((fields["address"] as? String)?.hasPrefix("ipc://") == true)
            #expect(fields["workers"] as? Int == 1)
            up.signal(SIGINT)
            #expect(try await up.ending(within: 20).code == 0)
            try await site.expectNothingLeft()
        }

        @Test(
            "shells are given completions that know the commands",
            arguments: ["bash", "zsh", "fish"])
        func completions(shell: String) async throws {
            let site = try Site()
            for program in ["sounder", "sounder-worker", "sounder-coordinator"] {
                let ending = try await Program(
                    program, ["--generate-completion-script", shell], in: site
                ).ending(within: 10)
                #expect(ending.code == 0, "\(ending)")
                let word = program == "sounder" ? "doctor" : "metrics"
                #expect(ending.output.contains(word))
            }
        }
    }
}
