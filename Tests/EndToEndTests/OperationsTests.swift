// What the operator of a cluster sees: logs, metrics, probes, and what systemd hears.

import Foundation
@testable import Processes
import Protocol
import TestSupport
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct OperationsTests {
        @Test("each line of a JSON log is an object with time, level, program and message")
        func jsonLog() async throws {
            let site = try Site()
            let address = "ipc://\(site.path("control"))"
            let coordinator = try Program(
                "sounder-coordinator",
                [
                    "--listen", address, "--state", site.path("state"), "--log-format", "json",
                    "--log-level", "info", "--metrics", "127.0.0.1:0",
                ], in: site)
            #expect(try await eventually(within: 10) { coordinator.errors.contains("listening") })
            // A worker of another version is refused, and its name is logged.
            let peer = try HandDrivenPeer(address, name: "evil\"name")
            _ = try await peer.greet(as: .worker, softwareVersion: "9.9.9")
            #expect(try await eventually(within: 10) { coordinator.errors.contains("refused") })
            coordinator.signal(SIGTERM)
            let ending = try await coordinator.ending(within: 10)
            #expect(ending.code == 0)
            let lines = ending.errors.split(separator: "\n")
            #expect(lines.count >= 4)
            for line in lines {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                let fields = try #require(object as? [String: Any], "\(line)")
                for key in ["time", "level", "program", "message"] {
                    #expect(fields[key] is String, "\(key) of \(line)")
                }
                #expect(fields["program"] as? String == "sounder-coordinator")
            }
            #expect(lines.last?.contains("stopped") == true)
        }

        @Test("the environment names the format, and the last words have it, too")
        func environmentFormat() async throws {
            let site = try Site()
            let arguments = ["--coordinator", "ipc://\(site.path("nobody"))", "--once"]
            let ending = try await Program(
                "sounder-worker", arguments, in: site, environment: ["SOUNDER_LOG_FORMAT": "json"]
            ).ending(within: 20)
            #expect(ending.code == 69)
            let object = try JSONSerialization.jsonObject(with: Data(ending.errors.utf8))
            let fields = try #require(object as? [String: Any], "\(ending)")
            #expect((fields["message"] as? String)?.contains("no coordinator answered") == true)
            #expect(fields["metadata"] as? [String: String] == ["exitCode": "69"])

            let wrong = try await Program(
                "sounder-worker", arguments, in: site, environment: ["SOUNDER_LOG_FORMAT": "xml"]
            ).ending(within: 20)
            try await site.expect(wrong, fails: 64, saying: "SOUNDER_LOG_FORMAT", "xml")
        }

        @Test("56: a job is trained although nobody reads the logs of its cluster")
        func blockedLog() async throws {
            let site = try Site()
            // A named pipe with a reader that never reads; opened for both, it never blocks us.
            let pipe = site.path("log")
            try #require(mkfifo(pipe, 0o600) == 0)
            let descriptor = open(pipe, O_RDWR)
            defer { close(descriptor) }
            fill(descriptor)
            let address = "ipc://\(site.path("control"))"
            let talkative = ["--log-level", "trace"]
            let coordinator = try Program(
                "sounder-coordinator",
                ["--listen", address, "--state", site.path("state")] + talkative, in: site,
                errors: pipe)
            let worker = try Program(
                "sounder-worker", ["--coordinator", address, "--threads", "1"] + talkative,
                in: site, errors: pipe)
            // Every HELLO of a wrong version is a line of the log that cannot be written.
            let peer = try HandDrivenPeer(address, name: "stranger")
            for _ in 0..<20 { _ = try await peer.greet(as: .worker, softwareVersion: "9.9.9") }
            let corpus = try site.corpus()
            let ending = try await site.train([corpus], "v.bin", "--cluster", address)
            #expect(ending.code == 0, "\(ending)")
            worker.signal(SIGTERM)
            #expect(try await worker.ending(within: 10).code == 0)
            coordinator.signal(SIGTERM)
            #expect(try await coordinator.ending(within: 10).code == 0)
        }

        private func fill(_ descriptor: Int32) {
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            let bytes = [UInt8](repeating: 10, count: 4_096)
            while write(descriptor, bytes, bytes.count) > 0 {}
            _ = fcntl(descriptor, F_SETFL, 0)
        }

        @Test("metrics tell of a job: units, words, messages, commits and bytes")
        func metrics() async throws {
            let site = try Site()
            let cluster = try await MeteredCluster(site)
            let corpus = try site.corpus()
            let ending = try await site.train([corpus], "v.bin", "--cluster", cluster.address)
            #expect(ending.code == 0, "\(ending)")
            // The census is taken once a second.
            let isCounted = try await eventually(within: 5) {
                try await cluster.coordinator.scrape()[#"sounder_jobs{state="finished"}"#] == 1
            }
            #expect(isCounted)
            let coordinator = try await cluster.coordinator.scrape()
            let worker = try await cluster.worker.scrape()
            let done = coordinator[#"sounder_units_total{result="done"}"#]
            #expect(done >= 3)
            #expect(coordinator["sounder_unit_assignments_total"] >= done)
            #expect(coordinator[#"sounder_units_total{result="lost"}"#] == 0)
            #expect(coordinator[#"sounder_workers{state="idle"}"#] == 1)
            #expect(coordinator["sounder_epoch"] == 1)
            #expect(coordinator[#"sounder_messages_received_total{kind="unitFinished"}"#] >= done)
            #expect(coordinator["sounder_journal_commit_seconds_count"] >= done / 2)
            #expect(coordinator["sounder_cluster_loop_seconds_count"] > 5)
            #expect(coordinator[#"sounder_reduction_seconds_count{stage="training"}"#] >= 1)
            let words = coordinator["sounder_trained_words_total"]
            #expect(words > 1_000)
            #expect(worker["sounder_worker_trained_words_total"] == words)
            #expect(worker[#"sounder_worker_unit_seconds_count{kind="train-words"}"#] >= 1)
            #expect(worker["sounder_worker_connected"] == 1)
            #expect(
                worker["sounder_bulk_sent_bytes_total"]
                    == coordinator["sounder_bulk_received_bytes_total"])
            for values in [coordinator, worker] {
                #expect(values["process_resident_memory_bytes"] > 1e6)
                #expect(values["process_open_fds"] > 3)
            }
            try await cluster.stop()
        }

        @Test("metrics tell how many questions were answered, and how fast")
        func searches() async throws {
            let site = try Site()
            try #require(try await site.buildIndex([site.documents(20)]).code == 0)
            let cluster = try await MeteredCluster(site)
            let found = try await site.search("hog", "--cluster", cluster.address)
            try #require(found.code == 0, "\(found)")
            let refused = try await site.search(
                "hog", "--pipeline", "dense:3", "--cluster", cluster.address)
            #expect(refused.code != 0, "\(refused)")
            let coordinator = try await cluster.coordinator.scrape()
            #expect(coordinator[#"sounder_searches_total{result="answered"}"#] == 1)
            #expect(coordinator[#"sounder_searches_total{result="partial"}"#] == 0)
            let answered = #"{result="answered"}"#
            #expect(coordinator["sounder_search_seconds_count" + answered] == 1)
            #expect(coordinator["sounder_search_seconds_sum" + answered] > 0)
            try await cluster.stop()
        }

        @Test(
            "promtool has nothing to object to the metrics of a coordinator and a worker",
            .enabled(if: Promtool.isThere, "\(Promtool.absence)"))
        func promtool() async throws {
            let site = try Site()
            let cluster = try await MeteredCluster(site)
            let corpus = try site.corpus()
            let ending = try await site.train([corpus], "v.bin", "--cluster", cluster.address)
            #expect(ending.code == 0, "\(ending)")
            for program in [cluster.coordinator, cluster.worker] {
                let page = try await program.page("/metrics")
                #expect(page.status == 200)
                #expect(try Promtool.complaints(about: page.body) == "")
            }
            try await cluster.stop()
        }

        @Test("docs/operations.md explains every metric there is, and no other")
        func documented() async throws {
            let site = try Site()
            let cluster = try await MeteredCluster(site)
            var names: Set<String> = []
            for program in [cluster.coordinator, cluster.worker] {
                let types = try await program.page("/metrics").body.split(separator: "\n")
                    .filter { $0.hasPrefix("# TYPE ") }
                names.formUnion(types.map { String($0.split(separator: " ")[2]) })
            }
            try await cluster.stop()
            let page = URL(fileURLWithPath: #filePath)
                .appendingPathComponent("../../../docs/operations.md").standardized
            let rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
                .filter { $0.hasPrefix("| `sounder_") || $0.hasPrefix("| `process_") }
            let explained = rows.map { String($0.split(separator: "`")[1].prefix { $0 != "{" }) }
            #expect(names.count > 30)
            #expect(names.subtracting(explained).sorted() == [])
            #expect(Set(explained).subtracting(names).sorted() == [])
        }

        @Test("probes tell a worker without a coordinator from one that is of use")
        func probes() async throws {
            let site = try Site()
            let address = "ipc://\(site.path("control"))"
            let worker = try Program(
                "sounder-worker", ["--coordinator", address] + metered, in: site)
            #expect(try await worker.page("/healthz").status == 200)
            let idle = try await worker.page("/readyz")
            #expect(idle.status == 503)
            #expect(idle.body.contains(address), "\(idle.body)")
            let coordinator = try Program(
                "sounder-coordinator",
                ["--listen", address, "--state", site.path("state"), "--liveness", "1000"],
                in: site)
            let isReady = try await eventually(within: 20) {
                try await worker.page("/readyz").status == 200
            }
            #expect(isReady)
            coordinator.signal(SIGKILL)
            _ = try await coordinator.ending()
            let isAlone = try await eventually(within: 10) {
                try await worker.page("/readyz").status == 503
            }
            #expect(isAlone)
            #expect(try await worker.page("/healthz").status == 200)
            worker.signal(SIGTERM)
            _ = try await worker.ending(within: 40)
        }

        @Test("a port for metrics that is taken ends the program with a sentence")
        func takenPort() async throws {
            let site = try Site()
            let cluster = try await MeteredCluster(site)
            let place = "127.0.0.1:\(try await cluster.coordinator.metricsPort())"
            let ending = try await Program(
                "sounder-worker", ["--coordinator", cluster.address, "--metrics", place], in: site
            ).ending(within: 10)
            #expect(ending.code == 69)
            #expect(ending.errors.contains(place), "\(ending)")
            try await cluster.stop()
        }

        @Test(
            "systemd hears of readiness, of status, of the watchdog and of the end",
            arguments: [false, true])
        func notifications(isAbstract: Bool) async throws {
            let site = try Site()
            let name = isAbstract ? "@sounder-\(UUID().uuidString)" : site.path("notify")
            let names = (name, name + "w")
            let managers = (try NotifySocket(names.0), try NotifySocket(names.1))
            let address = "ipc://\(site.path("control"))"
            func environment(_ name: String) -> [String: String] {
                ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "400000", "WATCHDOG_PID": ""]
            }
            let worker = try Program(
                "sounder-worker", ["--coordinator", address], in: site,
                environment: environment(names.1))
            try await Task.sleep(for: .seconds(1))
            // Without a coordinator it lives, and is not ready.
            let alone = managers.1.heard()
            #expect(!alone.contains("READY=1"))
            #expect(alone.contains("STATUS=no coordinator answers"))
            #expect(alone.count { $0 == "WATCHDOG=1" } >= 2, "\(alone)")

            let coordinator = try Program(
                "sounder-coordinator", ["--listen", address, "--state", site.path("state")],
                in: site, environment: environment(names.0))
            var heard: (coordinator: [String], worker: [String]) = ([], [])
            func listen() {
                heard.coordinator += managers.0.heard()
                heard.worker += managers.1.heard()
            }
            let isReady = try await eventually(within: 20) {
                listen()
                return heard.worker.contains("READY=1")
                    && heard.coordinator.contains { $0.hasPrefix("STATUS=1 workers") }
            }
            #expect(isReady, "\(heard)")
            #expect(heard.coordinator.first == "READY=1")
            #expect(heard.coordinator.contains("WATCHDOG=1"))
            for program in [worker, coordinator] {
                program.signal(SIGTERM)
                #expect(try await program.ending(within: 10).code == 0)
            }
            listen()
            #expect(heard.coordinator.contains("STOPPING=1"))
            #expect(heard.worker.contains("STOPPING=1"))
            #expect(heard.coordinator.count { $0 == "READY=1" } == 1)
        }

        @Test("the watchdog hears nothing of a coordinator that stands still")
        func frozen() async throws {
            let site = try Site()
            let manager = try NotifySocket(site.path("notify"))
            let coordinator = try Program(
                "sounder-coordinator",
                ["--listen", "ipc://\(site.path("control"))", "--state", site.path("state")],
                in: site,
                environment: ["NOTIFY_SOCKET": site.path("notify"), "WATCHDOG_USEC": "400000"])
            #expect(try await eventually(within: 10) { manager.heard().contains("WATCHDOG=1") })
            coordinator.signal(SIGSTOP)
            try await Task.sleep(for: .milliseconds(200))
            _ = manager.heard()
            try await Task.sleep(for: .seconds(1))
            #expect(manager.heard() == [])
            coordinator.signal(SIGCONT)
            #expect(try await eventually(within: 10) { manager.heard().contains("WATCHDOG=1") })
            coordinator.signal(SIGTERM)
            #expect(try await coordinator.ending(within: 10).code == 0)
        }
    }
}

