// `sounder fetch`: the vectors of a job whose client did not wait for them.

import ArgumentParser
import Client
import Protocol
import Transport

struct FetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Write the vectors of a finished job.",
        discussion: "Example:\n  sounder fetch j-3f9a21 --output vectors.bin")

    @Argument var job: String
    @Option(help: ArgumentHelp("Where the vectors go.", valueName: "file"))
    var output: String
    @Option(help: "word2vec-binary, word2vec-text, npy or safetensors. Default: by the ending.")
    var format: String?
    @OptionGroup var cluster: ClusterOptions

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
        Terminal.say("wrote \(output)")
    }
}
