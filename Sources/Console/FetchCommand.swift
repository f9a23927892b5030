// `sounder fetch`: the vectors of a job whose client did not wait for them.

import ArgumentParser
import Client
import Protocol
import Transport
import WordVectors

struct FetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Write the vectors of a finished job.",
        discussion: """
            Examples:
              sounder fetch j-3f9a21 --output vectors.bin
              sounder fetch j-3f9a21 --output vectors.npy --format npy --json
            """)

    @Argument var job: String
    @Option(help: ArgumentHelp("Where the vectors go.", valueName: "file"))
    var output: String
    @Option(help: "word2vec-binary, word2vec-text, npy or safetensors. Default: by the ending.")
    var format: String?
    @OptionGroup var cluster: ClusterOptions
    @Flag(help: "One JSON object on standard output.")
    var json = false

    private struct Report: Encodable {
        let job: String
        let output: String
        let format: String
    }

    func run() async throws {
        let destination = try VectorDestination(output, format: format)
        let cluster = try cluster.existing()
        let context = try Context()
        let client = try await ClusterClient.connect(to: cluster, context: context)
        defer { client.close() }
        let status = try await client.status(of: JobID(job))
        let fetch = try ResultFetch(cluster, context: context)
        defer { fetch.bulk.stop() }
        try fetch.write("input", of: status, to: destination)
        if json {
            let format = destination.format.rawValue
            return try Terminal.outputJSON(Report(job: job, output: output, format: format))
        }
        Terminal.say("wrote \(output)")
    }
}