/// The flags of a program that serves metrics at a port of the system's choice, and says which.
private let metered = ["--metrics", "127.0.0.1:0", "--log-level", "notice"]

extension Program {
    /// The port of metrics, once the log says it.
    fileprivate func metricsPort() async throws -> Int {
        let mark = "metrics at http://127.0.0.1:"
        let isSaid = try await eventually(within: 10) { errors.contains(mark) }
        try #require(isSaid, "\(errors)")
        let digits = errors.components(separatedBy: mark)[1].prefix { $0.isNumber }
        return try #require(Int(digits))
    }

    fileprivate func page(_ path: String) async throws -> (status: Int, body: String) {
        try await httpGet(path, port: metricsPort())
    }

    fileprivate func scrape() async throws -> Scrape { Scrape(try await page("/metrics").body) }
}

/// A coordinator and one worker that serve metrics.
private final class MeteredCluster {
    let address: String
    let coordinator: Program
    let worker: Program
    private let site: Site

    init(_ site: Site) async throws {
        self.site = site
        address = "ipc://\(site.path("control"))"
        coordinator = try Program(
            "sounder-coordinator",
            ["--listen", address, "--state", site.path("state")] + metered, in: site)
        worker = try Program(
            "sounder-worker", ["--coordinator", address, "--threads", "1"] + metered, in: site)
        let isUp = try await eventually(within: 20) { [worker] in
            try await worker.page("/readyz").status == 200
        }
        try #require(isUp, "\(coordinator.errors)\(worker.errors)")
    }

    func stop() async throws {
        for program in [worker, coordinator] {
            program.signal(SIGTERM)
            #expect(try await program.ending(within: 10).code == 0, "\(program.errors)")
        }
        try await site.expectNothingLeft()
    }
}
