// `sounder jobs`, `status` and `cancel`: what a running cluster does and did.

import ArgumentParser
import Client
import Protocol
import Transport

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "List the jobs of a running cluster, newest first.",
        discussion: "Example:\n  sounder jobs --cluster tcp://127.0.0.1:5761")

    @OptionGroup var cluster: ClusterOptions
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() async throws {
        let status = try await withClient(cluster) { client in try await client.cluster() }
        if json { return try Terminal.outputJSON(status) }
        let header = ["JOB", "KIND", "STATE", "STAGE", "ROUND", "DONE", "RETRIES"]
        let rows = status.jobs.map { job in
            [
                job.job.text, job.kind, job.state.rawValue, job.stage,
                job.rounds > 0 ? "\(job.round + 1)/\(job.rounds)" : "-", job.share,
                "\(job.retries)",
            ]
        }
        Table.lines([header] + rows).forEach(Terminal.output)
    }
}

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show one job, or the workers of the cluster.",
        discussion: "Examples:\n  sounder status\n  sounder status j-3f9a21 --json")

    @Argument(help: ArgumentHelp("A job; without one, the cluster.", valueName: "job"))
    var job: String?
    @OptionGroup var cluster: ClusterOptions
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() async throws {
        guard let job else { return try await showCluster() }
        let status = try await withClient(cluster) { client in
            try await client.status(of: JobID(job))
        }
        if json { return try Terminal.outputJSON(status) }
        Terminal.output("job      \(status.job)  \(status.kind)")
        Terminal.output("state    \(status.state.rawValue)")
        Terminal.output(
            "stage    \(status.stage), round \(status.round + 1)/\(max(status.rounds, 1)), "
                + "\(status.unitsDone)/\(status.unitsTotal) units, \(status.share)")
        Terminal.output("retries  \(status.retries)")
        if let fault = status.fault { Terminal.output("fault    \(fault)") }
        for (name, value) in status.measures.sorted(by: { $0.key < $1.key }) {
            Terminal.output("  \(name.padded(to: 28)) \(value.fixed(3))")
        }
    }

    private func showCluster() async throws {
        let status = try await withClient(cluster) { client in try await client.cluster() }
        if json { return try Terminal.outputJSON(status) }
        let header = ["WORKER", "HOST", "PID", "STATE", "UNIT", "THREADS", "ISA", "HEARD", "UNITS"]
        let rows = status.workers.map { worker in
            [
                worker.worker.text, worker.host, "\(worker.processID)", worker.state,
                worker.unit?.description ?? "-", "\(worker.threads)", worker.instructionSet,
                "\(worker.heardMillisecondsAgo) ms ago", "\(worker.unitsDone)",
            ]
        }
        Terminal.output("Sounder \(status.softwareVersion), epoch \(status.epoch)")
        Table.lines([header] + rows).forEach(Terminal.output)
        let more = status.workersTotal - status.workers.count
        if more > 0 { Terminal.output("and \(more) more workers") }
    }
}

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a job; what it has made is dropped.",
        discussion: """
            Examples:
              sounder cancel j-3f9a21 --cluster tcp://127.0.0.1:5761
              sounder cancel j-3f9a21 --json
            """)

    @Argument var job: String
    @OptionGroup var cluster: ClusterOptions
    @Flag(help: "The job's status as one JSON object on standard output.")
    var json = false

    func run() async throws {
        let status = try await withClient(cluster) { client in
            try await client.cancel(JobID(job))
        }
        if json { return try Terminal.outputJSON(status) }
        Terminal.say("sounder: job \(status.job) is \(status.state.rawValue)")
    }
}

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run a job again that failed or was cancelled.",
        discussion: """
            A job that failed goes on from what it has left: its vocabulary, and the last
            checkpoint of its parameters. One that was cancelled begins anew.

            Example:
              sounder retry j-3f9a21 --cluster tcp://127.0.0.1:5761
            """)

    @Argument var job: String
    @OptionGroup var cluster: ClusterOptions
    @Flag(help: "The job's status as one JSON object on standard output.")
    var json = false

    func run() async throws {
        let status = try await withClient(cluster) { client in
            try await client.retry(JobID(job))
        }
        if json { return try Terminal.outputJSON(status) }
        Terminal.say("sounder: job \(status.job) is \(status.state.rawValue)")
    }
}

/// One connection for the duration of `body`.
func withClient<Value: Sendable>(
    _ options: ClusterOptions, _ body: (ClusterClient) async throws -> Value
) async throws -> Value {
    let client = try await ClusterClient.connect(to: options.existing(), context: Context())
    defer { client.close() }
    return try await body(client)
}

extension JobStatus {
    /// Progress of the stage in percent.
    var share: String {
        if state == .finished { return "100.0 %" }
        guard progress.total > 0 else { return "-" }
        return (100 * progress.done / progress.total).fixed(1) + " %"
    }
}

enum Table {
    /// Columns as wide as their widest cell.
    static func lines(_ rows: [[String]]) -> [String] {
        guard let first = rows.first else { return [] }
        let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { $0.padded(to: $1) }.joined(separator: "  ")
                .trimmedAtEnd
        }
    }
}

extension String {
    fileprivate var trimmedAtEnd: String {
        var text = Substring(self)
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
