// `sounder drain`: a worker finishes what it runs and leaves.

import ArgumentParser
import Client
import Protocol

struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Let a worker finish what it runs, and send it away.",
        discussion: """
            Needs a key with the role admin.

            Example:
              sounder drain node7-4711-x3f --cluster tcp://127.0.0.1:5761 --json
            """)

    @Argument(help: "Its name, as `sounder status` tells it.") var worker: String
    @OptionGroup var cluster: ClusterOptions
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() async throws {
        try await withClient(cluster) { client in try await client.drain(WorkerID(worker)) }
        if json { return try Terminal.outputJSON(["worker": worker, "state": "draining"]) }
        Terminal.say("sounder: worker \(worker) finishes what it runs and leaves")
    }
}
