// A coordinator and its workers, which tests kill, stop, and start again.

import Foundation
import Testing

@testable import Processes

final class Fleet {
    enum Place {
        /// A Unix socket.
        case socket
        /// TCP without keys.
        case loopback
        /// The same, and workers connect through a proxy that disturbs them; commands do not.
        case proxied
    }

    /// Needed where peers listen and connect over TCP without keys.
    static let loopbackFlags = ["--insecure"]

    let site: Site
    /// Where the coordinator listens.
    let address: String
    let proxy: FaultProxy?
    var coordinatorFlags: [String]
    var workerFlags: [String]
    private let openFlags: [String]
    private(set) var coordinator: Program
    /// Those that were killed keep their place until another one takes it.
    private(set) var workers: [Program] = []

    /// - Parameters:
    ///   - liveness: silence after which a worker counts as lost, in milliseconds.
    ///   - wrapper: a command that runs the coordinator, `strace` for example.
    init(
        _ site: Site, _ place: Place = .socket, workers count: Int, liveness: Int = 1_000,
        coordinatorFlags: [String] = [], workerFlags: [String] = [], under wrapper: [String] = []
    ) async throws {
        self.site = site
        self.workerFlags = workerFlags
        self.coordinatorFlags = ["--liveness", "\(liveness)"] + coordinatorFlags
        switch place {
        case .socket:
            address = "ipc://\(site.path("control"))"
            proxy = nil
            openFlags = []
        case .loopback, .proxied:
            let port = try Ports.freePair()
            address = "tcp://127.0.0.1:\(port)"
            proxy = place == .proxied ? try FaultProxy(to: port) : nil
            openFlags = Self.loopbackFlags
        }
        coordinator = try Self.start(
            address, site, self.coordinatorFlags + openFlags, under: wrapper)
        for _ in 0..<count { try startWorker() }
        try await awaitWorkers(count)
    }

    private static func start(
        _ address: String, _ site: Site, _ flags: [String], under wrapper: [String]
    ) throws -> Program {
        let arguments = ["--listen", address, "--state", site.path("state")] + flags
        guard let first = wrapper.first else {
            return try Program("sounder-coordinator", arguments, in: site)
        }
        return try Program(
            first, wrapper.dropFirst() + [Program.directory + "/sounder-coordinator"] + arguments,
            in: site)
    }

    // MARK: - Deaths and births

    /// The coordinator of before has ended.
    func startCoordinator(under wrapper: [String] = []) throws {
        coordinator = try Self.start(
            address, site, coordinatorFlags + openFlags, under: wrapper)
    }

    func killCoordinator(_ signal: Int32 = SIGKILL) async throws {
        coordinator.signal(signal)
        _ = try await coordinator.ending(within: 10)
    }

    /// In the place of the one before, if `index` names it.
    /// - Parameter isDirect: not through the proxy.
    func startWorker(
        at index: Int? = nil, environment: [String: String] = [:], isDirect: Bool = false
    ) throws {
        let way = isDirect ? nil : proxy
        let target = way.map { "tcp://127.0.0.1:\($0.port)" } ?? address
        let worker = try Program(
            "sounder-worker",
            ["--coordinator", target, "--threads", "1", "--cache", site.path("cache")]
                + workerFlags + openFlags,
            in: site, environment: environment)
        if let index { workers[index] = worker } else { workers.append(worker) }
    }

    func killWorker(_ index: Int, _ signal: Int32 = SIGKILL) async throws {
        workers[index].signal(signal)
        _ = try await workers[index].ending(within: 10)
    }

    /// Everything must end by itself and leave nothing.
    func stop() async throws {
        for worker in workers { worker.signal(SIGTERM) }
        for worker in workers where worker.isRunning { _ = try await worker.ending(within: 15) }
        coordinator.signal(SIGTERM)
        let ending = try await coordinator.ending(within: 10)
        #expect(ending.code == 0, "\(ending)")
        proxy?.stop()
        try await site.expectNothingLeft()
    }

    // MARK: - Questions

    func sounder(_ arguments: String..., within seconds: Double = 30) async throws -> Ending {
        try await Program("sounder", arguments + ["--cluster", address] + openFlags, in: site)
            .ending(within: seconds)
    }

    func awaitWorkers(
        _ count: Int, within seconds: Double = 30, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var last = ""
        let are = try await eventually(within: seconds, every: 0.05) {
            let status = try await self.sounder("status", "--json")
            last = "\(status)"
            return status.number("workersTotal").map { Int($0) } == count
        }
        try #require(
            are, "not \(count) workers: \(last)\(coordinator.errors)",
            sourceLocation: sourceLocation)
    }

    /// The newest job as `sounder jobs` tells it; nil without an answer.
    func newestJob() async throws -> [String: Any]? {
        let jobs = try await sounder("jobs", "--json").json["jobs"]
        return (jobs as? [[String: Any]])?.first
    }

    func retries(of job: String) async throws -> Int {
        (try await status(of: job)["retries"] as? NSNumber)?.intValue ?? -1
    }

    func status(of job: String) async throws -> [String: Any] {
        try await sounder("status", job, "--json").json
    }

    /// All lines of a job's log.
    func log(of job: String) async throws -> String {
        try await sounder("logs", job).output
    }

    /// Waits until the newest job is at `stage`.
    /// - Returns: the job.
    @discardableResult
    func awaitStage(
        _ stage: String, round: Int = 0, within seconds: Double = 30,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        var job: String?
        let came = try await eventually(within: seconds, every: 0.01) {
            let newest = try await self.newestJob()
            guard newest?["stage"] as? String == stage,
                (newest?["round"] as? NSNumber)?.intValue ?? 0 >= round
            else { return false }
            job = newest?["job"] as? String
            return true
        }
        try #require(came, "\(coordinator.errors)", sourceLocation: sourceLocation)
        return try #require(job, sourceLocation: sourceLocation)
    }
}
