// `sounder fetch`: what a job has made whose client did not wait for it.

import ArgumentParser
import Client
import Files
import Protocol
import Retrieval
import Transport
import WordVectors

struct FetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Write what a finished job has made.",
        discussion: """
            Of a training job it is a file; of documents that were encoded or indexed a
            directory; of candidates that were ranked again a TREC run.

            Examples:
              sounder fetch j-3f9a21 --output vectors.bin
              sounder fetch j-3f9a21 --output vectors.npy --format npy --json
              sounder fetch j-3f9a21 --output sum.bin --vectors-of sum
              sounder fetch j-77c0de --output encoded
            """)

    @Argument var job: String
    @Option(help: ArgumentHelp("Where it goes.", valueName: "path"))
    var output: String
    @Option(help: "word2vec-binary, word2vec-text, npy or safetensors. Default: by the ending.")
    var format: String?
    @OptionGroup var layers: LayerOptions
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
        Interrupts.begin()
        let cluster = try cluster.existing()
        let context = try Context()
        let status = try await status(on: cluster, context)
        switch status.kind {
        case "index":
            let manifest: IndexManifest = try await folder(status, cluster, context)
            try IndexReport(status, manifest, output: output).show(asJSON: json)
        case "encode":
            let manifest: CollectionManifest = try await folder(status, cluster, context)
            try EncodeReport(status, manifest, output: output).show(asJSON: json)
        case "phrases":
            throw Fault(
                .usage,
                "job \(job) found phrases; run `sounder phrases` with its --job-key again to "
                    + "join them")
        case "rerank": try await fetchRun(status, cluster, context)
        default: try await fetchVectors(status, cluster, context)
        }
    }

    private func status(
        on cluster: Destination, _ context: Context
    ) async throws -> JobStatus {
        let job = try JobID(self.job)
        let status = try await attended(nil) {
            let client = try await ClusterClient.connect(to: cluster, context: context)
            defer { client.close() }
            return try await client.status(of: job)
        }
        guard let status else { throw Fault(.cancelled, "interrupted; nothing was written") }
        return status
    }

    private func fetchVectors(
        _ status: JobStatus, _ cluster: Destination, _ context: Context
    ) async throws {
        let destination = try VectorDestination(
            output, format: format, hasSubwords: (status.measures["buckets"] ?? 0) > 0)
        let outputs = try layers.outputDestination(beside: destination, format: format)
        if status.kind == "train-glove", layers.vectorsOf == .sum {
            throw Fault(
                .usage,
                "job \(job) is of GloVe, whose vectors are what `train glove --vectors` asked "
                    + "for; leave out --vectors-of")
        }
        try VectorDestination.check([destination] + (outputs.map { [$0] } ?? []))
        let fetch = try ResultFetch(cluster, context: context)
        defer { fetch.bulk.stop() }
        try await fetch.save(status, layers.vectorsOf, to: destination, outputs: outputs)
        if json {
            let format = destination.format.rawValue
            return try Terminal.outputJSON(Report(job: job, output: output, format: format))
        }
        Terminal.say("wrote \(output)")
    }

    private func fetchRun(
        _ status: JobStatus, _ cluster: Destination, _ context: Context
    ) async throws {
        guard format == nil, !layers.keepsOutputs else {
            throw Fault(
                .usage,
                "job \(job) has made no word vectors but a run; leave out --format, --vectors-of "
                    + "and --output-vectors")
        }
        let fetch = try ResultFetch(cluster, context: context)
        defer { fetch.bulk.stop() }
        let run = try await fetch.payload("run", of: status)
        do throws(FileError) {
            let target = try AtomicFile(path: output)
            try target.write(run)
            try target.commit()
        } catch { throw Fault(.output, "\(error)") }
        if json { return try Terminal.outputJSON(Report(job: job, output: output, format: "trec")) }
        Terminal.say("wrote \(output)")
    }

    private func folder<Manifest: FolderManifest>(
        _ status: JobStatus, _ cluster: Destination, _ context: Context
    ) async throws -> Manifest {
        guard format == nil, !layers.keepsOutputs else {
            throw Fault(
                .usage,
                "job \(job) has made no word vectors but a directory; leave out --format, "
                    + "--vectors-of and --output-vectors")
        }
        let destination = try FolderDestination<Manifest>(output, for: nil, overwrites: overwrite)
        do {
            let fetch = try FolderFetch(cluster, context: context)
            defer { fetch.bulk.stop() }
            return try await fetch.save(status, to: destination, overwrites: overwrite)
        } catch {
            destination.leave()
            throw error
        }
    }
}
