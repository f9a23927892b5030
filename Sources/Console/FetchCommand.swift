// `sounder fetch`: what a job has made whose client did not wait for it.

import ArgumentParser
import Client
import Protocol
import Transport
import WordVectors

struct FetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Write the vectors of a finished job.",
        discussion: """
            Of a training job it is a file; of a job that encoded documents a directory.

            Examples:
              sounder fetch j-3f9a21 --output vectors.bin
              sounder fetch j-3f9a21 --output vectors.npy --format npy --json
              sounder fetch j-77c0de --output encoded
            """)

    @Argument var job: String
    @Option(help: ArgumentHelp("Where the vectors go.", valueName: "path"))
    var output: String
    @Option(help: "word2vec-binary, word2vec-text, npy or safetensors. Default: by the ending.")
    var format: String?
    @Flag(help: "Replace what the output directory holds of another job.")
    var overwrite = false
    @OptionGroup var cluster: ClusterOptions
    @Flag(help: "One JSON object on standard output.")
    var json = false

    private struct Report: Encodable {
        let job: String
        let output: String
        let format: String
    }

    func run() async throws {
        let cluster = try cluster.existing()
        let context = try Context()
        let client = try await ClusterClient.connect(to: cluster, context: context)
        defer { client.close() }
        let status = try await client.status(of: JobID(job))
        if status.kind == "encode" { return try fetchCollection(status, cluster, context) }
        let destination = try VectorDestination(output, format: format)
        let fetch = try ResultFetch(cluster, context: context)
        defer { fetch.bulk.stop() }
        try fetch.write("input", of: status, to: destination)
        if json {
            let format = destination.format.rawValue
            return try Terminal.outputJSON(Report(job: job, output: output, format: format))
        }
        Terminal.say("wrote \(output)")
    }

    private func fetchCollection(
        _ status: JobStatus, _ cluster: Destination, _ context: Context
    ) throws {
        if let format {
            throw Fault(.usage, "job \(job) has encoded documents; leave out --format \(format)")
        }
        let destination = try CollectionDestination(output, for: nil, overwrites: overwrite)
        let fetch = try CollectionFetch(cluster, context: context)
        defer { fetch.bulk.stop() }
        do {
            let manifest = try fetch.write(status, to: destination, overwrites: overwrite)
            try EncodeReport(status, manifest, output: output).show(asJSON: json)
        } catch {
            destination.leave()
            throw error
        }
    }
}
