// `sounder logs`: what happened to a job, line by line.

import ArgumentParser
import Client
import FoundationEssentials
import Protocol
import Transport

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what happened to a job.",
        discussion: """
            Stages, units that failed or lost their worker, and the end; the newest 1,000
            lines are kept as long as the job is listed.

            Examples:
              sounder logs j-3f9a21
              sounder logs j-3f9a21 --follow --json
            """)

    @Argument var job: String
    @OptionGroup var cluster: ClusterOptions
    @Flag(name: .shortAndLong, help: "Go on until the job is over.")
    var follow = false
    @Flag(help: "One JSON object per line.")
    var json = false

    func run() async throws {
        try await withClient(cluster) { client in
            var last = 0
            while true {
                let isOver = try await client.status(of: JobID(job)).state.isFinal
                while case let lines = try await client.log(of: JobID(job), after: last),
                    !lines.isEmpty
                {
                    for line in lines { try show(line) }
                    last = lines.last?.number ?? last
                }
                if isOver || !follow { return }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func show(_ line: LogLine) throws {
        if json { return try Terminal.outputJSON(line, isPretty: false) }
        let moment = Date(timeIntervalSince1970: Double(line.atMilliseconds) / 1_000)
        let time = moment.formatted(.iso8601)
        Terminal.output("\(time)  \(line.level.padded(to: 7))  \(line.sentence)")
    }
}
